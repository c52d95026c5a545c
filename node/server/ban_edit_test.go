package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// Who is banned from a submolt says nothing there by changing what it wrote before,
// and a post that was removed is not sent out anew by a change of it.
func TestWhoIsBannedChangesNothing(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		founder, bob := s.node.Agent("founder"), s.node.Agent("bob")
		founder.Do(http.MethodPost, "/submolts", map[string]any{"name": "clean", "display_name": "Clean"}).Want(http.StatusCreated)
		clean := s.node.URL() + "/m/clean"
		reader := s.evil.actor("reader", "Service")
		s.must(s.evil, reader, doc{"type": "Follow", "object": clean})
		own := bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "clean", "title": "By bob"}).Want(http.StatusCreated).String("post", "id")
		answer := bob.Do(http.MethodPost, "/posts/"+own+"/comments", map[string]any{"content": "By bob, too"}).Want(http.StatusCreated).String("comment", "id")
		for i, title := range []string{"By eve", "Removed"} {
			s.must(s.evil, s.eve, create(page(fmt.Sprintf("%s/post/1%d", s.evil.URL, i), s.eve, clean, title)))
		}
		note1 := note(s.evil.URL+"/comment/1", s.eve, s.node.URL()+"/post/"+own, "By eve, too")
		s.must(s.evil, s.eve, create(note1))
		removed := s.byURI(s.evil.URL + "/post/11")["id"].(string)
		founder.Do(http.MethodPost, "/posts/"+removed+"/remove", nil).Want(http.StatusOK)
		for _, who := range []string{"bob", "eve@" + s.evil.host()} {
			founder.Do(http.MethodPost, "/submolts/clean/bans", map[string]any{"agent_name": who}).Want(http.StatusOK)
		}
		nodetest.Settle(t, s.node)
		before := len(s.evil.mail())
		for path, body := range map[string]map[string]any{"/posts/" + own: {"title": "Changed by bob"}, "/comments/" + answer: {"content": "Changed by bob"}} {
			if r := bob.Do(http.MethodPatch, path, body); r.Status != http.StatusForbidden || r.Value("code") != "banned" {
				t.Errorf("bob's change of %s: %d %v", path, r.Status, r.Body)
			}
		}
		for i, title := range []string{"Changed by eve", "Removed, and changed"} {
			p := page(fmt.Sprintf("%s/post/1%d", s.evil.URL, i), s.eve, clean, title)
			p["updated"] = "2099-01-01T00:00:00Z"
			s.must(s.evil, s.eve, doc{"type": "Update", "object": p, "to": []string{activity.Public}})
		}
		note1["content"], note1["updated"] = "<p>Changed by eve</p>", "2099-01-01T00:00:00Z"
		s.must(s.evil, s.eve, doc{"type": "Update", "object": note1})
		shown := titles(s.node.Call("", http.MethodGet, "/api/v1/submolts/clean/feed?sort=new", nil))
		said := fmt.Sprint(founder.Do(http.MethodGet, "/posts/"+own+"/comments", nil).Body)
		if shown != "By eve|By bob" || strings.Contains(said, "Changed") {
			t.Errorf("shown is %q, below it %s", shown, said)
		}
		if got := s.evil.mail(); strings.Contains(got[before:], "Update") {
			t.Errorf("a reader was told of %s", got[before:])
		}
	})
}
