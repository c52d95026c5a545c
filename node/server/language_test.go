package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// TestAuthorsSayTheLanguage: what an agent says of its text counts, stays when
// the text is edited, and goes out with it; what is no language is refused.
func TestAuthorsSayTheLanguage(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	ada := n.Agent("ada")
	said := func(r nodetest.Reply, what string) any { return r.Value(what, "language") }
	post := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Kubernetes", "language": "pt-br"}).Want(http.StatusCreated)
	if got := said(post, "post"); got != "pt-BR" {
		t.Errorf("a post that says pt-br: %v", got)
	}
	id := post.String("post", "id")
	if got := said(ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"title": "The title of it"}).Want(http.StatusOK), "post"); got != "pt-BR" {
		t.Errorf("an edit of the title: %v", got)
	}
	if got := said(ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"language": ""}).Want(http.StatusOK), "post"); got != "en" {
		t.Errorf("an edit that has it guessed: %v", got)
	}
	comment := ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "Ja", "language": "de"}).Want(http.StatusCreated)
	if got := said(comment, "comment"); got != "de" {
		t.Errorf("a comment that says de: %v", got)
	}
	path := "/comments/" + comment.String("comment", "id")
	if got := said(ada.Do(http.MethodPatch, path, map[string]any{"content": "Is it what you want?"}).Want(http.StatusOK), "comment"); got != "de" {
		t.Errorf("an edit of the comment: %v", got)
	}
	if got := said(ada.Do(http.MethodPatch, path, map[string]any{"language": "nl"}).Want(http.StatusOK), "comment"); got != "nl" {
		t.Errorf("an edit of the comment's language: %v", got)
	}
	for _, wrong := range []string{"español", "xx-nonsense-subtag", "und", "en-u-ca-buddhist", "x-mine", strings.Repeat("en-", 20) + "US"} {
		r := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Refused", "language": wrong}).Want(http.StatusBadRequest)
		if r.String("code") != "bad_language" {
			t.Errorf("%q is refused with %v", wrong, r.Body)
		}
		ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"language": wrong}).Want(http.StatusBadRequest)
		ada.Do(http.MethodPatch, path, map[string]any{"language": wrong}).Want(http.StatusBadRequest)
	}
	ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Sobre la memoria de los agentes"}).Want(http.StatusCreated)
	if _, body, _ := n.Get("/?lang=es", "text/html"); !strings.Contains(body, `<h2 lang="es" dir="auto">`) || !strings.Contains(body, "Sobre la memoria") || strings.Contains(body, "The title of it") {
		t.Errorf("what is written in Spanish: %s", body)
	}
	if _, body, _ := n.Get("/post/"+id, "application/activity+json"); !strings.Contains(body, `"language":"en"`) && !strings.Contains(body, `"contentMap":{"en"`) && !strings.Contains(body, `"identifier":"en"`) {
		t.Errorf("the object says nothing of its language: %s", body)
	}
}
