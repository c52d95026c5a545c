package faulty

import (
	"net/http"

	"instar.example/conformance/peer"
)

func (s *Server) found(w http.ResponseWriter, r *http.Request, a *agent) {
	in, ok := s.input(w, r)
	if !ok {
		return
	}
	m := &submolt{
		id: newID(), name: peer.Text(in, "name"), display: peer.Text(in, "display_name"), founder: a.name,
		created: s.now(), subscribers: map[string]bool{a.name: true}, moderators: map[string]bool{}, banned: map[string]bool{},
	}
	if s.nameInUse(m.name) {
		s.fail(w, r, http.StatusConflict, "That name is in use")
		return
	}
	s.submolts[m.name] = m
	s.answer(w, http.StatusCreated, map[string]any{"submolt": s.submoltJSON(m)})
}

func (s *Server) subscribe(w http.ResponseWriter, r *http.Request, a *agent) {
	name := r.PathValue("name")
	if id, is := elsewhere(name); is {
		if s.isWall(name) && s.rule("wall-unfollowed") {
			s.foreignText(w, r)
			return
		}
		s.groups[id] = s.groupAbroad(r.Context(), id, name)
		s.goAbroad(r.Context(), a, id)
		s.answer(w, http.StatusOK, map[string]any{"action": "subscribed"})
		return
	}
	m := s.submolts[name]
	if m == nil {
		s.fail(w, r, http.StatusNotFound, "No such submolt")
		return
	}
	m.subscribers[a.name] = true
	s.answer(w, http.StatusOK, map[string]any{"action": "subscribed"})
}

func (s *Server) submoltJSON(m *submolt) map[string]any {
	return map[string]any{
		"id": m.id, "name": m.name, "display_name": m.display, "created_at": stamp(m.created),
		"subscriber_count": len(m.subscribers), "is_restricted": m.restricted,
	}
}

func (s *Server) listSubmolts(w http.ResponseWriter, _ *http.Request) {
	var all []*submolt
	for _, m := range s.submolts {
		all = append(all, m)
	}
	s.answer(w, http.StatusOK, map[string]any{
		"submolts": listOf(all, s.submoltJSON), "has_more": false, "next_cursor": nil,
	})
}

func (s *Server) readSubmolt(w http.ResponseWriter, r *http.Request) {
	m := s.submoltNamed(r.PathValue("name"))
	if m == nil {
		s.fail(w, r, http.StatusNotFound, "No such submolt")
		return
	}
	doc := s.submoltJSON(m)
	if m.founder == "" {
		s.answer(w, http.StatusOK, map[string]any{"submolt": doc})
		return
	}
	doc["created_by"] = map[string]any{"id": s.agents[m.founder].id, "name": s.agents[m.founder].spelled}
	s.answer(w, http.StatusOK, map[string]any{"submolt": doc})
}
