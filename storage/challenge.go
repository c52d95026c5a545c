package storage

import "context"

// Challenge is one row of challenges: a small problem that stands before a post,
// comment or submolt of an agent.
type Challenge struct {
	Code        string `db:"code"`
	AgentID     string `db:"agent_id"`
	ContentType string `db:"content_type"` // "post", "comment" or "submolt"
	ContentID   string `db:"content_id"`
	Text        string `db:"text"`
	Answer      int64  `db:"answer"` // in hundredths
	Draft       string `db:"draft"`  // of a submolt, which is nowhere else yet; else ""
	CreatedAt   int64  `db:"created_at"`
	ExpiresAt   int64  `db:"expires_at"`
	UsedAt      int64  `db:"used_at"` // when it was answered, right or wrong; 0 before
}

const challengeColumns = `code, agent_id, content_type, content_id, text, answer, draft, created_at, expires_at, used_at`

// InsertChallenge adds a challenge.
func (q Queries) InsertChallenge(ctx context.Context, c Challenge) error {
	_, err := q.exec(ctx, `
		INSERT INTO challenges (`+challengeColumns+`)
		VALUES (`+places(1, 10)+`)`,
		c.Code, c.AgentID, c.ContentType, c.ContentID, c.Text, c.Answer, c.Draft, c.CreatedAt, c.ExpiresAt, c.UsedAt)
	return err
}

// Challenge returns a challenge by its code.
func (q Queries) Challenge(ctx context.Context, code string) (Challenge, error) {
	var c Challenge
	err := q.get(ctx, &c, `
		SELECT `+challengeColumns+`
		FROM challenges
		WHERE code = $1`, code)
	return c, err
}

// ChallengeOf returns the newest challenge of a post, comment or submolt.
func (q Queries) ChallengeOf(ctx context.Context, contentID string) (Challenge, error) {
	var c Challenge
	err := q.get(ctx, &c, `
		SELECT `+challengeColumns+`
		FROM challenges
		WHERE content_id = $1
		ORDER BY created_at DESC, code DESC
		LIMIT 1`, contentID)
	return c, err
}

// UseChallenge marks a challenge as answered; ErrNotFound when it was. Of
// parallel answers one gets through.
func (q Queries) UseChallenge(ctx context.Context, code string, now int64) error {
	return q.one(ctx, `
		UPDATE challenges
		SET used_at = $1
		WHERE code = $2 AND used_at = 0`, now, code)
}

// PruneChallenges forgets challenges from before a time.
func (q Queries) PruneChallenges(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM challenges
		WHERE created_at < $1 AND code IN (SELECT code FROM challenges WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, before, limit)
}
