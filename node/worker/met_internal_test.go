package worker

import (
	"fmt"
	"testing"
)

// TestADomainHasSoManyServersThatAreAsked: comments on 10,000 servers of one domain do
// not have us ask, and keep, each of them; those of others find room.
func TestADomainHasSoManyServersThatAreAsked(t *testing.T) {
	t.Parallel()
	m, asked := newMet(), 0
	for i := range 10_000 {
		if m.admit(fmt.Sprintf("https://s%d.evil.example", i)) {
			asked++
		}
	}
	if asked != metMost {
		t.Errorf("%d servers of one domain were asked, want %d", asked, metMost)
	}
	for origin, want := range map[string]bool{
		"https://s0.evil.example": true, "https://evil.example": true, "https://deep.s1.evil.example": false,
		"https://a.other.example": true, "https://192.0.2.1": true, "https://a.github.io": true,
	} {
		if got := m.admit(origin); got != want {
			t.Errorf("admit(%s) = %v, want %v", origin, got, want)
		}
	}
}
