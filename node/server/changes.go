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
	w := &watcher{s: s, own: rand.Text(), seen: map[string]int64{}}
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

// watcher compares marks; it belongs to one goroutine.
type watcher struct {
	s        *Server
	own      string
	told     int64            // the version that others know of
	mine     int64            // our mark in the database
	seen     map[string]int64 // others' marks
	lastTidy time.Time
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
		others = others || (known && before != m.Version) || (!known && w.mine > 0)
		w.seen[m.Process] = m.Version
	}
	version := w.s.Node.Version()
	if others {
		w.s.Node.Changed()
		if version == w.told {
			w.told++ // only theirs: not to be echoed
		}
	}
	if version == w.told && w.mine > 0 {
		return nil
	}
	w.told = max(w.told, version)
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
