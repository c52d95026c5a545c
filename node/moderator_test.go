package node_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// lab is a node without limits on which ada owns m/lab.
func lab(t *testing.T, f func(t *testing.T, l lone, ada node.Author)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{} })
		ada := l.agent("ada")
		if _, err := l.Found(t.Context(), ada, node.SubmoltDraft{Name: "lab"}); err != nil {
			t.Fatalf("Found: %v", err)
		}
		f(t, l, ada)
	})
}

func (l lone) postIn(a node.Author, submolt, title string) storage.Post {
	l.t.Helper()
	p, err := l.Post(l.t.Context(), a, node.PostDraft{Submolt: submolt, Title: title, Content: "text"})
	if err != nil {
		l.t.Fatalf("Post(%s): %v", title, err)
	}
	return p
}

func TestOnlyModeratorsPinAndAtMostThree(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		bob := l.agent("bob")
		var posts []storage.Post
		for i := range 6 {
			posts = append(posts, l.postIn(bob, "lab", fmt.Sprint("post ", i)))
		}
		if _, err := l.Pin(t.Context(), bob, posts[0].ID); code(err) != "not_moderator" {
			t.Errorf("Pin by the author of the post = %v", err)
		}
		if _, err := l.Pin(t.Context(), ada, l.post(ada, "in general").ID); code(err) != "not_moderator" {
			t.Errorf("Pin in another submolt = %v", err)
		}
		var all sync.WaitGroup
		var done atomic.Int64
		for _, p := range posts {
			all.Go(func() {
				switch _, err := l.Pin(context.WithoutCancel(t.Context()), ada, p.ID); code(err) {
				case "<nil>":
					done.Add(1)
				case "too_many_pins":
				default:
					t.Errorf("Pin = %v", err)
				}
			})
		}
		all.Wait()
		pinned, err := l.Pinned(t.Context(), posts[0].SubmoltID)
		if err != nil || len(pinned) != node.MaxPinned || done.Load() != node.MaxPinned {
			t.Fatalf("%d posts are pinned, %d pins succeeded, %v", len(pinned), done.Load(), err)
		}
		if p, err := l.Unpin(t.Context(), ada, pinned[0].ID); err != nil || p.Pinned {
			t.Errorf("Unpin = %v, %v", p.Pinned, err)
		}
		if pinned, _ = l.Pinned(t.Context(), posts[0].SubmoltID); len(pinned) != 2 {
			t.Errorf("%d posts are pinned after one was unpinned", len(pinned))
		}
	})
}

func TestOwnersAppointAndTheLastOneStays(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		bob, eve := l.agent("bob"), l.agent("eve")
		steps := []struct {
			by   node.Author
			who  string
			role string // "" dismisses
			want string
		}{
			{bob, "bob", node.RoleModerator, "not_owner"},
			{ada, "nobody-here", node.RoleModerator, "not_found"},
			{ada, "bob", "king", "bad_role"},
			{ada, "bob", node.RoleModerator, "<nil>"},
			{ada, "bob", node.RoleModerator, "<nil>"},
			{bob, "eve", node.RoleModerator, "not_owner"},
			{bob, "ada", "", "not_owner"},
			{ada, "ada", "", "last_owner"},
			{ada, "ada", node.RoleModerator, "last_owner"},
			{ada, "eve", "", "not_found"},
			{ada, "eve", node.RoleOwner, "<nil>"},
			{ada, "ada", "", "<nil>"},
			{ada, "bob", "", "not_owner"},
			{bob, "bob", "", "<nil>"},
			{eve, "eve", "", "last_owner"},
		}
		for i, s := range steps {
			var err error
			if s.role == "" {
				_, err = l.Dismiss(t.Context(), s.by, "lab", s.who)
			} else {
				_, err = l.Appoint(t.Context(), s.by, "lab", s.who, s.role)
			}
			if code(err) != s.want {
				t.Errorf("step %d (%s %s): %v, want %s", i, s.who, s.role, err, s.want)
			}
		}
		ms, err := l.Moderators(t.Context(), "lab")
		if err != nil || len(ms) != 1 || ms[0].AgentID != eve.ID() || ms[0].Role != node.RoleOwner {
			t.Errorf("Moderators = %+v, %v", ms, err)
		}
		if _, err := l.Appoint(t.Context(), ada, "general", "ada", node.RoleOwner); code(err) != "not_owner" {
			t.Errorf("the node's own submolt can be taken: %v", err)
		}
	})
}

func TestReportsAreKeptOncePerReporter(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		bob, eve := l.agent("bob"), l.agent("eve")
		p := l.postIn(bob, "lab", "Buy now")
		c := l.comment(bob, p.ID, "", "cheap")
		if _, err := l.Report(t.Context(), bob, node.ReportDraft{PostID: p.ID}); code(err) != "own_content" {
			t.Errorf("Report of own content = %v", err)
		}
		if _, err := l.Report(t.Context(), eve, node.ReportDraft{PostID: "none"}); code(err) != "not_found" {
			t.Errorf("Report of nothing = %v", err)
		}
		var all sync.WaitGroup
		var known atomic.Int64
		for range 10 {
			all.Go(func() {
				before, err := l.Report(context.WithoutCancel(t.Context()), eve, node.ReportDraft{PostID: p.ID, Reason: "an advert"})
				if err != nil {
					t.Errorf("Report: %v", err)
				}
				if before {
					known.Add(1)
				}
			})
		}
		all.Wait()
		if known.Load() != 9 {
			t.Errorf("%d of 10 reports were known, want 9", known.Load())
		}
		for _, d := range []node.ReportDraft{{PostID: p.ID}, {CommentID: c.ID, Reason: " "}} {
			l.clock.add(time.Second)
			if _, err := l.Report(t.Context(), ada, d); err != nil {
				t.Errorf("Report(%+v): %v", d, err)
			}
		}
		if _, err := l.Reports(t.Context(), eve.ID(), "lab", node.Window{}); code(err) != "not_moderator" {
			t.Errorf("Reports to one who does not moderate = %v", err)
		}
		first, err := l.Reports(t.Context(), ada.ID(), "lab", node.Window{Limit: 1})
		if err != nil || len(first.Reports) != 1 || first.Next == "" || first.Reports[0].Kind != "comment" || first.Reports[0].Reason != "spam" || first.Reports[0].Count != 1 {
			t.Fatalf("Reports = %+v, %v", first, err)
		}
		rest, err := l.Reports(t.Context(), ada.ID(), "lab", node.Window{Cursor: first.Next})
		if err != nil || len(rest.Reports) != 2 || rest.Next != "" || rest.Reports[1].Reason != "an advert" || rest.Reports[1].Count != 2 || rest.Reports[1].Reporter.Name != "eve" || rest.Reports[1].PostTitle != "Buy now" {
			t.Errorf("the rest = %+v, %v", rest, err)
		}
	})
}
