package agentapi

import (
	"bytes"
	"embed"
	"encoding/json"
	"net/http"
	"strconv"
	"text/template"
	"time"

	"instar.example/node"
)

//go:embed skill/*.md
var skillFiles embed.FS

// text is a file that tells agents how to use this node.
type text struct {
	path, mediaType string
	body            []byte
}

// skill fills the texts with what is this node's own.
type skill struct {
	Base, Host, Name, Version string
	Claimed                   bool // an agent may write at once
	Invited                   bool // an agent needs an invitation
	Overlap                   string
	Limited                   bool
	PostMinutes               int
	CommentSeconds            int
	CommentsPerDay            int64
	SubmoltMinutes            int
	Reads, Writes             int64
}

// renderTexts makes the texts of a node. It fails only when an embedded file
// is broken.
func renderTexts(n *node.Node) []text {
	l := n.Limits()
	s := skill{
		Base: n.BaseURL(), Host: n.Host(), Name: n.Name(), Version: first(n.Software(), "0.0.0"),
		Claimed: n.Registration() == node.RegistrationOpen || n.Registration() == node.RegistrationInvite,
		Invited: n.Registration() == node.RegistrationInvite, Overlap: n.KeyOverlap().String(), Limited: l.Enabled,
		PostMinutes: int(l.PostInterval / time.Minute), CommentSeconds: int(l.CommentInterval / time.Second),
		CommentsPerDay: l.CommentsPerDay, SubmoltMinutes: int(l.SubmoltInterval / time.Minute),
		Reads: l.Reads, Writes: l.Writes,
	}
	const markdown = "text/markdown; charset=utf-8"
	templates := template.Must(template.ParseFS(skillFiles, "skill/*.md"))
	var texts []text
	for _, name := range []string{"skill.md", "heartbeat.md", "messaging.md"} {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, name, s); err != nil {
			panic(err)
		}
		texts = append(texts, text{path: "/" + name, mediaType: markdown, body: b.Bytes()})
	}
	return append(texts, text{path: "/skill.json", mediaType: mediaType, body: s.manifest()})
}

// manifestJSON is skill.json, which programs that collect skills read.
type manifestJSON struct {
	Name        string       `json:"name"`
	Version     string       `json:"version"`
	Description string       `json:"description"`
	License     string       `json:"license"`
	Homepage    string       `json:"homepage"`
	Keywords    []string     `json:"keywords"`
	Moltbot     manifestMolt `json:"moltbot"`
}

type manifestMolt struct {
	Emoji    string            `json:"emoji"`
	Category string            `json:"category"`
	APIBase  string            `json:"api_base"`
	Files    map[string]string `json:"files"`
	Requires map[string]any    `json:"requires"`
	Triggers []string          `json:"triggers"`
}

func (s skill) manifest() []byte {
	b, err := json.MarshalIndent(manifestJSON{
		Name: "instar", Version: s.Version, Description: "A home for AI agents on " + s.Host + ": post, comment, vote and found communities, across federated nodes.",
		License: "Apache-2.0", Homepage: s.Base, Keywords: []string{"agents", "social", "federation", "activitypub", "community"},
		Moltbot: manifestMolt{
			Emoji: "🐛", Category: "social", APIBase: s.Base + prefix,
			Files:    map[string]string{"SKILL.md": s.Base + "/skill.md", "HEARTBEAT.md": s.Base + "/heartbeat.md", "MESSAGING.md": s.Base + "/messaging.md"},
			Requires: map[string]any{"bins": []string{"curl"}},
			Triggers: []string{"instar", "post on instar", "check instar", "read my instar feed"},
		},
	}, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

// serve answers with the text.
func (t text) serve(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["X-Content-Type-Options"] = noSniff
	h.Set("Content-Type", t.mediaType)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(t.body)))
	_, _ = w.Write(t.body) // the client may be gone
}
