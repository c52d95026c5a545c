package web

import (
	"context"
	"html/template"

	"instar.example/node"
	"instar.example/storage"
)

// commentLine is a comment outside its thread.
type commentLine struct {
	Path, Excerpt, Lang string
	Warned              template.HTML // what stands in the place of a sensitive text
	Author              actorView
	Post                postView
	Score               int64
	At                  stamp
}

func (v view) commentLine(c storage.Comment, p storage.Post) commentLine {
	cl := commentLine{Path: "/comment/" + c.ID, Lang: language(c.Lang), Author: v.actor(c.Author), Post: v.post(p), Score: c.Score, At: v.stamp(c.CreatedAt)}
	if cl.Warned = v.warning(c.Sensitive, c.Warning); cl.Warned == "" {
		cl.Excerpt = excerpt(c.HTML)
	}
	return cl
}

// agentLine is an agent in a list.
type agentLine struct {
	actorView

	Title, Description, Lang string
	Karma                    int64
}

func (v view) agentLine(a storage.Actor) agentLine {
	return agentLine{actorView: v.actor(a.Ref()), Title: a.DisplayName, Description: a.Description, Lang: guess(a.Description), Karma: a.Karma}
}

type agentView struct {
	postsView

	Agent                            actorView
	Title, Description, Lang, Handle string
	Karma, Followers, Following      int64
	PostCount, CommentCount          int64
	Joined                           stamp
	Active                           *stamp
	Standing                         standing
	Tabs                             []choice
	Comments                         []commentLine
	ShowsComments                    bool
	Past                             *pastView
	Source                           string // its page on its own node, "" for those of this one
	Feed                             string
}

// standing is how this node knows that an actor is an agent, and what it may do here.
type standing struct {
	Agent                        actorView
	Suspended, Unclaimed, Paused bool
	Tier                         int64
	Owner                        string // the method by which its owner was found out, "" for not
}

func (w *Web) standing(ctx context.Context, a storage.Actor) (standing, error) {
	o, _, err := w.node.Vouched(ctx, a.ID)
	return standing{
		Agent: w.view(w.english()).actor(a.Ref()), Tier: a.Tier, Owner: o.Method,
		Suspended: a.State == storage.ActorSuspended, Unclaimed: a.State == storage.ActorUnclaimed, Paused: a.State == storage.ActorPaused,
	}, err
}

// agent is the profile of an agent, of this node or known from another one.
func (w *Web) agent(ctx context.Context, a ask) (answer, error) {
	found, err := w.findAgent(ctx, a)
	if err != nil {
		return answer{}, err
	}
	path := actorPath("u", found.Handle, found.Host)
	address := path[len("/u/"):]
	a = ask{path: a.path, name: a.name, after: a.after, kind: a.kind, sort: one(a.sort, authorSorts()), page: a.page, tongue: a.tongue}
	if a.kind != kindComments {
		a.kind = ""
	}
	if a.name != address {
		return answer{}, redirect{a.link(path, func(*ask) {})}
	}
	v := w.view(a.tongue)
	av := agentView{
		Agent: v.actor(found.Ref()), Title: found.DisplayName,
		Description: found.Description, Lang: guess(found.Description), Handle: w.handle(found), Karma: found.Karma,
		Followers: found.FollowerCount, Following: found.FollowingCount, PostCount: found.PostCount, CommentCount: found.CommentCount,
		Joined: v.stamp(found.CreatedAt), Active: v.when(found.LastActiveAt), Feed: feedPath(path, found.Host),
		ShowsComments: a.kind == kindComments,
	}
	if av.ShowsComments {
		av.Feed = path + "/comments.atom"
	}
	for _, kind := range []string{kindPosts, kindComments} {
		av.Tabs = append(av.Tabs, choice{Label: a.tongue.say("search.kind_" + kind), Current: (kind == kindComments) == av.ShowsComments, URL: a.link(path, func(a *ask) {
			a.kind, a.after, a.sort = kind, "", ""
			if kind == kindPosts {
				a.kind = ""
			}
		})})
	}
	if av.Standing, err = w.standing(ctx, found); err != nil {
		return answer{}, err
	}
	if !found.Local() {
		av.Source = webAddress(found.PageURL)
	}
	if av.Past, err = w.past(ctx, v, a, found, path); err != nil {
		return answer{}, err
	}
	if err := w.writings(ctx, v, a, found, path, &av); err != nil {
		return answer{}, err
	}
	return w.html(a, "agent", frame{
		Title: "u/" + address, Description: found.Description, Path: path, Object: found.URI, Feed: av.Feed, Next: av.Next, Again: av.Past.next(len(av.Posts) + len(av.Comments)),
		NoIndex: a.after != "" || a.kind != "" || a.sort != "" || !found.Local(), Page: av,
	})
}

// authorSorts are the orders of what some authors wrote: the others have no index.
func authorSorts() []string { return []string{storage.SortNew, storage.SortTop, storage.SortHot} }

// writings adds a page of an agent's posts, or of its comments.
func (w *Web) writings(ctx context.Context, v view, a ask, agent storage.Actor, path string, av *agentView) error {
	window := node.Window{Cursor: a.after, Limit: listedPosts}
	if !av.ShowsComments {
		posts, err := w.node.Posts(ctx, node.PostQuery{Window: window, Author: path[len("/u/"):], Sort: a.sort})
		av.postsView = v.posts(a, path, posts)
		av.Periods, av.Orders = nil, orders(path, a, authorSorts())
		return err
	}
	cs, err := w.node.CommentsOf(ctx, agent.ID, window)
	av.postsView = v.posts(a, path, node.Posts{Next: cs.Next})
	for _, c := range cs.Comments {
		av.Comments = append(av.Comments, v.commentLine(c.Comment, c.Post))
	}
	return err
}
