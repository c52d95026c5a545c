package node_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func claiming(perOwner int64, methods ...string) func(*node.Config) {
	return func(c *node.Config) {
		c.Registration = node.RegistrationApproval
		c.Claim = node.ClaimConfig{Methods: methods, Mail: true, AgentsPerOwner: perOwner}
	}
}

// begun begins a claim by DNS and returns it.
func (l lone) begun(r node.Registered, browser, domain string) node.Proof {
	l.t.Helper()
	if err := l.StartClaim(l.t.Context(), r.ClaimToken, browser, node.MethodDNS, domain); err != nil {
		l.t.Fatalf("StartClaim(%s): %v", r.Agent.Name, err)
	}
	p, err := l.ClaimPage(l.t.Context(), r.ClaimToken, browser)
	if err != nil || len(p.Waiting) == 0 {
		l.t.Fatalf("ClaimPage = %+v, %v", p, err)
	}
	return p.Waiting[0]
}

func TestAnOwnersAgentsAreCountedExactly(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, claiming(3, node.MethodDNS))
		proofs := make([]node.Proof, 8)
		keys := make([]string, 8)
		for i := range proofs {
			r := l.registered(fmt.Sprintf("agent%d", i))
			proofs[i], keys[i] = l.begun(r, "browser", "example.org"), r.Key
		}
		var all sync.WaitGroup
		for _, p := range proofs {
			all.Go(func() {
				if err := l.Proven(t.Context(), p, "domain:example.org"); err != nil {
					t.Errorf("Proven: %v", err)
				}
			})
		}
		all.Wait()
		var in atomic.Int64
		for _, k := range keys {
			if l.writes(k) == "" {
				in.Add(1)
			}
		}
		session, err := l.Session(t.Context(), "browser")
		if err != nil {
			t.Fatal(err)
		}
		o, err := l.Owned(t.Context(), session)
		if err != nil || in.Load() != 3 || len(o.Agents) != 3 || len(o.Contacts) != 1 {
			t.Errorf("%d agents write, the owner has %d and is known by %v, %v; want 3, 3 and one", in.Load(), len(o.Agents), o.Contacts, err)
		}
	})
}

func TestAnAgentHasOneOwner(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, claiming(0, node.MethodDNS))
		ada := l.registered("ada")
		if err := l.Proven(t.Context(), l.begun(ada, "one", "one.example"), "domain:one.example"); err != nil {
			t.Fatal(err)
		}
		late := l.begun(ada, "two", "two.example")
		if err := l.Proven(t.Context(), late, "domain:two.example"); err != nil {
			t.Fatal(err)
		}
		p, err := l.ClaimPage(t.Context(), ada.ClaimToken, "two")
		if err != nil || len(p.Waiting) != 1 || p.Waiting[0].Proven || p.Waiting[0].Error != "This agent has another owner" {
			t.Errorf("the second owner's claim = %+v, %v", p.Waiting, err)
		}
		if _, err := l.Session(t.Context(), "two"); code(err) != "no_session" {
			t.Errorf("the second owner is signed in: %v", err)
		}
		// The owner comes back with another browser, by showing the same again.
		if err := l.Proven(t.Context(), l.begun(ada, "three", "one.example"), "domain:one.example"); err != nil {
			t.Fatal(err)
		}
		back, err := l.Session(t.Context(), "three")
		if err != nil {
			t.Fatal(err)
		}
		if o, err := l.Owned(t.Context(), back); err != nil || len(o.Agents) != 1 {
			t.Errorf("the owner that came back has %+v, %v", o, err)
		}
		// A proof counts once.
		if err := l.Proven(t.Context(), late, "domain:one.example"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Session(t.Context(), "two"); code(err) != "no_session" {
			t.Errorf("a claim that has ended signs somebody in: %v", err)
		}
	})
}

func TestUnderReviewAProofMakesAnOwnerAndLetsNobodyIn(t *testing.T) {
	t.Parallel()
	l := newLone(t, storagetest.SQLite(t), claiming(0, node.MethodDNS, node.MethodApproval), func(c *node.Config) { c.Claim.Review = true })
	ada := l.registered("ada")
	if err := l.Proven(t.Context(), l.begun(ada, "one", "one.example"), "domain:one.example"); err != nil {
		t.Fatal(err)
	}
	if got := l.writes(ada.Key); got != "not_claimed" {
		t.Errorf("the agent writes before the review: %q", got)
	}
	list, err := l.LocalAgents(t.Context(), storage.ActorUnclaimed)
	if err != nil || len(list) != 1 || list[0].Ownership.Method != node.MethodDNS || fmt.Sprint(list[0].Owner) != "[domain:one.example]" {
		t.Errorf("what the operator sees = %+v, %v", list, err)
	}
	if _, err := l.Approve(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if got := l.writes(ada.Key); got != "" {
		t.Errorf("approved: %q", got)
	}
	if o, _, err := l.Vouched(t.Context(), ada.Agent.ID); err != nil || o.Method != node.MethodDNS {
		t.Errorf("Vouched = %+v, %v", o, err)
	}
}

func TestOnlyTheWaysThatAreOnAreTaken(t *testing.T) {
	t.Parallel()
	l := newLone(t, storagetest.SQLite(t), claiming(0, node.MethodDNS, node.MethodApproval))
	ada := l.registered("ada")
	for _, m := range []string{node.MethodEmail, node.MethodRelMe, node.MethodFediverse, node.MethodApproval, node.MethodNone, node.MethodInvite, "", "x"} {
		if err := l.StartClaim(t.Context(), ada.ClaimToken, "b", m, "example.org"); code(err) != "bad_method" {
			t.Errorf("StartClaim(%s) = %v, want bad_method", m, err)
		}
	}
	for what, domain := range map[string]string{
		"nothing": "", "one word": "localhost", "our own": "a.test", "a path": "a/b", "a port": "example.org:80", "spaces": "ex ample.org", "a record": "_instar.example.org", "an accent in bytes": "\xff.org",
	} {
		if err := l.StartClaim(t.Context(), ada.ClaimToken, "b", node.MethodDNS, domain); code(err) != "bad_domain" {
			t.Errorf("%s: %v, want bad_domain", what, err)
		}
	}
	if err := l.StartClaim(t.Context(), ada.Key, "b", node.MethodDNS, "example.org"); code(err) != "not_found" {
		t.Errorf("an agent's key is taken for its claim link: %v", err)
	}
	for _, domain := range []string{"Bücher.example", "https://xn--bcher-kva.example/about", "bücher.example."} {
		if p := l.begun(ada, domain, domain); p.Subject != "xn--bcher-kva.example" || len(p.Code) != 24 {
			t.Errorf("%s is %+v", domain, p)
		}
	}
	for i := 3; i < 10; i++ {
		l.begun(ada, "b", "example.org")
	}
	if err := l.StartClaim(t.Context(), ada.ClaimToken, "b", node.MethodDNS, "example.org"); code(err) != "claim_limit" {
		t.Errorf("the eleventh claim within the hour = %v, want claim_limit", err)
	}
	l.clock.add(time.Hour + time.Second)
	l.begun(ada, "b", "example.org")
}

func TestAClaimIsLookedAtMoreAndMoreRarelyAndEnds(t *testing.T) {
	t.Parallel()
	l := newLone(t, storagetest.SQLite(t), claiming(0, node.MethodDNS))
	ada := l.registered("ada")
	l.begun(ada, "b", "example.org")
	looks := 0
	for range 60 * 50 {
		l.clock.add(time.Minute)
		ps, err := l.LeaseProofs(t.Context(), "me", time.Second, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ps {
			looks++
			if err := l.Unproven(t.Context(), p, "not yet"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if looks < 40 || looks > 60 {
		t.Errorf("looked %d times in two days", looks)
	}
	p, err := l.ClaimPage(t.Context(), ada.ClaimToken, "b")
	if err != nil || len(p.Waiting) != 0 {
		t.Errorf("an old claim still waits: %+v, %v", p, err)
	}
	// "Look now" hurries one that waits, and only for the browser that began it.
	l.begun(ada, "c", "example.org")
	for _, browser := range []string{"d", "", "c"} {
		want := 0
		if browser == "c" {
			want = 1
		}
		if err := l.HurryClaim(t.Context(), ada.ClaimToken, browser); err != nil {
			t.Fatal(err)
		}
		if ps, err := l.LeaseProofs(t.Context(), "me", 0, 10); err != nil || len(ps) != want {
			t.Errorf("hurried by %q: %d due, %v", browser, len(ps), err)
		}
	}
}
