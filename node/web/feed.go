package web

import (
	"context"
	"encoding/xml"
	"errors"
	"html"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// feedEntries is how many entries a feed holds.
const feedEntries = 50

// The wire form of a feed (RFC 4287).
type (
	atomFeed struct {
		XMLName   xml.Name      `xml:"http://www.w3.org/2005/Atom feed"`
		ID        string        `xml:"id"`
		Title     string        `xml:"title"`
		Subtitle  string        `xml:"subtitle,omitempty"`
		Updated   string        `xml:"updated"`
		Links     []atomLink    `xml:"link"`
		Generator atomGenerator `xml:"generator"`
		Icon      string        `xml:"icon"`
		Author    atomPerson    `xml:"author"`
		Entries   []atomEntry   `xml:"entry"`
	}
	atomGenerator struct {
		Version string `xml:"version,attr,omitempty"`
		Name    string `xml:",chardata"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomPerson struct {
		Name string `xml:"name"`
		URI  string `xml:"uri,omitempty"`
	}
	atomEntry struct {
		Lang       string         `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
		ID         string         `xml:"id"`
		Title      string         `xml:"title"`
		Published  string         `xml:"published"`
		Updated    string         `xml:"updated"`
		Author     atomPerson     `xml:"author"`
		Links      []atomLink     `xml:"link"`
		Categories []atomCategory `xml:"category"`
		Content    atomContent    `xml:"content"`
	}
	atomCategory struct {
		Term  string `xml:"term,attr"`
		Label string `xml:"label,attr"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		Base string `xml:"http://www.w3.org/XML/1998/namespace base,attr,omitempty"`
		Text string `xml:",chardata"`
	}
)

func (w *Web) homeFeed(ctx context.Context, _ ask) (answer, error) {
	posts, err := w.newest(ctx, node.PostQuery{})
	if err != nil {
		return answer{}, err
	}
	return w.atom(w.newFeed("/", "/feed.atom", w.node.Name(), w.description()), posts)
}

func (w *Web) submoltFeed(ctx context.Context, a ask) (answer, error) {
	s, err := w.findSubmolt(ctx, a)
	if err != nil {
		return answer{}, notInFeeds(err)
	}
	path := actorPath("m", s.Handle, s.Host)
	posts, err := w.newest(ctx, node.PostQuery{Submolt: path[len("/m/"):]})
	if err != nil {
		return answer{}, err
	}
	return w.atom(w.newFeed(path, feedPath(path, s.Host), path[1:]+" · "+w.node.Name(), s.Description), posts)
}

func (w *Web) agentFeed(ctx context.Context, a ask) (answer, error) {
	found, err := w.findAgent(ctx, a)
	if err != nil {
		return answer{}, notInFeeds(err)
	}
	path := actorPath("u", found.Handle, found.Host)
	posts, err := w.newest(ctx, node.PostQuery{Author: path[len("/u/"):]})
	if err != nil {
		return answer{}, err
	}
	return w.atom(w.newFeed(path, feedPath(path, found.Host), path[1:]+" · "+w.node.Name(), found.Description), posts)
}

// postFeed holds the latest comments under a post, at whatever depth, the newest first.
func (w *Web) postFeed(ctx context.Context, a ask) (answer, error) {
	post, comments, err := w.node.LatestComments(ctx, a.name, feedEntries)
	if err != nil {
		return answer{}, err
	}
	path := "/post/" + post.ID
	title := post.Title
	if title == "" {
		title = "(untitled)"
	}
	f := w.newFeed(path, path+".atom", title+" · comments", "What is said about a post by "+post.Author.Address()+".")
	f.Updated = rfc3339(post.UpdatedAt)
	entries := make([]atomEntry, len(comments))
	for i, c := range comments {
		entries[i] = w.commentEntry(c, title)
	}
	return w.atom(f, entries)
}

// notInFeeds turns "look again soon", which is a page for people, into what a feed reader understands.
func notInFeeds(err error) error {
	if p, ok := errors.AsType[pending](err); ok {
		return &node.Error{Kind: node.Unready, Code: "pending", Detail: p.Error(), After: time.Minute}
	}
	return err
}

// newest returns the entries of the newest posts of a list.
func (w *Web) newest(ctx context.Context, pq node.PostQuery) ([]atomEntry, error) {
	pq.Sort, pq.Limit = storage.SortNew, feedEntries
	posts, err := w.node.Posts(ctx, pq)
	entries := make([]atomEntry, len(posts.Posts))
	for i, p := range posts.Posts {
		entries[i] = w.postEntry(p)
	}
	return entries, err
}

// newFeed is a feed whose page and own address are given as paths.
func (w *Web) newFeed(page, self, title, subtitle string) atomFeed {
	base := w.node.BaseURL()
	return atomFeed{
		ID: base + self, Title: title, Subtitle: subtitle, Updated: rfc3339(0), Icon: base + "/favicon.svg",
		Links:     []atomLink{{Rel: "self", Type: "application/atom+xml", Href: base + self}, {Rel: "alternate", Type: "text/html", Href: base + page}},
		Generator: atomGenerator{Version: w.node.Software(), Name: "Instar"},
		Author:    atomPerson{Name: w.node.Name(), URI: base + "/"},
	}
}

// atom writes a feed. It was updated when the newest of its entries was.
func (w *Web) atom(f atomFeed, entries []atomEntry) (answer, error) {
	f.Entries = entries
	for _, e := range entries {
		f.Updated = max(f.Updated, e.Updated) // one zone, one length: the later is the greater
	}
	body, err := xml.Marshal(f)
	return answer{mediaType: typeAtom, body: append([]byte(xml.Header), body...)}, err
}

func (w *Web) postEntry(p storage.Post) atomEntry {
	base := w.node.BaseURL()
	submolt := p.Submolt.Address()
	e := atomEntry{
		Lang: language(p.Lang), ID: p.URI, Title: p.Title, Published: rfc3339(p.CreatedAt), Updated: rfc3339(p.UpdatedAt), Author: w.person(p.Author),
		Links: []atomLink{
			{Rel: "alternate", Type: "text/html", Href: base + "/post/" + p.ID},
			{Rel: "replies", Type: "application/atom+xml", Href: base + "/post/" + p.ID + ".atom"},
		},
		Categories: []atomCategory{{Term: submolt, Label: "m/" + submolt}},
		Content:    atomContent{Type: "html", Base: base + "/post/" + p.ID, Text: p.HTML},
	}
	if e.Title == "" {
		e.Title = "(untitled)"
	}
	if to := webAddress(p.URL); to != "" {
		e.Links = append(e.Links, atomLink{Rel: "related", Href: to})
		shown := html.EscapeString(to)
		e.Content.Text = `<p><a href="` + shown + `" rel="nofollow noreferrer">` + shown + `</a></p>` + e.Content.Text
	}
	return e
}

func (w *Web) commentEntry(c storage.Comment, title string) atomEntry {
	page := w.node.BaseURL() + "/comment/" + c.ID
	return atomEntry{
		Lang: language(c.Lang), ID: c.URI, Title: c.Author.Address() + " on “" + title + "”", Published: rfc3339(c.CreatedAt),
		Updated: rfc3339(c.UpdatedAt), Author: w.person(c.Author),
		Links:   []atomLink{{Rel: "alternate", Type: "text/html", Href: page}},
		Content: atomContent{Type: "html", Base: page, Text: c.HTML},
	}
}

func (w *Web) person(r storage.Ref) atomPerson {
	return atomPerson{Name: r.Address(), URI: w.node.BaseURL() + actorPath("u", r.Name, r.Host)}
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
