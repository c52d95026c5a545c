package instar_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	listedFEP = regexp.MustCompile(`(?m)^- \[FEP-([0-9a-f]{4}): `)
	citedFEP  = regexp.MustCompile(`FEP-([0-9a-f]{4})\b`)
)

// FEDERATION.md lists the FEPs that the code says it follows, and no other. It is
// itself what FEP-67ff asks for.
func TestFederationListsTheFEPsThatTheCodeCites(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("FEDERATION.md")
	if err != nil {
		t.Fatal(err)
	}
	cited := citations(t, "federation", "node")
	cited["67ff"] = "FEDERATION.md"
	var listed []string
	for _, m := range listedFEP.FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1])
		if cited[m[1]] == "" {
			t.Errorf("FEDERATION.md lists FEP-%s, which no code cites", m[1])
		}
		if link := "fep/" + m[1] + "/fep-" + m[1] + ".md)"; !strings.Contains(string(text), link) {
			t.Errorf("FEDERATION.md has no link that ends in %s", link)
		}
	}
	if !slices.IsSorted(listed) {
		t.Errorf("the FEPs are not in order: %v", listed)
	}
	for fep, where := range cited {
		if !slices.Contains(listed, fep) {
			t.Errorf("%s cites FEP-%s, which FEDERATION.md does not list", where, fep)
		}
	}
	if len(listed) < 10 {
		t.Errorf("only %d FEPs found in FEDERATION.md", len(listed))
	}
}

// citations are the FEPs that the Go files below some folders cite, tests left
// out, each with a file that does.
func citations(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	cited := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, m := range citedFEP.FindAllSubmatch(b, -1) {
				cited[string(m[1])] = path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return cited
}
