package web

import (
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"instar.example/node"
	"instar.example/storage"
)

func catalogues(tb testing.TB) map[string]*catalogue {
	tb.Helper()
	all, err := loadTongues()
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

var holes = regexp.MustCompile(`\{[a-z]*\}`)

// TestCataloguesSayTheSame holds every language to English: the same keys, the
// same arguments, the same elements.
func TestCataloguesSayTheSame(t *testing.T) {
	t.Parallel()
	all := catalogues(t)
	marks := func(m message) string {
		var found []string
		found = append(found, holes.FindAllString(m.other, -1)...)
		z := html.NewTokenizer(strings.NewReader(m.other))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			if kind != html.TextToken {
				found = append(found, z.Token().String())
			}
		}
		slices.Sort(found)
		return strings.Join(slices.DeleteFunc(found, func(s string) bool { return strings.HasPrefix(s, "</") }), " ")
	}
	english := all[tongueEnglish]
	for code, c := range all {
		for key, m := range english.said {
			other, ok := c.said[key]
			switch {
			case !ok:
				t.Errorf("%s lacks %s", code, key)
			case strings.TrimSpace(other.other) == "":
				t.Errorf("%s: %s is empty", code, key)
			case marks(other) != marks(m):
				t.Errorf("%s: %s has %q, English %q", code, key, marks(other), marks(m))
			case other.one != "" && len(holes.FindAllString(other.one, -1)) != len(holes.FindAllString(other.other, -1)):
				t.Errorf("%s: %s has other arguments for one than for many", code, key)
			}
		}
		for key := range c.said {
			if _, ok := english.said[key]; !ok {
				t.Errorf("%s has %s, which English lacks", code, key)
			}
		}
		if len(c.months) != 12 || len(c.short) != 12 {
			t.Errorf("%s names %d and %d months", code, len(c.months), len(c.short))
		}
	}
}

// made are the keys that are put together while the program runs.
func made() []string {
	keys := []string{"time.months", "time.months_short"}
	add := func(section string, names ...string) {
		for _, name := range names {
			keys = append(keys, section+"."+strings.ReplaceAll(name, " ", "_"))
		}
	}
	add("sort", postSorts()...)
	add("sort", threadSorts()...)
	add("sort", submoltSorts()...)
	add("period", node.Periods()[1:]...)
	add("reason", reportReasons()...)
	add("state", storage.ActorActive, storage.ActorUnclaimed, storage.ActorSuspended, storage.ActorPaused, storage.ActorDeleted)
	add("search", "kind_"+kindPosts, "kind_"+kindComments, "kind_"+kindSubmolts, "kind_"+kindAgents, "everything")
	for act := range deeds() {
		add("deed", act)
	}
	for _, name := range []string{"rules", "ai", "terms", "privacy", "docs"} {
		add(name, "h1", "description")
	}
	add("rules", "title")
	add("ai", "title")
	return keys
}

// TestEveryWordIsInTheCatalogue fails for a key that nobody wrote, and for one
// that nothing says.
func TestEveryWordIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	english := catalogues(t)[tongueEnglish]
	said := map[string]string{}
	for _, key := range made() {
		said[key] = "made"
	}
	key := regexp.MustCompile(`"([a-z]+\.[a-z][a-z_0-9]*[a-z0-9])"`)
	inTemplate := regexp.MustCompile(`\{\{[^}]*\}\}`)
	for _, pattern := range []string{"templates/*.html", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := []string{string(body)}
			if strings.HasSuffix(file, ".html") {
				parts = inTemplate.FindAllString(string(body), -1)
			} else if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, part := range parts {
				for _, found := range key.FindAllStringSubmatch(part, -1) {
					said[found[1]] = file
				}
			}
		}
	}
	for key := range english.said {
		if _, ok := said[key]; !ok && !strings.HasPrefix(key, "told.") && !strings.HasPrefix(key, "language.") {
			t.Errorf("nothing says %s", key)
		}
	}
	sections := map[string]bool{}
	for key := range english.said {
		section, _, _ := strings.Cut(key, ".")
		sections[section] = true
	}
	for key, where := range said {
		section, _, _ := strings.Cut(key, ".")
		if _, ok := english.said[key]; !ok && sections[section] && !strings.HasSuffix(key, ".html") && !strings.HasSuffix(key, ".opml") {
			t.Errorf("%s says %s, which is not in the catalogue", where, key)
		}
	}
}

// TestTemplatesHaveNoWordsOfTheirOwn fails for a text in a template that a
// reader would see in English whatever their language. Examples of addresses,
// names of formats and what stands in <code> is the same in all.
func TestTemplatesHaveNoWordsOfTheirOwn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("templates: %v, %v", files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range ownWords(string(body)) {
			t.Errorf("%s says %q by itself", file, text)
		}
	}
	for _, wrong := range []string{`<p>Hello</p>`, `<a title="Hello">{{.X}}</a>`, `{{if .X}}{{t "a.b"}}{{else}}nobody{{end}}`} {
		if len(ownWords(wrong)) != 1 {
			t.Errorf("ownWords(%q) finds %v", wrong, ownWords(wrong))
		}
	}
}

// ownWords are the texts of a template that are not in the catalogue.
func ownWords(body string) []string {
	same := map[string]bool{
		"m/": true, "@": true, "@host": true, "OPML": true, "example.org": true, "name@server.example": true, "you@your.server": true, "/post/…": true,
		"auto": true, "ltr": true, "·": true, "%": true,
	}
	seen := map[string]bool{"title": true, "alt": true, "aria-label": true, "placeholder": true, "summary": true}
	body = regexp.MustCompile(`(?s)\{\{.*?\}\}`).ReplaceAllString(body, "")
	var found []string
	check := func(text string) {
		text = strings.TrimSpace(text)
		if !same[text] && strings.IndexFunc(text, unicode.IsLetter) >= 0 {
			found = append(found, text)
		}
	}
	z := html.NewTokenizer(strings.NewReader(body))
	code := 0
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		tok := z.Token()
		switch {
		case kind == html.StartTagToken && tok.Data == "code":
			code++
		case kind == html.EndTagToken && tok.Data == "code":
			code--
		case kind == html.TextToken && code == 0:
			check(tok.Data)
		}
		for _, a := range tok.Attr {
			if seen[a.Key] {
				check(a.Val)
			}
		}
	}
	return found
}

func TestPreferredLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "en", "*": "en", "fr": "en", "zh-TW,zh;q=0.9,en;q=0.8": "zh", "ko": "ko", "fr, es;q=0.8, en;q=0.9": "en", "en;q=0.1, ja": "ja", "in-ID": "id",
		"es-419": "es", "zh;q=0": "en", "ja;q=x": "en", "EN-us;q=0.2, KO-kr;q=0.3": "ko", ";;,,": "en", "fil, id;q=0.3": "id",
	} {
		if got := preferred(header); got != want {
			t.Errorf("preferred(%q) = %q, want %q", header, got, want)
		}
	}
}

func FuzzPreferred(f *testing.F) {
	for _, seed := range []string{"", "zh-TW,zh;q=0.9,en;q=0.8", ";q=,", "*;q=1e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := preferred(header); !slices.Contains(tongueCodes(), got) {
			t.Errorf("preferred(%q) = %q", header, got)
		}
	})
}

func TestWordsOfNumbersAndDays(t *testing.T) {
	t.Parallel()
	all := catalogues(t)
	at := time.Date(2026, 11, 3, 15, 4, 0, 0, time.UTC)
	for code, want := range map[string][4]string{
		"en": {"1 comment", "2 comments", "1\u202f234", "3 November 2026, 15:04 UTC"},
		"zh": {"1 条评论", "2 条评论", "1,234", "2026年11月3日 15:04 UTC"},
		"ko": {"댓글 1개", "댓글 2개", "1,234", "2026년 11월 3일 15:04 UTC"},
		"id": {"1 komentar", "2 komentar", "1.234", "3 November 2026, 15:04 UTC"},
		"ja": {"コメント 1 件", "コメント 2 件", "1,234", "2026年11月3日 15:04 UTC"},
		"es": {"1 comentario", "2 comentarios", "1234", "3 de noviembre de 2026, 15:04 UTC"},
	} {
		c := all[code]
		got := [4]string{string(c.some("common.comments", 1)), string(c.some("common.comments", int64(2))), c.count(1234), c.date("time.full", c.months, at)}
		if got != want {
			t.Errorf("%s says %q, want %q", code, got, want)
		}
		if got := c.count(-1234567); len([]rune(got)) != 10 {
			t.Errorf("%s writes -1234567 as %q", code, got)
		}
	}
}

func TestArgumentsAreEscaped(t *testing.T) {
	t.Parallel()
	c := catalogues(t)[tongueEnglish]
	got := c.markup("about.h1", "node", `<script>{host}"`)
	if want := template.HTML(`About <span dir="auto">&lt;script&gt;{host}&#34;</span>`); got != want {
		t.Errorf("markup = %s, want %s", got, want)
	}
}

func TestChosenLanguageIsKept(t *testing.T) {
	t.Parallel()
	ko := tongue{catalogues(t)["ko"], true, ""}
	if got := ko.keep(""); got != "" {
		t.Errorf("keep of no address = %q", got)
	}
	for page, want := range map[string]string{
		` href="/m"`:                            ` href="/m?ui=ko"`,
		` href="/m?sort=new&amp;q=a&#43;b"`:     ` href="/m?sort=new&amp;q=a+b&amp;ui=ko"`,
		` href="/post/1#comments"`:              ` href="/post/1?ui=ko#comments"`,
		` href="/m/reef@b.md"`:                  ` href="/m/reef@b.md?ui=ko"`,
		` href="/m/reef@b.md/feed.md"`:          ` href="/m/reef@b.md/feed.md"`,
		` href="/?ui=es"`:                       ` href="/?ui=es"`,
		` href="/feed.atom"`:                    ` href="/feed.atom"`,
		` href="/static/style-1.css"`:           ` href="/static/style-1.css"`,
		` href="https://b.test/m"`:              ` href="https://b.test/m"`,
		` href="//b.test/m"`:                    ` href="//b.test/m"`,
		`<form action="/m" method="get">`:       `<form action="/m" method="get"><input type="hidden" name="ui" value="ko">`,
		`<form action="/report" method="post">`: `<form action="/report?ui=ko" method="post">`,
		`<form method="post">`:                  `<form method="post">`,
	} {
		if got := string(ko.keepLinks([]byte(page))); got != want {
			t.Errorf("keepLinks(%s) = %s, want %s", page, got, want)
		}
	}
}

func TestChosenThemeIsKept(t *testing.T) {
	t.Parallel()
	all := catalogues(t)
	dark, both := tongue{all["en"], false, themeDark}, tongue{all["ko"], true, themeDark}
	for page, want := range map[string][2]string{
		` href="/m"`:                      {` href="/m?theme=dark"`, ` href="/m?ui=ko&amp;theme=dark"`},
		` href="/?ui=es"`:                 {` href="/?ui=es&amp;theme=dark"`, ` href="/?ui=es&amp;theme=dark"`},
		` href="/?theme=light#comments"`:  {` href="/?theme=light#comments"`, ` href="/?theme=light&amp;ui=ko#comments"`},
		` href="/?theme=system"`:          {` href="/?theme=system"`, ` href="/?theme=system&amp;ui=ko"`},
		` href="/feed.atom"`:              {` href="/feed.atom"`, ` href="/feed.atom"`},
		`<form action="/m" method="get">`: {`<form action="/m" method="get"><input type="hidden" name="theme" value="dark">`, `<form action="/m" method="get"><input type="hidden" name="ui" value="ko"><input type="hidden" name="theme" value="dark">`},
	} {
		if got := [2]string{string(dark.keepLinks([]byte(page))), string(both.keepLinks([]byte(page)))}; got != want {
			t.Errorf("keepLinks(%s) = %q, want %q", page, got, want)
		}
	}
	marks := map[string]bool{}
	for _, one := range []tongue{dark, both, {all["en"], false, ""}, {all["en"], true, ""}, {all["en"], true, themeDark}, {all["en"], false, themeLight}, {all["ko"], false, themeDark}} {
		if marks[one.mark()] {
			t.Errorf("two ways to show a page have the mark %q", one.mark())
		}
		marks[one.mark()] = true
	}
}
