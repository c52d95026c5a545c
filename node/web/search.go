package web

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

type searchView struct {
	Query   string
	Kinds   []choice
	Results []resultView
	Next    string
	First   string
}

// resultView is one thing that was found.
type resultView struct {
	Post    *postView
	Comment *commentLine
	Submolt *submoltLine
	Agent   *agentLine
}

// search finds posts and comments, submolts, or agents. Without words it is the form alone.
func (w *Web) search(ctx context.Context, a ask) (answer, error) {
	sv := searchView{Query: a.query}
	for _, k := range []struct{ label, kind string }{{"everything", ""}, {"kind_posts", kindPosts}, {"kind_comments", kindComments}, {"kind_submolts", kindSubmolts}, {"kind_agents", kindAgents}} {
		sv.Kinds = append(sv.Kinds, choice{Label: a.tongue.say("search." + k.label), URL: link("/search", "q", a.query, "type", k.kind), Current: a.kind == k.kind})
	}
	title := a.tongue.say("search.h1")
	if a.query != "" {
		title = a.tongue.say("search.title", "query", a.query)
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
		sv.Results = w.view(a.tongue).results(found.Results)
	}
	return w.html(a, "search", frame{
		Title: title, Section: "search", NoIndex: true, Query: a.query, Next: sv.Next, Feed: link("/search.atom", "q", a.query, "type", a.kind), Page: sv,
	})
}

func (v view) results(found []node.SearchResult) []resultView {
	list := make([]resultView, len(found))
	for i, r := range found {
		switch {
		case r.Comment != nil:
			list[i].Comment = new(v.commentLine(*r.Comment, r.Post))
		case r.Actor != nil && r.Actor.Kind == storage.KindSubmolt:
			list[i].Submolt = new(v.submoltLine(*r.Actor))
		case r.Actor != nil:
			list[i].Agent = new(v.agentLine(*r.Actor))
		default:
			list[i].Post = new(v.listed([]storage.Post{r.Post})[0])
		}
	}
	return list
}
