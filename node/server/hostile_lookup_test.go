package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
)

// TestNamesThatReadersAskForAreForgotten: who reads invented names leaves nothing for ever.
func TestNamesThatReadersAskForAreForgotten(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		ada, far := n.Agent("ada"), newPeer(t)
		for _, path := range []string{"/u/nobody@", "/m/nothing@"} {
			n.Get(path+far.host(), "text/html")
		}
		nodetest.Settle(t, n)
		waits := "nowhere@" + far.host()
		ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": waits, "title": "For nobody"}).Want(http.StatusAccepted)
		nodetest.Settle(t, n)
		kept := func() string { return fmt.Sprint(n.Snapshot()) }
		if all := kept(); !strings.Contains(all, "acct:agent:nobody@") || !strings.Contains(all, "acct:submolt:nothing@") {
			t.Fatal("the names were not asked for")
		}
		c.add(25 * time.Hour)
		if _, err := n.Node.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := kept()
		if strings.Contains(all, "nobody@") || strings.Contains(all, "nothing@") {
			t.Error("the names are still kept")
		}
		if !strings.Contains(all, "acct:submolt:"+waits) {
			t.Error("what a post stands in is gone")
		}
		// The same name is found when there is somebody of it.
		far.actor("nobody", "Service")
		n.Get("/u/nobody@"+far.host(), "text/html")
		nodetest.Settle(t, n)
		if status, _, _ := n.Get("/u/nobody@"+far.host(), "text/html"); status != http.StatusOK {
			t.Errorf("the page of who is there now is %d", status)
		}
	})
}

// TestASlowServerHoldsUpItsOwnNames: and no other's.
func TestASlowServerHoldsUpItsOwnNames(t *testing.T) {
	t.Parallel()
	n := nodetest.NewLive(t)
	ada, slow, quick := n.Agent("ada"), newPeer(t), newPeer(t)
	slow.handle("/.well-known/webfinger", func(http.ResponseWriter, *http.Request) { <-slow.quit })
	t.Cleanup(n.Stop)
	for i := range 9 {
		n.Get(fmt.Sprintf("/u/one%d@%s", i, slow.host()), "text/html")
	}
	quick.actor("zoe", "Service")
	for range 3 { // a request waits two seconds for a name
		if ada.Do(http.MethodGet, "/agents/profile?name=zoe@"+quick.host(), nil).Status == http.StatusOK {
			return
		}
	}
	t.Error("a name of a quick server is not found while a slow one is asked")
}
