package fetch_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/fetch"
)

func TestFailuresAreRemembered(t *testing.T) {
	t.Parallel()
	var status, asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", activityJSON)
		w.WriteHeader(int(status.Load()))
	})
	clock := now()
	c := private(t, func(c *fetch.Config) { c.Now = func() time.Time { return clock } })
	ask := func(times int) (err error) {
		for range times {
			_, err = c.Object(t.Context(), s.URL+"/u/ada")
		}
		return err
	}
	wants := func(step string, want int32) {
		t.Helper()
		if got := asked.Swap(0); got != want {
			t.Errorf("%s: asked %d times, want %d", step, got, want)
		}
	}

	status.Store(404)
	if err := ask(100); !errors.Is(err, fetch.ErrNotFound) {
		t.Errorf("remembered: %v, want ErrNotFound", err)
	}
	wants("not found", 1)
	clock = clock.Add(fetch.DefaultFailureTTL - time.Second)
	_ = ask(1)
	wants("just before it is forgotten", 0)
	clock = clock.Add(time.Second)
	status.Store(503)
	_ = ask(10)
	wants("out of order", 1)
	clock = clock.Add(fetch.SoonTTL)
	status.Store(200)
	if err := ask(2); err != nil {
		t.Errorf("mended: %v", err)
	}
	wants("successes", 2)

	status.Store(404)
	c = private(t, func(c *fetch.Config) { c.FailureTTL = -1 })
	_ = ask(3)
	wants("nothing remembered", 3)
}

func TestACallersHurryIsNotRemembered(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		answer(activityJSON, "{}")(w, r)
	})
	c := private(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Object(ctx, s.URL); !errors.Is(err, fetch.ErrTimeout) {
		t.Errorf("Object within 20 ms: %v, want ErrTimeout", err)
	}
	close(release)
	if _, err := c.Object(t.Context(), s.URL); err != nil {
		t.Errorf("Object with time: %v", err)
	}
}
