package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node/agentapi"
	"instar.example/node/peerapi"
	"instar.example/node/web"
)

// requestTimeout bounds one request; nothing waits longer than a lookup.
const requestTimeout = 20 * time.Second

// busyFor is when who found no turn should come again.
const busyFor = 10 * time.Second

// routes is the node's one router: what agents, peers and people see.
func (s *Server) routes(agents *agentapi.API, peers *peerapi.API, pages *web.Web) http.Handler {
	r := chi.NewRouter()
	r.Use(s.guard(agents, pages))
	r.Get(pathLive, s.live)
	r.Get(pathReady, s.ready)
	agents.Routes(r)
	peers.Routes(r)
	pages.Routes(r, peers.Negotiate)
	r.NotFound(pages.NotFound)
	r.MethodNotAllowed(pages.MethodNotAllowed(r))
	return r
}

// guard keeps one request from harming the others: it ends in time, and a panic
// is an internal error, logged whole. Agents and people are told of both as of
// every error.
func (s *Server) guard(agents *agentapi.API, pages *web.Web) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer s.recovered(agents, pages, w, r)
			s.inTurn(agents, pages, next).ServeHTTP(w, r)
		})
	}
}

// recovered ends a request whose handler panicked.
func (s *Server) recovered(agents *agentapi.API, pages *web.Web, w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http's own sentinel, compared as it asks for
		panic(p)
	}
	s.opts.Log.LogAttrs(r.Context(), slog.LevelError, "panic in a handler",
		slog.String("path", r.URL.Path), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	switch {
	case agentapi.Under(r.URL.Path):
		agents.Broken(w, r)
	case !pages.Broken(w, r):
		health(w, http.StatusInternalServerError, "internal error")
	}
}

// inTurn serves a request when its turn has come, if that is in time.
func (s *Server) inTurn(agents *agentapi.API, pages *web.Web, next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == web.EventsPath { // has its own end
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		end, ok := s.reads.pass(r)
		switch {
		case ok:
			defer end()
			next.ServeHTTP(w, r)
		case agentapi.Under(r.URL.Path):
			agents.Busy(w, r, busyFor)
		case isProbe(r.URL.Path) || !pages.Busy(w, r, busyFor):
			w.Header().Set("Retry-After", strconv.Itoa(int(busyFor/time.Second)))
			health(w, http.StatusServiceUnavailable, "too many read at once")
		}
	}
}

// Addresses at which a supervisor asks how the process is.
const (
	pathLive  = "/livez"
	pathReady = "/readyz"
)

func isProbe(path string) bool { return path == pathLive || path == pathReady }

// live says that the process answers.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) { health(w, http.StatusOK, "ok") }

// ready says whether the node can do its work: its database answers.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.Node.Ready(r.Context()); err != nil {
		s.opts.Log.LogAttrs(r.Context(), slog.LevelError, "not ready", slog.Any("error", err))
		health(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	health(w, http.StatusOK, "ok")
}

func health(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": text}) // the client may be gone
}
