package node_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func contents(h node.History) string {
	var all []string
	for _, v := range h.Versions {
		all = append(all, fmt.Sprintf("%d:%s", v.Version, v.Content))
	}
	return strings.Join(all, " ")
}

func TestAuthorEditsWhileItIsYoungAndHistoryIsKept(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{}; c.EditWindow = 10 * time.Minute })
		ada, bob := l.agent("ada"), l.agent("bob")
		p := l.post(ada, "Draft")
		said := l.comment(bob, p.ID, "", "frist")

		if _, err := l.EditPost(t.Context(), bob, p.ID, node.PostChange{Title: new("mine")}); code(err) != "forbidden" {
			t.Errorf("EditPost by another = %v", err)
		}
		if _, err := l.EditPost(t.Context(), ada, p.ID, node.PostChange{}); code(err) != "missing_fields" {
			t.Errorf("EditPost of nothing = %v", err)
		}
		if _, err := l.EditPost(t.Context(), ada, p.ID, node.PostChange{Title: new("  ")}); code(err) != "missing_fields" {
			t.Errorf("EditPost to no title = %v", err)
		}
		if _, err := l.EditComment(t.Context(), ada, said.ID, node.CommentChange{Content: new("x")}); code(err) != "forbidden" {
			t.Errorf("EditComment by another = %v", err)
		}
		got, err := l.EditPost(t.Context(), ada, p.ID, node.PostChange{Title: new("Final"), Content: new("**zebra**")})
		if err != nil || got.Title != "Final" || !strings.Contains(got.HTML, "<strong>zebra") || got.UpdatedAt <= got.CreatedAt {
			t.Fatalf("EditPost = %+v, %v", got, err)
		}
		if again, err := l.EditPost(t.Context(), ada, p.ID, node.PostChange{Title: new("Final")}); err != nil || again.UpdatedAt != got.UpdatedAt {
			t.Errorf("EditPost that changes nothing = %+v, %v", again, err)
		}
		if _, err := l.EditPost(t.Context(), ada, p.ID, node.PostChange{URL: new("https://other.example/x")}); err != nil {
			t.Fatalf("EditPost of the url: %v", err)
		}
		stored, h, err := l.PostHistory(t.Context(), p.ID, "")
		if err != nil || contents(h) != "1:Hello **world** 2:**zebra** 3:**zebra**" || h.Versions[0].Title != "Draft" || h.Versions[2].URL == "" {
			t.Errorf("PostHistory = %+v, %v", h, err)
		}
		if stored.Type != node.TypeLink || stored.CommentCount != 1 {
			t.Errorf("the post is %+v", stored)
		}
		if _, err := l.EditComment(t.Context(), bob, said.ID, node.CommentChange{Content: new("first")}); err != nil {
			t.Fatalf("EditComment: %v", err)
		}
		if _, h, err := l.CommentHistory(t.Context(), said.ID); err != nil || contents(h) != "1:frist 2:first" {
			t.Errorf("CommentHistory = %+v, %v", h, err)
		}
		for word, want := range map[string]int{"zebra": 1, "world": 0, "first": 1, "frist": 0} {
			if r, err := l.Search(t.Context(), node.SearchQuery{Q: word}); err != nil || len(r.Results) != want {
				t.Errorf("Search(%s) found %d, %v, want %d", word, len(r.Results), err, want)
			}
		}
		l.clock.add(10*time.Minute + time.Second)
		if _, err := l.EditPost(t.Context(), ada, p.ID, node.PostChange{Title: new("late")}); code(err) != "edit_window" {
			t.Errorf("EditPost after the window = %v", err)
		}
		if _, err := l.EditComment(t.Context(), bob, said.ID, node.CommentChange{Content: new("late")}); code(err) != "edit_window" {
			t.Errorf("EditComment after the window = %v", err)
		}
		if err := l.DeletePost(t.Context(), ada, p.ID); err != nil {
			t.Fatalf("DeletePost: %v", err)
		}
		if _, _, err := l.PostHistory(t.Context(), p.ID, ada.ID()); !node.IsGone(err) {
			t.Errorf("PostHistory of a deleted post = %v", err)
		}
	})
}

func TestParallelEditsEachLeaveTheirVersion(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{} })
		ada := l.agent("ada")
		p := l.post(ada, "Talk")
		said := l.comment(ada, p.ID, "", "0")
		var all sync.WaitGroup
		for i := range node.MaxRevisions + 5 {
			all.Go(func() {
				_, err := l.EditComment(context.WithoutCancel(t.Context()), ada, said.ID, node.CommentChange{Content: new(fmt.Sprint(i + 1))})
				if err != nil && code(err) != "too_many_edits" {
					t.Errorf("EditComment: %v", err)
				}
			})
		}
		all.Wait()
		_, h, err := l.CommentHistory(t.Context(), said.ID)
		if err != nil || len(h.Versions) != node.MaxRevisions+1 {
			t.Fatalf("%d versions, %v, want %d", len(h.Versions), err, node.MaxRevisions+1)
		}
		seen := map[string]bool{}
		for i, v := range h.Versions {
			if seen[v.Content] || v.Version != int64(i+1) {
				t.Errorf("version %d: %+v", i+1, v)
			}
			seen[v.Content] = true
		}
	})
}
