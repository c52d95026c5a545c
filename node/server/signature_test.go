package server_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// gate is a proxy before a node that lets letters pass by how they are signed.
type gate struct {
	*httptest.Server

	to      atomic.Pointer[httputil.ReverseProxy]
	mu      sync.Mutex
	refused int                      // guarded by mu
	passed  map[signature.Scheme]int // guarded by mu
}

// newGate starts a node behind a gate that refuses a scheme.
func newGate(t *testing.T, refuses signature.Scheme, opts ...nodetest.Option) (*gate, *nodetest.Node) {
	t.Helper()
	g := &gate{passed: map[signature.Scheme]int{}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme := signature.Cavage
		if r.Header.Get("Signature-Input") != "" {
			scheme = signature.Message
		}
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/inbox") {
			g.mu.Lock()
			defer g.mu.Unlock()
			if scheme == refuses {
				g.refused++
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			g.passed[scheme]++
		}
		g.to.Load().ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	n := nodetest.New(t, append(opts, func(c *server.Config) { c.BaseURL = g.URL })...)
	target := &url.URL{Scheme: "http", Host: n.Host}
	g.to.Store(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}})
	return g, n
}

func (g *gate) counts() (refused, cavage, message int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refused, g.passed[signature.Cavage], g.passed[signature.Message]
}

func hostOfURL(address string) string { return strings.TrimPrefix(address, "http://") }

// The second knock: a node that reads the draft alone and one that reads
// RFC 9421 alone still exchange, and what was learned outlives a restart.
func TestNodesOfDifferentSchemesExchange(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		old, a := newGate(t, signature.Message, database(t))
		young, b := newGate(t, signature.Cavage, database(t))
		ada, bob := a.Agent("ada"), b.Agent("bob")
		say := func(title string) {
			t.Helper()
			background(t, func() {
				r := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "general@" + hostOfURL(young.URL), "title": title})
				if r.Status != http.StatusCreated && r.Status != http.StatusAccepted {
					t.Errorf("post: %d %v", r.Status, r.Body)
				}
			}, a, b)
		}
		say("First")
		there := bob.Do(http.MethodGet, "/submolts/general/feed?sort=new", nil).Want(http.StatusOK)
		if titles(there) != "First" {
			t.Fatalf("on the young node: %v", there.Body)
		}
		bob.Do(http.MethodPost, "/posts/"+there.List("posts")[0]["id"].(string)+"/comments", map[string]any{"content": "Read."}).Want(http.StatusCreated)
		nodetest.Settle(t, a, b)
		post := a.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=general@"+hostOfURL(young.URL), nil)
		if n := post.List("posts")[0]["comment_count"]; n != float64(1) {
			t.Fatalf("the answer did not come back: %v", post.Body)
		}
		wantScheme(t, a, hostOfURL(young.URL), node.SchemeEd25519)
		wantScheme(t, b, hostOfURL(old.URL), node.SchemeCavage)

		a.Stop()
		a.Restart()
		refusedByYoung, _, messages := young.counts()
		say("Second")
		refusedNow, _, messagesNow := young.counts()
		if refusedNow != refusedByYoung || messagesNow <= messages {
			t.Errorf("after a restart: %d refused and %d taken, want %d and more than %d: the record was forgotten", refusedNow, messagesNow, refusedByYoung, messages)
		}
	})
}

func wantScheme(t *testing.T, n *nodetest.Node, host, want string) {
	t.Helper()
	if got, at, err := n.Node.Scheme(t.Context(), host); err != nil || got != want || at == 0 {
		t.Errorf("%s signs for %s by %q since %d, %v; want %q", n.Host, host, got, at, err, want)
	}
}

// A peer of which nothing is known gets the draft first, then RFC 9421 once; the
// next letter is signed as it liked.
func TestAStrangerIsAskedOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []bool // by RFC 9421
	strict := newPeer(t)
	reader := strict.actor("reader", "Person")
	strict.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			strict.serve(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		message := r.Header.Get("Signature-Input") != ""
		seen = append(seen, message)
		if !message {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	n := nodetest.New(t)
	ada := n.Agent("ada")
	if got := strict.send(n, reader, doc{"type": "Follow", "object": n.URL() + "/u/ada"}); got != taken() {
		t.Fatalf("follow: %v", got)
	}
	nodetest.Settle(t, n)
	ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Hello"}).Want(http.StatusCreated)
	nodetest.Settle(t, n)
	mu.Lock()
	defer mu.Unlock()
	if len(seen) < 3 || seen[0] || !seen[1] || !seen[2] {
		t.Errorf("letters by RFC 9421: %v, want the draft once, then RFC 9421", seen)
	}
}

// A peer that refuses both ways alike is sent each letter once for a day, and one that
// takes the other way by then is found out.
func TestWhoRefusesBothWaysIsNotKnockedAtTwice(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		var mu sync.Mutex
		var letters []string
		takes := false
		wall := newPeer(t)
		reader := wall.actor("reader", "Person")
		wall.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				wall.serve(w, r)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			way, status := "draft", http.StatusUnauthorized
			if r.Header.Get("Signature-Input") != "" {
				way = "message"
				if takes {
					status = http.StatusAccepted
				}
			}
			letters = append(letters, way)
			w.WriteHeader(status)
		})
		c := newClock()
		n := nodetest.NewAt(t, c.now, database(t))
		ada := n.Agent("ada")
		if got := wall.send(n, reader, doc{"type": "Follow", "object": n.URL() + "/u/ada"}); got != taken() {
			t.Fatalf("follow: %v", got)
		}
		nodetest.Settle(t, n) // and its Accept is refused in both ways
		came := func(want string) {
			t.Helper()
			nodetest.Settle(t, n)
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(letters, " "); got != want {
				t.Errorf("there came %q, want %q", got, want)
			}
			letters = nil
		}
		post := func(title string) {
			ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": title}).Want(http.StatusCreated)
		}
		came("draft message")
		post("One")
		came("draft")
		mu.Lock()
		takes = true
		mu.Unlock()
		c.add(25 * time.Hour)
		post("Two")
		came("draft message")
		post("Three")
		came("message")
	})
}

// Who signs by RFC 9421 is answered in it, from the first letter on.
func TestASenderIsAnsweredInItsOwnScheme(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[signature.Scheme]bool{signature.Cavage: false, signature.Message: true} {
		t.Run(string(scheme), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var seen []bool // by RFC 9421
			other := newPeer(t)
			reader := other.actor("reader", "Person")
			other.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					other.serve(w, r)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, r.Header.Get("Signature-Input") != "")
				w.WriteHeader(http.StatusAccepted)
			})
			n := nodetest.New(t)
			body, err := json.Marshal(other.complete(reader, doc{"type": "Follow", "object": n.URL() + "/m/general"}))
			if err != nil {
				t.Fatal(err)
			}
			got := other.deliver(n, letter{key: signature.Key{ID: reader + "#main-key", Private: other.key(reader), Scheme: scheme}, body: body})
			if got != taken() {
				t.Fatalf("follow: %v", got)
			}
			nodetest.Settle(t, n)
			mu.Lock()
			defer mu.Unlock()
			if len(seen) == 0 || slices.Contains(seen, !want) {
				t.Errorf("answers by RFC 9421: %v, want at least one and each %v", seen, want)
			}
		})
	}
}

// proofKeyOf is the Ed25519 key of a peer's actor, which its document lists.
func (p *peer) proofKeyOf(actor string) proof.Key {
	p.tb.Helper()
	seed := append([]byte(actor), make([]byte, ed25519.SeedSize)...)
	k := proof.Key{ID: actor + "#ed25519-key", Private: ed25519.NewKeyFromSeed(seed[len(seed)-ed25519.SeedSize-8 : len(seed)-8])}
	d := p.document(actor, "Service")
	d["assertionMethod"] = []doc{{
		"id": k.ID, "type": "Multikey", "controller": actor, "publicKeyMultibase": proof.Multikey(k.Private.Public().(ed25519.PublicKey)),
	}}
	p.handle(strings.TrimPrefix(actor, p.URL), show(d))
	return k
}

// proven is an activity of a peer's actor with its proof.
func (p *peer) proven(by string, key proof.Key, a doc) []byte {
	p.tb.Helper()
	body, err := json.Marshal(p.complete(by, a))
	if err != nil {
		p.tb.Fatal(err)
	}
	signed, err := proof.Sign(body, key, time.Now())
	if err != nil {
		p.tb.Fatal(err)
	}
	return signed
}

// An activity that another server passes on counts as its own actor's by the
// proof inside, and nothing is fetched but the actor [PROOF-2] [PROOF-3].
func TestForwardedActivitiesCountByTheirProof(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		home := newPeer(t).agentsOnly()
		bo := home.actor("bo", "Service")
		key := home.proofKeyOf(bo)
		relay := signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}
		body := home.proven(bo, key, create(page(home.URL+"/post/1", bo, s.general, "By bo")))

		forged := bytes.Replace(body, []byte("By bo"), []byte("By no"), 1)
		if got := s.evil.deliver(s.node, letter{key: relay, body: forged}); got != refused(401, "bad_proof") {
			t.Errorf("a changed activity: %v", got)
		}
		foreign := bytes.ReplaceAll(body, []byte("eddsa-jcs-2022"), []byte("eddsa-rdfc-2022"))
		if got := s.evil.deliver(s.node, letter{key: relay, body: foreign}); got != refused(401, "forwarded") {
			t.Errorf("a proof of an unknown kind: %v", got)
		}
		if got := s.evil.deliver(s.node, letter{key: relay, body: body}); got != taken() {
			t.Fatalf("a proven activity: %v", got)
		}
		nodetest.Settle(t, s.node)
		if got := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); got != "By bo|By eve|By ada" {
			t.Errorf("shown: %q", got)
		}
		if n := home.asked("/post/"); n != 0 {
			t.Errorf("the post was asked for %d times although it was proven", n)
		}
	})
}

// What a Group passes on of another server's agents needs no look there when it
// is proven; a broken proof drops it, a missing one is looked up as ever.
func TestAnnouncedActivitiesCountByTheirProof(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(*server.Config) {})
	far := newPeer(t).agentsOnly()
	group := far.actor("tea", "Group")
	far.handle("/u/tea", show(far.document(group, "Group")))
	background(t, func() { s.ada.Do(http.MethodPost, "/submolts/tea@"+far.host()+"/subscribe", nil) }, s.node)
	follow := far.received("Follow", group)
	s.must(far, group, doc{"type": "Accept", "object": follow})

	home := newPeer(t).agentsOnly()
	bo := home.actor("bo", "Service")
	key := home.proofKeyOf(bo)
	announce := func(inner []byte) {
		t.Helper()
		s.must(far, group, doc{"type": "Announce", "to": []string{activity.Public}, "object": json.RawMessage(inner)})
	}
	announce(home.proven(bo, key, create(page(home.URL+"/post/1", bo, group, "Proven"))))
	forged := home.proven(bo, key, create(page(home.URL+"/post/2", bo, group, "Forged")))
	announce(bytes.Replace(forged, []byte("Forged"), []byte("Forger"), 1))
	unproven, err := json.Marshal(home.complete(bo, create(page(home.URL+"/post/3", bo, group, "Claimed"))))
	if err != nil {
		t.Fatal(err)
	}
	home.handle("/post/3", show(page(home.URL+"/post/3", bo, group, "Fetched")))
	announce(unproven)
	got := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=tea@"+far.host(), nil))
	if got != "Fetched|Proven" {
		t.Errorf("shown: %q", got)
	}
	if home.asked("/post/1") != 0 || home.asked("/post/2") != 0 || home.asked("/post/3") != 1 {
		t.Errorf("asked for the posts %d, %d and %d times", home.asked("/post/1"), home.asked("/post/2"), home.asked("/post/3"))
	}
}

// Whatever a node serves and sends of its agents carries their proof, and it
// holds for who reads the actor's document [PROOF-1].
func TestWhatIsEmittedIsProven(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	ada := n.Agent("ada")
	post := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Proven", "content": "é <b>"}).Want(http.StatusCreated)
	comment := ada.Do(http.MethodPost, "/posts/"+post.String("post", "id")+"/comments", map[string]any{"content": "And so is this."}).Want(http.StatusCreated)
	var outbox struct {
		OrderedItems []json.RawMessage
	}
	read := func(path string) []byte {
		t.Helper()
		status, body, _ := n.Get(path, activity.ContentType)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		return []byte(body)
	}
	for _, path := range []string{
		"/", "/u/ada", "/m/general", "/post/" + post.String("post", "id"), "/comment/" + comment.String("comment", "id"),
	} {
		wantProven(t, n, path, read(path))
	}
	for _, of := range []string{"/u/ada/outbox", "/m/general/outbox"} {
		if err := json.Unmarshal(read(of), &outbox); err != nil || len(outbox.OrderedItems) == 0 {
			t.Fatalf("%s: %d items, %v", of, len(outbox.OrderedItems), err)
		}
		for _, item := range outbox.OrderedItems {
			wantProven(t, n, of, item)
			a, err := activity.ParseActivity(item)
			if err != nil {
				t.Fatal(err)
			}
			if a.Type == activity.TypeAnnounce { // the bytes inside are the agent's own
				wantProven(t, n, of, a.Object().Raw)
			}
			wantProven(t, n, a.ID, read(strings.TrimPrefix(a.ID, n.URL())))
		}
	}
}

// wantProven reads the proof's key where the document says that it is.
func wantProven(t *testing.T, n *nodetest.Node, what string, body []byte) {
	t.Helper()
	p, err := proof.Find(body)
	if err != nil {
		t.Errorf("%s: %v: %s", what, err, body)
		return
	}
	owner, _, _ := strings.Cut(p.Method, "#")
	_, document, _ := n.Get(strings.TrimPrefix(owner, n.URL()), activity.ContentType)
	a, err := activity.ParseActor([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	k, _ := a.Key(p.Method)
	public, err := proof.ParseMultikey(k.Multibase)
	if err != nil {
		t.Fatalf("%s: key %s: %v", what, p.Method, err)
	}
	if err := p.Verify(body, public); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// A peer may sign with the key of its assertionMethod, too.
func TestAnEd25519SignatureIsTaken(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		home := newPeer(t).agentsOnly()
		bo := home.actor("bo", "Service")
		k := home.proofKeyOf(bo)
		ways := map[string]signature.Key{
			"By Ed25519": {ID: k.ID, Private: k.Private, Scheme: signature.Message},
			"By RSA":     {ID: bo + "#main-key", Private: home.key(bo), Scheme: signature.Message},
		}
		for title, key := range ways {
			for range 2 { // from the actor's document, then from memory or the database
				body, err := json.Marshal(home.complete(bo, create(page(home.fresh("post"), bo, s.general, title))))
				if err != nil {
					t.Fatal(err)
				}
				if got := home.deliver(s.node, letter{key: key, body: body}); got != taken() {
					t.Errorf("%s: %v", title, got)
				}
				nodetest.Settle(t, s.node)
			}
		}
		s.node.Stop()
		s.node.Restart() // nothing in memory
		body, err := json.Marshal(home.complete(bo, create(page(home.fresh("post"), bo, s.general, "Again"))))
		if err != nil {
			t.Fatal(err)
		}
		asked := home.asked("/u/bo")
		if got := home.deliver(s.node, letter{key: ways["By Ed25519"], body: body}); got != taken() || home.asked("/u/bo") != asked {
			t.Errorf("from the database: %v after %d more questions", got, home.asked("/u/bo")-asked)
		}
	})
}
