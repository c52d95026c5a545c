package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// MaxPinned bounds the pinned posts of a submolt.
const MaxPinned = 3

// Pin puts a post on top of its submolt, by one who moderates there. In a
// submolt of another node it is asked for there, and pinned when that answers.
func (n *Node) Pin(ctx context.Context, author Author, postID string) (storage.Post, error) {
	return n.feature(ctx, author, postID, activity.TypeAdd)
}

// Unpin is the end of Pin.
func (n *Node) Unpin(ctx context.Context, author Author, postID string) (storage.Post, error) {
	return n.feature(ctx, author, postID, activity.TypeRemove)
}

func (n *Node) feature(ctx context.Context, author Author, postID, verb string) (storage.Post, error) {
	if err := author.check(); err != nil {
		return storage.Post{}, err
	}
	var p storage.Post
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		if p, err = q.PostForUpdate(ctx, postID); err != nil || p.Hidden != storage.Visible {
			return orNotFound(errors.Join(err, storage.ErrNotFound), "Post", "")
		}
		submolt, err := n.moderates(ctx, q, p.SubmoltID, author)
		if err != nil || p.Pinned == (verb == activity.TypeAdd) {
			return err
		}
		if submolt.Local() {
			if err := n.setPinned(ctx, q, p, verb); err != nil {
				return err
			}
			if err := n.logAct(ctx, q, pinAct(p, verb), author.actor, Judgement{}); err != nil {
				return err
			}
			p.Pinned = verb == activity.TypeAdd
		}
		return n.publishChange(ctx, q, change{verb: verb, actor: author.actor, submolt: submolt, collection: collectionFeatured, object: p.URI, thread: p.URI})
	})
	return p, err
}

// pinAct is a change of the pinned posts, as the log has it.
func pinAct(p storage.Post, verb string) governed {
	g := governed{act: ActPinPost, submoltID: p.SubmoltID, kind: storage.DocPost, id: p.ID, agent: p.Author, post: p}
	if verb == activity.TypeRemove {
		g.act = ActUnpinPost
	}
	return g
}

// moderates returns a submolt that the author moderates.
func (n *Node) moderates(ctx context.Context, q storage.Queries, submoltID string, author Author) (storage.Actor, error) {
	s, err := q.Actor(ctx, submoltID)
	if err != nil {
		return s, err
	}
	role, err := q.Role(ctx, s.ID, author.ID())
	if err == nil && role == "" {
		err = errNotModerator(s)
	}
	return s, err
}

func errNotModerator(s storage.Actor) *Error {
	return &Error{
		Kind: Forbidden, Code: "not_moderator", Detail: "Only moderators of m/" + s.Address() + " do that",
		Hint: "GET /api/v1/submolts/" + s.Address() + "/moderators tells who they are.",
	}
}

// setPinned pins a post, or ends it. The submolt's lock makes the bound hold
// under parallel requests.
func (n *Node) setPinned(ctx context.Context, q storage.Queries, p storage.Post, verb string) error {
	if verb != activity.TypeAdd {
		return q.SetPinned(ctx, p.ID, false)
	}
	if err := q.LockActor(ctx, p.SubmoltID); err != nil {
		return err
	}
	pinned, err := q.Pinned(ctx, p.SubmoltID)
	if err != nil {
		return err
	}
	if len(pinned) >= MaxPinned && p.Submolt.Host == "" {
		return &Error{Kind: Conflict, Code: "too_many_pins", Detail: "A submolt has at most 3 pinned posts", Hint: "Unpin another one first: DELETE /api/v1/posts/ID/pin"}
	}
	return q.SetPinned(ctx, p.ID, true)
}

// Collections of a submolt that its moderators change.
const (
	collectionFeatured   = "featured"
	collectionModerators = "moderators"
)

// change is something added to a submolt's collection, or removed from it.
type change struct {
	verb           string // activity.TypeAdd or TypeRemove
	actor, submolt storage.Actor
	collection     string // collectionFeatured or collectionModerators
	object, thread string
}

// publishChange tells of a change: a local submolt announces it, a remote one
// is asked for it.
func (n *Node) publishChange(ctx context.Context, q storage.Queries, c change) error {
	l := letter{actor: c.actor, thread: c.thread, doc: activity.ActivityDoc{
		Type: c.verb, To: activity.IDs{activity.Public}, Cc: activity.IDs{c.submolt.URI}, Audience: c.submolt.URI,
		Object: c.object, Target: c.submolt.URI + "/" + c.collection,
	}}
	if !c.submolt.Local() {
		l.audience = []string{storage.InboxAudience(inboxOf(c.submolt))}
	}
	inner, err := n.post(ctx, q, l)
	if err != nil || !c.submolt.Local() {
		return err
	}
	return n.announce(ctx, q, announcement{c.submolt, inner, followersOf(c.submolt.URI), c.thread, false})
}
