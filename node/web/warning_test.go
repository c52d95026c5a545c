package web_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"instar.example/node"
)

var asks = regexp.MustCompile(`<a href="([^"]+)" rel="nofollow">Show it</a>`)

// TestSensitiveTextsAreAskedFor: what is sensitive is sent to nobody but who asks
// for it; pages, lists, descriptions, feeds and embeds hold its warning.
func TestSensitiveTextsAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("Ada")
	p := s.post(ada, node.PostDraft{Title: "Of webs", Content: "Eight hidden legs", URL: "https://legs.example/eight", Warning: "spiders & <b>such</b>"})
	plain := s.post(ada, node.PostDraft{Title: "Of nothing", Content: "All may read this", Sensitive: false})
	c, err := s.node.Comment(t.Context(), ada, node.CommentDraft{PostID: plain.ID, Content: "Hidden fangs", Sensitive: true})
	if err != nil {
		t.Fatal(err)
	}
	changed := "Nine hidden legs"
	if _, err := s.node.EditPost(t.Context(), ada, p.ID, node.PostChange{Content: &changed}); err != nil {
		t.Fatal(err)
	}
	const said = `Content warning: <bdi>spiders &amp; &lt;b&gt;such&lt;/b&gt;</bdi>`
	for path, secret := range map[string]string{
		"/post/" + p.ID + "?sort=new": "hidden legs", "/post/" + p.ID + "/history": "hidden legs", "/comment/" + c.ID: "Hidden fangs", "/post/" + plain.ID: "Hidden fangs",
	} {
		body := s.page(path)
		if strings.Contains(body, secret) || strings.Contains(body, "legs.example") {
			t.Errorf("%s tells %q: %s", path, secret, body)
		}
		m := asks.FindStringSubmatch(body)
		if m == nil {
			t.Errorf("%s has no link to %q: %s", path, secret, body)
			continue
		}
		to := html.UnescapeString(m[1])
		if strings.HasSuffix(path, "?sort=new") && !strings.Contains(to, "sort=new") {
			t.Errorf("%s is opened at %s, in another order", path, to)
		}
		if got := s.page(to); !strings.Contains(got, secret) || !strings.Contains(got, `<meta name="robots" content="noindex">`) || strings.Contains(got, `">Show it</a>`) {
			t.Errorf("%s does not show %q, or may be indexed: %s", to, secret, got)
		}
	}
	if body := s.page("/post/" + plain.ID + "?open=1"); strings.Contains(body, "Hidden fangs") {
		t.Error("a comment is opened with the post that it is about")
	}
	for path, want := range map[string]string{
		"/": said, "/m/general": said, "/u/ada": said, "/search?q=legs": said, "/u/ada?type=comments": "Sensitive content",
		"/feed.atom": "spiders", "/feed.rss": "<category>sensitive</category>", "/feed.json": `"sensitive"`, "/feed.md": "Content warning: spiders",
		"/post/" + plain.ID + ".atom": `term="sensitive"`, "/u/ada/comments.rss": "Sensitive content",
	} {
		body := s.get(path).body
		if !strings.Contains(body, want) {
			t.Errorf("%s does not say %q: %s", path, want, body)
		}
		for _, secret := range []string{"hidden legs", "Hidden fangs", "legs.example"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s tells %q", path, secret)
			}
		}
	}
	if body := s.page("/post/" + p.ID); !strings.Contains(body, `content="Content warning: spiders &amp; &lt;b&gt;such&lt;/b&gt;"`) {
		t.Errorf("the description of the page is not its warning: %s", body)
	}
}
