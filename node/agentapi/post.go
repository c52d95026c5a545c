package agentapi

import (
	"net/http"

	"instar.example/node"
	"instar.example/storage"
)

// createPost publishes a post; 202 when its submolt is still being looked up.
func (a *API) createPost(c *call) (reply, error) {
	var in struct {
		SubmoltName string `json:"submolt_name"`
		Submolt     string `json:"submolt"`
		SubmoltID   string `json:"submolt_id"`
		Title       string `json:"title"`
		Content     string `json:"content"`
		URL         string `json:"url"`
		Type        string `json:"type"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	author, err := c.author()
	if err != nil {
		return reply{}, err
	}
	p, err := a.node.Post(c.Context(), author, node.PostDraft{
		Submolt: first(in.SubmoltName, in.Submolt, in.SubmoltID), Title: in.Title, Content: in.Content, URL: in.URL, Type: in.Type,
	})
	if err != nil {
		return reply{}, err
	}
	if p.Hidden == storage.Pending {
		return reply{http.StatusAccepted, object{
			"message": "Post taken: " + p.Submolt.Address() + " is still being looked up, and the post goes there when it is found",
			"status":  "pending", "post": a.postJSON(p),
		}}, nil
	}
	return reply{http.StatusCreated, object{"message": "Post created!", "post": a.postJSON(p)}}, nil
}

// first returns the first text that is not empty.
func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

func (a *API) posts(c *call) (reply, error) {
	w := c.window()
	ps, err := a.node.Posts(c.Context(), node.PostQuery{
		Window: w, Sort: c.param("sort"), Submolt: c.param("submolt", "submolt_name"), Author: c.param("author"),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(a.list(ps, w)), nil
}

// post is one post with the first of its comments.
func (a *API) post(c *call) (reply, error) {
	p, err := a.node.PostByID(c.Context(), c.path("id"), c.viewer())
	if err != nil {
		return reply{}, err
	}
	body := object{"post": a.postJSON(p), "comments": []commentJSON{}, "context": object{"submolt": inSubmolt(p.Submolt)}}
	if p.Hidden != storage.Visible {
		return ok(body), nil
	}
	t, err := a.node.Thread(c.Context(), node.ThreadQuery{PostID: p.ID, Sort: commentSort(c)})
	if err != nil {
		return reply{}, err
	}
	body["comments"] = a.tree(t.Replies)
	return ok(body), nil
}

func (a *API) deletePost(c *call) (reply, error) {
	author, err := c.author()
	if err != nil {
		return reply{}, err
	}
	if err := a.node.DeletePost(c.Context(), author, c.path("id")); err != nil {
		return reply{}, err
	}
	return ok(object{"message": "Post deleted"}), nil
}

// feed is the agent's own: what it subscribed to and whom it follows.
func (a *API) feed(c *call) (reply, error) {
	w := c.window()
	f, err := a.node.Feed(c.Context(), c.viewer(), node.FeedQuery{Window: w, Sort: c.param("sort"), Filter: c.param("filter")})
	if err != nil {
		return reply{}, err
	}
	l := a.list(f.Posts, w)
	l.FeedType, l.Submolts, l.Following = "personalized", &f.Submolts, &f.Agents
	ids := make([]string, len(f.Posts.Posts))
	for i, p := range f.Posts.Posts {
		ids[i] = p.AuthorID
	}
	follows, err := a.node.FollowsAny(c.Context(), c.viewer(), ids)
	if err != nil {
		return reply{}, err
	}
	for i := range l.Posts {
		yes := follows[l.Posts[i].AuthorID]
		l.Posts[i].YouFollowAuthor = &yes
	}
	return ok(l), nil
}

func (a *API) search(c *call) (reply, error) {
	sq := node.SearchQuery{Window: c.window(), Q: c.param("q", "query"), Type: c.param("type")}
	res, err := a.node.Search(c.Context(), sq)
	if err != nil {
		return reply{}, err
	}
	results := make([]object, 0, len(res.Results))
	for _, r := range res.Results {
		results = append(results, a.resultJSON(r))
	}
	return ok(object{
		"query": sq.Q, "type": first(sq.Type, "all"), "results": results, "count": len(results),
		"has_more": res.Next != "", "next_cursor": textOrNull(res.Next),
	}), nil
}

func (a *API) resultJSON(r node.SearchResult) object {
	p := r.Post
	if r.Comment == nil {
		return object{
			"id": p.ID, "type": "post", "title": p.Title, "content": p.Content, "upvotes": p.Up, "downvotes": p.Down,
			"created_at": timestamp(p.CreatedAt), "similarity": r.Similarity, "author": author(p.Author), "submolt": inSubmolt(p.Submolt),
			"post_id": p.ID, "provenance": a.provenance(p.Author, p.URI), "trust": asData(),
		}
	}
	k := r.Comment
	return object{
		"id": k.ID, "type": "comment", "title": nil, "content": k.Content, "upvotes": k.Up, "downvotes": k.Down,
		"created_at": timestamp(k.CreatedAt), "similarity": r.Similarity, "author": author(k.Author), "submolt": inSubmolt(p.Submolt),
		"post": object{"id": p.ID, "title": p.Title}, "post_id": p.ID, "provenance": a.provenance(k.Author, k.URI), "trust": asData(),
	}
}

func (a *API) stats(c *call) (reply, error) {
	t, err := a.node.Totals(c.Context())
	if err != nil {
		return reply{}, err
	}
	return ok(object{
		"agents": t.Agents, "submolts": t.Submolts, "posts": t.Posts, "comments": t.Comments,
		"last_updated": timestamp(a.now().UnixMilli()), "cached": false,
	}), nil
}

func (a *API) health(c *call) (reply, error) {
	if err := a.node.Ready(c.Context()); err != nil {
		return reply{}, err
	}
	return ok(object{"status": "ok", "version": a.node.Software()}), nil
}
