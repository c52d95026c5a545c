// Package storagetest opens stores for tests: the same test on SQLite and on
// PostgreSQL. It is for tests alone.
package storagetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"

	"instar.example/storage"
)

// Names of the environment variables that say where PostgreSQL is.
const (
	EnvPostgres = "INSTAR_TEST_POSTGRES"    // a URL of a database in which schemas may be made
	EnvRequire  = "INSTAR_REQUIRE_POSTGRES" // when set, a missing PostgreSQL fails the test
)

// Each runs f on a new, migrated store of each database.
func Each(t *testing.T, f func(t *testing.T, s *storage.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// SQLite returns a new store in a temporary folder.
func SQLite(tb testing.TB) *storage.Store {
	tb.Helper()
	return open(tb, storage.Options{SQLitePath: filepath.Join(tb.TempDir(), "instar.db")})
}

// Postgres returns a new store in a schema of its own, or skips the test on a
// machine without PostgreSQL.
func Postgres(tb testing.TB) *storage.Store {
	tb.Helper()
	return open(tb, storage.Options{URL: PostgresURL(tb), Readers: 4})
}

// PostgresURL returns the URL of a new, empty schema, or skips the test.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	base := os.Getenv(EnvPostgres)
	if base == "" {
		if os.Getenv(EnvRequire) != "" {
			tb.Fatalf("%s is set and %s is not", EnvRequire, EnvPostgres)
		}
		tb.Skipf("%s is not set: tested on SQLite only", EnvPostgres)
	}
	schema := "t" + strings.ToLower(rand.Text())
	db, err := sql.Open("postgres", base)
	if err != nil {
		tb.Fatalf("open PostgreSQL: %v", err)
	}
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		tb.Fatalf("create a schema: %v", err)
	}
	tb.Cleanup(func() {
		if err := dropSchema(ctx, db, schema); err != nil {
			tb.Errorf("drop the schema: %v", err)
		}
		if err := db.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatalf("parse %s: %v", EnvPostgres, err)
	}
	v := u.Query()
	v.Set("search_path", schema)
	u.RawQuery = v.Encode()
	return fmt.Sprint(u)
}

func open(tb testing.TB, o storage.Options) *storage.Store {
	tb.Helper()
	ctx := context.Background()
	s, err := storage.Open(ctx, o)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	if _, err := s.Migrate(ctx); err != nil {
		tb.Fatalf("migrate: %v", err)
	}
	return s
}

// dropTries bounds how often a schema is dropped anew that a dying process of a
// test still holds locks in.
const dropTries = 5

func dropSchema(ctx context.Context, db *sql.DB, schema string) error {
	var err error
	for range dropTries {
		if _, err = db.ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE"); err == nil {
			return nil
		}
		if failed, ok := errors.AsType[*pq.Error](err); !ok || failed.Code.Name() != "deadlock_detected" {
			return err
		}
	}
	return err
}
