package web_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

// hostile are texts that run, load or lead astray wherever they are not inert.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `<ScRiPt src=//evil.example/x.js></sCrIpT>`, `<img src=x onerror=alert(1)>`, `"><svg/onload=alert(1)>`,
		`'"><body onload=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`, `[x](data:text/html;base64,PHNjcmlwdD4=)`,
		`[x](vbscript:msgbox(1))`, `![x](https://evil.example/pixel.png)`, `<a href="javascript:alert(1)">x</a>`, `<a href="&#106;avascript:alert(1)">x</a>`,
		"<a href=\"java\tscript:alert(1)\">x</a>", `<iframe src="https://evil.example"></iframe>`, `<object data="x"></object>`, `<embed src="x">`,
		`<form action="https://evil.example"><input name="key"></form>`, `<style>body{background:url(https://evil.example)}</style>`,
		`<p style="position:fixed;inset:0">over all</p>`, `<link rel=stylesheet href=//evil.example/x.css>`, `<base href="https://evil.example/">`,
		`<meta http-equiv=refresh content="0;url=https://evil.example">`, `<math><mtext><script>alert(1)</script></mtext></math>`,
		`<svg><animate onbegin=alert(1) attributeName=x></svg>`, `<details open ontoggle=alert(1)>`, `</main></body></html><script>alert(1)</script>`,
		`</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, `<!--<script>-->`, `<![CDATA[<script>]]>`, `]]><script>alert(1)</script>`,
		`{{.Node}} {{template "join"}}`, "`<script>alert(1)</script>`", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
		`<https://evil.example/"onmouseover="alert(1)>`, `[a]: javascript:alert(1)` + "\n\n[a]", `<div id="main">second</div>`, `</li></ol></details></section>`,
		`&lt;script&gt;alert(1)&lt;/script&gt;`, `<a href="//evil.example">x</a>`,
	}
}

// hostileText lets agents of the site write what is hostile everywhere they can, and returns the pages.
func hostileText(s *site) []string {
	s.Helper()
	ada, bob := s.agent("ada"), s.agent("bob")
	var paths []string
	for i, text := range hostile() {
		title := strings.NewReplacer("\n", " ", "\t", " ").Replace(text)
		p := s.post(ada, node.PostDraft{Title: title, Content: "Text\n\n" + text})
		c := s.comment(bob, p.ID, "", "Text\n\n"+text)
		words := "/search?q=" + strings.NewReplacer("&", "%26", "+", "%2B", "#", "%23", ";", "%3B", " ", "+", "\n", "%0A", "\t", "%09", "%", "%25").Replace(text)
		paths = append(paths, "/post/"+p.ID, "/comment/"+c.ID, words, strings.Replace(words, "/search?q=", "/m?q=", 1), strings.Replace(words, "/search?q=", "/report?about=", 1))
		if _, err := s.node.UpdateProfile(s.Context(), ada, node.ProfileChange{DisplayName: new(cut(title, 60)), Description: &text}); err != nil {
			s.Fatalf("UpdateProfile(%q): %v", text, err)
		}
		s.page("/u/ada")
		s.found(ada, node.SubmoltDraft{Name: fmt.Sprintf("sub%d", i), DisplayName: cut(title, 60), Description: text})
		paths = append(paths, fmt.Sprintf("/m/sub%d", i))
	}
	return append(paths, "/", "/m", "/u/ada", "/u/bob", "/u/bob?type=comments")
}

func TestHostileTextIsInert(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	paths := hostileText(s)
	for _, path := range paths {
		s.page(path)
		if strings.HasPrefix(path, "/post/") {
			paths = append(paths, path+".atom")
		}
	}
	for _, path := range append(paths[len(paths)-len(hostile()):], "/feed.atom", "/u/ada.atom", "/m/general.atom") {
		for _, e := range s.feed(path).Entries {
			s.sound(path+" "+e.ID, e.Content.Text)
		}
	}
}

// cut is the beginning of a text, in characters.
func cut(s string, n int) string { return string([]rune(s)[:min(n, len([]rune(s)))]) }

// hostileRecords puts rows into the site as no gate would let them in, and returns their pages.
func hostileRecords(s *site) []string {
	s.Helper()
	paths := []string{"/?sort=new", "/m?sort=new", "/nodes"}
	for i, text := range hostile() {
		s.keep(func(ctx context.Context, q storage.Queries) error {
			a := s.remote(storage.KindAgent, "b.test", fmt.Sprintf("agent%d", i))
			a.DisplayName, a.Description, a.PageURL, a.AvatarURL = text, text, "javascript:alert(1)//"+text, text
			a.Name = text // no name passes so; a page must not rely on it
			g := s.remote(storage.KindSubmolt, "b.test", fmt.Sprintf("group%d", i))
			g.DisplayName, g.Description, g.PageURL = text, text, text
			p := storage.Post{
				ID: fmt.Sprintf("p%d", i), URI: "javascript:" + text, AuthorID: a.ID, SubmoltID: g.ID, Type: "link", Title: text, HTML: "<p>Fine.</p>",
				URL: []string{"javascript:alert(1)", "data:text/html,x", `https://x.example/"><script>`, "//evil.example", "https://" + text}[i%5], Lang: text,
				CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
			}
			a.ID, g.ID = fmt.Sprintf("a%d", i), fmt.Sprintf("g%d", i)
			p.AuthorID, p.SubmoltID = a.ID, g.ID
			c := storage.Comment{ID: fmt.Sprintf("c%d", i), RootID: fmt.Sprintf("c%d", i), URI: "javascript:x" + text, PostID: p.ID, AuthorID: a.ID, HTML: "<p>Fine.</p>", Lang: text, CreatedAt: 1, UpdatedAt: 1}
			h := storage.Host{Host: text, Software: text, Version: text, CheckedAt: 1, CreatedAt: 1}
			for _, err := range []error{q.InsertActor(ctx, a), q.InsertActor(ctx, g), q.InsertPost(ctx, p), q.InsertComment(ctx, c), q.PutHost(ctx, h)} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		paths = append(paths,
			fmt.Sprintf("/post/p%d", i), fmt.Sprintf("/comment/c%d", i), fmt.Sprintf("/u/agent%d@b.test", i), fmt.Sprintf("/m/group%d@b.test", i))
	}
	return paths
}

func TestHostileRecordsOfPeersAreInert(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range hostileRecords(s) {
		s.page(path)
	}
	for i := range hostile() {
		s.feed(fmt.Sprintf("/m/group%d@b.test/feed.atom", i))
		s.feed(fmt.Sprintf("/post/p%d.atom", i))
	}
}

func TestLanguagesAndDirections(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	for lang, text := range map[string]string{
		"zh": "今天我学会了给自己的记忆写目录", "ko": "안녕하세요, 하늘입니다", "ja": "潮だまりのメモを書きました", "ar": "مرحبا من وكيل يكتب بالعربية", "id": "Saya menulis catatan ini untuk kami dan tidak lupa",
	} {
		p := s.post(ada, node.PostDraft{Title: text, Content: text + "\n\n- " + text})
		body := s.page("/post/" + p.ID)
		for _, want := range []string{
			`<h1 lang="` + lang + `" dir="auto">` + text + `</h1>`, `<div class="text" lang="` + lang + `" dir="auto"><p>` + text,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("the page in %s lacks %q", lang, want)
			}
		}
		if list := s.page("/"); !strings.Contains(list, `<h2 lang="`+lang+`" dir="auto">`) {
			t.Errorf("the list does not name the language %s", lang)
		}
		if found := s.page("/search?q=" + cut(text, 2)); lang == "zh" && !strings.Contains(found, text) {
			t.Errorf("a search for two characters does not find %q", text)
		}
		if e := s.feed("/post/" + p.ID + ".atom"); e.Title != text+" · comments" {
			t.Errorf("feed title = %q", e.Title)
		}
	}
}

type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Published string `xml:"published"`
		Updated   string `xml:"updated"`
		Author    string `xml:"author>name"`
		Lang      string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		Content   struct {
			Type string `xml:"type,attr"`
			Text string `xml:",chardata"`
		} `xml:"content"`
	} `xml:"entry"`
}

// feed gets a feed, which must be one.
func (s *site) feed(path string) feed {
	s.Helper()
	got := s.get(path)
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		s.Fatalf("GET %s = %d %q, want Atom", path, got.StatusCode, got.Header.Get("Content-Type"))
	}
	var f feed
	if err := xml.Unmarshal([]byte(got.body), &f); err != nil {
		s.Fatalf("GET %s: %v", path, err)
	}
	if f.ID != "https://a.test"+path || f.Title == "" || f.Updated == "" || len(f.Links) < 2 || f.Links[0].Rel != "self" || f.Links[0].Href != f.ID {
		s.Errorf("GET %s: id %q, title %q, updated %q, links %v", path, f.ID, f.Title, f.Updated, f.Links)
	}
	for _, e := range f.Entries {
		if e.ID == "" || e.Title == "" || e.Published == "" || e.Updated == "" || e.Author == "" || e.Content.Type != "html" {
			s.Errorf("GET %s: entry %+v", path, e)
		}
	}
	return f
}

func TestFeedsHoldTheWholeText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	long := strings.Repeat("A long sentence that no excerpt holds. ", 100)
	p := s.post(ada, node.PostDraft{Title: "Long & <wide>", Content: long, URL: "https://sea.example/?a=1&b=2"})
	c := s.comment(bob, p.ID, "", "First **remark**")
	s.comment(ada, p.ID, c.ID, "An answer")
	for _, path := range []string{"/feed.atom", "/m/general.atom", "/u/ada.atom", "/m/general/feed.atom"} {
		want := strings.Replace(path, "/feed.atom", ".atom", 1)
		if path == "/feed.atom" {
			want = path
		}
		if path != want { // the other way to write it names the same feed
			if got := s.get(path); !strings.Contains(got.body, "https://a.test"+want) {
				t.Errorf("GET %s does not say that it is %s", path, want)
			}
			continue
		}
		f := s.feed(path)
		if len(f.Entries) != 1 {
			t.Fatalf("GET %s has %d entries, want 1", path, len(f.Entries))
		}
		e := f.Entries[0]
		if e.ID != p.URI || e.Title != p.Title || e.Author != "ada" || e.Lang != "en" || f.Updated != e.Updated {
			t.Errorf("GET %s: entry %+v", path, e)
		}
		if !strings.Contains(e.Content.Text, strings.TrimSpace(long)) || !strings.Contains(e.Content.Text, `href="https://sea.example/?a=1&amp;b=2"`) {
			t.Errorf("GET %s: the entry lacks its text or its link", path)
		}
	}
	f := s.feed("/post/" + p.ID + ".atom")
	if len(f.Entries) != 3 || f.Entries[0].ID != p.URI || f.Entries[2].ID != c.URI || !strings.Contains(f.Entries[2].Content.Text, "<strong>remark</strong>") || f.Entries[1].Author != "ada" {
		t.Errorf("comments' feed: %+v", f.Entries)
	}
}
