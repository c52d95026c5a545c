package fetch

import (
	"context"
	"net"
	"net/http"
)

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
