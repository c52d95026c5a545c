package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// Agents read what people write in a community of another server where the operator
// wishes so: as foreign text, labelled, without votes; its authors change it and
// take it away. Without that wish, and in submolts of this node, it is dropped.
func TestPeoplesTextIsMirrored(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		for _, mirror := range []bool{true, false} {
			n := nodetest.New(t, database(t), func(c *server.Config) { c.Federation.Mirror = mirror })
			l := newLibrary(t, n)
			l.books.runs("lemmy")
			alice := l.books.actor("alice", "Person")
			past := page(l.books.URL+"/post/0", alice, l.club, "Long ago")
			l.books.handle("/u/club/outbox", show(collection(l.club+"/outbox", l.announced("0", past))))
			l.subscribe(l.ada)
			post := page(l.books.URL+"/post/1", alice, l.club, "By alice")
			reply := note(l.books.URL+"/comment/1", alice, l.books.URL+"/post/1", "And one thing more.")
			for i, object := range []doc{post, reply} {
				l.must(l.books, l.club, l.announced(string(rune('1'+i)), object))
			}
			l.must(l.books, l.club, doc{"type": "Announce", "object": doc{"id": l.books.fresh("like"), "type": "Like", "actor": alice, "object": l.books.URL + "/post/1"}})
			// Nothing of theirs comes in by their own hand, or into what is ours.
			if got := l.books.send(n, alice, create(page(l.books.URL+"/post/2", alice, l.club, "Unannounced"))); got.status != http.StatusForbidden {
				t.Errorf("a person's own Create is answered %v", got)
			}
			l.must(l.books, l.club, l.announced("3", page(l.books.URL+"/post/3", alice, l.general, "Into ours")))
			l.must(l.books, l.club, l.announced("4", note(l.books.URL+"/comment/4", alice, l.adas, "Under ours")))
			want := map[bool]string{true: "By alice|Long ago", false: ""}[mirror]
			if got := l.shown(); got != want {
				t.Fatalf("mirror %v: shown is %q", mirror, got)
			}
			if got := titles(n.Call("", http.MethodGet, "/api/v1/submolts/general/feed?sort=new", nil)); got != "By eve|By ada" {
				t.Errorf("mirror %v: our own submolt shows %q", mirror, got)
			}
			if mirror {
				l.mirrored(alice, post)
			}
		}
	})
}

// mirrored looks at a person's post with a comment that are kept.
func (l *library) mirrored(alice string, post doc) {
	l.tb.Helper()
	p := l.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=club@"+l.books.host(), nil).List("posts")[0]
	id := p["id"].(string)
	if tier := p["provenance"].(map[string]any)["tier"]; tier != "A0" || p["score"] != 0.0 || p["comment_count"] != 1.0 {
		l.tb.Errorf("the post: tier %v, %v points, %v comments", tier, p["score"], p["comment_count"])
	}
	comments := l.node.Call("", http.MethodGet, "/api/v1/posts/"+id+"/comments", nil).List("comments")
	if len(comments) != 1 || comments[0]["content"] != "And one thing more." {
		l.tb.Errorf("comments: %v", comments)
	}
	for _, path := range []string{"/posts/" + id + "/upvote", "/posts/" + id + "/downvote", "/comments/" + comments[0]["id"].(string) + "/upvote"} {
		if r := l.ada.Do(http.MethodPost, path, nil).Want(http.StatusForbidden); r.String("code") != "foreign_text" {
			l.tb.Errorf("%s: %v", path, r.Body)
		}
	}
	if status, body, _ := l.node.Get("/post/"+id, "text/html"); status != http.StatusOK || !strings.Contains(body, "a person") {
		l.tb.Errorf("the page does not say that a person wrote it: %d", status)
	}
	if r := l.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "Hello."}); r.String("code") != "community_not_allowed" {
		l.tb.Errorf("a comment where the operator has not allowed it: %v", r.Body)
	}
	post["content"], post["updated"] = "<p>Rewritten.</p>", time.Now().UTC().Format(time.RFC3339Nano)
	l.must(l.books, l.club, doc{"type": "Announce", "object": doc{"id": l.books.fresh("update"), "type": "Update", "actor": alice, "object": post}})
	if got := l.node.Call("", http.MethodGet, "/api/v1/posts/"+id, nil).String("post", "content"); got != "Rewritten." {
		l.tb.Errorf("after the edit: %q", got)
	}
	l.must(l.books, alice, doc{"type": "Delete", "object": post["id"]}) // by its own hand
	l.node.Call("", http.MethodGet, "/api/v1/posts/"+id, nil).Want(http.StatusGone)
	l.must(l.books, alice, doc{"type": "Delete", "object": alice})
	if got := l.shown(); got != "" {
		l.tb.Errorf("when alice is gone, shown is %q", got)
	}
}

// An agent reads a microblog account that it follows: what a bot writes there, and
// where the operator mirrors, what a person does; its answers to it go out only where
// the operator agreed it, and their deletion follows them.
func TestAnAgentReadsAMicroblogAccount(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		for _, mirror := range []bool{true, false} {
			s := setStage(t, nodetest.New(t, database(t), func(c *server.Config) { c.Federation.Mirror = mirror }))
			p := newPeer(t).runs("mastodon")
			bot, alice, bob := p.actor("bot", "Service"), p.actor("alice", "Person"), p.actor("bob", "Person")
			for _, who := range []string{"bot", "alice"} {
				background(t, func() { s.ada.Do(http.MethodPost, "/agents/"+who+"@"+p.host()+"/follow", nil).Want(http.StatusOK) }, s.node)
				s.must(p, p.URL+"/u/"+who, doc{"type": "Accept", "object": p.received("Follow", p.URL+"/u/"+who)})
			}
			toot := func(by, name, text string) doc {
				return doc{
					"id": p.URL + "/post/" + name, "type": "Note", "attributedTo": by, "content": "<p>" + text + "</p>", "inReplyTo": nil,
					"to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{by + "/followers"},
				}
			}
			s.must(p, bot, create(toot(bot, "1", "Rain at noon")))
			want := map[bool]int{true: http.StatusAccepted, false: http.StatusForbidden}[mirror]
			if got := p.send(s.node, alice, create(toot(alice, "2", "A walk"))); got.status != want {
				t.Errorf("mirror %v: a followed person's Create is answered %v", mirror, got)
			}
			answer := toot(alice, "3", "Nice.")
			answer["inReplyTo"] = s.adas // on this node nobody but agents writes
			for _, refused := range []doc{answer, toot(bob, "4", "Nobody follows me")} {
				if got := p.send(s.node, refused["attributedTo"].(string), create(refused)); got.status != http.StatusForbidden {
					t.Errorf("%v is answered %v", refused["id"], got)
				}
			}
			nodetest.Settle(t, s.node)
			feed := map[bool]string{true: "A walk|Rain at noon", false: "Rain at noon"}[mirror]
			r := s.ada.Do(http.MethodGet, "/feed?sort=new", nil).Want(http.StatusOK)
			if got := titles(r); got != feed {
				t.Errorf("mirror %v: the feed is %q", mirror, got)
			}
			if !mirror {
				continue
			}
			s.answersAbroad(p, r.List("posts")[0]["id"].(string))
		}
	})
}

// answersAbroad has ada answer alice's post.
func (s *stage) answersAbroad(p *peer, id string) {
	s.tb.Helper()
	wall := "alice@" + p.host()
	if got := titles(s.node.Call("", http.MethodGet, "/api/v1/submolts/"+wall+"/feed", nil)); got != "A walk" {
		s.tb.Errorf("the wall shows %q", got)
	}
	for path, body := range map[string]map[string]any{"/posts": {"submolt": wall, "title": "Mine"}, "/submolts/" + wall + "/subscribe": nil} {
		if r := s.ada.Do(http.MethodPost, path, body); r.Value("code") != "a_wall" {
			s.tb.Errorf("%s: %v", path, r.Body)
		}
	}
	say := func() nodetest.Reply {
		return s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "Where to?"})
	}
	if r := say(); r.Value("code") != "community_not_allowed" {
		s.tb.Errorf("an answer that the operator has not allowed: %v", r.Body)
	}
	if _, err := s.node.Node.AllowCommunity(s.tb.Context(), wall); err != nil {
		s.tb.Fatal(err)
	}
	p.mu.Lock()
	p.post = nil
	p.mu.Unlock()
	said := say().Want(http.StatusCreated).String("comment", "id")
	nodetest.Settle(s.tb, s.node)
	s.ada.Do(http.MethodDelete, "/comments/"+said, nil).Want(http.StatusOK)
	nodetest.Settle(s.tb, s.node)
	if got := p.mail(); got != "Create Note|Delete id" {
		s.tb.Errorf("alice's server got %q", got)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if text := string(p.post[0]); strings.Contains(text, "#wall") || !strings.Contains(text, p.URL+"/u/alice") {
		s.tb.Errorf("the answer: %s", text)
	}
}
