package fetch_test

import (
	"fmt"
	"testing"

	"instar.example/federation/fetch"
)

// TestADomainHasSoManyNewServers: security.md B4, CVE-2026-69132: 100,000 names
// below one domain are not 100,000 servers; those of others find room.
func TestADomainHasSoManyNewServers(t *testing.T) {
	t.Parallel()
	c, met := fetch.NewNewcomers(), 0
	for i := range 100_000 {
		address := fmt.Sprintf("https://s%d.evil.example/u/x", i)
		if c.Room(address) {
			c.Note(address)
			met++
		}
	}
	if met != fetch.NewcomersMost {
		t.Errorf("%d servers of one domain were met, want %d", met, fetch.NewcomersMost)
	}
	for address, want := range map[string]bool{
		"https://s0.evil.example/u/y": true, "https://evil.example/u/x": true, "https://deep.s1.evil.example/u/x": false,
		"https://s0.evil.example:8443/u/y": false, "https://a.other.example/u/x": true, "https://192.0.2.1/u/x": true, "https://a.github.io/x": true,
		"https://s0.evil.example": true, "https://evil.example": true, "https://deep.s1.evil.example": false,
		"https://a.other.example": true, "https://192.0.2.1": true, "https://a.github.io": true,
	} {
		if got := c.Room(address); got != want {
			t.Errorf("room(%s) = %v, want %v", address, got, want)
		}
	}
}
