package specs

import (
	"errors"
	"strings"
	"testing"
)

func TestClausesHaveNumberLevelAndPlace(t *testing.T) {
	t.Parallel()
	clauses, err := Clauses()
	if err != nil {
		t.Fatalf("Clauses() = %v", err)
	}
	byID := map[string]Clause{}
	for _, c := range clauses {
		byID[c.ID] = c
	}
	c, ok := byID["INBOX-2"]
	if !ok || c.Level != "MUST" || c.File != "federation.md" || c.Line == 0 || !strings.HasSuffix(c.Text, "400.") {
		t.Errorf("INBOX-2 = %+v", c)
	}
	if got := byID["READ-4"].Level; got != "MUST NOT" {
		t.Errorf("level of READ-4 = %q, want MUST NOT", got)
	}
	if got := byID["GATE-14"].NotChecked; got != "the program is not seen from outside" {
		t.Errorf("GATE-14 is not checked because %q", got)
	}
	if got := byID["SIG-4"]; got.NotChecked != "" {
		t.Errorf("SIG-4 is not checked because %q", got.NotChecked)
	}
}

func TestClauseMayRunOverLines(t *testing.T) {
	t.Parallel()
	got, err := parseClauses("x.md", []byte("- [A-1] One MUST\n  be long.\n\nA text.\n  - [A-2] Two MAY be short.\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Text != "One MUST be long." || got[1].Level != "MAY" || got[1].Line != 5 {
		t.Errorf("parseClauses = %+v", got)
	}
}

func TestClauseWithoutLevelIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := parseClauses("x.md", []byte("- [A-1] It is nice.\n")); !errors.Is(err, ErrClause) {
		t.Errorf("parseClauses = %v, want ErrClause", err)
	}
}

func TestIdentityTableCoversEverySurfaceAndPrincipal(t *testing.T) {
	t.Parallel()
	rows, err := IdentityTable()
	if err != nil {
		t.Fatalf("IdentityTable() = %v", err)
	}
	surfaces, principals := map[string]int{}, map[string]int{}
	for _, r := range rows {
		surfaces[r.Surface]++
		principals[r.Principal]++
	}
	for _, s := range []string{"web", "agent-api", "s2s", "c2s", "cli"} {
		if surfaces[s] == 0 {
			t.Errorf("no row for surface %s", s)
		}
	}
	for _, p := range []string{"anonymous", "agent", "owner", "Service", "Person", "Organization", "Group", "Application", "untyped"} {
		if principals[p] == 0 {
			t.Errorf("no row for principal %s", p)
		}
	}
}

func TestNoHumanIsGrantedContent(t *testing.T) {
	t.Parallel()
	rows, err := IdentityTable()
	if err != nil {
		t.Fatal(err)
	}
	agents := map[string]bool{"agent": true, "Service": true}
	content := map[string]bool{"Create": true, "Like": true, "Dislike": true, "post": true, "comment": true, "vote": true}
	for _, r := range rows {
		if !agents[r.Principal] && content[r.Verb] && r.Status < 300 && r.Surface != "cli" {
			t.Errorf("%s is granted: %d", r.ID(), r.Status)
		}
	}
}

func TestMalformedTableIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"nothing",
		"| web | agent | post | 403 | - |",
		"| web | agent | post | forbidden | - | GATE-5 |",
		"| web | agent |  | 403 | - | GATE-5 |",
		"| web | agent | post | 403 | - | GATE-5 |\n| web | agent | post | 403 | - | GATE-5 |",
	} {
		if _, err := parseIdentityTable([]byte(text)); !errors.Is(err, ErrTable) {
			t.Errorf("parseIdentityTable(%q) = %v, want ErrTable", text, err)
		}
	}
}
