package web_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

func TestAReadingListMergesItsSources(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob, cleo := s.agent("ada"), s.agent("bob"), s.agent("cleo")
	s.post(ada, node.PostDraft{Title: "By ada", Submolt: "introductions"})
	s.post(bob, node.PostDraft{Title: "In general"})
	s.post(ada, node.PostDraft{Title: "By ada in general"}) // of two sources, shown once
	s.post(cleo, node.PostDraft{Title: "Neither", Submolt: "introductions"})
	for _, path := range []string{"/list?m=general&u=ada", "/list?u=ADA&u=ada&m=general&m=%00&u=<script>&utm=x", "/list?m=m/general&u=@ada@a.test&name=Mine"} {
		body := s.page(path)
		at := []int{strings.Index(body, ">By ada in general</a>"), strings.Index(body, ">In general</a>"), strings.Index(body, ">By ada</a>")}
		if at[0] < 0 || at[1] < at[0] || at[2] < at[1] || strings.Count(body, ">By ada in general</a>") != 1 || strings.Contains(body, "Neither") {
			t.Errorf("GET %s: posts at %v", path, at)
		}
		for _, want := range []string{"/list.atom?m=general&amp;", "/list.opml?m=general&amp;", "https://a.test/list?m=general&amp;", `content="noindex"`} {
			if !strings.Contains(body, want) {
				t.Errorf("GET %s lacks %q", path, want)
			}
		}
	}
	if body := s.page("/list?m=general&u=ada&name=%3Cb%3EMine"); !strings.Contains(body, "&lt;b&gt;Mine") {
		t.Error("a list does not bear its name")
	}
	if body := s.page("/list"); !strings.Contains(body, "The list is its address") {
		t.Error("an empty list does not say how to begin one")
	}
	body := s.page("/list?m=general&m=nowhere&m=reef@far.example")
	if !strings.Contains(body, "Not found: <bdi>m/nowhere</bdi>") || !strings.Contains(body, "Being looked up: <bdi>m/reef@far.example</bdi>") {
		t.Errorf("what is missing is not told: %s", body)
	}
}

func TestAReadingListIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var many, most []string
	for i := range node.MaxListed + 20 {
		id, name := fmt.Sprintf("s%d", i), fmt.Sprintf("sub%03d", i)
		s.keep(func(ctx context.Context, q storage.Queries) error {
			a := s.remote(storage.KindSubmolt, "", name)
			a.ID, a.URI = id, "https://a.test/m/"+name
			return q.InsertActor(ctx, a)
		})
		if many = append(many, "m="+name); i < node.MaxListed {
			most = append(most, "m="+name)
		}
	}
	body := s.get("/list.opml?" + strings.Join(many, "&")).body
	if got := strings.Count(body, "<outline "); got != node.MaxListed {
		t.Errorf("%d sources, want %d", got, node.MaxListed)
	}
	if a, b := s.get("/list.atom?"+strings.Join(most, "&")), s.get("/list.atom?"+strings.Join(many, "&")); a.StatusCode != 200 || a.body != b.body {
		t.Errorf("a list of too many is another list than its first %d", node.MaxListed)
	}
}

type subscriptions struct {
	Version string `xml:"version,attr"`
	Title   string `xml:"head>title"`
	Lines   []struct {
		Text string `xml:"text,attr"`
		Type string `xml:"type,attr"`
		Feed string `xml:"xmlUrl,attr"`
		Page string `xml:"htmlUrl,attr"`
	} `xml:"body>outline"`
}

// upload posts a form with one field to the import.
func (s *site) upload(field, text string) reply {
	s.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	var part io.Writer
	var err error
	if field == "file" {
		part, err = m.CreateFormFile(field, "feeds.opml")
	} else {
		part, err = m.CreateFormField(field)
	}
	if err == nil {
		_, err = io.WriteString(part, text)
	}
	if err = errors.Join(err, m.Close()); err != nil {
		s.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.server.URL+"/list/import", &b)
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	resp, err := s.server.Client().Transport.RoundTrip(req)
	if err != nil {
		s.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		s.Fatal(err)
	}
	return reply{resp, string(body)}
}

func TestOPMLGoesOutAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.agent("ada")
	s.keep(func(ctx context.Context, q storage.Queries) error {
		return q.InsertActor(ctx, s.remote(storage.KindSubmolt, "b.test", "reef"))
	})
	const list = "?m=general&m=reef%40b.test&name=Mine&u=ada"
	out := s.get("/list.opml" + list)
	var doc subscriptions
	if err := xml.Unmarshal([]byte(out.body), &doc); err != nil || out.Header.Get("Content-Type") != "text/x-opml; charset=utf-8" {
		t.Fatalf("%v: %s", err, out.body)
	}
	if doc.Version != "2.0" || doc.Title != "Mine" || len(doc.Lines) != 3 {
		t.Fatalf("%+v", doc)
	}
	for _, l := range doc.Lines {
		if l.Type != "rss" || l.Text == "" {
			t.Errorf("line %+v", l)
		}
		s.read(strings.TrimPrefix(l.Feed, "https://a.test"))
		s.page(strings.TrimPrefix(l.Page, "https://a.test"))
	}
	before := s.node.Version()
	for _, field := range []string{"file", "opml"} {
		got := s.upload(field, out.body)
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/list"+list {
			t.Errorf("import by %s = %d to %q, want /list%s: %s", field, got.StatusCode, got.Header.Get("Location"), list, got.body)
		}
	}
	if s.node.Version() != before {
		t.Error("an import stored something")
	}
	if all := s.get("/m.opml"); !strings.Contains(all.body, "https://a.test/m/general.atom") {
		t.Errorf("the directory's OPML: %s", all.body)
	}
}

func TestOPMLOfOthersIsRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.upload("opml", `<?xml version="1.0" encoding="ISO-8859-1"?><opml version="1.0"><head><title>All my  feeds</title></head><body>
		<outline text="News"><outline text="x" type="rss" xmlUrl="https://news.example/rss"/>
		<outline text="y" type="rss" xmlurl="https://b.test/m/reef.rss" htmlUrl="https://b.test/m/reef"/></outline>
		<outline text="z" xmlUrl="https://lemmy.example/feeds/c/rust.xml" htmlUrl="https://lemmy.example/c/rust"/>
		<outline text="w" xmlUrl="https://a.test/u/coral@b.test/feed.json"/></body></opml>`)
	want := "/list?" + url.Values{"m": {"reef@b.test", "rust@lemmy.example"}, "u": {"coral@b.test"}, "name": {"All my feeds"}}.Encode()
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != want {
		t.Errorf("= %d to %q, want %q", got.StatusCode, got.Header.Get("Location"), want)
	}
	for name, text := range map[string]string{
		"nothing": "", "no XML": "hello", "a feed": `<rss version="2.0"><channel/></rss>`, "no end": `<opml><body><outline xmlUrl="https://a.test/m/general"/>`,
		"nothing of ours": `<opml><body><outline xmlUrl="https://news.example/rss"/></body></opml>`,
		"an entity":       `<!DOCTYPE x [<!ENTITY a "aaaa">]><opml><body><outline xmlUrl="&a;"/></body></opml>`,
		"too deep":        `<opml>` + strings.Repeat("<outline>", 30) + strings.Repeat("</outline>", 30) + `</opml>`,
		"too large":       `<opml><body>` + strings.Repeat("<!-- -->", 40_000) + `</body></opml>`,
	} {
		if got := s.upload("file", text); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s = %d, want 400", name, got.StatusCode)
		}
	}
	if got := s.do(http.MethodPost, "/list/import"); got.StatusCode != http.StatusBadRequest {
		t.Errorf("no form = %d, want 400", got.StatusCode)
	}
	if got := s.get("/list/import"); got.StatusCode != http.StatusMovedPermanently {
		t.Errorf("GET = %d, want a way back", got.StatusCode)
	}
}
