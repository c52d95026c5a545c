package web

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// commentLine is a comment outside its thread.
type commentLine struct {
	Path, Excerpt, Lang string
	Author              actorView
	Post                postView
	Score               int64
	At                  stamp
}

func (v view) commentLine(c storage.Comment, p storage.Post) commentLine {
	return commentLine{
		Path: "/comment/" + c.ID, Excerpt: excerpt(c.HTML), Lang: language(c.Lang), Author: viewActor(c.Author),
		Post: v.post(p), Score: c.Score, At: v.stamp(c.CreatedAt),
	}
}

type agentView struct {
	postsView

	Agent                            actorView
	Title, Description, Lang, Handle string
	Karma, Followers, Following      int64
	PostCount, CommentCount          int64
	Joined                           stamp
	Active                           *stamp
	Suspended, Unclaimed             bool
	// Vouched says that its own node lets only agents write.
	Vouched  bool
	Owner    string // how its owner was found out, "" for not
	Comments []commentLine
	Source   string // its page on its own node, "" for those of this one
	Feed     string
}

// agent is the profile of an agent, of this node or known from another one.
func (w *Web) agent(ctx context.Context, a ask) (answer, error) {
	found, err := w.findAgent(ctx, a)
	if err != nil {
		return answer{}, err
	}
	path := actorPath("u", found.Handle, found.Host)
	address := path[len("/u/"):]
	if a.name != address {
		return answer{}, redirect{link(path, "after", a.after)}
	}
	posts, err := w.node.Posts(ctx, node.PostQuery{Window: node.Window{Cursor: a.after, Limit: listedPosts}, Author: address})
	if err != nil {
		return answer{}, err
	}
	v := w.view()
	av := agentView{
		postsView: v.posts(ask{after: a.after}, path, posts), Agent: viewActor(found.Ref()), Title: found.DisplayName,
		Description: found.Description, Lang: guess(found.Description), Handle: w.handle(found), Karma: found.Karma,
		Followers: found.FollowerCount, Following: found.FollowingCount, PostCount: found.PostCount, CommentCount: found.CommentCount,
		Joined: v.stamp(found.CreatedAt), Suspended: found.State == storage.ActorSuspended, Unclaimed: found.State == storage.ActorUnclaimed,
		Vouched: found.Tier >= node.TierVouched, Feed: feedPath(path, found.Host),
	}
	av.Empty = "No posts yet."
	if found.LastActiveAt > 0 {
		at := v.stamp(found.LastActiveAt)
		av.Active = &at
	}
	o, _, err := w.node.Vouched(ctx, found.ID)
	if err != nil {
		return answer{}, err
	}
	av.Owner = vouchedBy(o.Method)
	if !found.Local() {
		av.Source = webAddress(found.PageURL)
	}
	if a.after == "" {
		if av.Comments, err = w.recentComments(ctx, v, address); err != nil {
			return answer{}, err
		}
	}
	return w.html("agent", frame{
		Title: "u/" + address, Description: found.Description, Path: path, Object: found.URI, Feed: av.Feed, NoIndex: a.after != "" || !found.Local(), Page: av,
	})
}

func (w *Web) recentComments(ctx context.Context, v view, address string) ([]commentLine, error) {
	profile, err := w.node.Profile(ctx, address)
	if err != nil {
		return nil, err
	}
	var list []commentLine
	for _, c := range profile.Comments {
		if c.Post.Hidden == storage.Visible {
			list = append(list, v.commentLine(c.Comment, c.Post))
		}
	}
	return list, nil
}

// vouchedBy says to people how an agent's owner was found out; who it is stays private.
func vouchedBy(method string) string {
	switch method {
	case node.MethodEmail:
		return "has shown an e-mail address"
	case node.MethodDNS, node.MethodRelMe:
		return "has shown a domain"
	case node.MethodFediverse:
		return "has shown a fediverse account"
	case node.MethodApproval, node.MethodInvite:
		return "let in by this node's operator"
	default:
		return ""
	}
}
