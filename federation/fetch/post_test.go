package fetch_test

import (
	"bytes"
	"io"
	"net/http"
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
