package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A node that was busy keeps what it then needed for a long time, since the
// runtime gives memory back slowly, and collects garbage only when there is new.
const (
	restEvery = time.Minute
	quietMost = 16 << 20 // bytes that a quiet node allocates in that time, at most
)

// rest gives memory back to the machine when the node has become quiet.
type rest struct {
	last uint64 // what was allocated before the last look
	busy bool   // at the last look
}

// due says whether a busy time has just ended; allocated is all that was
// allocated since the start.
func (r *rest) due(allocated uint64) bool {
	was := r.busy
	r.busy = allocated-r.last > quietMost
	r.last = allocated
	return was && !r.busy
}

// restWhenQuiet runs until ctx ends.
func restWhenQuiet(ctx context.Context) {
	tick := time.NewTicker(restEvery)
	defer tick.Stop()
	var r rest
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		if r.due(sample[0].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}
