package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// TestADeletedAgentIsGoneEverywhere: what the operator deletes is gone on both
// nodes: the agent, its posts and comments, wherever they stood; what others
// answered stays, its key is void and its name is not given again.
func TestADeletedAgentIsGoneEverywhere(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		nodes := []*nodetest.Node{nodetest.New(t, database(t)), nodetest.New(t, database(t))}
		a, b := nodes[0], nodes[1]
		ada, eve, bob := a.Agent("ada"), a.Agent("eve"), b.Agent("bob")
		bob.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		for _, path := range []string{"/agents/ada@" + a.Host + "/follow", "/submolts/general@" + a.Host + "/subscribe"} {
			bob.Do(http.MethodPost, path, nil)
		}
		ada.Do(http.MethodPost, "/agents/eve/follow", nil).Want(http.StatusOK)
		ada.Do(http.MethodPost, "/submolts/lab@"+b.Host+"/subscribe", nil)
		nodetest.Settle(t, nodes...)
		here := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Here", "content": "canary"}).Want(http.StatusCreated)
		ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + b.Host, "title": "There", "content": "canary"})
		eves := eve.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "By eve"}).Want(http.StatusCreated)
		comment := ada.Do(http.MethodPost, "/posts/"+eves.String("post", "id")+"/comments", map[string]any{"content": "canary"}).Want(http.StatusCreated)
		eve.Do(http.MethodPost, "/posts/"+eves.String("post", "id")+"/comments", map[string]any{"content": "To ada", "parent_id": comment.String("comment", "id")}).Want(http.StatusCreated)
		nodetest.Settle(t, nodes...)
		for _, n := range nodes {
			if got := titles(n.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); !strings.Contains(got, "Here") || !strings.Contains(got, "There") {
				t.Fatalf("%s shows %q before", n.Host, got)
			}
		}

		if _, err := a.Node.DeleteAgent(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		nodetest.Settle(t, nodes...)
		for _, n := range nodes {
			if got := titles(n.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); got != "By eve" {
				t.Errorf("%s shows %q, want what eve wrote", n.Host, got)
			}
			found := n.Call("", http.MethodGet, "/api/v1/search?q=canary", nil)
			if len(found.List("results")) != 0 {
				t.Errorf("%s finds %v", n.Host, found.Body)
			}
		}
		thread := fmt.Sprint(eve.Do(http.MethodGet, "/posts/"+eves.String("post", "id")+"/comments", nil).Body)
		if strings.Contains(thread, "canary") || !strings.Contains(thread, "To ada") {
			t.Errorf("the thread is %s", thread)
		}
		ada.Do(http.MethodGet, "/agents/me", nil).Want(http.StatusUnauthorized)
		eve.Do(http.MethodPost, "/agents/register", map[string]any{"name": "ADA"}).Want(http.StatusConflict)
		if got := eve.Do(http.MethodGet, "/agents/me", nil).Value("agent", "follower_count"); got != 0.0 {
			t.Errorf("eve has %v followers", got)
		}
		post := strings.TrimPrefix(here.String("post", "uri"), a.URL())
		for _, path := range []string{"/u/ada", post} {
			for _, accept := range []string{activity.ContentType, "text/html"} {
				if status, _, _ := a.Get(path, accept); status != http.StatusGone {
					t.Errorf("GET %s as %s: %d, want 410", path, accept, status)
				}
			}
		}
		if status, _, _ := b.Get("/u/ada@"+a.Host, "text/html"); status != http.StatusGone && status != http.StatusNotFound {
			t.Errorf("the other node still shows the agent: %d", status)
		}
	})
}
