package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// A locked comment takes no more replies, nor does what answers it, on either node;
// the rest of the thread is open, and what stands stays readable.
func TestACommentIsLockedOnBothNodes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		both := func() { nodetest.Settle(t, c.a, c.b) }
		say := func(by *nodetest.Agent, post, parent, text string) nodetest.Reply {
			return by.Do(http.MethodPost, "/posts/"+post+"/comments", map[string]any{"content": text, "parent_id": parent})
		}
		heated := say(c.ada, c.onA, "", "A heated word").Want(http.StatusCreated).String("comment", "id")
		both()
		onB, _ := c.bob.Do(http.MethodGet, "/posts/"+c.onB+"/comments", nil).List("comments")[0]["id"].(string)
		below := say(c.bob, c.onB, onB, "A hotter one").Want(http.StatusCreated).String("comment", "id")
		both()

		if r := c.bob.Do(http.MethodPost, "/comments/"+onB+"/lock", nil); r.Status != http.StatusForbidden || r.Value("code") != "not_moderator" {
			t.Errorf("a lock by bob, who does not moderate: %v", r.Body)
		}
		c.ada.Do(http.MethodPost, "/comments/"+heated+"/lock", map[string]any{"reason": "cool down"}).Want(http.StatusOK)
		c.ada.Do(http.MethodPost, "/comments/"+heated+"/lock", map[string]any{"reason": "cool down"}).Want(http.StatusOK) // again: nothing
		both()
		for parent, by := range map[string]*nodetest.Agent{onB: c.bob, below: c.bob, heated: c.ada} {
			post := map[bool]string{true: c.onB, false: c.onA}[by == c.bob]
			if r := say(by, post, parent, "One more"); r.Status != http.StatusForbidden || r.Value("code") != "locked" {
				t.Errorf("a reply in the locked branch: %d %v", r.Status, r.Body)
			}
		}
		if r := c.bob.Do(http.MethodGet, "/comments/"+below, nil).Want(http.StatusOK); r.Value("comment", "is_locked") != true || r.Value("comment", "content") != "A hotter one" {
			t.Errorf("what stands in the locked branch: %v", r.Body)
		}
		if _, shown, _ := c.b.Get("/comment/"+onB, "text/html"); !strings.Contains(shown, `<span class="tag">locked</span>`) {
			t.Error("the page does not say that the comment is locked")
		}
		say(c.bob, c.onB, "", "Elsewhere in the thread").Want(http.StatusCreated)

		c.ada.Do(http.MethodDelete, "/comments/"+heated+"/lock", nil).Want(http.StatusOK)
		both()
		say(c.bob, c.onB, below, "Calmer now").Want(http.StatusCreated)
		both()
		const want = "unlock_comment lock_comment"
		for who, got := range map[string]string{"a": acts(c.ada, "/submolts/lab/modlog"), "b": acts(c.bob, "/submolts/lab@"+c.a.Host+"/modlog")} {
			if got != want {
				t.Errorf("log on %s: %s", who, got)
			}
		}
	})
}

// A locked branch of ours takes nothing from other servers, and only who moderates
// locks and unlocks it.
func TestALockedCommentTakesNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		s.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Open"}).Want(http.StatusCreated).String("post", "id")
		said := s.ada.Do(http.MethodPost, "/posts/"+post+"/comments", map[string]any{"content": "Enough of this"}).Want(http.StatusCreated)
		id, uri := said.String("comment", "id"), said.String("comment", "uri")
		locked := func() any {
			return s.node.Call("", http.MethodGet, "/api/v1/comments/"+id, nil).Want(http.StatusOK).Value("comment", "is_locked")
		}
		s.must(s.evil, s.eve, doc{"type": "Lock", "object": uri, "to": []string{activity.Public}})
		if locked() != false {
			t.Error("a stranger locked a comment")
		}
		s.ada.Do(http.MethodPost, "/comments/"+id+"/lock", nil).Want(http.StatusOK)
		s.must(s.evil, s.eve, create(note(s.evil.URL+"/note/locked", s.eve, uri, "And yet")))
		s.must(s.evil, s.eve, doc{"type": "Undo", "object": doc{"id": s.evil.fresh("lock"), "type": "Lock", "actor": s.eve, "object": uri}, "to": []string{activity.Public}})
		s.must(s.evil, s.eve, create(note(s.evil.URL+"/note/later", s.eve, uri, "And yet again")))
		if text := string(mustJSON(t, s.node.Call("", http.MethodGet, "/api/v1/posts/"+post+"/comments", nil).Body)); strings.Contains(text, "And yet") || locked() != true {
			t.Errorf("a reply came into a locked branch: %s", text)
		}
	})
}
