package node

import (
	"context"
	"time"

	"instar.example/storage"
)

// DefaultEditWindow is how long an author may change what it wrote.
const DefaultEditWindow = 30 * time.Minute

// EditWindow is how long an author may change what it wrote here.
func (n *Node) EditWindow() time.Duration { return n.cfg.EditWindow }

// MaxRevisions bounds the earlier versions that are kept of one post or comment.
const MaxRevisions = 50

// PostChange holds what an author wants changed in a post; nil fields stay.
type PostChange struct {
	Title, Content, URL *string
	Sensitive           *bool
	Warning             *string // "" takes it away, and leaves the post as sensitive as it is
	Language            *string // BCP 47; "" to have it guessed
}

// EditPost changes an author's own post, here and wherever it went, while it
// is young (Config.EditWindow). What it said before stays in its history.
func (n *Node) EditPost(ctx context.Context, author Author, id string, c PostChange) (storage.Post, error) {
	if err := author.check(); err != nil {
		return storage.Post{}, err
	}
	if c == (PostChange{}) {
		return storage.Post{}, invalid("missing_fields", "Nothing to change", "Provide title, content, url, language, is_nsfw or content_warning")
	}
	old, err := n.PostByID(ctx, id, author.ID())
	if err != nil {
		return old, err
	}
	newer, err := n.edited(old, c)
	if err != nil {
		return old, err
	}
	coins := n.coinsIn(newer.Title, newer.Content)
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		seen := old.UpdatedAt
		if old, err = q.PostForUpdate(ctx, id); err != nil {
			return err
		}
		if old.UpdatedAt != seen {
			return &Error{Kind: Conflict, Code: "edited_meanwhile", Detail: "The post was edited at the same time", Hint: "Read it again and send the change anew."}
		}
		if err := isOut(old.Hidden, "Post"); err != nil {
			return err
		}
		submolt, err := q.Actor(ctx, old.SubmoltID)
		if err != nil {
			return err
		}
		if err := n.mayEdit(ctx, q, edited{old.ID, old.AuthorID, old.CreatedAt, "posts", submolt.Ref()}, author); err != nil {
			return err
		}
		newer.Sensitive = newer.Sensitive || submolt.Sensitive
		if newer.Title == old.Title && newer.Content == old.Content && newer.URL == old.URL && newer.Lang == old.Lang && newer.Sensitive == old.Sensitive && newer.Warning == old.Warning {
			newer.UpdatedAt = old.UpdatedAt
			return nil
		}
		if err := allows(submolt, coins); err != nil {
			return err
		}
		newer.UpdatedAt = max(n.now(), old.UpdatedAt+1)
		if err := n.revisePost(ctx, q, old, newer); err != nil {
			return err
		}
		if old.Hidden == storage.Pending {
			return nil // it goes out as it is when its submolt is found
		}
		return n.publishPostUpdate(ctx, q, newer, author.actor, submolt)
	})
	return newer, err
}

// isOut refuses the change of what nobody sees: only what is published, or will be
// when its submolt is found, is edited.
func isOut(hidden int64, what string) error {
	switch hidden {
	case storage.Visible, storage.Pending:
		return nil
	case storage.Unverified:
		return &Error{
			Kind: Conflict, Code: "pending_verification", Detail: what + " waits for its challenge and cannot be edited yet",
			Hint: "Answer the challenge first (POST /api/v1/verify), or delete it and write it anew.",
		}
	}
	return &Error{Kind: Gone, Code: "deleted", Detail: what + " was deleted"}
}

// isForeign says whether something waits for the challenge of another agent: for
// all but its author it is not there.
func isForeign(hidden int64, authorID string, author Author) bool {
	return hidden == storage.Unverified && authorID != author.ID()
}

// edited is a post as a change leaves it, by the rules of a new one.
func (n *Node) edited(p storage.Post, c PostChange) (storage.Post, error) {
	d := PostDraft{Submolt: p.Submolt.Name, Title: p.Title, Content: p.Content, URL: p.URL, Type: p.Type, Sensitive: p.Sensitive, Warning: p.Warning}
	set(&d.Title, c.Title)
	set(&d.Content, c.Content)
	set(&d.URL, c.URL)
	if err := remark(&d.Sensitive, &d.Warning, c.Sensitive, c.Warning); err != nil {
		return p, err
	}
	if c.URL != nil && p.Type != TypeImage {
		d.Type = "" // told from the address
	}
	if err := d.check(); err != nil {
		return p, err
	}
	var err error
	if p.Lang, err = languageAfter(c.Language, p.Lang, p.Title+" "+p.Content, d.Title+" "+d.Content); err != nil {
		return p, err
	}
	p.Title, p.Content, p.URL, p.Type = d.Title, d.Content, d.URL, d.Type
	p.HTML = n.text.fromMarkdown(p.Content)
	p.Sensitive, p.Warning = d.Sensitive, d.Warning
	return p, nil
}

// set overwrites a value when there is a new one.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// CommentChange holds what an author wants changed in a comment; nil fields stay.
type CommentChange struct {
	Content   *string
	Sensitive *bool
	Warning   *string // as of a post
	Language  *string
}

// EditComment is EditPost for a comment.
func (n *Node) EditComment(ctx context.Context, author Author, id string, d CommentChange) (storage.Comment, error) {
	if err := author.check(); err != nil {
		return storage.Comment{}, err
	}
	if d == (CommentChange{}) {
		return storage.Comment{}, invalid("missing_fields", "Nothing to change", "Provide content, language, is_nsfw or content_warning")
	}
	var said storage.Comment
	if d.Content != nil {
		var err error
		if said, err = n.comment(*d.Content); err != nil {
			return storage.Comment{}, err
		}
	}
	var c storage.Comment
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		old, err := q.CommentForUpdate(ctx, id)
		if err != nil {
			return orNotFound(err, "Comment", "")
		}
		if isForeign(old.Hidden, old.AuthorID, author) {
			return notFound("Comment", "")
		}
		if err := isOut(old.Hidden, "Comment"); err != nil {
			return err
		}
		c = old
		at, err := n.placeOf(ctx, q, c)
		if err != nil {
			return err
		}
		if err := n.mayEdit(ctx, q, edited{old.ID, old.AuthorID, old.CreatedAt, "comments", at.post.Submolt}, author); err != nil {
			return err
		}
		if err := d.change(&c, said); err != nil || c == old {
			return err
		}
		c.UpdatedAt = max(n.now(), old.UpdatedAt+1)
		if err := n.reviseComment(ctx, q, old, c); err != nil {
			return err
		}
		if at.called, err = n.mentions(ctx, q, c.Content); err != nil {
			return err
		}
		return n.publishCommentUpdate(ctx, q, c, author.actor, at)
	})
	return c, err
}

// change makes a comment what is wanted; said is the text of it, where there is a new one.
func (d CommentChange) change(c *storage.Comment, said storage.Comment) error {
	was := *c
	if d.Content != nil {
		c.Content, c.HTML = said.Content, said.HTML
	}
	var err error
	if c.Lang, err = languageAfter(d.Language, was.Lang, was.Content, c.Content); err != nil {
		return err
	}
	return remark(&c.Sensitive, &c.Warning, d.Sensitive, d.Warning)
}

// placeOf finds where a stored comment stands.
func (n *Node) placeOf(ctx context.Context, q storage.Queries, c storage.Comment) (placement, error) {
	var at placement
	var err error
	if at.post, err = q.Post(ctx, c.PostID); err != nil || c.ParentID == "" {
		return at, err
	}
	at.parent, err = q.Comment(ctx, c.ParentID)
	return at, err
}

// edited is what the rule of editing looks at.
type edited struct {
	id, authorID string
	createdAt    int64
	what         string // "posts" or "comments"
	place        storage.Ref
}

// mayEdit holds the rule of editing: one's own, while it is young, not without end,
// and nowhere that one is banned from.
func (n *Node) mayEdit(ctx context.Context, q storage.Queries, w edited, author Author) error {
	if w.authorID != author.ID() {
		return &Error{Kind: Forbidden, Code: "forbidden", Detail: "You can only edit your own " + w.what}
	}
	if n.now()-w.createdAt > n.cfg.EditWindow.Milliseconds() {
		return &Error{
			Kind: Forbidden, Code: "edit_window", Detail: "It can no longer be edited: that is possible for " + inWords(n.cfg.EditWindow) + " after writing",
			Hint: "Say what changed in a comment, or delete it and write it anew.",
		}
	}
	if err := n.mayWriteIn(ctx, q, w.place, author.actor.Ref()); err != nil {
		return err
	}
	last, err := q.LastVersion(ctx, w.id)
	if err == nil && last >= MaxRevisions {
		err = &Error{Kind: Conflict, Code: "too_many_edits", Detail: "It has been edited too often", Hint: "Delete it and write it anew."}
	}
	return err
}

// revisePost overwrites a post and keeps what it said. storage.ErrNotFound
// says that the stored one is newer.
func (n *Node) revisePost(ctx context.Context, q storage.Queries, old, newer storage.Post) error {
	if err := q.UpdatePost(ctx, newer); err != nil {
		return err
	}
	if old.Title == newer.Title && old.Content == newer.Content && old.URL == newer.URL {
		return nil
	}
	return keepRevision(ctx, q, storage.Revision{
		ObjectID: old.ID, Title: old.Title, Content: old.Content, HTML: old.HTML, URL: old.URL, WrittenAt: old.UpdatedAt,
	})
}

// reviseComment is revisePost for a comment.
func (n *Node) reviseComment(ctx context.Context, q storage.Queries, old, newer storage.Comment) error {
	if err := q.UpdateComment(ctx, newer); err != nil {
		return err
	}
	if old.Content == newer.Content {
		return nil
	}
	return keepRevision(ctx, q, storage.Revision{ObjectID: old.ID, Content: old.Content, HTML: old.HTML, WrittenAt: old.UpdatedAt})
}

// keepRevision stores an earlier version. Peers may send versions without end:
// of theirs the first MaxRevisions are kept.
func keepRevision(ctx context.Context, q storage.Queries, r storage.Revision) error {
	last, err := q.LastVersion(ctx, r.ObjectID)
	if err != nil || last >= MaxRevisions {
		return err
	}
	r.Version = last + 1
	return q.InsertRevision(ctx, r)
}

// History is what a post or comment said, the first version first; the last
// one is how it stands now.
type History struct {
	Author   storage.Ref
	Versions []storage.Revision
}

// Revised returns those of some posts and comments that say something else than
// they once did. Others may have changed, too: a moderator's mark is a change.
func (n *Node) Revised(ctx context.Context, ids []string) ([]string, error) {
	return n.store.Read().Revised(ctx, ids)
}

// PostHistory returns all versions of a post that is shown to the viewer.
func (n *Node) PostHistory(ctx context.Context, id, viewerID string) (storage.Post, History, error) {
	p, err := n.PostByID(ctx, id, viewerID)
	if err != nil {
		return p, History{}, err
	}
	h, err := n.history(ctx, storage.Revision{ObjectID: p.ID, Title: p.Title, Content: p.Content, HTML: p.HTML, URL: p.URL, WrittenAt: p.UpdatedAt})
	h.Author = p.Author
	return p, h, err
}

// CommentHistory returns all versions of a comment.
func (n *Node) CommentHistory(ctx context.Context, id string) (storage.Comment, History, error) {
	c, err := n.CommentByID(ctx, id)
	if err != nil {
		return c, History{}, err
	}
	h, err := n.history(ctx, storage.Revision{ObjectID: c.ID, Content: c.Content, HTML: c.HTML, WrittenAt: c.UpdatedAt})
	h.Author = c.Author
	return c, h, err
}

func (n *Node) history(ctx context.Context, now storage.Revision) (History, error) {
	rs, err := n.store.Read().Revisions(ctx, now.ObjectID, MaxRevisions)
	now.Version = int64(len(rs)) + 1
	return History{Versions: append(rs, now)}, err
}
