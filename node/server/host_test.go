package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

// runs has a server say which software it runs.
func (p *peer) runs(software string) *peer {
	p.handle("/.well-known/nodeinfo", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(doc{"links": []doc{{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": p.URL + "/nodeinfo/2.0"}}})
	})
	p.handle("/nodeinfo/2.0", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(doc{
			"version": "2.0", "software": doc{"name": software, "version": "1.0"}, "protocols": []string{"activitypub"}, "services": doc{"inbound": []string{}, "outbound": []string{}},
			"openRegistrations": false, "usage": doc{"users": doc{}}, "metadata": doc{},
		})
	})
	return p
}

// mail lists what came into a server's inboxes: type, type inside, and for ids the id.
func (p *peer) mail() string {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var got []string
	for _, body := range p.post {
		a, err := activity.ParseActivity(body)
		if err != nil {
			p.tb.Fatalf("%s got %s", p.URL, body)
		}
		switch inner := a.Object(); {
		case a.Type == activity.TypeAccept:
		case inner.Raw == nil:
			got = append(got, a.Type+" id")
		default:
			got = append(got, a.Type+" "+inner.Type)
		}
	}
	return strings.Join(got, "|")
}

// undone is the activity inside the last Undo that came.
func (p *peer) undone() *activity.Activity {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, body := range slices.Backward(p.post) {
		if a, err := activity.ParseActivity(body); err == nil && a.Type == activity.TypeUndo {
			inner, err := activity.ParseActivity(a.Object().Raw)
			if err != nil {
				p.tb.Fatal(err)
			}
			return inner
		}
	}
	p.tb.Fatalf("%s got no Undo", p.URL)
	return nil
}

// TestAnnouncesFitTheSoftware: microblogs get posts as boosts, and their edits;
// all others every activity; votes go where they count.
func TestAnnouncesFitTheSoftware(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		const rest = "Announce Create|Announce Update|Announce Delete"
		want := map[*peer]string{
			newPeer(t).runs("mastodon"): "Announce id|Update Page|Undo Announce|Delete id",
			newPeer(t).runs("lemmy"):    "Announce Create|" + rest,
			newPeer(t):                  "Announce Create|" + rest, // nobody knows
		}
		for p := range want {
			who := p.actor("reader", "Person")
			s.must(p, who, doc{"type": "Follow", "object": s.general})
		}
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "For all"}).Want(http.StatusCreated)
		id := post.String("post", "id")
		s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "For some."}).Want(http.StatusCreated)
		s.node.Agent("bob").Do(http.MethodPost, "/posts/"+id+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, s.node)
		for p := range want {
			if strings.HasPrefix(want[p], "Announce id") {
				announce := p.received("Announce", post.String("post", "uri"))
				if status, body, _ := s.node.Get(strings.TrimPrefix(announce, s.node.URL()), activity.ContentType); status != http.StatusOK || !strings.Contains(body, id) {
					t.Errorf("the announcement is not there: %d %s", status, body)
				}
			}
		}
		s.ada.Do(http.MethodPatch, "/posts/"+id, map[string]any{"content": "Changed."}).Want(http.StatusOK)
		nodetest.Settle(t, s.node)
		s.ada.Do(http.MethodDelete, "/posts/"+id, nil).Want(http.StatusOK)
		nodetest.Settle(t, s.node)
		for p, w := range want {
			if got := p.mail(); got != w {
				t.Errorf("a server got %q, want %q", got, w)
			}
			if strings.HasPrefix(w, "Announce id") && !activity.PublicIn(p.undone().To) {
				t.Error("the Announce that is undone is not addressed: GoToSocial answers 400 when it has lost the post")
			}
		}
	})
}

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.UnixMilli(c.at.Load()) }
func (c *clock) add(by time.Duration) { c.at.Add(by.Milliseconds()) }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Now().UnixMilli())
	return c
}

// TestServersAreAskedAgain: once a day, so that a new software gets what it
// understands, and one that failed gets what waits for it when it lives again.
func TestServersAreAskedAgain(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		p, ada := newPeer(t), n.Agent("ada")
		who := p.actor("reader", "Person")
		if got := p.send(n, who, doc{"type": "Follow", "object": n.URL() + "/m/general"}); got != taken() {
			t.Fatalf("the Follow is answered %v", got)
		}
		nodetest.Settle(t, n)
		post := func(title string) {
			ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": title}).Want(http.StatusCreated)
			nodetest.Settle(t, n)
		}
		post("As an activity")
		asked := p.asked("/.well-known/nodeinfo")
		p.runs("mastodon")
		c.add(25 * time.Hour)
		nodetest.Settle(t, n)
		post("As a boost")
		if got := p.mail(); got != "Announce Create|Announce id" {
			t.Errorf("it got %q", got)
		}
		if got := p.asked("/.well-known/nodeinfo") - asked; got != 1 {
			t.Errorf("after a day it was asked %d times, want once", got)
		}

		p.failing.Store(true)
		post("While it fails")
		c.add(21*time.Hour + 30*time.Minute)
		nodetest.Settle(t, n) // fails again: the next attempt is hours away
		p.failing.Store(false)
		c.add(10 * time.Minute)
		nodetest.Settle(t, n)
		if got := p.mail(); got != "Announce Create|Announce id" {
			t.Fatalf("it was tried too early: %q", got)
		}
		c.add(2*time.Hour + 30*time.Minute) // a day after it was asked
		nodetest.Settle(t, n)
		if got := p.mail(); got != "Announce Create|Announce id|Announce id" {
			t.Errorf("after it lives again it has %q", got)
		}
	})
}

// sendAt is send for a node that lives at another time.
func (p *peer) sendAt(n *nodetest.Node, by string, a doc, at time.Time) {
	p.tb.Helper()
	body, err := json.Marshal(p.complete(by, a))
	if err != nil {
		p.tb.Fatal(err)
	}
	if got := p.deliver(n, letter{key: signature.Key{ID: by + "#main-key", Private: p.key(by)}, body: body, at: at}); got != taken() {
		p.tb.Fatalf("%v is answered %v", a["type"], got)
	}
}

// TestLostServers: what waits for a server that has been silent for a month is
// given up, and people of whom nothing is left are forgotten, with their server.
func TestLostServers(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		p, ada := newPeer(t), n.Agent("ada")
		who := p.actor("reader", "Person")
		follow := p.fresh("activity")
		if got := p.send(n, who, doc{"id": follow, "type": "Follow", "object": n.URL() + "/m/general"}); got != taken() {
			t.Fatalf("the Follow is answered %v", got)
		}
		nodetest.Settle(t, n)
		p.failing.Store(true)
		ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Never heard"}).Want(http.StatusCreated)
		nodetest.Settle(t, n)
		for range 32 {
			c.add(25 * time.Hour)
			nodetest.Settle(t, n)
		}
		p.failing.Store(false)
		c.add(25 * time.Hour)
		nodetest.Settle(t, n)
		if got := p.mail(); got != "" {
			t.Errorf("after a month it still got %q", got)
		}
		ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Anew"}).Want(http.StatusCreated)
		nodetest.Settle(t, n)
		if got := p.mail(); got != "Announce Create" {
			t.Errorf("what is new for it is not sent: %q", got)
		}
		p.sendAt(n, who, doc{"type": "Undo", "object": doc{"id": follow, "type": "Follow", "actor": who, "object": n.URL() + "/m/general"}}, c.now())
		nodetest.Settle(t, n)
		c.add(101 * 24 * time.Hour)
		if pruned, err := n.Node.Prune(t.Context()); err != nil || pruned == 0 {
			t.Fatalf("Prune = %d, %v", pruned, err)
		}
		p.failing.Store(true)
		nodetest.Settle(t, n)
		hosts := fmt.Sprint(n.Snapshot())
		if strings.Contains(hosts, who) {
			t.Errorf("the person is still known")
		}
	})
}

// An inbox that leads elsewhere waits alone: the others of its server go on.
func TestAnInboxThatRedirectsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, p := n.Agent("ada"), newPeer(t)
		good, moved := p.actor("good", "Service"), p.actor("moved", "Service")
		var tries atomic.Int64
		p.handle("POST /u/moved/inbox", func(w http.ResponseWriter, r *http.Request) {
			tries.Add(1)
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})
		for _, by := range []string{good, moved} {
			p.send(n, by, doc{"type": "Follow", "object": n.URL() + "/u/ada"})
			nodetest.Settle(t, n)
		}
		if tries.Load() != 1 {
			t.Fatalf("the redirecting inbox was tried %d times at once", tries.Load())
		}
		before := p.mail()
		ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "For good"}).Want(http.StatusCreated)
		nodetest.Settle(t, n)
		if got := p.mail(); got == before || tries.Load() != 1 {
			t.Errorf("the good inbox got %q after %q; the other was tried %d times", got, before, tries.Load())
		}
	})
}

// An inbox that fails for itself alone does so without its server's others: until
// that is clear they wait no longer than for the first probes.
func TestAnInboxThatFailsAloneHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		ada, p := n.Agent("ada"), newPeer(t)
		var tries atomic.Int64
		for _, name := range []string{"good", "bad"} {
			who := p.actor(name, "Service")
			p.sendAt(n, who, doc{"type": "Follow", "object": n.URL() + "/u/ada"}, c.now())
			nodetest.Settle(t, n)
		}
		c.add(time.Second)
		p.handle("POST /u/bad/inbox", func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		count := func() int { return strings.Count(p.mail(), "Create Page") }
		for i := range 5 {
			ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": fmt.Sprintf("Number %d", i)}).Want(http.StatusCreated)
			nodetest.Settle(t, n)
			if i < 2 {
				c.add(40 * time.Second)
				nodetest.Settle(t, n)
			}
			if got := count(); got != i+1 {
				t.Errorf("after %d posts the good inbox has %d", i+1, got)
			}
			c.add(5 * time.Second)
		}
		if got := tries.Load(); got < 1 || got > 10 {
			t.Errorf("the bad inbox was tried %d times in two minutes", got)
		}
		p.mu.Lock()
		delete(p.docs, "POST /u/bad/inbox")
		p.mu.Unlock()
		c.add(time.Minute)
		nodetest.Settle(t, n)
		if got := count(); got != 10 {
			t.Errorf("when the bad inbox is mended both have %d of 10 posts", got)
		}
	})
}
