package web_test

import (
	"strings"
	"testing"

	"instar.example/node"
)

// TestSensitiveTextsAreFolded: what is sensitive is in a folded part of its own
// pages alone; lists, descriptions, feeds and embeds hold its warning.
func TestSensitiveTextsAreFolded(t *testing.T) {
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
	const said = "Content warning: spiders &amp; &lt;b&gt;such&lt;/b&gt;"
	for path, secret := range map[string]string{
		"/post/" + p.ID: "hidden legs", "/post/" + p.ID + "/history": "hidden legs", "/comment/" + c.ID: "Hidden fangs", "/post/" + plain.ID: "Hidden fangs",
	} {
		body := s.page(path)
		outside := body
		for {
			from := strings.Index(outside, `<details class="warned">`)
			if from < 0 {
				break
			}
			outside = outside[:from] + outside[from+strings.Index(outside[from:], "</details>"):]
		}
		if strings.Contains(outside, secret) || strings.Contains(outside, "legs.example") || !strings.Contains(body, secret) {
			t.Errorf("%s does not fold %q: %s", path, secret, body)
		}
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
	if body := s.page("/post/" + p.ID); !strings.Contains(body, `content="`+said+`"`) {
		t.Errorf("the description of the page is not its warning: %s", body)
	}
}
