package instar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "instar.example"

// layer is what a package of ours may import: nothing of ours but the packages
// in may, and nothing of the packages in never. A path that ends in "/..."
// stands for the packages below it, too.
type layer struct {
	packages []string
	may      []string
	never    []string
}

// layers is the arrow diagram of ARCHITECTURE.md. A package is held to the
// first layer that names it; one that no layer names fails the test.
var layers = []layer{
	{packages: []string{"specs"}},
	{packages: []string{"specs/spectest"}, may: []string{"specs"}},
	{packages: []string{"storage"}, never: []string{"net/http"}},
	{packages: []string{"storage/storagetest"}, may: []string{"storage"}},
	{packages: []string{"federation/activity", "federation/proof"}, may: []string{"federation/activity"}, never: []string{"net/http", "database/sql", "github.com/go-fed/httpsig"}},
	{packages: []string{"federation/signature"}, never: []string{"database/sql"}},
	{packages: []string{"federation/..."}, may: []string{"federation/..."}, never: []string{"database/sql", "github.com/jmoiron/sqlx", "github.com/go-fed/httpsig"}},
	{packages: []string{"node/bounded", "node/markdown"}, never: []string{"net/http", "database/sql", "github.com/jmoiron/sqlx"}},
	{packages: []string{"node"}, may: []string{"node/bounded", "node/markdown", "storage", "federation/activity", "federation/proof"}, never: []string{"net/http", "database/sql", "github.com/jmoiron/sqlx"}},
	{packages: []string{"node/press"}, never: []string{"database/sql"}},
	{packages: []string{"node/agentapi", "node/mcp", "node/web", "node/admin"}, may: []string{"node", "node/bounded", "node/press", "storage", "specs"}, never: []string{"database/sql", "github.com/jmoiron/sqlx"}},
	{packages: []string{"node/peerapi", "node/worker"}, may: []string{"node", "node/press", "storage", "specs", "federation/..."}, never: []string{"database/sql", "github.com/jmoiron/sqlx"}},
	{packages: []string{"node/server"}, may: []string{"node/...", "storage", "specs", "federation/..."}, never: []string{"github.com/jmoiron/sqlx", "github.com/go-fed/httpsig"}},
	{packages: []string{"node/nodetest"}, may: []string{"node/...", "storage/...", "federation/...", "specs/..."}},
	{packages: []string{"conformance/...", "cmd/instar-conform"}, may: []string{"conformance/...", "specs"}, never: []string{"github.com/go-fed/httpsig"}},
	{packages: []string{"cmd/..."}, may: []string{"node/server"}},
}

// forTestsOnly are imported by nothing that is not a test or one of them.
var forTestsOnly = []string{"node/nodetest", "storage/storagetest", "specs/spectest"}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages, want the whole tree", len(packages))
	}
	for _, p := range packages {
		if fault := judge(p.ImportPath, p.Imports); fault != nil {
			t.Error(fault)
		}
	}
}

func TestImportRulesCatchEachBreach(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ pkg, imports, want string }{
		{"storage", "instar.example/node", "storage imports instar.example/node"},
		{"storage", "net/http", "storage imports net/http"},
		{"specs", "instar.example/storage", "specs imports"},
		{"federation/activity", "instar.example/federation/fetch", "federation/activity imports"},
		{"federation/fetch", "instar.example/storage", "federation/fetch imports"},
		{"federation/inbox", "instar.example/node", "federation/inbox imports"},
		{"federation/inbox", "github.com/go-fed/httpsig", "federation/inbox imports"},
		{"node", "instar.example/federation/fetch", "node imports"},
		{"node", "net/http", "node imports net/http"},
		{"node", "instar.example/node/web", "node imports"},
		{"node/web", "instar.example/federation/activity", "node/web imports"},
		{"node/web", "instar.example/node/agentapi", "node/web imports"},
		{"node/agentapi", "github.com/jmoiron/sqlx", "node/agentapi imports"},
		{"node/worker", "instar.example/node/peerapi", "node/worker imports"},
		{"node/server", "instar.example/node/nodetest", "node/server imports"},
		{"conformance/checks", "instar.example/federation/signature", "conformance/checks imports"},
		{"cmd/instar-conform", "instar.example/node/server", "cmd/instar-conform imports"},
		{"cmd/instar", "instar.example/node", "cmd/instar imports"},
		{"util", "strings", "util belongs to no layer"},
		{"node/util", "strings", "node/util belongs to no layer"},
	} {
		fault := judge(module+"/"+tc.pkg, []string{"context", tc.imports})
		if fault == nil || !strings.Contains(fault.Error(), tc.want) {
			t.Errorf("%s importing %s: %v, want %q", tc.pkg, tc.imports, fault, tc.want)
		}
	}
	for _, tc := range []struct{ pkg, imports string }{
		{"cmd/instar", "instar.example/node/server"},
		{"node", "instar.example/storage"},
		{"node/peerapi", "instar.example/federation/inbox"},
		{"federation/signature", "github.com/go-fed/httpsig"},
		{"conformance/checks", "instar.example/specs"},
	} {
		if fault := judge(module+"/"+tc.pkg, []string{tc.imports}); fault != nil {
			t.Error(fault)
		}
	}
}

func TestEachDirectDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	direct := 0
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct++
		if !strings.Contains(string(text), r.Path) {
			t.Errorf("ARCHITECTURE.md gives no reason for %s", r.Path)
		}
	}
	if direct == 0 {
		t.Error("go.mod names no direct dependency: run go mod tidy")
	}
}

// judge says what is wrong with a package of ours that imports these.
func judge(importPath string, imports []string) error {
	name := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
	if name == "" {
		return nil // the tests at the root
	}
	at := slices.IndexFunc(layers, func(l layer) bool { return matches(l.packages, name) })
	if at < 0 {
		return fmt.Errorf("%s belongs to no layer: give it one in arch_test.go and ARCHITECTURE.md", name)
	}
	var faults []error
	for _, imported := range imports {
		ours, isOurs := strings.CutPrefix(imported, module+"/")
		testOnly := isOurs && slices.Contains(forTestsOnly, ours) && !slices.Contains(forTestsOnly, name)
		if slices.Contains(layers[at].never, imported) || (isOurs && !matches(layers[at].may, ours)) || testOnly {
			faults = append(faults, fmt.Errorf("%s imports %s", name, imported))
		}
	}
	return errors.Join(faults...)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		tree, below := strings.CutSuffix(p, "/...")
		return name == tree || (below && strings.HasPrefix(name, tree+"/"))
	})
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	var stderr strings.Builder
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	var packages []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
