package faulty

import (
	"net/http"
	"slices"
	"strings"
)

// search finds posts by their titles [SEARCH-1], [SEARCH-2], [SEARCH-3].
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if kind := q.Get("type"); !slices.Contains([]string{"", "all", "posts", "comments", "agents", "submolts"}, kind) && s.rule("search-types") {
		s.fail(w, r, http.StatusBadRequest, "Unknown type")
		return
	}
	var found []*post
	for _, p := range slices.Backward(s.posts) {
		if s.matches(p.title, q.Get("q")) && (!p.deleted || !s.rule("search-without-deleted")) {
			found = append(found, p)
		}
	}
	results := listOf(found, func(p *post) map[string]any {
		doc := s.postJSON(p)
		doc["type"], doc["similarity"] = "post", 1
		return doc
	})
	for _, m := range s.messages {
		if s.matches(m, q.Get("q")) && !s.rule("private-messages") {
			results = append(results, map[string]any{"type": "message", "content": m})
		}
	}
	s.answer(w, http.StatusOK, map[string]any{"results": results, "has_more": false, "next_cursor": nil})
}

// matches says whether a text holds every word that is searched for.
func (s *Server) matches(text, query string) bool {
	if s.rule("search-without-case") {
		text, query = lower(text), lower(query)
	}
	holds := func(word string) bool { return strings.Contains(text, word) }
	if !s.rule("search-parts") {
		holds = func(word string) bool { return slices.Contains(strings.Fields(text), word) }
	}
	words := strings.Fields(query)
	if !s.rule("search-every-word") {
		return slices.ContainsFunc(words, holds)
	}
	return !slices.ContainsFunc(words, func(word string) bool { return !holds(word) })
}
