package main

import "testing"

func TestMemoryIsGivenBackOnceWhenABusyTimeHasEnded(t *testing.T) {
	t.Parallel()
	var r rest
	var allocated uint64
	for i, step := range []struct {
		mb   uint64
		want bool
	}{{1, false}, {100, false}, {500, false}, {1, true}, {1, false}, {100, false}, {2, true}, {0, false}} {
		allocated += step.mb << 20
		if got := r.due(allocated); got != step.want {
			t.Errorf("step %d, after %d MB more: %v, want %v", i, step.mb, got, step.want)
		}
	}
}
