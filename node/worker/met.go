package worker

import (
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"instar.example/federation/fetch"
	"instar.example/node"
)

// Whoever holds a domain may invent servers below it without end, and have what they
// wrote be fetched: each that is asked who it is leaves a row here. Of one domain so
// many are asked in a day that were not known.
const (
	metMost    = 100
	metFor     = 24 * time.Hour
	metDomains = 10_000
)

// errNewcomers says that no more servers of a domain are met today.
var errNewcomers = errors.New("too many servers of that domain were met lately")

// met remembers the servers that were asked lately, by what their owner registered.
type met struct {
	mu      sync.Mutex
	domains *expirable.LRU[string, map[string]bool] // guarded by mu, the sets too
}

func newMet() *met {
	return &met{domains: expirable.NewLRU[string, map[string]bool](metDomains, nil, metFor)}
}

// admit says whether the server of an origin may be asked, if it is not known.
func (m *met) admit(origin string) bool {
	domain, host := fetch.Domain(origin), node.HostOf(origin)
	if domain == host {
		return true // there is but one of it
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	hosts, _ := m.domains.Get(domain)
	switch {
	case hosts[host]:
		return true
	case len(hosts) >= metMost:
		return false
	case hosts == nil:
		hosts = map[string]bool{}
		m.domains.Add(domain, hosts)
	}
	hosts[host] = true
	return true
}
