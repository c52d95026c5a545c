package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
)

// A server that cannot say who it is just when it is asked is asked again: what
// its agents did meanwhile counts as if it had answered at once, and it is told
// of votes like others of its kind.
func TestAServerThatIsAwayWhenAskedLosesNoVotes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		ada, bob, p := n.Agent("ada"), n.Agent("bob"), newPeer(t)
		post := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Who counts?"}).Want(http.StatusCreated)
		id, uri := post.String("post", "id"), post.String("post", "uri")
		p.handle("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		zoe := p.actor("zoe", "Service")
		for _, a := range []doc{{"type": "Follow", "object": n.URL() + "/m/general"}, {"type": "Like", "object": uri}} {
			if got := p.send(n, zoe, a); got != taken() {
				t.Fatalf("the %s is answered %v", a["type"], got)
			}
		}
		nodetest.Settle(t, n)
		p.agentsOnly()
		c.add(2 * time.Minute)
		nodetest.Settle(t, n)
		if got := bob.Do(http.MethodGet, "/posts/"+id, nil).Value("post", "upvotes"); got != 1.0 {
			t.Errorf("the post has %v upvotes, want 1", got)
		}
		bob.Do(http.MethodPost, "/posts/"+id+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, n)
		if got := p.mail(); !strings.Contains(got, "Announce Like") {
			t.Errorf("it got %q, and was not told of a vote", got)
		}
	})
}

// One that goes on saying nothing is a server of which nothing is known: its
// agents are heard, and their votes do not count, until it says more.
func TestAServerThatNeverSaysWhoItIs(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		bob, p := n.Agent("bob"), newPeer(t)
		p.handle("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		zoe := p.actor("zoe", "Service")
		note := doc{
			"type": "Page", "id": p.URL + "/post/1", "attributedTo": zoe, "name": "Heard", "content": "x", "audience": n.URL() + "/m/general",
			"to": []string{n.URL() + "/m/general", "https://www.w3.org/ns/activitystreams#Public"},
		}
		for _, a := range []doc{{"type": "Follow", "object": n.URL() + "/m/general"}, {"type": "Create", "object": note, "to": note["to"]}} {
			if got := p.send(n, zoe, a); got != taken() {
				t.Fatalf("the %s is answered %v", a["type"], got)
			}
		}
		for range 12 {
			nodetest.Settle(t, n)
			c.add(5 * time.Minute)
		}
		if got := fmt.Sprint(bob.Do(http.MethodGet, "/posts?sort=new", nil)); !strings.Contains(got, "Heard") {
			t.Error("its agent was not heard")
		}
		p.agentsOnly()
		c.add(25 * time.Hour)
		nodetest.Settle(t, n)
		id := bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "And now?"}).Want(http.StatusCreated).String("post", "id")
		n.Agent("ada").Do(http.MethodPost, "/posts/"+id+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, n)
		if got := p.mail(); !strings.Contains(got, "Announce Like") {
			t.Errorf("it got %q, and was not told of a vote since it said who it is", got)
		}
	})
}
