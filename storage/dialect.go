package storage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/jmoiron/sqlx"
)

const (
	nameSQLite   = "sqlite"
	namePostgres = "postgres"
)

// dialect holds every difference between the two databases but full-text search.
type dialect struct {
	name string
	// begin opens a transaction that will write.
	begin string
	// skipLocked ends a subquery that claims rows.
	skipLocked string
	// forUpdate ends a query whose row the transaction will change.
	forUpdate string
	// once is what a connection that writes is told first, "" for nothing.
	once string
}

func sqliteDialect() dialect {
	return dialect{
		name:  nameSQLite,
		begin: "BEGIN IMMEDIATE",
	}
}

func postgresDialect() dialect {
	return dialect{
		name: namePostgres, begin: "BEGIN",
		skipLocked: " FOR UPDATE SKIP LOCKED", forUpdate: " FOR UPDATE",
		// What is written is found by its keys: to plan it anew for each set of values,
		// as PostgreSQL does the first five times, costs more than to do it. A plan that
		// was made while a table was small must fit it when it has grown.
		once: "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off",
	}
}

var (
	typeWords   = regexp.MustCompile(`\b(BIGINT|BOOLEAN|BYTEA)\b`)
	tableEnding = regexp.MustCompile(`(?m)^\);$`)
)

// ddl turns a migration's text into the database's own.
func (d dialect) ddl(text string) string {
	if d.name != nameSQLite {
		return text
	}
	text = typeWords.ReplaceAllStringFunc(text, func(w string) string {
		if w == "BYTEA" {
			return "BLOB"
		}
		return "INTEGER"
	})
	return tableEnding.ReplaceAllString(text, ") STRICT;")
}

var placeholder = regexp.MustCompile(`\$([0-9]+)`)

// placeholders writes $1, $2, $3 as ?, ?, ? for SQLite where they come once each
// and in order: it finds the name of the nth by reading those of all before it,
// so that an insert of many rows spends most of its time on names.
func (d dialect) placeholders(query string) string {
	if d.name != nameSQLite {
		return query
	}
	found := placeholder.FindAllStringSubmatch(query, -1)
	for i, one := range found {
		if one[1] != strconv.Itoa(i+1) {
			return query
		}
	}
	return placeholder.ReplaceAllLiteralString(query, "?")
}

// pragmas: FULL keeps every acknowledged commit through a power loss; the
// cache holds the hot part of a node of a million posts (negative: KiB).
var pragmas = []string{
	"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	"cache_size(-8000)", "wal_autocheckpoint(4000)", "temp_store(MEMORY)", "journal_size_limit(67108864)",
}

func sqliteDSN(path string) string {
	v := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}, "_defensive": {"1"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

func openSQLite(ctx context.Context, o Options) (*Store, error) {
	unlock, err := lockFile(o.SQLitePath + ".lock")
	if err != nil {
		return nil, err
	}
	d := sqliteDialect()
	write, err := sqlx.ConnectContext(ctx, "sqlite", sqliteDSN(o.SQLitePath))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", o.SQLitePath, err), unlock())
	}
	write.SetMaxOpenConns(1)
	read, err := sqlx.ConnectContext(ctx, "sqlite", sqliteDSN(o.SQLitePath))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", o.SQLitePath, err), write.Close(), unlock())
	}
	n := o.Readers
	if n == 0 {
		n = 4
	}
	read.SetMaxOpenConns(n)
	read.SetMaxIdleConns(n)
	s := &Store{read: read, write: write, dialect: d, reads: &prepared{db: read, d: d}, lock: unlock}
	s.group = newGrouper(s)
	return s, nil
}

// lockFile takes an exclusive lock that lasts as long as the process.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock %s: %w", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: one node at a time serves a SQLite data directory", path), f.Close())
	}
	return f.Close, nil
}

// How many connections read from PostgreSQL, and how many write: each must be
// taught every statement, and on a small machine many only stand in each other's way.
const (
	leastReaders        = 8
	mostReaders         = 32
	readersPerProcessor = 4
)

func openPostgres(ctx context.Context, o Options) (*Store, error) {
	dsn, err := postgresDSN(o.URL)
	if err != nil {
		return nil, err
	}
	db, err := sqlx.ConnectContext(ctx, namePostgres, dsn)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	n := o.Readers
	if n == 0 {
		n = min(max(leastReaders, readersPerProcessor*runtime.GOMAXPROCS(0)), mostReaders)
	}
	// The grouper and each slot keep a connection for good; reads share the rest.
	db.SetMaxOpenConns(2*n + 1)
	db.SetMaxIdleConns(2*n + 1)
	d := postgresDialect()
	s := &Store{read: db, write: db, dialect: d, reads: &prepared{db: db, d: d}, slots: newSlots(n)}
	s.group = newGrouper(s)
	return s, nil
}

// postgresDSN writes down what must not depend on a driver's default.
func postgresDSN(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != namePostgres && u.Scheme != "postgresql") {
		return "", errors.New("database_url must look like postgres://user@host:5432/database?sslmode=disable")
	}
	v := u.Query()
	if !v.Has("sslmode") {
		v.Set("sslmode", "prefer")
	}
	v.Set("synchronous_commit", "on") // an acknowledged write is on disk (G1)
	v.Set("jit", "off")               // no statement is so long that compiling it pays
	u.RawQuery = v.Encode()
	return strings.Replace(u.String(), "postgresql://", "postgres://", 1), nil
}
