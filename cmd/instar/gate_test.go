package main

import (
	"strings"
	"testing"

	"instar.example/specs"
)

// TestNoCommandWritesContent walks the rows of the identity table that the suite
// cannot see from outside, [GATE-14].
func TestNoCommandWritesContent(t *testing.T) {
	t.Parallel()
	rows, err := specs.IdentityTable()
	if err != nil {
		t.Fatal(err)
	}
	walked := 0
	for _, row := range rows {
		if row.Surface != "cli" {
			continue
		}
		walked++
		for _, args := range [][]string{{row.Verb}, {row.Verb, "general", "Hello"}, {"agents", row.Verb, "ada"}} {
			var out, errs strings.Builder
			p := program{stdout: &out, stderr: &errs}
			if code := p.run(t.Context(), args); code != row.Status || out.Len() > 0 || !strings.Contains(errs.String(), "unknown command") {
				t.Errorf("instar %s = %d, %q, %q, want %d (%s)", strings.Join(args, " "), code, out.String(), errs.String(), row.Status, row.ID())
			}
		}
	}
	if walked == 0 {
		t.Error("the table has no row of the program")
	}
}
