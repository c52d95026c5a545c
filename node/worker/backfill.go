package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"instar.example/federation/fetch"
	"instar.example/node"
	"instar.example/storage"
)

// Bounds of a backfill's turn: many take turns, so that none waits for a large one.
const (
	backfillsAtOnce = 4 // of different hosts
	backfillSteps   = 20
	backfillTries   = 4 // failures in a row of one step
	backfillPause   = 30 * time.Second
	backfillFetches = 8 // documents besides its own that one step may need
)

// backfillBounds bound what all backfills together ask one domain for.
func backfillBounds(l node.BackfillLimits) fetch.Bounds {
	second := rate.Limit(l.Host) / 60
	return fetch.Bounds{Burst: l.Host, PerSecond: second, AllBurst: 20 * l.Host, AllPerSecond: 20 * second}
}

// Backfill gives some backfills a turn, one a host, and returns how many had one.
func (w *Worker) Backfill(ctx context.Context) (int, error) {
	var all sync.WaitGroup
	defer all.Wait()
	for taken := range backfillsAtOnce {
		b, found, err := w.cfg.Node.ClaimBackfill(ctx, w.cfg.Owner, backfillLease)
		if err != nil || !found {
			return taken, err
		}
		all.Go(func() {
			if err := w.backfill(ctx, b); err != nil && ctx.Err() == nil {
				w.cfg.Log.LogAttrs(ctx, slog.LevelError, "fetch the past", slog.String("uri", b.URI), slog.Any("error", err))
			}
		})
	}
	return backfillsAtOnce, nil
}

// backfillLease outlives the slowest turn: a turn starts no step after laneTurn,
// and a step is a few documents.
const backfillLease = 2 * time.Minute

// backfill takes the next steps of one backfill.
func (w *Worker) backfill(ctx context.Context, b storage.Backfill) error {
	until := w.cfg.Node.Now().Add(laneTurn)
	for range backfillSteps {
		s, more, err := w.cfg.Node.NextStep(ctx, b)
		if err != nil || !more {
			return err
		}
		if err := w.step(ctx, &b, s); err != nil {
			return w.pause(ctx, b, s, err)
		}
		b.Attempts = 0
		if ctx.Err() != nil || w.cfg.Node.Now().After(until) {
			break
		}
	}
	return w.cfg.Node.PauseBackfill(context.WithoutCancel(ctx), b, w.cfg.Node.Now().UnixMilli())
}

// pause lets a backfill wait that met a host in trouble, and leaves out the
// step that fails again and again.
func (w *Worker) pause(ctx context.Context, b storage.Backfill, s storage.BackfillStep, why error) error {
	ctx = context.WithoutCancel(ctx)
	var ours error
	if !errors.Is(why, errBudget) && !isRemote(why) {
		ours = why
	}
	if !errors.Is(why, errBudget) {
		b.Attempts++
	}
	if b.Attempts >= backfillTries {
		b.Attempts = 0
		if err := w.cfg.Node.SkipStep(ctx, b, s); err != nil {
			return errors.Join(ours, err)
		}
	}
	b.Result = short(why)
	return errors.Join(ours, w.cfg.Node.PauseBackfill(ctx, b, w.cfg.Node.Now().Add(backfillPause<<b.Attempts).UnixMilli()))
}

// remoteError marks what went wrong elsewhere.
type remoteError struct{ error }

func isRemote(err error) bool {
	_, is := errors.AsType[remoteError](err)
	return is
}

// step does one step, fetching what it needs.
func (w *Worker) step(ctx context.Context, b *storage.Backfill, s storage.BackfillStep) error {
	docs := node.Documents{}
	asked := map[string]bool{}
	for range 1 + backfillFetches {
		err := w.cfg.Node.TakeStep(ctx, b, s, docs)
		missing, ok := errors.AsType[*node.MissingError](err)
		if !ok {
			return err
		}
		what := missing.URI + missing.Origin
		if asked[what] {
			break
		}
		asked[what] = true
		if err := w.obtainPast(ctx, b, missing, docs); err != nil {
			if !missing.Others || !isRemote(err) {
				return err
			}
			docs.Unreachable(missing)
		}
	}
	return w.cfg.Node.SkipStep(ctx, *b, s)
}

// obtainPast asks for what a backfill lacks, within its bounds.
func (w *Worker) obtainPast(ctx context.Context, b *storage.Backfill, m *node.MissingError, docs node.Documents) error {
	if !w.past.Take(m.URI+m.Origin, 1, w.cfg.Node.Now()) {
		return errBudget
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Node.BackfillLimits().Request)
	defer cancel()
	b.Requests++
	if err := w.get(ctx, m, docs, b.Attempts); err != nil {
		return remoteError{err}
	}
	b.Bytes += int64(len(docs[m.URI]))
	return nil
}
