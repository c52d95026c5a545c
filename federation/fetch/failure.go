package fetch

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxFailures bounds the failures that are remembered.
const maxFailures = 4096

// DefaultFailureTTL is how long an address that was refused for good is not
// asked again; SoonTTL how long one whose server was only out of order.
const (
	DefaultFailureTTL = 5 * time.Minute
	SoonTTL           = 10 * time.Second
)

// failures remembers which addresses could not be had, so that a flood of
// requests that name one costs one fetch.
type failures struct {
	ttl time.Duration // set once by New

	mu    sync.Mutex
	known *simplelru.LRU[[sha256.Size]byte, failure] // guarded by mu
}

type failure struct {
	err   error
	until time.Time
}

func newFailures(ttl time.Duration) *failures {
	known, err := simplelru.NewLRU[[sha256.Size]byte, failure](maxFailures, nil)
	if err != nil { // only for a size below one
		panic(err)
	}
	return &failures{ttl: ttl, known: known}
}

// recall returns why an address could not be had a short while ago.
func (f *failures) recall(address string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.known.Get(sha256.Sum256([]byte(address)))
	if !ok || !now.Before(known.until) {
		return nil
	}
	return known.err
}

// note remembers the outcome of a fetch.
func (f *failures) note(address string, err error, now time.Time) {
	id := sha256.Sum256([]byte(address))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.known.Remove(id)
		return
	}
	ttl := f.ttl
	if !Lasting(err) {
		ttl = min(ttl, SoonTTL)
	}
	f.known.Add(id, failure{err: err, until: now.Add(ttl)})
}
