package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"instar.example/storage"
)

// CountClass is a kind of request that is counted.
type CountClass string

// Kinds of counted request; each is counted by the id in brackets.
const (
	CountReads         CountClass = "reads"         // GET and HEAD with an agent's key (agent)
	CountWrites        CountClass = "writes"        // anything else with an agent's key (agent)
	CountOwnerWrites   CountClass = "owner_writes"  // writes of all agents of one owner (owner)
	CountOwner         CountClass = "owner"         // of an agent's owner (agent)
	CountAddress       CountClass = "address"       // without a sound key (address)
	CountVerifications CountClass = "verifications" // answers to challenges (agent)
	CountRegistrations CountClass = "registrations" // new agents (address)
	CountMessages      CountClass = "messages"      // messages and requests to talk (agent)
	CountReports       CountClass = "reports"       // of readers without an account (address, or everyReader)
	CountMails         CountClass = "mails"         // letters that somebody has sent to owners (address)
)

// quota is how often something may be done in a while.
func (n *Node) quota(what counted) (limit int64, per time.Duration) {
	l := n.cfg.Limits
	if what.class == CountReports { // of people whom nobody knows: always
		if what.id == everyReader {
			return readersReportsPerDay, day
		}
		return readerReportsPerDay, day
	}
	if !l.Enabled {
		return 0, 0
	}
	switch what.class {
	case CountReads:
		return l.Reads, time.Minute
	case CountWrites:
		return l.Writes, time.Minute
	case CountOwnerWrites:
		return l.OwnerWrites, time.Minute
	case CountOwner:
		return l.Owner, time.Minute
	case CountAddress:
		return l.Address, time.Minute
	case CountVerifications:
		return l.Verifications, time.Minute
	case CountRegistrations:
		return l.Registrations, day
	case CountMessages:
		return l.Messages, time.Hour
	case CountMails:
		return l.Mails, time.Hour
	}
	return 0, 0
}

// AddressOf is what a client's end of a connection, host:port, is counted as: its
// address, and of IPv6 the network that one customer has.
func AddressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
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

// Bounds of counting.
const (
	// leaseParts is into how many parts a limit is leased: a quarter at a time, so
	// that a request seldom waits for the database.
	leaseParts = 4
	// leasesAtOnce bounds the leases of one transaction.
	leasesAtOnce = 256
	// countersKnown bounds the memory of a process, to about 20 MB; who is pushed
	// out of it leases anew.
	countersKnown = 100_000
)

// counters count requests in windows of time that begin with their first one.
// The database holds how much of a window is used; a process leases a part of
// what is left and counts it off in memory.
//
// Invariant: no more is granted in a window than its limit, by all processes
// together and over restarts. A process that is killed takes what it has leased
// and not used with it, at most a quarter of a limit; one that stops gives it
// back. A request may so be refused early, never granted in excess.
type counters struct {
	turn sync.Mutex // held while leasing: those who wait for it share the next transaction

	mu      sync.Mutex
	windows *simplelru.LRU[counted, window] // guarded by mu
	wanted  map[counted]struct{}            // guarded by mu: what waits for a lease
}

type counted struct {
	class CountClass
	id    string
}

// name is the counter's in the database.
func (c counted) name() string { return string(c.class) + " " + c.id }

// window is what a process knows of a counter.
type window struct {
	endsAt int64
	used   int64 // as the database had it at the last lease
	left   int64 // leased and not used
	spent  bool  // nothing was left to lease
}

func (c *counters) init() {
	// The only error is a size below 1.
	c.windows, _ = simplelru.NewLRU[counted, window](countersKnown, nil)
	c.wanted = map[counted]struct{}{}
}

// errRateLimited is a plain refusal; who asks too often may hear when to come again.
const codeRateLimited = "rate_limited"

// Take counts one request of a class and says where its sender stands then; a
// Limited Error when it is one too many. Without a limit the Standing is zero.
func (n *Node) Take(ctx context.Context, class CountClass, id string) (Standing, error) {
	limit, per := n.quota(counted{class, id})
	if limit == 0 {
		return Standing{}, nil
	}
	what := counted{class, id}
	for {
		w, granted, known := n.counts.take(what, n.now())
		s := Standing{Name: string(class), Limit: limit, Left: max(limit-w.used, 0) + w.left, Per: per, ResetAt: w.endsAt}
		if granted {
			return s, nil
		}
		if known {
			return s, n.tooMany(s)
		}
		if err := n.lease(ctx, what); err != nil {
			return Standing{}, err
		}
	}
}

// TakeWrite counts a write of an agent: by the agent, and by its owner, whose
// agents share a budget. It says where they stand with the one of which less is left.
func (n *Node) TakeWrite(ctx context.Context, who Principal) (Standing, error) {
	own, err := n.Take(ctx, CountWrites, who.AgentID())
	if err != nil || who.ownerID == "" {
		return own, err
	}
	shared, err := n.Take(ctx, CountOwnerWrites, who.ownerID)
	if err != nil || own.Limit == 0 || (shared.Limit > 0 && shared.Left < own.Left) {
		return shared, err
	}
	return own, nil
}

// take counts one off what is leased; known says that a refusal is final.
func (c *counters) take(what counted, now int64) (w window, granted, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, found := c.windows.Get(what)
	if !found || now >= w.endsAt {
		return w, false, false
	}
	if w.left == 0 {
		return w, false, w.spent
	}
	w.left--
	c.windows.Add(what, w)
	return w, true, true
}

func (n *Node) tooMany(s Standing) *Error {
	after := time.Duration(s.ResetAt-n.now()) * time.Millisecond
	if s.Name == string(CountRegistrations) {
		return &Error{
			Kind: Limited, Code: "registration_limit", After: after, Met: s,
			Detail: fmt.Sprintf("Registration limit reached: %d a day from one address", s.Limit), Hint: "Use the key that you have, or come back in " + inWords(after) + ".",
		}
	}
	return &Error{
		Kind: Limited, Code: codeRateLimited, After: after, Met: s, Detail: "Rate limit exceeded",
		Hint: fmt.Sprintf("Wait %s: this is limited to %d in %s. GET /api/v1/limits shows all that holds for you.", inWords(after), s.Limit, inWords(s.Per)),
	}
}

// lease gets what is asked for, and what others wait for meanwhile, a part of
// their limits. It returns without an error also when another's turn did it.
func (n *Node) lease(ctx context.Context, what counted) error {
	c := &n.counts
	c.mu.Lock()
	c.wanted[what] = struct{}{}
	c.mu.Unlock()
	c.turn.Lock()
	defer c.turn.Unlock()
	batch := c.batch(what)
	if batch == nil {
		return nil
	}
	var leased []lease
	// Others wait for it when this client has gone.
	err := n.store.Tx(context.WithoutCancel(ctx), func(ctx context.Context, q storage.Queries) error {
		leased = leased[:0]
		for _, what := range batch {
			l, err := n.leaseOne(ctx, q, what)
			if err != nil {
				return err
			}
			leased = append(leased, l)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count requests: %w", err)
	}
	c.grant(leased)
	return nil
}

// batch takes what waits, nil when own does no longer. It is in the order of
// names: so no two processes wait for each other's rows.
func (c *counters) batch(own counted) []counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, waits := c.wanted[own]; !waits {
		return nil
	}
	batch := []counted{own}
	for what := range c.wanted {
		if what != own && len(batch) < leasesAtOnce {
			batch = append(batch, what)
		}
	}
	for _, what := range batch {
		delete(c.wanted, what)
	}
	slices.SortFunc(batch, func(a, b counted) int {
		if a.name() < b.name() {
			return -1
		}
		return 1
	})
	return batch
}

// lease is a part of a limit that a process got.
type lease struct {
	what    counted
	counter storage.Counter
	granted int64
}

func (n *Node) leaseOne(ctx context.Context, q storage.Queries, what counted) (lease, error) {
	limit, per := n.quota(what)
	part := max(limit/leaseParts, 1)
	now := n.now()
	c, err := q.Count(ctx, storage.Counter{Name: what.name(), Used: part, EndsAt: now + per.Milliseconds()}, now)
	if err != nil {
		return lease{}, err
	}
	over := max(c.Used-limit, 0)
	if over > 0 {
		if err := q.Uncount(ctx, c, over); err != nil {
			return lease{}, err
		}
		c.Used -= over
	}
	return lease{what: what, counter: c, granted: max(part-over, 0)}, nil
}

func (c *counters) grant(leased []lease) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range leased {
		w, found := c.windows.Peek(l.what)
		if !found || w.endsAt != l.counter.EndsAt {
			w = window{endsAt: l.counter.EndsAt}
		}
		w.used, w.left, w.spent = l.counter.Used, w.left+l.granted, l.granted == 0
		c.windows.Add(l.what, w)
	}
}

// GiveBack uncounts a request that came to nothing.
func (n *Node) GiveBack(ctx context.Context, class CountClass, id string) error {
	if limit, _ := n.quota(counted{class, id}); limit == 0 {
		return nil
	}
	what := counted{class, id}
	n.counts.mu.Lock()
	w, found := n.counts.windows.Get(what)
	if found {
		w.used, w.spent = max(w.used-1, 0), false
		n.counts.windows.Add(what, w)
	}
	n.counts.mu.Unlock()
	if !found {
		return nil
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.Uncount(ctx, storage.Counter{Name: what.name(), EndsAt: w.endsAt}, 1)
	})
}

// ReturnLeases gives back what was leased and not used: called at the stop.
func (n *Node) ReturnLeases(ctx context.Context) error {
	unused := map[string]window{}
	now := n.now()
	n.counts.mu.Lock()
	for _, what := range n.counts.windows.Keys() {
		if w, _ := n.counts.windows.Peek(what); w.left > 0 && now < w.endsAt {
			unused[what.name()] = w
		}
	}
	n.counts.windows.Purge()
	n.counts.mu.Unlock()
	for names := range slices.Chunk(slices.Sorted(maps.Keys(unused)), leasesAtOnce) {
		err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			for _, name := range names {
				w := unused[name]
				if err := q.Uncount(ctx, storage.Counter{Name: name, EndsAt: w.endsAt}, w.left); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("give back what was not used: %w", err)
		}
	}
	return nil
}

// standing is where somebody stands with a class of requests, without counting one.
func (n *Node) standing(ctx context.Context, class CountClass, id string) (Standing, error) {
	limit, per := n.quota(counted{class, id})
	s := Standing{Name: string(class), Limit: limit, Left: limit, Per: per}
	if limit == 0 {
		return s, nil
	}
	what := counted{class, id}
	n.counts.mu.Lock()
	w, _ := n.counts.windows.Peek(what)
	n.counts.mu.Unlock()
	c, err := n.store.Read().Counter(ctx, what.name())
	if errors.Is(err, storage.ErrNotFound) || (err == nil && c.EndsAt <= n.now()) {
		return s, nil
	}
	s.Left, s.ResetAt = max(limit-c.Used, 0), c.EndsAt
	if w.endsAt == c.EndsAt {
		s.Left += w.left
	}
	return s, err
}
