package storage

import "context"

// Mail is one row of mails: a letter to an owner on its way, sealed by the
// node's secret because a link in it is one.
type Mail struct {
	ID         string `db:"id"`
	Sealed     []byte `db:"sealed"`
	Attempts   int64  `db:"attempts"`
	CreatedAt  int64  `db:"created_at"`
	DueAt      int64  `db:"due_at"`
	LeaseOwner string `db:"lease_owner"`
	LeaseUntil int64  `db:"lease_until"`
}

const mailColumns = `id, sealed, attempts, created_at, due_at, lease_owner, lease_until`

// InsertMail adds a mail that is due at once.
func (q Queries) InsertMail(ctx context.Context, id string, sealed []byte, now int64) error {
	q.queue(QueueMails)
	_, err := q.exec(ctx, `
		INSERT INTO mails (`+mailColumns+`)
		VALUES ($1, $2, 0, $3, $3, '', 0)`, id, sealed, now)
	return err
}

// MailsDue says whether a mail is to be sent.
func (q Queries) MailsDue(ctx context.Context, now int64) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM mails
		WHERE due_at <= $1
		LIMIT 1`, now)
	return len(ids) > 0, err
}

// LeaseMails leases mails that are to be sent.
func (q Queries) LeaseMails(ctx context.Context, owner string, now, until int64, limit int) ([]Mail, error) {
	ms := []Mail{}
	err := q.list(ctx, &ms, `
		UPDATE mails
		SET lease_owner = $1, lease_until = $2
		WHERE id IN (
			SELECT id
			FROM mails
			WHERE due_at <= $3 AND lease_until <= $3
			ORDER BY due_at
			LIMIT $4`+q.dialect.skipLocked+`
		)
		RETURNING `+mailColumns, owner, until, now, limit)
	return ms, err
}

// DeleteMail forgets a mail that was sent or given up.
func (q Queries) DeleteMail(ctx context.Context, id string) error {
	return q.one(ctx, `
		DELETE FROM mails
		WHERE id = $1`, id)
}

// RetryMail gives a mail back, to be tried again at dueAt.
func (q Queries) RetryMail(ctx context.Context, id string, dueAt int64) error {
	q.queue(QueueMails)
	return q.one(ctx, `
		UPDATE mails
		SET attempts = attempts + 1, due_at = $1, lease_owner = '', lease_until = 0
		WHERE id = $2`, dueAt, id)
}
