package node

import (
	"sync"
	"time"

	"instar.example/storage"
)

// This file bounds what verified senders leave here undone: an activity whose object
// never comes waits for hours with its bytes, and one key sends as many as it likes.

// waitingSlack is how long after it was due an activity still counts: where several
// processes share a database, another one may have ended it.
const waitingSlack = 15 * time.Minute

// backlog counts, by what their senders' owner registered, the activities that were
// tried here and wait to be tried again. It is memory alone: after a start each counts
// from its next try on, and what was never tried does not count.
type backlog struct {
	most, mostBytes int64 // 0 is no limit; set once by New

	mu      sync.Mutex
	domains map[string]*waiting // guarded by mu, what they hold, too
}

// waiting is what waits of one domain.
type waiting struct {
	bytes   int64
	all     map[string]held // by the id of what was received
	sweptAt int64
}

type held struct{ bytes, until int64 }

func (b *backlog) init(cfg Config) {
	b.most, b.mostBytes, b.domains = cfg.WaitingActivities, cfg.WaitingBytes, map[string]*waiting{}
}

// put notes that an activity waits until it is due. One whose sender is not known yet
// is bounded where it was kept.
func (b *backlog) put(r storage.Received, dueAt int64) {
	if r.ActorURI == "" {
		return
	}
	domain := domainOf(HostOf(r.ActorURI))
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.domains[domain]
	if w == nil {
		w = &waiting{all: map[string]held{}}
		b.domains[domain] = w
	}
	w.bytes += int64(len(r.Body)) - w.all[r.ID].bytes
	w.all[r.ID] = held{int64(len(r.Body)), dueAt + waitingSlack.Milliseconds()}
}

// leave notes that an activity waits no more.
func (b *backlog) leave(r storage.Received) {
	if r.ActorURI == "" {
		return
	}
	domain := domainOf(HostOf(r.ActorURI))
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.domains[domain]
	if w == nil {
		return
	}
	w.drop(r.ID)
	if len(w.all) == 0 {
		delete(b.domains, domain)
	}
}

func (w *waiting) drop(id string) {
	w.bytes -= w.all[id].bytes
	delete(w.all, id)
}

// room says whether one more activity of an actor may wait.
func (b *backlog) room(actorURI string, now int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.domains) == 0 {
		return nil
	}
	w := b.domains[domainOf(HostOf(actorURI))]
	if w == nil || !b.full(w) {
		return nil
	}
	w.sweep(now)
	if !b.full(w) {
		return nil
	}
	return &Error{
		Kind: Limited, Code: "too_many_waiting", After: time.Minute,
		Detail: "Too many activities of your domain wait here for what they are about. Send it again later.",
	}
}

func (b *backlog) full(w *waiting) bool {
	return (b.most > 0 && int64(len(w.all)) >= b.most) || (b.mostBytes > 0 && w.bytes >= b.mostBytes)
}

// sweep forgets, once a minute, what must have ended elsewhere.
func (w *waiting) sweep(now int64) {
	if now-w.sweptAt < time.Minute.Milliseconds() {
		return
	}
	w.sweptAt = now
	for id, h := range w.all {
		if h.until < now {
			w.drop(id)
		}
	}
}
