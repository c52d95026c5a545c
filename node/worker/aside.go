package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// This file is what is done for received activities that need documents of
// other servers: aside, so that those which need none never wait for them.

// Bounds of what waits for other servers.
const (
	asideAtOnce = 256             // activities
	asideOfHost = 32              // sent by one server
	asideTurn   = 2 * time.Minute // for all that one activity needs
	asideSlack  = 30 * time.Second
)

// errCrowded says that a server has enough activities under way for now.
var errCrowded = errors.New("too many activities of that server wait for documents")

// seats count what is under way for other servers.
type seats struct {
	most, ofHost int // set once by New

	mu    sync.Mutex
	all   int            // guarded by mu
	hosts map[string]int // guarded by mu; none is 0
}

// take gives a host's activity a seat; false when its share or all are taken.
func (s *seats) take(host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.hosts[host] >= s.ofHost {
		return false
	}
	if s.hosts == nil {
		s.hosts = map[string]int{}
	}
	s.all++
	s.hosts[host]++
	return true
}

func (s *seats) leave(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	s.hosts[host]--
	if s.hosts[host] == 0 {
		delete(s.hosts, host)
	}
}

// aside goes on with an activity beside the others, for the time of one turn.
// Nobody takes it up meanwhile; when the process is killed it is due again after
// the turn, and when it stops, at once. Those whose signer is not known yet
// share the seats of one server.
func (w *Worker) aside(ctx context.Context, r storage.Received, asking *sync.WaitGroup, do func(ctx context.Context) error) error {
	host := node.HostOf(r.ActorURI)
	if !w.seats.take(host) {
		return w.later(ctx, r, errCrowded)
	}
	if err := w.cfg.Node.HoldReceived(ctx, r, w.cfg.Node.Now().Add(asideTurn+asideSlack).UnixMilli()); err != nil {
		w.seats.leave(host)
		return err
	}
	asking.Go(func() {
		defer w.seats.leave(host)
		w.guard(ctx, r, func() error {
			turn, cancel := context.WithTimeout(ctx, asideTurn)
			defer cancel()
			err := do(turn)
			if ctx.Err() == nil {
				return err
			}
			return w.cfg.Node.HoldReceived(context.WithoutCancel(ctx), r, w.cfg.Node.Now().UnixMilli())
		})
	})
	return nil
}

// complete asks for what an activity lacks until it can be applied.
func (w *Worker) complete(ctx context.Context, r storage.Received, missing *node.MissingError) error {
	docs, asked, size, left := node.Documents{}, map[string]bool{}, 0, MaxFetches
	if r.Attempts >= wholeTurns {
		left = laterFetches
	}
	for left > 0 {
		left--
		if missing.Origin != "" {
			left -= hostFetches - 1
		}
		what := missing.URI + missing.Origin
		if asked[what] {
			return w.cfg.Node.Finish(ctx, r, "refused: unfetchable")
		}
		asked[what] = true
		if err := w.obtain(ctx, missing, docs, r.Attempts); err != nil {
			if !missing.Others || ctx.Err() != nil {
				return w.later(ctx, r, err)
			}
			docs.Unreachable(missing)
		}
		if size += len(docs[missing.URI]); size > MaxFetched {
			return w.cfg.Node.Finish(ctx, r, "refused: too_much")
		}
		var err error
		if missing, err = w.apply(ctx, r, docs); missing == nil {
			return err
		}
	}
	if missing.Others { // of many that came together, those that can be applied are
		docs.Exhausted()
		if more, err := w.apply(ctx, r, docs); more == nil {
			return err
		}
	}
	return w.cfg.Node.Finish(ctx, r, "refused: too_many_fetches")
}
