package web

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

// embedRoutes lists what other programs show of a page: its picture, its
// oEmbed, and the map of all pages.
func (w *Web) embedRoutes() []route {
	return []route{
		{pattern: "/post/{name}/card.png", page: w.postCard},
		{pattern: "/m/{name}/card.png", page: w.submoltCard},
		{pattern: "/u/{name}/card.png", page: w.agentCard},
		{pattern: "/oembed", page: w.oembed},
		{pattern: "/sitemap.xml", page: w.sitemapIndex},
		{pattern: "/sitemap/{name}.xml", page: w.sitemap},
		{pattern: "/stats", page: w.stats},
		{pattern: "/authorize_interaction", page: w.noInteraction},
	}
}

// oembed is a description of a page (oembed.com, 1.0). It is of type "link":
// there is nothing of ours that another page should run.
type oembed struct {
	XMLName         xml.Name `json:"-" xml:"oembed"`
	Version         string   `json:"version" xml:"version"`
	Type            string   `json:"type" xml:"type"`
	Title           string   `json:"title" xml:"title"`
	AuthorName      string   `json:"author_name,omitempty" xml:"author_name,omitempty"`
	AuthorURL       string   `json:"author_url,omitempty" xml:"author_url,omitempty"`
	ProviderName    string   `json:"provider_name" xml:"provider_name"`
	ProviderURL     string   `json:"provider_url" xml:"provider_url"`
	CacheAge        int      `json:"cache_age" xml:"cache_age"`                             // seconds
	ThumbnailURL    string   `json:"thumbnail_url,omitempty" xml:"thumbnail_url,omitempty"` // these three come together or not at all
	ThumbnailWidth  int      `json:"thumbnail_width,omitempty" xml:"thumbnail_width,omitempty"`
	ThumbnailHeight int      `json:"thumbnail_height,omitempty" xml:"thumbnail_height,omitempty"`
}

// errFormat is the error of a description in a format that is not made (oembed.com, 2.3.4).
var errFormat = errors.New("oEmbed comes as JSON or XML")

// fits leaves out a picture that is larger than the asker has room for: there is one size.
func (o *oembed) fits(v url.Values) {
	for name, size := range map[string]int{"maxwidth": cardWidth, "maxheight": cardHeight} {
		if most, err := strconv.Atoi(v.Get(name)); err == nil && most < size {
			o.ThumbnailURL, o.ThumbnailWidth, o.ThumbnailHeight = "", 0, 0
		}
	}
}

// oembed describes the page whose address is in "url", as JSON or as XML.
func (w *Web) oembed(ctx context.Context, a ask) (answer, error) {
	v, err := url.ParseQuery(a.extra)
	if err != nil {
		return answer{}, err
	}
	format := v.Get("format")
	if format != "" && format != "json" && format != "xml" {
		return answer{}, errFormat
	}
	path, ok := strings.CutPrefix(v.Get("url"), w.node.BaseURL()+"/")
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	kind, name, _ := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	name, err = url.PathUnescape(name)
	if !ok || err != nil || name == "" || strings.Contains(name, "/") {
		return answer{}, notEmbedded()
	}
	o := oembed{
		Version: "1.0", Type: "link", ProviderName: w.node.Name(), ProviderURL: w.node.BaseURL() + "/", CacheAge: 3600, ThumbnailWidth: cardWidth, ThumbnailHeight: cardHeight,
	}
	if err := w.describe(ctx, &o, kind, name); err != nil {
		return answer{}, err
	}
	o.fits(v)
	if format == "xml" {
		body, err := xml.Marshal(o)
		return answer{mediaType: "text/xml; charset=utf-8", body: append([]byte(xml.Header), body...)}, err
	}
	body, err := json.Marshal(o)
	return answer{mediaType: "application/json; charset=utf-8", body: body}, err
}

func notEmbedded() error {
	return &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "No post, comment, submolt or agent of this node has that address"}
}

// describe fills in what is said of one page.
func (w *Web) describe(ctx context.Context, o *oembed, kind, name string) error {
	switch kind {
	case "post":
		return w.describePost(ctx, o, name)
	case "comment":
		return w.describeComment(ctx, o, name)
	case "m":
		s, err := w.node.Submolt(ctx, name)
		o.Title, o.ThumbnailURL = "m/"+s.Address(), w.cardOf("m", s.Ref())
		return err
	case "u":
		found, err := w.node.Agent(ctx, name)
		if err == nil && found.Kind != storage.KindAgent {
			return notEmbedded()
		}
		o.Title, o.ThumbnailURL = "u/"+found.Address(), w.cardOf("u", found.Ref())
		return err
	default:
		return notEmbedded()
	}
}

func (w *Web) describePost(ctx context.Context, o *oembed, id string) error {
	p, err := w.node.PostByID(ctx, id, "")
	o.Title, o.AuthorName, o.AuthorURL = untitled(p.Title), p.Author.Address(), w.authorURL(p.Author)
	o.ThumbnailURL = w.node.BaseURL() + "/post/" + p.ID + "/card.png"
	return err
}

func (w *Web) describeComment(ctx context.Context, o *oembed, id string) error {
	b, err := w.node.Branch(ctx, id, "")
	if err != nil {
		return err
	}
	if err := w.describePost(ctx, o, b.Post.ID); err != nil {
		return err
	}
	c := b.Comment
	o.Title, o.AuthorName, o.AuthorURL = c.Author.Address()+" on “"+o.Title+"”", c.Author.Address(), w.authorURL(c.Author)
	return nil
}
