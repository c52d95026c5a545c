package peerapi

import (
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"instar.example/federation/fetch"
	"instar.example/node"
)

// Whoever holds a domain may invent servers below it without end, each of which
// would leave its rows here (CVE-2026-69132): of one domain so many are met in a day.
// Who only names servers of a domain has met none of them.
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

// room says whether there is room for the server of an address.
func (c *newcomers) room(address string) bool {
	domain, host := fetch.Domain(address), node.HostOf(address)
	if domain == host {
		return true // there is but one of it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts, _ := c.met.Get(domain)
	return hosts[host] || len(hosts) < newcomersMost
}

// note remembers the server of an address, which answered there.
func (c *newcomers) note(address string) {
	domain, host := fetch.Domain(address), node.HostOf(address)
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
	if len(hosts) < newcomersMost {
		hosts[strings.Clone(host)] = true // not as a part of the request that names it
	}
}
