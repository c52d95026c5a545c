package faulty

import (
	"context"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

// wallMark is the end of the id of an account's wall, behind the account's.
const wallMark = "#wall"

// humanTexts is what becomes of what people write elsewhere [MIRROR-1].
func (s *Server) humanTexts() string {
	if s.rule("mirrors") {
		return "mirrored"
	}
	return "dropped"
}

// follows says whether a local agent follows an actor elsewhere.
func (s *Server) follows(actor string) bool {
	for _, a := range s.agents {
		if a.abroad[actor] {
			return true
		}
	}
	return false
}

// takesFromPerson says whether the Create of a followed person is taken from the person itself.
func (s *Server) takesFromPerson(doc map[string]any) bool {
	parent := peer.Text(peer.Object(doc, "object"), "inReplyTo")
	return s.rule("mirrors") && s.rule("wall-of-people") && peer.Text(doc, "type") == "Create" && s.follows(peer.Text(doc, "actor")) && origin(parent) != s.base
}

// wall is where an account writes that a local agent follows.
func (s *Server) wall(author string) *submolt {
	if !s.follows(author) || !s.rule("walls") {
		return nil
	}
	host, name, _ := strings.Cut(strings.TrimPrefix(author, "http://"), "/u/")
	if s.groups[author+wallMark] == nil {
		s.groups[author+wallMark] = &submolt{id: newID(), name: name + "@" + host, display: name}
	}
	return s.groups[author+wallMark]
}

// groupAbroad is a Group elsewhere as it says that it is [LABEL-1].
func (s *Server) groupAbroad(ctx context.Context, id, name string) *submolt {
	m := &submolt{id: newID(), name: name, display: name}
	doc, err := s.fetch(ctx, id)
	if err != nil {
		return m
	}
	m.restricted, _ = doc["postingRestrictedToMods"].(bool)
	if peer.Text(doc, "labels") != "" && s.rule("agents-restricted") {
		m.restricted, _ = doc["agentsRestricted"].(bool)
	}
	return m
}

// plain is a text of one paragraph without its markup.
func plain(content string) string {
	return strings.TrimSuffix(strings.TrimPrefix(content, "<p>"), "</p>")
}

// isWall says whether a name is that of a wall, on which others do not write.
func (s *Server) isWall(name string) bool {
	id, is := elsewhere(name)
	return is && s.groups[id+wallMark] != nil
}

// passedOn takes what a Group elsewhere announces to a local subscriber.
func (s *Server) passedOn(group string, object any) {
	m := s.groups[group]
	if m == nil {
		return
	}
	items, several := object.([]any)
	if !several {
		items = []any{object}
	}
	for i, item := range items {
		if i > 0 && !s.rule("array") {
			return
		}
		switch one := item.(type) {
		case string:
			if page, err := s.fetch(context.Background(), one); err == nil && s.rule("bare-id") && (origin(peer.Text(page, "id")) == origin(one) || !s.rule("own-origin")) {
				s.passedOnCreate(m, peer.Text(page, "attributedTo"), page)
			}
		case map[string]any:
			s.passedOnAct(m, one)
		}
	}
}

// passedOnAct takes one activity inside an Announce.
func (s *Server) passedOnAct(m *submolt, inner map[string]any) {
	actor, object := peer.Text(inner, "actor"), peer.Object(inner, "object")
	p := s.findPost(peer.Text(inner, "object"))
	switch kind := peer.Text(inner, "type"); {
	case kind == "Create":
		s.passedOnCreate(m, actor, object)
	case p == nil || p.authorURL != actor && kind != "Like":
	case kind == "Update" && s.rule("mirror-update"):
		p.title = peer.Text(object, "name")
	case kind == "Delete" && s.rule("mirror-delete"):
		p.deleted = true
	case kind == "Like" && (!p.human || !s.rule("mirror-announced-votes")):
		p.votes[actor] = 1
	}
}

func (s *Server) passedOnCreate(m *submolt, author string, object map[string]any) {
	doc, err := s.fetch(context.Background(), author)
	human := peer.Text(doc, "type") != "Service"
	if err != nil || human && s.rule("inner-type") && !s.rule("mirrors") {
		return
	}
	e := entry{url: peer.Text(object, "id"), author: "remote", authorURL: author, content: peer.Text(object, "content")}
	if parent := s.findPost(peer.Text(object, "inReplyTo")); parent != nil {
		if !human || origin(parent.url) != s.base || !s.rule("mirror-under") {
			s.addComment(&comment{entry: e, parent: parent.url, post: parent})
		}
		return
	}
	if ours := s.addressed(object); ours != nil {
		if human && s.rule("mirror-place") {
			return
		}
		m = ours
	}
	p := &post{entry: e, title: peer.Text(object, "name"), submolt: m, human: human}
	s.addPost(p)
	if human && !s.rule("mirror-silent") {
		for _, own := range s.submolts {
			s.announce(own, encode(object))
		}
	}
}

// provenance says who wrote a post, and what is known of it [MIRROR-3].
func (s *Server) provenance(p *post) map[string]any {
	tier := "A2"
	if p.human {
		tier = "A0"
	}
	return map[string]any{"author": p.author, "actor": p.authorURL, "tier": tier}
}

// foreignText refuses what is done to a person's text, or on another's wall.
func (s *Server) foreignText(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusForbidden, "That is another's, and here to be read")
}
