package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// A name that is not known here yet is looked up for the agent that reads about
// it; the actor of a whole server can be followed too.
func TestReadingAnUnknownNameLooksItUp(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	ada, p := n.Agent("ada"), newPeer(t)
	p.actor("eve", "Service")
	p.actor("lab", "Group")
	p.actor("instance", "Application")
	for _, path := range []string{"/submolts/lab@" + p.host(), "/agents/profile?name=eve@" + p.host()} {
		n.Call("", http.MethodGet, "/api/v1"+path, nil).Want(http.StatusNotFound) // readers without a key start nothing
		nodetest.Settle(t, n)
		if p.asked("/u/") != 0 {
			t.Fatalf("%s: a reader without a key had it looked up", path)
		}
	}
	for _, path := range []string{"/submolts/lab@" + p.host(), "/agents/profile?name=eve@" + p.host()} {
		background(t, func() { ada.Do(http.MethodGet, path, nil).Want(http.StatusOK) }, n)
	}
	background(t, func() { ada.Do(http.MethodPost, "/agents/instance@"+p.host()+"/follow", nil).Want(http.StatusOK) }, n)
}

// Agents may follow people of other servers, who stand in the list of those followed.
func TestAnAgentFollowsAPerson(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, p := n.Agent("ada"), newPeer(t)
		alice := p.actor("alice", "Person")
		path := "/agents/alice@" + p.host() + "/follow"
		background(t, func() { ada.Do(http.MethodPost, path, nil).Want(http.StatusOK) }, n)
		p.received(activity.TypeFollow, alice)
		list := func() int {
			return len(n.Call("", http.MethodGet, "/api/v1/agents/ada/following", nil).Want(http.StatusOK).List("following"))
		}
		if list() != 1 {
			t.Error("alice is not in the list")
		}
		ada.Do(http.MethodDelete, path, nil).Want(http.StatusOK)
		if list() != 0 {
			t.Error("alice is still in the list")
		}
	})
}

// A remote author deletes, and takes it back.
func TestAnAuthorTakesADeleteBack(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		post, comment := s.evil.URL+"/post/eve", s.evil.URL+"/comment/1"
		s.must(s.evil, s.eve, create(doc{"id": comment, "type": "Note", "attributedTo": s.eve, "to": []string{activity.Public}, "content": "Indeed.", "inReplyTo": s.adas}))
		shown := func() string {
			all := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil))
			for _, c := range s.node.Call("", http.MethodGet, "/api/v1/posts/"+s.adas[strings.LastIndexByte(s.adas, '/')+1:]+"/comments", nil).List("comments") {
				all += "|" + c["content"].(string)
			}
			return all
		}
		before := shown()
		for _, object := range []string{post, comment} {
			gone := doc{"id": s.evil.fresh("delete"), "type": "Delete", "actor": s.eve, "object": object}
			s.must(s.evil, s.eve, gone)
			if shown() == before {
				t.Fatalf("%s was not deleted", object)
			}
			other := s.evil.actor("other", "Service")
			s.evil.send(s.node, other, doc{"type": "Undo", "object": doc{"id": gone["id"], "type": "Delete", "actor": other, "object": object}})
			nodetest.Settle(t, s.node)
			if shown() == before {
				t.Fatalf("%s was brought back by another", object)
			}
			s.must(s.evil, s.eve, doc{"type": "Undo", "object": gone})
			if got := shown(); got != before {
				t.Errorf("after the Undo: %q, before: %q", got, before)
			}
		}
	})
}

// A Group tells in an Announce what it is now.
func TestAGroupAnnouncesItsOwnUpdate(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	ada, p := n.Agent("ada"), newPeer(t)
	lab, other := p.actor("lab", "Group"), p.actor("other", "Group")
	background(t, func() { ada.Do(http.MethodPost, "/submolts/lab@"+p.host()+"/subscribe", nil) }, n)
	background(t, func() { ada.Do(http.MethodPost, "/submolts/other@"+p.host()+"/subscribe", nil) }, n)
	for _, group := range []string{lab, other} {
		p.send(n, group, doc{"type": "Accept", "object": p.received(activity.TypeFollow, group)})
	}
	renamed := p.document(lab, "Group")
	renamed["name"] = "The Laboratory"
	update := doc{"id": p.fresh("update"), "type": "Update", "actor": p.actor("mod", "Person"), "object": renamed, "to": []string{activity.Public}}
	name := func() string {
		nodetest.Settle(t, n)
		return n.Call("", http.MethodGet, "/api/v1/submolts/lab@"+p.host(), nil).String("submolt", "display_name")
	}
	p.send(n, other, doc{"type": "Announce", "object": update})
	if got := name(); got == "The Laboratory" {
		t.Error("another Group renamed it")
	}
	p.send(n, lab, doc{"type": "Announce", "object": update})
	if got := name(); got != "The Laboratory" {
		t.Errorf("its name is %q", got)
	}
}
