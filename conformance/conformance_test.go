package conformance_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/conformance"
	"instar.example/conformance/checks"
	"instar.example/conformance/faulty"
)

const (
	// patience is how long a check may wait for what a faulty server never does.
	patience = 3 * time.Second
	// forbearance is for a machine so busy that patience ends before the check
	// has got to its point.
	forbearance = time.Minute
	// together is how many faulty servers run at once: most of them are waited for.
	together = 12
)

// keys makes the keys of all servers and peers in these tests once: making one
// takes longer than most runs.
var keys = sync.OnceValues(func() ([]*rsa.PrivateKey, error) {
	made := make([]*rsa.PrivateKey, 3)
	for i := range made {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		made[i] = key
	}
	return made, nil
})

// judge runs the suite against the right server with a fault.
func judge(ctx context.Context, fault faulty.Fault, o conformance.Options) (report conformance.Report, err error) {
	made, err := keys()
	if err != nil {
		return report, err
	}
	s, err := faulty.Start(ctx, faulty.Options{Key: made[0], Fault: fault})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	o.Node, o.PeerKeys = s.URL(), made[1:]
	return conformance.Run(ctx, o)
}

func TestRightServerPassesEveryCheck(t *testing.T) {
	t.Parallel()
	report, err := judge(t.Context(), faulty.Fault{}, conformance.Options{})
	if err != nil {
		t.Fatalf("Run = %v", err)
	}
	var otherwise []string // what a node that keeps people's texts has no use for
	for _, r := range report.Results {
		if r.Outcome == conformance.NotOffered {
			otherwise = append(otherwise, r.Check)
		}
	}
	if n := report.Count(conformance.Pass); n == 0 || n+len(otherwise) != len(report.Results) {
		var text strings.Builder
		_ = report.Text(&text) // a Builder never fails
		t.Errorf("%d of %d checks pass on the right server:\n%s", n, len(report.Results), text.String())
	}
	if want := []string{"acts/people-dropped"}; !slices.Equal(otherwise, want) {
		t.Fatalf("not offered by the right server: %q, want %q", otherwise, want)
	}
	report, err = judge(t.Context(), faulty.Fault{Skip: []string{"mirrors"}}, conformance.Options{Groups: []string{"acts"}})
	if err != nil || !report.OK() {
		var text strings.Builder
		_ = report.Text(&text) // a Builder never fails
		t.Errorf("on a right server that drops people's texts: %v\n%s", err, text.String())
	}
	for _, r := range report.Results {
		if slices.Contains(otherwise, r.Check) && r.Outcome != conformance.Pass {
			t.Errorf("%s on a right server that drops people's texts: %s", r.Check, r.Outcome)
		}
	}
}

func TestEachFaultIsCaughtByItsCheck(t *testing.T) {
	t.Parallel()
	faults, err := faulty.Faults()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, together)
	for _, f := range faults {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := caught(t.Context(), f); err != nil {
				t.Errorf("%s (%s): %v", f.Check, f.Name, err)
			}
		})
	}
	all.Wait()
}

// caught reports an error unless the check fails on its faulty twin.
func caught(ctx context.Context, f faulty.Fault) error {
	got, err := verdict(ctx, f, patience)
	if err == nil && got.Outcome == conformance.Error {
		got, err = verdict(ctx, f, forbearance)
	}
	if err != nil {
		return err
	}
	if got.Outcome != conformance.Fail {
		return fmt.Errorf("%s, want fail: %s", got.Outcome, got.Detail)
	}
	return nil
}

func verdict(ctx context.Context, f faulty.Fault, timeout time.Duration) (conformance.Result, error) {
	report, err := judge(ctx, f, conformance.Options{Checks: []string{f.Check}, Timeout: timeout})
	if err != nil {
		return conformance.Result{}, err
	}
	return report.Results[0], nil
}

func TestEachCheckHasAFaultyTwin(t *testing.T) {
	t.Parallel()
	faults, err := faulty.Faults()
	if err != nil {
		t.Fatal(err)
	}
	twins := map[string]bool{}
	for _, f := range faults {
		twins[f.Check] = true
	}
	all, err := checks.All()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.ID] {
			t.Errorf("two checks are named %s", c.ID)
		}
		seen[c.ID] = true
		if !twins[c.ID] {
			t.Errorf("no faulty server for %s", c.ID)
		}
	}
}
