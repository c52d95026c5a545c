package peerapi

import (
	"fmt"
	"testing"
)

// TestADomainHasSoManyNewServers: security.md B4, CVE-2026-69132: 100,000 names
// below one domain are not 100,000 servers; those of others find room.
func TestADomainHasSoManyNewServers(t *testing.T) {
	t.Parallel()
	c, met := newNewcomers(), 0
	for i := range 100_000 {
		address := fmt.Sprintf("https://s%d.evil.example/u/x", i)
		if c.room(address) {
			c.note(address)
			met++
		}
	}
	if met != newcomersMost {
		t.Errorf("%d servers of one domain were met, want %d", met, newcomersMost)
	}
	for address, want := range map[string]bool{
		"https://s0.evil.example/u/y": true, "https://evil.example/u/x": true, "https://deep.s1.evil.example/u/x": false,
		"https://s0.evil.example:8443/u/y": false, "https://a.other.example/u/x": true, "https://192.0.2.1/u/x": true, "https://a.github.io/x": true,
	} {
		if got := c.room(address); got != want {
			t.Errorf("room(%s) = %v, want %v", address, got, want)
		}
	}
}
