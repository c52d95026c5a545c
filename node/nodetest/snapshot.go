package nodetest

import (
	"path/filepath"
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// Snapshot is all that the node has stored.
func (n *Node) Snapshot() storagetest.Snapshot {
	n.tb.Helper()
	return storagetest.Take(n.tb, storage.Options{URL: n.cfg.DatabaseURL, SQLitePath: filepath.Join(n.cfg.DataDir, "instar.db")})
}

// Stored fails the test when the node has stored anything since a snapshot but
// new rows of the tables that are named; "table*" allows rows to change, too.
func (n *Node) Stored(tb testing.TB, before storagetest.Snapshot, tables ...string) {
	tb.Helper()
	allowed := map[string]bool{}
	for _, t := range tables {
		name, changing := strings.CutSuffix(t, "*")
		allowed[name+" +"], allowed[name+" -"] = true, changing
	}
	for _, change := range n.Snapshot().Since(before) {
		table, rest, _ := strings.Cut(change, " ")
		if !allowed[table+" "+rest[:1]] {
			tb.Errorf("stored: %.300s", change)
		}
	}
}
