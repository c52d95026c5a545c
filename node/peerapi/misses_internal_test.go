package peerapi

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"instar.example/federation/inbox"
	"instar.example/federation/signature"
)

// CVE-2026-34148: who fails again and again is asked ever less often.
func TestAKeyThatFailsIsAskedForEverLessOften(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		pauses []time.Duration
	}{
		{inbox.ErrKeyUnavailable, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}},
		{inbox.ErrKeyRefused, []time.Duration{10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour}},
		{inbox.ErrKeyGone, []time.Duration{10 * time.Minute, 20 * time.Minute}},
		{signature.ErrKey, []time.Duration{10 * time.Minute, 20 * time.Minute}},
		{inbox.ErrKeyBudget, []time.Duration{0, 0}},
	} {
		m, now := newMisses(), time.Unix(1_800_000_000, 0)
		for i, want := range c.pauses {
			m.note("https://a.example/#k", fmt.Errorf("again: %w", c.err), now)
			if want > 0 && !errors.Is(m.recall("https://a.example/#k", now.Add(want-time.Millisecond)), c.err) {
				t.Errorf("%v: forgotten within %v of failure %d", c.err, want, i+1)
			}
			now = now.Add(want)
			if err := m.recall("https://a.example/#k", now); err != nil {
				t.Errorf("%v: still remembered %v after failure %d", c.err, want, i+1)
			}
			if err := m.recall("https://a.example/#k2", now); err != nil {
				t.Errorf("%v: another key fails: %v", c.err, err)
			}
		}
		m.note("https://a.example/#k", nil, now)
		m.note("https://a.example/#k", inbox.ErrKeyUnavailable, now)
		if err := m.recall("https://a.example/#k", now.Add(missedFirst)); err != nil {
			t.Errorf("%v: success is not a new beginning", c.err)
		}
	}
}
