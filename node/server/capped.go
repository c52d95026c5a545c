package server

import (
	"net"
	"net/netip"
	"sync"

	"instar.example/node"
)

// capped is a listener that keeps one address from taking all connections: a slow
// client costs a descriptor and memory for as long as the timeouts let it.
type capped struct {
	net.Listener

	most   int                   // of one address, of IPv6 a /64
	exempt func(netip.Addr) bool // the proxies, through whom all come

	mu   sync.Mutex
	open map[string]int // guarded by mu
}

// newCapped returns the listener itself where there is no cap.
func newCapped(l net.Listener, most int64, exempt func(netip.Addr) bool) net.Listener {
	if most <= 0 {
		return l
	}
	return &capped{Listener: l, most: int(most), exempt: exempt, open: map[string]int{}}
}

// Accept returns the next connection that is not one too many; those that are, it
// closes without a word: there is nobody to be told who keeps to the rules.
func (c *capped) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		remote := conn.RemoteAddr().String()
		if c.exempt(addressOf(remote)) {
			return conn, nil
		}
		if from := node.AddressOf(remote); c.take(from) {
			return &cappedConn{Conn: conn, leave: sync.OnceFunc(func() { c.leave(from) })}, nil
		}
		_ = conn.Close() // it is the other side's loss
	}
}

func (c *capped) take(from string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[from] >= c.most {
		return false
	}
	c.open[from]++
	return true
}

func (c *capped) leave(from string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[from]--; c.open[from] == 0 {
		delete(c.open, from)
	}
}

// cappedConn gives its place back when it is closed.
type cappedConn struct {
	net.Conn

	leave func()
}

func (c *cappedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
