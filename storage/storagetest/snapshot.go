package storagetest

import (
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"instar.example/storage"
)

// Snapshot is all that a database holds, by table, each row as text. What a node
// only keeps for its own running is left out: what its processes tell each other,
// where its cursors stand, the search index, and the schema's version.
type Snapshot map[string][]string

// leftOut says which tables say nothing of what was stored.
func leftOut(table string) bool {
	switch table {
	case "changes", "cursors", "unindexed", "counters":
		return true
	}
	return strings.HasPrefix(table, "documents") || strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "sqlite_")
}

// Take reads a database on a connection of its own, while its node runs.
func Take(tb testing.TB, o storage.Options) Snapshot {
	tb.Helper()
	driver, dsn := "postgres", o.URL
	list := `
		SELECT table_name
		FROM information_schema.tables
		WHERE table_schema = current_schema()`
	if o.URL == "" {
		driver, dsn = "sqlite", "file:"+(&url.URL{Path: o.SQLitePath}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)"
		list = `
		SELECT name
		FROM sqlite_master
		WHERE type = 'table'`
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		tb.Fatalf("open for a snapshot: %v", err)
	}
	defer func() { _ = db.Close() }() // it was only read
	s := Snapshot{}
	for _, table := range rows(tb, db, list) {
		if !leftOut(table) {
			s[table] = rows(tb, db, "SELECT * FROM "+table) //nolint:unqueryvet // every column there is: what a test does not know of counts, too
		}
	}
	if len(s["actors"]) == 0 { // a node has one of its own
		tb.Fatalf("a snapshot of %d tables without actors", len(s))
	}
	return s
}

// rows returns what a query finds, each row as text, in an order of their own.
func rows(tb testing.TB, db *sql.DB, query string) []string {
	tb.Helper()
	found, err := db.QueryContext(tb.Context(), query)
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	var all []string
	for found.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := found.Scan(values...); err != nil {
			tb.Fatalf("%s: %v", query, err)
		}
		var row strings.Builder
		for i, v := range values {
			if i > 0 {
				row.WriteString(" | ")
			}
			if text, ok := v.(*sql.NullString); ok {
				row.WriteString(text.String)
			}
		}
		all = append(all, row.String())
	}
	if err := found.Err(); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	slices.Sort(all)
	return all
}

// Since says what is otherwise than it was before: "table + row" for what came,
// "table - row" for what went; a changed row did both.
func (s Snapshot) Since(before Snapshot) []string {
	var changes []string
	for table, now := range s {
		count := map[string]int{}
		for _, row := range now {
			count[row]++
		}
		for _, row := range before[table] {
			count[row]--
		}
		for row, n := range count {
			for range n {
				changes = append(changes, fmt.Sprintf("%s + %s", table, row))
			}
			for range -n {
				changes = append(changes, fmt.Sprintf("%s - %s", table, row))
			}
		}
	}
	slices.Sort(changes)
	return changes
}
