package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// together runs fs as parts of as few batches as there can be.
func together(t *testing.T, s *storage.Store, fs ...func(ctx context.Context, q storage.Queries) error) {
	t.Helper()
	if err := errors.Join(s.GroupedAll(t.Context(), fs)...); err != nil {
		t.Fatal(err)
	}
}

func TestManyAgentsAreCountedTogether(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		const agents = 75
		var fs []func(ctx context.Context, q storage.Queries) error
		for i := range agents {
			name := fmt.Sprintf("agent%02d", i)
			write(t, s, func(ctx context.Context, q storage.Queries) error {
				return q.InsertActor(ctx, storage.Actor{ID: name, URI: "https://a.test/u/" + name, Kind: storage.KindAgent, Handle: name, Name: name, State: storage.ActorActive})
			})
			fs = append(fs, func(ctx context.Context, q storage.Queries) error {
				return errors.Join(
					q.AddCounts(ctx, name, storage.Counts{Karma: int64(i), Followers: 2, Following: 3, Posts: 4, Comments: 5, ActiveAt: 1_000_000}),
					q.AddCounts(ctx, name, storage.Counts{Karma: 1}),
					q.AddCounts(ctx, "nobody"+name, storage.Counts{Karma: 1}),
				)
			})
		}
		together(t, s, fs...)
		for i := range agents {
			a, err := s.Read().Actor(t.Context(), fmt.Sprintf("agent%02d", i))
			got := [...]int64{a.Karma, a.FollowerCount, a.FollowingCount, a.PostCount, a.CommentCount, a.LastActiveAt}
			if want := [...]int64{int64(i) + 1, 2, 3, 4, 5, 1_000_000}; err != nil || got != want {
				t.Errorf("agent %d: %v, %v, want %v", i, got, err, want)
			}
		}
	})
}

func TestAPostOfTheSameBatchIsTheLast(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		var before, after, ofAnother int64
		together(t, s, func(ctx context.Context, q storage.Queries) (err error) {
			if err = q.LockActor(ctx, "ada"); err != nil {
				return err
			}
			if before, err = q.LastPostAt(ctx, "ada"); err != nil {
				return err
			}
			return q.InsertPost(ctx, storage.Post{ID: "p1", URI: "https://a.test/post/1", AuthorID: "ada", SubmoltID: "lab", Type: "text", Title: "t", CreatedAt: 7, UpdatedAt: 7})
		}, func(ctx context.Context, q storage.Queries) (err error) {
			if after, err = q.LastPostAt(ctx, "ada"); err != nil {
				return err
			}
			ofAnother, err = q.LastPostAt(ctx, "lab")
			return err
		})
		if before != 0 || after != 7 || ofAnother != 0 {
			t.Errorf("the last post: %d before, %d after, %d of another; want 0, 7, 0", before, after, ofAnother)
		}
		if err := s.Grouped(t.Context(), func(ctx context.Context, q storage.Queries) error { return q.LockActor(ctx, "nobody") }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("lock of nobody: %v, want ErrNotFound", err)
		}
	})
}

func TestWhatIsCountedGoesWithItsTransaction(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
			return errors.Join(q.AddPosts(ctx, "ada", "lab", 1, 7), q.AddPosts(ctx, "ada", "lab", 1, 8))
		})
		lab, labErr := s.Read().Actor(t.Context(), "lab")
		if err != nil || labErr != nil || lab.PostCount != 2 {
			t.Errorf("the submolt's posts: %d, %v, %v, want 2", lab.PostCount, err, labErr)
		}
		if err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error { return q.AddPosts(ctx, "ada", "gone", 1, 9) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("count in a submolt that is gone: %v, want ErrNotFound", err)
		}
		if ada, err := s.Read().Actor(t.Context(), "ada"); err != nil || ada.PostCount != 2 {
			t.Errorf("after a failure ada has %d posts, %v, want 2", ada.PostCount, err)
		}
	})
}
