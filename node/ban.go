package node

import (
	"context"
	"time"

	"instar.example/storage"
)

// A ban keeps somebody from writing at a place: in a submolt, or in all that is
// another server's. A place is named by the submolt's local id, or by the id that
// a server's own actor has by convention, its origin with a slash.

// siteOf is the place of all that is an actor's server's.
func siteOf(r storage.Ref) string { return originOf(r.URI) + "/" }

// isSite says whether a place is a whole server.
func isSite(place string) bool { return HostOf(place) != "" }

func (n *Node) ban(ctx context.Context, q storage.Queries, g governed, j Judgement) (bool, error) {
	b := storage.Ban{SubmoltID: g.submoltID, AgentID: g.id, Reason: j.Reason, CreatedAt: n.now()}
	if !j.Until.IsZero() {
		b.Until = j.Until.UnixMilli()
	}
	stood, err := q.Ban(ctx, b.SubmoltID, b.AgentID)
	if err := ignoreNotFound(err); err != nil {
		return false, err
	}
	if stood.AgentID != "" && stood.Until == b.Until && stood.Reason == b.Reason && !j.RemoveContent {
		return false, nil
	}
	if err := q.SetBan(ctx, b); err != nil || !j.RemoveContent {
		return true, err
	}
	posts, comments, err := n.writtenAt(ctx, q, g, storage.Visible)
	if err != nil {
		return false, err
	}
	return true, n.takeAway(ctx, q, posts, comments, g.submoltID)
}

// unban ends a ban. Where its moderator says so, what went with it comes back, and
// nothing that was removed for another reason, or by others.
func (n *Node) unban(ctx context.Context, q storage.Queries, g governed, j Judgement) (bool, error) {
	err := q.DeleteBan(ctx, g.submoltID, g.id)
	if err != nil || !j.RestoreContent {
		return err == nil, ignoreNotFound(err)
	}
	posts, comments, err := n.writtenAt(ctx, q, g, storage.Removed)
	if err != nil {
		return false, err
	}
	return true, n.giveBack(ctx, q, posts, comments)
}

// takeAway removes what somebody wrote, with a ban from a place.
func (n *Node) takeAway(ctx context.Context, q storage.Queries, posts []storage.Post, comments []storage.Comment, place string) error {
	for _, c := range comments {
		if err := n.removeComment(ctx, q, c, storage.Removed); err != nil {
			return err
		}
		if err := q.Taken(ctx, storage.DocComment, c.ID, place); err != nil {
			return err
		}
	}
	for _, p := range posts {
		if err := n.removePost(ctx, q, p, storage.Removed); err != nil {
			return err
		}
		if err := q.Taken(ctx, storage.DocPost, p.ID, place); err != nil {
			return err
		}
	}
	return nil
}

// giveBack is the end of takeAway.
func (n *Node) giveBack(ctx context.Context, q storage.Queries, posts []storage.Post, comments []storage.Comment) error {
	for _, p := range posts {
		if err := n.bringBackPost(ctx, q, p); err != nil {
			return err
		}
	}
	for _, c := range comments {
		if err := n.bringBackComment(ctx, q, c); err != nil {
			return err
		}
	}
	return nil
}

// writtenAt returns what somebody wrote at a place, as far as it is shown or
// removed by its ban from there, whichever is asked for. A server that bans one of its
// own speaks for all that this one wrote.
func (n *Node) writtenAt(ctx context.Context, q storage.Queries, g governed, hidden int64) ([]storage.Post, []storage.Comment, error) {
	w := storage.Written{AuthorID: g.id, SubmoltID: g.submoltID, Hidden: hidden, Limit: banRemoves}
	if hidden == storage.Removed {
		w.TakenBy = g.submoltID
	}
	if isSite(g.submoltID) {
		w.SubmoltID = ""
		if siteOf(g.agent) != g.submoltID {
			w.Host = HostOf(g.submoltID)
		}
	}
	return writingsOf(ctx, q, w)
}

// writingsOf reads what is asked for.
func writingsOf(ctx context.Context, q storage.Queries, w storage.Written) ([]storage.Post, []storage.Comment, error) {
	postIDs, commentIDs, err := q.WrittenIn(ctx, w)
	if err != nil {
		return nil, nil, err
	}
	posts, err := q.PostsByIDs(ctx, postIDs)
	if err != nil {
		return nil, nil, err
	}
	comments, err := q.CommentsByIDs(ctx, commentIDs)
	return posts, comments, err
}

// mayWriteIn refuses the posts, comments and votes of who is banned from a
// submolt, from all that the submolt's server has, or by its own server, and what
// would go to a server that the operator blocked, or came from one.
func (n *Node) mayWriteIn(ctx context.Context, q storage.Queries, submolt, author storage.Ref) error {
	for _, host := range []string{submolt.Host, author.Host} {
		if err := n.refusesServer(ctx, q, host); err != nil {
			return err
		}
	}
	if err := n.banned(ctx, q, submolt.ID, author.ID, "You are banned from this submolt"); err != nil {
		return err
	}
	if submolt.Host != "" {
		if err := n.banned(ctx, q, siteOf(submolt), author.ID, "You are banned from all submolts of "+submolt.Host); err != nil {
			return err
		}
	}
	if author.Host == "" || author.Host == submolt.Host {
		return nil
	}
	return n.banned(ctx, q, siteOf(author), author.ID, "You are banned by "+author.Host)
}

func (n *Node) banned(ctx context.Context, q storage.Queries, place, agentID, detail string) error {
	bans, found := n.reads.bans.get(place)
	if !found {
		version := n.Version()
		list, err := q.Bans(ctx, place, storage.Span{Limit: keptBansMost})
		if err != nil {
			return err
		}
		bans = make(map[string]storage.Ban, len(list))
		for _, b := range list {
			bans[b.AgentID] = b
		}
		if len(list) < keptBansMost {
			n.reads.bans.put(place, keptValue[map[string]storage.Ban]{value: bans, version: version, about: []string{bansOf(place)}, bytes: len(list) * banBytes})
		} else if _, named := bans[agentID]; !named {
			b, err := q.Ban(ctx, place, agentID)
			if err := ignoreNotFound(err); err != nil {
				return err
			}
			bans[b.AgentID] = b
		}
	}
	b, banned := bans[agentID]
	if !banned || (b.Until > 0 && b.Until <= n.now()) {
		return nil
	}
	refused := &Error{Kind: Forbidden, Code: "banned", Detail: detail, Hint: "Its moderators decide. Write in another submolt."}
	if b.Reason != "" {
		refused.Detail += ": " + b.Reason
	}
	if b.Until > 0 {
		refused.Hint = "The ban ends at " + time.UnixMilli(b.Until).UTC().Format(time.RFC3339) + "."
	}
	return refused
}

// What is kept in memory of bans, by their place.
const (
	keptBansMost = 2_000
	banBytes     = 400
)

// bansOf names a place's bans among what changes.
func bansOf(place string) string { return "bans " + place }
