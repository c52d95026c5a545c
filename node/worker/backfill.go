package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/node"
	"instar.example/storage"
)

// Bounds of reading collections.
const (
	backfillsAtOnce = 4
	backfillTries   = 6
	backfillFirst   = time.Minute
)

// Backfill reads some of the collections that wait and returns how many.
func (w *Worker) Backfill(ctx context.Context) (int, error) {
	batch, err := w.cfg.Node.ClaimBackfills(ctx, w.cfg.Owner, 4*lease, backfillsAtOnce)
	if err != nil {
		return 0, err
	}
	for _, b := range batch {
		if err := w.backfill(ctx, b); err != nil && ctx.Err() == nil {
			w.cfg.Log.LogAttrs(ctx, slog.LevelError, "backfill", slog.String("collection", b.URI), slog.Any("error", err))
		}
	}
	return len(batch), nil
}

func (w *Worker) backfill(ctx context.Context, b storage.Backfill) error {
	most, err := w.cfg.Node.BackfillMost(ctx, b)
	if err != nil {
		return err
	}
	objects, err := w.collect(ctx, b.URI, most)
	if err == nil {
		return w.cfg.Node.Backfilled(ctx, b, objects)
	}
	if ctx.Err() != nil {
		return ctx.Err() // we stop: the lease runs out
	}
	if b.Attempts+1 >= backfillTries || errors.Is(err, fetch.ErrGone) || errors.Is(err, fetch.ErrNotFound) || errors.Is(err, activity.ErrMalformed) {
		return w.cfg.Node.AbandonBackfill(ctx, b, short(err))
	}
	pause := backfillFirst << (2 * b.Attempts)
	return w.cfg.Node.RetryBackfill(ctx, b, short(err), w.cfg.Node.Now().Add(pause).UnixMilli())
}

// collect reads the objects that a collection names: at most so many, from at
// most node.BackfillPages pages of its own server, none twice. A page that
// cannot be had ends it with what there is.
func (w *Worker) collect(ctx context.Context, address string, most int) ([]string, error) {
	var objects []string
	seen := map[string]bool{}
	for range node.BackfillPages {
		seen[address] = true
		if !w.budget.Take(address, 1, w.cfg.Node.Now()) {
			return objects, errBudget
		}
		doc, err := w.cfg.Fetch.Object(ctx, address)
		if err == nil && !fetch.SameOrigin(doc.URL, address) {
			err = fetch.ErrNotFound // it led elsewhere: what is there is not it
		}
		if err != nil {
			if len(seen) > 1 {
				return objects, nil
			}
			return nil, err
		}
		c, err := activity.ParseCollection(doc.Body)
		if err != nil {
			return objects, err
		}
		objects = append(objects, unseen(c, seen)...)
		next := c.Next
		if next == "" && len(c.Items) == 0 {
			next = c.First
		}
		if len(objects) >= most || next == "" || seen[next] || !fetch.SameOrigin(next, address) {
			break
		}
		address = next
	}
	return objects[:min(len(objects), most)], nil
}

// unseen are the objects of a page that were not seen before; it adds them to seen.
func unseen(c *activity.Collection, seen map[string]bool) []string {
	var objects []string
	for _, item := range c.Items {
		if uri := objectOf(item); uri != "" && !seen[uri] {
			seen[uri] = true
			objects = append(objects, uri)
		}
	}
	return objects
}

// wrappings bounds how deep an object stands in activities: Announce, Create.
const wrappings = 3

// objectOf is the object that an item of a collection is about, "" for none.
func objectOf(item activity.Ref) string {
	for range wrappings {
		switch item.Type {
		case activity.TypeAnnounce, activity.TypeCreate, activity.TypeUpdate:
		default:
			return item.ID
		}
		a, err := activity.ParseActivity(item.Raw)
		if err != nil {
			return ""
		}
		item = a.Object()
	}
	return ""
}
