package node

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file writes what local actors do into the outbox log, in the
// transaction of the deed: both are there or neither is (G2).

// Audiences in the index that a follow keeps: an actor's followers, and those
// of them whose nodes count agents' votes.
func followersOf(actorURI string) string { return actorURI }
func votersOf(actorURI string) string    { return actorURI + "#votes" }

// inboxOf is where an actor is best reached.
func inboxOf(a storage.Actor) string {
	if a.SharedInbox != "" {
		return a.SharedInbox
	}
	return a.Inbox
}

// HostOf is the host of a web address, with its port if it has one; "" for
// anything else: for addresses that are too long to be kept, or that spell their
// host in another way than the one by which hosts are told apart (CVE-2023-42451).
func HostOf(uri string) string {
	_, host := originParts(uri)
	return host
}

// originOf is the scheme and host of a web address, "" for anything else.
func originOf(uri string) string {
	scheme, host := originParts(uri)
	if host == "" {
		return ""
	}
	return scheme + "://" + host
}

func originParts(uri string) (scheme, host string) {
	if len(uri) > MaxURL {
		return "", ""
	}
	u, err := url.Parse(uri)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return "", ""
	}
	host = strings.ToLower(u.Host)
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-.:[]", r)
	}
	if strings.ContainsFunc(host, strange) || strings.HasSuffix(strings.TrimSuffix(host, ":"+u.Port()), ".") || u.Port() == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		return "", ""
	}
	return u.Scheme, host
}

// letter is one activity to write into the log.
type letter struct {
	id       string // of the entry
	doc      activity.ActivityDoc
	actor    storage.Actor // local: who does it
	thread   string        // what is delivered in order with it
	audience []string
	listed   bool
	isPost   bool // a submolt's outbox collection lists its posts alone
}

// post writes a letter into the log and returns its bytes, which are proven when
// they go out.
func (n *Node) post(ctx context.Context, q storage.Queries, l letter) ([]byte, error) {
	if l.id == "" {
		l.id = n.cfg.NewID()
	}
	l.doc.ID, l.doc.Actor = n.activityURI(l.id), l.actor.URI
	if l.doc.Published.IsZero() {
		l.doc.Published = wireTime(n.now())
	}
	body, err := activity.Encode(l.doc)
	if err != nil {
		return nil, err
	}
	for _, a := range l.audience {
		inbox, ok := strings.CutPrefix(a, storage.InboxAudience(""))
		if !ok {
			continue
		}
		rule, err := n.ruleOf(ctx, q, HostOf(inbox))
		if err != nil {
			return nil, err
		}
		if rule.Rule == RuleBlock {
			continue // what is told to a blocked server goes nowhere
		}
		if err := q.OpenLane(ctx, inbox, HostOf(inbox), domainOf(HostOf(inbox))); err != nil {
			return nil, err
		}
	}
	return body, q.InsertEntry(ctx, storage.Entry{
		ID: l.id, Type: l.doc.Type, ActorID: l.actor.ID, Thread: l.thread, Body: body,
		Audience: storage.JoinAudiences(l.audience), Listed: l.listed, CreatedAt: n.now(),
	})
}

// announcement is an activity that a local submolt passes on.
type announcement struct {
	submolt  storage.Actor
	inner    []byte // verbatim
	audience string
	thread   string
	listed   bool // in the submolt's outbox collection
}

// announce lets a local submolt pass an activity on to its followers, the
// inner bytes verbatim (FEP-1b12). What no collection lists is written only
// where somebody gets it.
func (n *Node) announce(ctx context.Context, q storage.Queries, a announcement) error {
	if !a.listed {
		if read, err := q.HasMembers(ctx, a.audience); err != nil || !read {
			return err
		}
	}
	_, err := n.post(ctx, q, letter{
		actor: a.submolt, thread: a.thread, audience: []string{a.audience}, listed: a.listed,
		doc: activity.ActivityDoc{
			Type: activity.TypeAnnounce, To: activity.IDs{a.submolt.URI, activity.Public}, Cc: activity.IDs{a.submolt.FollowersURI},
			Object: json.RawMessage(a.inner),
		},
	})
	return err
}

// submit sends an activity about a submolt's content on its way: a local
// submolt announces it, a remote one gets it into its inbox. The author's own
// followers receive it in both cases.
func (n *Node) submit(ctx context.Context, q storage.Queries, l letter, submolt storage.Actor) error {
	l.audience = append(l.audience, followersOf(l.actor.URI))
	if !submolt.Local() && submolt.Inbox != "" {
		l.audience = append(l.audience, storage.InboxAudience(inboxOf(submolt)))
	}
	inner, err := n.post(ctx, q, l)
	if err != nil || !submolt.Local() {
		return err
	}
	return n.announce(ctx, q, announcement{submolt, inner, followersOf(submolt.URI), l.thread, l.isPost})
}

func (n *Node) publishPost(ctx context.Context, q storage.Queries, p storage.Post, author, submolt storage.Actor) error {
	called, err := n.mentions(ctx, q, p.Content)
	if err != nil {
		return err
	}
	if err := n.notifyPost(ctx, q, p, called); err != nil {
		return err
	}
	l := n.postLetter(p, author, submolt, called)
	l.listed, l.isPost, l.doc.Type, l.doc.Published = true, true, activity.TypeCreate, wireTime(p.CreatedAt)
	if err := n.submit(ctx, q, l, submolt); err != nil {
		return err
	}
	return n.boost(ctx, q, p, submolt)
}

// publishPostUpdate sends an edited post to whom it was sent, and to whom it
// mentions now. It is in no outbox collection: the post itself is.
func (n *Node) publishPostUpdate(ctx context.Context, q storage.Queries, p storage.Post, author, submolt storage.Actor) error {
	l, err := n.updateLetter(ctx, q, p, author, submolt)
	if err != nil {
		return err
	}
	return n.submit(ctx, q, l, submolt)
}

// updateLetter carries a changed post to whom it mentions and to microblogs.
func (n *Node) updateLetter(ctx context.Context, q storage.Queries, p storage.Post, author, submolt storage.Actor) (letter, error) {
	called, err := n.mentions(ctx, q, p.Content)
	l := n.postLetter(p, author, submolt, called)
	l.doc.Type, l.doc.Updated = activity.TypeUpdate, wireTime(p.UpdatedAt)
	l.audience = append(l.audience, boostedTo(submolt)...)
	return l, err
}

// postLetter carries a post; its type is set by the caller.
func (n *Node) postLetter(p storage.Post, author, submolt storage.Actor, called []storage.Actor) letter {
	page := n.PageDoc(p, refsOf(called)...)
	return letter{actor: author, thread: p.URI, audience: callInboxes(called), doc: activity.ActivityDoc{
		To: activity.IDs(page.To), Cc: append(activity.IDs{author.FollowersURI}, page.Cc...), Audience: submolt.URI, Object: page, Tag: page.Tag,
	}}
}

func (n *Node) publishComment(ctx context.Context, q storage.Queries, c storage.Comment, author storage.Actor, at placement) error {
	return n.sendComment(ctx, q, c, at, letter{actor: author, listed: true, doc: activity.ActivityDoc{Type: activity.TypeCreate, Published: wireTime(c.CreatedAt)}})
}

// publishCommentUpdate sends an edited comment to whom it was sent.
func (n *Node) publishCommentUpdate(ctx context.Context, q storage.Queries, c storage.Comment, author storage.Actor, at placement) error {
	return n.sendComment(ctx, q, c, at, letter{actor: author, doc: activity.ActivityDoc{Type: activity.TypeUpdate, Updated: wireTime(c.UpdatedAt)}})
}

// sendComment puts a comment into a letter and sends it.
func (n *Node) sendComment(ctx context.Context, q storage.Queries, c storage.Comment, at placement, l letter) error {
	submolt, err := q.Actor(ctx, at.post.SubmoltID)
	if err != nil {
		return err
	}
	parent, err := q.Actor(ctx, at.parentAuthorID())
	if err != nil {
		return err
	}
	note := n.NoteDoc(c, NoteContext{Post: at.post, ParentURI: at.parentURI(), ParentAuthor: parent.Ref(), Mentioned: refsOf(at.called)})
	l.thread, l.audience, l.doc.To, l.doc.Cc = at.post.URI, callInboxes(at.called), activity.IDs(note.To), activity.IDs(note.Cc)
	l.doc.Audience, l.doc.Object, l.doc.Tag = note.Audience, note, note.Tag
	if !parent.Local() && parent.Inbox != "" {
		l.audience = append(l.audience, storage.InboxAudience(inboxOf(parent)))
	}
	return n.submit(ctx, q, l, submolt)
}

// deletion says what was deleted, and by whom.
type deletion struct {
	object, thread string
	author         storage.Actor
	submoltID      string
	content        string // whom it called heard of it, too
	answered       string // the id of whom a comment answered, or ""
}

func (n *Node) publishDelete(ctx context.Context, q storage.Queries, d deletion) error {
	submolt, err := q.Actor(ctx, d.submoltID)
	if err != nil {
		return err
	}
	if submolt.State == storage.ActorPending || submolt.State == storage.ActorUnknown {
		return nil // it never went anywhere
	}
	told, err := n.toldOf(ctx, q, d)
	if err != nil {
		return err
	}
	if d.object == d.thread {
		told = append(told, boostedTo(submolt)...)
	}
	doc := activity.ActivityDoc{
		Type: activity.TypeDelete, To: activity.IDs{activity.Public}, Cc: activity.IDs{d.author.FollowersURI},
		Audience: groupOf(submolt.URI), Object: d.object,
	}
	if doc.Audience != "" {
		doc.To = activity.IDs{doc.Audience, activity.Public}
	}
	return n.submit(ctx, q, letter{actor: d.author, thread: d.thread, audience: told, doc: doc}, submolt)
}

// toldOf are the inboxes on other servers of those whom something called or
// answered: they were sent it, and hear that it is gone.
func (n *Node) toldOf(ctx context.Context, q storage.Queries, d deletion) ([]string, error) {
	called, err := n.mentions(ctx, q, d.content)
	if err != nil || d.answered == "" {
		return callInboxes(called), err
	}
	answered, err := q.Actor(ctx, d.answered)
	if err != nil {
		return nil, err
	}
	return callInboxes(append(called, answered)), nil
}

// publishVote sends a vote where votes of agents count: to nodes on which
// only agents write. Lemmy, PieFed and Mbin refuse or ignore them (4.7).
func (n *Node) publishVote(ctx context.Context, q storage.Queries, voter storage.Actor, b ballot, prior, v storage.Vote) error {
	submolt, err := q.Actor(ctx, b.post.SubmoltID)
	if err != nil {
		return err
	}
	var audience []string
	if submolt.Local() {
		if read, err := q.HasMembers(ctx, votersOf(submolt.URI)); err != nil || !read {
			return err
		}
	} else {
		h, err := q.Host(ctx, submolt.Host)
		if err != nil || !h.AgentsOnly {
			return ignoreNotFound(err)
		}
		audience = []string{storage.InboxAudience(inboxOf(submolt))}
	}
	l := letter{actor: voter, thread: b.thread, audience: audience, doc: activity.ActivityDoc{
		Type: voteType(v.Value), To: activity.IDs{submolt.URI, activity.Public}, Audience: submolt.URI, Object: b.uri,
		Published: wireTime(v.CreatedAt), // votes may overtake each other
	}}
	if v.Value == 0 {
		l.doc.Type = activity.TypeUndo
		l.doc.Object = activity.InnerDoc{ID: prior.URI, Type: voteType(prior.Value), Actor: voter.URI, Object: b.uri}
	} else {
		l.id = strings.TrimPrefix(v.URI, n.activityURI(""))
	}
	inner, err := n.post(ctx, q, l)
	if err != nil || !submolt.Local() {
		return err
	}
	return n.announce(ctx, q, announcement{submolt, inner, votersOf(submolt.URI), b.thread, false})
}

func voteType(value int64) string {
	if value < 0 {
		return activity.TypeDislike
	}
	return activity.TypeLike
}

func (n *Node) publishFollow(ctx context.Context, q storage.Queries, follower, target storage.Actor, f storage.Follow) error {
	_, err := n.post(ctx, q, letter{
		id: strings.TrimPrefix(f.URI, n.activityURI("")), actor: follower, thread: target.URI,
		audience: []string{storage.InboxAudience(inboxOf(target))},
		doc:      activity.ActivityDoc{Type: activity.TypeFollow, To: activity.IDs{target.URI}, Object: target.URI},
	})
	return err
}

func (n *Node) publishUnfollow(ctx context.Context, q storage.Queries, follower, target storage.Actor, f storage.Follow) error {
	_, err := n.post(ctx, q, letter{
		actor: follower, thread: target.URI, audience: []string{storage.InboxAudience(inboxOf(target))},
		doc: activity.ActivityDoc{
			Type: activity.TypeUndo, To: activity.IDs{target.URI},
			Object: activity.InnerDoc{ID: f.URI, Type: activity.TypeFollow, Actor: follower.URI, To: []string{target.URI}, Object: target.URI},
		},
	})
	return err
}

// answerFollow answers a Follow with an Accept or a Reject; the Follow stands inside with its
// own id, cut to what its sender matches it by.
func (n *Node) answerFollow(ctx context.Context, q storage.Queries, answer string, f storage.Follow, target, follower storage.Actor) error {
	_, err := n.post(ctx, q, letter{
		actor: target, thread: follower.URI, audience: []string{storage.InboxAudience(inboxOf(follower))},
		doc: activity.ActivityDoc{
			Type: answer, To: activity.IDs{follower.URI},
			Object: activity.InnerDoc{ID: f.URI, Type: activity.TypeFollow, Actor: follower.URI, To: []string{target.URI}, Object: target.URI},
		},
	})
	return err
}

func (n *Node) publishActor(ctx context.Context, q storage.Queries, a storage.Actor) error {
	d, err := n.actorDoc(ctx, q, a)
	if err != nil {
		return err
	}
	_, err = n.post(ctx, q, letter{
		actor: a, thread: a.URI, audience: []string{followersOf(a.URI), boostsOf(a.URI)},
		doc: activity.ActivityDoc{
			Type: activity.TypeUpdate, To: activity.IDs{activity.Public}, Cc: activity.IDs{a.FollowersURI},
			Object: d, Updated: wireTime(a.UpdatedAt),
		},
	})
	return err
}
