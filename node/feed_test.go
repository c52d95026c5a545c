package node_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// TestFeedHasTheFirstOfAllItsSources: sources of very different sizes, one of which
// has nearly all that is new; the feed is what a look at every post gives.
func TestFeedHasTheFirstOfAllItsSources(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		n := newLone(t, s)
		ada, bob, eve := n.agent("ada"), n.agent("bob"), n.agent("eve")
		counts := map[string]int{"few": 3, "some": 9, "many": 40}
		for name := range counts {
			if _, err := n.Found(t.Context(), bob, node.SubmoltDraft{Name: name}); err != nil {
				t.Fatalf("Found: %v", err)
			}
			if _, _, err := n.Follow(t.Context(), ada, name, storage.KindSubmolt); err != nil {
				t.Fatalf("Follow: %v", err)
			}
		}
		if _, _, err := n.Follow(t.Context(), ada, "eve", storage.KindAgent); err != nil {
			t.Fatalf("Follow: %v", err)
		}
		var posts []storage.Post
		post := func(author node.Author, submolt string) {
			n.clock.add(time.Minute)
			p, err := n.Post(t.Context(), author, node.PostDraft{Submolt: submolt, Title: fmt.Sprint(submolt, len(posts))})
			if err != nil {
				t.Fatalf("Post: %v", err)
			}
			posts = append(posts, p)
		}
		for range 12 {
			post(eve, "general") // whom ada follows, where she does not read
		}
		post(bob, "general")
		posts = posts[:12] // it is in nothing of hers
		for _, name := range []string{"some", "few", "many"} {
			for range counts[name] {
				post(bob, name)
			}
		}
		post(eve, "many") // by two ways
		for i, p := range posts {
			if i%5 == 0 {
				if _, err := n.Vote(t.Context(), ada, node.VoteTarget{PostID: p.ID}, 1); err != nil {
					t.Fatalf("Vote: %v", err)
				}
			}
		}
		for i, p := range posts {
			posts[i], _ = n.PostByID(t.Context(), p.ID, "")
		}
		orders := map[string]func(p storage.Post) int64{
			storage.SortNew: func(p storage.Post) int64 { return p.CreatedAt },
			storage.SortTop: func(p storage.Post) int64 { return p.Score },
			storage.SortHot: func(p storage.Post) int64 { return p.Hot },
		}
		for sort, key := range orders {
			want := slices.SortedFunc(slices.Values(posts), func(a, b storage.Post) int {
				return cmp.Or(cmp.Compare(key(b), key(a)), cmp.Compare(b.ID, a.ID))
			})
			for _, limit := range []int{5, 25, 31, 50} {
				for range 2 { // read, and as it is kept
					f, err := n.Feed(t.Context(), ada.ID(), node.FeedQuery{Sort: sort, Window: node.Window{Limit: limit}})
					if err != nil || len(f.Posts.Posts) != limit {
						t.Fatalf("%s, %d: %d posts, %v", sort, limit, len(f.Posts.Posts), err)
					}
					for i, p := range f.Posts.Posts {
						if p.ID != want[i].ID {
							t.Errorf("%s, %d: row %d is %s, want %s", sort, limit, i, p.Title, want[i].Title)
							break
						}
					}
				}
			}
		}
	})
}
