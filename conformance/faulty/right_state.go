package faulty

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// state is all that a Server knows; guarded by its mu.
type state struct {
	agents   map[string]*agent   // by lower-case name
	keys     map[string]*agent   // by API key
	claims   map[string]*agent   // by claim token
	submolts map[string]*submolt // by name
	posts    []*post             // oldest first
	docs     map[string][]byte   // activities by id

	followers map[string]map[string]string // inboxes by follower, by actor
	activity  map[string]bool              // ids that were handled
	met       map[string]map[string]any    // actors that signed something, by id
	signature map[string]bool              // signatures that were accepted
	requests  map[string]bool              // the same with all that they covered

	withdrawn map[string]bool     // ids that were deleted before they came
	groups    map[string]*submolt // of other nodes, by id

	asked      int                 // requests to the agents' API
	messages   []string            // between two agents
	talks      []*talk             // with agents elsewhere
	named      map[string]repeated // answers to named requests
	challenges map[string]bool     // codes that were given
}

type agent struct {
	id, name, spelled, description string
	key, claim                     string
	created                        time.Time
	following                      map[string]bool
	abroad, blocked                map[string]bool // ids of those followed, or blocked, elsewhere
}

type submolt struct {
	id, name, display, founder string
	created                    time.Time
	subscribers                map[string]bool

	moderators, banned map[string]bool // of other nodes, by id
	reports            []string

	labels     []*label
	restricted bool // of another node: agents may not post
}

// entry is what posts and comments share.
type entry struct {
	id, url         string // url: the ActivityPub id
	author, content string
	authorURL       string
	created         time.Time
	votes           map[string]int
}

type post struct {
	entry
	title    string
	submolt  *submolt
	comments []*comment
	updated  string
	deleted  bool

	locked, pinned bool
	human          bool // a person wrote it, elsewhere
	sensitive      bool
}

type comment struct {
	entry
	parent string // url of the post or comment
	post   *post
	locked bool

	warning string // what its author says comes
}

func newState() state {
	return state{
		agents: map[string]*agent{}, keys: map[string]*agent{}, claims: map[string]*agent{},
		submolts: map[string]*submolt{}, docs: map[string][]byte{},
		followers: map[string]map[string]string{}, activity: map[string]bool{}, met: map[string]map[string]any{},
		signature: map[string]bool{}, requests: map[string]bool{},
		named: map[string]repeated{}, challenges: map[string]bool{}, withdrawn: map[string]bool{}, groups: map[string]*submolt{},
	}
}

func (e *entry) count(direction int) int {
	n := 0
	for _, v := range e.votes {
		if v == direction {
			n++
		}
	}
	return n
}

func (s *Server) agentURL(name string) string { return s.base + "/u/" + name }

func (m *submolt) url(s *Server) string { return s.base + "/m/" + m.name }

// newID returns a random id in the form of a UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-7" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func parse(b []byte) (map[string]any, error) {
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("parse a document: %w", err)
	}
	return doc, nil
}

func encode(doc any) []byte {
	b, err := json.Marshal(doc)
	if err != nil {
		return nil // cannot be: documents hold plain values only
	}
	return b
}

func (s *Server) findPost(id string) *post {
	for _, p := range s.posts {
		if p.id == id || p.url == id {
			return p
		}
	}
	return nil
}

func (s *Server) findComment(id string) *comment {
	for _, p := range s.posts {
		for _, c := range p.comments {
			if c.id == id || c.url == id {
				return c
			}
		}
	}
	return nil
}

// newest returns the posts that fit, newest first, without the deleted ones.
func (s *Server) newest(fits func(*post) bool) []*post {
	found := slices.DeleteFunc(slices.Clone(s.posts), func(p *post) bool { return p.deleted || !fits(p) })
	slices.Reverse(found)
	return found
}

// addPost stores a post; a local one has no url yet.
func (s *Server) addPost(p *post) {
	p.id = newID()
	if p.url == "" {
		p.url = s.base + "/post/" + p.id
	}
	p.created, p.votes = s.now(), map[string]int{}
	s.posts = append(s.posts, p)
}

func (s *Server) addComment(c *comment) {
	c.id = newID()
	if c.url == "" {
		c.url = s.base + "/comment/" + c.id
	}
	c.created, c.votes = s.now(), map[string]int{}
	c.post.comments = append(c.post.comments, c)
}

func (s *Server) pageDoc(p *post) map[string]any {
	return map[string]any{
		"id": p.url, "type": "Page", "attributedTo": p.authorURL, "name": p.title,
		"content": "<p>" + escape(p.content) + "</p>", "mediaType": "text/html",
		"to": []any{p.submolt.url(s), peer.Public}, "cc": []any{}, "audience": p.submolt.url(s),
		"published": stamp(p.created), "replies": p.url + "/replies", "context": p.url + "/context",
		"sensitive": p.sensitive,
	}
}

func (s *Server) noteDoc(c *comment) map[string]any {
	doc := map[string]any{
		"id": c.url, "type": "Note", "attributedTo": c.authorURL, "inReplyTo": c.parent,
		"content": "<p>" + escape(c.content) + "</p>", "mediaType": "text/html",
		"to": []any{peer.Public}, "cc": []any{c.post.submolt.url(s)}, "audience": c.post.submolt.url(s),
		"published": stamp(c.created), "tag": hashtags(c.content, c.post.submolt.url(s)+"?tag="),
	}
	if c.warning != "" {
		doc["sensitive"], doc["summary"] = true, c.warning
	}
	return doc
}

// hashtags are the words of a text that are one, as tags.
func hashtags(text, at string) []any {
	tags := []any{}
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "#") && len(word) > 1 {
			tags = append(tags, map[string]any{"type": "Hashtag", "name": word, "href": at + word[1:]})
		}
	}
	return tags
}

// publish sends the Create of a local entry to the author's followers and, as
// the submolt's Announce, to the submolt's.
func (s *Server) publish(author string, m *submolt, object map[string]any) {
	create := map[string]any{
		"@context": peer.ActivityStreams, "id": s.base + "/activity/" + newID(), "type": "Create", "actor": author,
		"to": object["to"], "cc": object["cc"], "audience": m.url(s), "object": object, "published": stamp(s.now()),
	}
	body := encode(create)
	s.docs[peer.Text(create, "id")] = body
	s.toFollowers(author, body)
	s.announce(m, body)
}

// announce wraps an activity, byte for byte, for the followers of a submolt.
func (s *Server) announce(m *submolt, activity []byte) {
	id := s.base + "/activity/" + newID()
	head := encode(map[string]any{
		"@context": peer.ActivityStreams, "id": id, "type": "Announce", "actor": m.url(s),
		"to": []any{peer.Public}, "cc": []any{m.url(s) + "/followers"}, "published": stamp(s.now()),
	})
	body := slices.Concat(head[:len(head)-1], []byte(`,"object":`), activity, []byte("}"))
	s.docs[id] = body
	s.toFollowers(m.url(s), body)
}

func (s *Server) toFollowers(actor string, body []byte) {
	inboxes := slices.Sorted(maps.Values(s.followers[actor]))
	for _, inbox := range slices.Compact(inboxes) {
		s.send(actor, inbox, body)
	}
}

func lower(name string) string { return strings.ToLower(name) }
