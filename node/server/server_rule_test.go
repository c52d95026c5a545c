package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"instar.example/node/admin"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// operator does what the operator's program does.
func operator(tb testing.TB, n *nodetest.Node, method, path string, body any) string {
	tb.Helper()
	status, text := operates(tb, n, method, path, body)
	if status != http.StatusOK {
		tb.Fatalf("%s is answered %d %s", path, status, text)
	}
	return text
}

func operates(tb testing.TB, n *nodetest.Node, method, path string, body any) (status int, said string) {
	tb.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(tb.Context(), method, path, bytes.NewReader(mustJSON(tb, body)))
	admin.New(n.Node, nil).Handler().ServeHTTP(w, r)
	var answered struct{ Text, Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &answered); err != nil {
		tb.Fatal(err)
	}
	return w.Code, answered.Text + answered.Error
}

// Of a server that the operator blocked nobody is heard, by whatever way, and nothing
// is sent there; what it takes back goes. What it wrote goes where the operator says
// so, and comes back when the block ends, as do those who follow from there.
func TestABlockedServerIsNotHeard(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.subscribe(l.ada)
		shown := func() string {
			return titles(l.node.Call("", http.MethodGet, "/api/v1/submolts/general/feed?sort=new", nil))
		}
		l.must(l.evil, l.eve, doc{"type": "Follow", "object": l.general})
		before := shown()
		evil := l.evil.host()
		operator(t, l.node, http.MethodPost, "/peers/"+evil+"/block", map[string]any{"reason": "spam", "content": true})
		if got := operator(t, l.node, http.MethodGet, "/peers/rules", nil); !strings.Contains(got, evil) || !strings.Contains(got, "spam") {
			t.Errorf("the rules are %s", got)
		}
		if got := shown(); strings.Contains(got, "By eve") {
			t.Errorf("with its content gone is shown %q", got)
		}
		for _, a := range []doc{
			create(page(l.evil.fresh("post"), l.eve, l.general, "Spam")),
			{"type": "Like", "object": l.adas},
			{"type": "Follow", "object": l.general},
			create(note(l.evil.fresh("note"), l.eve, l.adas, "Spam")),
		} {
			if got := l.evil.send(l.node, l.eve, a); got.status != http.StatusForbidden {
				t.Errorf("its %v is answered %v", a["type"], got)
			}
		}
		asked := l.evil.asked("/post")
		theirs := page(l.evil.URL+"/post/77", l.eve, l.club, "By a Group")
		l.evil.handle("/post/77", show(theirs))
		l.must(l.books, l.club, doc{"type": "Announce", "object": doc{"id": l.evil.fresh("create"), "type": "Create", "actor": l.eve, "object": theirs}})
		l.must(l.books, l.club, doc{"type": "Announce", "object": theirs["id"]})
		if got := l.shown(); got != "" || l.evil.asked("/post") != asked {
			t.Errorf("through a Group is shown %q, and it was asked for %d posts", got, l.evil.asked("/post")-asked)
		}
		mail := len(l.evil.mail())
		l.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "To all"}).Want(http.StatusCreated)
		for _, path := range []string{"/agents/eve@" + l.evil.host() + "/follow", "/submolts/x@" + l.evil.host() + "/subscribe"} {
			if r := l.ada.Do(http.MethodPost, path, nil); r.Status != http.StatusForbidden || r.Value("code") != "blocked_server" {
				t.Errorf("%s: %d %v", path, r.Status, r.Body)
			}
		}
		nodetest.Settle(t, l.node)
		if got := l.evil.mail()[mail:]; got != "" {
			t.Errorf("it was sent %q", got)
		}
		operator(t, l.node, http.MethodPost, "/peers/"+evil+"/end", nil)
		if got := shown(); got != "To all|"+before {
			t.Errorf("after the block is shown %q, before it %q", got, before)
		}
		l.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "To all again"}).Want(http.StatusCreated)
		l.must(l.evil, l.eve, create(page(l.evil.fresh("post"), l.eve, l.general, "Heard again")))
		if got := l.evil.mail()[mail:]; !strings.Contains(shown(), "Heard again") || !strings.Contains(got, "Announce") {
			t.Errorf("after the block is shown %q, and it was sent %q", shown(), got)
		}
		operator(t, l.node, http.MethodPost, "/peers/"+evil+"/block", map[string]any{"content": true})
		if got := shown(); strings.Contains(got, "Heard again") {
			t.Errorf("blocked again, shown is %q", got)
		}
		operator(t, l.node, http.MethodPost, "/peers/"+evil+"/trust", nil)
		if got := shown(); !strings.Contains(got, "Heard again") {
			t.Errorf("trusted in the place of blocked, shown is %q", got)
		}
		log := operator(t, l.node, http.MethodGet, "/audit", nil)
		if !strings.Contains(log, "block server") || !strings.Contains(log, "end rule of server") {
			t.Errorf("the operator's acts are %s", log)
		}
	})
}

// Where the policy is an allowlist, agents of servers that are trusted by name write,
// and no others.
func TestATrustedServerMayWrite(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t), func(c *server.Config) { c.Federation.Policy = "allowlist" })
		ada, p := n.Agent("ada"), newPeer(t)
		general := n.URL() + "/m/general"
		zoe := p.actor("zoe", "Service")
		if got := p.send(n, zoe, doc{"type": "Follow", "object": general}); got != taken() {
			t.Fatalf("a Follow is answered %v", got)
		}
		nodetest.Settle(t, n)
		posts := func() int {
			return p.send(n, zoe, create(page(p.fresh("post"), zoe, general, "By zoe"))).status
		}
		if got := posts(); got != http.StatusForbidden {
			t.Errorf("of a server that nobody trusts a post is answered %d", got)
		}
		operator(t, n, http.MethodPost, "/peers/"+p.host()+"/trust", map[string]any{"reason": "ours"})
		if got := posts(); got != http.StatusAccepted {
			t.Errorf("of a trusted one it is answered %d", got)
		}
		nodetest.Settle(t, n)
		got := ada.Do(http.MethodGet, "/posts?sort=new", nil).List("posts")
		if len(got) != 1 || got[0]["provenance"].(map[string]any)["tier"] != "A4" {
			t.Errorf("shown is %v", got)
		}
		operator(t, n, http.MethodPost, "/peers/"+p.host()+"/end", nil)
		if got := posts(); got != http.StatusForbidden {
			t.Errorf("after the end of trust it is answered %d", got)
		}
	})
}

// One agent of another node is suspended as one of ours is: what it writes is refused.
func TestAnAgentOfAnotherNodeIsSuspended(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		name := "eve@" + s.evil.host()
		posts := func() int {
			return s.evil.send(s.node, s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "By eve"))).status
		}
		operator(t, s.node, http.MethodPost, "/agents/"+name+"/suspend", nil)
		if got := posts(); got != http.StatusForbidden {
			t.Errorf("a suspended one's post is answered %d", got)
		}
		operator(t, s.node, http.MethodPost, "/agents/"+name+"/resume", nil)
		if got := posts(); got != http.StatusAccepted {
			t.Errorf("a resumed one's post is answered %d", got)
		}
		if status, _ := operates(t, s.node, http.MethodPost, "/agents/"+name+"/delete", nil); status == http.StatusOK {
			t.Errorf("the deletion of one of another node is answered %d", status)
		}
	})
}

// What went wrong with a server is told its operator, as it said it.
func TestTheOperatorIsToldWhyAServerFails(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t)))
		s.evil.sendAt(s.node, s.eve, doc{"type": "Follow", "object": s.general}, c.now())
		nodetest.Settle(t, s.node)
		if got := operator(t, s.node, http.MethodGet, "/peers?failing=true", nil); strings.Contains(got, s.evil.host()) {
			t.Errorf("of those that fail is listed %s", got)
		}
		s.evil.failing.Store(true)
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "To all"}).Want(http.StatusCreated)
		nodetest.Settle(t, s.node)
		got := operator(t, s.node, http.MethodGet, "/peers?failing=true", nil)
		if !strings.Contains(got, s.evil.host()) || !strings.Contains(got, "503") {
			t.Errorf("the list says %s", got)
		}
	})
}
