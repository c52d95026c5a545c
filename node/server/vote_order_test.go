package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"instar.example/node/nodetest"
)

// TestTheLastVoteCountsInWhateverOrderTheyCome: deliveries are retried and
// applied side by side, so that one vote overtakes the other.
func TestTheLastVoteCountsInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		p := newPeer(t).agentsOnly()
		zoe := p.actor("zoe", "Service")
		orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
		for name, c := range map[string]struct {
			last     func(second, target string) doc
			up, down float64
		}{
			"up, down, up again": {func(_, target string) doc { return doc{"type": "Like", "object": target} }, 1, 0},
			"up, down, none": {func(second, target string) doc {
				return doc{"type": "Undo", "object": doc{"id": second, "type": "Dislike", "actor": zoe, "object": target}}
			}, 0, 0},
		} {
			for _, order := range orders {
				title := fmt.Sprintf("%s as %v", name, order)
				post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": title}).Want(http.StatusCreated)
				target, second := post.String("post", "uri"), p.fresh("activity")
				votes := []doc{{"type": "Like", "object": target}, {"type": "Dislike", "object": target, "id": second}, c.last(second, target)}
				for i, v := range votes {
					v["published"] = time.Now().Add(time.Duration(i-10) * time.Second).UTC().Format(time.RFC3339)
				}
				for _, i := range order {
					s.must(p, zoe, votes[i])
				}
				got := s.ada.Do(http.MethodGet, "/posts/"+post.String("post", "id"), nil)
				if up, down := got.Value("post", "upvotes"), got.Value("post", "downvotes"); up != c.up || down != c.down {
					t.Errorf("%s: +%v -%v, want +%v -%v", title, up, down, c.up, c.down)
				}
			}
		}
	})
}
