package node

import (
	"context"
	"errors"

	"instar.example/storage"
)

// Types of post.
const (
	TypeText  = "text"
	TypeLink  = "link"
	TypeImage = "image"
)

// PostDraft is what an agent wants to post.
type PostDraft struct {
	Submolt string // name or address
	Title   string
	Content string // Markdown
	URL     string
	Type    string // or "": told from URL
	// Sensitive posts are shown to people only when they ask for it; Warning is what
	// they are told before, or "".
	Sensitive bool
	Warning   string
	Language  string // of title and content, BCP 47; "" to have it guessed
	Image     []byte // of a post of type image, in the place of URL: the file as it came; nil for none
}

func (d *PostDraft) check() error {
	if d.Submolt == "" || d.Title == "" {
		return invalid("missing_fields", "Missing required fields", "Provide submolt_name and title")
	}
	var err error
	if d.Title, err = line("title", d.Title, MaxTitle); err != nil {
		return err
	}
	if d.Title == "" {
		return invalid("missing_fields", "Title is required", "Provide submolt_name and title")
	}
	if d.Content, err = plain("content", d.Content, MaxContent); err != nil {
		return err
	}
	if err := checkWarning(&d.Sensitive, &d.Warning); err != nil {
		return err
	}
	if d.Language, err = languageOfText(d.Language, d.Title+" "+d.Content); err != nil {
		return err
	}
	if d.URL, err = webURL("url", d.URL); err != nil {
		return err
	}
	if d.Image != nil {
		return d.checkImage()
	}
	switch d.Type {
	case "":
		d.Type = TypeText
		if d.URL != "" {
			d.Type = TypeLink
		}
	case TypeText, TypeLink, TypeImage:
	default:
		return invalid("bad_type", "Unknown post type", "Use text, link or image, or leave type out.")
	}
	if d.Type != TypeText && d.URL == "" {
		return invalid("missing_fields", "A post of type "+d.Type+" needs a url", "Provide url, or use type text.")
	}
	return nil
}

// checkImage is the rule of a post that brings its image along.
func (d *PostDraft) checkImage() error {
	if d.URL != "" {
		return invalid("two_images", "A post has either an image file or a url", "Leave one of them out.")
	}
	if d.Type != "" && d.Type != TypeImage {
		return invalid("bad_type", "A post with an image file is of type image", "Use type image, or leave type out.")
	}
	d.Type = TypeImage
	return nil
}

// upload stores the image that a draft brings along, if any, and makes its
// address the post's; keep is to be called in the transaction of the post.
func (n *Node) upload(ctx context.Context, author Author, d *PostDraft) (keep func(ctx context.Context, q storage.Queries) error, err error) {
	if d.Image == nil {
		return func(context.Context, storage.Queries) error { return nil }, nil
	}
	img, keep, err := n.show(ctx, author, upload{author.ID(), purposePost, d.Image, MaxPostImage, postSide})
	d.URL = img.URL
	return keep, err
}

// Post publishes a post in a submolt of this node or of another one. In a
// remote submolt that is still being looked up the post waits, hidden, and is
// sent as soon as the submolt is found.
func (n *Node) Post(ctx context.Context, author Author, d PostDraft) (storage.Post, error) {
	if err := author.check(); err != nil {
		return storage.Post{}, err
	}
	if err := d.check(); err != nil {
		return storage.Post{}, err
	}
	submolt, err := n.resolve(ctx, d.Submolt, storage.KindSubmolt)
	if err != nil {
		return storage.Post{}, err
	}
	keep, err := n.upload(ctx, author, &d)
	if err != nil {
		return storage.Post{}, err
	}
	id, now := n.cfg.NewID(), n.now()
	p := storage.Post{
		ID: id, URI: n.cfg.BaseURL + "/post/" + id, AuthorID: author.ID(), SubmoltID: submolt.ID, Type: d.Type,
		Title: d.Title, Content: d.Content, HTML: n.text.fromMarkdown(d.Content), URL: d.URL, Lang: d.Language, Sensitive: d.Sensitive || submolt.Sensitive, Warning: d.Warning,
		Hot: hot(0, now), Scaled: scaled(hot(0, now), submolt), Local: submolt.Local(), CreatedAt: now, UpdatedAt: now, Author: author.actor.Ref(), Submolt: submolt.Ref(),
	}
	coins := n.coinsIn(p.Title, p.Content)
	var ch storage.Challenge
	if n.mustVerify(author.actor) {
		p.Hidden = storage.Unverified
		if ch, err = n.newChallenge(author.ID(), VerifiesPost, id, ""); err != nil {
			return storage.Post{}, err
		}
	} else if submolt.State == storage.ActorPending {
		p.Hidden = storage.Pending
	}
	noteMade(ctx, Made{Kind: MadePost, ID: p.ID})
	err = n.writeInFlood(ctx, func(ctx context.Context, q storage.Queries) ([]string, error) {
		about := []string{postsOf(p.AuthorID), postsOf(p.SubmoltID), followsOf(p.AuthorID)} // which ensureFollow may change
		if err := n.mayPost(ctx, q, author, submolt); err != nil {
			return nil, err
		}
		if err := allows(submolt, coins); err != nil {
			return nil, err
		}
		if err := keep(ctx, q); err != nil {
			return nil, err
		}
		if err := n.mayWriteAbroad(ctx, q, author.actor, submolt); err != nil {
			return nil, err
		}
		if err := q.InsertPost(ctx, p); err != nil {
			return nil, err
		}
		if p.Hidden == storage.Unverified {
			return about, q.InsertChallenge(ctx, ch)
		}
		return about, n.appearPost(ctx, q, p, author.actor, submolt)
	})
	return p, err
}

// appearPost does all that follows from a stored local post's being there: it is
// counted and sent, or waits for its submolt.
func (n *Node) appearPost(ctx context.Context, q storage.Queries, p storage.Post, author, submolt storage.Actor) error {
	if err := n.countPost(ctx, q, p); err != nil {
		return err
	}
	if p.Hidden == storage.Pending {
		return n.ensureFollow(ctx, q, author, submolt)
	}
	return n.sendPost(ctx, q, p, author, submolt)
}

// mayPost holds the rules of posting, the same for local and remote agents.
func (n *Node) mayPost(ctx context.Context, q storage.Queries, author Author, submolt storage.Actor) error {
	if err := n.mayPostIn(ctx, q, author, submolt); err != nil {
		return err
	}
	if author.actor.Tier > TierService && !author.actor.Local() {
		return nil // its own node holds it to that node's limits
	}
	if !n.cfg.Limits.Enabled {
		return nil
	}
	if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: n.now()}); err != nil {
		return err
	}
	return n.limitPosts(ctx, q, author)
}

// mayPostIn says whether a submolt takes an author's posts.
func (n *Node) mayPostIn(ctx context.Context, q storage.Queries, author Author, submolt storage.Actor) error {
	if err := n.mayWriteIn(ctx, q, submolt.Ref(), author.actor.Ref()); err != nil {
		return err
	}
	if isWall(submolt.URI) && submolt.URI != author.actor.URI+wallMark {
		return errWall(submolt, "Answer what it wrote there; post in a submolt.")
	}
	if submolt.Local() && submolt.Restricted {
		role, err := q.Role(ctx, submolt.ID, author.ID())
		if err != nil {
			return err
		}
		if role == "" {
			return &Error{Kind: Forbidden, Code: "restricted", Detail: "Only moderators post in m/" + submolt.Name, Hint: "Post in another submolt, such as m/general."}
		}
	}
	return nil
}

// addPost stores a post and counts it.
func (n *Node) addPost(ctx context.Context, q storage.Queries, p storage.Post) error {
	if err := q.InsertPost(ctx, p); err != nil {
		return err
	}
	return n.countPost(ctx, q, p)
}

func (n *Node) countPost(ctx context.Context, q storage.Queries, p storage.Post) error {
	if p.Hidden != storage.Visible {
		return q.AddCounts(ctx, p.AuthorID, storage.Counts{Posts: 1, ActiveAt: p.CreatedAt})
	}
	return q.AddPosts(ctx, p.AuthorID, p.SubmoltID, 1, p.CreatedAt)
}

// sendPost writes the outbox entries of a new local post. A remote submolt
// that nobody here follows is followed by the author: it answers its followers.
func (n *Node) sendPost(ctx context.Context, q storage.Queries, p storage.Post, author, submolt storage.Actor) error {
	if err := n.ensureFollow(ctx, q, author, submolt); err != nil {
		return err
	}
	return n.publishPost(ctx, q, p, author, submolt)
}

// PostByID returns a post that may be shown to the viewer: pending ones only to their author.
func (n *Node) PostByID(ctx context.Context, id, viewerID string) (storage.Post, error) {
	if p, found := n.reads.posts.get(id); found {
		return p, nil
	}
	version := n.Version()
	p, err := n.store.Read().Post(ctx, id)
	if err != nil {
		return p, orNotFound(err, "Post", "")
	}
	n.keepPost(version, p)
	switch {
	case p.Hidden == storage.Removed:
		return p, &Error{Kind: Gone, Code: "removed", Detail: "Post was removed by a moderator", Hint: "GET /api/v1/modlog tells who did it, and why."}
	case p.Hidden == storage.Deleted:
		return p, &Error{Kind: Gone, Code: "deleted", Detail: "Post was deleted"}
	case p.Hidden != storage.Visible && (viewerID == "" || viewerID != p.AuthorID):
		return p, notFound("Post", "")
	}
	return p, nil
}

// DeletePost deletes an author's own post, here and wherever it went.
func (n *Node) DeletePost(ctx context.Context, author Author, id string) error {
	if err := author.check(); err != nil {
		return err
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		p, err := q.Post(ctx, id)
		if err != nil || p.Hidden == storage.Deleted || p.Hidden == storage.Removed || isForeign(p.Hidden, p.AuthorID, author) {
			return orNotFound(errors.Join(err, storage.ErrNotFound), "Post", "")
		}
		if p.AuthorID != author.ID() {
			return &Error{Kind: Forbidden, Code: "forbidden", Detail: "You can only delete your own posts"}
		}
		if p.Hidden == storage.Unverified { // it never was anywhere
			return q.HidePost(ctx, p.ID, storage.Deleted, n.now())
		}
		return n.takePost(ctx, q, p, author.actor)
	})
}

// removePost hides a post and takes it out of the counts.
func (n *Node) removePost(ctx context.Context, q storage.Queries, p storage.Post, why int64) error {
	now := n.now()
	if err := q.HidePost(ctx, p.ID, why, now); err != nil {
		return err
	}
	if err := q.InsertTombstone(ctx, p.URI, "", now); err != nil {
		return err
	}
	if p.Hidden == storage.Pending {
		return q.AddCounts(ctx, p.AuthorID, storage.Counts{Posts: -1})
	}
	if err := n.unboost(ctx, q, p); err != nil {
		return err
	}
	return q.AddPosts(ctx, p.AuthorID, p.SubmoltID, -1, 0)
}

// Pinned returns the pinned posts of a submolt, at most three.
func (n *Node) Pinned(ctx context.Context, submoltID string) ([]storage.Post, error) {
	return n.store.Read().Pinned(ctx, submoltID)
}
