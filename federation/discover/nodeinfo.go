package discover

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"instar.example/federation/fetch"
)

// The versions of NodeInfo that we serve and read; the first is preferred.
const (
	NodeInfo21 = "2.1"
	NodeInfo20 = "2.0"
)

const nodeInfoSchema = "http://nodeinfo.diaspora.software/ns/schema/"

// Bounds on what is read of another server's NodeInfo.
const (
	maxWord     = 100 // bytes of a name or version
	maxMetadata = 50  // entries
	maxNote     = 1000
	maxCount    = 1 << 40
)

var softwareName = regexp.MustCompile(`^[a-z0-9-]+$`)

// NodeInfo is what a server says about itself, in the shape of version 2.1.
// Nothing in it is proven: software.name decides nothing.
type NodeInfo struct {
	Version           string   `json:"version"`
	Software          Software `json:"software"`
	Protocols         []string `json:"protocols"`
	Services          Services `json:"services"`
	OpenRegistrations bool     `json:"openRegistrations"`
	Usage             Usage    `json:"usage"`
	// Metadata has strings only: Lemmy reads no other [DISC-13].
	Metadata map[string]string `json:"metadata"`
}

// Software says what runs a server. Name is of "a-z", "0-9" and "-".
type Software struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Repository string `json:"repository,omitempty"` // not in 2.0
	Homepage   string `json:"homepage,omitempty"`   // not in 2.0
}

// Services names other networks that a server is joined to.
type Services struct {
	Inbound  []string `json:"inbound"`
	Outbound []string `json:"outbound"`
}

// Usage counts what a server holds.
type Usage struct {
	Users         Users `json:"users"`
	LocalPosts    int   `json:"localPosts"`
	LocalComments int   `json:"localComments"`
}

// Users counts the actors of a server.
type Users struct {
	Total          int `json:"total"`
	ActiveMonth    int `json:"activeMonth"`
	ActiveHalfyear int `json:"activeHalfyear"`
}

// NodeInfoType is the media type of a NodeInfo document of a version.
func NodeInfoType(version string) string {
	return `application/json; profile="` + nodeInfoSchema + version + `#"`
}

// NodeInfoLinks builds /.well-known/nodeinfo of the node whose origin is base,
// with the instance actor beside the documents (FEP-2677), as FEP-f1d5 has it.
func NodeInfoLinks(base string) JRD {
	return JRD{Links: []Link{
		{Rel: nodeInfoSchema + NodeInfo21, Href: base + "/nodeinfo/" + NodeInfo21},
		{Rel: nodeInfoSchema + NodeInfo20, Href: base + "/nodeinfo/" + NodeInfo20},
		{Rel: activityNS + "#Application", Href: base + "/"},
	}}
}

// NodeInfoDocument encodes a document of version NodeInfo21 or NodeInfo20 as
// that version's schema asks; it fills in n.Version and, where there is none,
// the protocol ActivityPub. The error is ErrMalformed: another version, no
// software, or counts below nothing.
func NodeInfoDocument(version string, n NodeInfo) ([]byte, error) {
	users := n.Usage.Users
	switch {
	case version != NodeInfo21 && version != NodeInfo20:
		return nil, fmt.Errorf("%w: NodeInfo version %q", ErrMalformed, version)
	case !softwareName.MatchString(n.Software.Name) || n.Software.Version == "":
		return nil, fmt.Errorf("%w: NodeInfo of software %q, version %q", ErrMalformed, n.Software.Name, n.Software.Version)
	case min(users.Total, users.ActiveMonth, users.ActiveHalfyear, n.Usage.LocalPosts, n.Usage.LocalComments) < 0:
		return nil, fmt.Errorf("%w: NodeInfo with a negative count", ErrMalformed)
	}
	n.Version = version
	if version == NodeInfo20 {
		n.Software.Repository, n.Software.Homepage = "", ""
	}
	if len(n.Protocols) == 0 {
		n.Protocols = []string{"activitypub"}
	}
	if n.Services.Inbound == nil {
		n.Services.Inbound = []string{}
	}
	if n.Services.Outbound == nil {
		n.Services.Outbound = []string{}
	}
	if n.Metadata == nil {
		n.Metadata = map[string]string{}
	}
	return json.Marshal(n)
}

// FetchNodeInfo asks a host, in the form of Handle.Host, what it is. The
// document must be on the origin that answers for the host.
func FetchNodeInfo(ctx context.Context, c *fetch.Client, host string) (NodeInfo, error) {
	doc, base, err := wellKnown(ctx, c, host, "nodeinfo", JRDType+", application/json")
	if err != nil {
		return NodeInfo{}, fmt.Errorf("nodeinfo of %s: %w", host, err)
	}
	links, err := ParseJRD(doc.Body)
	if err != nil {
		return NodeInfo{}, fmt.Errorf("nodeinfo of %s: %w", host, err)
	}
	href := links.nodeInfo()
	if !fetch.SameOrigin(href, doc.URL) && !fetch.SameOrigin(href, base) {
		return NodeInfo{}, fmt.Errorf("nodeinfo of %s: %w: it is at %.100q", host, ErrMalformed, href)
	}
	if doc, err = c.JSON(ctx, href, "application/json"); err != nil {
		return NodeInfo{}, fmt.Errorf("nodeinfo of %s: %w", host, err)
	}
	return ParseNodeInfo(doc.Body)
}

// nodeInfo returns the address of the newest document that we can read; every
// 2.x is read like 2.1.
func (j JRD) nodeInfo() string {
	best, href := "", ""
	for _, l := range j.Links {
		version, ok := strings.CutPrefix(l.Rel, nodeInfoSchema)
		if ok && strings.HasPrefix(version, "2.") && version > best {
			best, href = version, l.Href
		}
	}
	return href
}

// ParseNodeInfo reads a NodeInfo document of another server. The software's
// name must be one; anything else is left out where it is of another kind than
// the schema says. The error is ErrMalformed.
func ParseNodeInfo(b []byte) (NodeInfo, error) {
	var wire struct {
		Version, Protocols, OpenRegistrations, Usage, Metadata json.RawMessage

		Software struct{ Name, Version, Repository, Homepage json.RawMessage }
	}
	if err := json.Unmarshal(b, &wire); err != nil {
		return NodeInfo{}, fmt.Errorf("%w: NodeInfo: %w", ErrMalformed, err)
	}
	n := NodeInfo{
		Version: word(wire.Version),
		Software: Software{
			Name: strings.ToLower(word(wire.Software.Name)), Version: word(wire.Software.Version),
			Repository: link(wire.Software.Repository), Homepage: link(wire.Software.Homepage),
		},
		OpenRegistrations: bytes.Equal(wire.OpenRegistrations, []byte("true")),
		Usage:             parseUsage(wire.Usage),
		Metadata:          parseMetadata(wire.Metadata),
	}
	if !softwareName.MatchString(n.Software.Name) {
		return NodeInfo{}, fmt.Errorf("%w: NodeInfo of no software", ErrMalformed)
	}
	var protocols []json.RawMessage
	_ = json.Unmarshal(wire.Protocols, &protocols) // 1.0 has an object here
	for _, p := range protocols[:min(len(protocols), maxMetadata)] {
		if name := word(p); name != "" {
			n.Protocols = append(n.Protocols, name)
		}
	}
	return n, nil
}

func parseUsage(raw json.RawMessage) Usage {
	var wire struct {
		Users struct{ Total, ActiveMonth, ActiveHalfyear json.RawMessage }

		LocalPosts, LocalComments json.RawMessage
	}
	if json.Unmarshal(raw, &wire) != nil {
		return Usage{}
	}
	return Usage{
		Users: Users{
			Total: count(wire.Users.Total), ActiveMonth: count(wire.Users.ActiveMonth), ActiveHalfyear: count(wire.Users.ActiveHalfyear),
		},
		LocalPosts: count(wire.LocalPosts), LocalComments: count(wire.LocalComments),
	}
}

// parseMetadata keeps the strings.
func parseMetadata(raw json.RawMessage) map[string]string {
	var wire map[string]json.RawMessage
	metadata := map[string]string{}
	if json.Unmarshal(raw, &wire) != nil || len(wire) > maxMetadata {
		return metadata
	}
	for name, value := range wire {
		if v := text(value); v != "" && len(v) <= maxNote && len(name) <= maxWord {
			metadata[name] = v
		}
	}
	return metadata
}

// word returns a short text of one line, and "" for any other.
func word(raw json.RawMessage) string {
	s := text(raw)
	if len(s) > maxWord || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return s
}

// link returns a web address, and "" for anything else: it may be shown.
func link(raw json.RawMessage) string {
	s := text(raw)
	if fetch.Origin(s) == "" {
		return ""
	}
	return s
}

func count(raw json.RawMessage) int {
	var n int
	if json.Unmarshal(raw, &n) != nil || n < 0 || n > maxCount {
		return 0
	}
	return n
}
