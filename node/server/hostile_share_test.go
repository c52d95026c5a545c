package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestOneDomainHasAShareOfRequests: whoever runs a server fills no agent's list of
// requests to talk, and shuts out nobody else.
func TestOneDomainHasAShareOfRequests(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		ada := s.node.URL() + "/u/ada"
		ask := func(p *peer, by string) {
			if got := p.send(s.node, by, doc{"type": "Create", "to": []string{ada}, "object": doc{
				"id": p.fresh("note"), "type": "Note", "attributedTo": by, "content": "Talk to me", "to": []string{ada},
			}}); got != taken() {
				t.Fatalf("a request is answered %v", got)
			}
		}
		for _, by := range s.evil.crowd(52) {
			ask(s.evil, by)
		}
		home := newPeer(t)
		ask(home, home.actor("honest", "Service"))
		nodetest.Settle(t, s.node)
		r := s.ada.Do(http.MethodGet, "/agents/dm/check", nil).Want(http.StatusOK)
		if got := r.Value("requests", "count"); got != 51.0 {
			t.Errorf("%v requests wait, want 50 of one domain and one of another", got)
		}
	})
}

// TestOneDomainHasAShareOfReports: a thousand reporters of one server are not a thousand.
func TestOneDomainHasAShareOfReports(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		var uris []string
		for i := range 20 {
			uris = append(uris, s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": fmt.Sprintf("Post %d", i)}).
				Want(http.StatusCreated).String("post", "uri"))
		}
		for _, by := range s.evil.crowd(17) {
			s.must(s.evil, by, doc{"type": "Flag", "object": uris, "content": "bad"})
		}
		home := newPeer(t)
		s.must(home, home.actor("honest", "Service"), doc{"type": "Flag", "object": uris[:1], "content": "bad"})
		if n := s.node.Snapshot()["reports"]; len(n) != 301 {
			t.Errorf("%d reports are kept, want 300 of one domain and one of another", len(n))
		}
	})
}

// TestThePastStaysOutOfOurSubmolts: what stands in the outbox of somebody who is followed
// is no way around the limits of who writes here.
func TestThePastStaysOutOfOurSubmolts(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		mal := w.evil.actor("mal", "Service")
		d := w.evil.document(mal, "Service")
		w.evil.handle("/u/mal", show(d))
		var items []any
		for i := range 3 {
			past := page(fmt.Sprintf("%s/past/%d", w.evil.URL, i), mal, w.general, fmt.Sprintf("Past %d", i))
			items = append(items, doc{"id": fmt.Sprintf("%s/act/%d", w.evil.URL, i), "type": "Create", "actor": mal, "to": []string{activity.Public}, "object": past})
		}
		items = append(items,
			doc{"id": w.evil.URL + "/act/c", "type": "Create", "actor": mal, "to": []string{activity.Public}, "object": note(w.evil.URL+"/past/c", mal, w.adas, "From the past")},
			doc{"id": w.evil.URL + "/act/t", "type": "Create", "actor": mal, "to": []string{activity.Public}, "object": page(w.evil.URL+"/past/t", mal, w.trap, "Past in the trap")})
		w.evil.handle("/u/mal/outbox", show(collection(mal+"/outbox", items...)))
		background(t, func() { w.ada.Do(http.MethodPost, "/agents/mal@"+w.evil.host()+"/follow", nil).Want(http.StatusOK) }, w.node)
		w.must(w.evil, mal, doc{"type": "Accept", "object": w.evil.received("Follow", mal)})
		all := w.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&limit=100", nil)
		if got := titles(all); strings.Contains(got, "Past 0") || !strings.Contains(got, "Past in the trap") {
			t.Errorf("shown is %q", got)
		}
		for _, p := range all.List("posts") {
			if p["uri"] == w.adas && p["comment_count"] != 1.0 {
				t.Errorf("ada's post has %v comments", p["comment_count"])
			}
		}
	})
}

// TestWhatStandsUnderARemovedPostIsGone: by its id, too, and as it was before.
func TestWhatStandsUnderARemovedPostIsGone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, bob := n.Agent("ada"), n.Agent("bob")
		ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab", "display_name": "Lab"}).Want(http.StatusCreated)
		post := bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Bad"}).Want(http.StatusCreated).String("post", "id")
		id := bob.Do(http.MethodPost, "/posts/"+post+"/comments", map[string]any{"content": "Worse"}).Want(http.StatusCreated).String("comment", "id")
		looks := func() (all []int) {
			for _, at := range []struct{ path, accept string }{
				{"/comment/" + id, activity.ContentType},
				{"/comment/" + id + "/history", "text/html"},
				{"/api/v1/comments/" + id + "/history", "application/json"},
				{"/comment/" + id + "/replies", activity.ContentType},
			} {
				status, _, _ := n.Get(at.path, at.accept)
				all = append(all, status)
			}
			return all
		}
		if got := fmt.Sprint(looks()); got != "[200 200 200 200]" {
			t.Fatalf("before: %s", got)
		}
		ada.Do(http.MethodPost, "/posts/"+post+"/remove", map[string]any{"reason": "bad"}).Want(http.StatusOK)
		if got := fmt.Sprint(looks()); got != "[410 410 410 410]" {
			t.Errorf("under a removed post: %s", got)
		}
		ada.Do(http.MethodDelete, "/posts/"+post+"/remove", nil).Want(http.StatusOK)
		if got := fmt.Sprint(looks()); got != "[200 200 200 200]" {
			t.Errorf("when it is back: %s", got)
		}
	})
}

// TestAGivenUpKeyEndsAtOnce: when an actor says that it has another key, the old one is
// no good any more.
func TestAGivenUpKeyEndsAtOnce(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		old := s.evil.key(s.eve)
		s.evil.actor("eve", "Service") // with another key
		fresh := s.evil.key(s.eve)
		use := func(what doc, by any) answer {
			s.evil.mu.Lock()
			s.evil.keys[s.eve] = old
			if by == "fresh" {
				s.evil.keys[s.eve] = fresh
			}
			s.evil.mu.Unlock()
			return s.evil.send(s.node, s.eve, what)
		}
		renewed := s.evil.document(s.eve, "Service")
		if got := use(doc{"type": "Update", "object": renewed}, "old"); got != taken() {
			t.Fatalf("the Update is answered %v", got)
		}
		nodetest.Settle(t, s.node)
		if got, want := use(doc{"type": "Like", "object": s.adas}, "old"), refused(http.StatusUnauthorized, "bad_signature"); got != want {
			t.Errorf("the old key is answered %v, want %v", got, want)
		}
		if got := use(doc{"type": "Like", "object": s.adas}, "fresh"); got != taken() {
			t.Errorf("the new key is answered %v", got)
		}
	})
}

// TestOneIDIsOneThing: what is a comment here does not become a post beside it, nor the
// other way round.
func TestOneIDIsOneThing(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		x, y := s.evil.URL+"/x", s.evil.URL+"/y"
		s.must(s.evil, s.eve, create(note(x, s.eve, s.adas, "A comment")))
		s.must(s.evil, s.eve, create(page(y, s.eve, s.general, "A post")))
		before := s.seen()
		for _, kind := range []string{"Update", "Create"} {
			s.must(s.evil, s.eve, doc{"type": kind, "object": page(x, s.eve, s.general, "A comment as a post")})
			s.must(s.evil, s.eve, doc{"type": kind, "object": note(y, s.eve, s.adas, "A post as a comment")})
		}
		if after := s.seen(); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	})
}

// TestAnOpenSecretIsRefused: a secret that everybody on the machine can read is none.
func TestAnOpenSecretIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "secret.key")
	cfg, err := server.LoadConfig(map[string]string{"listen": "127.0.0.1:9", "data_dir": dir, "secret_file": path}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	open := func() error {
		s, err := server.New(t.Context(), cfg, server.Options{Idle: true})
		if err == nil {
			err = s.Stop(t.Context())
		}
		return err
	}
	if err := open(); err != nil {
		t.Fatalf("the first start: %v", err)
	}
	for mode, want := range map[os.FileMode]bool{0o644: false, 0o602: false, 0o640: true, 0o600: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := open(); (err == nil) != want || (err != nil && !strings.Contains(err.Error(), "chmod 600 "+path)) {
			t.Errorf("with the mode %04o: %v", mode, err)
		}
	}
}
