package server_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

const namespace = "https://www.w3.org/ns/activitystreams"

// doc is a document as another server writes it.
type doc map[string]any

// answer is what an inbox said: its status, and the word of a refusal.
type answer struct {
	status int
	reason string
}

// taken is the answer to all that is not refused, and proves nothing.
func taken() answer { return answer{status: http.StatusAccepted} }

// peer is another server, which says whatever a test wants it to say.
type peer struct {
	*httptest.Server

	tb   testing.TB
	quit chan struct{} // closed when the test ends

	failing atomic.Bool // answers everything with an error

	mu   sync.Mutex
	keys map[string]*rsa.PrivateKey      // by actor; guarded by mu
	docs map[string]http.HandlerFunc     // by path; guarded by mu
	gets map[string]int                  // how often a path was asked for; guarded by mu
	post []json.RawMessage               // what came into its inboxes; guarded by mu
	last int                             // number of the last activity; guarded by mu
	deep func(n int) (d doc, known bool) // answers /deep/{n}; set before it is asked
}

func newPeer(tb testing.TB) *peer {
	tb.Helper()
	p := &peer{
		tb: tb, quit: make(chan struct{}), keys: map[string]*rsa.PrivateKey{},
		docs: map[string]http.HandlerFunc{}, gets: map[string]int{},
	}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	p.handle("/.well-known/webfinger", p.webfinger)
	tb.Cleanup(func() {
		close(p.quit)
		p.Close()
	})
	return p
}

func (p *peer) host() string { return strings.TrimPrefix(p.URL, "http://") }

func (p *peer) serve(w http.ResponseWriter, r *http.Request) {
	if p.failing.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.mu.Lock()
		h := p.docs[http.MethodPost+" "+r.URL.Path]
		if h == nil {
			p.post = append(p.post, body)
		}
		p.mu.Unlock()
		if h != nil {
			h(w, r)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	p.mu.Lock()
	p.gets[r.URL.Path]++
	h := p.docs[r.URL.Path]
	p.mu.Unlock()
	if n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/deep/")); err == nil && p.deep != nil {
		if d, ok := p.deep(n); ok {
			show(d)(w, r)
			return
		}
	}
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h(w, r)
}

func (p *peer) webfinger(w http.ResponseWriter, r *http.Request) {
	resource := r.URL.Query().Get("resource")
	name, _, _ := strings.Cut(strings.TrimPrefix(resource, "acct:"), "@")
	w.Header().Set("Content-Type", "application/jrd+json")
	_ = json.NewEncoder(w).Encode(doc{
		"subject": resource,
		"links":   []doc{{"rel": "self", "type": activity.ContentType, "href": p.URL + "/u/" + name}},
	})
}

// show answers with an ActivityPub document.
func show(d doc) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", activity.ContentType)
		_ = json.NewEncoder(w).Encode(d)
	}
}

func (p *peer) handle(path string, h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.docs[path] = h
}

// asked says how often paths with a prefix were asked for.
func (p *peer) asked(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	total := 0
	for path, n := range p.gets {
		if strings.HasPrefix(path, prefix) {
			total += n
		}
	}
	return total
}

// agentsOnly has the server say that only agents write on it: their votes count.
func (p *peer) agentsOnly() *peer {
	p.handle("/", show(doc{
		"id": p.URL + "/", "type": "Application", "preferredUsername": "node", "inbox": p.URL + "/inbox",
		"implements": []string{activity.HumanWritesNone},
	}))
	return p
}

// actor gives the server an actor with a key of its own and returns its id.
func (p *peer) actor(name, wireType string) string {
	p.tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.tb.Fatal(err)
	}
	id := p.URL + "/u/" + name
	p.mu.Lock()
	p.keys[id] = key
	p.mu.Unlock()
	p.handle("/u/"+name, show(p.document(id, wireType)))
	return id
}

// document is an actor's honest document.
func (p *peer) document(id, wireType string) doc {
	p.tb.Helper()
	return doc{
		"@context": namespace, "id": id, "type": wireType, "preferredUsername": id[strings.LastIndexByte(id, '/')+1:],
		"inbox": id + "/inbox", "outbox": id + "/outbox", "followers": id + "/followers",
		"publicKey": doc{"id": id + "#main-key", "owner": id, "publicKeyPem": publicPEM(p.tb, &p.key(id).PublicKey)},
	}
}

func publicPEM(tb testing.TB, key *rsa.PublicKey) string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (p *peer) key(actor string) *rsa.PrivateKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[actor]
}

// fresh is a new id on the server.
func (p *peer) fresh(kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	return p.URL + "/" + kind + "/" + strconv.Itoa(p.last)
}

// received returns the id of the last activity of a type that came for an object.
func (p *peer) received(wireType, object string) string {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, body := range slices.Backward(p.post) {
		a, err := activity.ParseActivity(body)
		if err == nil && a.Type == wireType && a.Object().ID == object {
			return a.ID
		}
	}
	p.tb.Fatalf("%s got no %s of %s", p.URL, wireType, object)
	return ""
}

// complete gives an activity what it lacks.
func (p *peer) complete(by string, a doc) doc {
	whole := doc{"@context": namespace, "id": p.fresh("activity"), "actor": by, "to": []string{activity.Public}}
	maps.Copy(whole, a)
	return whole
}

// send posts an activity to a node's inbox, signed with the key of one of the
// server's actors.
func (p *peer) send(n *nodetest.Node, by string, a doc) answer {
	p.tb.Helper()
	body, err := json.Marshal(p.complete(by, a))
	if err != nil {
		p.tb.Fatal(err)
	}
	return p.deliver(n, letter{key: signature.Key{ID: by + "#main-key", Private: p.key(by)}, body: body})
}

// letter is a request to an inbox.
type letter struct {
	key         signature.Key
	body        []byte
	contentType string       // "" for the right one
	client      *http.Client // nil for any
	at          time.Time    // when it is signed; zero for now
}

func (p *peer) deliver(n *nodetest.Node, l letter) answer {
	p.tb.Helper()
	a, err := post(p.tb.Context(), n, l)
	if err != nil {
		p.tb.Fatal(err)
	}
	return a
}

func post(ctx context.Context, n *nodetest.Node, l letter) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL()+"/inbox", bytes.NewReader(l.body))
	if err != nil {
		return answer{}, err
	}
	if l.contentType == "" {
		l.contentType = activity.ContentType
	}
	r.Header.Set("Content-Type", l.contentType)
	if err := signature.Sign(r, l.body, l.key, cmp.Or(l.at, time.Now())); err != nil {
		return answer{}, err
	}
	if l.client == nil {
		l.client = http.DefaultClient
	}
	res, err := l.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || len(b) == 0 {
		return answer{status: res.StatusCode}, err
	}
	var problem struct{ Error string }
	if err := json.Unmarshal(b, &problem); err != nil {
		return answer{}, fmt.Errorf("status %d, no problem document: %.200s", res.StatusCode, b)
	}
	return answer{res.StatusCode, problem.Error}, nil
}

// page is a post, note a comment, as a server writes them.
func page(id, author, submolt, title string) doc {
	return doc{
		"id": id, "type": "Page", "attributedTo": author, "name": title, "content": "<p>" + title + ", at length.</p>",
		"audience": submolt, "to": []string{submolt, activity.Public},
	}
}

func note(id, author, parent, text string) doc {
	return doc{
		"id": id, "type": "Note", "attributedTo": author, "inReplyTo": parent, "content": "<p>" + text + "</p>",
		"to": []string{activity.Public},
	}
}

func create(object doc) doc { return doc{"type": "Create", "object": object} }

// stage is a node with one agent, and a server of strangers' agents.
type stage struct {
	tb      testing.TB
	node    *nodetest.Node
	ada     *nodetest.Agent
	evil    *peer
	eve     string // an agent of evil
	general string // a submolt of the node
	adas    string // ada's post in it
}

func newStage(t *testing.T, o nodetest.Option) *stage {
	t.Helper()
	return setStage(t, nodetest.NewAt(t, slowly(), o))
}

// slowly is a clock that loses nine seconds of ten: what a node tries again
// after some seconds does not come due on a slow machine while another attack
// is looked at.
func slowly() func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(time.Since(start) / 10) }
}

func setStage(t *testing.T, n *nodetest.Node) *stage {
	t.Helper()
	s := &stage{tb: t, node: n, evil: newPeer(t)}
	s.ada, s.general = s.node.Agent("ada"), s.node.URL()+"/m/general"
	s.adas = s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "By ada"}).
		Want(http.StatusCreated).String("post", "uri")
	s.eve = s.evil.actor("eve", "Service")
	s.must(s.evil, s.eve, create(page(s.evil.URL+"/post/eve", s.eve, s.general, "By eve")))
	if got := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); got != "By eve|By ada" {
		t.Fatalf("an honest post is not shown: %q", got) // else no attack below would prove anything
	}
	return s
}

// must sends what is to be taken, and has it applied.
func (s *stage) must(p *peer, by string, a doc) {
	s.tb.Helper()
	if got := p.send(s.node, by, a); got != taken() {
		s.tb.Fatalf("an honest %v is answered %v", a["type"], got)
	}
	nodetest.Settle(s.tb, s.node)
}

// seen is all that the node shows: posts, threads, scores, submolts, agents,
// who follows whom.
func (s *stage) seen() string {
	s.tb.Helper()
	var b strings.Builder
	look := func(path string) nodetest.Reply {
		r := s.node.Call("", http.MethodGet, "/api/v1"+path, nil)
		text, err := json.Marshal(r.Body)
		if err != nil {
			s.tb.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d %s\n", path, r.Status, text)
		return r
	}
	posts := look("/posts?sort=new&limit=100").Want(http.StatusOK).List("posts")
	for _, p := range posts {
		id, ok := p["id"].(string)
		if !ok {
			s.tb.Fatalf("a post without id: %v", p)
		}
		look("/posts/" + id + "/comments?sort=new&limit=100").Want(http.StatusOK)
	}
	look("/submolts?limit=100").Want(http.StatusOK)
	look("/agents/profile?name=ada").Want(http.StatusOK)
	look("/agents/ada/followers").Want(http.StatusOK)
	look("/agents/ada/following").Want(http.StatusOK)
	for _, p := range posts {
		if author, ok := p["author"].(map[string]any); ok {
			look(fmt.Sprintf("/agents/profile?name=%v", author["name"]))
		}
	}
	return b.String()
}

// holds runs an attack and says whether the node answers as it must, shows
// afterwards what it showed before, and has stored nothing, or, of what it
// answered 202, nothing but rows of the tables named: see nodetest.Node.Stored.
func (s *stage) holds(t *testing.T, want answer, attack func() answer, keeps ...string) {
	t.Helper()
	before, stored := s.seen(), s.node.Snapshot()
	if got := attack(); got != want {
		t.Errorf("answered %v, want %v", got, want)
	}
	nodetest.Settle(t, s.node)
	if want != taken() {
		keeps = nil
	}
	s.node.Stored(t, stored, keeps...)
	if after := s.seen(); after != before {
		i := 0
		for i < min(len(before), len(after)) && before[i] == after[i] {
			i++
		}
		from := max(0, i-200)
		t.Errorf("it had an effect: before\n...%.400s\nafter\n...%.400s", before[from:], after[from:])
	}
}

// town is a stage with an honest server, too: alice, who posted, answered,
// voted and follows; bert beside her, who posted; and two Groups that ada
// follows, one of each server.
type town struct {
	*stage

	home        *peer
	alice, bert string
	alices      string // alice's post
	comment     string // her answer to ada
	like        string // her vote for ada's post
	follow      string // her follow of ada
	club, trap  string // Groups of home and of evil that ada follows
	asked       string // ada's follow of alice, which alice has not answered
}

func newTown(t *testing.T, o nodetest.Option) *town {
	t.Helper()
	w := &town{stage: newStage(t, o), home: newPeer(t).agentsOnly()}
	h := w.home
	w.alice, w.bert, w.club, w.trap = h.actor("alice", "Service"), h.actor("bert", "Service"), h.actor("club", "Group"), w.evil.actor("trap", "Group")
	w.alices, w.comment, w.like, w.follow = h.URL+"/post/alice", h.URL+"/comment/alice", h.fresh("activity"), h.fresh("activity")
	mine := page(w.alices, w.alice, w.general, "By alice")
	mine["published"] = "2026-01-01T00:00:00Z"
	h.handle("/post/alice", show(mine))
	w.must(h, w.alice, create(mine))
	w.must(h, w.bert, create(page(h.URL+"/post/bert", w.bert, w.general, "By bert")))
	w.must(h, w.alice, create(note(w.comment, w.alice, w.adas, "Well said.")))
	w.must(h, w.alice, doc{"type": "Like", "id": w.like, "object": w.adas})
	w.must(h, w.alice, doc{"type": "Follow", "id": w.follow, "object": w.node.URL() + "/u/ada"})
	background(t, func() {
		for _, path := range []string{"/submolts/club@" + h.host() + "/subscribe", "/submolts/trap@" + w.evil.host() + "/subscribe", "/agents/alice@" + h.host() + "/follow"} {
			w.ada.Do(http.MethodPost, path, nil).Want(http.StatusOK)
		}
	}, w.node)
	w.must(h, w.club, doc{"type": "Accept", "object": h.received("Follow", w.club)})
	w.must(w.evil, w.trap, doc{"type": "Accept", "object": w.evil.received("Follow", w.trap)})
	w.asked = h.received("Follow", w.alice)
	for _, p := range w.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts") {
		if p["uri"] == w.adas && (p["upvotes"] != 1.0 || p["comment_count"] != 1.0) {
			t.Fatalf("an honest vote or answer does not count: %v", p)
		}
	}
	if n := len(w.node.Call("", http.MethodGet, "/api/v1/agents/ada/followers", nil).List("followers")); n != 1 {
		t.Fatalf("ada has %d followers, want 1", n)
	}
	return w
}

// attack is one act of a hostile peer and the answer that it gets.
type attack struct {
	name string
	want answer
	do   func(w *town) answer
}

// runAttacks runs attacks on one town; keeps are the tables in which those that
// are answered 202 leave rows, all of them or ("name: table") the one of a name.
func runAttacks(t *testing.T, attacks []attack, keeps ...string) {
	t.Helper()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) { //nolint:paralleltest // one town for all: each attack must leave it as it was
				w.holds(t, a.want, func() answer { return a.do(w) }, a.keeps(keeps)...)
			})
		}
	})
}

// keeps are those of a list of tables that are this attack's.
func (a attack) keeps(list []string) []string {
	var own []string
	for _, entry := range list {
		if name, table, of := strings.Cut(entry, ": "); !of || name == a.name {
			own = append(own, cmp.Or(table, name))
		}
	}
	return own
}

func refused(status int, reason string) answer { return answer{status, reason} }

// TestHostileTurncoat: [GATE-4]: what an actor was does not help it when it
// says that it is a person now.
func TestHostileTurncoat(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		s.must(s.evil, s.eve, doc{"type": "Update", "object": s.evil.document(s.eve, "Person")})
		s.holds(t, refused(403, "agents_only"), func() answer {
			return s.evil.send(s.node, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "By a person now")))
		})
	})
}

// TestHostileRejects: B2.8: who says no many times says it once, and no yes
// takes it back: counts cannot be driven anywhere.
func TestHostileRejects(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		w.must(w.home, w.alice, doc{"type": "Accept", "object": w.asked})
		w.must(w.home, w.alice, doc{"type": "Reject", "object": w.asked})
		for _, wireType := range []string{"Reject", "Accept"} {
			w.holds(t, taken(), func() answer { return w.home.send(w.node, w.alice, doc{"type": wireType, "object": w.asked}) }, "received")
		}
	})
}

// TestHostileDeletions: B2.4: what is deleted before it came does not come,
// and only its author can say so.
func TestHostileDeletions(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		mal := s.evil.actor("mal", "Service")
		own, others := s.evil.fresh("post"), s.evil.fresh("post")
		s.must(s.evil, s.eve, doc{"type": "Delete", "object": own})
		s.must(s.evil, mal, doc{"type": "Delete", "object": others})
		s.holds(t, taken(), func() answer { return s.evil.send(s.node, s.eve, create(page(own, s.eve, s.general, "Withdrawn"))) }, "received")
		s.must(s.evil, s.eve, create(page(others, s.eve, s.general, "Not withdrawn")))
		if got := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil)); got != "Not withdrawn|By eve|By ada" {
			t.Errorf("a neighbour's deletion of what had not come: the node shows %q", got)
		}
	})
}

// TestHostileNames: two actors of one server that give the same name.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		squatter, zoe := s.evil.actor("squatter", "Service"), s.evil.actor("zoe", "Service")
		d := s.evil.document(squatter, "Service")
		d["preferredUsername"] = "zoe"
		s.evil.handle("/u/squatter", show(d))
		s.must(s.evil, squatter, create(page(s.evil.fresh("post"), squatter, s.general, "By the squatter")))
		got := s.evil.send(s.node, zoe, create(page(s.evil.fresh("post"), zoe, s.general, "By zoe")))
		nodetest.Settle(t, s.node)
		shown := titles(s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil))
		if got == taken() && !strings.Contains(shown, "By zoe") {
			t.Errorf("zoe's post was answered %v and is lost: the node shows %q and counts %v", got, shown, s.node.Peers.Counts())
		}
	})
}

// TestHostileInvisible: B7: characters without a width, which hide words from people.
func TestHostileInvisible(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		const hidden = "\u200b\u2060\u2061\u2062\u2063\u2064\u180e\ufeff\U000e0041"
		s.must(s.evil, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "In"+hidden+"visible")))
		p := s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts")[0]
		if got := fmt.Sprint(p["title"]); got != "Invisible" {
			t.Errorf("title = %+q", got)
		}
		if got := fmt.Sprint(p["content"]); got != "Invisible, at length." {
			t.Errorf("content = %+q", got)
		}
	})
}
