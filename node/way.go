package node

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// Bounds of finding out how people of other servers follow.
const (
	waysKept    = time.Hour
	waysFailed  = 10 * time.Minute
	waysMost    = 5_000
	waysWaiting = 64
)

// Way is how people of a server follow what they found elsewhere, as the server
// says it: templates of addresses, each "" where it has none.
type Way struct {
	Software  string // by its NodeInfo, or ""
	Follow    string // FEP-3b86, with {object}
	Object    string // FEP-3b86, with {object}
	Subscribe string // OStatus, with {uri}
	// Trouble says why the server could not be asked, "" where it could.
	Trouble string
}

// WayQuestion asks a server how its people follow. The name of one of them is
// needed to ask, and may be "".
type WayQuestion struct{ Name, Host string }

// ways are questions of readers who are nobody here. Who asked is not kept: a
// question is in memory until it is answered, an answer is a server's and not
// a person's. So it is no row of lookups, and another process on the same
// database asks for itself.
type ways struct {
	mu      sync.Mutex
	waiting []WayQuestion // guarded by mu
	known   *expirable.LRU[string, Way]
	failed  *expirable.LRU[string, Way]
}

func (w *ways) init() {
	w.known = expirable.NewLRU[string, Way](waysMost, nil, waysKept)
	w.failed = expirable.NewLRU[string, Way](waysMost, nil, waysFailed)
}

// WayOf returns what is known of a host's way; ok is false where it is not known yet.
func (n *Node) WayOf(host string) (way Way, ok bool) {
	if way, ok = n.ways.known.Get(host); ok {
		return way, true
	}
	return n.ways.failed.Get(host)
}

// AskWay has the worker ask a server; it returns at once. The error says that
// too many wait.
func (n *Node) AskWay(q WayQuestion) error {
	n.ways.mu.Lock()
	defer n.ways.mu.Unlock()
	for _, x := range n.ways.waiting {
		if x.Host == q.Host {
			return nil
		}
	}
	if len(n.ways.waiting) >= waysWaiting {
		return &Error{Kind: Unready, Code: "busy", Detail: "Too many servers are being asked", After: time.Minute}
	}
	n.ways.waiting = append(n.ways.waiting, q)
	n.wake.all()
	return nil
}

// WaysAsked hands the waiting questions to the worker, at most limit.
func (n *Node) WaysAsked(limit int) []WayQuestion {
	n.ways.mu.Lock()
	defer n.ways.mu.Unlock()
	count := min(limit, len(n.ways.waiting))
	taken := n.ways.waiting[:count:count]
	n.ways.waiting = n.ways.waiting[count:]
	return taken
}

// TellWay keeps what a server answered.
func (n *Node) TellWay(host string, way Way) {
	if way.Trouble != "" {
		n.ways.failed.Add(host, way)
		return
	}
	n.ways.known.Add(host, way)
}
