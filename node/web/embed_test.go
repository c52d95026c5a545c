package web_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"html"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/node/web"
	"instar.example/storage"
)

func TestPagesDescribeThemselves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Tides", Content: "They rise."})
	c := s.comment(ada, p.ID, "", "And fall.")
	reef := s.remote(storage.KindSubmolt, "b.test", "reef")
	s.keep(func(ctx context.Context, q storage.Queries) error {
		return errorsOf(q.InsertActor(ctx, reef), q.InsertPost(ctx, storage.Post{
			ID: "far", URI: "https://b.test/post/1", AuthorID: ada.ID(), SubmoltID: reef.ID, Type: "text", Title: "Far", HTML: "<p>Far.</p>", CreatedAt: 1, UpdatedAt: 1,
		}))
	})
	for path, wants := range map[string][]string{
		"/post/" + p.ID: {
			`<link rel="canonical" href="https://a.test/post/` + p.ID + `">`, `<meta property="og:type" content="article">`, `<meta property="og:title" content="Tides">`,
			`<meta property="og:image" content="https://a.test/post/` + p.ID + `/card.png">`, `<meta name="twitter:card" content="summary_large_image">`,
			`type="application/json+oembed" href="/oembed?url=https%3A%2F%2Fa.test%2Fpost%2F` + p.ID, `<link rel="alternate" type="application/rss+xml" href="/post/` + p.ID + `.rss"`,
		},
		"/comment/" + c.ID: {`href="/comment/` + c.ID + `.json"`},
		"/m/reef@b.test":   {`<link rel="canonical" href="https://b.test/m/reef">`, `href="/m/reef@b.test/feed.md"`, `content="https://a.test/m/reef@b.test/card.png"`},
		"/u/ada":           {`<meta property="og:type" content="profile">`},
		"/":                {`<link rel="manifest" href="/manifest.webmanifest">`, `<link rel="canonical" href="https://a.test/">`, `<link rel="icon" href="/favicon.ico" sizes="32x32">`},
		"/search?q=tides":  {`href="/search.rss?q=tides"`},
		"/m":               {`href="/m.json"`},
	} {
		body := html.UnescapeString(s.page(path))
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("GET %s lacks %s", path, want)
			}
		}
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestCardsShowTheTitle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	// ink counts what is drawn where a title stands.
	ink := func(path string) int {
		got := s.get(path)
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "image/png" || got.Header.Get("ETag") == "" {
			t.Fatalf("GET %s = %d %q", path, got.StatusCode, got.Header.Get("Content-Type"))
		}
		img, err := png.Decode(strings.NewReader(got.body))
		if err != nil || img.Bounds() != image.Rect(0, 0, 1200, 630) || len(got.body) > 200_000 {
			t.Fatalf("GET %s: %v, %v, %d bytes", path, err, img.Bounds(), len(got.body))
		}
		n, ground := 0, img.At(2, 2)
		for y := 150; y < 480; y++ {
			for x := range 1200 {
				if img.At(x, y) != ground {
					n++
				}
			}
		}
		return n
	}
	for title, shown := range map[string]bool{
		"Tides": true, "今天我学会了给自己的记忆写目录": true, "潮だまりのメモを書きました": true, "안녕하세요, 하늘입니다": true, "Καλημέρα и привет": true,
		strings.Repeat("Long ", 60): true, strings.Repeat("W", 300): true, strings.Repeat("潮", 200): true, "🚀 Launch": true, "مرحبا من وكيل": false, "नमस्ते": false,
	} {
		p := s.post(ada, node.PostDraft{Title: strings.TrimSpace(title)})
		if got := ink("/post/" + p.ID + "/card.png"); (got > 1000) != shown {
			t.Errorf("%q: %d dots of a title, shown: want %v", title, got, shown)
		}
	}
	ink("/m/general/card.png")
	ink("/u/ada/card.png")
	for path, want := range map[string]int{"/post/none/card.png": 404, "/m/none/card.png": 404, "/u/none/card.png": 404} {
		if got := s.get(path); got.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", path, got.StatusCode, want)
		}
	}
}

func TestOEmbed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Tides & <more>"})
	c := s.comment(ada, p.ID, "", "And fall.")
	for page, title := range map[string]string{
		"https://a.test/post/" + p.ID: "Tides & <more>", "https://a.test/post/" + p.ID + "?sort=new#comments": "Tides & <more>",
		"https://a.test/comment/" + c.ID: "ada on “Tides & <more>”", "https://a.test/m/general": "m/general", "https://a.test/u/ada/": "u/ada",
	} {
		address := "/oembed?" + url.Values{"url": {page}}.Encode()
		got := s.get(address)
		var o struct {
			Version      string `json:"version"`
			Type         string `json:"type"`
			Title        string `json:"title"`
			ProviderName string `json:"provider_name"`
			Thumbnail    string `json:"thumbnail_url"`
			Width        int    `json:"thumbnail_width"`
			Height       int    `json:"thumbnail_height"`
		}
		if err := json.Unmarshal([]byte(got.body), &o); err != nil || got.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Fatalf("%s: %v %s", page, err, got.body)
		}
		if o.Version != "1.0" || o.Type != "link" || o.Title != title || o.ProviderName == "" || o.Width != 1200 || o.Height != 630 {
			t.Errorf("%s: %+v", page, o)
		}
		if card := s.get(strings.TrimPrefix(o.Thumbnail, "https://a.test")); card.StatusCode != http.StatusOK {
			t.Errorf("%s: its picture %s = %d", page, o.Thumbnail, card.StatusCode)
		}
		var x struct {
			XMLName xml.Name `xml:"oembed"`
			Title   string   `xml:"title"`
		}
		if err := xml.Unmarshal([]byte(s.get(address+"&format=xml").body), &x); err != nil || x.Title != title {
			t.Errorf("%s as XML: %v, %+v", page, err, x)
		}
	}
	for _, page := range []string{"", "https://b.test/post/1", "https://a.test/", "https://a.test/about", "https://a.test/post/none", "https://a.test/m/a/b", "https://a.test/m/%zz"} {
		if got := s.get("/oembed?" + url.Values{"url": {page}}.Encode()); got.StatusCode != http.StatusNotFound {
			t.Errorf("oembed of %q = %d, want 404", page, got.StatusCode)
		}
	}
}

func TestTheSitemapNamesWhatLivesHere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, coral := s.agent("ada"), s.remote(storage.KindAgent, "b.test", "coral")
	s.millis.Store(time.Date(2026, 9, 30, 23, 0, 0, 0, time.UTC).UnixMilli())
	old := s.post(ada, node.PostDraft{Title: "In September"})
	s.millis.Store(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).UnixMilli())
	fresh := s.post(ada, node.PostDraft{Title: "In November"})
	s.keep(func(ctx context.Context, q storage.Queries) error {
		return errorsOf(q.InsertActor(ctx, coral), q.InsertPost(ctx, storage.Post{
			ID: "far", URI: "https://b.test/post/1", AuthorID: coral.ID, SubmoltID: fresh.SubmoltID, Type: "text", Title: "Far", HTML: "<p>Far.</p>",
			CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
		}))
	})
	var index struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
		Maps    []struct {
			Loc     string `xml:"loc"`
			LastMod string `xml:"lastmod"`
		} `xml:"sitemap"`
	}
	if err := xml.Unmarshal([]byte(s.get("/sitemap.xml").body), &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Maps) != 3 || index.Maps[1].Loc != "https://a.test/sitemap/2026-09.xml" || index.Maps[1].LastMod != "2026-09-30T23:00:00Z" || index.Maps[2].LastMod != "2026-11-20T12:00:00Z" {
		t.Fatalf("index %+v", index)
	}
	var all []string
	for _, m := range index.Maps {
		var pages struct {
			XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
			Pages   []struct {
				Loc     string `xml:"loc"`
				LastMod string `xml:"lastmod"`
			} `xml:"url"`
		}
		got := s.get(strings.TrimPrefix(m.Loc, "https://a.test"))
		if err := xml.Unmarshal([]byte(got.body), &pages); err != nil || len(pages.Pages) == 0 {
			t.Fatalf("%s: %v %s", m.Loc, err, got.body)
		}
		for _, p := range pages.Pages {
			all = append(all, p.Loc)
			if strings.Contains(p.Loc, "/post/") && p.LastMod == "" {
				t.Errorf("%s: no lastmod", p.Loc)
			}
			if got := s.get(strings.TrimPrefix(p.Loc, "https://a.test")); got.StatusCode != http.StatusOK {
				t.Errorf("the map names %s, which answers %d", p.Loc, got.StatusCode)
			}
		}
	}
	text := strings.Join(all, " ")
	for _, want := range []string{"/post/" + old.ID, "/post/" + fresh.ID, "/m/general", "/u/ada", "/about"} {
		if !strings.Contains(text, want) {
			t.Errorf("the map lacks %s", want)
		}
	}
	if strings.Contains(text, "far") || strings.Contains(text, "coral") {
		t.Errorf("the map names what lives elsewhere: %s", text)
	}
	for _, name := range []string{"2026-13", "2026-11-0", "2026-11-9999", "x", "1"} {
		if got := s.get("/sitemap/" + name + ".xml"); got.StatusCode != http.StatusNotFound {
			t.Errorf("map %s = %d, want 404", name, got.StatusCode)
		}
	}
}

func TestRobotsPresets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for preset, tc := range map[string]struct{ has, lacks string }{
		web.RobotsOpen:   {"Content-Signal: search=yes, ai-input=yes, ai-train=yes\nDisallow: /api/", "GPTBot"},
		web.RobotsSearch: {"Content-Signal: search=yes, ai-input=no, ai-train=no\nDisallow: /api/", "Disallow: /\n\nUser-agent: GPTBot"},
		web.RobotsClosed: {"Content-Signal: search=no, ai-input=no, ai-train=no\nDisallow: /\n", "Sitemap"},
	} {
		door, err := web.New(web.Config{Node: s.node, Robots: preset})
		if err != nil {
			t.Fatal(err)
		}
		text := robotsOf(t, door)
		if !strings.Contains(text, tc.has) || strings.Contains(text, tc.lacks) {
			t.Errorf("%s: %s", preset, text)
		}
		if trains := strings.Contains(text, "User-agent: GPTBot\n"); trains != (preset == web.RobotsSearch) {
			t.Errorf("%s: names those who train: %v", preset, trains)
		}
	}
	if open := s.get("/robots.txt").body; !strings.Contains(open, "Sitemap: https://a.test/sitemap.xml") {
		t.Errorf("robots.txt: %s", open)
	}
}

func TestIconsAndManifest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var m struct {
		Name  string `json:"name"`
		Start string `json:"start_url"`
		Icons []struct {
			Src   string `json:"src"`
			Type  string `json:"type"`
			Sizes string `json:"sizes"`
		} `json:"icons"`
	}
	if err := json.Unmarshal([]byte(s.get("/manifest.webmanifest").body), &m); err != nil || m.Name == "" || m.Start != "/" || len(m.Icons) != 2 {
		t.Fatalf("%v %+v", err, m)
	}
	for _, i := range m.Icons {
		if got := s.get(i.Src); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != i.Type {
			t.Errorf("icon %+v = %d %q", i, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
	ico := []byte(s.get("/favicon.ico").body)
	if len(ico) < 23 || !bytes.Equal(ico[:6], []byte{0, 0, 1, 0, 1, 0}) || int(binary.LittleEndian.Uint32(ico[18:])) != 22 || int(binary.LittleEndian.Uint32(ico[14:])) != len(ico)-22 {
		t.Fatalf("not an icon: % x", ico[:min(len(ico), 24)])
	}
	for size, body := range map[int][]byte{32: ico[22:], 512: []byte(s.get("/icon.png").body), 180: []byte(s.get("/apple-touch-icon.png").body)} {
		if img, err := png.Decode(bytes.NewReader(body)); err != nil || img.Bounds().Dx() != size {
			t.Errorf("picture of %d: %v", size, err)
		}
	}
}

// An asker that has no room for the picture gets none, and one that asks for a
// format of its own is told so (oembed.com, 2.3.4).
func TestOEmbedHeedsWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Tides"})
	address := "/oembed?url=" + url.QueryEscape("https://a.test/post/"+p.ID)
	for query, pictured := range map[string]bool{"": true, "&maxwidth=1200&maxheight=630": true, "&maxwidth=1199": false, "&maxheight=400": false, "&maxwidth=400&format=xml": false, "&maxwidth=wide": true} {
		if got := s.get(address + query); got.StatusCode != http.StatusOK || strings.Contains(got.body, "thumbnail") != pictured {
			t.Errorf("%s = %d %s, a picture: want %v", query, got.StatusCode, got.body, pictured)
		}
	}
	if got := s.get(address + "&format=yaml"); got.StatusCode != http.StatusNotImplemented {
		t.Errorf("a format that nobody makes = %d, want 501", got.StatusCode)
	}
}
