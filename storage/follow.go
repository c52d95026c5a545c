package storage

import "context"

// States of a follow.
const (
	FollowPending  = "pending"  // asked, not yet answered, or the target is being looked up
	FollowAccepted = "accepted" // what followers receive, this one receives
	FollowRejected = "rejected"
)

// Follow is one row of follows: an agent's or a human's of an agent, or a
// subscription to a submolt.
type Follow struct {
	FollowerID string `db:"follower_id"`
	TargetID   string `db:"target_id"`
	URI        string `db:"uri"` // of the Follow activity
	State      string `db:"state"`
	CreatedAt  int64  `db:"created_at"`
}

// InsertFollow adds a follow; ErrExists when there is one in any state.
func (q Queries) InsertFollow(ctx context.Context, f Follow) error {
	return q.novel(ctx, `
		INSERT INTO follows (follower_id, target_id, uri, state, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (follower_id, target_id) DO NOTHING`,
		f.FollowerID, f.TargetID, f.URI, f.State, f.CreatedAt)
}

// SetFollow changes a follow's state and activity; ErrNotFound when there is none.
func (q Queries) SetFollow(ctx context.Context, f Follow) error {
	return q.one(ctx, `
		UPDATE follows
		SET state = $1, uri = $2
		WHERE follower_id = $3 AND target_id = $4`, f.State, f.URI, f.FollowerID, f.TargetID)
}

// DeleteFollow removes a follow; ErrNotFound when there is none.
func (q Queries) DeleteFollow(ctx context.Context, followerID, targetID string) error {
	return q.one(ctx, `
		DELETE FROM follows
		WHERE follower_id = $1 AND target_id = $2`, followerID, targetID)
}

// FollowOf returns a follow by its two ends; ErrNotFound when there is none.
func (q Queries) FollowOf(ctx context.Context, followerID, targetID string) (Follow, error) {
	var f Follow
	err := q.get(ctx, &f, `
		SELECT follower_id, target_id, uri, state, created_at
		FROM follows
		WHERE follower_id = $1 AND target_id = $2`, followerID, targetID)
	return f, err
}

// FollowByURI returns a follow by its activity's id; ErrNotFound when there is none.
func (q Queries) FollowByURI(ctx context.Context, uri string) (Follow, error) {
	var f Follow
	err := q.get(ctx, &f, `
		SELECT follower_id, target_id, uri, state, created_at
		FROM follows
		WHERE uri = $1
		LIMIT 1`, uri)
	return f, err
}

// FollowsTo returns follows of a target in any state, by follower's id, behind after.
func (q Queries) FollowsTo(ctx context.Context, targetID, after string, limit int) ([]Follow, error) {
	fs := []Follow{}
	err := q.list(ctx, &fs, `
		SELECT follower_id, target_id, uri, state, created_at
		FROM follows
		WHERE target_id = $1 AND follower_id > $2
		ORDER BY follower_id
		LIMIT $3`, targetID, after, limit)
	return fs, err
}

// Followers returns the accepted followers of an actor, by id.
func (q Queries) Followers(ctx context.Context, targetID string, s Span) ([]Actor, error) {
	skip, args := skipped([]any{targetID, s.After, s.Limit}, s.Offset)
	actors := []Actor{}
	err := q.list(ctx, &actors, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE id IN (SELECT follower_id FROM follows WHERE target_id = $1 AND state = 'accepted' AND follower_id > $2 ORDER BY follower_id LIMIT $3`+skip+`)
		ORDER BY id`, args...)
	return actors, err
}

// Following returns the actors of a kind that one follows, in any state, by id;
// people and Applications stand among the agents.
func (q Queries) Following(ctx context.Context, followerID, kind string, s Span) ([]Actor, error) {
	skip, args := skipped([]any{followerID, kind, s.After, s.Limit}, s.Offset)
	actors := []Actor{}
	err := q.list(ctx, &actors, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE id IN (SELECT target_id FROM follows WHERE follower_id = $1 AND target_id > $3) AND (kind = $2 OR ($2 = 'agent' AND kind IN ('human', 'node')))
		ORDER BY id
		LIMIT $4`+skip, args...)
	return actors, err
}

// FollowsAny returns those of the targets that the follower follows, in any state.
func (q Queries) FollowsAny(ctx context.Context, followerID string, targets []string) ([]string, error) {
	ids := []string{}
	if len(targets) == 0 {
		return ids, nil
	}
	args := append([]any{followerID}, padded(targets)...)
	err := q.list(ctx, &ids, `
		SELECT target_id
		FROM follows
		WHERE follower_id = $1 AND target_id IN (`+places(2, len(args)-1)+`)`, args...)
	return ids, err
}

// HasLocalFollower says whether any local agent follows the target, in any state:
// only then do its Announces concern us.
func (q Queries) HasLocalFollower(ctx context.Context, targetID string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT f.follower_id
		FROM follows f
		JOIN actors a ON a.id = f.follower_id
		WHERE f.target_id = $1 AND a.host = '' AND f.state <> 'rejected'
		LIMIT 1`, targetID)
	return len(ids) > 0, err
}

// HasAcceptedFollower says whether a local agent follows the target and was accepted.
func (q Queries) HasAcceptedFollower(ctx context.Context, targetID string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT f.follower_id
		FROM follows f
		JOIN actors a ON a.id = f.follower_id
		WHERE f.target_id = $1 AND a.host = '' AND f.state = 'accepted'
		LIMIT 1`, targetID)
	return len(ids) > 0, err
}

// LocalFollowers returns the local agents that follow an actor, in any state.
func (q Queries) LocalFollowers(ctx context.Context, targetID string, limit int) ([]Actor, error) {
	actors := []Actor{}
	err := q.list(ctx, &actors, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE host = '' AND id IN (SELECT follower_id FROM follows WHERE target_id = $1)
		LIMIT $2`, targetID, limit)
	return actors, err
}

// AddMember counts one more (n = 1) or one less (n = -1) member of an audience
// behind an inbox. The audience index tells, for an outbox entry, which lanes
// are to be woken, without touching a follower.
func (q Queries) AddMember(ctx context.Context, audience, inbox string, n int64) error {
	_, err := q.exec(ctx, `
		INSERT INTO audience (audience, inbox, members)
		VALUES ($1, $2, $3)
		ON CONFLICT (audience, inbox) DO UPDATE
		SET members = audience.members + excluded.members`, audience, inbox, n)
	if err != nil || n > 0 {
		return err
	}
	_, err = q.exec(ctx, `
		DELETE FROM audience
		WHERE audience = $1 AND inbox = $2 AND members <= 0`, audience, inbox)
	return err
}

// Member is one row of the audience index.
type Member struct {
	Audience string `db:"audience"`
	Inbox    string `db:"inbox"`
	Members  int64  `db:"members"`
}

// MembersOf returns the audiences that a host's inboxes belong to.
func (q Queries) MembersOf(ctx context.Context, host string, limit int) ([]Member, error) {
	ms := []Member{}
	err := q.list(ctx, &ms, `
		SELECT a.audience, a.inbox, a.members
		FROM audience a
		JOIN lanes l ON l.inbox = a.inbox
		WHERE l.host = $1
		LIMIT $2`, host, limit)
	return ms, err
}

// HasMembers says whether an audience has any.
func (q Queries) HasMembers(ctx context.Context, audience string) (bool, error) {
	return onceABatch(q, "members of "+audience, func() (bool, error) {
		var inboxes []string
		err := q.list(ctx, &inboxes, `
			SELECT inbox
			FROM audience
			WHERE audience = $1
			LIMIT 1`, audience)
		return len(inboxes) > 0, err
	})
}

// CountFollowing counts the actors of a kind that one follows, in any state.
func (q Queries) CountFollowing(ctx context.Context, followerID, kind string) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM follows f
		JOIN actors a ON a.id = f.target_id
		WHERE f.follower_id = $1 AND a.kind = $2`, followerID, kind)
	return n, err
}

// sharedMost bounds how many followers SharedFollowers looks at.
const sharedMost = 100

// SharedFollowers counts how many of some followers of one actor follow another.
func (q Queries) SharedFollowers(ctx context.Context, targetID, otherID string) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM follows
		WHERE target_id = $1 AND follower_id IN (SELECT follower_id FROM follows WHERE target_id = $2 ORDER BY follower_id LIMIT $3)`,
		targetID, otherID, sharedMost)
	return n, err
}
