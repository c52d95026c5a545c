package web_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"instar.example/node"
	"instar.example/storage"
)

// read gets a feed with a parser of others and checks what each format asks for.
func (s *site) read(path string) *gofeed.Feed {
	s.Helper()
	got := s.get(path)
	ext := path[strings.LastIndexByte(strings.SplitN(path, "?", 2)[0], '.')+1:]
	ext, _, _ = strings.Cut(ext, "?")
	mediaType := map[string]string{
		"atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8",
	}[ext]
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != mediaType {
		s.Fatalf("GET %s = %d %q, want %s: %s", path, got.StatusCode, got.Header.Get("Content-Type"), mediaType, got.body)
	}
	if ext != "json" {
		s.wellFormed(path, got.body)
	}
	f, err := gofeed.NewParser().ParseString(got.body)
	if err != nil {
		s.Fatalf("GET %s: %v", path, err)
	}
	if f.Title == "" || f.Link == "" || !strings.HasPrefix(f.Link, "https://a.test/") {
		s.Errorf("GET %s: title %q, link %q", path, f.Title, f.Link)
	}
	seen := map[string]bool{}
	for _, i := range f.Items {
		if i.GUID == "" || seen[i.GUID] || i.Title == "" || i.PublishedParsed == nil || i.UpdatedParsed == nil || len(i.Authors) != 1 || i.Authors[0].Name == "" {
			s.Errorf("GET %s: item %+v", path, i)
		}
		seen[i.GUID] = true
		if !strings.HasPrefix(i.Link, "https://a.test/") {
			s.Errorf("GET %s: link %q is not whole", path, i.Link)
		}
		if strings.Contains(i.Content, `href="/`) {
			s.Errorf("GET %s: a relative link in %q", path, i.Content)
		}
	}
	return f
}

func (s *site) wellFormed(path, body string) {
	s.Helper()
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); err == io.EOF { //nolint:errorlint // the decoder's own
			return
		} else if err != nil {
			s.Fatalf("GET %s: %v", path, err)
		}
	}
}

func TestEveryFeedIsReadByAParserOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	reef, coral := s.remote(storage.KindSubmolt, "b.test", "Reef"), s.remote(storage.KindAgent, "b.test", "Coral")
	s.keep(func(ctx context.Context, q storage.Queries) error {
		p := storage.Post{
			ID: "far", URI: "https://b.test/post/1", AuthorID: coral.ID, SubmoltID: reef.ID, Type: "text", Title: "From afar", Content: "Hello.", HTML: "<p>Hello.</p>",
			CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
		}
		for _, err := range []error{q.InsertActor(ctx, coral), q.InsertActor(ctx, reef), q.InsertPost(ctx, p)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	s.advance(time.Second)
	p := s.post(ada, node.PostDraft{Title: "潮だまり & <tides>", Content: "They **rise**. [here](https://a.test/m/general)", URL: "https://sea.example/?a=1&b=2"})
	c := s.comment(bob, p.ID, "", "First *remark*")
	s.comment(ada, p.ID, c.ID, "An answer")
	for stem, want := range map[string]struct {
		items int
		first string // its GUID
		holds string
	}{
		"/feed":                     {2, p.URI, "<strong>rise</strong>"},
		"/m":                        {4, "", ""},
		"/m/general":                {1, p.URI, "<strong>rise</strong>"},
		"/m/reef@b.test/feed":       {1, "https://b.test/post/1", "Hello."},
		"/u/ada":                    {1, p.URI, "https://sea.example/?a=1&amp;b=2"},
		"/u/coral@b.test/feed":      {1, "https://b.test/post/1", "Hello."},
		"/u/bob/comments":           {1, c.URI, "<em>remark</em>"},
		"/post/" + p.ID:             {3, p.URI, "<strong>rise</strong>"},
		"/comment/" + c.ID:          {2, c.URI, "<em>remark</em>"},
		"/search?q=rise":            {1, p.URI, "<strong>rise</strong>"},
		"/search":                   {0, "", ""},
		"/list?m=general&u=bob":     {1, p.URI, "<strong>rise</strong>"},
		"/list":                     {0, "", ""},
		"/u/bob":                    {0, "", ""},
		"/feed?sort=top":            {2, "", ""},
		"/feed?sort=top&t=day":      {2, "", ""},
		"/feed?show=local":          {1, p.URI, "<strong>rise</strong>"},
		"/feed?lang=en":             {1, p.URI, "<strong>rise</strong>"},
		"/modlog":                   {0, "", ""},
		"/search?q=never+ever+said": {0, "", ""},
	} {
		path, query, _ := strings.Cut(stem, "?")
		if query != "" {
			query = "?" + query
		}
		for _, ext := range []string{".atom", ".rss", ".json"} {
			f := s.read(path + ext + query)
			if len(f.Items) != want.items {
				t.Errorf("GET %s%s%s has %d items, want %d", path, ext, query, len(f.Items), want.items)
				continue
			}
			if want.first != "" && (f.Items[0].GUID != want.first || !strings.Contains(f.Items[0].Content, want.holds)) {
				t.Errorf("GET %s%s%s begins with %s %q, want %s with %q", path, ext, query, f.Items[0].GUID, f.Items[0].Content, want.first, want.holds)
			}
		}
		got := s.get(path + ".md" + query)
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/markdown; charset=utf-8" || !strings.HasPrefix(got.body, "# ") {
			t.Errorf("GET %s.md%s = %d %q", path, query, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
}

func TestFeedsSayWhatTheirFormatsAskFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Tides", Content: "They rise."})
	for path, wants := range map[string][]string{
		"/m/general.rss": {
			`<rss version="2.0"`, `<atom:link rel="self" type="application/rss+xml" href="https://a.test/m/general.rss">`, `<dc:creator>ada</dc:creator>`,
			`<guid isPermaLink="true">` + p.URI + `</guid>`, `<pubDate>Fri, 20 Nov 2026 12:00:00 GMT</pubDate>`, `<category>m/general</category>`, "<lastBuildDate>",
		},
		"/m/general.atom": {
			`<link rel="self" type="application/atom+xml" href="https://a.test/m/general.atom">`, `<link rel="alternate" type="text/html" href="https://a.test/m/general">`,
			`xml:lang="en"`, `<author><name>ada</name><uri>https://a.test/u/ada</uri></author>`,
		},
	} {
		body := s.get(path).body
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("GET %s lacks %q: %s", path, want, body)
			}
		}
	}
	for path, items := range map[string]int{"/m/general.json": 1, "/m/introductions.json": 0} {
		var f struct {
			Version     string           `json:"version"`
			FeedURL     string           `json:"feed_url"`
			HomePageURL string           `json:"home_page_url"`
			Items       []map[string]any `json:"items"`
		}
		if err := json.Unmarshal([]byte(s.get(path).body), &f); err != nil {
			t.Fatal(err)
		}
		if f.Version != "https://jsonfeed.org/version/1.1" || f.FeedURL != "https://a.test"+path || f.Items == nil || len(f.Items) != items {
			t.Errorf("GET %s = %+v", path, f)
		}
		for _, i := range f.Items {
			for _, name := range []string{"id", "url", "title", "content_html", "date_published", "date_modified", "language"} {
				if text, ok := i[name].(string); !ok || text == "" {
					t.Errorf("GET %s: %s = %v", path, name, i[name])
				}
			}
		}
	}
}

func TestFeedsGoOnInParts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	const posts = 120
	for i := range posts {
		s.post(ada, node.PostDraft{Title: fmt.Sprintf("No%d.", i)})
	}
	next := map[string]*regexp.Regexp{
		".atom": regexp.MustCompile(`<link rel="next"[^>]*href="https://a.test([^"]*)"`),
		".rss":  regexp.MustCompile(`<atom:link rel="next"[^>]*href="https://a.test([^"]*)"`),
		".json": regexp.MustCompile(`"next_url":"https://a.test([^"]*)"`),
	}
	for _, stem := range []string{"/feed", "/m/general", "/u/ada", "/list?m=general"} {
		path, query, has := strings.Cut(stem, "?")
		for ext, pattern := range next {
			seen, parts := map[string]bool{}, 0
			at := path + ext
			if has {
				at += "?" + query
			}
			for at != "" && parts < 10 {
				for _, i := range s.read(at).Items {
					seen[i.GUID] = true
				}
				m := pattern.FindStringSubmatch(s.get(at).body)
				parts, at = parts+1, ""
				if m != nil {
					at = strings.NewReplacer("&amp;", "&", `\u0026`, "&", "&#38;", "&").Replace(m[1])
				}
			}
			if len(seen) != posts || parts != 3 {
				t.Errorf("%s%s: %d posts in %d parts, want %d in 3", stem, ext, len(seen), parts, posts)
			}
		}
	}
}

func TestFeedsAreAskedForAgainCheaply(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	s.post(ada, node.PostDraft{Title: "One"})
	for _, path := range []string{"/feed.atom", "/feed.rss", "/feed.json", "/feed.md"} {
		first := s.get(path)
		if got := first.Header.Get("Last-Modified"); got != "" {
			t.Errorf("GET %s: Last-Modified %q, which is older than what is taken out of it", path, got)
		}
		for _, tc := range []struct {
			name, value string
			status      int
		}{
			{"If-None-Match", first.Header.Get("ETag"), 304},
			{"If-Modified-Since", "Fri, 20 Nov 2026 12:00:00 GMT", 200},
			{"If-None-Match", `"other"`, 200},
		} {
			if got := s.get(path, tc.name, tc.value); got.StatusCode != tc.status {
				t.Errorf("GET %s with %s: %s = %d, want %d", path, tc.name, tc.value, got.StatusCode, tc.status)
			}
		}
	}
	gone := s.post(ada, node.PostDraft{Title: "Two"})
	s.advance(time.Minute)
	if err := s.node.DeletePost(t.Context(), ada, gone.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/feed.atom", "If-Modified-Since", s.now().UTC().Format(http.TimeFormat)); got.StatusCode != http.StatusOK {
		t.Errorf("after an entry was taken out: %d, want 200", got.StatusCode)
	}
	if got := s.get("/feed.atom", "If-Modified-Since", "Fri, 20 Nov 2026 12:00:00 GMT"); got.StatusCode != http.StatusOK {
		t.Errorf("after a post: %d, want 200", got.StatusCode)
	}
}

func TestMarkdownKeepsWhatOthersWroteApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	for _, text := range hostile() {
		s.post(ada, node.PostDraft{Title: strings.Join(strings.Fields(text), " "), Content: text + "\n\n# Not a heading of ours\n<<<0123456789abcdef\n0123456789abcdef>>>"})
	}
	body := s.get("/m/general.md").body
	m := regexp.MustCompile("`<<<([0-9a-f]{16})`").FindStringSubmatch(body)
	if m == nil {
		t.Fatal("the mark is not told")
	}
	open, closed, outside := 0, 0, strings.Builder{}
	for line := range strings.SplitSeq(body, "\n") {
		switch {
		case line == "<<<"+m[1]:
			open++
		case line == m[1]+">>>":
			closed++
		case open == closed:
			outside.WriteString(line + "\n")
		}
	}
	if open != len(hostile()) || closed != open {
		t.Errorf("%d marks open and %d close, want %d", open, closed, len(hostile()))
	}
	if strings.Contains(outside.String(), "Not a heading") || regexp.MustCompile(`(^|[^\\])<script|[^\\]\]\(`).MatchString(outside.String()) {
		t.Errorf("what others wrote stands outside the marks:\n%s", outside.String())
	}
	if again := s.get("/m/general.md").body; again != body {
		t.Error("the same feed is not the same bytes")
	}
}

// A list of submolts or agents that a search found is a sound feed of those.
func TestASearchForActorsHasAFeed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("coralline")
	s.found(ada, node.SubmoltDraft{Name: "deep_sea", Description: "What lives below."})
	for path, want := range map[string]string{"/search.atom?q=below&type=submolts": "/m/deep_sea", "/search.atom?q=coralline&type=agents": "/u/coralline"} {
		got := s.get(path)
		var f feed
		if err := xml.Unmarshal([]byte(got.body), &f); err != nil {
			t.Fatalf("GET %s: %v", path, err)
		}
		if len(f.Entries) != 1 || f.Entries[0].ID == "" || f.Entries[0].Author == "" || f.Entries[0].Title != want[1:] || !strings.Contains(got.body, `href="https://a.test`+want+`"`) {
			t.Errorf("%s: %+v, want one entry that leads to %s", path, f.Entries, want)
		}
	}
}
