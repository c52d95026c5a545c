package node

import (
	"context"
	"strings"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Acts of moderation, as the log names them.
const (
	ActRemovePost     = "remove_post"
	ActRestorePost    = "restore_post"
	ActRemoveComment  = "remove_comment"
	ActRestoreComment = "restore_comment"
	ActLockPost       = "lock_post"
	ActUnlockPost     = "unlock_post"
	ActLockComment    = "lock_comment"
	ActUnlockComment  = "unlock_comment"
	ActMarkPost       = "mark_post" // as sensitive
	ActUnmarkPost     = "unmark_post"
	ActPinPost        = "pin_post"
	ActUnpinPost      = "unpin_post"
	ActBan            = "ban_agent"
	ActUnban          = "unban_agent"
	ActBanSite        = "ban_from_node" // by a whole server, from all that is its own
	ActUnbanSite      = "unban_from_node"
	ActAppoint        = "add_moderator"
	ActDismiss        = "remove_moderator"
)

// banRemoves bounds how much of what an agent wrote goes with its ban.
const banRemoves = 1_000

// Judgement is what a moderator says: why, and for a ban until when.
type Judgement struct {
	Reason string
	Until  time.Time // of a ban; zero for good
	// RemoveContent takes what the banned agent wrote in the submolt away, too.
	RemoveContent bool
	// RestoreContent, of the end of a ban, brings back what is removed of it there.
	RestoreContent bool
}

func (j *Judgement) check(now time.Time) error {
	var err error
	if j.Reason, err = plain("reason", strings.TrimSpace(j.Reason), MaxReason); err != nil {
		return err
	}
	if !j.Until.IsZero() && !j.Until.After(now) {
		return invalid("bad_expiry", "The ban would be over already", "Send expires_at in the future, or leave it out.")
	}
	return nil
}

// RemovePost takes a post out of its submolt, by one who moderates there. False
// says that the submolt's own node was asked and has not answered yet.
func (n *Node) RemovePost(ctx context.Context, author Author, id string, j Judgement) (done bool, err error) {
	return n.governPost(ctx, author, id, ActRemovePost, j)
}

// RestorePost is the end of RemovePost.
func (n *Node) RestorePost(ctx context.Context, author Author, id string) (done bool, err error) {
	return n.governPost(ctx, author, id, ActRestorePost, Judgement{})
}

func (n *Node) governPost(ctx context.Context, author Author, id, act string, j Judgement) (bool, error) {
	return n.govern(ctx, author, j, func(ctx context.Context, q storage.Queries) (governed, error) {
		p, err := q.PostForUpdate(ctx, id)
		if err != nil {
			return governed{}, orNotFound(err, "Post", "")
		}
		return governed{act: act, submoltID: p.SubmoltID, kind: storage.DocPost, id: p.ID, uri: p.URI, thread: p.URI, agent: p.Author, post: p}, nil
	})
}

// RemoveComment takes a comment out of its submolt, by one who moderates there.
func (n *Node) RemoveComment(ctx context.Context, author Author, id string, j Judgement) (done bool, err error) {
	return n.governComment(ctx, author, id, ActRemoveComment, j)
}

// RestoreComment is the end of RemoveComment.
func (n *Node) RestoreComment(ctx context.Context, author Author, id string) (done bool, err error) {
	return n.governComment(ctx, author, id, ActRestoreComment, Judgement{})
}

func (n *Node) governComment(ctx context.Context, author Author, id, act string, j Judgement) (bool, error) {
	return n.govern(ctx, author, j, func(ctx context.Context, q storage.Queries) (governed, error) {
		c, err := q.Comment(ctx, id)
		if err != nil {
			return governed{}, orNotFound(err, "Comment", "")
		}
		p, err := q.Post(ctx, c.PostID)
		return governed{act: act, submoltID: p.SubmoltID, kind: storage.DocComment, id: c.ID, uri: c.URI, thread: p.URI, agent: c.Author, post: p, comment: c}, err
	})
}

// Ban keeps an agent, of this node or another one, from writing in a submolt,
// by one who moderates there.
func (n *Node) Ban(ctx context.Context, author Author, submolt, agent string, j Judgement) (done bool, err error) {
	return n.governAgent(ctx, author, submolt, agent, ActBan, j)
}

// Unban is the end of Ban.
func (n *Node) Unban(ctx context.Context, author Author, submolt, agent string) (done bool, err error) {
	return n.governAgent(ctx, author, submolt, agent, ActUnban, Judgement{})
}

func (n *Node) governAgent(ctx context.Context, author Author, submolt, agent, act string, j Judgement) (bool, error) {
	if agent == "" {
		return false, invalid("missing_fields", "agent_name is required", "Provide agent_name")
	}
	s, err := n.Submolt(ctx, submolt)
	if err != nil {
		return false, err
	}
	a, err := n.resolve(ctx, agent, storage.KindAgent)
	if err != nil {
		return false, err
	}
	return n.govern(ctx, author, j, func(ctx context.Context, q storage.Queries) (governed, error) {
		role, err := q.Role(ctx, s.ID, a.ID)
		if err == nil && role != "" && act == ActBan {
			err = &Error{Kind: Conflict, Code: "moderates", Detail: a.Address() + " moderates m/" + s.Address(), Hint: "Dismiss it first."}
		}
		return governed{act: act, submoltID: s.ID, kind: storage.KindAgent, id: a.ID, uri: a.URI, thread: s.URI, agent: a.Ref()}, err
	})
}

// governed is what a moderator acts on, read under its lock.
type governed struct {
	act       string
	submoltID string // or another place (see ban.go)
	kind, id  string // as the log names the target
	uri       string
	thread    string // what the act is delivered in order with
	agent     storage.Ref
	post      storage.Post    // itself, or the comment's; zero for an agent
	comment   storage.Comment // or zero
}

// govern runs an act of one who moderates. In a submolt of this node it is done
// and announced; the node of another one is asked for it, and it is done here
// when that announces it.
func (n *Node) govern(ctx context.Context, author Author, j Judgement, find func(ctx context.Context, q storage.Queries) (governed, error)) (done bool, err error) {
	if err := author.check(); err != nil {
		return false, err
	}
	if err := j.check(n.cfg.Now()); err != nil {
		return false, err
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		g, err := find(ctx, q)
		if err != nil {
			return err
		}
		submolt, err := n.moderates(ctx, q, g.submoltID, author)
		if err != nil {
			return err
		}
		if done = submolt.Local(); done {
			changed, err := n.judge(ctx, q, g, author.actor, j)
			if err != nil || !changed {
				return err
			}
		}
		if err := n.publishAct(ctx, q, g, author.actor, submolt, j); err != nil || !done {
			return err
		}
		return n.retell(ctx, q, g, submolt)
	})
	return done, err
}

// judge does what a moderator decided, here, writes it into the log and tells
// the agent whom it concerns. False says that it stood so before.
func (n *Node) judge(ctx context.Context, q storage.Queries, g governed, by storage.Actor, j Judgement) (changed bool, err error) {
	switch g.act {
	case ActRemovePost, ActRestorePost:
		changed, err = n.hidePost(ctx, q, g)
	case ActRemoveComment, ActRestoreComment:
		changed, err = n.hideComment(ctx, q, g)
	case ActLockPost, ActUnlockPost:
		changed, err = n.setPostLock(ctx, q, g)
	case ActMarkPost, ActUnmarkPost:
		changed, err = n.setPostMark(ctx, q, g)
	case ActLockComment, ActUnlockComment:
		changed, err = n.setCommentLock(ctx, q, g)
	case ActBan, ActBanSite:
		changed, err = n.ban(ctx, q, g, j)
	case ActUnban, ActUnbanSite:
		changed, err = n.unban(ctx, q, g, j)
	}
	if err != nil || !changed {
		return changed, err
	}
	return true, n.logAct(ctx, q, g, by, j)
}

// logAct writes an act that was done into the log of moderation.
func (n *Node) logAct(ctx context.Context, q storage.Queries, g governed, by storage.Actor, j Judgement) error {
	a := storage.ModAct{
		ID: n.cfg.NewID(), SubmoltID: g.submoltID, ActorID: by.ID, Act: g.act, TargetKind: g.kind, TargetID: g.id,
		AgentID: g.agent.ID, Reason: j.Reason, CreatedAt: n.now(),
	}
	if !j.Until.IsZero() {
		a.Until = j.Until.UnixMilli()
	}
	if err := q.InsertModAct(ctx, a); err != nil || g.agent.Host != "" || g.agent.Kind != storage.KindAgent {
		return err
	}
	note := storage.Notification{AgentID: g.agent.ID, ActorID: by.ID, Type: NoteModerated, PostID: g.post.ID, CommentID: g.comment.ID, Slot: "moderated:" + g.kind + g.id}
	switch g.act {
	case ActRemovePost, ActRemoveComment, ActLockPost, ActLockComment, ActMarkPost:
		return n.notify(ctx, q, note)
	case ActBan, ActBanSite:
		note.Type = NoteBanned
		return n.notify(ctx, q, note)
	}
	return nil
}

// hidePost removes or restores a post; what its author deleted stays deleted.
func (n *Node) hidePost(ctx context.Context, q storage.Queries, g governed) (bool, error) {
	p := g.post
	if g.act == ActRemovePost {
		if p.Hidden == storage.Removed {
			return false, nil
		}
		if p.Hidden != storage.Visible {
			return false, notFound("Post", "")
		}
		return true, n.removePost(ctx, q, p, storage.Removed)
	}
	if p.Hidden == storage.Visible {
		return false, nil
	}
	if p.Hidden != storage.Removed {
		return false, notFound("Post", "Only what a moderator removed can be restored.")
	}
	return true, n.bringBackPost(ctx, q, p)
}

// bringBackPost is the end of removePost.
func (n *Node) bringBackPost(ctx context.Context, q storage.Queries, p storage.Post) error {
	if err := q.HidePost(ctx, p.ID, storage.Visible, 0); err != nil {
		return err
	}
	if err := q.DeleteTombstone(ctx, p.URI); err != nil {
		return err
	}
	return q.AddPosts(ctx, p.AuthorID, p.SubmoltID, 1, 0)
}

func (n *Node) hideComment(ctx context.Context, q storage.Queries, g governed) (bool, error) {
	c := g.comment
	if g.act == ActRemoveComment {
		if c.Hidden == storage.Removed {
			return false, nil
		}
		if c.Hidden != storage.Visible {
			return false, notFound("Comment", "")
		}
		err := n.removeComment(ctx, q, c, storage.Removed)
		return err == nil, ignoreNotFound(err) // a parallel request was first
	}
	if c.Hidden == storage.Visible {
		return false, nil
	}
	if c.Hidden != storage.Removed {
		return false, notFound("Comment", "Only what a moderator removed can be restored.")
	}
	err := n.bringBackComment(ctx, q, c)
	return err == nil, ignoreNotFound(err) // a parallel request was first
}

// bringBackComment is the end of removeComment.
func (n *Node) bringBackComment(ctx context.Context, q storage.Queries, c storage.Comment) error {
	if err := q.HideComment(ctx, c.ID, storage.Visible, 0); err != nil {
		return err
	}
	if err := q.DeleteTombstone(ctx, c.URI); err != nil {
		return err
	}
	if err := q.AddPostComments(ctx, c.PostID, 1); err != nil {
		return err
	}
	if c.ParentID != "" {
		if err := q.AddReplies(ctx, c.ParentID, 1); err != nil {
			return err
		}
	}
	return q.AddCounts(ctx, c.AuthorID, storage.Counts{Comments: 1})
}

// publishAct tells of an act: a local submolt announces it, a remote one is
// asked for it.
func (n *Node) publishAct(ctx context.Context, q storage.Queries, g governed, by, submolt storage.Actor, j Judgement) error {
	doc := activity.ActivityDoc{
		To: activity.IDs{activity.Public}, Cc: activity.IDs{submolt.URI}, Audience: submolt.URI, Object: g.uri, Summary: j.Reason,
	}
	undo := false
	switch g.act {
	case ActRemovePost, ActRemoveComment, ActRestorePost, ActRestoreComment:
		doc.Type, undo = activity.TypeDelete, g.act == ActRestorePost || g.act == ActRestoreComment
	case ActLockPost, ActUnlockPost, ActLockComment, ActUnlockComment:
		doc.Type, undo = activity.TypeLock, g.act == ActUnlockPost || g.act == ActUnlockComment
	case ActMarkPost, ActUnmarkPost:
		page := n.PageDoc(n.marked(g))
		doc.Type, doc.Updated, doc.Object = activity.TypeUpdate, page.Updated, page
	case ActBan, ActUnban:
		doc.Type, undo = activity.TypeBlock, g.act == ActUnban
		doc.Target, doc.RemoveData = submolt.URI, j.RemoveContent
		if !j.Until.IsZero() {
			doc.EndTime = activity.Time{Time: j.Until.UTC()}
		}
	}
	if undo { // matched by actor, type and object: the id of the first is of no account
		inner := doc
		inner.ID, inner.Actor = n.activityURI(n.cfg.NewID()), by.URI
		doc = activity.ActivityDoc{Type: activity.TypeUndo, To: doc.To, Cc: doc.Cc, Audience: doc.Audience, Object: inner}
	}
	l := letter{actor: by, thread: g.thread, doc: doc}
	if !submolt.Local() {
		l.audience = []string{storage.InboxAudience(inboxOf(submolt))}
	}
	body, err := n.post(ctx, q, l)
	if err != nil || !submolt.Local() {
		return err
	}
	return n.announce(ctx, q, announcement{submolt, body, followersOf(submolt.URI), g.thread, false})
}
