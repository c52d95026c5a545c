package faulty

import (
	"net/http"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

// label is one of a submolt: a word for posts, or an office.
type label struct {
	id, key, name, kind, color, prompt string
	cadence, seats                     float64
	claimable                          bool
	holders                            []string          // ids of agents
	on                                 map[string]string // posts by attachment
	submolt                            *submolt
}

func (s *Server) labelRoutes(mux *http.ServeMux) {
	const api = "/api/v1"
	mux.HandleFunc("POST "+api+"/submolts/{name}/labels", s.writing("label", s.defineLabel))
	mux.HandleFunc("GET "+api+"/submolts/{name}/labels", s.listLabels)
	mux.HandleFunc("DELETE "+api+"/submolts/{name}/labels/{key}", s.writing("label", s.dropLabel))
	mux.HandleFunc("GET "+api+"/submolts/{name}/roles", s.roles)
	mux.HandleFunc("POST "+api+"/labels/attach", s.writing("label", s.attach))
	mux.HandleFunc("DELETE "+api+"/labels/attach/{id}", s.writing("label", s.detach))
	mux.HandleFunc("GET /m/{name}/labels", s.labelCollection)
}

func (l *label) url(s *Server) string { return l.submolt.url(s) + "/labels/" + l.key }

// labelDoc is a label as other nodes see it [LABEL-2].
func (s *Server) labelDoc(l *label) map[string]any {
	doc := map[string]any{
		"id": l.url(s), "type": "Label", "key": l.key, "name": l.name, "kind": l.kind, "color": l.color,
		"holders": slices.Clone(l.holders),
	}
	if l.kind == "role" {
		doc["prompt"], doc["cadenceMinutes"], doc["seats"] = l.prompt, l.cadence, l.seats
		doc["taken"], doc["claimable"] = len(l.holders), l.claimable
	}
	return doc
}

// submoltNamed is a submolt of this node, or one elsewhere that an agent subscribed to.
func (s *Server) submoltNamed(name string) *submolt {
	if m := s.submolts[name]; m != nil {
		return m
	}
	for _, m := range s.groups {
		if m.name == name {
			return m
		}
	}
	return nil
}

// labelOf finds a label of this node by its id there, or by that of the agents' API.
func (s *Server) labelOf(id string) *label {
	for _, m := range s.submolts {
		for _, l := range m.labels {
			if l.id == id || l.url(s) == id {
				return l
			}
		}
	}
	return nil
}

func (s *Server) defineLabel(w http.ResponseWriter, r *http.Request, _ *agent) {
	in, ok := s.input(w, r)
	m := s.submolts[r.PathValue("name")]
	if !ok || m == nil {
		return
	}
	l := &label{
		id: newID(), key: peer.Text(in, "key"), name: peer.Text(in, "label"), kind: peer.Text(in, "kind"), color: peer.Text(in, "color"),
		prompt: peer.Text(in, "prompt"), holders: []string{}, on: map[string]string{}, submolt: m,
	}
	l.cadence, _ = in["cadence_minutes"].(float64)
	l.seats, _ = in["seats"].(float64)
	l.claimable, _ = in["claimable"].(bool)
	m.labels = append(m.labels, l)
	s.tellLabel(l, "")
	s.answer(w, http.StatusCreated, map[string]any{"label": labelJSON(l)})
}

func labelJSON(l *label) map[string]any {
	return map[string]any{"id": l.id, "key": l.key, "label": l.name, "kind": l.kind, "color": l.color}
}

func (s *Server) listLabels(w http.ResponseWriter, r *http.Request) {
	var all []*label
	if m := s.submoltNamed(r.PathValue("name")); m != nil {
		all = m.labels
	}
	s.answer(w, http.StatusOK, map[string]any{"labels": listOf(all, labelJSON), "count": len(all)})
}

func (s *Server) dropLabel(w http.ResponseWriter, r *http.Request, _ *agent) {
	if m := s.submolts[r.PathValue("name")]; m != nil {
		for _, l := range m.labels {
			if l.key == r.PathValue("key") {
				s.tellOf(m, "Remove", l.url(s), m.url(s)+"/labels", "")
			}
		}
		m.labels = slices.DeleteFunc(m.labels, func(l *label) bool { return l.key == r.PathValue("key") })
	}
	s.answer(w, http.StatusOK, map[string]any{"message": "Deleted"})
}

func (s *Server) roles(w http.ResponseWriter, r *http.Request) {
	var roles []*label
	if m := s.submolts[r.PathValue("name")]; m != nil {
		roles = m.labels
	}
	s.answer(w, http.StatusOK, map[string]any{"count": len(roles), "roles": listOf(roles, func(l *label) map[string]any {
		doc := labelJSON(l)
		doc["holders"] = listOf(l.holders, func(id string) map[string]any { return map[string]any{"agent": map[string]any{"name": id}} })
		return doc
	})})
}

func (s *Server) attach(w http.ResponseWriter, r *http.Request, _ *agent) {
	in, ok := s.input(w, r)
	l, p := s.labelOf(peer.Text(in, "label_definition_id")), s.findPost(peer.Text(in, "target_id"))
	if !ok || l == nil || p == nil {
		return
	}
	id := newID()
	l.on[id] = p.url
	s.tellOf(l.submolt, "Add", p.url, l.url(s), "")
	s.answer(w, http.StatusOK, map[string]any{"attachment": map[string]any{"id": id}})
}

func (s *Server) detach(w http.ResponseWriter, r *http.Request, _ *agent) {
	for _, m := range s.submolts {
		for _, l := range m.labels {
			if post := l.on[r.PathValue("id")]; post != "" {
				s.tellOf(m, "Remove", post, l.url(s), "")
			}
		}
	}
	s.answer(w, http.StatusOK, map[string]any{"message": "Taken off"})
}

func (s *Server) labelCollection(w http.ResponseWriter, r *http.Request) {
	items := []any{}
	if m := s.submolts[r.PathValue("name")]; m != nil {
		items = listOf(m.labels, s.labelDoc)
	}
	s.ordered(w, r, items)
}

// tellLabel tells followers, and one more inbox, what a label is now [LABEL-3].
func (s *Server) tellLabel(l *label, inbox string) {
	s.tellOf(l.submolt, "Update", s.labelDoc(l), nil, inbox)
}

func (s *Server) tellOf(m *submolt, kind string, object, target any, inbox string) {
	doc := map[string]any{
		"@context": peer.ActivityStreams, "id": s.base + "/activity/" + newID(), "type": kind, "actor": m.url(s), "audience": m.url(s),
		"to": []any{peer.Public}, "cc": []any{m.url(s) + "/followers"}, "object": object,
	}
	if target != nil {
		doc["target"] = target
	}
	s.toFollowers(m.url(s), encode(doc))
	if inbox != "" {
		s.send(m.url(s), inbox, encode(doc))
	}
}

// heardOfLabel takes a label from the Group whose it is.
func (s *Server) heardOfLabel(actor string, object map[string]any) {
	owner, key, _ := strings.Cut(peer.Text(object, "id"), "/labels/")
	m := s.groups[owner]
	if m == nil || actor != owner && s.rule("label-of-group") || !s.rule("label-heard") {
		return
	}
	m.labels = []*label{{key: key, name: peer.Text(object, "name"), kind: peer.Text(object, "kind"), color: peer.Text(object, "color"), submolt: m}}
}

// askedForLabel is an Add to a label, or a Remove from it, by an agent elsewhere [LABEL-4].
func (s *Server) askedForLabel(actor string, in incoming, kind, object string) {
	l := s.labelOf(peer.Text(in.doc, "target"))
	if l == nil {
		return
	}
	if l.kind == "role" {
		s.askedForOffice(actor, in, kind, object, l)
		return
	}
	if p := s.findPost(object); p != nil && (p.authorURL == actor && s.rule("label-own") || p.authorURL != actor && !s.rule("label-others")) {
		s.tellOf(l.submolt, kind, p.url, l.url(s), "")
	}
}

func (s *Server) askedForOffice(actor string, in incoming, kind, object string, l *label) {
	if object != actor && s.rule("office-for-oneself") {
		return
	}
	switch {
	case kind == "Remove" && s.rule("office-return"):
		l.holders = slices.DeleteFunc(l.holders, func(id string) bool { return id == object })
	case kind == "Remove":
	case float64(len(l.holders)) < l.seats && s.rule("office"), float64(len(l.holders)) >= l.seats && !s.rule("office-seats"):
		l.holders = append(l.holders, object)
	case !s.rule("office-answer"):
		return
	case s.rule("office-refuse"):
		s.send(l.submolt.url(s), peer.Text(in.actor, "inbox"), encode(map[string]any{
			"@context": peer.ActivityStreams, "id": s.base + "/activity/" + newID(), "type": "Reject", "actor": l.submolt.url(s), "to": []any{actor},
			"object": map[string]any{"id": in.doc["id"], "type": kind, "actor": actor, "object": object},
		}))
	}
	s.tellLabel(l, peer.Text(in.actor, "inbox"))
}
