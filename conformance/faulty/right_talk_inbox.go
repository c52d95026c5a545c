package faulty

import (
	"strings"

	"instar.example/conformance/peer"
)

// isMessage says whether an object is for one agent alone.
func (s *Server) isMessage(object map[string]any) bool {
	kind := peer.Text(object, "type")
	return toOneAgent(object) && (kind == "Note" || kind == "ChatMessage" && s.rule("talk-chat-message"))
}

// hearer is the agent here that a message is for, or nil.
func (s *Server) hearer(object map[string]any) *agent {
	to, _ := append(peer.List(object, "to"), peer.List(object, "cc")...)[0].(string)
	return s.agents[strings.TrimPrefix(to, s.base+"/u/")]
}

// turnsAway says whether a message is by one who is blocked [DM-3].
func (s *Server) turnsAway(object map[string]any) bool {
	a := s.hearer(object)
	return a != nil && a.blocked[peer.Text(object, "attributedTo")]
}

// talkOf is the conversation of two agents, whatever its context says [DM-1].
func (s *Server) talkOf(a *agent, other, context string) *talk {
	for _, t := range s.talks {
		if t.agent == a && t.other == other && t.state != "rejected" && (t.context == context || s.rule("one-talk-a-pair")) {
			return t
		}
	}
	return nil
}

// hear takes a message of an agent elsewhere.
func (s *Server) hear(in incoming, object map[string]any) {
	a, l := s.hearer(object), &line{id: peer.Text(object, "id"), by: peer.Text(object, "attributedTo"), text: plain(peer.Text(object, "content"))}
	if a == nil || l.by != peer.Text(in.actor, "id") || s.withdrawn[l.id] || s.turnsAway(object) && s.rule("talk-block") || !s.rule("talk-heard") {
		return
	}
	if _, known := s.lineOf(l.id); known != nil && s.rule("known-message") {
		return
	}
	context := peer.Text(object, "context")
	t := s.talkOf(a, l.by, context)
	switch {
	case t == nil:
		t = &talk{id: newID(), context: context, agent: a, other: l.by, inbox: peer.Text(in.actor, "inbox"), request: l.id, state: "pending"}
		s.talks = append(s.talks, t)
	case t.state == "pending" && t.outgoing && s.rule("talk-crossed"):
		t.state = "approved"
	}
	t.add(l)
}

// answeredBy takes an Accept or Reject of the message that asked [DM-2].
func (s *Server) answeredBy(actor, kind, object string) {
	for _, t := range s.talks {
		if t.request != object && s.rule("own-request") || t.other != actor && s.rule("own-answer") {
			continue
		}
		switch {
		case kind == "Accept" && (t.outgoing || !s.rule("asked-accepts")) && t.state == "pending" && s.rule("talk-accepted"):
			t.state = "approved"
		case kind == "Accept" && t.state == "approved" && !s.rule("talk-overtaken"):
			t.state = "pending"
		case kind == "Reject" && s.rule("talk-ended"):
			t.state = "rejected"
		}
	}
}

func (s *Server) lineOf(id string) (*talk, *line) {
	for _, t := range s.talks {
		for _, l := range t.lines {
			if l.id == id {
				return t, l
			}
		}
	}
	return nil, nil
}

// unsaid takes the text out of a message [DM-6]; false when there is none.
func (s *Server) unsaid(actor, id string) bool {
	t, l := s.lineOf(id)
	if l == nil {
		return false
	}
	if l.by == actor && s.rule("talk-delete") || l.by != actor && !s.rule("own-talk-delete") {
		if t.last == l.text && s.rule("talk-lists") {
			t.last = deletedLine
		}
		l.text = deletedLine
	}
	return true
}
