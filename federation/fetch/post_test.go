package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/fetch"
	"instar.example/federation/signature"
)

func TestPostDelivers(t *testing.T) {
	t.Parallel()
	body := []byte(`{"type":"Create"}`)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("body = %q, %v", got, err)
		}
		sig, err := signature.Parse(r)
		if err == nil {
			err = signature.Verify(r, got, sig, rsaKey().Public(), now())
		}
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != activityJSON {
			t.Errorf("request: %v, %v", err, r.Header)
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 2*fetch.MaxAnswer))
	})
	key, _ := actorKey()
	got, err := private(t, nil).Post(t.Context(), s.URL+"/inbox", body, key)
	if err != nil || got.Status != 202 || len(got.Body) != fetch.MaxAnswer || got.RetryAfter != 7*time.Second {
		t.Errorf("Post = %d, %d bytes, %v, %v", got.Status, len(got.Body), got.RetryAfter, err)
	}
}

func TestPostFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	key, _ := actorKey()
	got, err := private(t, nil).Post(t.Context(), s.URL+"/inbox", []byte("{}"), key)
	if err != nil || got.Status != 307 || asked.Load() != 1 {
		t.Errorf("Post = %d, %v, asked %d times", got.Status, err, asked.Load())
	}
}

func TestPostEndsByTheDeadline(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the client left
		<-r.Context().Done()
	})
	key, _ := actorKey()
	start := time.Now()
	c := private(t, func(c *fetch.Config) { c.Timeout = 200 * time.Millisecond })
	if got, err := c.Post(t.Context(), s.URL, []byte("{}"), key); !errors.Is(err, fetch.ErrTimeout) {
		t.Errorf("Post = %+v, %v; want ErrTimeout", got, err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("gave up after %v", d)
	}
}

// One slow peer must not take all connections.
func TestConnectionsToAHostAreBounded(t *testing.T) {
	t.Parallel()
	const bound = 128 // connsPerHost
	arrived, release := make(chan struct{}, bound+1), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		w.WriteHeader(http.StatusAccepted)
	})
	c := private(t, nil)
	key, _ := actorKey()
	var posts sync.WaitGroup
	for range bound {
		posts.Go(func() {
			if _, err := c.Post(t.Context(), s.URL, []byte("{}"), key); err != nil {
				t.Error(err)
			}
		})
	}
	for range bound {
		<-arrived
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := c.Post(ctx, s.URL, []byte("{}"), key); !errors.Is(err, fetch.ErrTimeout) {
		t.Errorf("one more than %d: %v, want ErrTimeout", bound, err)
	}
	if len(arrived) != 0 {
		t.Errorf("more than %d requests at once", bound)
	}
	close(release)
	posts.Wait()
	if got, err := c.Post(t.Context(), s.URL, []byte("{}"), key); err != nil || got.Status != http.StatusAccepted {
		t.Errorf("Post when they are done = %+v, %v", got, err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	key, _ := actorKey()
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-1": 0, "soon": 0, "4294967295": 30 * 24 * time.Hour, "99999999999999": 0,
		"Mon, 23 Nov 2026 12:10:00 GMT": 10 * time.Minute, "Mon, 23 Nov 2026 11:00:00 GMT": 0,
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", now().Format(http.TimeFormat))
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		got, err := private(t, nil).Post(t.Context(), s.URL, []byte("{}"), key)
		if err != nil || got.RetryAfter != want {
			t.Errorf("Retry-After %q: %v, %v; want %v", value, got.RetryAfter, err, want)
		}
	}
}
