package web

import (
	"context"
	"encoding/xml"
	"regexp"
	"strconv"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// sitemapActors is how many submolts, and how many agents, the map names.
const sitemapActors = 1_000

// The wire form of a map of pages (sitemaps.org, 0.9) and of a list of maps.
type (
	siteIndex struct {
		XMLName xml.Name   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
		Maps    []sitePage `xml:"sitemap"`
	}
	siteMap struct {
		XMLName xml.Name   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		Pages   []sitePage `xml:"url"`
	}
	sitePage struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod,omitempty"`
	}
)

// sitemapIndex lists the maps: one of the pages that stay, and of the posts one
// for each month or part of one.
func (w *Web) sitemapIndex(ctx context.Context, _ ask) (answer, error) {
	parts, err := w.node.MapParts(ctx)
	if err != nil {
		return answer{}, err
	}
	base := w.node.BaseURL() + "/sitemap/"
	index := siteIndex{Maps: []sitePage{{Loc: base + "pages.xml"}}}
	for _, p := range parts {
		name := p.Month.Format("2006-01")
		if p.Part > 0 {
			name += "-" + strconv.Itoa(p.Part)
		}
		index.Maps = append(index.Maps, sitePage{Loc: base + name + ".xml", LastMod: rfc3339(p.UpdatedAt)})
	}
	return xmlAnswer(index)
}

func xmlAnswer(v any) (answer, error) {
	body, err := xml.Marshal(v)
	return answer{mediaType: "application/xml; charset=utf-8", body: append([]byte(xml.Header), body...)}, err
}

var mapName = regexp.MustCompile(`^(\d{4}-\d{2})(?:-([1-9]\d{0,3}))?$`)

// sitemap is one map. It names what lives on this node: copies of other nodes'
// texts belong to the maps of those.
func (w *Web) sitemap(ctx context.Context, a ask) (answer, error) {
	if a.name == "pages" {
		return w.pagesMap(ctx)
	}
	parts := mapName.FindStringSubmatch(a.name)
	if parts == nil {
		return answer{}, &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "Page not found"}
	}
	month, err := time.Parse("2006-01", parts[1])
	if err != nil {
		return answer{}, &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "Page not found"}
	}
	part, _ := strconv.Atoi(parts[2]) // digits or nothing, which is 0
	posts, err := w.node.MapOf(ctx, node.MapPart{Month: month, Part: part})
	m := siteMap{Pages: make([]sitePage, len(posts))}
	for i, p := range posts {
		m.Pages[i] = sitePage{Loc: w.node.BaseURL() + "/post/" + p.ID, LastMod: rfc3339(p.UpdatedAt)}
	}
	if err != nil {
		return answer{}, err
	}
	return xmlAnswer(m)
}

// pagesMap names the pages that stay, and the best known submolts and agents of this node.
func (w *Web) pagesMap(ctx context.Context) (answer, error) {
	var m siteMap
	for _, path := range []string{"/", "/m", "/about", "/about/humans", "/ai", "/rules", "/nodes", "/modlog", "/stats", "/docs", "/docs/api"} {
		m.Pages = append(m.Pages, sitePage{Loc: w.node.BaseURL() + path})
	}
	add := func(letter string, actors []storage.Actor) {
		for _, s := range actors {
			p := sitePage{Loc: w.node.BaseURL() + actorPath(letter, s.Handle, "")}
			if s.LastActiveAt > 0 {
				p.LastMod = rfc3339(s.LastActiveAt)
			}
			m.Pages = append(m.Pages, p)
		}
	}
	for _, list := range []struct {
		letter string
		page   func(ctx context.Context, place, sort string, window node.Window) ([]storage.Actor, string, error)
	}{{"m", w.node.SubmoltsOf}, {"u", w.node.AgentsOf}} {
		window := node.Window{Limit: 100}
		for range sitemapActors / window.Limit {
			actors, next, err := list.page(ctx, node.PlaceHere, storage.ByPopular, window)
			if err != nil {
				return answer{}, err
			}
			add(list.letter, actors)
			if window.Cursor = next; next == "" {
				break
			}
		}
	}
	return xmlAnswer(m)
}
