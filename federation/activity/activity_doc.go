package activity

// ActivityDoc is any activity of ours: Create, Update, Delete, Undo, Follow,
// Accept, Reject, Announce, Like, Dislike, Add, Remove, Lock, Block, Flag.
type ActivityDoc struct { //nolint:revive // beside PageDoc and ActorDoc the name must say which Doc it is
	ID       string `json:"id"`
	Type     string `json:"type"`
	Actor    string `json:"actor"`
	To       IDs    `json:"to"`
	Cc       IDs    `json:"cc"`
	Audience string `json:"audience,omitempty"` // exactly the Group's id
	// Object is an id, another Doc, or a json.RawMessage that Encode keeps
	// byte for byte; outside Encode raw bytes are compacted.
	Object     any      `json:"object,omitempty"`
	Target     string   `json:"target,omitempty"`
	Summary    string   `json:"summary,omitempty"` // a moderator's reason
	Content    string   `json:"content,omitempty"` // of a Flag the reason, once more: Mastodon reads it here
	Tag        []TagDoc `json:"tag,omitempty"`     // Mentions, of a Create as of its Note
	RemoveData bool     `json:"removeData,omitempty"`
	Published  Time     `json:"published,omitzero"` // on every Announce: GoToSocial asks for it
	Updated    Time     `json:"updated,omitzero"`
	EndTime    Time     `json:"endTime,omitzero"`
}

// InnerDoc is an activity inside an Accept, Reject or Undo, cut to what
// receivers match it by. ID is the original activity's own: GoToSocial ignores
// an Undo that names another. It answers 400 to that of an Announce without To,
// when it has lost what was announced.
type InnerDoc struct {
	ID     string   `json:"id"`
	Type   string   `json:"type"`
	Actor  string   `json:"actor"`
	To     []string `json:"to,omitempty"`
	Object string   `json:"object"`
}
