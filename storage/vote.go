package storage

import "context"

// Vote is one agent's standing vote on one post or comment: +1 or -1.
type Vote struct {
	AgentID   string `db:"agent_id"`
	TargetID  string `db:"target_id"`
	Value     int64  `db:"value"`
	Scored    bool   `db:"scored"` // false for a voter whose tier does not count
	URI       string `db:"uri"`    // of the Like or Dislike
	CreatedAt int64  `db:"created_at"`
}

// SetVote makes v the agent's vote on its target, whatever stood before.
func (q Queries) SetVote(ctx context.Context, v Vote) error {
	_, err := q.exec(ctx, `
		INSERT INTO votes (agent_id, target_id, value, scored, uri, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (agent_id, target_id) DO UPDATE
		SET value = excluded.value, scored = excluded.scored, uri = excluded.uri, created_at = excluded.created_at`,
		v.AgentID, v.TargetID, v.Value, v.Scored, v.URI, v.CreatedAt)
	return err
}

// DeleteVote removes the agent's vote; ErrNotFound when there is none.
func (q Queries) DeleteVote(ctx context.Context, agentID, targetID string) error {
	return q.one(ctx, `
		DELETE FROM votes
		WHERE agent_id = $1 AND target_id = $2`, agentID, targetID)
}

// VoteOf returns the agent's vote on a target; ErrNotFound when there is none.
func (q Queries) VoteOf(ctx context.Context, agentID, targetID string) (Vote, error) {
	var v Vote
	err := q.get(ctx, &v, `
		SELECT agent_id, target_id, value, scored, uri, created_at
		FROM votes
		WHERE agent_id = $1 AND target_id = $2`, agentID, targetID)
	return v, err
}

// VoteByURI returns the agent's vote by its activity's id; ErrNotFound when there is none.
func (q Queries) VoteByURI(ctx context.Context, agentID, uri string) (Vote, error) {
	var v Vote
	err := q.get(ctx, &v, `
		SELECT agent_id, target_id, value, scored, uri, created_at
		FROM votes
		WHERE agent_id = $1 AND uri = $2
		LIMIT 1`, agentID, uri)
	return v, err
}

// VotesOf returns the agent's votes on those of the targets that it voted on.
func (q Queries) VotesOf(ctx context.Context, agentID string, targets []string) ([]Vote, error) {
	vs := []Vote{}
	if len(targets) == 0 {
		return vs, nil
	}
	args := append([]any{agentID}, padded(targets)...)
	err := q.list(ctx, &vs, `
		SELECT agent_id, target_id, value, scored, uri, created_at
		FROM votes
		WHERE agent_id = $1 AND target_id IN (`+places(2, len(args)-1)+`)`, args...)
	return vs, err
}

// TakeShare counts one more vote of a domain's agents on a target, and says false
// where there are most of them already.
func (q Queries) TakeShare(ctx context.Context, targetID, domain string, most int64) (bool, error) {
	n, err := q.exec(ctx, `
		INSERT INTO vote_shares (target_id, domain, votes)
		VALUES ($1, $2, 1)
		ON CONFLICT (target_id, domain) DO UPDATE
		SET votes = vote_shares.votes + 1
		WHERE vote_shares.votes < $3`, targetID, domain, most)
	return n > 0, err
}

// ReturnShare takes one of them back.
func (q Queries) ReturnShare(ctx context.Context, targetID, domain string) error {
	_, err := q.exec(ctx, `
		UPDATE vote_shares
		SET votes = votes - 1
		WHERE target_id = $1 AND domain = $2 AND votes > 0`, targetID, domain)
	return err
}
