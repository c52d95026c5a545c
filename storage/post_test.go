package storage_test

import (
	"context"
	"fmt"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// seed adds an agent "ada" and a submolt "lab", both local.
func seed(t *testing.T, s *storage.Store) {
	t.Helper()
	write(t, s, func(ctx context.Context, q storage.Queries) error {
		for _, a := range []storage.Actor{
			{ID: "ada", URI: "https://a.test/u/ada", Kind: storage.KindAgent, Handle: "ada", Name: "Ada", State: storage.ActorActive, CreatedAt: 1},
			{ID: "lab", URI: "https://a.test/m/lab", Kind: storage.KindSubmolt, Handle: "lab", Name: "lab", State: storage.ActorActive, CreatedAt: 2},
		} {
			if err := q.InsertActor(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func write(t *testing.T, s *storage.Store, f func(ctx context.Context, q storage.Queries) error) {
	t.Helper()
	if err := s.Tx(t.Context(), f); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func addPost(t *testing.T, s *storage.Store, id string, hot, score, at int64) {
	t.Helper()
	write(t, s, func(ctx context.Context, q storage.Queries) error {
		return q.InsertPost(ctx, storage.Post{
			ID: id, URI: "https://a.test/post/" + id, AuthorID: "ada", SubmoltID: "lab", Type: "text",
			Title: id, Hot: hot, Score: score, CreatedAt: at, UpdatedAt: at,
		})
	})
}

func titles(ps []storage.Post) string {
	out := ""
	for _, p := range ps {
		out += p.Title + " "
	}
	return out
}

func TestPostsAreListedInEachOrderAndPageByKey(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addPost(t, s, "a", 10, 3, 100)
		addPost(t, s, "b", 30, 1, 200)
		addPost(t, s, "c", 20, 2, 300)
		write(t, s, func(ctx context.Context, q storage.Queries) error { return q.HidePost(ctx, "c", storage.Deleted, 5) })
		addPost(t, s, "d", 20, 2, 300)
		for _, c := range []struct {
			sort, want string
		}{{storage.SortHot, "b d a "}, {storage.SortNew, "d b a "}, {storage.SortTop, "a d b "}} {
			for _, submolt := range []string{"", "lab"} {
				var got []storage.Post
				list := storage.PostList{Sort: c.sort, SubmoltID: submolt, Limit: 1}
				for range 5 {
					page, err := s.Read().Posts(t.Context(), list)
					if err != nil {
						t.Fatalf("Posts: %v", err)
					}
					if len(page) == 0 {
						break
					}
					got = append(got, page...)
					list.After = storage.After{Key: page[0].Key(c.sort), ID: page[0].ID}
				}
				if titles(got) != c.want {
					t.Errorf("Posts(%s, %q) = %q, want %q", c.sort, submolt, titles(got), c.want)
				}
			}
		}
	})
}

func TestPostComesWithItsAuthorAndSubmolt(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addPost(t, s, "a", 1, 1, 1)
		p, err := s.Read().Post(t.Context(), "a")
		if err != nil || p.Author.Name != "Ada" || p.Submolt.URI != "https://a.test/m/lab" {
			t.Errorf("Post = %+v, %v", p, err)
		}
		if _, err := s.Read().Post(t.Context(), "none"); err != storage.ErrNotFound { //nolint:errorlint // the bare sentinel is promised
			t.Errorf("Post(none) = %v, want ErrNotFound", err)
		}
	})
}

func TestConcurrentWritesAllCount(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addPost(t, s, "a", 1, 0, 1)
		errs := make(chan error)
		const n = 60
		for i := range n {
			go func() {
				errs <- s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
					if err := q.AddVotes(ctx, "a", 1, 0, storage.Rank{Hot: int64(i)}); err != nil {
						return err
					}
					if i%3 == 0 {
						return fmt.Errorf("changed my mind")
					}
					return nil
				})
			}()
		}
		failed := 0
		for range n {
			if err := <-errs; err != nil {
				failed++
			}
		}
		p, err := s.Read().Post(t.Context(), "a")
		if err != nil || p.Up != n-int64(failed) || failed != n/3 {
			t.Errorf("up = %d after %d failed of %d, %v", p.Up, failed, n, err)
		}
	})
}

func TestAMarkIsKeptAndChanged(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		p := storage.Post{ID: "a", URI: "https://a.test/post/a", AuthorID: "ada", SubmoltID: "lab", Type: "text", Title: "a", Sensitive: true, Warning: "spiders", CreatedAt: 1, UpdatedAt: 1}
		c := storage.Comment{ID: "c", URI: "https://a.test/comment/c", PostID: "a", RootID: "c", AuthorID: "ada", Content: "x", Sensitive: true, Warning: "more", CreatedAt: 1, UpdatedAt: 1}
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			if err := q.InsertPost(ctx, p); err != nil {
				return err
			}
			return q.InsertComment(ctx, c)
		})
		marks := func() string {
			p, err := s.Read().Post(t.Context(), "a")
			c, errC := s.Read().Comment(t.Context(), "c")
			return fmt.Sprintf("%v %s %v %s %v %v", p.Sensitive, p.Warning, c.Sensitive, c.Warning, err, errC)
		}
		if got := marks(); got != "true spiders true more <nil> <nil>" {
			t.Errorf("marks = %s", got)
		}
		p.Sensitive, p.Warning, p.UpdatedAt = false, "", 2
		c.Warning, c.UpdatedAt = "less", 2
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			if err := q.UpdatePost(ctx, p); err != nil {
				return err
			}
			return q.UpdateComment(ctx, c)
		})
		if got := marks(); got != "false  true less <nil> <nil>" {
			t.Errorf("marks after the update = %s", got)
		}
	})
}
