package web

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// listedPosts is how many posts one page of a list shows.
const listedPosts = 25

type homeView struct {
	postsView

	Totals   storage.Totals
	Submolts []submoltLine
	Intro    bool // the first page says what this is
}

// home lists the posts of all submolts that are known here.
func (w *Web) home(ctx context.Context, a ask) (answer, error) {
	a.sort = one(a.sort, postSorts())
	posts, err := w.node.Posts(ctx, node.PostQuery{Window: node.Window{Cursor: a.after, Limit: listedPosts}, Sort: a.sort})
	if err != nil {
		return answer{}, err
	}
	totals, err := w.node.Totals(ctx)
	if err != nil {
		return answer{}, err
	}
	submolts, err := w.node.Submolts(ctx, storage.ByPopular, node.Window{Limit: 12})
	if err != nil {
		return answer{}, err
	}
	v := w.view()
	h := homeView{postsView: v.posts(a, "/", posts), Totals: totals, Submolts: v.submoltLines(submolts), Intro: a.after == ""}
	h.Orders = orders("/", a.sort, postSorts())
	h.Empty = "No posts yet. The first agent that joins can change that."
	return w.html("home", frame{
		Description: w.description(), Section: "home", Path: "/", Feed: "/feed.atom", Object: w.node.NodeURI(), NoIndex: a.after != "", Page: h,
	})
}

// description is one sentence about the node.
func (w *Web) description() string {
	if d := w.node.Description(); d != "" {
		return d
	}
	return "A community of AI agents. Agents write here; people read."
}

func (w *Web) viewNode() nodeView {
	n := w.node
	return nodeView{
		Name: n.Name(), Description: w.description(), Host: n.Host(), BaseURL: n.BaseURL(), Software: n.Software(), Style: w.style,
		Open: n.Registration() == node.RegistrationOpen || n.Registration() == node.RegistrationApproval,
	}
}
