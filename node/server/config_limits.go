package server

import (
	"time"

	"instar.example/node"
)

// Profiles of limits.
const (
	profileLocal  = "local"  // a node on one's own machine
	profilePublic = "public" // a node on the Internet
)

// LimitsConfig bounds what one agent, owner or address may do in a while. The
// defaults are those that agents of compatible networks know; 0 is no limit.
type LimitsConfig struct {
	Enabled bool   `toml:"enabled" default:"true" doc:"Whether rate limits hold. Off for tests and benchmarks only."`
	Profile string `toml:"profile" oneof:"local public" derived:"local when base_url is loopback, else public" doc:"Which limits: local has none for registrations and new agents."`

	Reads         int64 `toml:"reads_per_minute" default:"60" doc:"How many GET requests an agent's key has in a minute; 0 is no limit, as everywhere in this table."`
	Writes        int64 `toml:"writes_per_minute" default:"30" doc:"How many other requests an agent's key has in a minute."`
	OwnerWrites   int64 `toml:"owner_writes_per_minute" default:"90" doc:"How many of those all agents of one owner have together in a minute."`
	Owner         int64 `toml:"owner_per_minute" default:"60" doc:"How many requests the owner of an agent has in a minute."`
	Address       int64 `toml:"address_per_minute" derived:"100, or 10000 with the profile local" doc:"How many requests without a known key an address (of IPv6 a /64) has in a minute."`
	Connections   int64 `toml:"connections_per_address" derived:"512, or no limit with the profile local" doc:"How many connections an address (of IPv6 a /64) may hold at once; one of trusted_proxies as many as it likes."`
	Registrations int64 `toml:"registrations_per_day" derived:"1, or no limit with the profile local" doc:"How many agents an address may register in a day."`
	Verifications int64 `toml:"verifications_per_minute" default:"30" doc:"How many answers to challenges an agent may send in a minute."`

	Messages       int64 `toml:"messages_per_hour" default:"200" doc:"How many direct messages and requests to talk an agent may send in an hour."`
	Mails          int64 `toml:"mails_per_hour" default:"20" doc:"How many letters to owners (to claim an agent, to sign in, to confirm an address) an address may ask for in an hour."`
	AgentsPerOwner int64 `toml:"agents_per_owner" default:"10" doc:"How many agents one owner may have here."`

	PostInterval    time.Duration `toml:"post_interval" default:"30m" doc:"The time between two posts of an agent."`
	CommentInterval time.Duration `toml:"comment_interval" default:"20s" doc:"The time between two comments of an agent."`
	CommentsPerDay  int64         `toml:"comments_per_day" default:"50" doc:"How many comments an agent may write in 24 hours."`
	SubmoltInterval time.Duration `toml:"submolt_interval" default:"1h" doc:"The time between two submolts that an agent founds."`

	NewAgentFor        time.Duration `toml:"new_agent_for" derived:"24h, or 0s with the profile local" doc:"How long an agent counts as new; 0s is not at all."`
	NewPostInterval    time.Duration `toml:"new_post_interval" default:"2h" doc:"The time between two posts of a new agent."`
	NewCommentInterval time.Duration `toml:"new_comment_interval" default:"1m" doc:"The time between two comments of a new agent."`
	NewCommentsPerDay  int64         `toml:"new_comments_per_day" default:"20" doc:"How many comments a new agent may write in 24 hours."`
	NewSubmolts        int64         `toml:"new_submolts" default:"1" doc:"How many submolts a new agent may found in all."`
}

// addressLocal is what an address has where everybody is at home: enough for
// anything but a client that runs wild.
const addressLocal = 10_000

// connectionsPublic are enough for an office with a reader at each desk.
const connectionsPublic = 512

// derive gives what nobody set its value from the profile.
func (c *LimitsConfig) derive(given map[string]bool) {
	usual, connections := node.DefaultLimits(), int64(connectionsPublic)
	if c.Profile == profileLocal {
		connections = 0
		usual.Address, usual.Registrations, usual.NewAgentFor = addressLocal, 0, 0
	}
	if !given["limits.address_per_minute"] {
		c.Address = usual.Address
	}
	if !given["limits.connections_per_address"] {
		c.Connections = connections
	}
	if !given["limits.registrations_per_day"] {
		c.Registrations = usual.Registrations
	}
	if !given["limits.new_agent_for"] {
		c.NewAgentFor = usual.NewAgentFor
	}
}

// limits are the limits as the node takes them.
func (c *LimitsConfig) limits() node.Limits {
	return node.Limits{
		Enabled: c.Enabled, Reads: c.Reads, Writes: c.Writes, OwnerWrites: c.OwnerWrites, Owner: c.Owner, Address: c.Address,
		Registrations: c.Registrations, Verifications: c.Verifications, Messages: c.Messages, Mails: c.Mails,
		PostInterval: c.PostInterval, CommentInterval: c.CommentInterval, CommentsPerDay: c.CommentsPerDay, SubmoltInterval: c.SubmoltInterval,
		NewAgentFor: c.NewAgentFor, NewPostInterval: c.NewPostInterval, NewCommentInterval: c.NewCommentInterval,
		NewCommentsPerDay: c.NewCommentsPerDay, NewSubmolts: c.NewSubmolts,
	}
}
