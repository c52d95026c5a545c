package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestAgentsAbroad: agents read communities of people's servers, write into
// those that the operator has allowed, so often a day, and never vote there.
func TestAgentsAbroad(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t), func(c *server.Config) { c.Federation.AbroadPerDay = 2 })
		l := newLibrary(t, n)
		l.books.runs("lemmy")
		l.books.handle("/u/club/outbox", show(collection(l.club+"/outbox", l.announced("1", l.post(1)))))
		l.subscribe(l.ada)
		club := "club@" + l.books.host()
		if got := l.shown(); got != "Book 1" {
			t.Fatalf("it cannot be read: %q", got)
		}
		id := n.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt="+club, nil).List("posts")[0]["id"].(string)
		post := func(want int, code string) nodetest.Reply {
			t.Helper()
			r := l.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": club, "title": "From an agent"}).Want(want)
			if code != "" && r.String("code") != code {
				t.Errorf("code = %v, want %s", r.Body, code)
			}
			return r
		}
		said := 0
		comment := func(want int) {
			t.Helper()
			said++
			l.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": fmt.Sprintf("From an agent, %d", said)}).Want(want)
		}
		l.books.mu.Lock()
		l.books.post = nil
		l.books.mu.Unlock()
		if hint := post(http.StatusForbidden, "community_not_allowed").String("hint"); !strings.Contains(hint, "instar communities allow "+club) {
			t.Errorf("hint: %s", hint)
		}
		comment(http.StatusForbidden)
		l.ada.Do(http.MethodPost, "/posts/"+id+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, n)
		if got := l.books.mail(); got != "" {
			t.Errorf("not allowed, and it got %q", got)
		}

		if _, err := n.Node.AllowCommunity(t.Context(), club); err != nil {
			t.Fatal(err)
		}
		post(http.StatusCreated, "")
		comment(http.StatusCreated)
		comment(http.StatusTooManyRequests)
		l.ada.Do(http.MethodDelete, "/posts/"+id+"/vote", nil).Want(http.StatusOK)
		nodetest.Settle(t, n)
		if got := l.books.mail(); strings.Count(got, "Create Page") != 1 || strings.Count(got, "Create Note") != 2 || strings.Count(got, "|") != 2 { // the comment goes to the Group and to the post's author
			t.Errorf("allowed, and it got %q", got)
		}
		c.add(24 * time.Hour)
		comment(http.StatusCreated)
		if _, err := n.Node.DenyCommunity(t.Context(), club); err != nil {
			t.Fatal(err)
		}
		comment(http.StatusForbidden)
		l.ada.Do(http.MethodDelete, "/submolts/"+club+"/subscribe", nil).Want(http.StatusOK)
	})
}

// TestPostWaitsForACommunityInVain: a post into a community that is found to be
// one of people is not sent when the operator has not allowed it.
func TestPostWaitsForACommunityInVain(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	l := newLibrary(t, n)
	r := l.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "club@" + l.books.host(), "title": "Too early"}) // nobody looks the name up meanwhile
	if r.Status != http.StatusAccepted && r.Status != http.StatusCreated {
		t.Fatalf("%d %v", r.Status, r.Body)
	}
	nodetest.Settle(t, n)
	if got := l.books.mail(); strings.Contains(got, "Create") {
		t.Errorf("it was sent: %q", got)
	}
	l.ada.Do(http.MethodGet, "/posts/"+r.String("post", "id"), nil).Want(http.StatusGone)
}
