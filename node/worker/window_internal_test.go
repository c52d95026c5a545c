package worker

import (
	"testing"
	"time"
)

func TestAWindowOpensForWhoIsFarAwayAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		took func(i int) time.Duration
		want int
	}{
		{"near", func(int) time.Duration { return 5 * time.Millisecond }, laneInFlight},
		{"far", func(int) time.Duration { return 250 * time.Millisecond }, laneMost},
		{"ever slower", func(i int) time.Duration { return time.Duration(100+20*i) * time.Millisecond }, laneInFlight + 3},
	} {
		w := newWindow(laneInFlight)
		for i := range 300 {
			<-w.free
			w.answered(c.took(i))
			w.release()
		}
		if got := len(w.free); got != c.want || w.size != c.want {
			t.Errorf("%s: %d requests may be under way, of %d; want %d", c.name, got, w.size, c.want)
		}
		if got := w.last(); got != c.want {
			t.Errorf("%s: the next turn begins with %d, want %d", c.name, got, c.want)
		}
	}
	w := newWindow(laneMost)
	w.answered(time.Second)
	w.hold()
	w.answered(time.Second)
	if w.size != laneMost || w.last() != laneInFlight {
		t.Errorf("after a failure the window is %d, and the next begins with %d", w.size, w.last())
	}
	w = newWindow(laneMost)
	w.answered(time.Millisecond)
	if got := w.last(); got != laneInFlight {
		t.Errorf("a host that came near is sent %d at once", got)
	}
}
