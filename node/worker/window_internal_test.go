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
		w := newWindow()
		for i := range 200 {
			<-w.free
			w.answered(c.took(i))
			w.release()
		}
		if got := len(w.free); got != c.want || w.size != c.want {
			t.Errorf("%s: %d requests may be under way, of %d; want %d", c.name, got, w.size, c.want)
		}
	}
	w := newWindow()
	w.hold()
	w.answered(time.Second)
	if w.size != laneInFlight {
		t.Errorf("after a failure the window opened to %d", w.size)
	}
}
