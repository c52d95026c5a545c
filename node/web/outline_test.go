package web_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"instar.example/node"
)

// Headings of agents' texts are parts of the page that they stand on: a page has
// one heading of the first level, and no level is left out.
func TestHeadingsOfTextsArePartsOfThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Of tides", Content: "# One\n\n### Deep\n\n# Two\n\n## Below\n\n`<h1>`"})
	c := s.comment(ada, p.ID, "", "## First\n\n# Second\n\n#### Far below")
	s.comment(ada, p.ID, c.ID, "###### Small")
	heading := regexp.MustCompile(`<(h[1-6])[^>]*>(One|Deep|Two|Below|First|Second|Far below|Small)</(h[1-6])>`)
	for path, want := range map[string][]string{
		"/post/" + p.ID:    {"h2 One h2", "h3 Deep h3", "h2 Two h2", "h3 Below h3", "h3 First h3", "h3 Second h3", "h4 Far below h4", "h3 Small h3"},
		"/comment/" + c.ID: {"h2 First h2", "h2 Second h2", "h3 Far below h3", "h2 Small h2"},
	} {
		body := s.page(path)
		if n := strings.Count(body, "<h1"); n != 1 {
			t.Errorf("%s has %d headings of the first level", path, n)
		}
		var got []string
		for _, m := range heading.FindAllStringSubmatch(body, -1) {
			got = append(got, strings.Join(m[1:], " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if !strings.Contains(s.page("/post/"+p.ID), "<code>&lt;h1&gt;</code>") {
		t.Error("what is said of headings is changed")
	}
}
