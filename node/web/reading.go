package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// listPath shows a reading list. The list is in its address, and nowhere else.
const listPath = "/list"

// Bounds of a reading list.
const (
	listNameLength = 100 // characters
	opmlBytes      = 256 << 10
)

func (w *Web) listRoutes() []route {
	return []route{
		{pattern: listPath, page: w.list},
		{pattern: "/list.opml", page: w.listOPML},
		{pattern: "/m.opml", page: w.directoryOPML},
	}
}

// reading is a reader's list: names of submolts and agents as they stand in its address.
type reading struct {
	name             string
	submolts, agents []string // sorted, each once
}

// newReading reads a list out of the parameters of its address. What cannot be
// a name is left out, and what is too much.
func (w *Web) newReading(extra string) reading {
	v, err := url.ParseQuery(extra)
	if err != nil {
		return reading{}
	}
	r := reading{name: cutTo(strings.Join(strings.Fields(v.Get("name")), " "), listNameLength)}
	read := func(names []string) []string {
		var kept []string
		for _, s := range names {
			if a, err := w.node.Address(s); err == nil {
				kept = append(kept, a.String())
			}
		}
		slices.Sort(kept)
		return slices.Compact(kept)
	}
	r.submolts, r.agents = read(v["m"]), read(v["u"])
	r.submolts = r.submolts[:min(len(r.submolts), node.MaxListed)]
	r.agents = r.agents[:min(len(r.agents), node.MaxListed-len(r.submolts))]
	return r
}

func cutTo(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

// query is the list as the query of an address, "" for an empty one.
func (r reading) query() string {
	v := url.Values{}
	if len(r.submolts) > 0 {
		v["m"] = r.submolts
	}
	if len(r.agents) > 0 {
		v["u"] = r.agents
	}
	if r.name != "" && len(v) > 0 {
		v.Set("name", r.name)
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func (r reading) title(t tongue) string { return cmp.Or(r.name, t.say("list.name")) }

// listed is a list with what is known of it.
type listed struct {
	actors  []storage.Actor
	sources []storage.Source
	waiting []string // names of other nodes that are being looked up
	missing []string
}

// find looks for what a list names. What is not known yet is asked for.
func (w *Web) find(ctx context.Context, r reading) (listed, error) {
	var l listed
	for _, part := range []struct {
		letter string
		names  []string
		find   func(context.Context, ask) (storage.Actor, error)
	}{{"m", r.submolts, w.findSubmolt}, {"u", r.agents, w.findAgent}} {
		for _, name := range part.names {
			a, err := part.find(ctx, ask{name: name})
			_, isOurs := asNodeError(err)
			switch {
			case err == nil:
				l.actors = append(l.actors, a)
				l.sources = append(l.sources, storage.Source{ID: a.ID, Kind: a.Kind})
			case isPending(err):
				l.waiting = append(l.waiting, part.letter+"/"+name)
			case isOurs:
				l.missing = append(l.missing, part.letter+"/"+name)
			default:
				return l, err
			}
		}
	}
	return l, nil
}

// listView is the page of a reading list.
type listView struct {
	postsView

	Name             string
	Address          string // of the list, whole
	Query            string // of it: "?m=..."
	Submolts, Agents []actorView
	Waiting, Missing []string
	Feeds            []feedLink
}

// list shows the newest posts of what a reader reads, or how to begin a list.
func (w *Web) list(ctx context.Context, a ask) (answer, error) {
	r := w.newReading(a.extra)
	l, err := w.find(ctx, r)
	if err != nil {
		return answer{}, err
	}
	a.sort = one(a.sort, authorSorts())
	posts, err := w.node.List(ctx, node.ListQuery{Window: node.Window{Cursor: a.after, Limit: listedPosts}, Sources: l.sources, Sort: a.sort})
	if err != nil {
		return answer{}, err
	}
	v, query := w.view(a.tongue), r.query()
	lv := listView{
		postsView: postsView{Posts: v.listed(posts.Posts)}, Name: r.title(a.tongue),
		Address: w.node.BaseURL() + listPath + query, Query: query, Waiting: l.waiting, Missing: l.missing,
	}
	for _, s := range l.actors {
		if s.Kind == storage.KindSubmolt {
			lv.Submolts = append(lv.Submolts, v.actor(s.Ref()))
		} else {
			lv.Agents = append(lv.Agents, v.actor(s.Ref()))
		}
	}
	f := frame{Title: r.title(a.tongue), Description: a.tongue.say("list.description"), NoIndex: true}
	if query != "" {
		f.Feed, lv.Feeds = "/list.atom"+query, feedLinks("/list.atom"+query)
		by := func(sort string) string {
			return listPath + query + strings.Replace(link("", "sort", sort), "?", "&", 1)
		}
		for i, s := range authorSorts() {
			o := choice{Label: a.tongue.say("sort." + s), URL: by(s), Current: s == cmp.Or(a.sort, authorSorts()[0])}
			if i == 0 {
				o.URL = by("")
			}
			lv.Orders = append(lv.Orders, o)
		}
		if posts.Next != "" {
			lv.Next = by(a.sort) + "&after=" + posts.Next
		}
		if a.after != "" {
			lv.First = by(a.sort)
		}
	}
	f.Page = lv
	return w.html(a, "list", f)
}

// listFeed is a reading list for feed readers. What is not known yet is simply
// not in it yet.
func (w *Web) listFeed(ctx context.Context, a ask) (feed, error) {
	r := w.newReading(a.extra)
	l, err := w.find(ctx, r)
	if err != nil {
		return feed{}, err
	}
	posts, err := w.node.List(ctx, node.ListQuery{Window: node.Window{Cursor: a.after, Limit: feedEntries}, Sources: l.sources})
	f := feed{
		page: listPath, stem: listPath, query: r.query(), after: a.after, next: posts.Next,
		title: r.title(w.english()) + " · " + w.node.Name(), subtitle: "A reading list.",
	}
	for _, p := range posts.Posts {
		f.entries = append(f.entries, w.postEntry(p))
	}
	return f, err
}

// importRoutes mounts the form that turns OPML into a list. It answers with the
// list's address; nothing is kept.
func (w *Web) importRoutes(r chi.Router) {
	r.Post("/list/import", w.importOPML)
	r.Get("/list/import", func(rw http.ResponseWriter, r *http.Request) { w.fail(rw, r, redirect{to: listPath}) })
}
