package web

import (
	"net/url"

	"instar.example/node"
	"instar.example/storage"
)

// choice is one of several orders of a page.
type choice struct {
	Label, URL string
	Current    bool
}

// orders makes links to the orders of a page, the first of which is its usual one.
func orders(path, current string, sorts []string) []choice {
	if current == "" {
		current = sorts[0]
	}
	list := make([]choice, len(sorts))
	for i, s := range sorts {
		list[i] = choice{Label: s, URL: path, Current: s == current}
		if i > 0 {
			list[i].URL = link(path, "sort", s)
		}
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

func postSorts() []string {
	return []string{storage.SortHot, storage.SortNew, storage.SortTop, node.SortRising}
}

// postsView is a page of a list of posts.
type postsView struct {
	Orders []choice // none for an agent's posts
	Posts  []postView
	Next   string // the address of the next page, or ""
	First  string // the address of the first one when this is not it
	Empty  string // what to say when there are none
}

// posts makes a list's view; path is its page.
func (v view) posts(a ask, path string, ps node.Posts) postsView {
	pv := postsView{Posts: v.listed(ps.Posts)}
	if ps.Next != "" {
		pv.Next = link(path, "sort", a.sort, "after", ps.Next)
	}
	if a.after != "" {
		pv.First = link(path, "sort", a.sort)
	}
	return pv
}
