package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// feedEntries is how many entries a feed holds.
const feedEntries = 50

// feed is a list of texts, before it is written in one of the formats.
type feed struct {
	page  string // the path of the page whose twin it is, with its query
	stem  string // its own path without the extension
	query string // of both, without the cursor: "?q=..." or ""
	after string // the cursor that it begins behind, or ""
	next  string // the cursor of the next part, or ""

	title, subtitle string
	updated         int64    // at least this; its entries may be newer
	lead            *entryOf // what the entries answer, or nil; it comes first
	entries         []entryOf
}

// entryOf is a text in a feed.
type entryOf struct {
	id, url, title, lang string
	html, text           string // sanitised, and as it was written
	author               storage.Ref
	submolt              *storage.Ref // none for a comment
	external             string       // what a link post points to, or ""
	replies              string       // the stem of the feed of what is said about it, or ""
	published, updated   int64
	score, comments      int64
	sensitive            bool // its text is not told, its warning stands in its place
}

// whole are the entries, behind what they answer.
func (f feed) whole() []entryOf {
	if f.lead == nil {
		return f.entries
	}
	return append([]entryOf{*f.lead}, f.entries...)
}

// source makes the feed of an address.
type source func(ctx context.Context, a ask) (feed, error)

// format is a way to write a feed. All are made of the same feed, so that they
// say the same.
type format struct {
	ext, mediaType string
	write          func(w *Web, f feed) ([]byte, error)
}

// formats are the twins of a page. The usual one is the first. They are
// written with the marshallers of the standard library: what libraries for
// feeds offer has no place for the language of an entry, for rel="self" and
// rel="next", for authors without an e-mail address or for an empty list.
func formats() []format {
	return []format{
		{"atom", typeAtom, (*Web).atom},
		{"rss", "application/rss+xml; charset=utf-8", (*Web).rss},
		{"json", "application/feed+json; charset=utf-8", (*Web).jsonFeed},
		{"md", "text/markdown; charset=utf-8", (*Web).markdown},
	}
}

// twins are the routes of a source in every format; stem is their pattern
// without the extension.
func (w *Web) twins(stem string, from source) []route {
	var rs []route
	for _, f := range formats() {
		rs = append(rs, route{pattern: stem + "." + f.ext, page: w.in(f, from)})
	}
	return rs
}

// feedRoutes lists the twins of all pages.
func (w *Web) feedRoutes() []route {
	const local = "{name:[A-Za-z0-9_-]+}"
	var rs []route
	for _, t := range []struct {
		stem string
		from source
	}{
		{"/feed", w.homeFeed},
		{"/m", w.directoryFeed},
		{"/m/" + local, w.submoltFeed},
		{"/m/{name}/feed", w.submoltFeed},
		{"/u/" + local, w.agentFeed},
		{"/u/{name}/feed", w.agentFeed},
		{"/u/{name}/comments", w.saidFeed},
		{"/post/" + local, w.postFeed},
		{"/comment/" + local, w.commentFeed},
		{"/search", w.searchFeed},
		{"/modlog", w.modLogFeed},
		{"/list", w.listFeed},
	} {
		rs = append(rs, w.twins(t.stem, t.from)...)
	}
	return rs
}

// in is the page of a source in a format.
func (w *Web) in(f format, from source) page {
	return func(ctx context.Context, a ask) (answer, error) {
		made, err := from(ctx, a)
		if err != nil {
			return answer{}, notInFeeds(err)
		}
		if made.after != "" {
			made.lead = nil // it stands in the first part
		}
		for _, e := range made.entries {
			made.updated = max(made.updated, e.updated)
		}
		body, err := f.write(w, made)
		return answer{mediaType: f.mediaType, body: body}, err
	}
}

// notInFeeds turns "look again soon", which is a page for people, into what a feed reader understands.
func notInFeeds(err error) error {
	if p, ok := errors.AsType[pending](err); ok {
		return &node.Error{Kind: node.Unready, Code: "pending", Detail: p.Error(), After: time.Minute}
	}
	return err
}

// id is the name of a feed, the same for all its parts and all its formats but
// this one.
func (f feed) id(w *Web, ext string) string {
	return w.node.BaseURL() + f.stem + "." + ext + f.query
}

// self is the address of this part of a feed.
func (f feed) self(w *Web, ext string) string { return f.part(w, ext, f.after) }

// nextPart is the address of the next part (RFC 5005 §3), "" at the end.
func (f feed) nextPart(w *Web, ext string) string {
	if f.next == "" {
		return ""
	}
	return f.part(w, ext, f.next)
}

func (f feed) part(w *Web, ext, after string) string {
	if after == "" {
		return f.id(w, ext)
	}
	and := "?"
	if f.query != "" {
		and = "&"
	}
	return f.id(w, ext) + and + "after=" + after // a cursor has letters and digits, "-" and "_" alone
}

// home is the address of the page that the feed is a twin of.
func (f feed) home(w *Web) string { return w.node.BaseURL() + f.page + f.query }

// absolute makes links within this node whole: a feed is read elsewhere. What
// is in a text is escaped, so that a quotation mark is one of an attribute.
func (w *Web) absolute(html string) string {
	return strings.ReplaceAll(html, `href="/`, `href="`+w.node.BaseURL()+"/")
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func httpDate(ms int64) string { return time.UnixMilli(ms).UTC().Format(http.TimeFormat) }
