package storage

import (
	"context"
	"strconv"
)

// Ban is one row of bans: who must not write at a place, which is a submolt or a
// whole server (its origin with a slash).
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

// Bans returns those of a submolt, past ones too, by the agents' ids.
func (q Queries) Bans(ctx context.Context, submoltID string, s Span) ([]Ban, error) {
	skip, args := skipped([]any{submoltID, s.After, s.Limit}, s.Offset)
	bs := []Ban{}
	err := q.list(ctx, &bs, `
		SELECT submolt_id, agent_id, reason, until, created_at
		FROM bans
		WHERE submolt_id = $1 AND agent_id > $2
		ORDER BY agent_id
		LIMIT $3`+skip, args...)
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

// ModActs returns the log of one submolt, or all of it for "", the newest first.
func (q Queries) ModActs(ctx context.Context, submoltID string, s Span) ([]ModAct, error) {
	args, where := []any{s.Limit}, ""
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
	if s.After != "" {
		and("id < ", s.After)
	}
	skip, args := skipped(args, s.Offset)
	as := []ModAct{}
	err := q.list(ctx, &as, `
		SELECT id, submolt_id, actor_id, act, target_kind, target_id, agent_id, reason, until, created_at
		FROM mod_acts`+where+`
		ORDER BY id DESC
		LIMIT $1`+skip, args...)
	return as, err
}

// SetLocked closes a post for new comments, or opens it.
func (q Queries) SetLocked(ctx context.Context, id string, locked bool) error {
	return q.one(ctx, `
		UPDATE posts
		SET locked = $1
		WHERE id = $2`, locked, id)
}

// SetSensitive marks a post as sensitive, or takes the mark and its warning away.
func (q Queries) SetSensitive(ctx context.Context, id string, sensitive bool, updatedAt int64) error {
	return q.one(ctx, `
		UPDATE posts
		SET sensitive = $1, warning = CASE WHEN $1 THEN warning ELSE '' END, updated_at = $2
		WHERE id = $3`, sensitive, updatedAt, id)
}

// SetBranchLocked closes a comment and all that answers it for new replies, or
// opens them, and returns how many that changed.
func (q Queries) SetBranchLocked(ctx context.Context, commentID string, locked bool) (int64, error) {
	return q.exec(ctx, `
		WITH RECURSIVE branch (id) AS (
			SELECT c.id
			FROM comments c
			WHERE c.id = $1
			UNION
			SELECT c.id
			FROM branch
			JOIN comments c ON c.parent_id = branch.id AND c.parent_id <> ''
		)
		UPDATE comments
		SET locked = $2
		WHERE id IN (SELECT id FROM branch) AND locked <> $2`, commentID, locked)
}

// DeleteTombstone forgets that an object is gone: it came back.
func (q Queries) DeleteTombstone(ctx context.Context, uri string) error {
	_, err := q.exec(ctx, `
		DELETE FROM tombstones
		WHERE uri = $1`, uri)
	return err
}

// Written asks for what somebody wrote: in one submolt, in all of a server, or
// everywhere where both are "".
type Written struct {
	AuthorID  string
	SubmoltID string
	Host      string
	Hidden    int64  // Visible, or why it is not shown
	TakenBy   string // of what is Removed: by the ban from which place; "" for any
	Limit     int
}

// Taken notes that a post or comment (kind DocPost or DocComment) was removed with the
// ban of its author from a place. Whatever shows or hides it later forgets that.
func (q Queries) Taken(ctx context.Context, kind, id, place string) error {
	table := "posts"
	if kind == DocComment {
		table = "comments"
	}
	return q.one(ctx, `
		UPDATE `+table+`
		SET taken_by = $1
		WHERE id = $2`, place, id)
}

// WrittenIn returns the ids of posts and comments, the newest first.
func (q Queries) WrittenIn(ctx context.Context, w Written) (posts, comments []string, err error) {
	posts, comments = []string{}, []string{}
	args, place, join := []any{w.AuthorID, w.Limit}, "", ""
	hidden := strconv.FormatInt(w.Hidden, 10) // in the text: indexes have it as their condition
	switch {
	case w.SubmoltID != "":
		args, place = append(args, w.SubmoltID), " AND p.submolt_id = $3"
	case w.Host != "":
		// Not the bare column: by a partial index on it SQLite would plan at each use.
		args, place, join = append(args, w.Host), " AND s.host || '' = $3", `
		JOIN actors s ON s.id = p.submolt_id`
	}
	taken := func(of string) string { return "" }
	if w.TakenBy != "" {
		args = append(args, w.TakenBy)
		taken = func(of string) string { return " AND " + of + ".taken_by = $" + strconv.Itoa(len(args)) }
	}
	if err := q.list(ctx, &posts, `
		SELECT p.id
		FROM posts p`+join+`
		WHERE p.author_id = $1 AND p.hidden = `+hidden+place+taken("p")+`
		ORDER BY p.created_at DESC, p.id DESC
		LIMIT $2`, args...); err != nil {
		return nil, nil, err
	}
	err = q.list(ctx, &comments, `
		SELECT c.id
		FROM comments c
		JOIN posts p ON p.id = c.post_id`+join+`
		WHERE c.author_id = $1 AND c.hidden = `+hidden+place+taken("c")+`
		ORDER BY c.created_at DESC, c.id DESC
		LIMIT $2`, args...)
	return posts, comments, err
}
