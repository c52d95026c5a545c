package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// tail is what the jobs of a batch leave for its end: rows to insert, in the
// hope that they are new, and counters, each of which is then changed once
// however many jobs count. So a batch has one statement a table, and not one a
// job. Where a job hoped in vain, the batch runs anew without a tail, and each
// job is told how it is.
//
// The counters come last and in one order, agents before what they write and
// that before submolts, so that batches and single transactions do not wait for
// each other in a ring.
type tail struct {
	received []Received
	posts    []Post
	absent   []Tombstone
	entries  []Entry
	queue    []Document
	counts   []count
	read     map[string]any // what jobs read, until one writes at once
}

// onceABatch reads what many jobs of a batch ask for, such as the submolt of
// their posts, once. Counters are as they were before the batch.
func onceABatch[T any](q Queries, what string, read func() (T, error)) (T, error) {
	if q.tail == nil {
		return read()
	}
	if v, ok := q.tail.read[what].(T); ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		if q.tail.read == nil {
			q.tail.read = map[string]any{}
		}
		q.tail.read[what] = v
	}
	return v, err
}

// errHope says that there is a tombstone, or a comment where a post should be.
var errHope = errors.New("something of the batch was deleted, or is here as another kind of thing")

// count is a change of the counters of one row.
type count struct {
	of    counted
	id    string
	delta Counts
}

type counted int

// What is counted, in the order of locking.
const (
	countsAgent counted = iota
	countsPost
	countsComment
	countsSubmolt
)

func (t *tail) write(ctx context.Context, q Queries) error {
	if err := t.writeHoped(ctx, q); err != nil {
		return err
	}
	if len(t.entries) > 0 {
		last, err := q.mayNumber(ctx)
		if err != nil {
			return err
		}
		if err := q.insertEntries(ctx, t.entries, last); err != nil {
			return err
		}
	}
	if err := q.queueAll(ctx, t.queue); err != nil {
		return err
	}
	slices.SortStableFunc(t.counts, func(a, b count) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.id, b.id))
	})
	for i, c := range t.counts {
		if i+1 < len(t.counts) && t.counts[i+1].of == c.of && t.counts[i+1].id == c.id {
			t.counts[i+1].delta = t.counts[i+1].delta.plus(c.delta)
			continue
		}
		if err := q.addCount(ctx, c); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// writeHoped inserts the rows that are hoped to be new, or returns errHope.
func (t *tail) writeHoped(ctx context.Context, q Queries) error {
	if err := q.insertNew(ctx, "received", receivedColumns, len(t.received), func(i int) []any { return t.received[i].row() }); err != nil {
		return err
	}
	if gone, err := q.anyTombstone(ctx, t.absent); err != nil || gone {
		return cmp.Or(err, errHope)
	}
	uris := make([]string, len(t.posts))
	for i, p := range t.posts {
		uris[i] = p.URI
	}
	if comment, err := q.anyComment(ctx, uris); err != nil || comment {
		return cmp.Or(err, errHope)
	}
	return q.insertNew(ctx, "posts", postFields, len(t.posts), func(i int) []any { return t.posts[i].row() })
}

// insertNew inserts n rows that are all new, else it is an error: on PostgreSQL,
// but for the fewest, by COPY, which has nothing to plan and binds no values.
func (q Queries) insertNew(ctx context.Context, table, columns string, n int, row func(i int) []any) error {
	const few = 3
	all := make([][]any, n)
	for i := range n {
		all[i] = row(i)
	}
	if conn, ok := q.db.(*preparedConn); ok && q.dialect.name == namePostgres && n > few {
		return conn.copyIn(ctx, table, columns, all)
	}
	return inChunks(all, func(all [][]any) error {
		_, err := q.exec(ctx, `
			INSERT INTO `+table+` (`+columns+`)
			VALUES `+rows(len(all), len(all[0])), slices.Concat(all...)...)
		return err
	})
}

// count changes the counters of a row, now or at the end of the batch.
func (q Queries) count(ctx context.Context, c count) error {
	if q.tail != nil {
		q.tail.counts = append(q.tail.counts, c)
		return nil
	}
	return q.addCount(ctx, c)
}

// addCount changes the counters of a row that is there.
func (q Queries) addCount(ctx context.Context, c count) error {
	switch c.of {
	case countsPost:
		return q.one(ctx, `
			UPDATE posts
			SET comment_count = comment_count + $1
			WHERE id = $2`, c.delta.Comments, c.id)
	case countsComment:
		return q.one(ctx, `
			UPDATE comments
			SET reply_count = reply_count + $1
			WHERE id = $2`, c.delta.Comments, c.id)
	default:
		return q.one(ctx, `
			UPDATE actors
			SET karma = karma + $1, follower_count = follower_count + $2, following_count = following_count + $3,
				post_count = post_count + $4, comment_count = comment_count + $5,
				last_active_at = CASE WHEN $6 > last_active_at + `+activeStep+` THEN $6 ELSE last_active_at END,
				local_karma = local_karma + $7
			WHERE id = $8`,
			c.delta.Karma, c.delta.Followers, c.delta.Following, c.delta.Posts, c.delta.Comments, c.delta.ActiveAt, c.delta.LocalKarma, c.id)
	}
}

// activeStep is how many milliseconds last_active_at may be behind: it stands in
// an index, and a submolt has many posts a second.
const activeStep = "10000"

// insertEntries appends entries to the log in their order, with the numbers
// behind the last one, or without: then the sequencer gives them theirs when they
// are committed (DESIGN, Outbox order).
func (q Queries) insertEntries(ctx context.Context, es []Entry, last sql.NullInt64) error {
	q.queue(QueueOutbox)
	return q.insertNew(ctx, "outbox", entryFields, len(es), func(i int) []any {
		e, seq := es[i], last
		seq.Int64 += 1 + int64(i)
		return []any{e.ID, seq, e.Type, e.ActorID, e.Thread, e.Audience, e.Body, e.Listed, e.CreatedAt}
	})
}

const entryFields = `id, seq, type, actor_id, thread, audience, body, listed, created_at`

// queueAll notes that texts are to be indexed anew; the worker does it later.
func (q Queries) queueAll(ctx context.Context, ds []Document) error {
	if len(ds) > 0 {
		q.queue(QueueIndex)
	}
	return inChunks(ds, func(ds []Document) error {
		ids := make([]string, len(ds))
		for i, d := range ds {
			ids[i] = d.ID
		}
		args := padded(ids)
		both := make([]any, 0, 2*len(args))
		for i, id := range args {
			both = append(both, id, ds[min(i, len(ds)-1)].Kind)
		}
		_, err := q.exec(ctx, `
			INSERT INTO unindexed (id, kind)
			VALUES `+rows(len(args), 2)+`
			ON CONFLICT (id) DO NOTHING`, both...)
		return err
	})
}

// rowsAtOnce bounds the rows of one statement, and so how many texts of it a
// connection keeps prepared.
const rowsAtOnce = 32

// inChunks calls f with pieces of list.
func inChunks[T any](list []T, f func([]T) error) error {
	for piece := range slices.Chunk(list, rowsAtOnce) {
		if err := f(piece); err != nil {
			return err
		}
	}
	return nil
}

// rows returns the text "($1, $2), ($3, $4), ..." of n rows.
func rows(n, fields int) string {
	all := make([]string, n)
	for i := range n {
		all[i] = "(" + places(1+i*fields, fields) + ")"
	}
	return strings.Join(all, ", ")
}
