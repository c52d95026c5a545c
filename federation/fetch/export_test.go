package fetch

import (
	"context"
	"net"
	"net/http"
	"syscall"
)

// Resolve makes the client ask another resolver. Each address that is about to be
// connected to is told to seen with what the guard says of it, and none is
// connected to: where the guard lets one pass, stop is the error.
func (c *Client) Resolve(r *net.Resolver, seen func(address string, refused error), stop error) {
	guard := c.dialer.Control
	c.dialer.Resolver = r
	c.dialer.Control = func(network, address string, conn syscall.RawConn) error {
		err := guard(network, address, conn)
		seen(address, err)
		if err == nil {
			err = stop
		}
		return err
	}
}

// Place makes host:port lead to a test's server past the guard, as if the
// server had a public address. Every other address is guarded as ever.
func (c *Client) Place(hostport, server string) {
	transport, ok := c.http.Transport.(*http.Transport)
	if !ok {
		panic("another transport")
	}
	guarded := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == hostport {
			return (&net.Dialer{}).DialContext(ctx, network, server)
		}
		return guarded(ctx, network, address)
	}
}
