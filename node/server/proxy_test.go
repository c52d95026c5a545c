package server_test

import (
	"fmt"
	"net/http"
	"testing"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestOnlyTrustedProxiesSayWhoAsks: B4, CVE-2023-49952: limits by address count
// the client for whom a trusted proxy asks, and whoever is none cannot choose
// whose limit is spent.
func TestOnlyTrustedProxiesSayWhoAsks(t *testing.T) {
	t.Parallel()
	limited := func(proxies string) *nodetest.Node {
		return nodetest.New(t, func(c *server.Config) {
			c.TrustedProxies, c.Limits.Enabled, c.Limits.Address = proxies, true, 3
		})
	}
	ask := func(n *nodetest.Node, forwarded ...string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL()+"/api/v1/posts", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range forwarded {
			req.Header.Add("X-Forwarded-For", f)
		}
		req.Header.Set("X-Real-Ip", "192.0.2.77")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	spend := func(n *nodetest.Node, forwarded func(i int) []string) (refused int) {
		t.Helper()
		for i := range 9 {
			if ask(n, forwarded(i)...) == http.StatusTooManyRequests {
				refused++
			}
		}
		return refused
	}
	fresh := func(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }

	if got := spend(limited(""), func(i int) []string { return []string{fresh(i)} }); got != 6 {
		t.Errorf("without a proxy, a header let %d of 9 through, want 3", 9-got)
	}
	if got := spend(limited("10.0.0.0/8"), func(i int) []string { return []string{fresh(i)} }); got != 6 {
		t.Errorf("somebody who is no proxy let %d of 9 through, want 3", 9-got)
	}
	n := limited("127.0.0.1, 10.0.0.0/8")
	if got := spend(n, func(i int) []string { return []string{fresh(i)} }); got != 0 {
		t.Errorf("of 9 clients of a proxy %d were refused", got)
	}
	// What the client itself wrote stands to the left of what the proxies added.
	if got := spend(n, func(i int) []string { return []string{fresh(i) + ", 198.51.100.7", "10.1.2.3"} }); got != 6 {
		t.Errorf("a client that invents addresses got %d of 9 through, want 3", 9-got)
	}
	if got := spend(n, func(i int) []string { return []string{fmt.Sprintf("nonsense%d, 198.51.100.8", i)} }); got != 6 {
		t.Errorf("a client that invents nonsense got %d of 9 through, want 3", 9-got)
	}
	if got := spend(n, func(i int) []string { return []string{fmt.Sprintf("2001:db8::%x", i+1)} }); got != 6 {
		t.Errorf("one network of IPv6 got %d of 9 through, want 3", 9-got)
	}
	for _, bad := range []string{"localhost", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1:80"} {
		if _, err := server.LoadConfig(map[string]string{"trusted_proxies": bad}, nil, nil); err == nil {
			t.Errorf("trusted_proxies %q is taken", bad)
		}
	}
}
