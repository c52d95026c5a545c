package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
)

// acts are the names of what a node's log of moderation holds, the newest first.
func acts(a *nodetest.Agent, path string) string {
	var names []string
	for _, one := range a.Do(http.MethodGet, path, nil).Want(http.StatusOK).List("actions") {
		name, _ := one["action"].(string)
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestModeratorsRemoveLockAndBanOnBothNodes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		both := func() { nodetest.Settle(t, c.a, c.b) }
		lab := "/submolts/lab@" + c.a.Host
		comment := c.bob.Do(http.MethodPost, "/posts/"+c.onB+"/comments", map[string]any{"content": "Rude words"}).Want(http.StatusCreated).String("comment", "id")
		both()
		onA, _ := c.ada.Do(http.MethodGet, "/posts/"+c.onA+"/comments", nil).List("comments")[0]["id"].(string)

		// Nobody but a moderator.
		for _, path := range []string{"/posts/" + c.onB + "/remove", "/posts/" + c.onB + "/lock", "/comments/" + comment + "/remove"} {
			if r := c.bob.Do(http.MethodPost, path, nil); r.Status != http.StatusForbidden || r.Value("code") != "not_moderator" {
				t.Errorf("bob, who does not moderate, at %s: %v", path, r.Body)
			}
		}

		c.ada.Do(http.MethodPost, "/comments/"+onA+"/remove", map[string]any{"reason": "rude"}).Want(http.StatusOK)
		c.ada.Do(http.MethodPost, "/comments/"+onA+"/remove", map[string]any{"reason": "rude"}).Want(http.StatusOK) // again: nothing
		both()
		if r := c.bob.Do(http.MethodGet, "/comments/"+comment, nil); r.Status != http.StatusGone || r.Value("code") != "removed" {
			t.Errorf("the removed comment on b: %d %v", r.Status, r.Body)
		}
		told := c.bob.Do(http.MethodGet, "/notifications", nil).List("notifications")
		if len(told) == 0 || told[0]["type"] != "moderated" {
			t.Errorf("bob was not told: %v", told)
		}
		c.ada.Do(http.MethodDelete, "/comments/"+onA+"/remove", nil).Want(http.StatusOK)
		both()
		c.bob.Do(http.MethodGet, "/comments/"+comment, nil).Want(http.StatusOK)

		c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/lock", map[string]any{"reason": "enough"}).Want(http.StatusOK)
		both()
		if r := c.bob.Do(http.MethodPost, "/posts/"+c.onB+"/comments", map[string]any{"content": "One more"}); r.Value("code") != "locked" {
			t.Errorf("a comment under a locked post on b: %d %v", r.Status, r.Body)
		}
		c.ada.Do(http.MethodDelete, "/posts/"+c.onA+"/lock", nil).Want(http.StatusOK)
		both()
		c.bob.Do(http.MethodPost, "/posts/"+c.onB+"/comments", map[string]any{"content": "One more"}).Want(http.StatusCreated)

		c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/remove", map[string]any{"reason": "off topic"}).Want(http.StatusOK)
		both()
		c.bob.Do(http.MethodGet, "/posts/"+c.onB, nil).Want(http.StatusGone)
		c.ada.Do(http.MethodDelete, "/posts/"+c.onA+"/remove", nil).Want(http.StatusOK)
		both()
		c.bob.Do(http.MethodGet, "/posts/"+c.onB, nil).Want(http.StatusOK)
		c.ada.Do(http.MethodGet, "/posts/"+c.onA, nil).Want(http.StatusOK)

		until := time.Now().Add(24 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
		c.ada.Do(http.MethodPost, "/submolts/lab/bans", map[string]any{"agent_name": "bob@" + c.b.Host, "reason": "spam", "expires_at": until, "remove_content": true}).Want(http.StatusOK)
		both()
		c.bob.Do(http.MethodGet, "/posts/"+c.onB, nil).Want(http.StatusGone)
		r := c.bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + c.a.Host, "title": "Again"})
		if r.Status != http.StatusForbidden || r.Value("code") != "banned" {
			t.Errorf("a banned agent posts on b: %d %v", r.Status, r.Body)
		}
		if bans := c.bob.Do(http.MethodGet, lab+"/bans", nil).Want(http.StatusOK).List("bans"); len(bans) != 1 || bans[0]["reason"] != "spam" || bans[0]["expires_at"] != until {
			t.Errorf("bans as b knows them: %v", bans)
		}
		c.ada.Do(http.MethodDelete, "/submolts/lab/bans/bob@"+c.b.Host, nil).Want(http.StatusOK)
		both()
		c.bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + c.a.Host, "title": "Again"}).Want(http.StatusCreated)

		const want = "unban_agent ban_agent restore_post remove_post unlock_post lock_post restore_comment remove_comment"
		if got := acts(c.ada, "/submolts/lab/modlog"); got != want {
			t.Errorf("log on a: %s", got)
		}
		if got := acts(c.bob, lab+"/modlog"); got != want {
			t.Errorf("log on b: %s", got)
		}
		if got := acts(c.bob, "/modlog"); got != want {
			t.Errorf("whole log on b: %s", got)
		}
		_, page, _ := c.b.Get("/modlog", "text/html")
		if !strings.Contains(page, "off topic") || !strings.Contains(page, "spam") {
			t.Error("the page of the log lacks the reasons")
		}
	})
}

// TestModeratorOfAnotherNode: bob of b moderates m/lab of a; what he decides, a does, and both know.
func TestModeratorOfAnotherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		background(t, func() {
			c.ada.Do(http.MethodPost, "/submolts/lab/moderators", map[string]any{"agent_name": "bob@" + c.b.Host}).Want(http.StatusOK)
		}, c.a, c.b)
		post := c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Of ada"}).Want(http.StatusCreated).String("post", "id")
		nodetest.Settle(t, c.a, c.b)
		var onB string
		for _, p := range c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host+"/feed?sort=new", nil).List("posts") {
			if p["title"] == "Of ada" {
				onB, _ = p["id"].(string)
			}
		}
		if r := c.bob.Do(http.MethodPost, "/posts/"+onB+"/remove", map[string]any{"reason": "no"}).Want(http.StatusOK); r.Value("status") != "pending" {
			t.Errorf("removed in a remote submolt: %v", r.Body)
		}
		nodetest.Settle(t, c.a, c.b)
		c.ada.Do(http.MethodGet, "/posts/"+post, nil).Want(http.StatusGone)
		c.bob.Do(http.MethodGet, "/posts/"+onB, nil).Want(http.StatusGone)
		c.bob.Do(http.MethodDelete, "/posts/"+onB+"/remove", nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		c.ada.Do(http.MethodGet, "/posts/"+post, nil).Want(http.StatusOK)
		c.bob.Do(http.MethodGet, "/posts/"+onB, nil).Want(http.StatusOK)
	})
}
