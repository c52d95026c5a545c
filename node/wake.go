package node

import (
	"sync"

	"instar.example/storage"
)

// waker tells those who wait that there may be something to do.
type waker struct {
	mu   sync.Mutex
	subs map[chan struct{}]storage.Queue // guarded by mu; 0 waits for any change
}

func (w *waker) init() { w.subs = map[chan struct{}]storage.Queue{} }

// all wakes everybody.
func (w *waker) all() { w.tell(^storage.Queue(0)) }

// changed wakes those who wait for any change: what stands in queues now, those
// who look after them were told of by the store.
func (w *waker) changed() { w.tell(0) }

// tell wakes those who wait for one of the queues, and for any change.
func (w *waker) tell(queued storage.Queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, of := range w.subs {
		if of != 0 && of&queued == 0 {
			continue
		}
		select {
		case c <- struct{}{}:
		default: // it has not yet looked since the last time
		}
	}
}

// Wake returns a channel that gets a value after a change, and the way to stop.
// Values may be merged; they may also come when nothing is to be done.
func (n *Node) Wake() (changed <-chan struct{}, stop func()) { return n.WakeFor(0) }

// WakeFor is Wake for those who look after queues: they are left alone while
// nothing comes into one.
func (n *Node) WakeFor(queues storage.Queue) (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	n.wake.mu.Lock()
	defer n.wake.mu.Unlock()
	n.wake.subs[c] = queues
	return c, func() {
		n.wake.mu.Lock()
		defer n.wake.mu.Unlock()
		delete(n.wake.subs, c)
	}
}
