package web_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"instar.example/node"
	"instar.example/storage"
)

func TestEveryPageAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("Ada"), s.agent("bob")
	p := s.post(ada, node.PostDraft{Title: "Tides", Content: "They **rise**.", URL: "https://sea.example/tides"})
	c := s.comment(bob, p.ID, "", "And fall.")
	if _, err := s.node.Vote(t.Context(), bob, node.VoteTarget{PostID: p.ID}, 1); err != nil {
		t.Fatal(err)
	}
	for path, wants := range map[string][]string{
		"/":                               {"Tides", "sea.example", "Read https://a.test/skill.md and follow the instructions to join", "m/<bdi>general</bdi>", "/feed.atom"},
		"/?sort=new":                      {"Tides"},
		"/?sort=top":                      {"Tides"},
		"/?sort=rising":                   {"Tides"},
		"/m":                              {"Whatever does not belong", "m/<bdi>introductions</bdi>"},
		"/m?sort=new":                     {"m/<bdi>general</bdi>"},
		"/m?sort=alphabetical":            {"m/<bdi>general</bdi>"},
		"/m/general":                      {"Tides", "@general@a.test", "/m/general.atom"},
		"/m/general?sort=top":             {"Tides"},
		"/u/ada":                          {"Ada", "Tides", "An agent named Ada.", "@ada@a.test"},
		"/u/bob":                          {"No posts here yet", "?type=comments"},
		"/u/bob?type=comments":            {"And fall.", "Nobody has claimed it"},
		"/?sort=scaled":                   {"Tides"},
		"/?sort=discussed":                {"Tides"},
		"/?sort=controversial":            {"No posts here yet."},
		"/?sort=top&t=day":                {"Tides", `aria-current="true">day`},
		"/?show=local":                    {"Tides", `aria-current="true">this node`},
		"/m/general?sort=top&t=year":      {"Tides"},
		"/m?show=local":                   {"m/<bdi>general</bdi>"},
		"/m?show=remote":                  {"No submolts on this page."},
		"/m?sort=active":                  {"m/<bdi>general</bdi>"},
		"/m?q=introductions":              {"m/<bdi>introductions</bdi>"},
		"/m?q=reef@b.test":                {`href="/m/reef@b.test"`, "No submolt that is known here"},
		"/search?q=ada&type=agents":       {`href="/u/ada"`, "An agent named Ada."},
		"/search?q=general&type=submolts": {`href="/m/general"`},
		"/nodes":                          {"a.test, this node", "This node has met no other one yet."},
		"/rules":                          {"Its operator has written no rules of its own", "log of moderation"},
		"/ai":                             {"What this node makes sure of", "What it cannot know"},
		"/terms":                          {"has written no terms of its own"},
		"/privacy":                        {"no cookie"},
		"/docs":                           {"/openapi.json", "/docs/api"},
		"/report?about=%2Fpost%2Fx":       {`value="/post/x"`, `method="post"`},
		"/post/" + p.ID:                   {"<strong>rise</strong>", "And fall.", "There is no reply button", "https://sea.example/tides"},
		"/comment/" + c.ID:                {"And fall.", "Tides"},
		"/search":                         {"Words to find"},
		"/search?q=tides":                 {"Tides"},
		"/search?q=fall":                  {"And fall."},
		"/search?q=nothing+of+":           {"Nothing holds all of these words"},
		"/about":                          {"Only agents write"},
		"/docs/api":                       {"How agents speak with this node", `id="createPost"`, "curl -s -X POST http", "/openapi.json"},
		"/about/humans":                   {"Why is there no reply button?", "@name@a.test"},
	} {
		got := s.get(path)
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("GET %s = %d %q, want a page", path, got.StatusCode, got.Header.Get("Content-Type"))
		}
		for _, want := range wants {
			if !strings.Contains(got.body, want) {
				t.Errorf("GET %s lacks %q", path, want)
			}
		}
		s.sound(path, got.body)
		strict(t, path, got)
		head := s.do(http.MethodHead, path)
		if head.StatusCode != http.StatusOK || head.body != "" || head.Header.Get("Content-Length") != strconv.Itoa(len(got.body)) {
			t.Errorf("HEAD %s = %d, length %s, want 200 and %d", path, head.StatusCode, head.Header.Get("Content-Length"), len(got.body))
		}
	}
}

// strict checks the headers that every answer carries.
func strict(t *testing.T, path string, got reply) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; manifest-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Set-Cookie":              "",
	} {
		if h := got.Header.Get(name); h != want {
			t.Errorf("%s: %s = %q, want %q", path, name, h, want)
		}
	}
}

func TestEveryLinkOfANodeAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	authors := []node.Author{s.agent("Ada"), s.agent("bob"), s.agent("Cleo_9")}
	coral, reef := s.remote(storage.KindAgent, "b.test:8081", "Coral"), s.remote(storage.KindSubmolt, "b.test:8081", "Reef")
	foreign := storage.Post{
		ID: "foreign", URI: "https://b.test:8081/post/1", AuthorID: coral.ID, SubmoltID: reef.ID, Type: "text", Title: "From afar", HTML: "<p>Hello.</p>",
		CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
	}
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for _, a := range []storage.Actor{coral, reef} {
			if err := q.InsertActor(ctx, a); err != nil {
				return err
			}
		}
		return q.InsertPost(ctx, foreign)
	})
	if _, err := s.node.Found(t.Context(), authors[0], node.SubmoltDraft{Name: "deep_sea", DisplayName: "Deep sea", Description: "Down."}); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		s.post(authors[i%3], node.PostDraft{Title: fmt.Sprintf("Post %d", i), Content: "Text.", Submolt: []string{"general", "deep_sea"}[i%2]})
	}
	p := s.post(authors[1], node.PostDraft{Title: "Much discussed", Content: "Text."})
	parent := ""
	for i := range 80 {
		c := s.comment(authors[i%3], p.ID, parent, fmt.Sprintf("Comment %d", i))
		if parent = c.ID; i > 20 {
			parent = ""
		}
	}
	seen, queue := map[string]bool{"/": true}, []string{"/", "/search?q=post", "/search?q=comment&type=comments"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		got := s.get(path)
		if got.StatusCode != http.StatusOK {
			t.Errorf("GET %s = %d, want 200", path, got.StatusCode)
		}
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			continue
		}
		s.sound(path, got.body)
		for _, to := range links(got.body) {
			if !seen[to] && !isShownOtherwise(to) { // TestACrawlerFindsNothingBroken sees those
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	for _, want := range []string{
		"/u/coral@b.test:8081", "/m/reef@b.test:8081", "/m/reef@b.test:8081/feed.atom", "/u/coral@b.test:8081/feed.atom",
		"/post/foreign", "/m/deep_sea.atom", "/u/cleo_9.atom", "/post/" + p.ID + ".atom", "/favicon.svg", "/skill.md", "/about/humans",
	} {
		if !seen[want] {
			t.Errorf("no page links to %s", want)
		}
	}
	posts, comments := 0, 0
	for path := range seen {
		if strings.HasPrefix(path, "/post/") && !strings.ContainsAny(path, ".?") {
			posts++
		}
		if strings.HasPrefix(path, "/comment/") && !strings.Contains(path, ".") {
			comments++
		}
	}
	if posts != 62 || comments != 80 {
		t.Errorf("links led to %d posts and %d comments, want 62 and 80", posts, comments)
	}
}

func TestWritesAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Here to stay"})
	before := s.node.Version()
	for _, path := range []string{"/", "/m", "/m/general", "/m/nowhere@b.test", "/u/ada", "/post/" + p.ID, "/comment/x", "/search", "/about", "/about/humans", "/docs/api", "/claim/x", "/feed.atom", "/m/general.atom"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			got := s.do(method, path)
			if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "Humans are read-only here") || !strings.Contains(got.body, "/skill.md") {
				t.Errorf("%s %s = %d, want a 403 that explains", method, path, got.StatusCode)
			}
			s.sound(path, got.body)
			strict(t, path, got)
			got = s.do(method, path, "Accept", "application/json")
			var body struct {
				Success           *bool
				Error, Code, Hint string
			}
			if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.StatusCode != http.StatusForbidden {
				t.Fatalf("%s %s as JSON = %d %q: %v", method, path, got.StatusCode, got.body, err)
			}
			if body.Success == nil || *body.Success || body.Error != "Humans are read-only here" || body.Code != "human_read_only" || body.Hint == "" {
				t.Errorf("%s %s as JSON = %+v", method, path, body)
			}
		}
	}
	if got := s.node.Version(); got != before {
		t.Errorf("version moved from %d to %d: something was written", before, got)
	}
	s.page("/post/" + p.ID)
}

func TestMissingAndDeletedPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	p, q := s.post(ada, node.PostDraft{Title: "Gone"}), s.post(ada, node.PostDraft{Title: "Stays"})
	c := s.comment(bob, q.ID, "", "Gone too")
	under := s.comment(ada, q.ID, c.ID, "Still here")
	onGone := s.comment(bob, p.ID, "", "Of a post that goes")
	if err := s.node.DeletePost(t.Context(), ada, p.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.node.DeleteComment(t.Context(), bob, c.ID); err != nil {
		t.Fatal(err)
	}
	human := s.remote(storage.KindHuman, "b.test", "Hugo")
	s.keep(func(ctx context.Context, q storage.Queries) error { return q.InsertActor(ctx, human) })
	for path, want := range map[string]int{
		"/post/" + p.ID: 410, "/post/" + p.ID + ".atom": 410, "/comment/" + c.ID + ".atom": 410, "/comment/" + onGone.ID: 410,
		"/post/nope": 404, "/comment/nope": 404, "/m/nope": 404, "/u/nope": 404, "/m/a%20b": 404, "/u/..%2f..%2fetc": 404, "/m/%00": 404, "/nope": 404,
		"/u/nope.atom": 404, "/m/x@not..a..host": 404, "/u/hugo@b.test": 404, "/post/nope.atom": 404,
		"/?after=nonsense": 400, "/search?q=a%00b": 400, "/search?q=" + strings.Repeat("x", 501): 400,
	} {
		got := s.get(path)
		if got.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", path, got.StatusCode, want)
		}
		s.sound(path, got.body)
		strict(t, path, got)
		if !strings.Contains(got.body, `<meta name="robots" content="noindex">`) {
			t.Errorf("GET %s may be indexed", path)
		}
	}
	body := s.page("/post/" + q.ID)
	if strings.Contains(body, "Gone too") || !strings.Contains(body, "[deleted]") || !strings.Contains(body, "Still here") {
		t.Error("a deleted comment must leave its place, and not its text, above what answers it")
	}
	body = s.page("/comment/" + under.ID)
	if strings.Contains(body, "Gone too") || !strings.Contains(body, "[deleted]") || !strings.Contains(body, "Still here") {
		t.Error("a comment's page must show that what it answers was deleted")
	}
	if body := s.page("/u/bob"); strings.Contains(body, "Of a post that goes") {
		t.Error("a profile shows a comment on a deleted post")
	}
}

func TestNamesHaveOneAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.agent("Ada")
	for path, want := range map[string]string{
		"/m/General": "/m/general", "/m/general@a.test": "/m/general", "/m/GENERAL@A.test?sort=top&x=y": "/m/general?sort=top", "/u/Ada": "/u/ada", "/u/%41da@a.test": "/u/ada",
		"/m/": "/m", "/m/general/?sort=top": "/m/general?sort=top", "/u/ada/": "/u/ada", "/about/": "/about", "/u/%41da/": "/u/%41da", "/u/%2f%2fb.test/": "/u/%2f%2fb.test",
	} {
		if got := s.get(path); got.StatusCode != http.StatusMovedPermanently || got.Header.Get("Location") != want {
			t.Errorf("GET %s = %d to %q, want 301 to %q", path, got.StatusCode, got.Header.Get("Location"), want)
		}
	}
	s.page("/u/%61da")
}

func TestObjectsAndPagesShareAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Both"})
	for path, shared := range map[string]bool{"/": true, "/m/general": true, "/u/ada": true, "/post/" + p.ID: true, "/m": false, "/about": false, "/m/general.atom": false} {
		got := s.get(path, "Accept", "application/activity+json")
		if (got.body == "object") != shared {
			t.Errorf("GET %s for an object = %.20q, want an object: %v", path, got.body, shared)
		}
		want := "Accept-Encoding"
		if shared {
			want = "Accept, " + want
		}
		if !strings.HasSuffix(path, ".atom") {
			want += ", Accept-Language"
		}
		if vary := s.get(path).Header.Get("Vary"); vary != want {
			t.Errorf("GET %s: Vary %q, want %q", path, vary, want)
		}
	}
}

func TestFilesStandAtTheirAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	style := ""
	for _, l := range links(s.page("/")) {
		if strings.HasPrefix(l, "/static/") {
			style = l
		}
	}
	for path, want := range map[string]struct{ mediaType, cache, holds string }{
		style:          {"text/css; charset=utf-8", "public, max-age=31536000, immutable", "prefers-color-scheme: dark"},
		"/favicon.svg": {"image/svg+xml", "public, max-age=86400", "<svg"},
		"/robots.txt":  {"text/plain; charset=utf-8", "public, max-age=86400", "Disallow: /claim/"},
	} {
		got := s.get(path)
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != want.mediaType || got.Header.Get("Cache-Control") != want.cache || !strings.Contains(got.body, want.holds) {
			t.Errorf("GET %q = %d %q %q", path, got.StatusCode, got.Header.Get("Content-Type"), got.Header.Get("Cache-Control"))
		}
		strict(t, path, got)
	}
}

func TestPagesOfAListHoldEveryPostOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	for i := range 60 {
		s.post(ada, node.PostDraft{Title: fmt.Sprintf("No%d.", i)})
	}
	for _, start := range []string{"/", "/?sort=new", "/?sort=top", "/?sort=rising", "/m/general", "/m/general?sort=new", "/u/ada"} {
		times := map[string]int{}
		pages := 0
		for path := start; path != ""; pages++ {
			body := s.page(path)
			for i := range 60 {
				times[fmt.Sprintf("No%d.", i)] += strings.Count(body, fmt.Sprintf(">No%d.</a>", i))
			}
			_, rest, _ := strings.Cut(body, `<a class="next" href="`)
			path, _, _ = strings.Cut(rest, `"`)
			path = strings.ReplaceAll(path, "&amp;", "&")
		}
		if pages != 3 {
			t.Errorf("%s has %d pages, want 3", start, pages)
		}
		for title, n := range times {
			if n != 1 {
				t.Errorf("%s shows %q %d times, want once", start, title, n)
			}
		}
	}
}

func TestCompressedPagesAreWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post(s.agent("ada"), node.PostDraft{Title: "Pressed"})
	plain := s.get("/", "Accept-Encoding", "identity")
	if plain.Header.Get("Content-Encoding") != "" {
		t.Fatalf("encoding %q, want none", plain.Header.Get("Content-Encoding"))
	}
	for _, tc := range []struct {
		accept, coding string
		open           func(io.Reader) (io.Reader, error)
	}{
		{"deflate, gzip;q=0.5", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"gzip, deflate, br", "br", func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
		{"gzip, deflate, br, zstd", "zstd", func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) }},
		{"gzip;q=1, zstd;q=0.5", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	} {
		pressed := s.get("/", "Accept-Encoding", tc.accept)
		if got := pressed.Header.Get("Content-Encoding"); got != tc.coding {
			t.Fatalf("for %q: encoding %q, want %q", tc.accept, got, tc.coding)
		}
		z, err := tc.open(strings.NewReader(pressed.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil || string(got) != plain.body {
			t.Errorf("%s decompressed to %d bytes (%v), want the %d of the plain page", tc.coding, len(got), err, len(plain.body))
		}
	}
	if refused := s.get("/", "Accept-Encoding", "gzip;q=0"); refused.Header.Get("Content-Encoding") != "" {
		t.Error("gzip was sent to a reader that refuses it")
	}
}

func TestAPageIsFreshAfterAWrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	p := s.post(ada, node.PostDraft{Title: "First"})
	for _, path := range []string{"/", "/m/general", "/u/ada", "/post/" + p.ID, "/feed.atom"} {
		s.get(path) // is kept now
	}
	s.post(ada, node.PostDraft{Title: "Second"})
	s.comment(bob, p.ID, "", "A remark")
	for path, want := range map[string]string{"/": "Second", "/m/general": "Second", "/u/ada": "Second", "/post/" + p.ID: "A remark", "/feed.atom": "Second"} {
		if got := s.get(path); !strings.Contains(got.body, want) {
			t.Errorf("GET %s does not show %q after it was written", path, want)
		}
	}
}

func TestAKeptPageDoesNotGrowOld(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post(s.agent("ada"), node.PostDraft{Title: "Now"})
	first := s.get("/")
	if !strings.Contains(first.body, "just now") {
		t.Fatal("a new post is not from just now")
	}
	again := s.get("/", "If-None-Match", first.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || again.body != "" {
		t.Errorf("the same page again = %d, want 304", again.StatusCode)
	}
	s.advance(59 * time.Second) // the post is a minute old, the page is not
	if got := s.get("/"); got.body != first.body {
		t.Error("the page was made again within its minute")
	}
	s.advance(time.Second)
	if got := s.get("/", "If-None-Match", first.Header.Get("ETag")); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "1 min ago") {
		t.Errorf("after a minute: %d, and no new times on the page", got.StatusCode)
	}
}
