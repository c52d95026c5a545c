package peerapi

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"instar.example/federation/fetch"
	"instar.example/node"
)

// Whoever holds a domain may invent servers below it without end, each of which
// would leave its rows here (CVE-2026-69132): of one domain so many are met in a day.
const (
	newcomersMost    = 100
	newcomersFor     = 24 * time.Hour
	newcomersDomains = 10_000
)

// newcomers remembers the servers that were met lately, by what their owner registered.
type newcomers struct {
	mu  sync.Mutex
	met *expirable.LRU[string, map[string]bool] // guarded by mu, the sets too
}

func newNewcomers() *newcomers {
	return &newcomers{met: expirable.NewLRU[string, map[string]bool](newcomersDomains, nil, newcomersFor)}
}

// admit says whether there is room for the server of an address.
func (c *newcomers) admit(address string) bool {
	domain, host := fetch.Domain(address), node.HostOf(address)
	if domain == host {
		return true // there is but one of it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts, _ := c.met.Get(domain)
	switch {
	case hosts[host]:
		return true
	case len(hosts) >= newcomersMost:
		return false
	case hosts == nil:
		hosts = map[string]bool{}
		c.met.Add(domain, hosts)
	}
	hosts[host] = true
	return true
}
