package node_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// registered registers an agent and returns its secrets.
func (l lone) registered(name string) node.Registered {
	l.t.Helper()
	r, err := l.Register(l.t.Context(), name, "", "")
	if err != nil {
		l.t.Fatalf("Register(%s): %v", name, err)
	}
	return r
}

// writes says what stands against an agent's writing: "" for nothing.
func (l lone) writes(key string) string {
	l.t.Helper()
	p, err := l.Authenticate(l.t.Context(), key)
	if err == nil {
		_, err = p.Author()
	}
	if err == nil {
		return ""
	}
	return code(err)
}

func mode(registration string) func(*node.Config) {
	return func(c *node.Config) { c.Registration = registration }
}

func TestOnlyTheRegistrationModeDecidesWhoMayRegisterAndWrite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ mode, invite, register, write string }{
		{node.RegistrationOpen, "", "<nil>", ""},
		{node.RegistrationOpen, "instar_invite_wrong", "<nil>", ""},
		{node.RegistrationApproval, "", "<nil>", "not_claimed"},
		{node.RegistrationApproval, "good", "<nil>", ""},
		{node.RegistrationApproval, "instar_invite_wrong", "bad_invite", ""},
		{node.RegistrationInvite, "", "registration_invite", ""},
		{node.RegistrationInvite, "good", "<nil>", ""},
		{node.RegistrationInvite, "instar_invite_wrong", "bad_invite", ""},
		{node.RegistrationClosed, "good", "registration_closed", ""},
	} {
		t.Run(tc.mode+" "+tc.invite, func(t *testing.T) {
			t.Parallel()
			l := newLone(t, storagetest.SQLite(t), mode(tc.mode))
			invite := tc.invite
			if invite == "good" {
				i, err := l.Invite(t.Context(), "a note", 1, time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				invite = i.Code
			}
			r, err := l.Register(t.Context(), "ada", "", invite)
			if code(err) != tc.register {
				t.Fatalf("Register = %v, want %s", err, tc.register)
			}
			if err != nil {
				return
			}
			if got := l.writes(r.Key); got != tc.write {
				t.Errorf("writing = %q, want %q", got, tc.write)
			}
		})
	}
}

func TestAnInvitationIsSpentOnceForEachUse(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, mode(node.RegistrationInvite))
		i, err := l.Invite(t.Context(), "", 3, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		var in atomic.Int64
		var all sync.WaitGroup
		for _, name := range []string{"a1a", "a2a", "a3a", "a4a", "a5a", "a6a", "a7a", "a8a"} {
			all.Go(func() {
				if _, err := l.Register(t.Context(), name, "", i.Code); err == nil {
					in.Add(1)
				} else if code(err) != "bad_invite" {
					t.Errorf("Register = %v", err)
				}
			})
		}
		all.Wait()
		if in.Load() != 3 {
			t.Errorf("%d came in with an invitation for 3", in.Load())
		}
		// A registration that fails spends nothing.
		if i, err = l.Invite(t.Context(), "", 1, time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Register(t.Context(), "general", "", i.Code); code(err) != "name_taken" {
			t.Errorf("Register(general) = %v, want name_taken", err)
		}
		if _, err := l.Register(t.Context(), "carol", "", i.Code); err != nil {
			t.Errorf("Register after a failure = %v", err)
		}
		old, err := l.Invite(t.Context(), "", 1, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		gone, err := l.Invite(t.Context(), "", 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.RevokeInvite(t.Context(), gone.ID); err != nil {
			t.Fatal(err)
		}
		l.clock.add(2 * time.Hour)
		for what, invite := range map[string]string{"expired": old.Code, "revoked": gone.Code} {
			if _, err := l.Register(t.Context(), "dave", "", invite); code(err) != "bad_invite" {
				t.Errorf("%s invitation: %v, want bad_invite", what, err)
			}
		}
		list, err := l.Invites(t.Context())
		if err != nil || len(list) != 4 || list[3].Used != 3 || list[3].UsesLeft != 0 {
			t.Errorf("Invites = %+v, %v", list, err)
		}
	})
}

func TestTheOperatorLetsInTurnsAwayAndStops(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, mode(node.RegistrationApproval))
		ada, bob := l.registered("ada"), l.registered("bob")
		step := func(do func() error, want, adaMay, bobMay string) {
			t.Helper()
			if err := do(); code(err) != want {
				t.Fatalf("= %v, want %s", err, want)
			}
			if got := l.writes(ada.Key); got != adaMay {
				t.Errorf("ada: %q, want %q", got, adaMay)
			}
			if got := l.writes(bob.Key); got != bobMay {
				t.Errorf("bob: %q, want %q", got, bobMay)
			}
		}
		on := func(f func(name string) (storage.Actor, error), name string) func() error {
			return func() error { _, err := f(name); return err }
		}
		approve := func(n string) (storage.Actor, error) { return l.Approve(t.Context(), n) }
		reject := func(n string) (storage.Actor, error) { return l.Reject(t.Context(), n) }
		suspend := func(n string) (storage.Actor, error) { return l.Suspend(t.Context(), n) }
		resume := func(n string) (storage.Actor, error) { return l.Resume(t.Context(), n) }
		step(on(suspend, "ADA"), "<nil>", "suspended", "not_claimed")
		step(on(resume, "ada"), "<nil>", "not_claimed", "not_claimed") // what it was before
		step(on(approve, "ada"), "<nil>", "", "not_claimed")
		step(on(approve, "ada"), "already_claimed", "", "not_claimed")
		step(on(reject, "ada"), "already_claimed", "", "not_claimed")
		step(on(resume, "ada"), "not_suspended", "", "not_claimed")
		step(on(suspend, "ada"), "<nil>", "suspended", "not_claimed")
		step(on(resume, "ada"), "<nil>", "", "not_claimed")
		step(on(reject, "bob"), "<nil>", "", "unauthorized")
		step(on(approve, "bob"), "not_found", "", "unauthorized")
		for _, name := range []string{"nobody", "general", "ada@b.test", "", "x'--"} {
			if _, err := l.Approve(t.Context(), name); code(err) != "not_found" && code(err) != "bad_name" {
				t.Errorf("Approve(%q) = %v", name, err)
			}
		}
		if _, err := l.Register(t.Context(), "bob", "", ""); code(err) != "name_taken" {
			t.Errorf("the name of who was turned away is given again: %v", err)
		}
		list, err := l.LocalAgents(t.Context(), storage.ActorActive)
		if err != nil || len(list) != 1 || list[0].Name != "ada" || list[0].Ownership.Method != node.MethodApproval {
			t.Errorf("LocalAgents = %+v, %v", list, err)
		}
	})
}
