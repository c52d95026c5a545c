package faulty

import (
	"context"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

// actRoutes are what the suite needs of the agents' API to have things done on
// other nodes, and by their agents.
func (s *Server) actRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/submolts/{name}/moderators", s.writing("appoint", s.appoint))
	mux.HandleFunc("GET /api/v1/submolts/{name}/reports", s.reports)
}

// elsewhere is the actor's id that a name of another node stands for; the suite's
// peer has all its actors under /u/.
func elsewhere(name string) (id string, is bool) {
	name, host, is := strings.Cut(name, "@")
	return "http://" + host + "/u/" + name, is
}

// goAbroad asks an actor elsewhere to be followed by a local agent.
func (s *Server) goAbroad(ctx context.Context, a *agent, id string) {
	doc, err := s.fetch(ctx, id)
	if err != nil {
		return
	}
	a.abroad[id] = true
	s.send(s.agentURL(a.name), peer.Text(doc, "inbox"), encode(map[string]any{
		"@context": peer.ActivityStreams, "id": s.base + "/activity/" + newID(), "type": "Follow", "actor": s.agentURL(a.name),
		"to": []any{id}, "cc": []any{}, "object": id,
	}))
}

func (s *Server) appoint(w http.ResponseWriter, r *http.Request, _ *agent) {
	m := s.submolts[r.PathValue("name")]
	in, ok := s.input(w, r)
	if id, is := elsewhere(peer.Text(in, "agent_name")); ok && is && m != nil {
		m.moderators[id] = true
		s.answer(w, http.StatusOK, map[string]any{"message": "Appointed"})
	}
}

func (s *Server) reports(w http.ResponseWriter, r *http.Request) {
	list := []any{}
	if m := s.submolts[r.PathValue("name")]; m != nil {
		for _, reason := range m.reports {
			list = append(list, map[string]any{"reason": reason})
		}
	}
	s.answer(w, http.StatusOK, map[string]any{"reports": list})
}

// changed applies an Update of a post.
func (s *Server) changedBy(actor string, in incoming, object map[string]any) {
	if peer.Text(object, "type") == "Label" {
		s.heardOfLabel(actor, object)
		return
	}
	p := s.findPost(peer.Text(object, "id"))
	at := peer.Text(object, "updated")
	if p != nil && p.authorURL != actor && peer.Text(object, "attributedTo") == p.authorURL {
		s.markedBy(actor, in, object, p)
		return
	}
	if p == nil || p.authorURL != actor && s.rule("own-update") || at < p.updated && s.rule("newest") || !s.rule("update") {
		return
	}
	p.title, p.updated = peer.Text(object, "name"), at
	s.announce(p.submolt, in.raw)
}

// markedBy applies what a moderator says of a post that another wrote: its mark.
func (s *Server) markedBy(actor string, in incoming, object map[string]any, p *post) {
	if !s.moderates(actor, p.submolt, "mark") {
		return
	}
	p.sensitive = object["sensitive"] == true
	if !s.rule("words") {
		p.title = peer.Text(object, "name")
	}
	s.announce(p.submolt, in.raw)
}

// deletedBy applies a Delete: of oneself, of one's own, or by a moderator.
func (s *Server) deletedBy(actor string, in incoming, object string) {
	if object == actor && s.rule("delete-self") {
		for _, followers := range s.followers {
			delete(followers, actor)
		}
		return
	}
	p := s.findPost(object)
	switch {
	case p == nil && s.unsaid(actor, object):
	case p == nil && s.rule("early"):
		s.withdrawn[object] = true
	case p == nil:
	case p.authorURL == actor && s.rule("delete"), p.authorURL != actor && !strings.HasPrefix(p.url, s.base) && !s.rule("own-delete"):
		p.deleted = true
		s.announce(p.submolt, in.raw)
	case s.moderates(actor, p.submolt, "delete"):
		p.deleted = true
		s.announce(p.submolt, in.raw)
	}
}

// moderates says whether an actor may do a deed in a submolt.
func (s *Server) moderates(actor string, m *submolt, deed string) bool {
	if m == nil || strings.HasPrefix(actor, s.base) {
		return false
	}
	return m.moderators[actor] && s.rule("moderator-"+deed) || !m.moderators[actor] && !s.rule("stranger-"+deed)
}

// governed applies Lock, Block, Add and Remove by a moderator.
func (s *Server) governed(actor string, in incoming, kind, object string, undo bool) {
	if strings.Contains(peer.Text(in.doc, "target"), "/labels/") {
		s.askedForLabel(actor, in, kind, object)
		return
	}
	p, name := s.findPost(object), strings.TrimPrefix(peer.Text(in.doc, "audience"), s.base+"/m/")
	m := s.submolts[name]
	if p != nil {
		m = p.submolt
	}
	deed := map[string]string{"Lock": "lock", "Block": "block", "Add": "pin", "Remove": "pin", "Delete": "delete"}[kind]
	c := s.findComment(object)
	if c != nil {
		m, deed = c.post.submolt, "lock-comment"
	}
	if !s.moderates(actor, m, deed) {
		return
	}
	switch {
	case kind == "Block":
		m.banned[object] = !undo
		for _, p := range s.posts {
			p.deleted = p.deleted || p.submolt == m && p.authorURL == object && in.doc["removeData"] == true && s.rule("remove-data")
		}
	case c != nil:
		c.locked = kind == "Lock" && !undo
	case p == nil:
		return
	case kind == "Lock":
		p.locked = !undo
	case kind == "Delete":
		p.deleted = !undo
	default:
		p.pinned = kind == "Add"
	}
	s.announce(m, in.raw)
}

// undoneBy applies an Undo, matched by actor, type and object.
func (s *Server) undoneBy(actor string, in incoming, inner map[string]any) {
	object, by := peer.Text(inner, "object"), peer.Text(inner, "actor")
	p := s.findPost(object)
	switch kind := peer.Text(inner, "type"); kind {
	case "Follow":
		if s.rule("undo") {
			delete(s.followers[object], actor)
		}
	case "Like":
		if p != nil && !s.rule("own-undo") {
			p.votes = map[string]int{}
		}
		if p != nil && by == actor && s.rule("undo-vote") {
			delete(p.votes, actor)
		}
	case "Delete":
		if p != nil && p.authorURL == actor {
			p.deleted = p.deleted && !s.rule("undo-delete")
			return
		}
		s.governed(actor, in, kind, object, true)
	case "Lock", "Block":
		s.governed(actor, in, kind, object, true)
	}
}

func (s *Server) flaggedBy(in incoming) {
	named := peer.List(in.doc, "object")
	if named == nil {
		named = []any{peer.Text(in.doc, "object")}
	}
	for _, v := range named {
		id, _ := v.(string)
		if p := s.findPost(id); p != nil && s.rule("flag") {
			p.submolt.reports = append(p.submolt.reports, peer.Text(in.doc, "content"))
		}
	}
}

// resolvedBy ends the reports of a post by a moderator of its submolt.
func (s *Server) resolvedBy(actor string, flag map[string]any) {
	if p := s.findPost(peer.Text(flag, "object")); p != nil && s.moderates(actor, p.submolt, "resolve") {
		p.submolt.reports = nil
	}
}

// movedBy lets local agents follow an actor to a place that knows it.
func (s *Server) movedBy(actor string, in incoming) {
	to := peer.Text(in.doc, "target")
	place, err := s.fetch(context.Background(), to)
	known := false
	for _, v := range peer.List(place, "alsoKnownAs") {
		known = known || v == actor
	}
	if err != nil || !known && s.rule("also-known-as") || !s.rule("move") {
		return
	}
	for _, a := range s.agents {
		if a.abroad[actor] {
			s.goAbroad(context.Background(), a, to)
		}
	}
}
