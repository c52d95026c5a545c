package deliver

import (
	"math"
	"time"
)

// How long a delivery stays worth trying. Taking something back is tried for
// longer: what was missed there stays visible elsewhere.
const (
	Window       = 14 * 24 * time.Hour
	WindowDelete = 30 * 24 * time.Hour // Delete, Undo, Block
)

const (
	// patience is the time in which a failing host is probed often: most
	// failures are restarts.
	patience = time.Hour
	// steady with full jitter is 30 s, the widest gap during patience.
	steady = 25 * time.Second
	// growth is the factor between two gaps.
	growth = 1.25
	// maxGap bounds a gap, before jitter.
	maxGap = 6 * time.Hour
	// spread is how far jitter moves a gap, up or down.
	spread = 0.2
	// maxRetryAfter bounds what a peer may ask for.
	maxRetryAfter = 24 * time.Hour
)

// NextAttempt says when a host is to be probed again that has failed so many
// times in a row, at least once, the first time at firstFailure. During its
// first failing hour the gaps are 1.25^failures seconds and at most 30 s; then
// each is a quarter longer than the one before, up to 6 h. Gaps have +-20 %
// jitter, with jitter a source of numbers in [0, 1). What the peer asks for
// with Retry-After is honoured up to 24 h.
func NextAttempt(failures int, firstFailure, now time.Time, jitter func() float64, retryAfter time.Duration) time.Time {
	var gap time.Duration
	if failing := now.Sub(firstFailure); failing < patience {
		gap = steady
		if quick := math.Pow(growth, float64(max(failures, 0))); quick < steady.Seconds() {
			gap = time.Duration(quick * float64(time.Second))
		}
	} else {
		// Gaps that grow by a quarter each add up to four times the last one
		// (less the first): the time told by the clock gives the gap, however
		// many probes the first hour had.
		gap = min(maxGap, steady+time.Duration(float64(failing-patience)*(growth-1)))
	}
	gap = time.Duration(float64(gap) * (1 - spread + 2*spread*jitter()))
	return now.Add(max(gap, min(retryAfter, maxRetryAfter)))
}

// Expired says whether an activity of that type, created then, is no longer
// worth delivering. Of an Announce give the type that it wraps.
func Expired(activityType string, created, now time.Time) bool {
	window := Window
	switch activityType {
	case "Delete", "Undo", "Block":
		window = WindowDelete
	}
	return now.Sub(created) > window
}
