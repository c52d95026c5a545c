package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/signature"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestOneDomainDoesNotFillTheDisk: an activity whose object never comes waits with its
// bytes; one key sends as many of them as its domain may leave here, and no more. What
// needs nothing is still taken, and other servers' are.
func TestOneDomainDoesNotFillTheDisk(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		for name, bound := range map[string]nodetest.Option{
			"activities": func(c *server.Config) { c.Federation.WaitingActivities = 3 },
			"bytes":      func(c *server.Config) { c.Federation.WaitingBytes = 3 * 50_000 },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newTown(t, func(c *server.Config) { database(t)(c); bound(c) })
				like := func(i int) answer {
					return w.home.send(w.node, w.alice, doc{"type": "Like", "object": fmt.Sprintf("%s/post/none%d", w.home.URL, i), "summary": strings.Repeat("x", 50_000)})
				}
				for i := range 3 {
					if got := like(i); got != taken() {
						t.Fatalf("vote %d is answered %v", i, got)
					}
					nodetest.Settle(t, w.node)
				}
				if got, want := like(3), refused(http.StatusTooManyRequests, "too_many_waiting"); got != want {
					t.Errorf("the vote beyond the bound is answered %v, want %v", got, want)
				}
				late := w.home.URL + "/post/late"
				w.must(w.home, w.alice, create(page(late, w.alice, w.general, "Later, by alice")))
				if got := titles(w.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); !strings.Contains(got, "Later, by alice") {
					t.Errorf("what needs nothing is not taken: %q", got)
				}
				w.must(w.evil, w.eve, doc{"type": "Like", "object": w.evil.URL + "/post/none"})
			})
		}
	})
}

// TestWhatWaitedMakesRoom: what was applied, or was given up, counts no more.
func TestWhatWaitedMakesRoom(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t), func(c *server.Config) { c.Federation.WaitingActivities = 1 }))
		home := newPeer(t).agentsOnly()
		alice := home.actor("alice", "Service")
		late, never := home.URL+"/post/late", home.URL+"/post/never"
		like := func(post string, want answer) {
			t.Helper()
			body, err := json.Marshal(s.evil.complete(s.eve, doc{"type": "Like", "object": post}))
			if err != nil {
				t.Fatal(err)
			}
			l := letter{key: signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}, body: body, at: c.now()}
			if got := s.evil.deliver(s.node, l); got != want {
				t.Fatalf("a vote on %s is answered %v, want %v", post, got, want)
			}
			nodetest.Settle(t, s.node)
		}
		full := refused(http.StatusTooManyRequests, "too_many_waiting")
		like(late, taken())
		like(never, full)
		s.must(home, alice, create(page(late, alice, s.general, "Late, by alice")))
		c.add(time.Minute)
		nodetest.Settle(t, s.node)
		like(never, taken())
		like(never+"2", full)
		c.add(7 * time.Hour)
		nodetest.Settle(t, s.node)
		like(never+"2", taken())
	})
}

// crowd gives the server so many agents, which have one key.
func (p *peer) crowd(n int) []string {
	p.tb.Helper()
	ids := []string{p.actor("one0", "Service")}
	for i := 1; i < n; i++ {
		id := fmt.Sprintf("%s/u/one%d", p.URL, i)
		p.mu.Lock()
		p.keys[id] = p.keys[ids[0]]
		p.mu.Unlock()
		p.handle(fmt.Sprintf("/u/one%d", i), show(p.document(id, "Service")))
		ids = append(ids, id)
	}
	return ids
}

// TestOneDomainHasSoManyInboxes: each inbox that follows costs a request and a
// signature for each post; of one domain so many may. A follower behind an inbox that
// has its copy costs nothing more.
func TestOneDomainHasSoManyInboxes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, func(c *server.Config) { database(t)(c); c.Federation.InboxesPerDomain = 3 })
		many := s.evil.crowd(5)
		shared := s.evil.document(many[4], "Service")
		shared["inbox"] = many[0] + "/inbox"
		s.evil.handle("/u/one4", show(shared))
		follow := func(by, want string) {
			t.Helper()
			id := s.evil.fresh("follow")
			s.must(s.evil, by, doc{"type": "Follow", "id": id, "object": s.general})
			s.evil.received(want, id)
		}
		for i, want := range []string{"Accept", "Accept", "Accept", "Reject", "Accept"} {
			follow(many[i], want)
		}
		home := newPeer(t)
		honest := home.fresh("follow")
		who := home.actor("honest", "Person")
		s.must(home, who, doc{"type": "Follow", "id": honest, "object": s.general})
		home.received("Accept", honest)
		s.must(s.evil, many[1], doc{"type": "Undo", "object": doc{"type": "Follow", "id": s.evil.fresh("x"), "actor": many[1], "object": s.general}})
		follow(many[3], "Accept")
	})
}
