package server_test

import (
	"net/http"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// within asks again and again whether something has come about.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	end, again := time.NewTimer(limit), time.NewTicker(20*time.Millisecond)
	defer end.Stop()
	defer again.Stop()
	for !is() {
		select {
		case <-end.C:
			t.Fatalf("after %v: not yet %s", limit, what)
		case <-again.C:
		}
	}
}

// TestSlowServersHoldUpNobody: B4, G5: a server that answers at its leisure for
// what an activity needs holds up that activity, and none of other servers.
func TestSlowServersHoldUpNobody(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.NewLive(t, database(t))
		ada := n.Agent("ada")
		adas := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "By ada"}).Want(http.StatusCreated).String("post", "uri")
		sloth, honest := newPeer(t), newPeer(t)
		slow := sloth.actor("sloth", "Service")
		hang := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activity.ContentType)
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-sloth.quit:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		}
		for range 40 { // more than one server gets at a time
			above := sloth.fresh("comment")
			sloth.handle(above[len(sloth.URL):], hang)
			if got := sloth.send(n, slow, create(note(sloth.fresh("comment"), slow, above, "Wait for it"))); got != taken() {
				t.Fatalf("the slow server is answered %v", got)
			}
		}
		within(t, 20*time.Second, "asking the slow server", func() bool { return sloth.asked("/comment/") > 0 })

		bob := honest.actor("bob", "Service")
		for _, a := range []doc{create(note(honest.fresh("comment"), bob, adas, "At once")), {"type": "Follow", "object": n.URL() + "/u/ada"}} {
			if got := honest.send(n, bob, a); got != taken() {
				t.Fatalf("an honest %v is answered %v", a["type"], got)
			}
		}
		within(t, 8*time.Second, "done what the honest server asked for", func() bool {
			followers := n.Call("", http.MethodGet, "/api/v1/agents/ada/followers", nil).List("followers")
			post := n.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts")[0]
			return len(followers) == 1 && post["comment_count"] == 1.0
		})
	})
}
