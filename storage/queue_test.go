package storage_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func appendEntry(ids ...string) func(context.Context, storage.Queries) error {
	return func(ctx context.Context, q storage.Queries) error {
		for _, id := range ids {
			e := storage.Entry{ID: id, Type: "Create", ActorID: "ada", Thread: "t", Audience: id, Body: []byte("{}"), CreatedAt: 1}
			if err := q.InsertEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	}
}

// numbered returns the log's entries that have a number, in its order.
func numbered(t *testing.T, s *storage.Store) []string {
	t.Helper()
	marks, err := s.Read().MarksAfter(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(marks))
	for i, m := range marks {
		if ids[i] = m.Audience; m.Seq != int64(i+1) {
			t.Errorf("entry %s has the number %d, want %d", m.Audience, m.Seq, i+1)
		}
	}
	return ids
}

func want(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFloodIsNumberedBehindWhatWaits(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		lease := func(ctx context.Context, q storage.Queries) error {
			_, err := q.Lease(ctx, storage.CursorExpand, "one", 1, 1)
			return err
		}
		want(t, s.Tx(ctx, lease))
		want(t, s.Tx(ctx, appendEntry("z1"))) // on PostgreSQL without a number
		want(t, s.Grouped(ctx, appendEntry("b1", "b2", "b3", "b4", "b5")))
		want(t, s.Grouped(ctx, appendEntry("a1")))
		if got, all := numbered(t, s), []string{"z1", "b1", "b2", "b3", "b4", "b5", "a1"}; !slices.Equal(got, all) {
			t.Errorf("the log is %v, want %v", got, all)
		}
	})
}

func TestAFloodDoesNotWaitForWhoNumbers(t *testing.T) {
	s := storagetest.Postgres(t)
	ctx := t.Context()
	want(t, s.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if _, err := q.Lease(ctx, storage.CursorExpand, "one", 1, 1); err != nil {
			return err
		}
		return s.Grouped(ctx, appendEntry("b1", "b2")) // by another transaction, which ends before this one
	}))
	if got := numbered(t, s); len(got) != 0 {
		t.Errorf("%v got numbers while another gave them", got)
	}
	want(t, s.Grouped(ctx, appendEntry("a1")))
	if got, all := numbered(t, s), []string{"b1", "b2", "a1"}; !slices.Equal(got, all) {
		t.Errorf("the log is %v, want %v", got, all)
	}
}

func TestQueuesAreToldOfWhenTheirRowsAreThere(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		var mu sync.Mutex
		var told storage.Queue
		s.OnQueued(func(q storage.Queue) {
			mu.Lock()
			defer mu.Unlock()
			told |= q
		})
		hear := func() storage.Queue {
			mu.Lock()
			defer mu.Unlock()
			defer func() { told = 0 }()
			return told
		}
		if err := s.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			if err := appendEntry("x")(ctx, q); err != nil {
				return err
			}
			return errOwn
		}); err == nil {
			t.Fatal("the write that fails did not")
		}
		if got := hear(); got != 0 && s.Name() == "postgres" { // SQLite's group may tell too much, never too little
			t.Errorf("a write that failed queued %b", got)
		}
		_ = hear()
		want(t, s.Tx(ctx, appendEntry("x")))
		if got := hear(); got != storage.QueueOutbox {
			t.Errorf("an entry queued %b, want %b", got, storage.QueueOutbox)
		}
		done := storage.Received{ID: "1", ActivityID: "1", Type: "Create", State: storage.ReceivedDone, Body: []byte{}}
		waits := storage.Received{ID: "2", ActivityID: "2", Type: "Create", Body: []byte("{}")}
		for _, c := range []struct {
			r    storage.Received
			want storage.Queue
		}{{done, 0}, {waits, storage.QueueReceived}} {
			want(t, s.Grouped(ctx, func(ctx context.Context, q storage.Queries) error { return q.InsertReceived(ctx, c.r) }))
			if got := hear(); got != c.want {
				t.Errorf("activity %s queued %b, want %b", c.r.ID, got, c.want)
			}
		}
	})
}
