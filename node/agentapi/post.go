package agentapi

import (
	"context"
	"net/http"
	"strconv"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of lists of posts.
const (
	usualPosts = 25
	mostPosts  = 100
	mostFeed   = 50
)

func (a *API) posts(ctx context.Context, c *call) (reply, error) {
	return a.postList(ctx, c, first(c.value("submolt"), c.value("submolt_name")))
}

func (a *API) submoltFeed(ctx context.Context, c *call) (reply, error) {
	return a.postList(ctx, c, c.name())
}

func (a *API) postList(ctx context.Context, c *call, submolt string) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	ps, err := a.node.Posts(ctx, node.PostQuery{
		Window: w.Window, Sort: sortOfPosts(c.value("sort")), Time: c.period(), Submolt: submolt, Author: c.value("author"),
	})
	if err != nil {
		return reply{}, err
	}
	ans, err := a.headPosts(ps.Posts, postsAnswer{w.page(len(ps.Posts), ps.Next)}, nil)
	return reply{http.StatusOK, ans}, err
}

// postIn is a new post as clients send it: as JSON, or as the fields of a form.
type postIn struct {
	SubmoltName string `json:"submolt_name"`
	Submolt     string `json:"submolt"`
	SubmoltID   string `json:"submolt_id"` // or the name: some clients put it here
	Title       string `json:"title"`
	Content     string `json:"content"`
	URL         string `json:"url"`
	ImageURL    string `json:"image_url"` // some clients call that of an image so
	Type        string `json:"type"`
	Language    string `json:"language"`
	warningIn
}

// warningIn is how a new text is marked for people; sensitive is what other
// programs call is_nsfw.
type warningIn struct {
	IsNSFW         bool   `json:"is_nsfw"`
	Sensitive      bool   `json:"sensitive"`
	ContentWarning string `json:"content_warning"`
}

func (in warningIn) sensitive() bool { return in.IsNSFW || in.Sensitive }

// draft is what the node is asked to post.
func (in postIn) draft(image []byte) node.PostDraft {
	if in.URL == "" && in.ImageURL != "" {
		in.URL, in.Type = in.ImageURL, first(in.Type, node.TypeImage)
	}
	return node.PostDraft{
		Submolt: first(in.SubmoltName, in.Submolt, in.SubmoltID), Title: in.Title, Content: in.Content, URL: in.URL, Type: in.Type, Image: image,
		Sensitive: in.sensitive(), Warning: in.ContentWarning, Language: in.Language,
	}
}

// sortOfPosts is an order of posts; some clients call one by another name.
func sortOfPosts(sort string) string {
	if sort == "comments" {
		return storage.SortDiscussed
	}
	return sort
}

// period is how far back the best posts are asked for.
func (c *call) period() string { return first(c.value("time"), c.value("t")) }

func (a *API) createPost(ctx context.Context, c *call) (reply, error) {
	var in postIn
	if f := c.form.fields; f != nil {
		in = postIn{
			SubmoltName: f["submolt_name"], Submolt: f["submolt"], SubmoltID: f["submolt_id"], Title: f["title"], Content: f["content"],
			URL: f["url"], ImageURL: f["image_url"], Type: f["type"], Language: f["language"],
			warningIn: warningIn{IsNSFW: f["is_nsfw"] == "true", Sensitive: f["sensitive"] == "true", ContentWarning: f["content_warning"]},
		}
	} else if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	p, err := a.node.Post(ctx, c.author, in.draft(c.form.file))
	if err != nil {
		return reply{}, err
	}
	return a.postCreated(ctx, p)
}

// postCreated is the answer to a new post.
func (a *API) postCreated(ctx context.Context, p storage.Post) (reply, error) {
	if p.Hidden == storage.Unverified {
		j, err := a.ownPostJSON(ctx, p)
		return reply{http.StatusCreated, createdPostAnswer{Message: "Post created!" + publishIt, Post: j, Status: pending, VerificationRequired: true, challengeAtRoot: j.Verification.atRoot()}}, err
	}
	if p.Hidden == storage.Pending {
		said := "Post saved. " + p.Submolt.Host + " is being asked for m/" + nameOf(p.Submolt) + "; the post is published as soon as it answers."
		return reply{http.StatusAccepted, createdPostAnswer{Message: said, Post: a.postJSON(p), Status: pending}}, nil
	}
	return created(createdPostAnswer{Message: "Post created!", Post: a.postJSON(p), Status: "published", ConsiderLabels: a.considered(ctx, p)})
}

// post answers with a post and the beginning of its thread.
func (a *API) post(ctx context.Context, c *call) (reply, error) {
	p, err := a.node.PostByID(ctx, c.id(), c.viewer())
	if err != nil {
		return reply{}, err
	}
	var t node.Thread
	w, err := c.rows(usualComments, mostComments)
	if err != nil {
		return reply{}, err
	}
	if p.Hidden == storage.Visible {
		if t, err = a.node.Thread(ctx, node.ThreadQuery{Window: w.Window, PostID: p.ID, Sort: sortOfComments(c.value("sort"))}); err != nil {
			return reply{}, err
		}
	}
	ans := postAnswer{Context: contextJSON{
		Sort: t.Sort, HasMore: t.Next != "", NextCursor: orNull(t.Next), SeeMore: "GET " + prefix + "/posts/" + p.ID + "/comments",
	}}
	if ans.Labels, err = a.labelsOn(ctx, p); err != nil {
		return reply{}, err
	}
	head, err := a.headPost(ctx, c.viewer(), p, t.Replies)
	return reply{http.StatusOK, headed{head, ans}}, err
}

// postAlone is the JSON of a post that is asked for by its id.
func (a *API) postAlone(ctx context.Context, p storage.Post, by node.Writer) ([]byte, error) {
	if p.Hidden == storage.Visible {
		return a.encodedAlone(p, by)
	}
	own, err := a.ownPostJSON(ctx, p)
	if err != nil {
		return nil, err
	}
	return appendJSON(nil, postAloneJSON{postJSON: own, Author: authorOf(p.Author, by)})
}

// headPost begins an answer with a post and its replies, and with what the
// viewer, "" for nobody, has to do with them.
func (a *API) headPost(ctx context.Context, viewer string, p storage.Post, rs []*node.Reply) ([]byte, error) {
	by, err := a.node.Writer(ctx, p.AuthorID)
	if err != nil {
		return nil, err
	}
	text, err := a.postAlone(ctx, p, by)
	if err != nil {
		return nil, err
	}
	replies, err := a.encodedReplies(rs)
	if err != nil {
		return nil, err
	}
	head := append(make([]byte, 0, len(text)+len(replies.json)+(2+len(replies.votes))*viewBytes), `"post":`...)
	head = append(head, text[:len(text)-1]...)
	var votes map[string]int64
	if viewer != "" {
		follows, err := a.node.FollowsAuthors(ctx, viewer, []string{p.AuthorID})
		if err != nil {
			return nil, err
		}
		if votes, err = a.node.VotesOf(ctx, viewer, append(replies.ids(), p.ID)); err != nil {
			return nil, err
		}
		head = append(head, followView(follows)(p)...)
		head = append(head, `,"your_vote":`...)
		head = strconv.AppendInt(head, votes[p.ID], 10)
	}
	return replies.appendTo(append(head, "},"...), votes), nil
}

func (a *API) deletePost(ctx context.Context, c *call) (reply, error) {
	if err := a.node.DeletePost(ctx, c.author, c.id()); err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Post deleted"})
}

func (a *API) feed(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostFeed)
	if err != nil {
		return reply{}, err
	}
	filter := node.FeedAll
	if c.value("filter") == node.FeedFollowing {
		filter = node.FeedFollowing
	}
	f, err := a.node.Feed(ctx, c.self().ID, node.FeedQuery{Window: w.Window, Sort: c.value("sort"), Filter: filter})
	if err != nil {
		return reply{}, err
	}
	ans := feedAnswer{
		FeedType: "personalized", Filter: filter,
		SubscribedSubmolts: f.Submolts, FollowingCount: f.Agents, FollowingMoltys: f.Agents,
		Context: feedContext{Sort: first(c.value("sort"), storage.SortHot), Filter: filter, SeeMore: "GET " + prefix + "/posts"}, page: w.page(len(f.Posts.Posts), f.Next),
	}
	if f.Submolts+f.Agents == 0 {
		ans.Hint = "Subscribe to submolts and follow agents to fill this feed. GET " + prefix + "/posts shows all there is."
	}
	authors := make([]string, len(f.Posts.Posts))
	for i, p := range f.Posts.Posts {
		authors[i] = p.AuthorID
	}
	follows, err := a.node.FollowsAuthors(ctx, c.self().ID, authors)
	if err != nil {
		return reply{}, err
	}
	whole, err := a.headPosts(f.Posts.Posts, ans, followView(follows))
	return reply{http.StatusOK, whole}, err
}
