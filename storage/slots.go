package storage

import "sync"

// slots are PostgreSQL's writing connections. The one that was used last is the
// next to be used: so no more are opened, and taught its statements, than write
// at once.
type slots struct {
	free chan struct{} // a token for each that nobody uses

	mu   sync.Mutex
	idle []*preparedConn // guarded by mu; fewer than free, while some were never opened
}

func newSlots(n int) *slots {
	s := &slots{free: make(chan struct{}, n)}
	for range n {
		s.free <- struct{}{}
	}
	return s
}

// take waits for a slot and returns its connection, nil for one to be opened.
func (s *slots) take() *preparedConn {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	c := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	return c
}

// put gives a slot back, with its connection or with nil for one that is lost.
func (s *slots) put(c *preparedConn) {
	if c != nil {
		s.mu.Lock()
		s.idle = append(s.idle, c)
		s.mu.Unlock()
	}
	s.free <- struct{}{}
}

// close waits until nobody uses a slot, and closes them all.
func (s *slots) close() {
	for range cap(s.free) {
		if c := s.take(); c != nil {
			_ = c.conn.Close() // returns to the pool, which closes next
		}
	}
}
