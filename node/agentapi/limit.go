package agentapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"instar.example/node"
)

// quota is how often something may be done in a while.
type quota struct {
	limit int
	per   time.Duration
}

// The numbers that agents of compatible networks know, but for what has no key.
func readQuota() quota     { return quota{60, time.Minute} }
func writeQuota() quota    { return quota{30, time.Minute} }
func addressQuota() quota  { return quota{100, time.Minute} }
func registerQuota() quota { return quota{5, 24 * time.Hour} }

// counted is what is counted: a class of requests of an agent or an address.
type counted struct {
	class byte
	id    string
}

const (
	classRead     = 'r' // by an agent's key, or its owner's
	classWrite    = 'w'
	classAddress  = 'a' // without a sound key
	classRegister = 'g'
)

// limiterSize bounds the memory of a limiter, to about 20 MB. Who is pushed
// out of it by others begins anew.
const limiterSize = 100_000

// limiter counts requests in windows that begin with their first one. It is
// memory of one process: a guard of its capacity. What an agent may write in a
// while is a rule of package node and lies in the database.
type limiter struct {
	mu      sync.Mutex
	windows *simplelru.LRU[counted, window] // guarded by mu
}

type window struct {
	end  time.Time
	used int
}

func newLimiter() *limiter {
	// The only error is a size below 1.
	l, _ := simplelru.NewLRU[counted, window](limiterSize, nil)
	return &limiter{windows: l}
}

// take counts one and returns how many are left, below 0 when it is one too many.
func (l *limiter) take(what counted, q quota, now time.Time) (left int, reset time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, found := l.windows.Get(what)
	if !found || !now.Before(w.end) {
		w = window{end: now.Add(q.per)}
	}
	if w.used < q.limit {
		w.used++
		l.windows.Add(what, w)
		return q.limit - w.used, w.end
	}
	return -1, w.end
}

// giveBack uncounts one that came to nothing.
func (l *limiter) giveBack(what counted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w, found := l.windows.Get(what); found && w.used > 0 {
		w.used--
		l.windows.Add(what, w)
	}
}

// count counts a request by its key, or by its address when it has none that
// is sound, and tells the client where it stands.
func (a *API) count(w http.ResponseWriter, r *http.Request, who node.Principal) error {
	if a.limits == nil || (!a.public && who.Kind() == node.Anonymous) {
		return nil
	}
	what, q := counted{class: classAddress}, addressQuota()
	switch actor, _ := who.Actor(); {
	case who.Kind() == node.Anonymous:
		what.id = address(r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		what, q = counted{classRead, actor.ID}, readQuota()
	default:
		what, q = counted{classWrite, actor.ID}, writeQuota()
	}
	now := a.now()
	left, reset := a.limits.take(what, q, now)
	h := w.Header()
	h["X-Ratelimit-Limit"] = []string{strconv.Itoa(q.limit)}
	h["X-Ratelimit-Remaining"] = []string{strconv.Itoa(max(left, 0))}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt(reset.Add(time.Second-1).Unix(), 10)}
	if left >= 0 {
		return nil
	}
	after := reset.Sub(now)
	return &node.Error{
		Kind: node.Limited, Code: codeRateLimited, After: after, Detail: "Rate limit exceeded",
		Hint: fmt.Sprintf("Wait %d seconds. Reading is limited to %d requests a minute, writing to %d.", roundUp(after, time.Second), readQuota().limit, writeQuota().limit),
	}
}

// tellLimit makes the headers of a refusal tell of the limit that was met. Those
// that count set are of the requests of a minute, of which some may be left.
func (a *API) tellLimit(h http.Header, err error) {
	e, is := errors.AsType[*node.Error](err)
	if !is || e.Code == codeRateLimited {
		return
	}
	delete(h, "X-Ratelimit-Limit")
	if n := a.limitOf(e.Code); n > 0 {
		h["X-Ratelimit-Limit"] = []string{strconv.FormatInt(n, 10)}
	}
	h["X-Ratelimit-Remaining"] = []string{"0"}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt(a.now().Add(e.After+time.Second-1).Unix(), 10)}
}

// limitOf is how often the limit of a code lets something be done, 0 when that is not known here.
func (a *API) limitOf(code string) int64 {
	switch code {
	case codePostCooldown, "comment_cooldown", "submolt_cooldown":
		return 1
	case "daily_comments":
		return a.node.Limits().CommentsPerDay
	case "registration_limit":
		return int64(registerQuota().limit)
	}
	return 0
}

// countRegistration counts a registration; undo takes it back when it failed.
func (a *API) countRegistration(r *http.Request) (undo func(), err error) {
	if a.limits == nil || !a.public {
		return func() {}, nil
	}
	what, q, now := counted{classRegister, address(r)}, registerQuota(), a.now()
	left, reset := a.limits.take(what, q, now)
	if left < 0 {
		return nil, &node.Error{
			Kind: node.Limited, Code: "registration_limit", After: reset.Sub(now),
			Detail: fmt.Sprintf("Registration limit reached: %d a day from one address", q.limit), Hint: "Use the key that you have, or come back tomorrow.",
		}
	}
	return func() { a.limits.giveBack(what) }, nil
}

// address is the client's own address, from the socket alone: headers say
// anything. Of IPv6 it is the network that one customer has.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	const customer = 64
	p, err := ip.WithZone("").Prefix(customer)
	if err != nil {
		return host
	}
	return p.String()
}
