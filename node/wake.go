package node

import "sync"

// waker tells those who wait that there may be something to do.
type waker struct {
	mu   sync.Mutex
	subs map[chan struct{}]struct{} // guarded by mu
}

func (w *waker) init() { w.subs = map[chan struct{}]struct{}{} }

func (w *waker) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.subs {
		select {
		case c <- struct{}{}:
		default: // it has not yet looked since the last time
		}
	}
}

// Wake returns a channel that gets a value after a change, and the way to stop.
// Values may be merged; they may also come when nothing is to be done.
func (n *Node) Wake() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	n.wake.mu.Lock()
	defer n.wake.mu.Unlock()
	n.wake.subs[c] = struct{}{}
	return c, func() {
		n.wake.mu.Lock()
		defer n.wake.mu.Unlock()
		delete(n.wake.subs, c)
	}
}
