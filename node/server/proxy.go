package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how many proxies' words are read.
const maxHops = 16

// proxies reads trusted_proxies: addresses and networks.
func proxies(list string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			var ip netip.Addr
			if ip, err = netip.ParseAddr(word); err == nil {
				p, err = ip.Prefix(ip.BitLen())
			}
		}
		if err != nil || p != p.Masked() {
			return nil, fmt.Errorf("%q is no address and no network, such as 127.0.0.1 or 10.0.0.0/8", word)
		}
		all = append(all, p)
	}
	return all, nil
}

// behind gives each request the address of the client for whom a proxy that is
// trusted asks. Anybody else may write into X-Forwarded-For what they like: only
// what was added from the last trusted proxy on is read, from the right, and the
// first address there that is no proxy of ours is the client's (CVE-2023-49952).
func behind(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, is := addressOf(r.RemoteAddr), of(trusted)
		if is(peer) {
			if client := clientOf(peer, is, r.Header); client != peer {
				r.RemoteAddr = net.JoinHostPort(client.String(), "0")
			}
		} else { // nobody's word but a proxy's tells where a request was sent
			r.Header.Del("X-Forwarded-Host")
			r.Header.Del("X-Forwarded-Proto")
		}
		next.ServeHTTP(w, r)
	})
}

// of says whether an address is one of the prefixes'.
func of(prefixes []netip.Prefix) func(netip.Addr) bool {
	return func(ip netip.Addr) bool {
		return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
}

// addressOf is the address of host:port; the zero Addr where it has none.
func addressOf(hostPort string) netip.Addr {
	at, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().WithZone("").Unmap()
}

// clientOf is the address for which a trusted peer asks.
func clientOf(peer netip.Addr, is func(netip.Addr) bool, h http.Header) netip.Addr {
	client := peer
	hops := strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops[max(0, len(hops)-maxHops):]) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return client // nothing further left can be told from an invention
		}
		if client = ip.WithZone("").Unmap(); !is(client) {
			return client
		}
	}
	return client
}
