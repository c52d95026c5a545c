package storage_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// index puts documents with these terms into the index, at these times.
func index(t *testing.T, s *storage.Store, ds ...storage.Document) {
	t.Helper()
	write(t, s, func(ctx context.Context, q storage.Queries) error { return q.Index(ctx, ds) })
}

func found(t *testing.T, s *storage.Store, sq storage.SearchQuery) string {
	t.Helper()
	if sq.Before == 0 {
		sq.Before = math.MaxInt64
	}
	if sq.Limit == 0 {
		sq.Limit = 100
	}
	ds, err := s.Read().Search(t.Context(), sq)
	if err != nil {
		t.Fatalf("Search(%+v): %v", sq, err)
	}
	ids := ""
	for _, d := range ds {
		ids += d.ID + " "
	}
	return ids
}

func TestSearchFindsTheNewestThatHoldAllTerms(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		const minute = 60_000
		index(
			t, s,
			storage.Document{ID: "a", Kind: "post", CreatedAt: 1 * minute, Terms: []string{"tide", "智能", "_kpost"}},
			storage.Document{ID: "b", Kind: "post", CreatedAt: 3 * minute, Terms: []string{"tide", "_kpost"}},
			storage.Document{ID: "c", Kind: "comment", CreatedAt: 2 * minute, Terms: []string{"tide", "智能", "don"}},
			storage.Document{ID: "d", Kind: "post", CreatedAt: 2 * minute, Terms: []string{"sand"}},
		)
		for _, c := range []struct {
			q    storage.SearchQuery
			want string
		}{
			{storage.SearchQuery{Terms: []string{"tide"}}, "b c a "},
			{storage.SearchQuery{Terms: []string{"tide"}, Limit: 2}, "b c "},
			{storage.SearchQuery{Terms: []string{"智能", "tide"}}, "c a "},
			{storage.SearchQuery{Terms: []string{"tide", "_kpost"}}, "b a "},
			{storage.SearchQuery{Terms: []string{"tid"}}, ""},
			{storage.SearchQuery{Terms: []string{"tide"}, From: storage.Place(2 * minute)}, "b c "},
			{storage.SearchQuery{Terms: []string{"tide"}, Before: storage.Place(3 * minute)}, "c a "},
			{storage.SearchQuery{Terms: []string{"tide"}, From: storage.Place(4 * minute)}, ""},
		} {
			if got := found(t, s, c.q); got != c.want {
				t.Errorf("Search(%+v) = %q, want %q", c.q, got, c.want)
			}
		}
		index(t, s, storage.Document{ID: "a", Kind: "post", CreatedAt: 1 * minute, Terms: []string{"sand"}}, storage.Document{ID: "b"})
		if got := found(t, s, storage.SearchQuery{Terms: []string{"tide"}}) + found(t, s, storage.SearchQuery{Terms: []string{"sand"}}); got != "c d a " {
			t.Errorf("after a change and a removal: %q", got)
		}
	})
}

func TestSearchLooksBackAsFarAsItMust(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		const n, hour = 5_000, 3_600_000 // more than PostgreSQL looks at first
		var ds []storage.Document
		for i := range n {
			d := storage.Document{ID: fmt.Sprintf("d%d", i), Kind: "post", CreatedAt: int64(1_700_000_000_000 + i*hour), Terms: []string{"often"}}
			if i%1_000 == 0 {
				d.Terms = append(d.Terms, "seldom")
			}
			ds = append(ds, d)
		}
		ds = append(ds, storage.Document{ID: "first", Kind: "post", CreatedAt: 1, Terms: []string{"seldom"}}, storage.Document{ID: "early", Kind: "post", Terms: []string{"seldom"}})
		index(t, s, ds...)
		if got := found(t, s, storage.SearchQuery{Terms: []string{"often"}, Limit: 2}); got != "d4999 d4998 " {
			t.Errorf("often: %q", got)
		}
		if got := found(t, s, storage.SearchQuery{Terms: []string{"seldom"}}); got != "d4000 d3000 d2000 d1000 d0 first early " {
			t.Errorf("seldom: %q", got)
		}
		after := storage.Place(int64(1_700_000_000_000 + 2_500*hour))
		if got := found(t, s, storage.SearchQuery{Terms: []string{"seldom"}, Before: after}); got != "d2000 d1000 d0 first early " {
			t.Errorf("seldom, before a time: %q", got)
		}
	})
}

func TestDocumentsOfOneMomentAreAllFound(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		var ds []storage.Document
		for i := range 3_000 { // some of them want the same place
			ds = append(ds, storage.Document{ID: fmt.Sprintf("d%d", i), Kind: "post", CreatedAt: 7, Terms: []string{"now"}})
		}
		index(t, s, ds...)
		all, err := s.Read().Search(t.Context(), storage.SearchQuery{Terms: []string{"now"}, Before: math.MaxInt64, Limit: 5_000})
		if err != nil || len(all) != len(ds) {
			t.Errorf("found %d of %d, %v", len(all), len(ds), err)
		}
	})
}
