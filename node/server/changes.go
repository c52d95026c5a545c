package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"instar.example/storage"
)

// How processes on one database hear of each other's writes.
const (
	changePoll = 500 * time.Millisecond
	changeKept = 24 * time.Hour
)

// watchChanges moves the node's version when another process wrote, and tells
// others when this one did. One process alone on SQLite has nobody to tell.
func (s *Server) watchChanges(ctx context.Context) {
	if s.cfg.DatabaseURL == "" {
		return
	}
	w := newWatcher(s, rand.Text())
	timer := time.NewTicker(changePoll)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			s.opts.Log.LogAttrs(ctx, slog.LevelError, "look for others' changes", slog.Any("error", err))
		}
	}
}

// countsEvery is how often the operator is told what inboxes answered.
const countsEvery = time.Hour

// tellCounts logs how many activities were taken, ignored and refused, by
// reason and since the start: every hour, and at the end.
func (s *Server) tellCounts(ctx context.Context) {
	timer := time.NewTicker(countsEvery)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		if counts := s.Peers.Counts(); len(counts) > 0 {
			s.opts.Log.LogAttrs(ctx, slog.LevelInfo, "inbox answers", slog.Any("counts", counts))
		}
	}
}

// watcher compares marks; it belongs to one goroutine.
type watcher struct {
	s        *Server
	own      string
	told     int64            // the version that others know of
	mine     int64            // our mark in the database
	seen     map[string]int64 // others' marks
	lastTidy time.Time
}

func newWatcher(s *Server, own string) *watcher {
	return &watcher{s: s, own: own, seen: map[string]int64{}}
}

func (w *watcher) look(ctx context.Context) error {
	marks, err := w.s.store.Read().Changes(ctx)
	if err != nil {
		return err
	}
	others := false
	for _, m := range marks {
		if m.Process == w.own {
			continue
		}
		before, known := w.seen[m.Process]
		others = others || !known || before != m.Version // at the first look, too: something may be kept already
		w.seen[m.Process] = m.Version
	}
	version := w.s.Node.Version()
	ours := version != w.told || w.mine == 0
	if others {
		if err := w.s.keys.load(ctx); err != nil { // one of them may have changed it
			return err
		}
		w.s.Node.Changed()
		version++ // theirs: not to be echoed, or two processes would wake each other for ever
	}
	w.told = version
	if !ours {
		return nil
	}
	w.mine++
	return w.mark(ctx)
}

func (w *watcher) mark(ctx context.Context) error {
	now := w.s.opts.Now()
	tidy := now.Sub(w.lastTidy) > changeKept
	if tidy {
		w.lastTidy = now
	}
	return w.s.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if tidy {
			if err := q.PruneChanges(ctx, now.Add(-changeKept).UnixMilli()); err != nil {
				return err
			}
		}
		return q.MarkChange(ctx, storage.Change{Process: w.own, Version: w.mine, At: now.UnixMilli()})
	})
}
