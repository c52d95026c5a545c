package node

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"instar.example/storage"
)

// MaxDepth bounds how deep replies nest.
const MaxDepth = 100

// CommentDraft is what an agent wants to say under a post.
type CommentDraft struct {
	PostID   string
	ParentID string // "" to answer the post itself
	Content  string // Markdown
	// Sensitive, Warning and Language are as of a post.
	Sensitive bool
	Warning   string
	Language  string
}

// Comment publishes a comment under a post, local or remote.
func (n *Node) Comment(ctx context.Context, author Author, d CommentDraft) (storage.Comment, error) {
	if err := author.check(); err != nil {
		return storage.Comment{}, err
	}
	c, err := n.comment(d.Content)
	if err != nil {
		return storage.Comment{}, err
	}
	if c.Lang, err = languageOfText(d.Language, c.Content); err != nil {
		return storage.Comment{}, err
	}
	if err := checkWarning(&d.Sensitive, &d.Warning); err != nil {
		return storage.Comment{}, err
	}
	id, now := n.cfg.NewID(), n.now()
	c.ID, c.URI, c.RootID = id, n.cfg.BaseURL+"/comment/"+id, id
	c.PostID, c.ParentID, c.AuthorID, c.Author = d.PostID, d.ParentID, author.ID(), author.actor.Ref()
	c.Sensitive, c.Warning, c.CreatedAt, c.UpdatedAt = d.Sensitive, d.Warning, now, now
	var ch storage.Challenge
	if n.mustVerify(author.actor) {
		c.Hidden = storage.Unverified
		if ch, err = n.newChallenge(author.ID(), VerifiesComment, id, ""); err != nil {
			return storage.Comment{}, err
		}
	}
	noteMade(ctx, Made{Kind: MadeComment, ID: c.ID})
	err = n.writeInFlood(ctx, func(ctx context.Context, q storage.Queries) ([]string, error) {
		about := []string{c.PostID}
		if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: now}); err != nil {
			return nil, err
		}
		if err := n.limitComments(ctx, q, author); err != nil {
			return nil, err
		}
		at, err := n.place(ctx, q, &c)
		if err != nil {
			return nil, err
		}
		if err := n.mayCommentAbroad(ctx, q, author.actor, at.post); err != nil {
			return nil, err
		}
		if err := q.InsertComment(ctx, c); err != nil {
			return nil, err
		}
		if c.Hidden == storage.Unverified {
			return about, q.InsertChallenge(ctx, ch)
		}
		return about, n.appearComment(ctx, q, c, author.actor, at)
	})
	return c, err
}

// comment is what is said in a comment: its text alone.
func (n *Node) comment(content string) (storage.Comment, error) {
	content, err := plain("content", content, MaxComment)
	if err != nil {
		return storage.Comment{}, err
	}
	c := storage.Comment{Content: content, HTML: n.text.fromMarkdown(content)}
	if textOf(c.HTML) == "" {
		return storage.Comment{}, invalid("missing_fields", "Content is required", "Provide content")
	}
	return c, nil
}

// lastComments is among how many of an agent's own comments a repeated one is found.
const lastComments = 5

// SaidBefore finds what a draft says among the last comments that the author
// made, in the same place: an agent that got no answer says it again.
func (n *Node) SaidBefore(ctx context.Context, author Author, d CommentDraft) (c storage.Comment, said bool, err error) {
	content, err := plain("content", d.Content, MaxComment)
	if err != nil {
		return c, false, nil //nolint:nilerr // Comment refuses it, and says so
	}
	same := storage.Comment{AuthorID: author.ID(), PostID: d.PostID, ParentID: d.ParentID, Content: content}
	c, err = n.store.Read().RepeatedComment(ctx, same, lastComments)
	if errors.Is(err, storage.ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// appearComment does all that follows from a stored local comment's being
// there: it is counted, told and sent.
func (n *Node) appearComment(ctx context.Context, q storage.Queries, c storage.Comment, author storage.Actor, at placement) error {
	var err error
	if at.called, err = n.mentions(ctx, q, c.Content); err != nil {
		return err
	}
	if err := n.countComment(ctx, q, c, at); err != nil {
		return err
	}
	return n.publishComment(ctx, q, c, author, at)
}

// placement is where a comment stands: its post and, for a reply, its parent.
type placement struct {
	post   storage.Post
	parent storage.Comment // zero under the post itself
	called []storage.Actor // whom the comment mentions
	quiet  bool            // it is old: nobody is told
}

// parentURI is what the comment answers.
func (at placement) parentURI() string {
	if at.parent.ID != "" {
		return at.parent.URI
	}
	return at.post.URI
}

// parentAuthorID is whom the comment answers.
func (at placement) parentAuthorID() string {
	if at.parent.ID != "" {
		return at.parent.AuthorID
	}
	return at.post.AuthorID
}

// place finds where a comment goes and sets its root and depth; the rules of
// replying, the same for local and remote agents, are here.
func (n *Node) place(ctx context.Context, q storage.Queries, c *storage.Comment) (placement, error) {
	var at placement
	var err error
	if at.post, err = q.Post(ctx, c.PostID); err != nil {
		return at, orNotFound(err, "Post", "")
	}
	if at.post.Hidden == storage.Pending {
		return at, notFound("Post", "It waits for its submolt to be found; comment when it is published.")
	}
	if at.post.Hidden == storage.Unverified {
		return at, notFound("Post", "It waits for its author to answer a challenge; comment when it is published.")
	}
	if at.post.Hidden != storage.Visible {
		return at, &Error{Kind: Gone, Code: "deleted", Detail: "Post was deleted"}
	}
	if at.post.Locked {
		return at, &Error{Kind: Forbidden, Code: "locked", Detail: "Post is locked: it takes no new comments"}
	}
	if err := n.mayWriteIn(ctx, q, at.post.Submolt, c.Author); err != nil {
		return at, err
	}
	if c.ParentID == "" {
		return at, nil
	}
	at.parent, err = q.Comment(ctx, c.ParentID)
	if err != nil || at.parent.PostID != c.PostID || at.parent.Hidden == storage.Unverified {
		return at, orNotFound(errors.Join(err, storage.ErrNotFound), "Parent comment", "parent_id must be a comment of this post.")
	}
	if at.parent.Locked {
		return at, &Error{Kind: Forbidden, Code: "locked", Detail: "This part of the thread is locked: it takes no new replies", Hint: "Comments elsewhere under the post are open."}
	}
	if at.parent.Depth+1 >= MaxDepth {
		return at, invalid("too_deep", "Replies nest too deep here", "Answer a comment further up.")
	}
	c.RootID, c.Depth = at.parent.RootID, at.parent.Depth+1
	return at, nil
}

// addComment stores a comment, counts it and tells those whom it concerns.
func (n *Node) addComment(ctx context.Context, q storage.Queries, c storage.Comment, at placement) error {
	if err := q.InsertComment(ctx, c); err != nil {
		return err
	}
	return n.countComment(ctx, q, c, at)
}

// countComment counts a comment and tells those whom it concerns.
func (n *Node) countComment(ctx context.Context, q storage.Queries, c storage.Comment, at placement) error {
	if err := q.AddPostComments(ctx, c.PostID, 1); err != nil {
		return err
	}
	if c.ParentID != "" {
		if err := q.AddReplies(ctx, c.ParentID, 1); err != nil {
			return err
		}
	}
	if err := q.AddCounts(ctx, c.AuthorID, storage.Counts{Comments: 1, ActiveAt: c.CreatedAt}); err != nil {
		return err
	}
	if at.quiet {
		return nil
	}
	return n.notifyComment(ctx, q, c, at)
}

// CommentByID returns a comment; a deleted one is a Gone Error.
func (n *Node) CommentByID(ctx context.Context, id string) (storage.Comment, error) {
	return n.CommentFor(ctx, id, "")
}

// CommentFor is CommentByID for a viewer: it sees its own unverified comments.
func (n *Node) CommentFor(ctx context.Context, id, viewerID string) (storage.Comment, error) {
	c, err := n.store.Read().Comment(ctx, id)
	if err == nil && c.Hidden == storage.Unverified {
		if viewerID == "" || viewerID != c.AuthorID {
			return c, notFound("Comment", "")
		}
		return c, nil
	}
	if err == nil && c.Hidden == storage.Removed {
		return c, &Error{Kind: Gone, Code: "removed", Detail: "Comment was removed by a moderator", Hint: "GET /api/v1/modlog tells who did it, and why."}
	}
	if err == nil && c.Hidden != storage.Visible {
		return c, &Error{Kind: Gone, Code: "deleted", Detail: "Comment was deleted"}
	}
	if err == nil {
		_, err = n.PostByID(ctx, c.PostID, viewerID)
		return c, err // what stands under a post is shown as long as that is
	}
	return c, orNotFound(err, "Comment", "")
}

// DeleteComment deletes an author's own comment. Its replies stay readable.
func (n *Node) DeleteComment(ctx context.Context, author Author, id string) error {
	if err := author.check(); err != nil {
		return err
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		c, err := q.Comment(ctx, id)
		if err != nil || (c.Hidden != storage.Visible && c.Hidden != storage.Unverified) || isForeign(c.Hidden, c.AuthorID, author) {
			return orNotFound(errors.Join(err, storage.ErrNotFound), "Comment", "")
		}
		if c.AuthorID != author.ID() {
			return &Error{Kind: Forbidden, Code: "forbidden", Detail: "You can only delete your own comments"}
		}
		if c.Hidden == storage.Unverified { // it never was anywhere
			return q.HideComment(ctx, c.ID, storage.Deleted, n.now())
		}
		return n.takeComment(ctx, q, c, author.actor)
	})
}

// removeComment hides a comment and takes it out of the counts.
func (n *Node) removeComment(ctx context.Context, q storage.Queries, c storage.Comment, why int64) error {
	now := n.now()
	if err := q.HideComment(ctx, c.ID, why, now); err != nil {
		return err
	}
	if err := q.InsertTombstone(ctx, c.URI, "", now); err != nil {
		return err
	}
	if err := q.AddPostComments(ctx, c.PostID, -1); err != nil {
		return err
	}
	if c.ParentID != "" {
		if err := q.AddReplies(ctx, c.ParentID, -1); err != nil {
			return err
		}
	}
	return q.AddCounts(ctx, c.AuthorID, storage.Counts{Comments: -1})
}

// Reply is a comment with the replies to it.
type Reply struct {
	storage.Comment

	Replies []*Reply
}

// Thread is a page of the replies to a post. Next is "" at its end.
type Thread struct {
	Post    storage.Post
	Sort    string
	Replies []*Reply
	Next    string
	// Cut says that some deeper replies were left out: the post has more than MaxReplies on this page.
	Cut bool
}

// MaxReplies bounds how many nested replies one page of a thread holds.
const MaxReplies = 2_000

// ThreadQuery asks for a page of a thread: Limit counts direct replies, all
// replies below them come along.
type ThreadQuery struct {
	Window

	PostID string
	Sort   string // storage.SortBest (also for ""), SortNew or SortOld
}

// Thread returns a page of the replies to a post, nested. Deleted comments
// are there without their text, so that what answers them stays in place.
func (n *Node) Thread(ctx context.Context, tq ThreadQuery) (Thread, error) {
	p, err := n.PostByID(ctx, tq.PostID, "")
	if err != nil {
		return Thread{}, err
	}
	tq.Window = tq.clamp(35, 100)
	switch tq.Sort {
	case storage.SortNew, storage.SortOld:
	default:
		tq.Sort = storage.SortBest
	}
	after, err := tq.after()
	if err != nil {
		return Thread{}, err
	}
	if after.ID != "" {
		tq.Offset = 0 // a cursor says where to go on
	}
	key := strings.Join([]string{p.ID, tq.Sort, strconv.Itoa(tq.Limit), strconv.Itoa(tq.Offset), tq.Cursor}, " ")
	if t, found := n.reads.threads.get(key); found {
		t.Post = p
		return t, nil
	}
	version := n.Version()
	if after.ID == "" && tq.Offset == 0 && p.CommentCount <= int64(tq.Limit) {
		t, whole, err := n.shortThread(ctx, p, tq)
		if err != nil {
			return Thread{}, err
		}
		if whole {
			n.keepThread(key, version, t)
			return t, nil
		}
	}
	q := n.store.Read()
	roots, err := q.Replies(ctx, storage.CommentList{PostID: p.ID, Sort: tq.Sort, After: after, Limit: tq.Limit + 1, Offset: tq.Offset})
	if err != nil {
		return Thread{}, err
	}
	t := Thread{Post: p, Sort: tq.Sort}
	if len(roots) > tq.Limit {
		roots = roots[:tq.Limit]
		last := roots[tq.Limit-1]
		t.Next = cursorOf(storage.After{Key: last.Key(tq.Sort), ID: last.ID})
	}
	ids := make([]string, len(roots))
	for i, c := range roots {
		ids[i] = c.ID
	}
	below, err := q.Below(ctx, ids, MaxReplies+1)
	if err != nil {
		return Thread{}, err
	}
	if len(below) > MaxReplies {
		below, t.Cut = below[:MaxReplies], true
	}
	t.Replies = nest(roots, below, tq.Sort)
	n.keepThread(key, version, t)
	return t, nil
}

// shortThread is a thread that is one page whatever its shape, read with one
// statement; whole is false where it is longer than its post counts.
func (n *Node) shortThread(ctx context.Context, p storage.Post, tq ThreadQuery) (t Thread, whole bool, err error) {
	all, err := n.store.Read().CommentsOf(ctx, p.ID, tq.Limit+1)
	if err != nil || len(all) > tq.Limit {
		return Thread{}, false, err
	}
	var roots, below []storage.Comment
	for _, c := range all {
		if c.ParentID == "" {
			roots = append(roots, c)
		} else {
			below = append(below, c)
		}
	}
	t = Thread{Post: p, Sort: tq.Sort, Replies: nest(roots, below, tq.Sort)}
	order(t.Replies, tq.Sort)
	return t, true, nil
}

// keepThread keeps a page of a thread; it hangs on its post and on all who wrote it.
func (n *Node) keepThread(key string, version int64, t Thread) {
	v := keptValue[Thread]{value: t, version: version, about: []string{t.Post.ID}}
	var count func(rs []*Reply)
	count = func(rs []*Reply) {
		for _, r := range rs {
			v.about = append(v.about, r.AuthorID)
			v.bytes += commentBytes + len(r.Content) + len(r.HTML)
			count(r.Replies)
		}
	}
	count(t.Replies)
	slices.Sort(v.about)
	v.about = slices.Compact(v.about)
	n.reads.threads.put(key, v)
}

// commentBytes is what a comment takes in memory besides its text, about.
const commentBytes = 1_200

// nest hangs each comment below its parent. A parent's id is older than its
// replies', so it stands before them.
func nest(roots, below []storage.Comment, sort string) []*Reply {
	byID := make(map[string]*Reply, len(roots)+len(below))
	tree := make([]*Reply, 0, len(roots))
	for _, c := range roots {
		r := &Reply{Comment: blank(c)}
		byID[c.ID] = r
		tree = append(tree, r)
	}
	for _, c := range below {
		byID[c.ID] = &Reply{Comment: blank(c)}
	}
	for _, c := range below {
		parent, ok := byID[c.ParentID]
		if !ok {
			continue // its parent was cut away
		}
		parent.Replies = append(parent.Replies, byID[c.ID])
	}
	for _, r := range byID {
		order(r.Replies, sort)
	}
	return tree
}

// blank takes the text out of a comment that is not to be shown.
func blank(c storage.Comment) storage.Comment {
	switch c.Hidden {
	case storage.Visible:
	case storage.Removed:
		c.Content, c.HTML = "[removed by a moderator]", "<p>[removed by a moderator]</p>"
	default:
		c.Content, c.HTML = "[deleted]", "<p>[deleted]</p>"
	}
	return c
}

// CommentInContext returns a comment with what its document needs.
func (n *Node) CommentInContext(ctx context.Context, id string) (storage.Comment, NoteContext, error) {
	var nc NoteContext
	c, err := n.CommentByID(ctx, id)
	if err != nil {
		return c, nc, err
	}
	q := n.store.Read()
	if nc.Post, err = q.Post(ctx, c.PostID); err != nil {
		return c, nc, err
	}
	if nc.Mentioned, err = n.Mentions(ctx, c.Content); err != nil {
		return c, nc, err
	}
	nc.ParentURI, nc.ParentAuthor = nc.Post.URI, nc.Post.Author
	if c.ParentID == "" {
		return c, nc, nil
	}
	parent, err := q.Comment(ctx, c.ParentID)
	nc.ParentURI, nc.ParentAuthor = parent.URI, parent.Author
	return c, nc, err
}
