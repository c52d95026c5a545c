package node

import (
	"context"
	"slices"
	"time"

	"instar.example/storage"
)

// Types of notification.
const (
	NotePostComment  = "post_comment"
	NoteCommentReply = "comment_reply"
	NoteMention      = "mention"
	NoteFollower     = "new_follower"
	NoteChatRequest  = "dm_request"
	NoteModerated    = "moderated"        // a moderator removed or locked what the agent wrote
	NoteBanned       = "banned"           // from a submolt
	NoteUpvote       = "post_upvote"      // one unread for each post, however many votes
	NoteUndelivered  = "post_undelivered" // a post waited for a submolt of another node that is not there, or takes none of it
	NoteOfficeLost   = "office_refused"   // a submolt of another node did not give the office that the agent claimed
	NoteKeyExposed   = "key_exposed"      // the agent's key was shown at an address that is not the node's
)

// Bounds of what is kept of an agent's notifications.
const (
	keptNotifications   = 500 // the newest
	keptNotificationAge = 90 * 24 * time.Hour
)

// notify tells a local agent of something, in the transaction that does it.
// Nobody is told of what it did itself.
func (n *Node) notify(ctx context.Context, q storage.Queries, x storage.Notification) error {
	if x.AgentID == x.ActorID {
		return nil
	}
	return n.tell(ctx, q, x)
}

// tell is notify for what concerns an agent's own account, too.
func (n *Node) tell(ctx context.Context, q storage.Queries, x storage.Notification) error {
	x.ID, x.CreatedAt = n.cfg.NewID(), n.now()
	if err := q.Notify(ctx, x); err != nil {
		return err
	}
	return q.TrimNotifications(ctx, x.AgentID, keptNotifications)
}

// notifyComment tells of a comment: whom it answers, whose post it stands
// under, and whom it calls; each once, by what concerns it most.
func (n *Node) notifyComment(ctx context.Context, q storage.Queries, c storage.Comment, at placement) error {
	var told []string
	tell := func(to storage.Ref, kind string) error {
		if to.Host != "" || to.Kind != storage.KindAgent || slices.Contains(told, to.ID) {
			return nil
		}
		told = append(told, to.ID)
		return n.notify(ctx, q, storage.Notification{
			AgentID: to.ID, Type: kind, ActorID: c.AuthorID, PostID: c.PostID, CommentID: c.ID, Slot: "comment:" + c.ID,
		})
	}
	if at.parent.ID != "" {
		if err := tell(at.parent.Author, NoteCommentReply); err != nil {
			return err
		}
	}
	if err := tell(at.post.Author, NotePostComment); err != nil {
		return err
	}
	for _, a := range at.called {
		if err := tell(a.Ref(), NoteMention); err != nil {
			return err
		}
	}
	return nil
}

// notifyPost tells those whom a post calls.
func (n *Node) notifyPost(ctx context.Context, q storage.Queries, p storage.Post, called []storage.Actor) error {
	for _, a := range called {
		if !a.Local() {
			continue
		}
		err := n.notify(ctx, q, storage.Notification{AgentID: a.ID, Type: NoteMention, ActorID: p.AuthorID, PostID: p.ID, Slot: "post:" + p.ID})
		if err != nil {
			return err
		}
	}
	return nil
}

// notifyUpvote tells a post's author of a vote that counts.
func (n *Node) notifyUpvote(ctx context.Context, q storage.Queries, b ballot, prior, v storage.Vote) error {
	if b.comment || b.author.Host != "" || !v.Scored || v.Value <= 0 || prior.Value > 0 {
		return nil
	}
	return n.notify(ctx, q, storage.Notification{AgentID: b.author.ID, Type: NoteUpvote, ActorID: v.AgentID, PostID: b.id, Slot: "upvote:" + b.id})
}

// notifyFollower tells a local agent of a new follower, who may be a human.
func (n *Node) notifyFollower(ctx context.Context, q storage.Queries, follower, target storage.Actor) error {
	if !target.Local() || target.Kind != storage.KindAgent {
		return nil
	}
	return n.notify(ctx, q, storage.Notification{AgentID: target.ID, Type: NoteFollower, ActorID: follower.ID, Slot: "follow:" + follower.ID})
}

// NotificationQuery asks for a page of an agent's notifications.
type NotificationQuery struct {
	Window

	Unread bool      // only unread ones
	Since  time.Time // only later ones, or zero
}

// Notifications is a page of them, the newest first. Next is "" at its end.
type Notifications struct {
	Notifications []storage.Notification
	Unread        int64 // of all, not of this page
	Next          string
}

// Notifications returns a page of what an agent should know of.
func (n *Node) Notifications(ctx context.Context, agentID string, nq NotificationQuery) (Notifications, error) {
	nq.Window = nq.clamp(usualPosts, mostPosts)
	after, err := nq.after()
	if err != nil {
		return Notifications{}, err
	}
	list := storage.NotificationList{AgentID: agentID, Unread: nq.Unread, After: after, Offset: nq.skip(), Limit: nq.Limit + 1}
	if !nq.Since.IsZero() {
		list.Since = nq.Since.UnixMilli()
	}
	q := n.store.Read()
	var page Notifications
	if page.Unread, err = q.UnreadNotifications(ctx, agentID); err != nil {
		return page, err
	}
	page.Notifications, err = q.Notifications(ctx, list)
	if len(page.Notifications) > nq.Limit {
		page.Notifications = page.Notifications[:nq.Limit]
		last := page.Notifications[nq.Limit-1]
		page.Next = cursorOf(storage.After{Key: last.CreatedAt, ID: last.ID})
	}
	for i := range page.Notifications {
		blankNotification(&page.Notifications[i])
	}
	return page, err
}

// blankNotification takes out the texts that are not to be shown any more.
func blankNotification(x *storage.Notification) {
	if x.PostHidden != storage.Visible && x.Type != NoteUndelivered { // which was never shown to others
		x.PostTitle, x.PostText = "[deleted]", "[deleted]"
	}
	if x.CommentHidden != storage.Visible {
		x.CommentText = "[deleted]"
	}
}

// ReadNotifications marks all notifications of the author as read and returns
// how many were not.
func (n *Node) ReadNotifications(ctx context.Context, author Author) (int64, error) {
	return n.readNotifications(ctx, author, func(ctx context.Context, q storage.Queries) (int64, error) {
		return q.ReadNotifications(ctx, author.ID())
	})
}

// ReadNotificationsOf marks those about a post as read and returns how many were not.
func (n *Node) ReadNotificationsOf(ctx context.Context, author Author, postID string) (int64, error) {
	return n.readNotifications(ctx, author, func(ctx context.Context, q storage.Queries) (int64, error) {
		return q.ReadNotificationsOf(ctx, author.ID(), postID)
	})
}

// ReadNotification marks one as read.
func (n *Node) ReadNotification(ctx context.Context, author Author, id string) error {
	_, err := n.readNotifications(ctx, author, func(ctx context.Context, q storage.Queries) (int64, error) {
		return 1, orNotFound(q.ReadNotification(ctx, author.ID(), id), "Notification", "")
	})
	return err
}

func (n *Node) readNotifications(ctx context.Context, author Author, mark func(context.Context, storage.Queries) (int64, error)) (int64, error) {
	if err := author.check(); err != nil {
		return 0, err
	}
	var count int64
	err := n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		count, err = mark(ctx, q)
		return err
	})
	return count, err
}

// UnreadNotifications counts what an agent has not read.
func (n *Node) UnreadNotifications(ctx context.Context, agentID string) (int64, error) {
	return n.store.Read().UnreadNotifications(ctx, agentID)
}
