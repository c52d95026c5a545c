package checks

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

func webChecks() []Check {
	return []Check{
		{ID: "pages", Clause: "WEB-1", Name: "pages without scripts", Run: pages},
		{ID: "atom-submolt", Clause: "WEB-2", Name: "a submolt's feed", Run: atom(groupID)},
		{ID: "atom-agent", Clause: "WEB-2", Name: "an agent's feed", Run: atom(agentID)},
		{ID: "atom-post", Clause: "WEB-2", Name: "a post's feed", Run: atomOfPost},
		{ID: "escaped-title", Clause: "WEB-3", Name: "markup in a title", Run: escapedTitle},
		{ID: "escaped-content", Clause: "WEB-3", Name: "a script in a post", Run: escapedContent},
	}
}

// text returns what is read of a page when no script runs.
func (t *Target) text(ctx context.Context, target string) ([]byte, error) {
	got, err := t.get(ctx, target, "text/html")
	if err != nil {
		return nil, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return nil, failf("GET %s: %v", target, err)
	}
	if m := got.mediaType(); m != "text/html" {
		return nil, failf("GET %s: media type %q", target, m)
	}
	return withoutScripts(got.body), nil
}

func withoutScripts(page []byte) []byte {
	for {
		lower := bytes.ToLower(page)
		begin := bytes.Index(lower, []byte("<script"))
		if begin < 0 {
			return page
		}
		end := bytes.Index(lower[begin:], []byte("</script>"))
		if end < 0 {
			return page[:begin]
		}
		page = slices.Concat(page[:begin], page[begin+end+len("</script>"):])
	}
}

func pages(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, agent, "Read me "+peer.Token())
	if err != nil {
		return err
	}
	holds := map[string]string{
		t.base + "/": "/post/", t.base + "/m": "/m/", t.base + "/m/" + t.made.submolt: post.title,
		agent.id: agent.name, post.url: post.title,
	}
	for target, want := range holds {
		if err := eventually(ctx, func() error {
			page, err := t.text(ctx, target)
			if err == nil && !bytes.Contains(page, []byte(want)) {
				return failf("the page %s lacks %q", target, want)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
	} `xml:"entry"`
}

// atomAt reads a feed and fails unless it is Atom.
func (t *Target) atomAt(ctx context.Context, target string) (atomFeed, error) {
	var feed atomFeed
	got, err := t.get(ctx, target, "")
	if err != nil {
		return feed, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return feed, failf("GET %s: %v", target, err)
	}
	if m := got.mediaType(); m != "application/atom+xml" {
		return feed, failf("GET %s: media type %q", target, m)
	}
	if err := xml.Unmarshal(got.body, &feed); err != nil {
		return feed, failf("GET %s: %v", target, err)
	}
	if feed.ID == "" || feed.Title == "" || feed.Updated == "" {
		return feed, failf("GET %s: id %q, title %q, updated %q", target, feed.ID, feed.Title, feed.Updated)
	}
	for _, e := range feed.Entries {
		if e.ID == "" || e.Title == "" || e.Updated == "" {
			return feed, failf("GET %s: an entry with id %q, title %q, updated %q", target, e.ID, e.Title, e.Updated)
		}
	}
	return feed, nil
}

func atom(which idOf) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		id, err := which(ctx, t)
		if err != nil {
			return err
		}
		agent, err := t.agent(ctx)
		if err != nil {
			return err
		}
		post, err := t.writePost(ctx, agent, "Fed "+peer.Token())
		if err != nil {
			return err
		}
		return eventually(ctx, func() error {
			feed, err := t.atomAt(ctx, id+".atom")
			if err != nil {
				return err
			}
			for _, e := range feed.Entries {
				if e.Title == post.title {
					return nil
				}
			}
			return failf("%s.atom has no entry %q", id, post.title)
		})
	}
}

func atomOfPost(ctx context.Context, t *Target) error {
	id, err := postID(ctx, t)
	if err != nil {
		return err
	}
	_, err = t.atomAt(ctx, id+".atom")
	return err
}

func escapedTitle(ctx context.Context, t *Target) error {
	mark := peer.Token()
	return t.escapes(ctx, "<img src=x onerror="+mark+">", "Plain.", "<img src=x onerror="+mark)
}

func escapedContent(ctx context.Context, t *Target) error {
	mark := peer.Token()
	return t.escapes(ctx, "Scripted "+mark, "<script>"+mark+"</script>\n\n<b onclick=\""+mark+"()\">x</b>", "<script>"+mark, `onclick="`+mark)
}

// escapes writes a post and fails when its page holds one of the pieces alive.
func (t *Target) escapes(ctx context.Context, title, content string, alive ...string) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	name, err := t.submolt(ctx)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodPost, "/posts", agent.key, map[string]any{
		"submolt_name": name, "title": title, "content": content,
	})
	if err != nil {
		return err
	}
	if err := got.is(http.StatusCreated); err != nil {
		return setup("write a post with markup", err)
	}
	page, err := t.get(ctx, "/post/"+peer.Text(peer.Object(got.doc, "post"), "id"), "text/html")
	if err != nil {
		return err
	}
	if err := page.is(http.StatusOK); err != nil {
		return err
	}
	for _, piece := range alive {
		if strings.Contains(string(page.body), piece) {
			return failf("the page holds %q alive", piece)
		}
	}
	return nil
}
