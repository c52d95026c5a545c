package node_test

import (
	"context"
	"strconv"
	"testing"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// TestADirectoryIsReadToItsEnd: more submolts and agents than an offset reaches,
// most of them alike in what they are sorted by, in every order: each comes once.
func TestADirectoryIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		n := newLone(t, s)
		const count = node.MaxOffset + 205
		for _, kind := range []string{storage.KindSubmolt, storage.KindAgent} {
			err := s.Grouped(t.Context(), func(ctx context.Context, q storage.Queries) error {
				for i := range count {
					name := kind + strconv.Itoa(i)
					a := storage.Actor{
						ID: "id-" + name, URI: n.BaseURL() + "/x/" + name, Kind: kind, Handle: name, Name: name, State: storage.ActorActive,
						FollowerCount: int64(i % 7), CreatedAt: int64(1_000 + i%90), LastActiveAt: int64(i % 3),
					}
					if err := q.InsertActor(ctx, a); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatalf("InsertActor: %v", err)
			}
		}
		type list = func(context.Context, string, node.Window) ([]storage.Actor, string, error)
		for _, sort := range []string{storage.ByPopular, storage.ByNew, storage.ByActive, storage.ByAlphabetical} {
			for kind, page := range map[string]list{storage.KindSubmolt: n.Submolts, storage.KindAgent: n.Agents} {
				seen, w := map[string]bool{}, node.Window{Limit: 100}
				for range 100 {
					actors, next, err := page(t.Context(), sort, w)
					if err != nil {
						t.Fatalf("%s by %s: %v", kind, sort, err)
					}
					for _, a := range actors {
						if seen[a.ID] {
							t.Errorf("%s by %s: %s comes twice", kind, sort, a.Handle)
						}
						seen[a.ID] = true
					}
					if w.Cursor = next; next == "" {
						break
					}
				}
				if len(seen) < count {
					t.Errorf("%s by %s: %d of %d", kind, sort, len(seen), count)
				}
			}
		}
	})
}
