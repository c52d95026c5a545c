package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

// forge sends a Create in the name of an actor of p whose key nobody can check.
func (s *stage) forge(p *peer, actor, content string) answer {
	s.tb.Helper()
	body, err := json.Marshal(p.complete(actor, create(page(p.fresh("post"), actor, s.general, content))))
	if err != nil {
		s.tb.Fatal(err)
	}
	key := signature.Key{ID: actor + "#main-key", Private: s.evil.key(s.eve)}
	return p.deliver(s.node, letter{key: key, body: body})
}

// TestHostileKeyIDs: B3, CVE-2026-34148: what key ids make a node ask for. The
// numbers are those of package peerapi.
func TestHostileKeyIDs(t *testing.T) {
	t.Parallel()
	const burst, perSecond = 250, 5
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		other := newPeer(t)
		zoe := other.actor("zoe", "Service")
		before, start, answers := s.node.Snapshot(), time.Now(), map[answer]int{}
		for i := range 1000 {
			answers[s.forge(s.evil, fmt.Sprintf("%s/u/invented%d", s.evil.URL, i), "Forged")]++
		}
		most := burst + perSecond*(1+int(time.Since(start).Seconds()))
		if n := s.evil.asked("/u/invented"); n > most || n < burst/2 {
			t.Errorf("1,000 invented keys made the node ask %d times, want at most %d", n, most)
		}
		if n := answers[refused(401, "key")] + answers[refused(429, "key_budget")]; n != 1000 {
			t.Errorf("answers: %v", answers)
		}
		if counts := s.node.Peers.Counts(); counts["key_budget"] != int64(answers[refused(429, "key_budget")]) {
			t.Errorf("counted: %v, answered: %v", counts, answers)
		}
		nodetest.Settle(t, s.node)
		s.node.Stored(t, before)
		s.must(s.evil, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "Known before"))) // of the same host
		s.must(other, zoe, create(page(other.fresh("post"), zoe, s.general, "Of another host")))
		for range 100 {
			if got := s.forge(other, other.URL+"/u/nobody", "Forged"); got != refused(401, "key") {
				t.Fatalf("an invented key is answered %v", got)
			}
		}
		if n := other.asked("/u/nobody"); n != 1 {
			t.Errorf("one invented key made the node ask %d times", n)
		}
		known := other.asked("/u/zoe")
		for range 100 { // B1.7: a changed key is looked for, but not by every forgery
			if got := s.forge(other, zoe, "Forged"); got != refused(401, "bad_signature") {
				t.Fatalf("a forgery is answered %v", got)
			}
		}
		if n := other.asked("/u/zoe") - known; n != 1 {
			t.Errorf("100 forgeries made the node ask %d times for the key", n)
		}
	})
}

// TestNewSignerIsAskedForOnce: the first many activities of an actor come at the same time.
func TestNewSignerIsAskedForOnce(t *testing.T) {
	t.Parallel()
	s := setStage(t, nodetest.New(t))
	ben := s.evil.actor("ben", "Service")
	document := show(s.evil.document(ben, "Service"))
	var waiting sync.WaitGroup
	waiting.Add(20)
	s.evil.handle("/u/ben", func(w http.ResponseWriter, r *http.Request) {
		waiting.Wait() // all are on their way
		document(w, r)
	})
	var all sync.WaitGroup
	for range 20 {
		body, err := json.Marshal(s.evil.complete(ben, create(note(s.evil.fresh("note"), ben, s.adas, "Together"))))
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			waiting.Done()
			got, err := post(t.Context(), s.node, letter{key: signature.Key{ID: ben + "#main-key", Private: s.evil.key(ben)}, body: body})
			if err != nil || got != taken() {
				t.Errorf("answered %v, %v", got, err)
			}
		})
	}
	all.Wait()
	if n := s.evil.asked("/u/ben"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

// TestHostileUndecided: what cannot be decided is kept within bounds: nothing in
// it is proven, and it must not fill the disk.
func TestHostileUndecided(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		s.evil.handle("/u/mute", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		before, answers := s.node.Snapshot(), map[answer]int{}
		large := strings.Repeat("x", 400<<10) // twice in the body: 1 MB as it is kept
		for range 10 {
			answers[s.forge(s.evil, s.evil.URL+"/u/mute", large)]++
		}
		if kept := answers[taken()]; kept == 0 || kept > 4 || answers[refused(429, "key_budget")] != 10-kept {
			t.Errorf("answers: %v", answers)
		}
		if n := s.evil.asked("/u/mute"); n != 1 {
			t.Errorf("asked %d times for a key that could not be had", n)
		}
		nodetest.Settle(t, s.node)
		s.node.Stored(t, before, "received")
	})
}

// TestHostileAim: an agent cannot aim the node at somebody by what its
// activities refer to. The numbers are those of package worker.
func TestHostileAim(t *testing.T) {
	t.Parallel()
	const burst, perSecond = 600, 10
	s := setStage(t, nodetest.New(t))
	victim := newPeer(t)
	start := time.Now()
	for i := range burst + 200 {
		n := note(s.evil.fresh("comment"), s.eve, fmt.Sprintf("%s/aimed/%d", victim.URL, i), "An answer to nothing")
		if got := s.evil.send(s.node, s.eve, create(n)); got != taken() {
			t.Fatalf("answered %v", got)
		}
	}
	nodetest.Settle(t, s.node)
	most := burst + perSecond*(1+int(time.Since(start).Seconds()))
	if n := victim.asked("/aimed/"); n > most || n == 0 {
		t.Errorf("asked %d times, want at most %d", n, most)
	}
}

// TestKnownSignersOutliveTheirServersSilence: a day after it was asked for, a
// stored key is asked for again; while nobody answers, it holds.
func TestKnownSignersOutliveTheirServersSilence(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	s := setStage(t, nodetest.NewAt(t, now))
	s.evil.handle("/u/eve", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	ahead.Store(int64(25 * time.Hour))
	s.node.Stop() // what it has in memory is gone
	s.node.Restart()
	body, err := json.Marshal(s.evil.complete(s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "A day later"))))
	if err != nil {
		t.Fatal(err)
	}
	l := letter{key: signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}, body: body, at: now()}
	if got := s.evil.deliver(s.node, l); got != taken() {
		t.Errorf("answered %v", got)
	}
	nodetest.Settle(t, s.node)
	if got := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&limit=1", nil)); got != "A day later" {
		t.Errorf("the newest post is %q", got)
	}
	if n := s.node.Peers.Counts()["undecided"]; n != 0 {
		t.Errorf("undecided are %d", n)
	}
}

// TestHostileInboxes: an actor cannot have what we send to it go to another server.
func TestHostileInboxes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s, victim := newStage(t, database(t)), newPeer(t)
		for name, inbox := range map[string]string{"another": victim.URL + "/inbox", "ours": s.node.URL() + "/inbox", "none": "javascript:1"} {
			id := s.evil.actor(name, "Service")
			d := s.evil.document(id, "Service")
			d["inbox"] = inbox
			s.evil.handle("/u/"+name, show(d))
			s.holds(t, refused(400, "bad_actor"), func() answer {
				return s.evil.send(s.node, id, doc{"type": "Follow", "object": s.node.URL() + "/u/ada"})
			})
		}
		// What it has elsewhere beside an inbox of its own is not used.
		id := s.evil.actor("shared", "Service")
		d := s.evil.document(id, "Service")
		d["endpoints"] = doc{"sharedInbox": victim.URL + "/inbox"}
		s.evil.handle("/u/shared", show(d))
		follow := s.evil.fresh("activity")
		s.must(s.evil, id, doc{"type": "Follow", "id": follow, "object": s.node.URL() + "/u/ada"})
		s.evil.received("Accept", follow)
		victim.mu.Lock()
		defer victim.mu.Unlock()
		if len(victim.post) > 0 {
			t.Errorf("another server got %s", victim.post)
		}
	})
}

// TestHostileDocuments: B1.4, B2.1, B2.2, B2.3: what stands at an id that a Group
// passes on, and how often it is asked for.
func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	announced := func(document func(w *town, id string) http.HandlerFunc) func(w *town) answer {
		return func(w *town) answer {
			id := w.evil.fresh("document")
			w.evil.handle(strings.TrimPrefix(id, w.evil.URL), document(w, id))
			return w.evil.send(w.node, w.trap, doc{"type": "Announce", "object": id})
		}
	}
	// changed is an honest post with something else in it.
	changed := func(change func(w *town, d doc)) func(w *town, id string) http.HandlerFunc {
		return func(w *town, id string) http.HandlerFunc {
			d := page(id, w.eve, w.trap, "From a document")
			change(w, d)
			return show(d)
		}
	}
	as := func(contentType string) func(w *town, id string) http.HandlerFunc {
		return func(w *town, id string) http.HandlerFunc {
			return func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", contentType)
				_ = json.NewEncoder(rw).Encode(page(id, w.eve, w.trap, "Uploaded"))
			}
		}
	}
	runAttacks(t, []attack{
		{"no id", taken(), announced(changed(func(_ *town, d doc) { delete(d, "id") }))},
		{"an id that is no text", taken(), announced(changed(func(_ *town, d doc) { d["id"] = 7 }))},
		{"an id in a list", taken(), announced(changed(func(_ *town, d doc) { d["id"] = []any{d["id"], "x"} }))},
		{"a neighbour's id", taken(), announced(changed(func(w *town, d doc) { d["id"] = w.evil.URL + "/post/of-a-neighbour" }))},
		{"another server's id", taken(), announced(changed(func(w *town, d doc) { d["id"] = w.alices }))},
		{"our own id", taken(), announced(changed(func(w *town, d doc) { d["id"] = w.adas }))},
		{"no author", taken(), announced(changed(func(_ *town, d doc) { delete(d, "attributedTo") }))},
		{"another server's author", taken(), announced(changed(func(w *town, d doc) { d["attributedTo"] = w.alice }))},
		{"a local author", taken(), announced(changed(func(w *town, d doc) { d["attributedTo"] = w.node.URL() + "/u/ada" }))},
		{"a collection", taken(), announced(func(w *town, id string) http.HandlerFunc {
			return show(doc{"id": id, "type": "OrderedCollection", "orderedItems": []any{page(w.alices, w.alice, w.general, "Changed")}})
		})},
		{"a file that was uploaded", taken(), announced(as("application/json"))},
		{"a picture", taken(), announced(as("image/png"))},
		{"linked data of no profile", taken(), announced(as("application/ld+json"))},
		{"a redirect to another server", taken(), announced(func(w *town, id string) http.HandlerFunc {
			w.home.handle("/led", show(page(id, w.eve, w.trap, "Led here")))
			return http.RedirectHandler(w.home.URL+"/led", http.StatusFound).ServeHTTP
		})},
		{"a redirect to ourselves", taken(), announced(func(w *town, _ string) http.HandlerFunc {
			return http.RedirectHandler(w.adas, http.StatusFound).ServeHTTP
		})},
		{"a redirect to itself", taken(), announced(func(_ *town, id string) http.HandlerFunc {
			return http.RedirectHandler(id, http.StatusFound).ServeHTTP
		})},
	}, "received")
}

// TestHostileDocumentsControl: an honest document at an id is taken.
func TestHostileDocumentsControl(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		id := w.evil.fresh("document")
		w.evil.handle(strings.TrimPrefix(id, w.evil.URL), show(page(id, w.eve, w.trap, "From a document")))
		w.must(w.evil, w.trap, doc{"type": "Announce", "object": id})
		if got := titles(w.ada.Do(http.MethodGet, "/submolts/trap@"+w.evil.host()+"/feed?sort=new", nil)); got != "From a document" {
			t.Errorf("the node shows %q", got)
		}
	})
}

// TestHostileSlowBodies: B4: who sends a body without an end holds up nobody, and
// is cut off.
func TestHostileSlowBodies(t *testing.T) {
	t.Parallel()
	s := setStage(t, nodetest.New(t))
	before := s.node.Snapshot()
	var slow sync.WaitGroup
	for range 50 {
		slow.Go(func() {
			r, w := io.Pipe()
			defer func() { _ = w.Close() }()
			go func() { _, _ = w.Write([]byte("{")) }() // and never the rest
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.node.URL()+"/inbox", r)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", activity.ContentType)
			start := time.Now()
			if res, err := http.DefaultClient.Do(req); err == nil {
				_ = res.Body.Close()
				if res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusRequestTimeout {
					t.Errorf("half a body is answered %d", res.StatusCode)
				}
			}
			if took := time.Since(start); took > 25*time.Second {
				t.Errorf("half a body held a connection for %v", took)
			}
		})
	}
	for range 50 {
		start := time.Now()
		s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).Want(http.StatusOK)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("others waited %v", took)
		}
	}
	s.must(s.evil, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "Meanwhile")))
	slow.Wait()
	nodetest.Settle(t, s.node)
	for _, change := range s.node.Snapshot().Since(before) {
		if !strings.Contains(change, s.evil.URL) && !strings.Contains(change, "general") {
			t.Errorf("stored: %.200s", change)
		}
	}
}
