// Package worker does what no one waits for: it tells lanes what is new,
// delivers, applies what was received, looks up names, indexes and prunes.
//
// Each kind of work is a batch: func(ctx) (n, err). The loop around them is
// written once, in Run; tests call batches until all return 0. All work is a
// leased row in the database: a crash loses none, and several processes on one
// PostgreSQL share it.
package worker

import (
	"context"
	"crypto"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/node"
	"instar.example/storage"
)

// Bounds of the work in flight.
const (
	lanesAtOnce    = 64  // deliveries to different inboxes
	slowAtOnce     = 256 // deliveries beside those, to inboxes that let us wait
	laneInFlight   = 8   // requests under way to one inbox, to begin with
	windowsKept    = 4_096
	laneMost       = 128 // the same, to one that answers each as fast as the first: it is only far away
	receivedBatch  = 256
	receivedAtOnce = 256 // they share commits
	lookupsAtOnce  = 8   // of one domain, and taken up together
	lookupSeats    = 64  // of all

	lease     = 30 * time.Second       // of a lane, a received activity, a lookup: what a killed process held waits so long
	slowTurn  = 250 * time.Millisecond // after this a lane lets another one begin beside it
	laneTurn  = 8 * time.Second        // after this a lane starts no further request
	tick      = time.Second            // how often a loop looks without being woken
	pruneTick = time.Hour
)

// Config is what a Worker needs. All fields are required but those that say so.
type Config struct {
	Node     *node.Node
	Fetch    *fetch.Client
	Verifier *inbox.Verifier // judges requests that were kept undecided
	// Private returns the node's transport key: every local actor signs with it,
	// under its own key id.
	Private func() crypto.Signer
	// Owner names this process in leases.
	Owner string
	Log   *slog.Logger
	// PlainHTTP lets an owner's domain have a port and speak http: in development.
	PlainHTTP bool
	// LookupTXT asks the DNS; nil is the system's resolver.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	// Send hands a letter to an owner on.
	Send func(ctx context.Context, m node.Mail) error
	// Jitter returns 0 to 1; nil is random.
	Jitter func() float64
}

// Worker does a node's background work.
type Worker struct {
	cfg    Config
	budget *fetch.Budget    // of what received activities make us ask for
	past   *fetch.Budget    // of what backfills ask for
	seats  seats            // of received activities that wait for documents
	names  seats            // of look-ups under way
	met    *fetch.Newcomers // servers that were asked who they are

	windows *lru.Cache[string, int]       // of inboxes: how many requests may be under way
	vain    *lru.Cache[string, time.Time] // of hosts: until when nothing is sent them in a second way
}

// New returns a worker that does nothing until Run or one of its batches is called.
func New(cfg Config) *Worker {
	if cfg.Jitter == nil {
		cfg.Jitter = rand.Float64
	}
	if cfg.LookupTXT == nil {
		cfg.LookupTXT = net.DefaultResolver.LookupTXT
	}
	w := &Worker{
		seats: seats{most: asideAtOnce, ofHost: asideOfHost}, names: seats{most: lookupSeats, ofHost: lookupsAtOnce},
		cfg: cfg, budget: fetch.NewBudget(fetchBounds()), past: fetch.NewBudget(backfillBounds(cfg.Node.BackfillLimits())),
	}
	w.met = fetch.NewNewcomers()
	w.windows, _ = lru.New[string, int](windowsKept) // an error only for a size below 1
	w.vain, _ = lru.New[string, time.Time](windowsKept)
	return w
}

// Batches are all kinds of work by name, in the order in which one leads to the next.
func (w *Worker) Batches() map[string]func(context.Context) (int, error) {
	return map[string]func(context.Context) (int, error){
		"expand": w.Expand, "deliver": w.Deliver, "receive": w.Receive, "look_up": w.LookUp, "index": w.Index,
		"prove": w.Prove, "mail": w.Mail, "backfill": w.Backfill, "erase": w.cfg.Node.Erase,
		"ways": w.Ways, "hosts": w.Hosts,
	}
}

// Expand tells the lanes what is new in the outbox.
func (w *Worker) Expand(ctx context.Context) (int, error) {
	return w.cfg.Node.Expand(ctx, w.cfg.Owner)
}

// Index puts new texts into the search index.
func (w *Worker) Index(ctx context.Context) (int, error) { return w.cfg.Node.IndexBatch(ctx) }

// Run works until ctx ends, then finishes what is under way and gives back
// its leases. It returns when nothing of it runs any more.
func (w *Worker) Run(ctx context.Context) {
	var all sync.WaitGroup
	for name, batch := range w.Batches() {
		if name == "deliver" || name == "receive" || name == "look_up" {
			continue // what is in them must not wait for each other
		}
		all.Go(func() { w.loop(ctx, name, batch) })
	}
	all.Go(func() { w.pruneLoop(ctx) })
	all.Go(func() { w.deliverLoop(ctx) })
	all.Go(func() { w.receiveLoop(ctx) })
	all.Go(func() { w.lookUpLoop(ctx) })
	all.Wait()
	if err := w.cfg.Node.Release(context.WithoutCancel(ctx), w.cfg.Owner); err != nil {
		w.cfg.Log.LogAttrs(ctx, slog.LevelError, "release leases", slog.Any("error", err))
	}
}

// paceOf is the least time between two batches of a kind: what comes in a flood
// is then taken up in larger batches.
func paceOf(name string) time.Duration {
	switch name {
	case "index", "prove", "mail", "backfill", "erase", "hosts":
		return 100 * time.Millisecond
	case "look_up", "expand":
		return 10 * time.Millisecond
	case "receive":
		return 5 * time.Millisecond
	default:
		return 2 * time.Millisecond
	}
}

// queuesOf are the queues that a kind of work looks at. What waits elsewhere, in
// memory or for a time to come, is looked for at each tick.
func queuesOf(name string) storage.Queue {
	switch name {
	case "expand":
		return storage.QueueOutbox
	case "receive":
		return storage.QueueReceived
	case "hosts":
		return storage.QueueHosts
	case "look_up":
		return storage.QueueLookups
	case "index":
		return storage.QueueIndex
	case "mail":
		return storage.QueueMails
	case "prove":
		return storage.QueueClaims
	case "backfill":
		return storage.QueueBackfills
	case "erase":
		return storage.QueueErasures
	default:
		return 0
	}
}

// loop repeats a batch while it finds work, and looks again when woken.
func (w *Worker) loop(ctx context.Context, name string, batch func(context.Context) (int, error)) {
	changed, stop := w.cfg.Node.WakeFor(queuesOf(name))
	defer stop()
	timer := time.NewTicker(tick)
	defer timer.Stop()
	for ctx.Err() == nil {
		start := time.Now()
		n, err := batch(ctx)
		if err != nil && ctx.Err() == nil {
			w.cfg.Log.LogAttrs(ctx, slog.LevelError, "background work failed", slog.String("work", name), slog.Any("error", err))
			wait(ctx, nil, timer.C) // not to be hurried
			continue
		}
		if n == 0 {
			wait(ctx, changed, timer.C)
		}
		pause := paceOf(name)
		if name == "index" {
			pause = max(pause, indexShare*time.Since(start))
		}
		wait(ctx, nil, time.After(pause))
	}
}

// indexShare is how much longer than its work the index rests: in a flood it
// leaves the processors to what must be answered, and comes behind by a while.
const indexShare = 9

// pruneLoop forgets what is old, now and then.
func (w *Worker) pruneLoop(ctx context.Context) {
	timer := time.NewTicker(pruneTick)
	defer timer.Stop()
	for ctx.Err() == nil {
		n, err := w.cfg.Node.Prune(ctx)
		if err != nil && ctx.Err() == nil {
			w.cfg.Log.LogAttrs(ctx, slog.LevelError, "prune", slog.Any("error", err))
		}
		if n == 0 || err != nil {
			wait(ctx, nil, timer.C)
		}
	}
}

func wait(ctx context.Context, changed <-chan struct{}, tick <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-changed:
	case <-tick:
	}
}
