package storage_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// Each order, read page by page, holds the posts that belong there, each once.
func TestOrdersOfPosts(t *testing.T) {
	t.Parallel()
	const dayMS = 86_400_000
	const now = 400 * dayMS
	// Written so many days ago, with so many votes and comments.
	posts := []storage.Post{
		{ID: "a", CreatedAt: now - 1_000, Score: 1, CommentCount: 4, Scaled: 9, Local: true, Lang: "zh", Disputed: 3},
		{ID: "b", CreatedAt: now - 2*dayMS, Score: 9, CommentCount: 0, Scaled: 8, Lang: "zh"},
		{ID: "c", CreatedAt: now - 20*dayMS, Score: 50, CommentCount: 7, Scaled: 2, Local: true, Lang: "ko", Disputed: 5},
		{ID: "d", CreatedAt: now - 300*dayMS, Score: 70, CommentCount: 1, Scaled: 7, Local: true},
		{ID: "e", CreatedAt: now - 399*dayMS, Score: 99, CommentCount: 2, Scaled: 1, Lang: "zh", Disputed: 1},
	}
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			for _, id := range []string{"ada", "lab"} {
				if err := q.InsertActor(ctx, storage.Actor{ID: id, URI: id, Handle: id, Name: id, Kind: storage.KindAgent}); err != nil {
					return err
				}
			}
			for _, p := range posts {
				p.URI, p.AuthorID, p.SubmoltID, p.Hot, p.UpdatedAt = p.ID, "ada", "lab", p.CreatedAt, p.CreatedAt
				if err := q.InsertPost(ctx, p); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			list storage.PostList
			want string
		}{
			{storage.PostList{Sort: storage.SortTop}, "[e d c b a]"},
			{storage.PostList{Sort: storage.SortTop, Since: now - dayMS}, "[a]"},
			{storage.PostList{Sort: storage.SortTop, Since: now - 7*dayMS}, "[b a]"},
			{storage.PostList{Sort: storage.SortTop, Since: now - 30*dayMS}, "[c b a]"},
			{storage.PostList{Sort: storage.SortTop, Since: now - 365*dayMS}, "[d c b a]"},
			{storage.PostList{Sort: storage.SortTop, Since: now - 30*dayMS, SubmoltID: "lab"}, "[c b a]"},
			{storage.PostList{Sort: storage.SortTop, Local: true}, "[d c a]"},
			{storage.PostList{Sort: storage.SortNew, Lang: "zh"}, "[a b e]"},
			{storage.PostList{Sort: storage.SortTop, Lang: "zh"}, "[e b a]"},
			{storage.PostList{Sort: storage.SortScaled}, "[a b d c e]"},
			{storage.PostList{Sort: storage.SortDiscussed}, "[c a e d]"},
			{storage.PostList{Sort: storage.SortDiscussed, SubmoltID: "lab"}, "[c a e d]"},
			{storage.PostList{Sort: storage.SortDiscussed, Local: true}, "[c a d]"},
			{storage.PostList{Sort: storage.SortControversial}, "[c a e]"},
			{storage.PostList{Sort: storage.SortControversial, Lang: "zh"}, "[a e]"},
		} {
			l := c.list
			l.Now, l.Limit = now, 2
			var got []string
			for range len(posts) {
				page, err := s.Read().Posts(ctx, l)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page {
					got = append(got, p.ID)
				}
				if len(page) < l.Limit {
					break
				}
				last := page[len(page)-1]
				l.After = storage.After{Key: last.Key(l.Sort), ID: last.ID}
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("Posts(%+v), page by page: %v, want %s", c.list, got, c.want)
			}
		}
		langs, err := s.Read().Languages(ctx)
		if err != nil || !slices.Equal(langs, []string{"ko", "zh"}) {
			t.Errorf("Languages() = %v, %v; want ko and zh", langs, err)
		}
	})
}
