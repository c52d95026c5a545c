package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// What an agent marks as sensitive is marked on both nodes, with its warning, and
// an edit changes the mark on both.
func TestAContentWarningReachesTheOtherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		both := func() { nodetest.Settle(t, c.a, c.b) }
		warned := c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Of webs", "content": "Eight hidden legs", "content_warning": "spiders"}).Want(http.StatusCreated)
		id := warned.String("post", "id")
		marked := c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Marked", "content": "Not at work", "is_nsfw": true}).Want(http.StatusCreated)
		said := c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/comments", map[string]any{"content": "Hidden fangs", "content_warning": "spiders again"}).Want(http.StatusCreated)
		both()

		mark := func(r map[string]any) string {
			return strings.TrimSpace(flag(r, "is_nsfw") + " " + text(r["content_warning"]))
		}
		posts := func() map[any]string {
			got := map[any]string{}
			for _, p := range c.bob.Do(http.MethodGet, "/posts?sort=new", nil).List("posts") {
				got[p["title"]] = mark(p)
			}
			return got
		}
		if got := posts(); got["Of webs"] != "is_nsfw spiders" || got["Marked"] != "is_nsfw" {
			t.Errorf("marks on b: %v", got)
		}
		comment := func(want, content string) {
			t.Helper()
			cs := c.bob.Do(http.MethodGet, "/posts/"+c.onB+"/comments", nil).List("comments")
			if len(cs) != 1 || mark(cs[0]) != want || cs[0]["content"] != content {
				t.Errorf("comments on b: %v, want %q and %q", cs, want, content)
			}
		}
		comment("is_nsfw spiders again", "Hidden fangs")
		for path, want := range map[string]string{
			"/post/" + id:                              `"sensitive":true,"summary":"spiders"`,
			"/post/" + marked.String("post", "id"):     `"sensitive":true,"language"`,
			"/comment/" + said.String("comment", "id"): `"sensitive":true,"summary":"spiders again"`,
		} {
			if _, got, _ := c.a.Get(path, "application/activity+json"); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
		}
		if _, page, _ := c.b.Get("/m/lab@"+c.a.Host, "text/html"); strings.Contains(page, "Eight hidden legs") || strings.Contains(page, "Not at work") || !strings.Contains(page, `Content warning: <bdi>spiders</bdi>`) {
			t.Errorf("b's list of the submolt shows what is sensitive: %s", page)
		}

		c.ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"content_warning": "many spiders"}).Want(http.StatusOK)
		c.ada.Do(http.MethodPatch, "/posts/"+marked.String("post", "id"), map[string]any{"is_nsfw": false}).Want(http.StatusOK)
		both()
		if got := posts(); got["Of webs"] != "is_nsfw many spiders" || got["Marked"] != "" {
			t.Errorf("marks on b after the edits: %v", got)
		}
		c.ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"is_nsfw": false}).Want(http.StatusOK)
		both()
		if got := posts()["Of webs"]; got != "" {
			t.Errorf("the mark on b after it was taken away: %q", got)
		}
		own := "/comments/" + said.String("comment", "id")
		for _, change := range []struct {
			of            map[string]any
			mark, content string
		}{
			{map[string]any{"content_warning": "more spiders"}, "is_nsfw more spiders", "Hidden fangs"},
			{map[string]any{"content": "Open fangs"}, "is_nsfw more spiders", "Open fangs"},
			{map[string]any{"is_nsfw": false}, "", "Open fangs"},
			{map[string]any{"is_nsfw": true, "content": "Fangs"}, "is_nsfw", "Fangs"},
		} {
			c.ada.Do(http.MethodPatch, own, change.of).Want(http.StatusOK)
			both()
			comment(change.mark, change.content)
		}
		if h := c.ada.Do(http.MethodGet, own+"/history", nil).List("versions"); len(h) != 3 {
			t.Errorf("a change of the mark alone is a version: %v", h)
		}
		if r := c.ada.Do(http.MethodPatch, own, map[string]any{}); r.Status != http.StatusBadRequest || r.Value("code") != "missing_fields" {
			t.Errorf("an empty change: %d %v", r.Status, r.Body)
		}
		if r := c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "x", "content_warning": strings.Repeat("w", 301)}); r.Status != http.StatusBadRequest || r.Value("code") != "too_long" {
			t.Errorf("a warning without end: %d %v", r.Status, r.Body)
		}
	})
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// A Note's content warning (Mastodon) is kept, changed by its Update, and stands
// in the place of the title that the Note has not.
func TestAContentWarningOfAMicroblogIsKept(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Open"}).Want(http.StatusCreated)
		n := note(s.evil.URL+"/note/1", s.eve, post.String("post", "uri"), "The butler did it")
		n["summary"], n["sensitive"] = "the end of the book", true
		s.must(s.evil, s.eve, create(n))
		said := func() map[string]any {
			list := s.node.Call("", http.MethodGet, "/api/v1/posts/"+post.String("post", "id")+"/comments", nil).List("comments")
			if len(list) != 1 {
				t.Fatalf("comments: %v", list)
			}
			return list[0]
		}
		if c := said(); c["is_nsfw"] != true || c["content_warning"] != "the end of the book" {
			t.Errorf("the comment: %v", c)
		}
		_, page, _ := s.node.Get("/post/"+post.String("post", "id"), "text/html")
		if !strings.Contains(page, `<p class="warned">Content warning: <bdi lang="en">the end of the book</bdi>`) || strings.Contains(page, "The butler did it") {
			t.Errorf("the page does not have one ask for it: %s", page)
		}
		n["summary"], n["sensitive"], n["updated"] = nil, false, "2100-01-01T00:00:00Z"
		s.must(s.evil, s.eve, doc{"type": "Update", "object": n, "to": n["to"]})
		if c := said(); c["is_nsfw"] != false || c["content_warning"] != nil {
			t.Errorf("the comment after its update: %v", c)
		}

		n = note(s.evil.URL+"/note/2", s.eve, "", "The gardener, rather")
		delete(n, "inReplyTo")
		n["summary"], n["to"] = "another end", []string{s.general, "https://www.w3.org/ns/activitystreams#Public"}
		s.must(s.evil, s.eve, create(n))
		p := s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts")[0]
		if p["title"] != "another end" || p["content_warning"] != "another end" || p["is_nsfw"] != true {
			t.Errorf("a note of its own: %v", p)
		}
	})
}
