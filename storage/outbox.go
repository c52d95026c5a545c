package storage

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Entry is one row of the outbox log: the exact bytes of one activity and who
// is to receive it. Seq is its place in the log, 0 while it has none.
type Entry struct {
	ID        string `db:"id"` // the last segment of the activity's id
	Seq       int64  `db:"seq"`
	Type      string `db:"type"`
	ActorID   string `db:"actor_id"` // the local actor who signs it
	Thread    string `db:"thread"`   // entries of one thread are delivered in order
	Audience  string `db:"audience"` // see Audiences
	Body      []byte `db:"body"`
	Listed    bool   `db:"listed"` // shown in the actor's outbox collection
	CreatedAt int64  `db:"created_at"`
	KeyID     string `db:"key_id"` // of the actor, like the next two; only where EntriesAfter returns it
	ActorURI  string `db:"actor_uri"`

	KeyGeneration int64 `db:"key_generation"`
}

// InboxAudience is the audience of one inbox; others are keys of the audience index.
func InboxAudience(inbox string) string { return "inbox:" + inbox }

// JoinAudiences writes audiences as one column. One with a space is no address,
// and would be two there: it is left out.
func JoinAudiences(audiences []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(audiences), func(a string) bool { return strings.ContainsFunc(a, unicode.IsSpace) }), " ")
}

// Audiences are those that an entry is for.
func (e Entry) Audiences() []string { return strings.Fields(e.Audience) }

const entryColumns = `id, COALESCE(seq, 0) AS seq, type, actor_id, thread, audience, body, listed, created_at`

// InsertEntry appends to the log.
func (q Queries) InsertEntry(ctx context.Context, e Entry) error {
	if q.tail != nil {
		q.tail.entries = append(q.tail.entries, e)
		return nil
	}
	var last sql.NullInt64
	if q.dialect.name == nameSQLite {
		err := q.get(ctx, &last, `
			SELECT COALESCE(MAX(seq), 0)
			FROM outbox`)
		if err != nil {
			return err
		}
	}
	return q.insertEntries(ctx, []Entry{e}, last)
}

// Entry returns an entry by its id.
func (q Queries) Entry(ctx context.Context, id string) (Entry, error) {
	var e Entry
	err := q.get(ctx, &e, `
		SELECT `+entryColumns+`
		FROM outbox
		WHERE id = $1`, id)
	return e, err
}

// EntriesBy returns the newest listed entries of an actor.
func (q Queries) EntriesBy(ctx context.Context, actorID string, limit int) ([]Entry, error) {
	es := []Entry{}
	err := q.list(ctx, &es, `
		SELECT `+entryColumns+`
		FROM outbox
		WHERE actor_id = $1 AND listed
		ORDER BY id DESC
		LIMIT $2`, actorID, limit)
	return es, err
}

// EntriesAfter returns entries behind a place in the log and not behind upTo.
func (q Queries) EntriesAfter(ctx context.Context, seq, upTo int64, limit int) ([]Entry, error) {
	es := []Entry{}
	err := q.list(ctx, &es, `
		SELECT o.id, o.seq, o.type, o.actor_id, o.thread, o.audience, o.body, o.listed, o.created_at, a.key_id,
			a.uri AS actor_uri, a.key_generation
		FROM outbox o
		JOIN actors a ON a.id = o.actor_id
		WHERE o.seq > $1 AND o.seq <= $2
		ORDER BY o.seq
		LIMIT $3`, seq, upTo, limit)
	return es, err
}

// OutboxAhead says whether the log goes on behind a place, or has entries
// that wait for their number.
func (q Queries) OutboxAhead(ctx context.Context, cursor string) (bool, error) {
	var position []int64
	if err := q.list(ctx, &position, `
		SELECT position
		FROM cursors
		WHERE name = $1`, cursor); err != nil {
		return false, err
	}
	if len(position) == 0 {
		return true, nil
	}
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM outbox
		WHERE seq > $1
		ORDER BY seq
		LIMIT 1`, position[0])
	if err != nil || len(ids) > 0 || q.dialect.name == nameSQLite {
		return len(ids) > 0, err
	}
	err = q.list(ctx, &ids, `
		SELECT id
		FROM outbox
		WHERE seq IS NULL
		LIMIT 1`)
	return len(ids) > 0, err
}

// AudienceMark is an entry without its body: what the expander needs.
type AudienceMark struct {
	Seq      int64  `db:"seq"`
	Audience string `db:"audience"`
}

// MarksAfter returns the audiences of the entries behind a place in the log.
func (q Queries) MarksAfter(ctx context.Context, seq int64, limit int) ([]AudienceMark, error) {
	ms := []AudienceMark{}
	err := q.list(ctx, &ms, `
		SELECT seq, audience
		FROM outbox
		WHERE seq > $1
		ORDER BY seq
		LIMIT $2`, seq, limit)
	return ms, err
}

// CursorExpand is the cursor of what numbers the log and tells the lanes of it:
// who has its row locked gives numbers, until its transaction ends.
const CursorExpand = "expand"

// mayNumber says whether a transaction that writes to the log may number what it
// writes, and returns the last number. On SQLite the one writer may. On PostgreSQL
// it may while it has the cursor's row, so that numbers are given in the order
// of commits; it does not wait for the row, and does not overtake entries that
// wait for their numbers: those it numbers first.
func (q Queries) mayNumber(ctx context.Context) (last sql.NullInt64, err error) {
	if q.dialect.name == namePostgres {
		var names []string
		err = q.list(ctx, &names, `
			SELECT name
			FROM cursors
			WHERE name = $1`+q.dialect.skipLocked, CursorExpand)
		if err != nil || len(names) == 0 {
			return last, err
		}
	}
	var log struct {
		Last    int64 `db:"last"`
		Waiting bool  `db:"waiting"`
	}
	for range 2 {
		// A statement of its own: it sees what was committed before the row was ours.
		if err = q.get(ctx, &log, `
			SELECT COALESCE((SELECT MAX(seq) FROM outbox), 0) AS last, EXISTS (SELECT 1 FROM outbox WHERE seq IS NULL) AS waiting`); err != nil {
			return last, err
		}
		if !log.Waiting {
			return sql.NullInt64{Int64: log.Last, Valid: true}, nil
		}
		if _, err = q.Stamp(ctx, numberedFirst); err != nil {
			return last, err
		}
	}
	return last, nil // many wait: then this waits, too
}

// numberedFirst bounds how many waiting entries a batch numbers before its own.
const numberedFirst = 500

// Stamp numbers committed entries that have no place yet and returns how many:
// the sequencer's step, on PostgreSQL only. The caller holds the expander's
// lease, so that one process numbers at a time, and an entry that commits late
// gets a late number: no lane can have passed it.
func (q Queries) Stamp(ctx context.Context, limit int) (int64, error) {
	if q.dialect.name == nameSQLite {
		return 0, nil
	}
	return q.exec(ctx, `
		UPDATE outbox
		SET seq = n.seq
		FROM (
			SELECT id, (SELECT COALESCE(MAX(seq), 0) FROM outbox) + ROW_NUMBER() OVER (ORDER BY id) AS seq
			FROM outbox
			WHERE seq IS NULL
			ORDER BY id
			LIMIT $1
		) n
		WHERE outbox.id = n.id`, limit)
}

// PruneOutbox deletes entries that are older than before and that every lane
// has passed, but never the last of the log, and returns how many.
func (q Queries) PruneOutbox(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM outbox
		WHERE id IN (
			SELECT id
			FROM outbox
			WHERE created_at < $1
				AND seq < (SELECT MAX(seq) FROM outbox)
				AND seq <= (SELECT COALESCE(MIN(position), $3) FROM lanes WHERE head > position)
			ORDER BY seq
			LIMIT $2
		)`, before, limit, int64(math.MaxInt64))
}

// Lease takes a named cursor for its holder until a time and returns its
// position; ErrNotFound when another holds it.
func (q Queries) Lease(ctx context.Context, name, owner string, now, until int64) (int64, error) {
	if _, err := q.exec(ctx, `
		INSERT INTO cursors (name, position, lease_owner, lease_until)
		VALUES ($1, 0, '', 0)
		ON CONFLICT (name) DO NOTHING`, name); err != nil {
		return 0, err
	}
	var position int64
	err := q.get(ctx, &position, `
		UPDATE cursors
		SET lease_owner = $1, lease_until = $2
		WHERE name = $3 AND (lease_until < $4 OR lease_owner = $1)
		RETURNING position`, owner, until, name, now)
	return position, err
}

// MoveCursor sets a cursor's position while its holder has the lease.
func (q Queries) MoveCursor(ctx context.Context, name, owner string, position int64) error {
	return q.one(ctx, `
		UPDATE cursors
		SET position = $1
		WHERE name = $2 AND lease_owner = $3`, position, name, owner)
}
