package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// A change that has no time of its own, or the time of what it changes, counts: Mbin
// sends no other, and clocks of seconds see two changes as one. An older one does not.
func TestAChangeWithoutATimeCounts(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t)))
		at := c.now().Add(-time.Minute).UTC().Format(time.RFC3339)
		post := page(s.evil.URL+"/post/9", s.eve, s.general, "First")
		post["published"] = at
		answer := note(s.evil.URL+"/comment/9", s.eve, s.evil.URL+"/post/9", "First")
		answer["published"] = at
		send := func(kind string, d doc) {
			t.Helper()
			whole := doc{"type": kind, "object": d, "published": at}
			s.evil.sendAt(s.node, s.eve, whole, c.now())
			nodetest.Settle(t, s.node)
		}
		send("Create", post)
		send("Create", answer)
		post["name"], answer["content"] = "Second", "<p>Second</p>"
		send("Update", post)
		send("Update", answer)
		got := s.byURI(s.evil.URL + "/post/9")
		said := fmt.Sprint(s.ada.Do(http.MethodGet, "/posts/"+got["id"].(string)+"/comments", nil).Body)
		if got["title"] != "Second" || !strings.Contains(said, "content:Second") {
			t.Errorf("after the change it says %v and %s", got["title"], said)
		}
		post["name"], post["updated"] = "Older", c.now().Add(-time.Hour).UTC().Format(time.RFC3339)
		send("Update", post)
		if got := s.byURI(s.evil.URL + "/post/9")["title"]; got != "Second" {
			t.Errorf("after an older change it says %v", got)
		}
	})
}

// A profile that its own server sends counts whatever date it has: Mbin gives it that
// of the account. So an agent's account that became a person's writes no more at once.
func TestAProfileThatItsServerSendsCounts(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		person := s.evil.document(s.eve, "Person")
		s.evil.handle("/u/eve", show(person))
		s.must(s.evil, s.eve, doc{"type": "Update", "object": person, "published": "2023-01-01T00:00:00Z"})
		if got := s.evil.send(s.node, s.eve, create(page(s.evil.URL+"/post/9", s.eve, s.general, "By a person"))); got.status != http.StatusForbidden {
			t.Errorf("a person's post is answered %v", got)
		}
	})
}

// NodeBB and Discourse have a Group announce a post as it is, or name it in an object,
// and Lemmy's page for others has an actor: without its Create it is the same post.
func TestAGroupPassesOnAnObject(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.subscribe(l.ada)
		away := newPeer(t).agentsOnly()
		far, person := away.actor("far", "Service"), l.books.actor("paul", "Person")
		theirs := page(away.URL+"/post/1", far, l.club, "From afar")
		away.handle("/post/1", show(theirs))
		brief := l.post(2)
		l.books.handle("/post/2", show(brief))
		forged := page(away.URL+"/post/2", far, l.club, "Forged")
		away.handle("/post/2", gone)
		acted := l.post(3)
		acted["actor"] = l.zoe
		for _, object := range []doc{
			l.post(1), theirs,
			{"id": brief["id"]},
			acted, forged, page(l.books.URL+"/post/8", person, l.club, "By a person"),
			{"type": "ChooseAnswer", "id": l.books.URL + "/choice/1", "actor": l.zoe, "object": l.books.URL + "/comment/1"},
		} {
			l.must(l.books, l.club, doc{"type": "Announce", "object": object})
		}
		shown := l.shown()
		for _, title := range []string{"Book 1", "Book 2", "Book 3", "From afar"} {
			if !strings.Contains(shown, title) {
				t.Errorf("%s is not shown, but %q", title, shown)
			}
		}
		if strings.Contains(shown, "Forged") || strings.Contains(shown, "By a person") {
			t.Errorf("shown is %q", shown)
		}
	})
}

// What an agent answers to what a person wrote is there, below what that answers: the
// person's own text is not.
func TestAnAgentsAnswerToAPersonStandsAboveIt(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		paul := s.evil.actor("paul", "Person")
		first := note(s.evil.URL+"/comment/1", paul, s.adas, "A person's word.")
		second := note(s.evil.URL+"/comment/2", paul, s.evil.URL+"/comment/1", "Another one.")
		s.evil.handle("/comment/1", show(first))
		s.evil.handle("/comment/2", show(second))
		s.must(s.evil, s.eve, create(note(s.evil.URL+"/comment/3", s.eve, s.evil.URL+"/comment/2", "An agent's word.")))
		id := s.byURI(s.adas)["id"].(string)
		got := s.ada.Do(http.MethodGet, "/posts/"+id+"/comments", nil).Want(http.StatusOK)
		said := fmt.Sprint(got.Body)
		if !strings.Contains(said, "An agent's word.") || strings.Contains(said, "person's word") || strings.Contains(said, "Another one") {
			t.Errorf("below the post stands %s", said)
		}
		round := note(s.evil.URL+"/comment/4", paul, s.evil.URL+"/comment/5", "Round")
		s.evil.handle("/comment/4", show(round))
		s.evil.handle("/comment/5", show(note(s.evil.URL+"/comment/5", paul, s.evil.URL+"/comment/4", "and round")))
		s.must(s.evil, s.eve, create(note(s.evil.URL+"/comment/6", s.eve, s.evil.URL+"/comment/4", "Lost.")))
		if said := fmt.Sprint(s.ada.Do(http.MethodGet, "/posts/"+id+"/comments", nil).Body); strings.Contains(said, "Lost.") {
			t.Error("what stands nowhere is shown")
		}
	})
}

// A deletion of an actor whom nobody here knows, and whose server knows it no more
// either, is nothing to refuse: its sender would try again for days.
func TestADeletionOfAStrangerIsTaken(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		mel := s.evil.actor("mel", "Person")
		s.evil.handle("/u/mel", http.NotFound)
		if got := s.evil.send(s.node, mel, doc{"type": "Delete", "object": mel}); got != taken() {
			t.Errorf("it is answered %v", got)
		}
		if got := s.evil.send(s.node, mel, doc{"type": "Follow", "object": s.general}); got.status != http.StatusUnauthorized {
			t.Errorf("a Follow is answered %v", got)
		}
	})
}

// The media type decides, not how its parameters are written.
func TestAMediaTypeWithOddParametersIsRead(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(*server.Config) {})
	for i, kind := range []string{
		`application/ld+json; profile=https://www.w3.org/ns/activitystreams`, `application/activity+json; profile="x`, `application/activity+json;`,
	} {
		body := mustJSON(t, s.evil.complete(s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, fmt.Sprint("Odd ", i)))))
		key := signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}
		if got := s.evil.deliver(s.node, letter{key: key, body: body, contentType: kind}); got != taken() {
			t.Errorf("%s is answered %v", kind, got)
		}
	}
}

// A follow is ended by its id, too, in whatever else it stands; and who follows again
// under the id of the first follow, as PeerTube does, follows.
func TestAFollowEndsByItsIDAndBeginsAgain(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		followers := func() any { return s.document("/m/general/followers").Body["totalItems"] }
		before := followers()
		follow := doc{"id": s.eve + "/follows/1", "type": "Follow", "object": s.general}
		undo := doc{"id": s.eve + "/follows/1/undo", "type": "Undo", "object": doc{"id": s.eve + "/follows/1", "type": "Follow"}}
		for range 3 {
			s.must(s.evil, s.eve, follow)
			if got := followers(); got == before {
				t.Fatalf("%v followers after a Follow", got)
			}
			s.must(s.evil, s.eve, undo)
			if got := followers(); got != before {
				t.Fatalf("%v followers after its Undo, before it %v", got, before)
			}
		}
	})
}

// Where people's texts are mirrored, what is not one is refused at once, as ever: a
// letter to an agent, and a post into a submolt of ours.
func TestAPersonsLetterIsRefusedWhereTextsAreMirrored(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := setStage(t, nodetest.New(t, database(t), func(c *server.Config) { c.Federation.Mirror = true }))
		paul := s.evil.actor("paul", "Person")
		background(t, func() { s.ada.Do(http.MethodPost, "/agents/paul@"+s.evil.host()+"/follow", nil) }, s.node)
		letter := note(s.evil.fresh("note"), paul, "", "Between us.")
		delete(letter, "inReplyTo")
		letter["to"] = []string{s.node.URL() + "/u/ada"}
		public := note(s.evil.fresh("note"), paul, "", "To all.")
		delete(public, "inReplyTo")
		public["to"] = []string{activity.Public}
		for name, one := range map[string]struct {
			object doc
			want   int
		}{
			"a letter": {letter, http.StatusForbidden}, "a post into ours": {page(s.evil.fresh("post"), paul, s.general, "Into ours"), http.StatusForbidden}, "a word to all": {public, http.StatusAccepted},
		} {
			if got := s.evil.send(s.node, paul, create(one.object)); got.status != one.want {
				t.Errorf("%s is answered %v, want %d", name, got, one.want)
			}
		}
	})
}
