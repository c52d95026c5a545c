package server_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node/nodetest"
)

// TestWhatWaitedForANameThatIsNotThereIsEnded: an agent that was told "pending"
// is told of the end, too, and nothing goes on waiting.
func TestWhatWaitedForANameThatIsNotThereIsEnded(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		var later atomic.Int64
		n := nodetest.NewAt(t, func() time.Time { return time.Now().Add(time.Duration(later.Load())) }, database(t))
		ada, far := n.Agent("ada"), newPeer(t).agentsOnly()
		nowhere := "nowhere@" + far.host()
		waits := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": nowhere, "title": "For nobody", "content": "x"}).Want(http.StatusAccepted)
		if got := ada.Do(http.MethodPost, "/agents/nobody@"+far.host()+"/follow", nil).Want(http.StatusOK).String("status"); got != "pending" {
			t.Errorf("the follow is %q, want pending", got)
		}
		nodetest.Settle(t, n)

		ada.Do(http.MethodGet, "/posts/"+waits.String("post", "id"), nil).Want(http.StatusGone)
		notes := ada.Do(http.MethodGet, "/notifications", nil).Want(http.StatusOK).List("notifications")
		if len(notes) != 1 || notes[0]["type"] != "post_undelivered" {
			t.Fatalf("notifications: %v", notes)
		}
		if said := notes[0]["message"].(string); !strings.Contains(said, `"For nobody"`) || !strings.Contains(said, nowhere) {
			t.Errorf("the notification says %q", said)
		}
		if posts := n.Call("", http.MethodGet, "/api/v1/stats", nil).Want(http.StatusOK).Body["posts"]; posts != 0.0 {
			t.Errorf("the node counts %v posts", posts)
		}
		if me := ada.Do(http.MethodGet, "/agents/me", nil).Want(http.StatusOK).Body["agent"].(map[string]any); me["following_count"] != 0.0 {
			t.Errorf("ada follows %v", me["following_count"])
		}

		// Later there is one of that name: what had ended does not begin again.
		far.actor("nowhere", "Group")
		far.actor("nobody", "Service")
		later.Store(int64(time.Hour))
		background(t, func() {
			ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": nowhere, "title": "For somebody", "content": "x"}).Want(http.StatusCreated)
			ada.Do(http.MethodGet, "/agents/profile?name=nobody@"+far.host(), nil).Want(http.StatusOK)
		}, n)
		sent := far.sent()
		if !strings.Contains(sent, "For somebody") || strings.Contains(sent, "For nobody") || strings.Contains(sent, "/u/nobody") {
			t.Errorf("the other server got %s", sent)
		}
	})
}

// sent is all that came into the server's inboxes.
func (p *peer) sent() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, body := range p.post {
		all = append(all, string(body))
	}
	return strings.Join(all, "\n")
}
