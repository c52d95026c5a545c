package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, start := newReadQueue(), time.Now()
		pass := func(ctx context.Context, method string) (end func(), ok bool) {
			return q.pass(httptest.NewRequestWithContext(ctx, method, "/", http.NoBody))
		}
		var ends []func()
		for range cap(q.free) {
			end, ok := pass(t.Context(), http.MethodGet)
			if !ok || time.Since(start) > 0 {
				t.Fatal("the first reads waited")
			}
			ends = append(ends, end)
		}
		if end, ok := pass(t.Context(), http.MethodPost); !ok || time.Since(start) > 0 {
			t.Error("a write waited for reads")
		} else {
			end()
		}
		ctx, cancel := context.WithTimeout(t.Context(), readTurn/2)
		defer cancel()
		if _, ok := pass(ctx, http.MethodHead); ok {
			t.Error("a read whose time was over had its turn")
		}
		ends[0]()
		if end, ok := pass(t.Context(), http.MethodGet); !ok || time.Since(start) != readTurn/2 {
			t.Errorf("a read waited %v, want until another ended", time.Since(start))
		} else {
			defer end()
		}
		if end, ok := pass(t.Context(), http.MethodGet); !ok || time.Since(start) != readTurn {
			t.Errorf("a read waited %v, want no longer than those before it may keep it", time.Since(start))
		} else {
			end()
		}
		for _, end := range ends[1:] {
			end() // whose places have gone to others: they have none to give
		}
		if q.waiting.Load() != 0 || len(q.free) != cap(q.free)-1 {
			t.Errorf("%d wait, %d of %d places are free; one is taken", q.waiting.Load(), len(q.free), cap(q.free))
		}
	})
}

func TestWhoWaitsTooLongIsToldSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{reads: &readQueue{free: make(chan struct{})}}
		rec := httptest.NewRecorder()
		s.guard(http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
			t.Errorf("status %d, Retry-After %q, want 503 and when to come again", rec.Code, rec.Header().Get("Retry-After"))
		}
	})
}
