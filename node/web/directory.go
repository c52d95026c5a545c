package web

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// directoryPage is how many submolts one page of the directory shows.
const directoryPage = 50

func submoltSorts() []string {
	return []string{storage.ByPopular, storage.ByActive, storage.ByNew, storage.ByAlphabetical}
}

type submoltsView struct {
	Scopes, Orders []choice
	Submolts       []submoltLine
	Next, First    string // the addresses of other pages, or ""
	Query          string // what was searched for, or ""
	Named          string // the page of the submolt that Query names, or ""
}

// submolts is the directory of the submolts known here.
func (w *Web) submolts(ctx context.Context, a ask) (answer, error) {
	a.sort, a.kind, a.lang = one(a.sort, submoltSorts()), "", ""
	f := frame{
		Title: a.tongue.say("submolts.h1"), Description: a.tongue.say("submolts.description", "node", w.node.Name()), Section: "m", Path: "/m", Feed: link("/m.atom", "show", a.place, "sort", a.sort),
		NoIndex: a.after != "" || a.sort != "" || a.place != "" || a.query != "",
	}
	var sv submoltsView
	var err error
	if a.query != "" {
		sv, err = w.foundSubmolts(ctx, a)
	} else {
		sv, err = w.listedSubmolts(ctx, a)
	}
	f.Next, f.Page = sv.Next, sv
	if err != nil {
		return answer{}, err
	}
	return w.html(a, "submolts", f)
}

func (w *Web) listedSubmolts(ctx context.Context, a ask) (submoltsView, error) {
	actors, next, err := w.node.SubmoltsOf(ctx, a.place, a.sort, node.Window{Cursor: a.after, Limit: directoryPage})
	if err != nil {
		return submoltsView{}, err
	}
	sv := submoltsView{Orders: orders("/m", a, submoltSorts())}
	for _, s := range []struct{ label, place string }{{"submolts.everywhere", ""}, {"home.this_node", node.PlaceHere}, {"submolts.other_nodes", node.PlaceElse}} {
		sv.Scopes = append(sv.Scopes, choice{Label: a.tongue.say(s.label), Current: s.place == a.place, URL: a.link("/m", func(a *ask) { a.place, a.after = s.place, "" })})
	}
	if next != "" {
		sv.Next = a.link("/m", func(a *ask) { a.after = next })
	}
	sv.First = a.first("/m")
	sv.Submolts = w.view(a.tongue).submoltLines(actors)
	return sv, nil
}

// first is the address of a list's first page, "" where that is asked for.
func (a ask) first(path string) string {
	if a.after == "" {
		return ""
	}
	return a.link(path, func(a *ask) { a.after = "" })
}

// foundSubmolts are those whose names or descriptions hold the words asked for;
// a name of another node is a link away even when nobody here knows it.
func (w *Web) foundSubmolts(ctx context.Context, a ask) (submoltsView, error) {
	sv := submoltsView{Query: a.query}
	if addr, err := w.node.Address(a.query); err == nil && addr.Host != "" {
		sv.Named = actorPath("m", addr.Handle, addr.Host)
	}
	found, err := w.node.Search(ctx, node.SearchQuery{Window: node.Window{Cursor: a.after}, Q: a.query, Type: kindSubmolts})
	if err != nil {
		return sv, err
	}
	if found.Next != "" {
		sv.Next = a.link("/m", func(a *ask) { a.after = found.Next })
	}
	sv.First = a.first("/m")
	v := w.view(a.tongue)
	for _, r := range found.Results {
		if r.Actor != nil {
			sv.Submolts = append(sv.Submolts, v.submoltLine(*r.Actor))
		}
	}
	return sv, nil
}
