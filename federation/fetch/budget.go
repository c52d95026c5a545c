package fetch

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/time/rate"
)

// budgetDomains bounds the domains that a Budget remembers; a domain that is
// forgotten begins anew, and what all have together bounds that.
const budgetDomains = 10_000

// Bounds are of a Budget: what there is at once, and what comes back each second,
// for each domain and for all together.
type Bounds struct {
	Burst, AllBurst         int
	PerSecond, AllPerSecond rate.Limit
}

// Budget bounds what strangers make a node spend, by the domain that they
// name: whoever invents addresses must not have us ask without end, nor one
// domain stand in the way of another. It is safe for concurrent use.
type Budget struct {
	bounds Bounds // set once by NewBudget

	mu      sync.Mutex
	now     time.Time                             // guarded by mu: the latest that was said
	all     *rate.Limiter                         // guarded by mu
	domains *simplelru.LRU[string, *rate.Limiter] // guarded by mu
}

// NewBudget returns a full budget.
func NewBudget(b Bounds) *Budget {
	domains, err := simplelru.NewLRU[string, *rate.Limiter](budgetDomains, nil)
	if err != nil { // only for a size below one
		panic(err)
	}
	return &Budget{bounds: b, all: rate.NewLimiter(b.AllPerSecond, b.AllBurst), domains: domains}
}

// Take takes n for an address, and says false when its domain, or all
// together, have not so much left.
func (b *Budget) Take(address string, n int, now time.Time) bool {
	domain := Domain(address)
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.now) {
		now = b.now // a limiter whose clock goes back gives the same time out twice
	}
	b.now = now
	l, known := b.domains.Get(domain)
	if !known {
		l = rate.NewLimiter(b.bounds.PerSecond, b.bounds.Burst)
		b.domains.Add(strings.Clone(domain), l) // not as a part of the request that names it
	}
	return l.AllowN(now, n) && b.all.AllowN(now, n)
}

// Domain returns what one owner registered, of the host of a web address: all
// names below it are free to invent. A host that is a number, or has no dot, is
// its own, with its port; "" stands for what is no web address.
func Domain(address string) string {
	_, host, _ := strings.Cut(Origin(address), "://")
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil || net.ParseIP(name) != nil {
		return host
	}
	return domain
}
