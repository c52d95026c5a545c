package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"instar.example/federation/fetch"
)

// resolver is a name server whose answers for a name change from one question to
// the next; the last one stays.
type resolver struct {
	*net.Resolver

	mu      sync.Mutex
	answers [][]string              // guarded by mu: of A and AAAA, one list a question of each
	asked   map[dnsmessage.Type]int // guarded by mu
}

func newResolver(t *testing.T, answers ...[]string) *resolver {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &resolver{answers: answers, asked: map[dnsmessage.Type]int{}}
	r.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	var done sync.WaitGroup
	done.Go(func() {
		for b := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if out, err := r.answer(b[:n]); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	})
	t.Cleanup(func() { _ = conn.Close(); done.Wait() })
	return r
}

func (r *resolver) answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, errors.Join(err, errors.New("no question"))
	}
	q := m.Questions[0]
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionAvailable: true}
	m.Additionals = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[q.Type]++
	for _, text := range r.answers[min(r.asked[q.Type], len(r.answers))-1] {
		h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class} // of TTL 0
		switch ip := netip.MustParseAddr(text); {
		case ip.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: ip.As4()}})
		case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
		}
	}
	return m.Pack()
}

// TestARecordThatChangesIsJudgedWhereItLeads: security.md B3, CVE-2024-39687 and
// CVE-2025-25194: a name that leads to a public address when it is looked at, and
// into the node's own network when it is connected to. There is no looking at
// names: what is judged is the address of the connection, and each connection
// asks once.
func TestARecordThatChangesIsJudgedWhereItLeads(t *testing.T) {
	t.Parallel()
	errStop := errors.New("the test ends here")
	for _, tc := range []struct {
		name    string
		answers [][]string
		allowed []string // of all attempts, in order
	}{
		{"public, then loopback", [][]string{{"8.8.8.8"}, {"127.0.0.1"}}, []string{"8.8.8.8:443"}},
		{"public, then the cloud's metadata", [][]string{{"8.8.8.8"}, {"169.254.169.254"}}, []string{"8.8.8.8:443"}},
		{"both at once", [][]string{{"127.0.0.1", "8.8.8.8", "10.0.0.1"}}, []string{"8.8.8.8:443", "8.8.8.8:443"}},
		{"mapped into IPv6", [][]string{{"8.8.8.8"}, {"64:ff9b::7f00:1"}}, []string{"8.8.8.8:443"}},
		{"this network", [][]string{{"0.0.0.0"}}, nil},
		{"unique local", [][]string{{"fd00::1"}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newResolver(t, tc.answers...)
			c := fetch.New(fetch.Config{Now: now, FailureTTL: -1})
			t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
			var mu sync.Mutex
			var allowed []string
			c.Resolve(r.Resolver, func(address string, refused error) {
				mu.Lock()
				defer mu.Unlock()
				if refused == nil {
					allowed = append(allowed, address)
				}
			}, errStop)
			for range 2 {
				_, err := c.JSON(t.Context(), "https://rebind.example/x", "application/json")
				if !errors.Is(err, errStop) && !errors.Is(err, fetch.ErrForbiddenAddress) {
					t.Errorf("JSON() = %v, want an address that is not connected to", err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.Join(allowed, " ") != strings.Join(tc.allowed, " ") {
				t.Errorf("the guard lets pass %v, want %v", allowed, tc.allowed)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if asked := r.asked[dnsmessage.TypeA]; asked != 2 {
				t.Errorf("the name was looked up %d times for two connections", asked)
			}
		})
	}
}
