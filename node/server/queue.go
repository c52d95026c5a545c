package server

import (
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// readsPerProcessor is how many reads are answered at once, for each processor.
	readsPerProcessor = 4
	// readTurn is how long a read may keep others waiting: one that waits itself,
	// for a slow client or another server, gives its place to the next.
	readTurn = 50 * time.Millisecond
)

// readQueue lets few of the requests that change nothing be answered at once: they
// share the processors with those that write, and a thousand readers would have
// each step of a write wait for a thousand of theirs. Together they are answered
// as fast as without.
type readQueue struct {
	free    chan struct{} // holds a token for each read that may begin
	waiting atomic.Int64
}

func newReadQueue() *readQueue {
	r := &readQueue{free: make(chan struct{}, readsPerProcessor*runtime.GOMAXPROCS(0))}
	for range cap(r.free) {
		r.free <- struct{}{}
	}
	return r
}

// pass waits for a request's turn. False says that its client gave up, or that
// its time is over; otherwise the returned function ends the turn.
func (q *readQueue) pass(r *http.Request) (end func(), ok bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return func() {}, true
	}
	q.waiting.Add(1)
	select {
	case <-q.free:
		q.waiting.Add(-1)
		// Who is woken runs at once, in the time of who woke it: read would follow
		// read, and a writer that comes back from the disk would wait for the end.
		runtime.Gosched()
	case <-r.Context().Done():
		q.waiting.Add(-1)
		return nil, false
	}
	release := sync.OnceFunc(func() { q.free <- struct{}{} })
	lasts := time.AfterFunc(readTurn, release)
	return func() {
		lasts.Stop()
		release()
	}, true
}
