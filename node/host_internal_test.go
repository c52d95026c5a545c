package node

import "testing"

// Names below one registered domain are one server's: whoever has one has all.
func TestDomainOf(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"a.evil.example": "evil.example", "b.c.evil.example:8443": "evil.example", "evil.example": "evil.example",
		"ada.github.io": "ada.github.io", "x.ada.github.io": "ada.github.io", "a.b.co.uk": "b.co.uk", "co.uk": "co.uk",
		"127.0.0.1:8081": "127.0.0.1:8081", "192.0.2.7": "192.0.2.7", "[::1]:80": "[::1]:80", "localhost": "localhost", "instar:8080": "instar:8080",
	} {
		if got := domainOf(host); got != want {
			t.Errorf("domainOf(%q) = %q, want %q", host, got, want)
		}
	}
}
