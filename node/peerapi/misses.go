package peerapi

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"instar.example/federation/inbox"
)

// How long a key that could not be had is not asked for again: a server that
// was out of order for missedFirst, one that has no such key for refusedFirst,
// each time twice as long as the time before, up to missedMost (CVE-2026-34148).
const (
	missesKept   = 20_000
	missedFirst  = 10 * time.Second
	refusedFirst = 10 * time.Minute
	missedMost   = time.Hour
)

// misses remembers the keys that could not be had, and why.
type misses struct {
	mu    sync.Mutex
	known *simplelru.LRU[[sha256.Size]byte, miss] // guarded by mu
}

type miss struct {
	err   error
	pause time.Duration
	until time.Time
}

func newMisses() *misses {
	known, err := simplelru.NewLRU[[sha256.Size]byte, miss](missesKept, nil)
	if err != nil { // only for a size below one
		panic(err)
	}
	return &misses{known: known}
}

// recall returns why a key could not be had a short while ago.
func (m *misses) recall(keyID string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.known.Get(sha256.Sum256([]byte(keyID))); ok && now.Before(known.until) {
		return known.err
	}
	return nil
}

// note remembers what came of asking for a key.
func (m *misses) note(keyID string, err error, now time.Time) {
	id := sha256.Sum256([]byte(keyID))
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.known.Remove(id)
		return
	}
	if errors.Is(err, inbox.ErrKeyBudget) {
		return // nobody was asked
	}
	pause := refusedFirst
	if errors.Is(err, inbox.ErrKeyUnavailable) {
		pause = missedFirst
	}
	if before, ok := m.known.Get(id); ok && now.Sub(before.until) < missedMost {
		pause = max(pause, 2*before.pause)
	}
	pause = min(pause, missedMost)
	m.known.Add(id, miss{err: err, pause: pause, until: now.Add(pause)})
}
