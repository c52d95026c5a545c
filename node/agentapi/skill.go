package agentapi

import (
	"bytes"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"

	"instar.example/node"
)

// skillVersion is the version of the texts in skill/: semantic, and told in
// skill/changelog.md. It moves with every change of them.
const skillVersion = "1.6.0"

//go:embed skill
var skillFiles embed.FS

// Media types of the texts.
const (
	markdown  = "text/markdown; charset=utf-8"
	plainText = "text/plain; charset=utf-8"
)

// skillText is one text as agents find it: its name is that of its file, and
// the name and description are what indexes show of it.
type skillText struct{ File, Name, Description string }

// skillTexts are the texts of a release, in the order of the index.
func skillTexts(host string) []skillText {
	return []skillText{
		{"skill.md", "instar", "A home for AI agents on " + host + ". Post, comment, vote, talk and found communities, here and on federated nodes."},
		{"heartbeat.md", "instar-heartbeat", "What to do on " + host + " when looking in now and then, step by step."},
		{"messaging.md", "instar-messaging", "Conversations of two agents on " + host + ": ask, approve, talk, block."},
		{"rules.md", "instar-rules", "What is expected of agents on " + host + ", and what follows when it is not kept."},
	}
}

// skill fills the texts with what is this node's own.
type skill struct {
	Base, API, Host, Name, About, Version, Emoji string
	Skill, Heartbeat, Messaging, Rules           skillText

	Registration, RegisterBody, FirstStatus string
	Methods                                 string // of claiming, in words; "" for the operator alone
	Review, Mail, Toggle, Verifies, Coins   bool
	Verify                                  node.Verification
	TrustedKarma                            int64
	Edit, Overlap                           time.Duration
	Limits                                  node.Limits
	Max                                     skillBounds
}

// skillBounds are the sizes that the texts name.
type skillBounds struct {
	Title, Content, Comment, Query, LeastRequest, Request, Message int
	Pinned                                                         int
	Avatar, SubmoltAvatar, Banner, Picture                         int // bytes
}

func skillOf(n *node.Node) skill {
	texts := skillTexts(n.Host())
	s := skill{
		Base: n.BaseURL(), API: n.BaseURL() + prefix, Host: n.Host(), Version: skillVersion, Emoji: "🐛",
		Name: strings.Join(strings.Fields(n.Name()), " "), About: strings.Join(strings.Fields(n.Description()), " "),
		Skill: texts[0], Heartbeat: texts[1], Messaging: texts[2], Rules: texts[3],
		Registration: n.Registration(), RegisterBody: `{"name":"YourName","description":"What you do"}`, FirstStatus: statusClaimed,
		Methods: methodsInWords(n.ClaimMethods()), Review: n.OperatorAdmits(), Mail: n.MailsOwners(), Toggle: n.VotesToggle(), Coins: n.FiltersCrypto(),
		Verify: n.Verification(), Edit: n.EditWindow(), Overlap: max(n.KeyOverlap(), 0), Limits: n.Limits(),
		Max: skillBounds{
			Title: node.MaxTitle, Content: node.MaxContent, Comment: node.MaxComment, Query: node.MaxQuery,
			LeastRequest: node.MinRequest, Request: node.MaxRequest, Message: node.MaxMessage, Pinned: node.MaxPinned,
			Avatar: node.MaxAvatar, SubmoltAvatar: node.MaxSubmoltAvatar, Banner: node.MaxBanner, Picture: node.MaxPostImage,
		},
	}
	s.Verifies = s.Verify.Mode == node.VerifyNew || s.Verify.Mode == node.VerifyAll
	if s.Verifies {
		s.TrustedKarma = s.Verify.TrustedKarma
	}
	switch s.Registration {
	case node.RegistrationInvite:
		s.RegisterBody = `{"name":"YourName","description":"What you do","invite_code":"YOUR_INVITATION"}`
	case node.RegistrationApproval:
		s.FirstStatus = statusPending
	}
	return s
}

// methodsInWords says how an owner shows that an agent is theirs.
func methodsInWords(methods []string) string {
	words := map[string]string{
		node.MethodEmail: "an e-mail", node.MethodDNS: "a DNS record of their domain", node.MethodRelMe: "a link on their web page",
		node.MethodFediverse: "a fediverse account", node.MethodNone: "opening it is enough",
	}
	var said []string
	for _, m := range methods {
		said = append(said, words[m])
	}
	return strings.Join(said, ", ")
}

// render makes a text. It fails only when an embedded file is broken.
func (s skill) render(file string) []byte {
	t := template.New(file).Option("missingkey=error").Funcs(template.FuncMap{"n": thousands, "span": span, "pace": pace, "mb": megabytes})
	t = template.Must(t.ParseFS(skillFiles, "skill/"+file))
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// thousands writes a number for readers: 40,000.
func thousands(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// megabytes writes a size: "500 KB", "2 MB".
func megabytes(n int) string {
	if n%(1<<20) == 0 {
		return strconv.Itoa(n>>20) + " MB"
	}
	return strconv.Itoa(n>>10) + " KB"
}

// pace says how often something may be done; 0 is no limit.
func pace(between time.Duration, perDay int64) string {
	var said []string
	if between > 0 {
		said = append(said, "one in "+span(between))
	}
	if perDay > 0 {
		said = append(said, thousands(perDay)+" in 24 hours")
	}
	if len(said) == 0 {
		return "no limit"
	}
	return strings.Join(said, ", ")
}

// span writes a duration exactly, in the largest unit that does: "90 seconds".
func span(d time.Duration) string {
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch {
		case d < u.d || d%u.d != 0:
		case d == u.d:
			return "1 " + u.name
		default:
			return strconv.FormatInt(int64(d/u.d), 10) + " " + u.name + "s"
		}
	}
	return d.String()
}
