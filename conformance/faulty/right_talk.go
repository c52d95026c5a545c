package faulty

import (
	"net/http"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

const deletedLine = "[deleted]"

// talk is a conversation of an agent here with one elsewhere.
type talk struct {
	id, context  string
	agent        *agent
	other, inbox string // of the agent elsewhere
	request      string // id of the message that asks
	outgoing     bool   // the agent here asks
	state        string // pending, approved or rejected
	lines        []*line
	last         string // what lists show
}

type line struct{ id, by, text string }

func (s *Server) talkRoutes(mux *http.ServeMux) {
	const dm = "/api/v1/agents/dm"
	mux.HandleFunc("POST "+dm+"/request", s.writing("message", s.message))
	mux.HandleFunc("GET "+dm+"/requests", s.reading(s.talkRequests))
	mux.HandleFunc("POST "+dm+"/requests/{id}/approve", s.writing("message", s.decide("approved", "Accept")))
	mux.HandleFunc("POST "+dm+"/requests/{id}/reject", s.writing("message", s.decide("rejected", "Reject")))
	mux.HandleFunc("GET "+dm+"/conversations", s.conversations)
	mux.HandleFunc("GET "+dm+"/conversations/{id}", s.reading(s.readTalk))
	mux.HandleFunc("POST "+dm+"/conversations/{id}/send", s.writing("message", s.write))
	mux.HandleFunc("POST "+dm+"/block", s.writing("message", s.block))
}

// reading lets an agent read what is its own.
func (s *Server) reading(run command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := s.who(r)
		if who.agent == nil {
			s.fail(w, r, http.StatusUnauthorized, "Authentication required")
			return
		}
		run(w, r, who.agent)
	}
}

// message takes a request to talk; nothing of it is shown to anybody [DM-4].
func (s *Server) message(w http.ResponseWriter, r *http.Request, a *agent) {
	in, ok := s.input(w, r)
	if !ok {
		return
	}
	t := &talk{id: newID(), agent: a, outgoing: true, state: "pending"}
	text, to := peer.Text(in, "message"), peer.Text(in, "to")
	if id, is := elsewhere(to); is {
		doc, err := s.fetch(r.Context(), id)
		if err != nil {
			s.fail(w, r, http.StatusNotFound, "No such agent")
			return
		}
		t.other, t.inbox, t.context = id, peer.Text(doc, "inbox"), s.base+"/conversation/"+t.id
		s.talks = append(s.talks, t)
		t.request = s.say(t, text)
	} else if s.agents[lower(to)] == nil {
		s.fail(w, r, http.StatusNotFound, "No such agent")
		return
	}
	s.messages = append(s.messages, text)
	s.answer(w, http.StatusCreated, map[string]any{"conversation_id": t.id, "status": t.state, "message": "Chat request sent"})
}

// say sends a message to the agent elsewhere alone and returns its id [DM-1].
func (s *Server) say(t *talk, text string) string {
	me, to := s.agentURL(t.agent.name), []any{t.other}
	note := map[string]any{
		"id": s.base + "/message/" + newID(), "type": "Note", "attributedTo": me, "to": to, "cc": []any{},
		"content": "<p>" + escape(text) + "</p>", "mediaType": "text/html", "context": t.context, "published": stamp(s.now()),
	}
	t.add(&line{id: peer.Text(note, "id"), by: me, text: text})
	s.whisper(t, map[string]any{"type": "Create", "object": note})
	return peer.Text(note, "id")
}

// whisper sends an activity to the agent elsewhere alone; it is not served.
func (s *Server) whisper(t *talk, doc map[string]any) {
	doc["@context"], doc["id"], doc["actor"] = peer.ActivityStreams, s.base+"/activity/"+newID(), s.agentURL(t.agent.name)
	doc["to"], doc["cc"] = []any{t.other}, []any{}
	body := encode(doc)
	if !s.rule("talk-off-activities") {
		s.docs[peer.Text(doc, "id")] = body
	}
	s.send(s.agentURL(t.agent.name), t.inbox, body)
}

func (t *talk) add(l *line) {
	t.lines = append(t.lines, l)
	t.last = l.text
}

// mine is the conversation of an agent that a request names.
func (s *Server) mine(w http.ResponseWriter, r *http.Request, a *agent) *talk {
	for _, t := range s.talks {
		if t.id == r.PathValue("id") && t.agent == a {
			return t
		}
	}
	s.fail(w, r, http.StatusNotFound, "No such conversation")
	return nil
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a *agent) {
	t := s.mine(w, r, a)
	if t == nil {
		return
	}
	in, ok := s.input(w, r)
	if !ok {
		return
	}
	if t.state != "approved" && s.rule("talk-when-approved") {
		s.fail(w, r, http.StatusForbidden, "That is not approved")
		return
	}
	id := s.say(t, peer.Text(in, "message"))
	s.answer(w, http.StatusCreated, map[string]any{"message_id": id, "conversation_id": t.id})
}

// decide answers a request and tells the agent elsewhere [DM-2].
func (s *Server) decide(state, kind string) command {
	return func(w http.ResponseWriter, r *http.Request, a *agent) {
		t := s.mine(w, r, a)
		if t == nil {
			return
		}
		if s.rule("talk-" + state) {
			t.state = state
		}
		s.whisper(t, map[string]any{"type": kind, "object": t.request})
		s.answer(w, http.StatusOK, map[string]any{"conversation_id": t.id, "status": t.state})
	}
}

func (s *Server) block(w http.ResponseWriter, r *http.Request, a *agent) {
	in, ok := s.input(w, r)
	if id, is := elsewhere(peer.Text(in, "name")); ok && is {
		a.blocked[id] = true
		s.answer(w, http.StatusOK, map[string]any{"message": "Blocked"})
	}
}

func (s *Server) talkJSON(t *talk) map[string]any {
	host, name, _ := strings.Cut(strings.TrimPrefix(t.other, "http://"), "/u/")
	return map[string]any{
		"conversation_id": t.id, "message": t.last, "status": t.state, "from": map[string]any{"name": name + "@" + host},
	}
}

// talksOf are the conversations of an agent that fit.
func (s *Server) talksOf(a *agent, fits func(*talk) bool) []any {
	found := slices.DeleteFunc(slices.Clone(s.talks), func(t *talk) bool { return t.agent != a || !fits(t) })
	return listOf(found, s.talkJSON)
}

func (s *Server) talkRequests(w http.ResponseWriter, _ *http.Request, a *agent) {
	came := s.talksOf(a, func(t *talk) bool { return t.state == "pending" && !t.outgoing })
	s.answer(w, http.StatusOK, map[string]any{"incoming": map[string]any{"count": len(came), "requests": came}})
}

func (s *Server) conversations(w http.ResponseWriter, r *http.Request) {
	who := s.who(r)
	if who.agent == nil && s.rule("private-conversations") {
		s.fail(w, r, http.StatusUnauthorized, "Authentication required")
		return
	}
	all := s.talksOf(who.agent, func(t *talk) bool { return t.state == "approved" })
	s.answer(w, http.StatusOK, map[string]any{"conversations": map[string]any{"count": len(all), "items": all}})
}

func (s *Server) readTalk(w http.ResponseWriter, r *http.Request, a *agent) {
	if t := s.mine(w, r, a); t != nil {
		s.answer(w, http.StatusOK, map[string]any{"messages": listOf(t.lines, func(l *line) map[string]any {
			return map[string]any{"id": l.id, "content": l.text, "is_mine": l.by == s.agentURL(a.name)}
		})})
	}
}
