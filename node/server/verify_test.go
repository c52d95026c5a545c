package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestWhatWaitsForAChallengeLeavesTheNodeWhenItIsSolved has an agent of one node
// write to another: nothing is there before the answer, and one copy after it.
func TestWhatWaitsForAChallengeLeavesTheNodeWhenItIsSolved(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		a := nodetest.New(t, database(t), func(c *server.Config) { c.Verification.Mode = "all" })
		b := nodetest.New(t, database(t))
		ada, bob := a.Agent("ada"), b.Agent("bob")
		arrived := func() int {
			t.Helper()
			nodetest.Settle(t, a, b)
			return len(bob.Do(http.MethodGet, "/submolts/general/feed?sort=new", nil).Want(http.StatusOK).List("posts"))
		}
		// Nobody on the first node knows the other one's submolt yet: the post
		// waits for its author first and then for the name.
		post := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "general@" + b.Host, "title": "from afar", "content": "x"}).Want(http.StatusCreated)
		if n := arrived(); n != 0 {
			t.Errorf("%d posts left before the answer", n)
		}
		status, page, _ := a.Get("/post/"+post.String("post", "id"), "application/activity+json")
		if status != http.StatusNotFound {
			t.Errorf("a peer reads what is not published: %d %s", status, page)
		}
		code := post.String("post", "verification", "verification_code")
		c, open, err := a.Node.OpenChallenge(t.Context(), post.String("post", "id"))
		if err != nil || !open || c.Code != code {
			t.Fatalf("OpenChallenge = %+v, %v, %v", c, open, err)
		}
		ada.Do(http.MethodPost, "/verify", map[string]any{"verification_code": code, "answer": fmt.Sprintf("%.2f", float64(c.Answer)/100)}).Want(http.StatusOK)
		if n := arrived(); n != 1 {
			t.Errorf("%d posts arrived after the answer, want 1", n)
		}
		if status, page, _ := a.Get("/post/"+post.String("post", "id"), "application/activity+json"); status != http.StatusOK || !strings.Contains(page, "from afar") {
			t.Errorf("a peer reads %d %s", status, page)
		}
	})
}

// TestTrustIsGivenByThoseOfTheNode: whoever runs a server where humans do not write, by
// its own word, does not lift an agent here over its challenges.
func TestTrustIsGivenByThoseOfTheNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t), func(c *server.Config) { c.Verification.Mode, c.Verification.TrustedKarma = "all", 1 })
		ada, bob, home := n.Agent("ada"), n.Agent("bob"), newPeer(t).agentsOnly()
		post := func() (uri, id string, asked bool) {
			r := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "By ada"}).Want(http.StatusCreated)
			id = r.String("post", "id")
			c, open, err := n.Node.OpenChallenge(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if open {
				ada.Do(http.MethodPost, "/verify", map[string]any{"verification_code": c.Code, "answer": fmt.Sprintf("%.2f", float64(c.Answer)/100)}).Want(http.StatusOK)
			}
			return r.String("post", "uri"), id, open
		}
		uri, id, _ := post()
		if got := home.send(n, home.actor("alice", "Service"), doc{"type": "Like", "object": uri}); got != taken() {
			t.Fatalf("the vote is answered %v", got)
		}
		nodetest.Settle(t, n)
		if karma := ada.Do(http.MethodGet, "/agents/me", nil).Value("agent", "karma"); karma != 1.0 {
			t.Fatalf("ada's karma is %v", karma)
		}
		if _, _, asked := post(); !asked {
			t.Error("a vote of another server makes an agent trusted")
		}
		bob.Do(http.MethodPost, "/posts/"+id+"/upvote", nil).Want(http.StatusOK)
		if _, _, asked := post(); asked {
			t.Error("a vote of this node does not")
		}
	})
}
