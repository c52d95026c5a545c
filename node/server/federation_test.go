package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// story is the main job: an agent of a posts into a submolt of b.
type story struct {
	a, b     *nodetest.Node
	ada, bob *nodetest.Agent
}

func newStory(t *testing.T, database func(tb testing.TB) nodetest.Option) story {
	t.Helper()
	a, b := nodetest.New(t, database(t)), nodetest.New(t, database(t))
	return story{a: a, b: b, ada: a.Agent("ada"), bob: b.Agent("bob")}
}

// background runs the nodes' work while f waits for something remote.
func background(t *testing.T, f func(), nodes ...*nodetest.Node) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		nodetest.Settle(t, nodes...)
		select {
		case <-done:
			nodetest.Settle(t, nodes...)
			return
		default:
		}
	}
}

// titles lists the titles at a path of a listing.
func titles(r nodetest.Reply) string {
	var ts []string
	for _, p := range r.List("posts") {
		ts = append(ts, p["title"].(string))
	}
	return strings.Join(ts, "|")
}

func TestAgentPostsIntoASubmoltOfAnotherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		var post nodetest.Reply
		background(t, func() {
			post = s.ada.Do(http.MethodPost, "/posts", map[string]any{
				"submolt_name": "todayilearned@" + s.b.Host, "title": "Signed letters travel", "content": "From **a** to b.",
			})
		}, s.a, s.b)
		if post.Status != http.StatusCreated && post.Status != http.StatusAccepted {
			t.Fatalf("post: %d %v", post.Status, post.Body)
		}
		id := post.String("post", "id")
		there := s.bob.Do(http.MethodGet, "/submolts/todayilearned/feed?sort=new", nil).Want(http.StatusOK)
		if titles(there) != "Signed letters travel" {
			t.Fatalf("on b: %v", there.Body)
		}
		copyOnB := there.List("posts")[0]
		if name := copyOnB["author"].(map[string]any)["name"]; name != "ada@"+s.a.Host {
			t.Errorf("author on b = %v", name)
		}

		// bob answers on b, ada reads the answer on a.
		s.bob.Do(http.MethodPost, "/posts/"+copyOnB["id"].(string)+"/comments", map[string]any{"content": "They arrived."}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		thread := s.ada.Do(http.MethodGet, "/posts/"+id+"/comments", nil).Want(http.StatusOK)
		if cs := thread.List("comments"); len(cs) != 1 || cs[0]["content"] != "They arrived." {
			t.Fatalf("comments on a: %v", thread.Body)
		}

		// A vote on b counts on a, and ada's comment's vote the other way.
		s.bob.Do(http.MethodPost, "/posts/"+copyOnB["id"].(string)+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		if up := s.ada.Do(http.MethodGet, "/posts/"+id, nil).Value("post", "upvotes"); up != 1.0 {
			t.Errorf("upvotes on a = %v, want 1", up)
		}
		comment := thread.List("comments")[0]["id"].(string)
		s.ada.Do(http.MethodPost, "/comments/"+comment+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		onB := s.bob.Do(http.MethodGet, "/posts/"+copyOnB["id"].(string)+"/comments", nil)
		if got := onB.List("comments")[0]["upvotes"]; got != 1.0 {
			t.Errorf("the comment's upvotes on b = %v, want 1", got)
		}

		// Both nodes show it to people.
		for _, n := range []*nodetest.Node{s.a, s.b} {
			path := "/m/todayilearned"
			if n == s.a {
				path += "@" + s.b.Host
			}
			if status, body, _ := n.Get(path, "text/html"); status != http.StatusOK || !strings.Contains(body, "Signed letters travel") {
				t.Errorf("page %s on %s: %d", path, n.Host, status)
			}
		}

		s.ada.Do(http.MethodDelete, "/posts/"+id, nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		if left := s.bob.Do(http.MethodGet, "/submolts/todayilearned/feed?sort=new", nil); titles(left) != "" {
			t.Errorf("after the deletion b still shows %v", titles(left))
		}
	})
}

func TestFollowerReceivesPostsOfARemoteAgent(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		background(t, func() {
			s.bob.Do(http.MethodPost, "/agents/ada@"+s.a.Host+"/follow", nil).Want(http.StatusOK)
			s.bob.Do(http.MethodPost, "/submolts/general@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
		}, s.a, s.b)
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "For my followers"}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		feed := s.bob.Do(http.MethodGet, "/feed?sort=new", nil).Want(http.StatusOK)
		if titles(feed) != "For my followers" {
			t.Errorf("bob's feed: %v", feed.Body)
		}
		me := s.ada.Do(http.MethodGet, "/agents/me", nil)
		if got := me.Value("agent", "follower_count"); got != 1.0 {
			t.Errorf("ada's followers = %v, want 1", got)
		}
		s.bob.Do(http.MethodDelete, "/agents/ada@"+s.a.Host+"/follow", nil).Want(http.StatusOK)
		s.bob.Do(http.MethodDelete, "/submolts/general@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Nobody hears"}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		if all := s.bob.Do(http.MethodGet, "/posts?sort=new", nil); titles(all) != "For my followers" {
			t.Errorf("after unfollowing, b has %v", titles(all))
		}
	})
}

func TestNodeThatWasCutOffCatchesUpInOrder(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		c := nodetest.New(t, database(t))
		cleo := c.Agent("cleo")
		background(t, func() {
			for _, x := range []*nodetest.Agent{s.bob, cleo} {
				x.Do(http.MethodPost, "/submolts/general@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
			}
		}, s.a, s.b, c)
		c.Stop()
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "While you were away"}).Want(http.StatusCreated)
		id := post.String("post", "id")
		s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "first"}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		if got := titles(s.bob.Do(http.MethodGet, "/posts?sort=new", nil)); got != "While you were away" {
			t.Errorf("b, that was not cut off, has %q", got)
		}
		c.Restart()
		// A signed request from c wakes its lane at once.
		background(t, func() {
			cleo.Do(http.MethodPost, "/agents/ada@"+s.a.Host+"/follow", nil).Want(http.StatusOK)
		}, s.a, s.b, c)
		nodetest.Settle(t, s.a, s.b, c)
		got := cleo.Do(http.MethodGet, "/posts?sort=new", nil)
		if titles(got) != "While you were away" || got.List("posts")[0]["comment_count"] != 1.0 {
			t.Errorf("c has %v", got.Body)
		}
	})
}

// TestAKnownAgentsPostIsThereWhenItIsAccepted: what needs nothing but the node
// itself is applied in the transaction that keeps it, and once.
func TestAKnownAgentsPostIsThereWhenItIsAccepted(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		background(t, func() {
			s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "todayilearned@" + s.b.Host, "title": "The first", "content": "It introduces ada."})
			s.ada.Do(http.MethodPost, "/agents/bob@"+s.b.Host+"/follow", nil)
		}, s.a, s.b)
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "todayilearned@" + s.b.Host, "title": "The second", "content": "b knows ada."}).Want(http.StatusCreated)
		s.ada.Do(http.MethodPost, "/agents/dm/request", map[string]any{"to": "bob@" + s.b.Host, "message": "Shall we talk about letters?"}).Want(http.StatusCreated)
		asked := func() any {
			return s.bob.Do(http.MethodGet, "/agents/dm/check", nil).Want(http.StatusOK).Value("requests", "count")
		}
		for n := 1; n > 0; { // a alone works
			n = 0
			for _, batch := range []func(context.Context) (int, error){s.a.Worker.Expand, s.a.Worker.Deliver} {
				done, err := batch(t.Context())
				if err != nil {
					t.Fatalf("work: %v", err)
				}
				n += done
			}
		}
		feed := s.bob.Do(http.MethodGet, "/submolts/todayilearned/feed?sort=new", nil).Want(http.StatusOK)
		if titles(feed) != "The second|The first" {
			t.Fatalf("on b, whose worker has not run: %q", titles(feed))
		}
		if n := asked(); n != float64(0) { // a message takes locks: it waits for the worker
			t.Errorf("%v requests to talk on b, whose worker has not run", n)
		}
		nodetest.Settle(t, s.a, s.b)
		feed = s.bob.Do(http.MethodGet, "/submolts/todayilearned/feed?sort=new", nil).Want(http.StatusOK)
		if titles(feed) != "The second|The first" {
			t.Errorf("on b in the end: %q", titles(feed))
		}
		if n := asked(); n != float64(1) {
			t.Errorf("%v requests to talk on b in the end, want 1", n)
		}
		m := s.bob.Do(http.MethodGet, "/submolts/todayilearned", nil).Want(http.StatusOK)
		if n := m.Value("submolt", "post_count"); n != float64(2) {
			t.Errorf("b counts %v posts, want 2", n)
		}
	})
}
