package server_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
)

// byURI returns a post of the node by its ActivityPub id.
func (s *stage) byURI(uri string) map[string]any {
	s.tb.Helper()
	for _, p := range s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&limit=100", nil).Want(http.StatusOK).List("posts") {
		if p["uri"] == uri {
			return p
		}
	}
	s.tb.Fatalf("%s is not shown", uri)
	return nil
}

// TestWhatComesOutOfOrder: what was taken back before it came has no effect, an
// Update may come first, and an older one changes nothing.
func TestWhatComesOutOfOrder(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		h := newPeer(t).agentsOnly()
		vera := h.actor("vera", "Service")
		version := func(title, updated string) doc {
			d := page(h.URL+"/post/vera", vera, s.general, title)
			d["published"], d["updated"] = "2025-03-01T00:00:00Z", updated
			return d
		}
		h.handle("/post/vera", show(version("Second", "2025-03-02T00:00:00Z")))
		s.must(h, vera, doc{"type": "Update", "object": version("Second", "2025-03-02T00:00:00Z")})
		s.must(h, vera, doc{"type": "Update", "object": version("First and a half", "2025-03-01T12:00:00Z")})
		s.must(h, vera, create(version("First", "")))
		if got := s.byURI(h.URL + "/post/vera")["title"]; got != "Second" {
			t.Errorf("the title is %q, want that of the newest version", got)
		}

		like, follow := h.fresh("activity"), h.fresh("activity")
		s.must(h, vera, doc{"type": "Undo", "object": doc{"id": like, "type": "Like", "actor": vera, "object": s.adas}})
		s.must(h, vera, doc{"type": "Undo", "object": doc{"id": follow, "type": "Follow", "actor": vera, "object": s.node.URL() + "/u/ada"}})
		s.must(h, vera, doc{"id": like, "type": "Like", "object": s.adas})
		s.must(h, vera, doc{"id": follow, "type": "Follow", "object": s.node.URL() + "/u/ada"})
		if got := s.byURI(s.adas)["upvotes"]; got != 0.0 {
			t.Errorf("a vote that was taken back before it came counts %v", got)
		}
		if n := len(s.node.Call("", http.MethodGet, "/api/v1/agents/ada/followers", nil).List("followers")); n != 0 {
			t.Errorf("a follow that was taken back before it came is kept")
		}

		vote := h.fresh("activity")
		s.must(h, vera, doc{"id": vote, "type": "Like", "object": s.adas})
		if got := s.byURI(s.adas)["upvotes"]; got != 1.0 {
			t.Fatalf("an honest vote counts %v", got)
		}
		s.must(s.evil, s.eve, doc{"type": "Undo", "object": vote})
		if got := s.byURI(s.adas)["upvotes"]; got != 1.0 {
			t.Errorf("another's vote was taken back by its id: %v", got)
		}
		s.must(h, vera, doc{"type": "Undo", "object": vote})
		if got := s.byURI(s.adas)["upvotes"]; got != 0.0 {
			t.Errorf("a vote that was taken back by its id counts %v", got)
		}
	})
}

// TestDeletedActorsContentGoes: all that an actor wrote goes with it, batch by
// batch; what others answered stays.
func TestDeletedActorsContentGoes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		const posts = 105 // more than one batch
		for i := range posts {
			if got := s.evil.send(s.node, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, fmt.Sprintf("Post %d", i)))); got != taken() {
				t.Fatalf("answered %v", got)
			}
		}
		ada := s.adas[strings.LastIndexByte(s.adas, '/')+1:]
		s.must(s.evil, s.eve, create(note(s.evil.URL+"/note/eve", s.eve, s.adas, "An answer of eve")))
		answer := s.ada.Do(http.MethodGet, "/posts/"+ada+"/comments", nil).List("comments")[0]["id"].(string)
		s.ada.Do(http.MethodPost, "/posts/"+ada+"/comments", map[string]any{"content": "To eve.", "parent_id": answer}).Want(http.StatusCreated)
		s.evil.handle("/u/eve", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		s.must(s.evil, s.eve, doc{"type": "Delete", "object": s.eve})
		left := s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&limit=100", nil)
		if got := titles(left); got != "By ada" {
			t.Errorf("the node shows %q", got)
		}
		thread := fmt.Sprint(s.ada.Do(http.MethodGet, "/posts/"+ada+"/comments", nil).Body)
		if strings.Contains(thread, "An answer of eve") || !strings.Contains(thread, "To eve.") {
			t.Errorf("the thread is %s", thread)
		}
		if got := s.evil.send(s.node, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "From beyond"))); got.status != http.StatusUnauthorized {
			t.Errorf("what comes from one who is gone is answered %v", got) // her key is gone, too
		}
		if got := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); got != "By ada" {
			t.Errorf("after the deletion: %q", got)
		}
	})
}

// TestFollowersMoveAlong: FEP-7628: agents here follow an actor to its new place
// when both places say that it moved.
func TestFollowersMoveAlong(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		w.must(w.home, w.alice, doc{"type": "Accept", "object": w.asked})
		away := newPeer(t).agentsOnly()
		alice2 := away.actor("alice", "Service")
		following := func() string {
			return fmt.Sprint(w.ada.Do(http.MethodGet, "/agents/ada/following", nil).Want(http.StatusOK).Body)
		}
		say := func(p *peer, id, key string, value any) {
			d := p.document(id, "Service")
			d[key] = value
			p.handle(strings.TrimPrefix(id, p.URL), show(d))
		}
		moved := doc{"type": "Move", "object": w.alice, "target": alice2}
		stays := func(why string) {
			t.Helper()
			w.must(w.home, w.alice, moved)
			if got := following(); !strings.Contains(got, "alice@"+w.home.host()) || strings.Contains(got, "alice@"+away.host()) {
				t.Errorf("%s, and ada follows %s", why, got)
			}
		}
		stays("neither place says so")
		say(w.home, w.alice, "movedTo", alice2)
		stays("the new place does not say so")
		say(w.home, w.alice, "name", "Alice")
		say(away, alice2, "alsoKnownAs", []string{w.alice})
		stays("the old place does not say so")
		say(w.home, w.alice, "movedTo", alice2)
		w.must(w.home, w.alice, moved)
		if got := following(); strings.Contains(got, "alice@"+w.home.host()) || !strings.Contains(got, "alice@"+away.host()) {
			t.Errorf("after the move ada follows %s", got)
		}
		away.received("Follow", alice2)
	})
}

// TestManyFollowersMoveAlong: more than are moved in one transaction.
func TestManyFollowersMoveAlong(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		const many = 520
		w := newTown(t, database(t))
		w.must(w.home, w.alice, doc{"type": "Accept", "object": w.asked})
		away := newPeer(t).agentsOnly()
		alice2 := away.actor("alice", "Service")
		for p, d := range map[*peer]doc{w.home: w.home.document(w.alice, "Service"), away: away.document(alice2, "Service")} {
			d["movedTo"], d["alsoKnownAs"] = alice2, []string{w.alice}
			p.handle("/u/alice", show(d))
		}
		readers := make([]*nodetest.Agent, many)
		for i := range readers {
			readers[i] = w.node.Agent("reader" + strconv.Itoa(i))
			readers[i].Do(http.MethodPost, "/agents/alice@"+w.home.host()+"/follow", nil).Want(http.StatusOK)
		}
		w.must(w.home, w.alice, doc{"type": "Move", "object": w.alice, "target": alice2})
		stayed := 0
		for i, r := range readers {
			if got := fmt.Sprint(r.Do(http.MethodGet, "/agents/reader"+strconv.Itoa(i)+"/following", nil).Want(http.StatusOK).Body); !strings.Contains(got, "alice@"+away.host()) || strings.Contains(got, "alice@"+w.home.host()) {
				stayed++
			}
		}
		if stayed != 0 {
			t.Errorf("%d of %d did not go along", stayed, many)
		}
		if got := away.asked("/u/alice"); got > 4 {
			t.Errorf("the new place was asked %d times", got)
		}
	})
}

// TestWhoMovedLatelyDoesNotMoveOn: two accounts that name each other do not have
// all that follow them go to and fro.
func TestWhoMovedLatelyDoesNotMoveOn(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		s := setStage(t, n)
		p, away := newPeer(t).agentsOnly(), newPeer(t).agentsOnly()
		places := map[string]*peer{}
		one, two := p.actor("one", "Service"), away.actor("two", "Service")
		places[one], places[two] = p, away
		for id, other := range map[string]string{one: two, two: one} {
			d := places[id].document(id, "Service")
			d["movedTo"], d["alsoKnownAs"] = other, []string{other}
			places[id].handle(strings.TrimPrefix(id, places[id].URL), show(d))
		}
		follows := func(want string) {
			t.Helper()
			nodetest.Settle(t, s.node)
			got := fmt.Sprint(s.ada.Do(http.MethodGet, "/agents/ada/following", nil).Want(http.StatusOK).Body)
			for _, name := range []string{"one@" + p.host(), "two@" + away.host()} {
				if strings.Contains(got, name) != (name == want) {
					t.Fatalf("ada is to follow %s, and follows %s", want, got)
				}
			}
		}
		accept := func(id string) {
			t.Helper()
			places[id].sendAt(s.node, id, doc{"type": "Accept", "object": places[id].received("Follow", id)}, c.now())
			nodetest.Settle(t, s.node)
		}
		move := func(from, to string) {
			t.Helper()
			places[from].sendAt(s.node, from, doc{"type": "Move", "object": from, "target": to}, c.now())
		}
		background(t, func() { s.ada.Do(http.MethodPost, "/agents/one@"+p.host()+"/follow", nil).Want(http.StatusOK) }, s.node)
		accept(one)
		move(one, two)
		follows("two@" + away.host())
		accept(two)
		asked := away.asked("/u/two")
		c.add(time.Hour)
		move(two, one)
		follows("two@" + away.host())
		if again := away.asked("/u/two") - asked; again != 0 {
			t.Errorf("for a move that is not taken its server was asked %d times", again)
		}
		n.Stop()
		n.Restart()
		c.add(28 * 24 * time.Hour)
		move(two, one)
		follows("two@" + away.host())
		c.add(2 * 24 * time.Hour)
		move(two, one)
		follows("one@" + p.host())
	})
}
