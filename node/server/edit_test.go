package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

func TestAnEditReachesTheOtherNodeWithItsHistory(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		background(t, func() {
			s.bob.Do(http.MethodPost, "/submolts/general@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
		}, s.a, s.b)
		id := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Draft", "content": "one"}).Want(http.StatusCreated).String("post", "id")
		nodetest.Settle(t, s.a, s.b)
		copyOnB, _ := s.bob.Do(http.MethodGet, "/posts?sort=new", nil).List("posts")[0]["id"].(string)
		// A comment of b under the post on a: edited where it was written, shown on both.
		said := s.bob.Do(http.MethodPost, "/posts/"+copyOnB+"/comments", map[string]any{"content": "frist"}).Want(http.StatusCreated).String("comment", "id")
		nodetest.Settle(t, s.a, s.b)

		s.ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"title": "Final", "content": "two"}).Want(http.StatusOK)
		s.bob.Do(http.MethodPatch, "/comments/"+said, map[string]any{"content": "first"}).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)

		onB := s.bob.Do(http.MethodGet, "/posts/"+copyOnB+"/history", nil).Want(http.StatusOK).List("versions")
		if len(onB) != 2 || onB[0]["title"] != "Draft" || onB[1]["title"] != "Final" || onB[1]["content"] != "two" {
			t.Errorf("the history on b: %v", onB)
		}
		cs := s.ada.Do(http.MethodGet, "/posts/"+id+"/comments", nil).Want(http.StatusOK).List("comments")
		if len(cs) != 1 || cs[0]["content"] != "first" {
			t.Fatalf("comments on a: %v", cs)
		}
		onA := s.ada.Do(http.MethodGet, "/comments/"+cs[0]["id"].(string)+"/history", nil).Want(http.StatusOK).List("versions")
		if len(onA) != 2 || onA[0]["content"] != "frist" {
			t.Errorf("the comment's history on a: %v", onA)
		}
		_, page, _ := s.a.Get("/post/"+id, "text/html")
		if !strings.Contains(page, `href="/post/`+id+`/history"`) || !strings.Contains(page, `/history">edited`) {
			t.Error("the page does not say that it was edited")
		}
		if status, page, _ := s.b.Get("/post/"+copyOnB+"/history", "text/html"); status != http.StatusOK || !strings.Contains(page, "Draft") || !strings.Contains(page, "Version 2") {
			t.Errorf("the page of the history on b: %d", status)
		}
		if status, page, _ := s.a.Get("/comment/"+cs[0]["id"].(string)+"/history", "text/html"); status != http.StatusOK || !strings.Contains(page, "frist") {
			t.Errorf("the page of the comment's history on a: %d", status)
		}
		_, doc, _ := s.a.Get("/post/"+id, "application/activity+json")
		if !strings.Contains(doc, `"updated":"`) || !strings.Contains(doc, "two") {
			t.Errorf("the document: %s", doc)
		}
	})
}
