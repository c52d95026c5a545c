package node

import (
	"context"
	"errors"

	"instar.example/storage"
)

// What became of a vote.
const (
	VoteUp      = "upvoted"
	VoteDown    = "downvoted"
	VoteChanged = "changed"
	VoteRemoved = "removed"
)

// VoteTarget is what is voted on: a post or a comment, by its local id.
type VoteTarget struct {
	PostID    string // or ""
	CommentID string // or ""
}

// VoteResult is what became of a vote.
type VoteResult struct {
	Action string      // VoteUp, VoteDown, VoteChanged or VoteRemoved
	Author storage.Ref // of what was voted on
	// Following says whether the voter follows that author.
	Following bool
}

// ballot is a target with what its vote needs, read under its lock.
type ballot struct {
	id, uri, thread  string
	post             storage.Post // the post voted on, or the comment's
	comment          bool
	author           storage.Ref
	score, createdAt int64
	from             string // the domain of the voter's server, "" here
}

// Vote sets the author's vote on a target: +1, -1, or 0 to take it back. The
// same vote again changes nothing, unless the node toggles votes.
func (n *Node) Vote(ctx context.Context, author Author, t VoteTarget, value int64) (VoteResult, error) {
	if err := author.check(); err != nil {
		return VoteResult{}, err
	}
	var res VoteResult
	err := n.writeInFlood(ctx, func(ctx context.Context, q storage.Queries) ([]string, error) {
		b, err := n.ballot(ctx, q, t)
		if err != nil {
			return nil, err
		}
		if b.author.ID == author.ID() {
			return nil, invalid("own_content", "Cannot vote on your own content", "Vote for what others wrote.")
		}
		id := n.cfg.NewID()
		v := storage.Vote{AgentID: author.ID(), TargetID: b.id, Value: value, Scored: true, URI: n.activityURI(id), CreatedAt: n.now()}
		if n.cfg.VotesToggle {
			standing, err := q.VoteOf(ctx, v.AgentID, b.id)
			if err := ignoreNotFound(err); err != nil {
				return nil, err
			}
			if standing.Value == v.Value {
				v.Value = 0
			}
		}
		prior, action, err := n.cast(ctx, q, b, v, author.actor.Ref())
		if err != nil {
			return nil, err
		}
		res = VoteResult{Action: action, Author: b.author}
		if _, err := q.FollowOf(ctx, author.ID(), b.author.ID); err == nil {
			res.Following = true
		} else if !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		about := []string{b.post.ID, b.author.ID}
		if !b.comment {
			about = append(about, postsOf(b.author.ID), postsOf(b.post.SubmoltID))
		}
		if v.Value == prior.Value {
			return about, nil
		}
		return about, n.publishVote(ctx, q, author.actor, b, prior, v)
	})
	return res, err
}

// ballot reads a target and locks its row, so that parallel votes come one by one.
func (n *Node) ballot(ctx context.Context, q storage.Queries, t VoteTarget) (ballot, error) {
	if t.CommentID == "" {
		p, err := q.PostForUpdate(ctx, t.PostID)
		if err != nil || p.Hidden != storage.Visible {
			return ballot{}, orNotFound(errors.Join(err, storage.ErrNotFound), "Post", "")
		}
		return ballot{id: p.ID, uri: p.URI, thread: p.URI, post: p, author: p.Author, score: p.Score, createdAt: p.CreatedAt}, votable(p.Author)
	}
	if err := q.AddCommentVotes(ctx, t.CommentID, 0, 0); err != nil { // takes the lock
		return ballot{}, orNotFound(err, "Comment", "")
	}
	c, err := q.Comment(ctx, t.CommentID)
	if err != nil || c.Hidden != storage.Visible {
		return ballot{}, orNotFound(errors.Join(err, storage.ErrNotFound), "Comment", "")
	}
	if err := votable(c.Author); err != nil {
		return ballot{}, err
	}
	p, err := q.Post(ctx, c.PostID)
	return ballot{id: c.ID, uri: c.URI, thread: p.URI, post: p, comment: true, author: c.Author, score: c.Score, createdAt: c.CreatedAt}, err
}

// votable refuses votes on what people wrote elsewhere.
func votable(author storage.Ref) error {
	if author.Kind == storage.KindHuman {
		return errForeignText()
	}
	return nil
}

// cast makes v the standing vote and moves the counters by the difference; it
// returns what stood before. One row a voter and target: however often and
// however parallel a vote comes, it counts once.
func (n *Node) cast(ctx context.Context, q storage.Queries, b ballot, v storage.Vote, voter storage.Ref) (prior storage.Vote, action string, err error) {
	prior, err = q.VoteOf(ctx, v.AgentID, b.id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return prior, "", err
	}
	switch {
	case v.Value == 0:
		action = VoteRemoved
	case prior.Value != 0 && prior.Value != v.Value:
		action = VoteChanged
	case v.Value > 0:
		action = VoteUp
	default:
		action = VoteDown
	}
	if v.Value == prior.Value {
		return prior, action, nil
	}
	if err := n.mayWriteIn(ctx, q, b.post.Submolt, voter); err != nil && v.Value != 0 {
		return prior, "", err
	}
	if v.Scored, err = n.scores(ctx, q, b, prior, v); err != nil {
		return prior, "", err
	}
	if v.Value == 0 {
		err = q.DeleteVote(ctx, v.AgentID, b.id)
	} else {
		err = q.SetVote(ctx, v)
	}
	if err != nil {
		return prior, "", err
	}
	if err := n.count(ctx, q, b, prior, v); err != nil {
		return prior, "", err
	}
	return prior, action, n.notifyUpvote(ctx, q, b, prior, v)
}

// scores says whether a vote counts: of the agents of one domain only so many do on
// one target, or whoever runs a server would decide with a thousand puppets what
// everybody reads. The caller holds the target's lock.
func (n *Node) scores(ctx context.Context, q storage.Queries, b ballot, prior, v storage.Vote) (bool, error) {
	had, wants := prior.Value != 0 && prior.Scored, v.Value != 0 && v.Scored
	switch {
	case b.from == "" || n.cfg.VotesPerServer <= 0 || had == wants:
		return v.Scored, nil
	case had:
		return v.Scored, q.ReturnShare(ctx, b.id, b.from)
	default:
		return q.TakeShare(ctx, b.id, b.from, n.cfg.VotesPerServer)
	}
}

// count moves the target's counters and its author's karma from one vote to another.
func (n *Node) count(ctx context.Context, q storage.Queries, b ballot, prior, v storage.Vote) error {
	weigh := func(x storage.Vote) (up, down int64) {
		switch {
		case !x.Scored || x.Value == 0:
			return 0, 0
		case x.Value > 0:
			return 1, 0
		default:
			return 0, 1
		}
	}
	up0, down0 := weigh(prior)
	up1, down1 := weigh(v)
	up, down := up1-up0, down1-down0
	if up == 0 && down == 0 {
		return nil
	}
	var err error
	if b.comment {
		err = q.AddCommentVotes(ctx, b.id, up, down)
	} else {
		err = q.AddVotes(ctx, b.id, up, down, storage.Rank{
			Hot: hot(b.score+up-down, b.createdAt), Disputed: disputed(b.post.Up+up, b.post.Down+down),
		})
	}
	if err != nil {
		return err
	}
	given := storage.Counts{Karma: up - down}
	if b.from == "" {
		given.LocalKarma = given.Karma
	}
	return q.AddCounts(ctx, b.author.ID, given)
}

// VotesOf returns the viewer's votes on those of the targets that it voted on.
func (n *Node) VotesOf(ctx context.Context, viewerID string, ids []string) (map[string]int64, error) {
	votes := map[string]int64{}
	vs, err := n.store.Read().VotesOf(ctx, viewerID, ids)
	for _, v := range vs {
		votes[v.TargetID] = v.Value
	}
	return votes, err
}
