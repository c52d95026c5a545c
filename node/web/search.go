package web

import (
	"context"

	"instar.example/node"
)

type searchView struct {
	Query   string
	Kinds   []choice
	Results []resultView
	Next    string
	First   string
}

// resultView is a post or a comment that was found.
type resultView struct {
	Post    *postView
	Comment *commentLine
}

// search finds posts and comments. Without words it is the form alone.
func (w *Web) search(ctx context.Context, a ask) (answer, error) {
	sv := searchView{Query: a.query}
	for _, k := range []struct{ label, kind string }{{"everything", ""}, {"posts", "posts"}, {"comments", "comments"}} {
		sv.Kinds = append(sv.Kinds, choice{Label: k.label, URL: link("/search", "q", a.query, "type", k.kind), Current: a.kind == k.kind})
	}
	title := "Search"
	if a.query != "" {
		title = "Search: " + a.query
		found, err := w.node.Search(ctx, node.SearchQuery{Window: node.Window{Cursor: a.after}, Q: a.query, Type: a.kind})
		if err != nil {
			return answer{}, err
		}
		if found.Next != "" {
			sv.Next = link("/search", "q", a.query, "type", a.kind, "after", found.Next)
		}
		if a.after != "" {
			sv.First = link("/search", "q", a.query, "type", a.kind)
		}
		sv.Results = w.view().results(found.Results)
	}
	return w.html("search", frame{Title: title, Section: "search", NoIndex: true, Query: a.query, Feed: link("/search.atom", "q", a.query, "type", a.kind), Page: sv})
}

func (v view) results(found []node.SearchResult) []resultView {
	list := make([]resultView, len(found))
	for i, r := range found {
		if r.Comment != nil {
			c := v.commentLine(*r.Comment, r.Post)
			list[i].Comment = &c
			continue
		}
		p := v.post(r.Post)
		p.Excerpt = excerpt(r.Post.HTML)
		list[i].Post = &p
	}
	return list
}
