// Package nodetest runs nodes for tests: real servers on loopback, over real
// HTTP, whose background work the test drives until nothing is left to do.
// Nothing sleeps. Whatever the agents' API answers is held to its OpenAPI document.
package nodetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"instar.example/node/server"
	"instar.example/specs/spectest"
	"instar.example/storage/storagetest"
)

// Node is a running node whose background work is done by Settle alone.
type Node struct {
	*server.Server

	Host string // 127.0.0.1:port
	cfg  server.Config
	live bool             // does its background work by itself
	now  func() time.Time // nil for the machine's
	tb   testing.TB
	http *http.Client
}

// Option changes a node's configuration.
type Option func(*server.Config)

// Postgres puts the node on PostgreSQL, in a schema of its own; without
// PostgreSQL the test is skipped.
func Postgres(tb testing.TB) Option {
	tb.Helper()
	url := storagetest.PostgresURL(tb)
	return func(c *server.Config) { c.DatabaseURL = url }
}

// Each runs f twice: with nodes on SQLite and with nodes on PostgreSQL.
func Each(t *testing.T, f func(t *testing.T, database func(tb testing.TB) Option)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, func(testing.TB) Option { return func(*server.Config) {} })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if os.Getenv(storagetest.EnvPostgres) == "" {
			storagetest.PostgresURL(t) // skips or fails
		}
		f(t, Postgres)
	})
}

// New starts a node without limits on a free port of loopback. Its background
// work is done by Settle.
func New(tb testing.TB, opts ...Option) *Node {
	tb.Helper()
	return launch(tb, &Node{}, opts)
}

// NewLive is New for a node that does its background work by itself, as in
// production.
func NewLive(tb testing.TB, opts ...Option) *Node {
	tb.Helper()
	return launch(tb, &Node{live: true}, opts)
}

// NewAt is New for a node that lives at the time that now tells.
func NewAt(tb testing.TB, now func() time.Time, opts ...Option) *Node {
	tb.Helper()
	return launch(tb, &Node{now: now}, opts)
}

func launch(tb testing.TB, n *Node, opts []Option) *Node {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	n.Host, n.tb = l.Addr().String(), tb
	n.http = &http.Client{Transport: spectest.Transport(tb, nil), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	dir := tb.TempDir()
	n.cfg, err = server.LoadConfig(map[string]string{
		"listen": n.Host, "data_dir": dir, "secret_file": filepath.Join(dir, "secret.key"), "limits.enabled": "false",
	}, nil, nil)
	if err != nil {
		tb.Fatalf("configure: %v", err)
	}
	for _, o := range opts {
		o(&n.cfg)
	}
	n.start(l)
	tb.Cleanup(func() { n.Stop() })
	return n
}

func (n *Node) start(l net.Listener) {
	n.tb.Helper()
	log := slog.New(slog.NewTextHandler(n.tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := server.New(n.tb.Context(), n.cfg, server.Options{Listener: l, Idle: !n.live, Log: log, Now: n.now})
	if err != nil {
		n.tb.Fatalf("server: %v", err)
	}
	if err := s.Start(n.tb.Context()); err != nil {
		n.tb.Fatalf("start: %v", err)
	}
	n.Server = s
}

// Stop ends the node; its data stays until the test ends.
func (n *Node) Stop() {
	n.tb.Helper()
	if n.Server == nil {
		return
	}
	if err := n.Server.Stop(context.WithoutCancel(n.tb.Context())); err != nil {
		n.tb.Errorf("stop: %v", err)
	}
	n.Server = nil
	n.http.CloseIdleConnections()
}

// Restart starts a stopped node again, at the same address and with its data.
func (n *Node) Restart() {
	n.tb.Helper()
	l, err := new(net.ListenConfig).Listen(n.tb.Context(), "tcp", n.Host)
	if err != nil {
		n.tb.Fatalf("listen again: %v", err)
	}
	n.start(l)
}

// Cluster starts nodes that may meet each other.
func Cluster(tb testing.TB, count int, opts ...Option) []*Node {
	tb.Helper()
	nodes := make([]*Node, count)
	for i := range nodes {
		nodes[i] = New(tb, opts...)
	}
	return nodes
}

// settleRounds bounds Settle: two nodes that keep each other busy are a fault.
const settleRounds = 500

// Settle does all background work of the nodes until none has any left.
func Settle(tb testing.TB, nodes ...*Node) {
	tb.Helper()
	for range settleRounds {
		busy := 0
		for _, n := range nodes {
			if n.Server == nil {
				continue
			}
			for name, batch := range n.Worker.Batches() {
				done, err := batch(tb.Context())
				if err != nil {
					tb.Fatalf("%s of %s: %v", name, n.Host, err)
				}
				busy += done
			}
		}
		if busy == 0 {
			return
		}
	}
	tb.Fatalf("the nodes did not come to rest in %d rounds", settleRounds)
}

// Agent is an agent of a node, with its key.
type Agent struct {
	Name, Key, Claim string
	node             *Node
}

// Agent registers an agent over HTTP.
func (n *Node) Agent(name string) *Agent {
	n.tb.Helper()
	a := &Agent{node: n, Name: name}
	r := a.Do(http.MethodPost, "/agents/register", map[string]any{"name": name, "description": "a test agent"})
	r.Want(http.StatusCreated)
	a.Key = r.String("agent", "api_key")
	claim := r.String("agent", "claim_url")
	a.Claim = claim[strings.LastIndexByte(claim, '/')+1:]
	return a
}

// Reply is an answer of the agents' API.
type Reply struct {
	Status int
	Body   map[string]any
	tb     testing.TB
	what   string
}

// Do calls the API with the agent's key; body may be nil.
func (a *Agent) Do(method, path string, body any) Reply {
	a.node.tb.Helper()
	return a.node.Call(a.Key, method, "/api/v1"+path, body)
}

// Call sends a request with a bearer token, "" for none, and reads JSON.
func (n *Node) Call(token, method, path string, body any) Reply {
	n.tb.Helper()
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			n.tb.Fatalf("encode: %v", err)
		}
		rd = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(n.tb.Context(), method, "http://"+n.Host+path, rd)
	if err != nil {
		n.tb.Fatalf("request: %v", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := n.http.Do(req)
	if err != nil {
		n.tb.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	r := Reply{Status: res.StatusCode, tb: n.tb, what: fmt.Sprintf("%s %s on %s", method, path, n.Host)}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		n.tb.Fatalf("%s: %v", r.what, err)
	}
	if err := json.Unmarshal(b, &r.Body); err != nil {
		n.tb.Fatalf("%s: status %d, no JSON: %.300s", r.what, r.Status, b)
	}
	return r
}

// Get reads a page or document.
func (n *Node) Get(path, accept string) (status int, body string, header http.Header) {
	n.tb.Helper()
	req, err := http.NewRequestWithContext(n.tb.Context(), http.MethodGet, "http://"+n.Host+path, nil)
	if err != nil {
		n.tb.Fatalf("request: %v", err)
	}
	req.Header.Set("Accept", accept)
	res, err := n.http.Do(req)
	if err != nil {
		n.tb.Fatalf("GET %s: %v", path, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		n.tb.Fatalf("GET %s: %v", path, err)
	}
	return res.StatusCode, string(b), res.Header
}

// Want fails the test when the status is another.
func (r Reply) Want(status int) Reply {
	r.tb.Helper()
	if r.Status != status {
		r.tb.Fatalf("%s: status %d, want %d: %v", r.what, r.Status, status, r.Body)
	}
	return r
}

// Value returns what stands at a path of names in the body, nil for nothing.
func (r Reply) Value(path ...string) any {
	var v any = r.Body
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// String returns the text at a path; it fails the test when there is none.
func (r Reply) String(path ...string) string {
	r.tb.Helper()
	s, ok := r.Value(path...).(string)
	if !ok {
		r.tb.Fatalf("%s: no text at %v: %v", r.what, path, r.Body)
	}
	return s
}

// List returns the objects of a list at a path.
func (r Reply) List(path ...string) []map[string]any {
	l, _ := r.Value(path...).([]any)
	var ms []map[string]any
	for _, x := range l {
		if m, ok := x.(map[string]any); ok {
			ms = append(ms, m)
		}
	}
	return ms
}
