package storage_test

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"

	"instar.example/storage"
)

// SQLite plans a statement anew when a value is bound that its plan looked at:
// one that stands against a column of a partial index's condition. That costs
// several times what the statement does, at each use of it.
func TestStatementsArePlannedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "planned_once.db")
	var planned atomic.Int64
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		if !strings.Contains(dsn, path) {
			return nil
		}
		a, ok := conn.(sqlite.AuthorizerRegisterer)
		if !ok {
			t.Error("the driver does not say when it plans")
			return nil
		}
		return a.RegisterAuthorizer(func(sqlite.AuthorizerActionCode, string, string, string, string) sqlite.AuthorizerReturnCode {
			planned.Add(1)
			return sqlite.AuthorizerOK
		})
	})
	s, err := storage.Open(t.Context(), storage.Options{SQLitePath: path, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := listings(t.Context(), s.Recorded(func(string, []any) {})); err != nil {
		t.Fatal(err)
	}
	if planned.Swap(0) == 0 {
		t.Fatal("nobody saw a statement being planned")
	}
	last, again := "", map[string]bool{}
	look := func(next string, _ []any) {
		if planned.Swap(0) > 0 {
			again[last] = true
		}
		last = next
	}
	if err := listings(t.Context(), s.Recorded(look)); err != nil {
		t.Fatal(err)
	}
	look("", nil)
	for query := range again {
		if strings.Contains(query, "$32") {
			continue // SQLite has one bit for all values from the 32nd on
		}
		t.Errorf("planned at each use:\n%s", query)
	}
}
