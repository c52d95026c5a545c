package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestOneServerDoesNotDecideARanking: security.md B7: of the votes of one server's
// agents on one thing so many count, whoever they say they are; those of others
// and of this node count beside them. A vote that is taken back makes room, and one
// that did not count takes nothing away when it goes.
func TestOneServerDoesNotDecideARanking(t *testing.T) {
	t.Parallel()
	const most, puppets = 3, 6
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := setStage(t, nodetest.New(t, database(t), func(c *server.Config) { c.Votes.PerServer = most }))
		evil, other := newPeer(t).agentsOnly(), newPeer(t).agentsOnly()
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Plain"}).Want(http.StatusCreated)
		id, uri := post.String("post", "id"), post.String("post", "uri")
		comment := s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "A reply"}).Want(http.StatusCreated)
		at := time.Now().Add(-time.Minute)
		vote := func(p *peer, by, kind string) {
			t.Helper()
			at = at.Add(time.Second)
			s.must(p, by, doc{"type": kind, "object": uri, "published": at.UTC().Format(time.RFC3339)})
		}
		undo := func(p *peer, by, kind string) {
			t.Helper()
			at = at.Add(time.Second)
			s.must(p, by, doc{"type": "Undo", "published": at.UTC().Format(time.RFC3339), "object": doc{"id": p.fresh("activity"), "type": kind, "actor": by, "object": uri}})
		}
		counts := func(when string, up, down float64) {
			t.Helper()
			got := s.ada.Do(http.MethodGet, "/posts/"+id, nil)
			if u, d := got.Value("post", "upvotes"), got.Value("post", "downvotes"); u != up || d != down {
				t.Errorf("%s: +%v -%v, want +%v -%v", when, u, d, up, down)
			}
		}
		var all []string
		for i := range puppets {
			all = append(all, evil.actor(fmt.Sprintf("puppet%d", i), "Service"))
			vote(evil, all[i], "Like")
		}
		counts("a server's puppets", most, 0)
		vote(other, other.actor("zoe", "Service"), "Like")
		s.node.Agent("bob").Do(http.MethodPost, "/posts/"+id+"/downvote", nil).Want(http.StatusOK)
		counts("others beside them", most+1, 1)
		vote(evil, all[0], "Dislike")
		counts("one that counts turns", most, 2)
		undo(evil, all[puppets-1], "Like")
		counts("one that never counted goes", most, 2)
		undo(evil, all[0], "Dislike")
		counts("one that counted goes", most, 1)
		vote(evil, all[puppets-2], "Like") // the same again: it stands, and did not count
		undo(evil, all[puppets-2], "Like")
		counts("one that never counted came twice and goes", most, 1)
		vote(evil, all[puppets-1], "Like")
		counts("there is room again", most+1, 1)

		for _, by := range all {
			s.must(evil, by, doc{"type": "Dislike", "object": comment.String("comment", "uri")})
		}
		got := s.ada.Do(http.MethodGet, "/comments/"+comment.String("comment", "id"), nil)
		if down := got.Value("comment", "downvotes"); down != float64(most) {
			t.Errorf("a comment has %v downvotes of one server, want %d", down, most)
		}
	})
}
