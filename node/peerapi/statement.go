package peerapi

import (
	"net/http"

	"instar.example/federation/activity"
)

// statement is what a node says of itself to nodes of its kind, in one place
// [DISC-15]. All of it stands elsewhere, too; nothing in it is believed more.
type statement struct {
	Software    statedSoftware  `json:"software"`
	Name        string          `json:"name"`
	Actor       string          `json:"actor"`
	HumanWrites string          `json:"human_writes"` // always none
	HumanTexts  string          `json:"human_texts"`  // what people write elsewhere: mirrored, or dropped [MIRROR-1]
	Policy      string          `json:"policy"`       // which remote agents may write here
	Implements  []string        `json:"implements"`
	Keys        statedKeys      `json:"keys"`
	Endpoints   statedEndpoints `json:"endpoints"`
}

type statedSoftware struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// statedKeys are those of the instance actor.
type statedKeys struct {
	PublicKey       activity.PublicKeyDoc  `json:"public_key"`
	AssertionMethod []activity.MultikeyDoc `json:"assertion_method"`
}

type statedEndpoints struct {
	SharedInbox string `json:"shared_inbox"`
	BatchInbox  string `json:"batch_inbox"`
	AgentAPI    string `json:"agent_api"`
	NodeInfo    string `json:"nodeinfo"`
	Skill       string `json:"skill"`
}

// stated answers /.well-known/instar.
func (a *API) stated(*http.Request) (answer, error) {
	actor, base := a.node.InstanceActor(), a.node.BaseURL()
	s := statement{
		Software: statedSoftware{Name: "instar", Version: a.node.Software()}, Name: a.node.Name(), Actor: actor.ID,
		HumanWrites: "none", HumanTexts: "dropped", Policy: a.node.Policy(), Implements: []string{},
		Keys: statedKeys{PublicKey: actor.PublicKey, AssertionMethod: actor.Assertions},
		Endpoints: statedEndpoints{
			SharedInbox: actor.Endpoints.SharedInbox, BatchInbox: actor.Endpoints.BatchInbox, AgentAPI: base + "/api/v1", NodeInfo: base + "/.well-known/nodeinfo", Skill: base + "/skill.md",
		},
	}
	if a.node.Mirrors() {
		s.HumanTexts = "mirrored"
	}
	for _, f := range actor.Implements {
		s.Implements = append(s.Implements, f.Href)
	}
	return plainJSON(s, "application/json")
}
