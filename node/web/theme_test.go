package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"instar.example/node"
)

// TestAThemeIsChosenAndKept chooses the colours of pages by a link, without a
// script or a cookie, and keeps them from page to page.
func TestAThemeIsChosenAndKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Tides"})
	for _, path := range []string{"/", "/about", "/post/" + p.ID, "/nope", "/owner/login", "/report", "/follow?of=u/ada"} {
		sign := "?"
		if strings.Contains(path, "?") {
			sign = "&"
		}
		plain := s.get(path)
		if !strings.Contains(plain.body, `<html lang="en">`) || !strings.Contains(plain.body, `name="color-scheme" content="light dark"`) {
			t.Errorf("GET %s has a theme that nobody chose", path)
		}
		for _, theme := range []string{"light", "dark"} {
			got := s.get(path + sign + "theme=" + theme)
			if got.StatusCode != plain.StatusCode || !strings.Contains(got.body, `<html lang="en" data-theme="`+theme+`">`) || !strings.Contains(got.body, `name="color-scheme" content="`+theme+`"`) {
				t.Errorf("GET %s in %s = %d %.300s", path, theme, got.StatusCode, got.body)
			}
			if !strings.Contains(got.body, `href="/rules?theme=`+theme+`"`) || !strings.Contains(got.body, `name="theme" value="`+theme+`"`) {
				t.Errorf("GET %s in %s forgets the theme", path, theme)
			}
			if path != "/owner/login" && got.Header.Get("Set-Cookie") != "" { // a form of owners
				t.Errorf("GET %s sets a cookie", path)
			}
		}
		if got := s.get(path + sign + "theme=system"); strings.Contains(got.body, "data-theme=") || strings.Contains(got.body, `href="/rules?theme`) {
			t.Errorf("GET %s as the system has it = %.300s", path, got.body)
		}
	}
	dark := s.get("/about?theme=dark")
	if dark.Header.Get("Etag") == s.get("/about").Header.Get("Etag") {
		t.Error("two themes share one cached page")
	}
	if !strings.Contains(dark.body, `<link rel="canonical" href="https://a.test/about">`) {
		t.Error("a theme is part of the canonical address")
	}
	if got := s.get("/about/?theme=dark&ui=ko"); got.StatusCode != http.StatusMovedPermanently || !strings.Contains(got.Header.Get("Location"), "theme=dark") {
		t.Errorf("a redirect forgets the theme: %d %q", got.StatusCode, got.Header.Get("Location"))
	}
	if got := s.get("/?theme=%22%3E%3Cscript%3E"); strings.Contains(got.body, "<script>") || strings.Contains(got.body, "data-theme=") {
		t.Error("anything is a theme")
	}
}

// Paper is white, whatever theme was chosen or is the system's: the rule of the
// print must be as weighty as those of the themes, and stand behind them.
func TestPrintsAreDarkOnWhite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := regexp.MustCompile(`href="(/static/style-[^"]+)"`).FindStringSubmatch(s.page("/"))
	style := s.get(m[1]).body
	before, paper, _ := strings.Cut(style, "@media print {")
	paper, _, _ = strings.Cut(paper, "}")
	selectors, colours, _ := strings.Cut(regexp.MustCompile(`/\*.*?\*/`).ReplaceAllString(paper, ""), "{")
	covered := strings.Split(strings.TrimSpace(selectors), ", ")
	for _, theme := range regexp.MustCompile(`(:root\S*) \{`).FindAllStringSubmatch(before, -1) {
		if selector := regexp.MustCompile(`^:root\[data-theme=[a-z]+\]`).ReplaceAllString(theme[1], ":root[data-theme]"); !slices.Contains(covered, selector) {
			t.Errorf("the print does not set the colours of %s: %s", theme[1], selectors)
		}
	}
	for _, colour := range []string{"color-scheme: light", "--ground: #fff", "--text: #000", "--quiet: #333", "--warn: "} {
		if !strings.Contains(colours, colour) {
			t.Errorf("the print lacks %s: %s", colour, colours)
		}
	}
}
