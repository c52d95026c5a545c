package worker

import (
	"strconv"
	"testing"
)

func TestSeatsAreShared(t *testing.T) {
	t.Parallel()
	s := seats{most: asideAtOnce, ofHost: asideOfHost}
	sit := func(host string) (n int) {
		for s.take(host) {
			n++
		}
		return n
	}
	if n := sit("a.test"); n != asideOfHost {
		t.Errorf("one server has %d seats, want %d", n, asideOfHost)
	}
	s.leave("a.test")
	if n := sit("a.test"); n != 1 {
		t.Errorf("after one left %d are free, want 1", n)
	}
	total := asideOfHost
	for i := range asideAtOnce {
		total += sit(strconv.Itoa(i))
	}
	if total != asideAtOnce {
		t.Errorf("all have %d seats, want %d", total, asideAtOnce)
	}
	for range asideOfHost {
		s.leave("a.test")
	}
	if _, kept := s.hosts["a.test"]; kept {
		t.Error("a server without seats is remembered")
	}
}
