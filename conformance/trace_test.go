package conformance_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"instar.example/conformance/checks"
	"instar.example/specs"
)

// citation is how code names a clause: two capitals at least, so that the tests
// of package specs may have clauses of their own.
var citation = regexp.MustCompile(`\[([A-Z]{2,}-[0-9]+)\]`)

func clausesByID(t *testing.T) map[string]specs.Clause {
	t.Helper()
	clauses, err := specs.Clauses()
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]specs.Clause{}
	for _, c := range clauses {
		byID[c.ID] = c
	}
	return byID
}

// TestTrace ties clauses, checks and code: each clause has a check or says why
// not, and whatever is cited exists.
func TestTrace(t *testing.T) {
	t.Parallel()
	clauses := clausesByID(t)
	all, err := checks.All()
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, c := range all {
		if _, ok := clauses[c.Clause]; !ok {
			t.Errorf("check %s cites [%s], which no text in specs has", c.ID, c.Clause)
		}
		checked[c.Clause] = true
	}
	for id, c := range clauses {
		switch {
		case !checked[id] && c.NotChecked == "":
			t.Errorf("%s:%d: no check for [%s], and no reason given", c.File, c.Line, id)
		case checked[id] && c.NotChecked != "":
			t.Errorf("%s:%d: [%s] is checked although it says %q", c.File, c.Line, id, c.NotChecked)
		}
	}
	citations := 0
	eachGoFile(t, func(path string, text []byte) {
		for n, line := range strings.Split(string(text), "\n") {
			for _, m := range citation.FindAllStringSubmatch(line, -1) {
				citations++
				if _, ok := clauses[m[1]]; !ok {
					t.Errorf("%s:%d: %s, which no text in specs has", path, n+1, m[0])
				}
			}
		}
	})
	if citations == 0 {
		t.Error("no clause is cited anywhere: is the module's root where it was?")
	}
}

func TestIdentityTableCitesClauses(t *testing.T) {
	t.Parallel()
	clauses := clausesByID(t)
	rows, err := specs.IdentityTable()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if _, ok := clauses[r.Clause]; !ok {
			t.Errorf("row %s cites [%s], which no text in specs has", r.ID(), r.Clause)
		}
	}
}

// eachGoFile visits the Go files of the module.
func eachGoFile(t *testing.T, visit func(path string, text []byte)) {
	t.Helper()
	root := os.DirFS("..")
	if _, err := fs.Stat(root, "go.mod"); err != nil {
		t.Fatalf("the module's root: %v", err)
	}
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		visit(path, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
