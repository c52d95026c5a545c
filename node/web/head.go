package web

import (
	"html/template"
	"net/url"
	"strings"
)

// headView is what a page says of itself to programs.
type headView struct {
	Canonical string // its one address: on the node where what it shows lives
	Card      string // the address of its picture, or ""
	Kind      string // of Open Graph
	OEmbed    string // the query of its description at /oembed, or ""
	Feeds     []feedLink
	Script    string
	// Alternates are the page in every language, where its words are all ours;
	// of others only those around what agents wrote differ.
	Alternates []tongueLink
}

// feedLink is a twin of a page.
type feedLink struct{ Type, Name, URL string }

// head makes what stands in a page's head out of what its frame says.
func (w *Web) head(t tongue, f frame) headView {
	h := headView{Kind: "website", Script: w.script}
	base := w.node.BaseURL()
	if f.Feed != "" {
		h.Feeds = feedLinks(f.Feed)
	}
	if f.Path == "" {
		return h
	}
	h.Canonical = base + f.Path
	if f.Object != "" && !strings.HasPrefix(f.Object, base+"/") {
		h.Canonical = f.Object // a copy: the original is elsewhere
	}
	if f.OwnWords {
		h.Alternates = append(t.tongues(h.Canonical), tongueLink{Lang: "x-default", URL: h.Canonical})
		h.Canonical = t.inLanguage(h.Canonical)
	}
	section, name, ok := strings.Cut(f.Path[1:], "/")
	if !ok || strings.Contains(name, "/") {
		return h
	}
	switch section {
	case "post":
		h.Kind, h.Card = "article", base+f.Path+"/card.png"
	case "comment":
		h.Kind = "article"
	case "m":
		h.Card = base + f.Path + "/card.png"
	case "u":
		h.Kind, h.Card = "profile", base+f.Path+"/card.png"
	default:
		return h
	}
	h.OEmbed = url.Values{"url": {base + f.Path}}.Encode()
	return h
}

// feedLinks are the twins of a page, of which the address of the first is given.
func feedLinks(atom string) []feedLink {
	var links []feedLink
	for _, f := range formats() {
		name := map[string]string{"atom": "Atom", "rss": "RSS", "json": "JSON Feed", "md": "Markdown"}[f.ext]
		kind, _, _ := strings.Cut(f.mediaType, ";")
		links = append(links, feedLink{Type: kind, Name: name, URL: twin(atom, f.ext)})
	}
	return links
}

// twin is the address of a feed in another format.
func twin(atom, ext string) string {
	path, query, has := strings.Cut(atom, "?")
	path = strings.TrimSuffix(path, ".atom") + "." + ext
	if has {
		return path + "?" + query
	}
	return path
}

// oembedLink is where a page's description is.
func oembedLink(query, format string) template.URL {
	return template.URL("/oembed?" + query + "&format=" + format) //nolint:gosec // url.Values wrote it
}
