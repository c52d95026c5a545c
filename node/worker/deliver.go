package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/deliver"
	"instar.example/node"
	"instar.example/storage"
)

// attemptTime bounds one delivery with its second knock: with laneTurn it stays
// within a lane's lease, so that no other process sends the same meanwhile.
const attemptTime = 20 * time.Second

// slowRetries is the count of failures from which deliver.NextAttempt has the
// longest gap of the first hour.
const slowRetries = 15

// Deliver gives each due lane one turn and returns how many lanes had one.
func (w *Worker) Deliver(ctx context.Context) (int, error) {
	lanes, err := w.cfg.Node.ClaimLanes(ctx, w.cfg.Owner, lease, lanesAtOnce)
	if err != nil {
		return 0, err
	}
	var all sync.WaitGroup
	for _, l := range lanes {
		all.Go(func() { w.serve(ctx, l) })
	}
	all.Wait()
	return len(lanes), nil
}

// deliverLoop keeps up to lanesAtOnce lanes in their turns: one that hangs
// holds up none of the others.
func (w *Worker) deliverLoop(ctx context.Context) {
	changed, stop := w.cfg.Node.WakeFor(storage.QueueLanes)
	defer stop()
	timer := time.NewTicker(tick)
	defer timer.Stop()
	slots := make(chan struct{}, lanesAtOnce)
	slow := make(chan struct{}, slowAtOnce)
	free := make(chan struct{}, 1) // a slot is free: its lane may have more
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		lanes, err := w.cfg.Node.ClaimLanes(ctx, w.cfg.Owner, lease, cap(slots)-len(slots))
		if err != nil && ctx.Err() == nil {
			w.cfg.Log.LogAttrs(ctx, slog.LevelError, "claim lanes", slog.Any("error", err))
		}
		for _, l := range lanes {
			slots <- struct{}{}
			all.Go(func() { w.patiently(ctx, l, slots, slow, free) })
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-free:
		case <-timer.C:
		}
		wait(ctx, nil, time.After(paceOf("deliver")))
	}
}

// patiently gives a lane its turn and its slot back. A turn that lasts leaves
// its slot to another lane: many servers that hang hold up none that answers.
func (w *Worker) patiently(ctx context.Context, l storage.Lane, slots, slow chan struct{}, free chan<- struct{}) {
	release := func() {
		<-slots
		select {
		case free <- struct{}{}:
		default:
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.serve(ctx, l)
	}()
	lasts := time.NewTimer(slowTurn)
	defer lasts.Stop()
	select {
	case <-ended:
		release()
		return
	case <-lasts.C:
	}
	select {
	case <-ended:
		release()
	case slow <- struct{}{}:
		release()
		<-ended
		<-slow
	}
}

// turn is one lane's turn: which of its entries are done, in their order.
type turn struct {
	w         *Worker
	lane      storage.Lane
	entries   []storage.Entry
	until     time.Time
	scheme    string // how the host is best signed for, and since when that is known
	learnedAt int64

	mu      sync.Mutex
	done    []bool             // guarded by mu
	stopped bool               // guarded by mu: an entry has to be tried again later
	broken  bool               // guarded by mu: we fail ourselves, which is no fault of the peer's
	report  storage.LaneReport // guarded by mu
	wait    time.Duration      // guarded by mu: what the peer asked for
	learned string             // guarded by mu: the scheme that worked last
}

// serve sends a lane its next entries and notes how far it came. What fails
// for now stays: the lane begins there next time.
func (w *Worker) serve(ctx context.Context, l storage.Lane) {
	entries, reached, err := w.cfg.Node.LaneEntries(ctx, l)
	if err != nil {
		w.cfg.Log.LogAttrs(ctx, slog.LevelError, "read a lane", slog.String("inbox", l.Inbox), slog.Any("error", err))
		return // the lease runs out
	}
	scheme, learnedAt, err := w.cfg.Node.Scheme(ctx, l.Host)
	if err != nil {
		w.cfg.Log.LogAttrs(ctx, slog.LevelError, "read a host's scheme", slog.String("inbox", l.Inbox), slog.Any("error", err))
		return
	}
	t := &turn{
		w: w, lane: l, scheme: scheme, learnedAt: learnedAt, entries: entries, until: w.cfg.Node.Now().Add(laneTurn), done: make([]bool, len(entries)),
		report: storage.LaneReport{Inbox: l.Inbox, Owner: w.cfg.Owner, Status: l.LastStatus, Error: l.LastError},
	}
	t.runAll(ctx)
	if t.broken {
		return // the lease runs out
	}
	t.report.Position = reached
	for i, done := range t.done {
		if !done {
			t.report.Position = entries[i].Seq - 1
			break
		}
	}
	if err := w.finish(context.WithoutCancel(ctx), t); err != nil {
		w.cfg.Log.LogAttrs(ctx, slog.LevelError, "finish a lane", slog.String("inbox", l.Inbox), slog.Any("error", err))
	}
}

// run sends the entries from and up to, several at a time, those of one thread
// one after the other.
func (t *turn) run(ctx context.Context, from, to int) {
	threads := map[string][]int{}
	var order []string
	for i := from; i < to; i++ {
		e := t.entries[i]
		if threads[e.Thread] == nil {
			order = append(order, e.Thread)
		}
		threads[e.Thread] = append(threads[e.Thread], i)
	}
	w := newWindow(t.w.windowOf(t.lane.Inbox))
	var all sync.WaitGroup
	for _, name := range order {
		<-w.free
		all.Go(func() {
			defer w.release()
			for _, i := range threads[name] {
				began := t.w.cfg.Node.Now()
				if !t.send(ctx, i) {
					w.hold()
					return
				}
				w.answered(t.w.cfg.Node.Now().Sub(began))
			}
		})
	}
	all.Wait()
	t.w.windows.Add(t.lane.Inbox, w.last())
}

// windowOf is how many requests to an inbox may be under way to begin with.
func (w *Worker) windowOf(inbox string) int {
	if size, known := w.windows.Get(inbox); known {
		return size
	}
	return laneInFlight
}

// window bounds how many requests are under way to one inbox. It opens by one
// with each answer, for as long as these take no longer than the first did: who
// is far away gets more at once, who is slow does not. What fails closes it to
// where it is. The next turn begins where the last one ended, or where a failure
// was, from the beginning.
type window struct {
	free chan struct{} // holds a token for each request that may begin

	mu     sync.Mutex
	size   int           // guarded by mu
	first  time.Duration // guarded by mu: the shortest answer so far
	closed bool          // guarded by mu
}

func newWindow(size int) *window {
	w := &window{free: make(chan struct{}, laneMost), size: size}
	for range size {
		w.free <- struct{}{}
	}
	return w
}

// last is the size for the next turn: a host may have come nearer, too.
func (w *window) last() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.first < farAway {
		return laneInFlight
	}
	return w.size
}

func (w *window) release() { w.free <- struct{}{} }

func (w *window) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

// answered opens the window for an answer that took so long. On a near host a
// few requests under way are enough.
func (w *window) answered(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == 0 || took < w.first {
		w.first = took
	}
	if w.closed || w.size == laneMost || w.first < farAway || took > w.first*3/2 {
		return
	}
	w.size++
	w.free <- struct{}{}
}

// farAway is the time of an answer from which more requests under way help.
const farAway = 30 * time.Millisecond

// send tries one entry; false ends its thread for this turn.
func (t *turn) send(ctx context.Context, i int) bool {
	t.mu.Lock()
	done := t.done[i]
	t.mu.Unlock()
	switch {
	case done:
		return true // in a batch
	case t.over(ctx):
		return false
	case t.expired(i):
		return true
	}
	e, err := t.w.cfg.Node.ProvenEntry(ctx, t.entries[i])
	if err != nil {
		t.fail(ctx, fmt.Errorf("prove %s: %w", t.entries[i].ID, err))
		return false
	}
	attempt, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	r := deliver.Attempt(attempt, t.w.cfg.Fetch, t.lane.Inbox, e.Body, t.w.waysTo(t.lane.Host, t.scheme, e))
	if r.Vain {
		t.w.vain.Add(t.lane.Host, t.w.cfg.Node.Now().Add(vainFor))
	}
	if ctx.Err() != nil && r.Outcome == deliver.Retry {
		return false // we stop: that says nothing of the peer
	}
	return t.note(i, r)
}

// over says whether nothing more is to be sent in this turn.
func (t *turn) over(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stopped || t.broken || ctx.Err() != nil || t.w.cfg.Node.Now().After(t.until)
}

// expired says whether an entry is too old to be sent, and notes it.
func (t *turn) expired(i int) bool {
	e := t.entries[i]
	created, now := time.UnixMilli(e.CreatedAt), t.w.cfg.Node.Now()
	if !deliver.Expired(e.Type, created, now) {
		return false
	}
	if e.Type == activity.TypeAnnounce && !deliver.Expired(announcedType(e.Body), created, now) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[i] = true
	t.report.Expired++
	return true
}

// announcedType is the type of what an Announce passes on, empty where it cannot be read.
func announcedType(body []byte) string {
	a, err := activity.ParseActivity(body)
	if err != nil {
		return ""
	}
	return a.Object().Type
}

func (t *turn) trouble(ctx context.Context, err error) {
	t.w.cfg.Log.LogAttrs(ctx, slog.LevelError, "a lane's turn", slog.String("inbox", t.lane.Inbox), slog.Any("error", err))
}

// fail ends a turn that is none.
func (t *turn) fail(ctx context.Context, err error) {
	t.trouble(ctx, err)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = true
}

func (t *turn) note(i int, r deliver.Result) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Status = int64(r.Status)
	switch r.Outcome {
	case deliver.Delivered:
		t.done[i] = true
		t.report.Delivered++
		t.learned = worked(t.scheme, r)
		t.report.SuccessAt = t.w.cfg.Node.Now().UnixMilli()
		if !t.stopped {
			t.report.Error = ""
		}
	case deliver.Retry:
		t.report.InboxOnly = r.InboxOnly() && (t.report.InboxOnly || !t.stopped)
		t.stopped = true
		t.report.Error = r.Detail
		t.wait = max(t.wait, r.RetryAfter)
	default: // refused for good
		t.done[i] = true
		t.report.Refused++
		t.report.Error = r.Detail
	}
	return t.done[i]
}

// next says when a lane that stopped is due again. What is wrong with its inbox
// alone has no count of failures: how long its first entry waits tells the gap.
func (t *turn) next(h storage.Host) time.Time {
	now := t.w.cfg.Node.Now()
	failures, since := int(h.Failures)+1, now
	switch {
	case t.report.InboxOnly:
		failures, since = slowRetries, time.UnixMilli(t.entries[slices.Index(t.done, false)].CreatedAt)
	case h.Failures > 0:
		since = time.UnixMilli(h.FailingSince)
	}
	return deliver.NextAttempt(failures, since, now, t.w.cfg.Jitter, t.wait)
}

// finish stores what came of a turn; after a failure the host waits.
func (w *Worker) finish(ctx context.Context, t *turn) error {
	if w.cfg.Node.SchemeIsNews(t.scheme, t.learnedAt, t.learned) {
		if err := w.cfg.Node.KeepScheme(ctx, t.lane.Host, t.learned); err != nil {
			return err
		}
	}
	for {
		h, err := w.judge(ctx, t)
		if err == nil {
			err = w.cfg.Node.FinishLane(ctx, t.lane.Host, h, t.report)
		}
		if !errors.Is(err, node.ErrHostWoke) {
			return err
		}
	}
}

// judge says of a lane that stopped when it is due again, and whether what stopped
// it is its inbox's fault alone, as its host is now.
func (w *Worker) judge(ctx context.Context, t *turn) (storage.Host, error) {
	if !t.stopped {
		return storage.Host{}, nil
	}
	h, err := w.cfg.Node.HostOfLane(ctx, t.lane.Host)
	if err != nil {
		return h, err
	}
	if !t.report.InboxOnly && t.report.Status != 0 {
		if t.report.InboxOnly, err = w.cfg.Node.FailsAlone(ctx, t.lane, h); err != nil {
			return h, err
		}
	}
	t.report.NextAt = t.next(h).UnixMilli()
	return h, nil
}
