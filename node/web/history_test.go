package web_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

// A history of fifty long versions is a page like any other: one version stands
// whole, and each of the others can.
func TestAHistoryIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "记忆的目录", Content: "Now. " + strings.Repeat("<&> ", 9_000) + "the end of now"})
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for i := range node.MaxRevisions {
			html := fmt.Sprintf("<p>Version %d begins. %s</p><h1>Ends %d.</h1>", i+1, strings.Repeat("&amp;", 40_000), i+1)
			err := q.InsertRevision(ctx, storage.Revision{ObjectID: p.ID, Version: int64(i + 1), Title: "An earlier title", Content: "text", HTML: html, WrittenAt: int64(i)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	path := "/post/" + p.ID + "/history"
	body := s.page(path)
	if len(body) > pageBudget || !strings.Contains(body, "the end of now") || strings.Contains(body, "Ends 1.") || !strings.Contains(body, "Version 1 begins.") {
		t.Errorf("%s has %d bytes, the newest version whole: %v", path, len(body), strings.Contains(body, "the end of now"))
	}
	for _, want := range []string{`<h1 lang="zh" dir="auto">`, `<p class="title" lang="zh" dir="auto">`, `<p class="title" lang="en" dir="auto">An earlier title</p>`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", path, want)
		}
	}
	whole := regexp.MustCompile(`<a href="([^"]+)">This version whole</a>`).FindAllStringSubmatch(body, -1)
	if len(whole) != node.MaxRevisions {
		t.Fatalf("%d versions can be read whole, want %d", len(whole), node.MaxRevisions)
	}
	body = s.page(whole[len(whole)-1][1])
	if len(body) > pageBudget || !strings.Contains(body, "<h3>Ends 1.</h3>") || strings.Contains(body, "the end of now") {
		t.Errorf("%s has %d bytes and does not show the first version alone", whole[len(whole)-1][1], len(body))
	}
}

// Who marks a post or changes a warning does not edit: there is nothing to see in
// the history.
func TestAMarkIsNoEdit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	s.found(ada, node.SubmoltDraft{Name: "reef"})
	p := s.post(bob, node.PostDraft{Title: "Of tides", Content: "They rise.", Submolt: "reef"})
	s.advance(1)
	if _, err := s.node.MarkPost(t.Context(), ada, p.ID, node.Judgement{}); err != nil {
		t.Fatal(err)
	}
	if body := s.page("/post/" + p.ID); strings.Contains(body, "/history") {
		t.Errorf("a marked post passes for edited: %s", body)
	}
	c := s.comment(bob, p.ID, "", "And fall.")
	warning, text := "tides", "And fall again."
	if _, err := s.node.EditComment(t.Context(), bob, c.ID, node.CommentChange{Warning: &warning}); err != nil {
		t.Fatal(err)
	}
	if body := s.page("/post/" + p.ID); strings.Contains(body, "/history") {
		t.Errorf("a comment that was warned of passes for edited: %s", body)
	}
	if _, err := s.node.EditComment(t.Context(), bob, c.ID, node.CommentChange{Content: &text}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.node.EditPost(t.Context(), bob, p.ID, node.PostChange{Content: &text}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/post/" + p.ID: 2, "/comment/" + c.ID: 1} {
		if n := strings.Count(s.page(path), "/history"); n != want {
			t.Errorf("%s: %d things are edited, want %d", path, n, want)
		}
	}
}
