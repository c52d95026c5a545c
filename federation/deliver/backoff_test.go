package deliver

import (
	"testing"
	"time"
)

var (
	low  = func() float64 { return 0 }
	mid  = func() float64 { return 0.5 }
	high = func() float64 { return 0.999999 }
)

func TestNextAttempt(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		failures   int
		failing    time.Duration
		jitter     func() float64
		retryAfter time.Duration
		want       time.Duration
	}{
		"after one failure":            {1, 0, mid, 0, 1250 * time.Millisecond},
		"after two":                    {2, time.Second, mid, 0, 1562500 * time.Microsecond},
		"no failure told":              {-5, 0, mid, 0, time.Second},
		"steady in the first hour":     {60, 30 * time.Minute, mid, 0, 25 * time.Second},
		"absurdly many":                {1 << 30, 30 * time.Minute, mid, 0, 25 * time.Second},
		"least jitter":                 {60, 30 * time.Minute, low, 0, 20 * time.Second},
		"when the hour ends":           {140, time.Hour, mid, 0, 25 * time.Second},
		"four hours later":             {150, 5 * time.Hour, mid, 0, time.Hour + 25*time.Second},
		"few failures, long ago":       {3, 5 * time.Hour, mid, 0, time.Hour + 25*time.Second},
		"capped":                       {200, 12 * 24 * time.Hour, mid, 0, 6 * time.Hour},
		"capped, least jitter":         {200, 12 * 24 * time.Hour, low, 0, 6 * time.Hour * 8 / 10},
		"the peer asks for more":       {1, 0, mid, 10 * time.Minute, 10 * time.Minute},
		"the peer asks for less":       {200, 12 * 24 * time.Hour, mid, time.Second, 6 * time.Hour},
		"the peer asks for too much":   {1, 0, mid, 100 * time.Hour, 24 * time.Hour},
		"the peer asks for the past":   {1, 0, mid, -time.Hour, 1250 * time.Millisecond},
		"a clock that was turned back": {1, -time.Hour, mid, 0, 1250 * time.Millisecond},
	} {
		now := start.Add(c.failing)
		got := NextAttempt(c.failures, start, now, c.jitter, c.retryAfter).Sub(now)
		if diff := got - c.want; diff < -time.Millisecond || diff > time.Millisecond {
			t.Errorf("%s: next attempt after %v, want %v", name, got, c.want)
		}
	}
}

// A host that is down for long is probed at most 30 s apart for an hour, then
// ever more rarely by a quarter each time.
func TestProbesThinOut(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for name, jitter := range map[string]func() float64{"least": low, "most": high} {
		now, last, probes := start, time.Duration(0), 0
		for failures := 1; now.Sub(start) < Window; failures++ {
			next := NextAttempt(failures, start, now, jitter, 0)
			gap := next.Sub(now)
			switch failing := now.Sub(start); {
			case gap <= 0:
				t.Fatalf("%s jitter: no gap after %v", name, failing)
			case failing < time.Hour && gap > 30*time.Second:
				t.Fatalf("%s jitter: gap of %v after %v", name, gap, failing)
			case gap > maxGap*12/10:
				t.Fatalf("%s jitter: gap of %v", name, gap)
			case last > 0 && failing > time.Hour && float64(gap) > 1.31*float64(last):
				t.Fatalf("%s jitter: gap jumps from %v to %v", name, last, gap)
			}
			last, now = gap, next
			probes++
		}
		if probes < 150 || probes > 400 {
			t.Errorf("%s jitter: %d probes in %v", name, probes, Window)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, c := range []struct {
		kind string
		age  time.Duration
		want bool
	}{
		{"Create", 14 * day, false},
		{"Create", 14*day + 1, true},
		{"Follow", 20 * day, true},
		{"Delete", 30 * day, false},
		{"Undo", 29 * day, false},
		{"Block", 30 * day, false},
		{"Delete", 30*day + 1, true},
		{"Create", -day, false},
	} {
		if got := Expired(c.kind, now.Add(-c.age), now); got != c.want {
			t.Errorf("Expired(%s, %v ago) = %v", c.kind, c.age, got)
		}
	}
}
