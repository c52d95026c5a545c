package web_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"instar.example/node"
)

// pageBytes is the most that a page may weigh.
const pageBytes = 500 << 10

// languages are those of pages.
func languages() []string { return []string{"en", "zh", "ko", "id", "ja", "es"} }

// facts are what one can count of a page.
type facts struct {
	h1, title, canonical, robots int
	lang, heading                string
	hreflang                     []string
}

func factsOf(body string) facts {
	var f facts
	z := html.NewTokenizer(strings.NewReader(body))
	inTitle, inHeading, drawn := false, false, false
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		t := z.Token()
		attr := map[string]string{}
		for _, a := range t.Attr {
			attr[a.Key] = a.Val
		}
		switch {
		case kind == html.TextToken && inTitle && strings.TrimSpace(t.Data) != "":
			f.title++
		case kind == html.TextToken && inHeading:
			f.heading += t.Data
		case kind == html.TextToken:
		case t.Data == "html" && kind == html.StartTagToken:
			f.lang = attr["lang"]
		case t.Data == "h1":
			inHeading = kind == html.StartTagToken
			if inHeading {
				f.h1++
			}
		case t.Data == "svg":
			drawn = kind == html.StartTagToken
		case t.Data == "title": // a drawing has some, too
			inTitle = kind == html.StartTagToken && !drawn
		case t.Data == "link" && attr["rel"] == "canonical":
			f.canonical++
		case t.Data == "link" && attr["hreflang"] != "":
			f.hreflang = append(f.hreflang, attr["hreflang"])
		case t.Data == "meta" && attr["name"] == "robots":
			f.robots++
		}
	}
	return f
}

// crawl walks every link from some pages on and shows each page once.
func (s *site) crawl(from []string, follow func(to string) bool, see func(path string, got reply)) {
	s.Helper()
	seen, queue := map[string]bool{}, from
	for _, path := range from {
		seen[path] = true
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		got := s.get(path)
		see(path, got)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") || got.StatusCode >= http.StatusBadRequest {
			continue
		}
		for _, to := range links(got.body) {
			if !seen[to] && follow(to) {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
}

// proper fails when a page is not what every page must be.
func (s *site) proper(path string, got reply, lang string) {
	s.Helper()
	if len(got.body) > pageBytes {
		s.Errorf("%s has %d bytes", path, len(got.body))
	}
	s.sound(path, got.body)
	s.nested(path, got.body)
	f := factsOf(got.body)
	if f.h1 != 1 || strings.TrimSpace(f.heading) == "" {
		s.Errorf("%s has %d headings of the first level, the last says %q", path, f.h1, f.heading)
	}
	if f.title != 1 {
		s.Errorf("%s has %d titles", path, f.title)
	}
	if f.canonical+f.robots == 0 || f.canonical > 1 {
		s.Errorf("%s has %d canonical addresses", path, f.canonical)
	}
	if got.StatusCode == http.StatusOK && strings.Contains(got.body, `http-equiv="refresh"`) && !strings.HasPrefix(path, "/follow") {
		s.Errorf("%s loads itself again", path)
	}
	if f.lang != lang || got.Header.Get("Content-Language") != lang {
		s.Errorf("%s is in %q, its header says %q, want %q", path, f.lang, got.Header.Get("Content-Language"), lang)
	}
}

// nested fails when a browser would build another tree than a page says: where
// an element stands that is not allowed there, the parser moves or closes things
// (WHATWG HTML §13.2), and the tags of what it built are others.
func (s *site) nested(path, body string) {
	s.Helper()
	tree, err := html.Parse(strings.NewReader(body))
	if err != nil {
		s.Fatalf("%s: %v", path, err)
	}
	var built strings.Builder
	if err := html.Render(&built, tree); err != nil {
		s.Fatalf("%s: %v", path, err)
	}
	said, is := tags(body), tags(built.String())
	for i := range said {
		if i >= len(is) || said[i] != is[i] {
			s.Errorf("%s: a browser reads %v as %v", path, said[max(0, i-5):min(len(said), i+3)], is[max(0, i-5):min(len(is), i+3)])
			return
		}
	}
}

// tags are the elements of a document as they open and close.
func tags(body string) []string {
	var all []string
	z := html.NewTokenizer(strings.NewReader(body))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		name, _ := z.TagName()
		switch tag := string(name); {
		case kind == html.StartTagToken:
			all = append(all, tag)
		case kind == html.SelfClosingTagToken && void[tag]:
			all = append(all, tag)
		case kind == html.SelfClosingTagToken:
			all = append(all, tag, "/"+tag)
		case kind == html.EndTagToken:
			all = append(all, "/"+tag)
		}
	}
	return all
}

func TestMisnestedPagesAreNoticed(t *testing.T) {
	t.Parallel()
	for body, sound := range map[string]bool{
		"<html><head></head><body><p>a</p></body></html>": true, "<html><head></head><body><p>a<div>b</div></p></body></html>": false,
		"<html><head></head><body><table><tr><td>a</td></tr></table></body></html>": false, "<html><head></head><body><a>b<a>c</a></a></body></html>": false,
	} {
		probe := &site{TB: &quietTB{TB: t}}
		probe.nested("/", body)
		if failed := probe.TB.(*quietTB).failed; failed == sound {
			t.Errorf("nested(%s) fails: %v", body, failed)
		}
	}
}

// quietTB remembers a failure instead of failing.
type quietTB struct {
	testing.TB

	failed bool
}

func (q *quietTB) Errorf(string, ...any) { q.failed = true }

// isShownOtherwise says that an address chooses a language or a theme.
func isShownOtherwise(to string) bool {
	return strings.Contains(to, "ui=") || strings.Contains(to, "theme=")
}

// TestACrawlerFindsNothingBroken walks a node with everything that is hard to
// show: its pages in every language, and every link in English, and in a
// language and a theme that were chosen by links.
func TestACrawlerFindsNothingBroken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	exhibits := gallery(s)
	for _, lang := range languages() {
		var from []string
		for _, e := range exhibits {
			got := s.get(e.path, "Accept-Language", lang)
			s.proper(e.path, got, lang)
			if got.StatusCode == http.StatusOK && e.name != "login" { // of owners, crawled by nobody
				from = append(from, e.path)
			}
		}
		switch lang {
		case "en":
		case "ja": // its links are made as those of the others
			from = []string{"/?theme=dark&ui=" + lang, "/about?theme=dark&ui=" + lang}
		default:
			continue
		}
		pages := 0
		s.crawl(from, func(to string) bool {
			if lang == "en" {
				return !isShownOtherwise(to)
			}
			return strings.Contains(to, "ui="+lang) && strings.Contains(to, "theme=dark")
		}, func(path string, got reply) {
			pending := got.StatusCode == http.StatusAccepted && strings.HasPrefix(path, "/m/")
			if got.StatusCode != http.StatusOK && !pending {
				t.Errorf("GET %s = %d", path, got.StatusCode)
			}
			if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
				pages++
				s.proper(path, got, lang)
				s.staysIn(path, got.body, lang)
			}
		})
		if pages < 100 {
			t.Errorf("%s: the crawler saw %d pages only", lang, pages)
		}
	}
}

// staysIn fails when a page in a chosen language and theme leads to one in another.
func (s *site) staysIn(path, body, lang string) {
	s.Helper()
	if !strings.Contains(path, "ui=") {
		return
	}
	for _, to := range links(body) {
		if u := strings.SplitN(to, "?", 2); (!strings.Contains(to, "ui=") || !strings.Contains(to, "theme=")) && filepath.Ext(u[0]) == "" && !strings.HasPrefix(to, "/oembed") && !strings.HasPrefix(to, "/.well-known") && s.follows(body, to) {
			s.Errorf("%s in %s leads to %s", path, lang, to)
		}
	}
}

// follows says that a page shows a link as one that readers follow, not in its head.
func (s *site) follows(body, to string) bool {
	_, rest, _ := strings.Cut(body, "<body")
	return strings.Contains(rest, `href="`+html.EscapeString(to)+`"`)
}

func TestALanguageIsChosenAndKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "潮だまり", Content: "カニ"})
	for _, path := range []string{"/", "/about", "/post/" + p.ID, "/nope", "/owner/login", "/report", "/follow?of=u/ada"} {
		plain := s.get(path, "Accept-Language", "fr, ja;q=0.9, en;q=0.8")
		if f := factsOf(plain.body); f.lang != "ja" || plain.Header.Get("Content-Language") != "ja" {
			t.Errorf("GET %s as somebody who reads Japanese = %q, %q", path, f.lang, plain.Header.Get("Content-Language"))
		}
		if !strings.Contains(plain.body, "投稿") || strings.Contains(plain.body, ">Posts<") {
			t.Errorf("GET %s in Japanese = %.300q", path, plain.body)
		}
		sign := "?"
		if strings.Contains(path, "?") {
			sign = "&"
		}
		chosen := s.get(path+sign+"ui=ko", "Accept-Language", "ja")
		if f := factsOf(chosen.body); f.lang != "ko" || !strings.Contains(chosen.body, `href="/about?ui=ko"`) || !strings.Contains(chosen.body, `name="ui" value="ko"`) {
			t.Errorf("GET %s in Korean by choice = %q", path, f.lang)
		}
	}
	if s.get("/", "Accept-Language", "es").Header.Get("Etag") == s.get("/").Header.Get("Etag") {
		t.Error("two languages share one cached page")
	}
	if got := s.get("/feed.atom", "Accept-Language", "es"); strings.Contains(got.Header.Get("Vary"), "Language") || got.body != s.get("/feed.atom").body {
		t.Errorf("a feed depends on the language, Vary %q", got.Header.Get("Vary"))
	}
	if got := s.get("/about/?ui=ko").Header.Get("Location"); !strings.Contains(got, "ui=ko") {
		t.Errorf("a redirect forgets the language: %q", got)
	}
	if f := factsOf(s.page("/about")); !slices.Equal(f.hreflang, append(languages(), "x-default")) {
		t.Errorf("/about has alternates %v", f.hreflang)
	}
	if f := factsOf(s.page("/post/" + p.ID)); len(f.hreflang) > 0 {
		t.Errorf("a post, which is in one language, has alternates %v", f.hreflang)
	}
	if got := s.get("/nope", "Accept-Language", "zh", "Accept", "application/json"); !strings.Contains(got.body, "Page not found") {
		t.Errorf("a program is told %s", got.body)
	}
}

// textRows are rows of a page in a text browser.
func textRows(page, lang string) []string {
	if lang != "en" {
		return nil
	}
	return map[string][]string{
		"home":      {"everything this node", "hot new top rising discussed", "Ada AI in m/deep_sea 3 h ago 14 comments"},
		"post":      {"Ada AI 3 h ago 0 points report", "best new old", "bob AI 0 points 3 h ago ↑ parent"},
		"directory": {"1 subscriber 3 posts last 3 h ago"},
		"agent":     {"posts comments"},
	}[page]
}

// TestPagesAreReadInATextBrowser shows every page to w3m, as far as there is one.
func TestPagesAreReadInATextBrowser(t *testing.T) {
	t.Parallel()
	w3m, err := exec.LookPath("w3m")
	if err != nil {
		if os.Getenv("INSTAR_REQUIRE_BROWSER") != "" {
			t.Fatal(err)
		}
		t.Skip("no w3m on this machine: the pages are not read in a text browser")
	}
	s := newSite(t)
	for _, e := range gallery(s) {
		for _, lang := range []string{"en", "zh"} {
			got := s.get(e.path, "Accept-Language", lang)
			cmd := exec.CommandContext(t.Context(), w3m, "-dump", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", "-cols", "100")
			cmd.Stdin = strings.NewReader(got.body)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("w3m at %s: %v", e.path, err)
			}
			joined := strings.Join(strings.Fields(string(out)), "")
			if heading := strings.Join(strings.Fields(factsOf(got.body).heading), ""); !strings.Contains(joined, heading) {
				t.Errorf("%s in w3m, in %s, lacks its heading %q:\n%s", e.path, lang, heading, out)
			}
			for _, row := range textRows(e.name, lang) { // a browser without a stylesheet puts nothing between what a page does not part
				if !strings.Contains(strings.Join(strings.Fields(string(out)), " "), row) {
					t.Errorf("%s in w3m lacks %q:\n%s", e.path, row, out)
				}
			}
			if e.name == "post" && !strings.Contains(joined, "Replyatlevel8") {
				t.Errorf("a thread in w3m lacks its replies:\n%s", out)
			}
		}
	}
}
