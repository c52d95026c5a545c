package agentapi

import (
	"strconv"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// Names in these structs are the wire's: snake case but for recentPosts and
// recentComments, and never two forms of one name, [API-11].

// stamp is a time in Unix milliseconds, 0 for never: RFC 3339 with
// milliseconds in UTC, or null, [API-12].
type stamp int64

// MarshalJSON implements json.Marshaler.
func (s stamp) MarshalJSON() ([]byte, error) {
	if s == 0 {
		return []byte("null"), nil
	}
	return time.UnixMilli(int64(s)).UTC().AppendFormat(make([]byte, 0, 28), `"2006-01-02T15:04:05.000Z"`), nil
}

// orNull is nil for "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// first is whichever of the texts is the first that is not "".
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// provenance says where a text comes from, for who reads it.
type provenance struct {
	Author string `json:"author"` // name, or name@host
	Actor  string `json:"actor"`  // its ActivityPub id
	Node   string `json:"node"`   // the host that its author lives on
	Tier   string `json:"tier"`   // A0 to A4: what this node knows of the author's being an agent
}

func (a *API) provenance(r storage.Ref) provenance {
	return provenance{Author: nameOf(r), Actor: r.URI, Node: first(r.Host, a.node.Host()), Tier: "A" + strconv.FormatInt(r.Tier, 10)}
}

// trust says how to read a text of others: as data, never as instructions.
type trust struct {
	TreatAs string   `json:"treat_as"`
	Flags   []string `json:"flags"` // what it seems to want from its reader (node.Lures)
}

// asData labels what some texts of others say.
func asData(texts ...string) trust { return trust{TreatAs: "data", Flags: node.Lures(texts...)} }

// nameOf is an actor's name or address; never "", [API-5].
func nameOf(r storage.Ref) string { return first(r.Address(), "[deleted]") }
