package fetch

import (
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// Whoever holds a domain may invent servers below it without end, each of which
// would leave its rows here (CVE-2026-69132): of one domain so many are met in a day.
const (
	NewcomersMost    = 100
	newcomersFor     = 24 * time.Hour
	newcomersDomains = 10_000
)

// Newcomers remembers the servers that were met lately, by what their owner
// registered. Who only names servers of a domain has met none of them. It is safe for
// concurrent use.
type Newcomers struct {
	mu  sync.Mutex
	met *expirable.LRU[string, map[string]bool] // guarded by mu, the sets too
}

// NewNewcomers returns one that has met nobody.
func NewNewcomers() *Newcomers {
	return &Newcomers{met: expirable.NewLRU[string, map[string]bool](newcomersDomains, nil, newcomersFor)}
}

// Room says whether there is room for the server of an address.
func (c *Newcomers) Room(address string) bool {
	domain, host := Domain(address), hostOf(address)
	if domain == host {
		return true // there is but one of it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts, _ := c.met.Get(domain)
	return hosts[host] || len(hosts) < NewcomersMost
}

// Note remembers the server of an address, as long as there is room for it.
func (c *Newcomers) Note(address string) {
	domain, host := Domain(address), hostOf(address)
	if domain == host {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts, _ := c.met.Get(domain)
	if hosts == nil {
		hosts = map[string]bool{}
		c.met.Add(strings.Clone(domain), hosts)
	}
	if len(hosts) < NewcomersMost {
		hosts[strings.Clone(host)] = true // not as a part of the request that names it
	}
}

func hostOf(address string) string {
	_, host, _ := strings.Cut(Origin(address), "://")
	return host
}
