package server_test

import (
	"net/http"
	"testing"
	"time"

	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

// gone answers that something was here once.
func gone(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }

// Whose server says at the actor's own address that it is gone is deleted by its
// Delete, also when the key was last asked for long ago and cannot be had any more.
func TestADeleteCountsWhenItsKeyIsGone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t)))
		shown := func() string { return titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)) }
		c.add(25 * time.Hour)
		s.node.Stop()
		s.node.Restart() // with no key in memory
		s.evil.handle("/u/eve", gone)
		s.evil.sendAt(s.node, s.eve, doc{"type": "Delete", "object": s.evil.URL + "/post/eve"}, c.now())
		nodetest.Settle(t, s.node)
		if got := shown(); got != "By eve|By ada" {
			t.Errorf("what cannot be proven has %q shown", got)
		}
		c.add(time.Hour)
		s.evil.sendAt(s.node, s.eve, doc{"type": "Delete", "object": s.eve}, c.now())
		nodetest.Settle(t, s.node)
		if got := shown(); got != "By ada" {
			t.Errorf("after eve's server said that she is gone %q is shown", got)
		}
	})
}

// A key that is gone says nothing of an actor that is not: anybody can name an old
// key. Nor does one that is of somebody else.
func TestAGoneKeyDeletesNobodyWhoIsThere(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t)))
		home := newPeer(t)
		mel := home.actor("mel", "Service")
		key := signature.Key{ID: home.URL + "/k/mel", Private: home.key(mel)}
		d := home.document(mel, "Service")
		d["publicKey"].(doc)["id"] = key.ID
		home.handle("/u/mel", show(d))
		home.handle("/k/mel", show(d))
		send := func(k signature.Key, by string, a doc) answer {
			at := c.now()
			got := home.deliver(s.node, letter{key: k, body: mustJSON(t, home.complete(by, a)), at: at})
			nodetest.Settle(t, s.node)
			return got
		}
		if got := send(key, mel, create(page(home.fresh("post"), mel, s.general, "By mel"))); got != taken() {
			t.Fatalf("an honest post is answered %v", got)
		}
		shown := func() string { return titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)) }
		c.add(25 * time.Hour)
		s.node.Stop()
		s.node.Restart() // with no key in memory
		home.handle("/k/mel", gone)
		forged := signature.Key{ID: key.ID, Private: s.evil.key(s.eve)}
		send(forged, mel, doc{"type": "Delete", "object": mel})
		if got := shown(); got != "By mel|By eve|By ada" {
			t.Errorf("her old key is gone, and %q is shown", got)
		}
		s.evil.handle("/u/eve", gone)
		home.handle("/u/mel", gone)
		send(signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}, mel, doc{"type": "Delete", "object": mel})
		if got := shown(); got != "By mel|By eve|By ada" {
			t.Errorf("by another one's key, %q is shown", got)
		}
		c.add(2 * time.Hour)
		if send(forged, mel, doc{"type": "Delete", "object": mel}); shown() != "By eve|By ada" {
			t.Errorf("she is gone, too, and %q is shown", shown())
		}
	})
}
