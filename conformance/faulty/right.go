// Package faulty proves the suite: it holds a small server that is right, in
// memory, and for each check a twin of that server with one fault, which the
// check must catch.
//
// The right server is no node to use: it trusts its two visitors, keeps all it
// was told until it is closed and has no limits.
package faulty

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"instar.example/conformance/peer"
)

const (
	headerTimeout = 5 * time.Second
	fetchTimeout  = 4 * time.Second
	queueLength   = 1024
)

// Fault is one way to be wrong. The zero Fault is none.
type Fault struct {
	Check string   // the check that must catch it
	Name  string   // what is wrong
	Skip  []string // rules of the right server that are left out
	Row   string   // a row of the identity table that is answered the other way
	Edit  func(r *http.Request, a *Answer)
	Send  func(d *Delivery)
}

// Answer is a response that a fault may change before it is written.
type Answer struct {
	Status int
	header http.Header
	Body   []byte
}

// Header makes Answer an http.ResponseWriter.
func (a *Answer) Header() http.Header { return a.header }

// WriteHeader makes Answer an http.ResponseWriter.
func (a *Answer) WriteHeader(status int) { a.Status = status }

// Write makes Answer an http.ResponseWriter.
func (a *Answer) Write(b []byte) (int, error) {
	a.Body = append(a.Body, b...)
	return len(b), nil
}

// Delivery is an activity on its way to a peer that a fault may change.
type Delivery struct {
	Inbox   string
	Body    []byte
	Signing peer.Signing
	Dropped bool
}

// Options says what the server is made of.
type Options struct {
	Key   *rsa.PrivateKey // of the node and all its actors
	Fault Fault
	Now   func() time.Time // default time.Now
}

// Server is the right server, or a twin of it.
type Server struct {
	base   string
	key    *rsa.PrivateKey
	fault  Fault
	now    func() time.Time
	client *http.Client
	server *http.Server
	queue  chan Delivery
	group  sync.WaitGroup
	stop   context.CancelFunc

	mu sync.Mutex
	state
}

// Start listens on a free port of the loopback and serves until Close.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		base: "http://" + l.Addr().String(), key: o.Key, fault: o.Fault, now: o.Now, stop: stop,
		client: &http.Client{Timeout: fetchTimeout}, queue: make(chan Delivery, queueLength), state: newState(),
	}
	if s.rule("no-redirect") {
		s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: headerTimeout}
	s.group.Go(func() { s.deliver(ctx) })
	s.group.Go(func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			stop()
		}
	})
	return s, nil
}

// URL returns the origin of the server.
func (s *Server) URL() string { return s.base }

// Close stops the server and waits for it.
func (s *Server) Close() error {
	err := s.server.Close()
	s.stop()
	s.group.Wait()
	return err
}

// rule reports whether a rule is kept.
func (s *Server) rule(name string) bool { return !slices.Contains(s.fault.Skip, name) }

// refuses says what the identity table says, or its opposite where the fault
// asks for that.
func (s *Server) refuses(row string, refused bool) bool {
	return refused != (s.fault.Row == row)
}

// serve answers through the fault.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	a := &Answer{Status: http.StatusOK, header: http.Header{}}
	if strings.HasPrefix(r.URL.Path, "/api/v1/") {
		r.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
	}
	s.mu.Lock()
	if strings.HasPrefix(r.URL.Path, "/api/v1/") {
		s.limited(a)
	}
	s.routes().ServeHTTP(a, r) // one at a time: the suite asks one thing at a time
	s.mu.Unlock()
	if s.fault.Edit != nil {
		s.fault.Edit(r, a)
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the reader may be gone: nobody to tell
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.discoveryRoutes(mux)
	s.inboxRoutes(mux)
	s.apiRoutes(mux)
	s.skillRoutes(mux)
	s.pageRoutes(mux)
	return mux
}

// send puts an activity by an actor of the server on its way, in order.
func (s *Server) send(actor, inbox string, body []byte) {
	s.queue <- Delivery{Inbox: inbox, Body: body, Signing: peer.Signing{
		KeyID: actor + "#main-key", Algorithm: "hs2019", Key: s.key, Covered: peer.Covered(),
		Date: s.now(), Digest: peer.Digest(body), ContentType: peer.ActivityJSON,
	}}
}

func (s *Server) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-s.queue:
			s.post(ctx, d)
		}
	}
}

func (s *Server) post(ctx context.Context, d Delivery) {
	if s.fault.Send != nil {
		s.fault.Send(&d)
	}
	if d.Dropped {
		return
	}
	r, err := d.Signing.Request(ctx, http.MethodPost, d.Inbox, d.Body)
	if err != nil {
		return
	}
	if resp, err := s.client.Do(r); err == nil {
		_ = resp.Body.Close() // one attempt is all that this server makes
	}
}

// fetch reads a document as the instance actor.
func (s *Server) fetch(ctx context.Context, id string) (map[string]any, error) {
	id, _, _ = strings.Cut(id, "#")
	sign := peer.Signing{
		KeyID: s.base + "/#main-key", Algorithm: "hs2019", Key: s.key, Date: s.now(),
		Covered: []string{"(request-target)", "host", "date"},
	}
	if !s.rule("sign-fetch") {
		sign.Header = func(string) []string { return nil }
	}
	r, err := sign.Request(ctx, http.MethodGet, id, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(r) //nolint:gosec // G704: a server asks who signs to it at the address that the signature names
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", id, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(resp.Body); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", id, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: status %d", id, resp.StatusCode)
	}
	return parse(buf.Bytes())
}
