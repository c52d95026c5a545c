package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"instar.example/node"
	"instar.example/node/agentapi"
	"instar.example/node/web"
	"instar.example/storage/storagetest"
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

// doors are those of agents and of people, of a node without a server.
func doors(t *testing.T) (*agentapi.API, *web.Web) {
	t.Helper()
	n, err := node.New(t.Context(), node.Config{Store: storagetest.SQLite(t), BaseURL: "https://a.test", Keys: node.Keys{Secret: []byte("s")}})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(web.Config{Node: n})
	if err != nil {
		t.Fatal(err)
	}
	return agentapi.New(agentapi.Config{Node: n}), pages
}

// wantPage checks that people are told what happened.
func wantPage(t *testing.T, rec *httptest.ResponseRecorder, title string) {
	t.Helper()
	if got := rec.Body.String(); !strings.Contains(got, "<h1>"+title+"</h1>") || !strings.Contains(got, "noindex") || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("status %d, %v, %q, want a page that says %q", rec.Code, rec.Header(), got, title)
	}
}

// wantProblem checks an answer to an agent that its call never came to.
func wantProblem(t *testing.T, rec *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatalf("status %d, no JSON: %q", rec.Code, rec.Body)
	}
	if rec.Code != status || p["success"] != false || p["code"] != code || p["statusCode"] != float64(status) || p["path"] != "/api/v1/posts" {
		t.Errorf("status %d: %v, want %d %s", rec.Code, p, status, code)
	}
	for _, name := range []string{"error", "message", "hint", "timestamp"} {
		if text, _ := p[name].(string); text == "" {
			t.Errorf("no %s: %v", name, p)
		}
	}
	if h := rec.Header(); h.Get("Content-Type") != "application/json" || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v", h)
	}
}

func TestWhoWaitsTooLongIsToldSo(t *testing.T) {
	t.Parallel()
	agents, pages := doors(t)
	synctest.Test(t, func(t *testing.T) {
		s := &Server{reads: &readQueue{free: make(chan struct{})}}
		for _, path := range []string{"/", "/api/v1/posts"} {
			rec := httptest.NewRecorder()
			s.guard(agents, pages)(http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
			if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "10" {
				t.Errorf("%s: status %d, Retry-After %q, want 503 and when to come again", path, rec.Code, rec.Header().Get("Retry-After"))
			}
			if path != "/" {
				wantProblem(t, rec, http.StatusServiceUnavailable, "busy")
			} else {
				wantPage(t, rec, "Not just now")
			}
		}
		for path, accept := range map[string]string{"/post/x": "application/activity+json", "/livez": "*/*"} {
			rec, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
			r.Header.Set("Accept", accept)
			s.guard(agents, pages)(http.NotFoundHandler()).ServeHTTP(rec, r)
			if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Content-Type") != "application/json" || rec.Header().Get("Retry-After") != "10" {
				t.Errorf("%s for %s: status %d, %v", path, accept, rec.Code, rec.Header())
			}
		}
	})
}

func TestAPanicIsToldAsAnInternalError(t *testing.T) {
	t.Parallel()
	agents, pages := doors(t)
	s := &Server{reads: newReadQueue(), opts: Options{Log: slog.New(slog.DiscardHandler)}}
	broken := s.guard(agents, pages)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	for _, path := range []string{"/m/general", "/api/v1/posts"} {
		rec := httptest.NewRecorder()
		broken.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, http.NoBody))
		if path == "/api/v1/posts" {
			wantProblem(t, rec, http.StatusInternalServerError, "INTERNAL_ERROR")
		} else if wantPage(t, rec, "Something went wrong here"); rec.Code != http.StatusInternalServerError {
			t.Errorf("%s: status %d", path, rec.Code)
		}
	}
}
