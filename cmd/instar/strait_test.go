package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// How a strait treats those for whom it is closed.
const (
	open    = ""
	refuses = "refuses" // at once, as a host that is down
	stalls  = "stalls"  // says nothing, as a network that loses everything
)

// strait is the way to a node: a proxy at its public address that the test
// closes for one other node or for all.
type strait struct {
	listener net.Listener
	to       string
	all      sync.WaitGroup

	mu     sync.Mutex
	closed map[string]string   // how, by the address of who comes; guarded by mu
	conns  map[net.Conn]string // guarded by mu
	healed chan struct{}       // closed when the strait opens; guarded by mu
}

func newStrait(t testing.TB, public, to string) *strait {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", public)
	if err != nil {
		t.Fatal(err)
	}
	s := &strait{listener: l, to: to, closed: map[string]string{}, conns: map[net.Conn]string{}, healed: make(chan struct{})}
	s.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() { s.pass(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.heal()
		s.mu.Lock()
		for c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.all.Wait()
	})
	return s
}

// shut closes the way for a node, the connections that it has included.
func (s *strait) shut(from, how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[from] = how
	for c, of := range s.conns {
		if of == from {
			_ = c.Close()
		}
	}
}

// heal opens the way for all.
func (s *strait) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.closed)
	close(s.healed)
	s.healed = make(chan struct{})
}

// state says how the way is for who comes, and what is closed when it opens.
func (s *strait) state(from string) (how string, healed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed[from], s.healed
}

func (s *strait) pass(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReaderSize(c, 32<<10)
	from := sourceOf(in)
	switch how, healed := s.state(from); how {
	case refuses:
		return
	case stalls:
		<-healed
		return
	}
	out, err := new(net.Dialer).DialContext(context.Background(), "tcp", s.to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	s.mu.Lock()
	s.conns[c] = from
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(out, in)
		_ = out.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(c, out)
	_ = c.Close()
	both.Wait()
}

// sourceOf reads who comes off the head of the first request: nodes tell their
// address as User-Agent.
func sourceOf(in *bufio.Reader) string {
	var head []byte
	for n := 1; n <= in.Size(); n = max(n, in.Buffered()) + 1 {
		var err error
		if head, err = in.Peek(n); err != nil || bytes.Contains(head, []byte("\r\n\r\n")) {
			break
		}
		head, _ = in.Peek(in.Buffered())
		if bytes.Contains(head, []byte("\r\n\r\n")) {
			break
		}
	}
	_, after, _ := strings.Cut(string(head), "(+http://")
	host, _, _ := strings.Cut(after, "/")
	return host
}
