package web

import (
	"cmp"
	"net/url"

	"instar.example/node"
	"instar.example/storage"
)

// choice is one of several forms of a page.
type choice struct {
	Label, URL string
	Lang       string // of the label, "" for the page's
	Current    bool
}

// orders makes links to the orders of a page, the first of which is its usual one.
func orders(path string, a ask, sorts []string) []choice {
	current := cmp.Or(a.sort, sorts[0])
	list := make([]choice, len(sorts))
	for i, s := range sorts {
		list[i] = choice{Label: a.tongue.say("sort." + s), Current: s == current, URL: a.link(path, func(a *ask) {
			a.sort, a.time, a.after = s, "", ""
			if i == 0 {
				a.sort = ""
			}
		})}
	}
	return list
}

// periods makes links to how far back the best posts are looked for.
func periods(path string, a ask) []choice {
	if a.sort != storage.SortTop {
		return nil
	}
	var list []choice
	for _, p := range node.Periods()[1:] {
		list = append(list, choice{Label: a.tongue.say("period." + p), Current: p == cmp.Or(a.time, node.PeriodAll), URL: a.link(path, func(a *ask) {
			a.time, a.after = p, ""
			if p == node.PeriodAll {
				a.time = ""
			}
		})})
	}
	return list
}

// one returns current when it is among the sorts, else "": the usual one.
func one(current string, sorts []string) string {
	for _, s := range sorts[1:] {
		if s == current {
			return s
		}
	}
	return ""
}

// link is a path with those of the parameters, given as name and value, that are not "".
func link(path string, params ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			v.Set(params[i], params[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// postSorts are the orders of posts; in one submolt "scaled" is "hot".
func postSorts() []string {
	return append(submoltPostSorts(), storage.SortScaled)
}

func submoltPostSorts() []string {
	return []string{storage.SortHot, storage.SortNew, storage.SortTop, node.SortRising, storage.SortDiscussed, storage.SortControversial}
}

// postsView is a page of a list of posts.
type postsView struct {
	Scopes  []choice // whose posts; none but on the home page
	Orders  []choice
	Periods []choice // of the order "top"
	Posts   []postView
	Next    string // the address of the next page, or ""
	First   string // the address of the first one when this is not it
}

// posts makes a list's view; path is its page.
func (v view) posts(a ask, path string, ps node.Posts) postsView {
	pv := postsView{Posts: v.listed(ps.Posts), Periods: periods(path, a)}
	if ps.Next != "" {
		pv.Next = a.link(path, func(a *ask) { a.after = ps.Next })
	}
	pv.First = a.first(path)
	return pv
}
