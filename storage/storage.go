// Package storage keeps a node's records: one Go file per table, each method
// with its SQL beside it, one SQL text for SQLite and PostgreSQL.
//
// It is not for rules: who may do what, and what follows from it, is decided
// in package node. Storage imports nothing of ours.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq" // the PostgreSQL driver and its error codes
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrNotFound says that no row answers the question.
	ErrNotFound = errors.New("not found")
	// ErrExists says that a unique key of the row is taken.
	ErrExists = errors.New("already exists")
	// ErrClosed says that the store was closed before the write got its turn.
	ErrClosed = errors.New("store is closed")
)

// Queries carries every statement of the package, on the reading pool of a
// Store or inside one of its transactions. The zero value is not usable.
type Queries struct {
	db      sqlx.ExtContext
	dialect dialect
	tail    *tail // in Grouped: where rows and counts wait for the end of the batch, else nil
	inTx    bool
	into    *Queue // what the transaction queues, nil outside of one
}

// InTx says whether what is read may be of a transaction that is not committed.
func (q Queries) InTx() bool { return q.inTx }

// Store is one database: a pool to read from and one way to write.
// It is safe for concurrent use.
type Store struct {
	read    *sqlx.DB
	write   *sqlx.DB // on SQLite a pool of one connection, on PostgreSQL read
	dialect dialect
	reads   *prepared
	group   *grouper
	slots   *slots       // PostgreSQL's
	queued  func(Queue)  // nil, or set by OnQueued
	lock    func() error // gives up the lock on a SQLite data directory
	close   sync.Once
}

// Options say how to open a Store.
type Options struct {
	// SQLitePath is the database file; used when URL is empty. Its folder exists.
	SQLitePath string
	// URL is a PostgreSQL connection URL ("postgres://...", sslmode written) or empty.
	URL string
	// Readers bounds the reading connections; 0 means 4 on SQLite and 4 a processor on PostgreSQL (8 to 32).
	Readers int
}

// Open opens the database, without migrating it. A SQLite file that another
// process serves is refused: two writers would not see each other's caches.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.URL != "" {
		return openPostgres(ctx, o)
	}
	return openSQLite(ctx, o)
}

// Name is "sqlite" or "postgres".
func (s *Store) Name() string { return s.dialect.name }

// Alone says that no other process can write the database.
func (s *Store) Alone() bool { return s.dialect.name == nameSQLite }

// Read returns the statements on the reading pool, outside any transaction.
func (s *Store) Read() Queries { return Queries{db: s.reads, dialect: s.dialect} }

// Tx runs f in one transaction and returns after it is durable: on SQLite
// many callers share one fsync (each in a savepoint of its own), on PostgreSQL
// each has a transaction of its own. f may run twice, so it touches nothing but
// q and its own results; it must not wait for anything but the database.
// ctx cancels only the waiting for a turn, never a running f.
func (s *Store) Tx(ctx context.Context, f func(ctx context.Context, q Queries) error) error {
	if s.dialect.name == nameSQLite {
		return s.group.run(&job{ctx: ctx, f: f})
	}
	return s.txPostgres(ctx, f)
}

// Grouped is Tx for writes that come in floods, such as received activities: on
// both databases many callers share one commit, and what they insert and count
// is written with few statements just before it. So f does not read back what
// it inserts or counts, and takes no locks by counting. That a row is there
// already it may learn only when it runs for the second time.
func (s *Store) Grouped(ctx context.Context, f func(ctx context.Context, q Queries) error) error {
	return s.group.run(&job{ctx: ctx, f: f, late: true})
}

// GroupedAll is Grouped for several writes, which are done in their order; it
// returns the error of each. One that fails takes none of the others with it.
func (s *Store) GroupedAll(ctx context.Context, fs []func(ctx context.Context, q Queries) error) []error {
	jobs := make([]*job, len(fs))
	for i, f := range fs {
		jobs[i] = &job{ctx: ctx, f: f, late: true}
	}
	return s.group.runAll(jobs)
}

// Close waits for the running writes and closes the pools.
func (s *Store) Close() error {
	var err error
	s.close.Do(func() {
		s.group.stop()
		if s.slots != nil {
			s.slots.close()
		}
		s.reads.close()
		err = errors.Join(s.write.Close(), s.read.Close())
		if s.lock != nil {
			err = errors.Join(err, s.lock())
		}
	})
	return err
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// txAttempts bounds how often PostgreSQL is asked again after a deadlock.
const txAttempts = 5

func (s *Store) txPostgres(ctx context.Context, f func(ctx context.Context, q Queries) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	for range txAttempts {
		if err = s.txOnce(ctx, f); !isRetryable(err) {
			return err
		}
	}
	return err
}

func (s *Store) txOnce(ctx context.Context, f func(ctx context.Context, q Queries) error) (err error) {
	conn := s.slots.take()
	defer func() { s.slots.put(conn) }()
	if conn == nil {
		if conn, err = connect(ctx, s.write, s.dialect); err != nil {
			conn = nil
			return fmt.Errorf("connect: %w", err)
		}
	}
	if _, err = conn.ExecContext(ctx, s.dialect.begin); err != nil {
		conn.giveUp(ctx)
		conn = nil
		return fmt.Errorf("begin: %w", err)
	}
	end := "COMMIT"
	var into Queue
	failed := guarded(ctx, f, Queries{db: conn, dialect: s.dialect, inTx: true, into: &into})
	if failed != nil {
		end = "ROLLBACK"
	}
	if _, err = conn.ExecContext(ctx, end); err != nil {
		conn.giveUp(ctx)
		conn = nil
		return errors.Join(failed, fmt.Errorf("%s: %w", strings.ToLower(end), err))
	}
	if failed == nil {
		s.tell(into)
	}
	return failed
}

func (q Queries) get(ctx context.Context, dest any, query string, args ...any) error {
	return translate(sqlx.GetContext(ctx, q.db, dest, query, args...))
}

func (q Queries) list(ctx context.Context, dest any, query string, args ...any) error {
	return translate(sqlx.SelectContext(ctx, q.db, dest, query, args...))
}

func (q Queries) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if q.tail != nil {
		clear(q.tail.read)
	}
	res, err := q.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
}

// one runs a statement that must change exactly one row.
func (q Queries) one(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// novel runs an insert that does nothing when the row is there: ErrExists then.
func (q Queries) novel(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return ErrExists
	}
	return err
}

// translate turns a driver's error into one of ours, where we have one.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if pe, ok := errors.AsType[*pq.Error](err); ok && pe.Code == "23505" {
		return fmt.Errorf("%w: %s", ErrExists, pe.Constraint)
	}
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		switch se.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return fmt.Errorf("%w: %s", ErrExists, se.Error())
		}
	}
	return err
}

// isRetryable says whether PostgreSQL gave up this transaction for another's sake.
func isRetryable(err error) bool {
	pe, ok := errors.AsType[*pq.Error](err)
	return ok && (pe.Code == "40001" || pe.Code == "40P01")
}

// places returns "$from, $from+1, ..." for n arguments.
func places(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// padded repeats the last of ids until their number is a power of two, so that
// a list of any length is one of few statements, and returns them as arguments.
func padded(ids []string) []any {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	args := make([]any, n)
	for i := range n {
		args[i] = ids[min(i, len(ids)-1)]
	}
	return args
}
