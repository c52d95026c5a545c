package server

import (
	"testing"
	"time"

	"instar.example/node"
)

// TestSlowHostsHoldUpNobody: more hosts than get turns at once do not answer,
// and all others have their post long before those are given up.
func TestSlowHostsHoldUpNobody(t *testing.T) {
	t.Parallel()
	const slow = 100
	s, to := launchNode(t, "sqlite", Options{}), newSinks(t)
	author := benchAuthor(t, s, "writer")
	fan{scheme: node.SchemeEd25519, slow: slow}.follow(t, s, to)
	start := time.Now()
	benchPost(t, s, author, "To everybody")
	to.wait(t, fanHosts-slow)
	if took := time.Since(start); took > slowFor {
		t.Errorf("the last healthy host waited %v, as if for the slow ones", took)
	}
}
