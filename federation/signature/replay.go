package signature

import (
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"time"
)

// MaxReplays bounds one of the two generations of a Replays: 131,072
// signatures in about 6 MiB. When more come within two hours, the oldest are
// forgotten early, and what protects from a repetition is the activity's id.
const MaxReplays = 1 << 17

// replayMemory is how long a signature must be remembered: it is good from an
// hour before its date to an hour after.
const replayMemory = 2 * Window

// Fingerprint stands for what a request asks for.
type Fingerprint [16]byte

// NewFingerprint sums up method, host, target and body of a request: the
// same request has the same fingerprint.
func NewFingerprint(r *http.Request, body []byte) Fingerprint {
	h := sha256.New()
	u := target(r.URL, r.URL.RawQuery)
	for _, part := range [...]string{r.Method, strings.ToLower(r.Host), u.Path, u.RawQuery} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	h.Write(body)
	return Fingerprint(h.Sum(nil)[:16])
}

// Replays remembers the signatures of requests that were accepted. The draft
// knows no nonce: within Window anyone who saw a request can send it again.
// The zero value is ready to use; it is safe for concurrent use.
type Replays struct {
	mu       sync.Mutex
	newer    map[[16]byte]Fingerprint // guarded by mu
	older    map[[16]byte]Fingerprint // guarded by mu
	newSince time.Time                // guarded by mu: when newer was begun
}

// Seen remembers that a signature came with a request. again is true when the
// same signature came with the same request before: it is to be answered 202
// and to have no effect [SIG-12]. With another request before, the error is
// ErrReplayed [SIG-11]. Call it after Verify: what is not verified must not
// fill the memory.
func (p *Replays) Seen(s Signature, request Fingerprint, now time.Time) (again bool, err error) {
	sum := sha256.Sum256(s.Value)
	id := [16]byte(sum[:16])

	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now)
	before, ok := p.newer[id]
	if !ok {
		before, ok = p.older[id]
	}
	switch {
	case !ok:
		p.newer[id] = request
		return false, nil
	case before != request:
		return false, ErrReplayed
	default:
		return true, nil
	}
}

// turn begins a new generation when the newer one is full or old enough that
// nothing in the older one can be of use.
func (p *Replays) turn(now time.Time) {
	if p.newer != nil && len(p.newer) < MaxReplays && now.Sub(p.newSince) < replayMemory {
		return
	}
	p.older, p.newer, p.newSince = p.newer, map[[16]byte]Fingerprint{}, now
}
