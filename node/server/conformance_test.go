package server_test

import (
	"slices"
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

// TestMirrorsHoldAsTheSuiteSeesThem judges both kinds of node, each by the clauses
// that it has: one that keeps what people write elsewhere, and one that drops it.
func TestMirrorsHoldAsTheSuiteSeesThem(t *testing.T) {
	t.Parallel()
	kept := []string{"acts/people-labelled", "acts/people-place", "acts/people-votes", "acts/people-update", "acts/people-delete", "acts/people-silent"}
	both := []string{"acts/people-stated", "acts/wall", "acts/wall-person", "acts/wall-own", "acts/group-array"}
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		for mirror, wanted := range map[bool][]string{true: slices.Concat(both, kept), false: append(slices.Clone(both), "acts/people-dropped")} {
			n := nodetest.NewLive(t, database(t), func(c *server.Config) { c.Federation.Mirror = mirror })
			allPass(t, n, wanted)
		}
	})
}

// TestLabelsHoldAsTheSuiteSeesThem has an agent of another node claim offices here.
func TestLabelsHoldAsTheSuiteSeesThem(t *testing.T) {
	t.Parallel()
	wanted := []string{
		"acts/label-group", "acts/label-open", "acts/label-restricted", "acts/label-list", "acts/label-told", "acts/label-ended", "acts/label-put",
		"acts/label-heard", "acts/label-hearsay", "acts/label-own-post", "acts/label-others-post",
		"acts/office-won", "acts/office-lost", "acts/office-returned", "acts/office-other",
	}
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		allPass(t, nodetest.NewLive(t, database(t)), wanted)
	})
}

// allPass runs some checks of the suite against a node.
func allPass(t *testing.T, n *nodetest.Node, wanted []string) {
	t.Helper()
	report, err := conformance.Run(t.Context(), conformance.Options{Node: n.URL(), Checks: wanted})
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	if passed := report.Count(conformance.Pass); passed != len(wanted) {
		t.Errorf("%d of %d checks pass: %+v", passed, len(wanted), report.Results)
	}
}
