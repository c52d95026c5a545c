package storage

import "context"

// Ban is one row of bans: an agent that must not write in a submolt.
type Ban struct {
	SubmoltID string `db:"submolt_id"`
	AgentID   string `db:"agent_id"`
	Reason    string `db:"reason"`
	Until     int64  `db:"until"` // 0 for good
	CreatedAt int64  `db:"created_at"`
}

// SetBan bans an agent, or changes the ban that it has.
func (q Queries) SetBan(ctx context.Context, b Ban) error {
	_, err := q.exec(ctx, `
		INSERT INTO bans (submolt_id, agent_id, reason, until, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (submolt_id, agent_id) DO UPDATE SET reason = excluded.reason, until = excluded.until, created_at = excluded.created_at`,
		b.SubmoltID, b.AgentID, b.Reason, b.Until, b.CreatedAt)
	return err
}

// DeleteBan ends a ban; ErrNotFound when there is none.
func (q Queries) DeleteBan(ctx context.Context, submoltID, agentID string) error {
	return q.one(ctx, `
		DELETE FROM bans
		WHERE submolt_id = $1 AND agent_id = $2`, submoltID, agentID)
}

// Ban returns the ban of an agent, past or not; ErrNotFound when there is none.
func (q Queries) Ban(ctx context.Context, submoltID, agentID string) (Ban, error) {
	var b Ban
	err := q.get(ctx, &b, `
		SELECT submolt_id, agent_id, reason, until, created_at
		FROM bans
		WHERE submolt_id = $1 AND agent_id = $2`, submoltID, agentID)
	return b, err
}

// Bans returns those of a submolt, past ones too, by the agents' ids behind after.
func (q Queries) Bans(ctx context.Context, submoltID, after string, limit int) ([]Ban, error) {
	bs := []Ban{}
	err := q.list(ctx, &bs, `
		SELECT submolt_id, agent_id, reason, until, created_at
		FROM bans
		WHERE submolt_id = $1 AND agent_id > $2
		ORDER BY agent_id
		LIMIT $3`, submoltID, after, limit)
	return bs, err
}

// ModAct is one row of the log of moderation. It is never changed.
type ModAct struct {
	ID         string `db:"id"` // in the order of time
	SubmoltID  string `db:"submolt_id"`
	ActorID    string `db:"actor_id"` // who did it: an agent, or the submolt itself
	Act        string `db:"act"`
	TargetKind string `db:"target_kind"` // DocPost, DocComment or KindAgent
	TargetID   string `db:"target_id"`
	AgentID    string `db:"agent_id"` // whom it concerns
	Reason     string `db:"reason"`
	Until      int64  `db:"until"` // of a ban; 0 for good
	CreatedAt  int64  `db:"created_at"`
}

// InsertModAct appends to the log.
func (q Queries) InsertModAct(ctx context.Context, a ModAct) error {
	_, err := q.exec(ctx, `
		INSERT INTO mod_acts (id, submolt_id, actor_id, act, target_kind, target_id, agent_id, reason, until, created_at)
		VALUES (`+places(1, 10)+`)`,
		a.ID, a.SubmoltID, a.ActorID, a.Act, a.TargetKind, a.TargetID, a.AgentID, a.Reason, a.Until, a.CreatedAt)
	return err
}

// ModActs returns the log of one submolt, or all of it for "", the newest
// first, behind the id after ("" is the beginning).
func (q Queries) ModActs(ctx context.Context, submoltID, after string, limit int) ([]ModAct, error) {
	args, where := []any{limit}, ""
	and := func(condition, value string) {
		args = append(args, value)
		if where == "" {
			where = " WHERE "
		} else {
			where += " AND "
		}
		where += condition + places(len(args), 1)
	}
	if submoltID != "" {
		and("submolt_id = ", submoltID)
	}
	if after != "" {
		and("id < ", after)
	}
	as := []ModAct{}
	err := q.list(ctx, &as, `
		SELECT id, submolt_id, actor_id, act, target_kind, target_id, agent_id, reason, until, created_at
		FROM mod_acts`+where+`
		ORDER BY id DESC
		LIMIT $1`, args...)
	return as, err
}

// SetLocked closes a post for new comments, or opens it.
func (q Queries) SetLocked(ctx context.Context, id string, locked bool) error {
	return q.one(ctx, `
		UPDATE posts
		SET locked = $1
		WHERE id = $2`, locked, id)
}

// DeleteTombstone forgets that an object is gone: it came back.
func (q Queries) DeleteTombstone(ctx context.Context, uri string) error {
	_, err := q.exec(ctx, `
		DELETE FROM tombstones
		WHERE uri = $1`, uri)
	return err
}

// WrittenIn returns the ids of the visible posts and comments of an agent in a submolt.
func (q Queries) WrittenIn(ctx context.Context, submoltID, authorID string, limit int) (posts, comments []string, err error) {
	posts, comments = []string{}, []string{}
	if err := q.list(ctx, &posts, `
		SELECT id
		FROM posts
		WHERE author_id = $1 AND submolt_id = $2 AND hidden = 0
		ORDER BY created_at DESC, id DESC
		LIMIT $3`, authorID, submoltID, limit); err != nil {
		return nil, nil, err
	}
	err = q.list(ctx, &comments, `
		SELECT c.id
		FROM comments c
		JOIN posts p ON p.id = c.post_id
		WHERE c.author_id = $1 AND p.submolt_id = $2 AND c.hidden = 0
		ORDER BY c.created_at DESC, c.id DESC
		LIMIT $3`, authorID, submoltID, limit)
	return posts, comments, err
}
