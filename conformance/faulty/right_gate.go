package faulty

import (
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

// admit judges who may write, and carries the activity out.
func (s *Server) admit(in incoming) *refusal {
	if in.replay {
		return nil
	}
	id := peer.Text(in.doc, "id")
	if s.activity[id] && s.rule("known-id") {
		return nil
	}
	if peer.Text(in.doc, "type") == "Juggle" && !s.rule("unknown-type") {
		return refuse(http.StatusBadRequest, "nobody knows that type")
	}
	s.activity[id] = true
	kind, verb := peer.Text(in.actor, "type"), verbOf(in.doc)
	principal := kind
	if principal == "" {
		principal = "untyped"
	}
	row := "s2s/" + principal + "/" + strings.ReplaceAll(verb, " ", "-")
	if s.refuses(row, mayNot(kind, verb) && !s.takesFromPerson(in.doc)) {
		if !s.rule("no-trace") {
			s.apply(in)
		}
		return refuse(http.StatusForbidden, "humans are read-only here")
	}
	if object := peer.Object(in.doc, "object"); verb == "Create private" && s.turnsAway(object) && !s.rule("silent-block") {
		return refuse(http.StatusForbidden, "blocked")
	}
	s.apply(in)
	return nil
}

// verbOf names an activity as the identity table does.
func verbOf(doc map[string]any) string {
	kind, object := peer.Text(doc, "type"), peer.Text(doc, "object")
	switch {
	case kind == "Undo" && peer.Text(peer.Object(doc, "object"), "type") == "Follow":
		return "Undo Follow"
	case kind == "Undo":
		return "Undo unknown"
	case (kind == "Update" || kind == "Delete") && object == peer.Text(doc, "actor"):
		return kind + " self"
	case kind == "Delete":
		return "Delete unknown"
	case kind == "Create" && toOneAgent(peer.Object(doc, "object")):
		return "Create private"
	}
	return kind
}

// toOneAgent reports whether an object is addressed to a single agent.
func toOneAgent(object map[string]any) bool {
	to := append(peer.List(object, "to"), peer.List(object, "cc")...)
	if len(to) != 1 {
		return false
	}
	id, _ := to[0].(string)
	return strings.Contains(id, "/u/")
}

// mayNot reports whether a remote actor of that type is refused the verb.
func mayNot(kind, verb string) bool {
	switch verb {
	case "Create", "Create private", "Like", "Dislike":
		return kind != "Service"
	case "Update", "Add", "Remove", "Lock":
		return kind != "Service" && kind != "Group"
	}
	return false
}

// apply carries out an activity, as far as the suite looks.
func (s *Server) apply(in incoming) {
	actor, object := peer.Text(in.doc, "actor"), peer.Object(in.doc, "object")
	switch peer.Text(in.doc, "type") {
	case "Follow":
		s.followed(in, peer.Text(in.doc, "object"))
	case "Undo":
		s.undoneBy(actor, in, object)
	case "Update":
		s.changedBy(actor, in, object)
	case "Delete":
		s.deletedBy(actor, in, peer.Text(in.doc, "object"))
	case "Lock", "Block", "Add", "Remove":
		s.governed(actor, in, peer.Text(in.doc, "type"), peer.Text(in.doc, "object"), false)
	case "Flag":
		s.flaggedBy(in)
	case "Resolve":
		s.resolvedBy(actor, peer.Object(in.doc, "object"))
	case "Move":
		s.movedBy(actor, in)
	case "Accept", "Reject":
		s.answeredBy(actor, peer.Text(in.doc, "type"), peer.Text(in.doc, "object"))
	case "Create":
		if s.isMessage(object) {
			s.hear(in, object)
			return
		}
		s.created(in.raw, object)
	case "Like":
		if p := s.findPost(peer.Text(in.doc, "object")); p != nil {
			p.votes[actor] = 1
		}
	case "Announce":
		if inner := peer.Object(in.doc, "object"); inner != nil && !s.rule("inner-actor") {
			s.created(encode(inner), peer.Object(inner, "object"))
		}
		s.passedOn(actor, in.doc["object"])
	}
}

// followed adds a follower and accepts, whoever it is.
func (s *Server) followed(in incoming, followed string) {
	name := followed[strings.LastIndex(followed, "/")+1:]
	if origin(followed) != s.base || s.agents[name] == nil && s.submolts[name] == nil {
		return
	}
	if origin(peer.Text(in.actor, "inbox")) != origin(peer.Text(in.actor, "id")) && s.rule("own-inbox") {
		return
	}
	inbox := peer.Text(peer.Object(in.actor, "endpoints"), "sharedInbox")
	if inbox == "" {
		inbox = peer.Text(in.actor, "inbox")
	}
	if s.followers[followed] == nil {
		s.followers[followed] = map[string]string{}
	}
	follower := peer.Text(in.doc, "actor")
	if !s.rule("counted-once") {
		follower += " " + peer.Text(in.doc, "id")
	}
	s.followers[followed][follower] = inbox
	s.send(followed, inbox, encode(map[string]any{
		"@context": peer.ActivityStreams, "id": s.base + "/activity/" + newID(), "type": "Accept", "actor": followed,
		"to": []any{peer.Text(in.doc, "actor")}, "cc": []any{}, "object": map[string]any{
			"id": in.doc["id"], "type": "Follow", "actor": in.doc["actor"], "object": in.doc["object"],
		},
	}))
}

// created stores a remote post or comment and announces it.
func (s *Server) created(raw []byte, object map[string]any) {
	e := entry{
		url: peer.Text(object, "id"), author: "remote", authorURL: peer.Text(object, "attributedTo"),
		content: peer.Text(object, "content"),
	}
	parent := peer.Text(object, "inReplyTo")
	if parent == "" {
		m := s.addressed(object)
		if wall := s.wall(e.authorURL); m == nil && wall != nil {
			s.addPost(&post{entry: e, title: plain(e.content), submolt: wall})
			return
		}
		if m == nil || m.banned[e.authorURL] || s.withdrawn[e.url] {
			return
		}
		s.addPost(&post{entry: e, title: peer.Text(object, "name"), submolt: m})
		s.announce(m, raw)
		return
	}
	p := s.findPost(parent)
	if c := s.findComment(parent); p == nil && c != nil {
		p = c.post
	}
	if p != nil {
		s.addComment(&comment{entry: e, parent: parent, post: p})
		s.announce(p.submolt, raw)
	}
}

// addressed returns the submolt that a public object is for.
func (s *Server) addressed(object map[string]any) *submolt {
	var found *submolt
	public := false
	for _, member := range []string{"to", "cc"} {
		list := peer.List(object, member)
		if one := peer.Text(object, member); one != "" && s.rule("string-addresses") {
			list = []any{one}
		}
		for _, v := range list {
			id, _ := v.(string)
			if name, ours := strings.CutPrefix(id, s.base+"/m/"); ours && found == nil {
				found = s.submolts[name]
			}
			public = public || id == peer.Public || id == "as:Public" && s.rule("as:Public") || id == "Public" && s.rule("Public")
		}
	}
	if !public {
		return nil
	}
	return found
}
