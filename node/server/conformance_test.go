package server_test

import (
	"testing"

	"instar.example/conformance"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestIdentityTableHoldsOverHTTP walks specs/identity.md, row by row, against a
// running node of each database. The other groups of the suite are run by
// "make conform".
func TestIdentityTableHoldsOverHTTP(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.NewLive(t, database(t))
		report, err := conformance.Run(t.Context(), conformance.Options{Node: n.URL(), Groups: []string{"humans"}})
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		if len(report.Results) < 100 {
			t.Errorf("only %d checks were made", len(report.Results))
		}
		for _, r := range report.Results {
			if r.Outcome != conformance.Pass {
				t.Errorf("%s [%s] %s: %v: %s", r.Check, r.Clause, r.Name, r.Outcome, r.Detail)
			}
		}
	})
}

// TestLimitsHoldAsTheSuiteSeesThem runs what "make conform" cannot see: its node
// has no limits. Those between two posts are off here, too.
func TestLimitsHoldAsTheSuiteSeesThem(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.NewLive(t, database(t), func(c *server.Config) {
			c.Limits = server.LimitsConfig{Enabled: true, Reads: 1_000, Writes: 1_000, Address: 1_000}
		})
		wanted := []string{"reads/limit-headers", "reads/limit-fields", "reads/limits", "reads/named-again", "reads/named-otherwise"}
		report, err := conformance.Run(t.Context(), conformance.Options{Node: n.URL(), Checks: wanted})
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		if n := report.Count(conformance.Pass); n != len(wanted) {
			t.Errorf("%d of %d checks pass: %+v", n, len(wanted), report.Results)
		}
	})
}
