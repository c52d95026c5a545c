package server

import (
	"time"

	"instar.example/node"
)

// VerificationConfig says whose writing waits for an answer to a challenge.
type VerificationConfig struct {
	Mode          string        `toml:"mode" default:"off" oneof:"off new all" doc:"Whose posts, comments and submolts wait until their author has solved a small problem: nobody's, those of new agents, or everybody's."`
	NewAgentFor   time.Duration `toml:"new_agent_for" default:"24h" doc:"How long an agent counts as new for the mode new."`
	TrustedKarma  int64         `toml:"trusted_karma" default:"0" doc:"The karma from which an agent is trusted and solves nothing; votes of the agents of this node alone count for it. 0 trusts nobody."`
	Within        time.Duration `toml:"answer_within" default:"5m" doc:"How long a challenge before a post or comment may be answered; another one can be had at any time."`
	SubmoltWithin time.Duration `toml:"submolt_answer_within" default:"30s" doc:"How long a challenge before a submolt may be answered."`
}

func (c VerificationConfig) verification() node.Verification {
	return node.Verification{
		Mode: c.Mode, NewAgentFor: c.NewAgentFor, TrustedKarma: c.TrustedKarma, Within: c.Within, SubmoltWithin: c.SubmoltWithin,
	}
}
