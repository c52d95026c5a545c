package server_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestFirstFollowerFindsThePast: whoever is the first of a node to follow a
// submolt or an agent elsewhere finds what was there before, with its own times.
func TestFirstFollowerFindsThePast(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		first := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Long ago", "content": "Who remembers, @bob@" + s.b.Host + "?"}).
			Want(http.StatusCreated).String("post", "id")
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "todayilearned", "title": "Elsewhere"}).Want(http.StatusCreated)
		answer := s.ada.Do(http.MethodPost, "/posts/"+first+"/comments", map[string]any{"content": "I do."}).Want(http.StatusCreated).String("comment", "id")
		s.ada.Do(http.MethodPost, "/posts/"+first+"/comments", map[string]any{"content": "So do I.", "parent_id": answer}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		background(t, func() {
			s.bob.Do(http.MethodPost, "/submolts/general@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
		}, s.a, s.b)
		feed := s.bob.Do(http.MethodGet, "/posts?sort=new", nil).Want(http.StatusOK)
		if titles(feed) != "Long ago" {
			t.Fatalf("after the subscription b has %v", feed.Body)
		}
		copied, original := feed.List("posts")[0], s.ada.Do(http.MethodGet, "/posts/"+first, nil).Want(http.StatusOK)
		if copied["created_at"] != original.Value("post", "created_at") || copied["comment_count"] != 2.0 {
			t.Errorf("the copy is %v, the post %v", copied, original.Body)
		}
		thread := s.bob.Do(http.MethodGet, "/posts/"+copied["id"].(string)+"/comments", nil).Want(http.StatusOK).List("comments")
		if len(thread) != 1 || thread[0]["content"] != "I do." || len(thread[0]["replies"].([]any)) != 1 {
			t.Errorf("the thread on b: %v", thread)
		}
		if unread := s.bob.Do(http.MethodGet, "/notifications", nil).Want(http.StatusOK); unread.Value("unread_count") != 0.0 {
			t.Errorf("bob was told of the past: %v", unread.Body)
		}
		background(t, func() {
			s.bob.Do(http.MethodPost, "/agents/ada@"+s.a.Host+"/follow", nil).Want(http.StatusOK)
		}, s.a, s.b)
		if got := titles(s.bob.Do(http.MethodGet, "/feed?sort=new", nil)); got != "Elsewhere|Long ago" {
			t.Errorf("after the follow bob's feed is %q", got)
		}
	})
}

// library is a server with a Group that has a past, which ada subscribes to.
type library struct {
	*stage

	books *peer
	club  string
	zoe   string
}

func newLibrary(t *testing.T, n *nodetest.Node) *library {
	t.Helper()
	l := &library{stage: setStage(t, n), books: newPeer(t)}
	l.club, l.zoe = l.books.actor("club", "Group"), l.books.actor("zoe", "Service")
	d := l.books.document(l.club, "Group")
	d["outbox"], d["featured"], d["attributedTo"] = l.club+"/outbox", l.club+"/featured", l.club+"/moderators"
	l.books.handle("/u/club", show(d))
	return l
}

// subscribe has an agent follow the Group, which accepts.
func (l *library) subscribe(who *nodetest.Agent) {
	l.tb.Helper()
	l.subscribeOnly(who)
	nodetest.Settle(l.tb, l.node)
}

// subscribeOnly is subscribe without the work that follows from it.
func (l *library) subscribeOnly(who *nodetest.Agent) {
	l.tb.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		who.Do(http.MethodPost, "/submolts/club@"+l.books.host()+"/subscribe", nil)
	}()
	for running := true; running; {
		nodetest.Settle(l.tb, l.node)
		select {
		case <-done:
			running = false
		default:
		}
	}
	nodetest.Settle(l.tb, l.node)
	if got := l.books.send(l.node, l.club, doc{"type": "Accept", "object": l.books.received("Follow", l.club)}); got != taken() {
		l.tb.Fatalf("the Accept is answered %v", got)
	}
}

// announced is an item of the Group's outbox.
func (l *library) announced(name string, object doc) doc {
	by := object["attributedTo"]
	return doc{
		"id": l.books.URL + "/announce/" + name, "type": "Announce", "actor": l.club, "to": []string{activity.Public},
		"object": doc{"id": l.books.URL + "/create/" + name, "type": "Create", "actor": by, "to": []string{activity.Public}, "object": object},
	}
}

func (l *library) post(i int) doc {
	d := page(fmt.Sprintf("%s/post/%d", l.books.URL, i), l.zoe, l.club, fmt.Sprintf("Book %d", i))
	d["published"] = fmt.Sprintf("2025-01-%02dT00:00:00Z", i)
	return d
}

func (l *library) shown() string {
	l.tb.Helper()
	return titles(l.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&limit=100&submolt=club@"+l.books.host(), nil).Want(http.StatusOK))
}

func collection(id string, items ...any) doc {
	return doc{"id": id, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items}
}

// TestPastOfAGroup: agents' posts come, people's do not; pinned posts and agents
// that moderate are known; nothing is asked for twice.
func TestPastOfAGroup(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		human := l.books.actor("hugo", "Person")
		elsewhere := newPeer(t)
		yan := elsewhere.actor("yan", "Service")
		theirs := page(elsewhere.URL+"/post/yan", yan, l.club, "From elsewhere")
		elsewhere.handle("/post/yan", show(theirs))
		forged := page(elsewhere.URL+"/post/forged", yan, l.club, "Never written")
		l.books.handle("/post/1", show(l.post(1)))
		l.books.handle("/u/club/outbox", show(collection(l.club+"/outbox",
			l.announced("2", l.post(2)), l.announced("h", page(l.books.URL+"/post/h", human, l.club, "By a human")),
			l.announced("y", theirs), l.announced("f", forged), l.announced("1", l.post(1)))))
		l.books.handle("/u/club/featured", show(collection(l.club+"/featured", l.books.URL+"/post/1")))
		l.books.handle("/u/club/moderators", show(collection(l.club+"/moderators", human, l.zoe)))
		l.subscribe(l.ada)
		if got := l.shown(); got != "From elsewhere|Book 2|Book 1" {
			t.Fatalf("shown: %q", got)
		}
		posts := l.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=club@"+l.books.host(), nil).List("posts")
		if p := posts[2]; p["is_pinned"] != true || p["created_at"] != "2025-01-01T00:00:00.000Z" {
			t.Errorf("the pinned post: %v", p)
		}
		ms := l.node.Call("", http.MethodGet, "/api/v1/submolts/club@"+l.books.host()+"/moderators", nil).Want(http.StatusOK)
		if list := ms.List("moderators"); len(list) != 1 || !strings.HasPrefix(fmt.Sprint(list[0]["name"]), "zoe@") {
			t.Errorf("moderators: %v", ms.Body)
		}
		asked := l.books.asked("/u/club/outbox")
		l.subscribe(l.node.Agent("second"))
		if again := l.books.asked("/u/club/outbox"); asked != 1 || again != 1 {
			t.Errorf("the outbox was asked for %d and %d times, want once", asked, again)
		}
	})
}

// TestThreadIsCompleted: a post of the past brings its whole thread, from each
// author's own server, however its collections are made.
func TestThreadIsCompleted(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		b := l.books
		p := l.post(1)
		p["context"], p["replies"] = b.URL+"/context/1", doc{"id": b.URL + "/replies/1", "type": "Collection", "first": doc{"type": "CollectionPage", "items": []string{b.URL + "/note/2"}}}
		b.handle("/u/club/outbox", show(collection(l.club+"/outbox", l.announced("1", p))))
		b.handle("/context/1", show(collection(b.URL+"/context/1", p["id"], b.URL+"/note/1", b.URL+"/note/3")))
		b.handle("/replies/1", show(doc{"id": b.URL + "/replies/1", "type": "Collection", "items": []string{b.URL + "/note/2"}}))
		replies := note(b.URL+"/note/2", l.zoe, p["id"].(string), "Found as a reply")
		replies["replies"] = b.URL + "/replies/2"
		b.handle("/note/1", show(note(b.URL+"/note/1", l.zoe, p["id"].(string), "Found in the context")))
		b.handle("/note/2", show(replies))
		b.handle("/replies/2", show(doc{"id": b.URL + "/replies/2", "type": "Collection", "items": []string{b.URL + "/note/5"}}))
		b.handle("/note/3", show(note(b.URL+"/note/3", l.zoe, b.URL+"/note/4", "Below its ancestor")))
		b.handle("/note/4", show(note(b.URL+"/note/4", l.zoe, p["id"].(string), "Found as an ancestor")))
		b.handle("/note/5", show(note(b.URL+"/note/5", l.zoe, b.URL+"/note/2", "Found below a reply")))
		l.subscribe(l.ada)
		id := l.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=club@"+b.host(), nil).List("posts")[0]["id"].(string)
		body := fmt.Sprint(l.node.Call("", http.MethodGet, "/api/v1/posts/"+id+"/comments?sort=old", nil).Want(http.StatusOK).Body)
		for _, text := range []string{"in the context", "as a reply", "as an ancestor", "Below its ancestor", "below a reply"} {
			if strings.Count(body, text) != 1 {
				t.Errorf("%q stands %d times in the thread: %s", text, strings.Count(body, text), body)
			}
		}
		if n := b.asked("/note/"); n != 5 {
			t.Errorf("5 comments cost %d requests", n)
		}
	})
}

// TestCollectionsEndWithinTheirBounds: a collection without end, one that runs in a circle,
// one that names another's server, and pages that are too large end within the bounds.
func TestCollectionsEndWithinTheirBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(l *library, victim *peer)
		most int // documents asked for
	}{
		"endless": {func(l *library, _ *peer) {
			l.books.deep = func(n int) (doc, bool) {
				return doc{"type": "OrderedCollectionPage", "id": l.books.URL + "/deep/" + strconv.Itoa(n), "next": l.books.URL + "/deep/" + strconv.Itoa(n+1)}, true
			}
			l.books.handle("/u/club/outbox", show(doc{"id": l.club + "/outbox", "type": "OrderedCollection", "first": l.books.URL + "/deep/0"}))
		}, 30},
		"endless items": {func(l *library, _ *peer) {
			l.books.deep = func(n int) (doc, bool) {
				var items []any
				for i := range 30 {
					items = append(items, fmt.Sprintf("%s/announce/%d-%d", l.books.URL, n, i))
				}
				return doc{"type": "OrderedCollectionPage", "next": l.books.URL + "/deep/" + strconv.Itoa(n+1), "orderedItems": items}, true
			}
			l.books.handle("/u/club/outbox", show(doc{"id": l.club + "/outbox", "type": "OrderedCollection", "first": l.books.URL + "/deep/0"}))
		}, 80},
		"a circle": {func(l *library, _ *peer) {
			l.books.deep = func(n int) (doc, bool) {
				return doc{"type": "OrderedCollectionPage", "next": l.books.URL + "/deep/" + strconv.Itoa(1-n)}, true
			}
			l.books.handle("/u/club/outbox", show(doc{"id": l.club + "/outbox", "type": "OrderedCollection", "first": l.books.URL + "/deep/0"}))
		}, 12},
		"pages elsewhere": {func(l *library, victim *peer) {
			l.books.handle("/u/club/outbox", show(doc{"id": l.club + "/outbox", "type": "OrderedCollection", "first": victim.URL + "/page/1", "next": victim.URL + "/page/2"}))
		}, 12},
		"items elsewhere": {func(l *library, victim *peer) {
			var items []any
			for i := range 500 {
				items = append(items, victim.URL+"/post/"+strconv.Itoa(i))
			}
			l.books.handle("/u/club/featured", show(collection(l.club+"/featured", items...)))
		}, 12},
		"a page too large": {func(l *library, _ *peer) {
			l.books.handle("/u/club/outbox", show(collection(l.club+"/outbox", strings.Repeat("x", 2<<20))))
		}, 12},
		"another's collection": {func(l *library, victim *peer) {
			l.books.handle("/u/club/outbox", show(collection(victim.URL+"/outbox", l.announced("1", l.post(1)))))
		}, 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, victim := newLibrary(t, nodetest.New(t, func(c *server.Config) { c.Backfill.Pages, c.Backfill.Foreign = 20, 5 })), newPeer(t)
			c.set(l, victim)
			l.subscribe(l.ada)
			if n := l.books.asked("/"); n > c.most {
				t.Errorf("the server was asked %d times, want at most %d", n, c.most)
			}
			if n := victim.asked("/"); n > 5 {
				t.Errorf("another server was asked %d times", n)
			}
			if got := l.shown(); got != "" {
				t.Errorf("shown: %q", got)
			}
			l.must(l.books, l.club, l.announced("9", l.post(9))) // the Group itself goes on
			if got := l.shown(); got != "Book 9" {
				t.Errorf("shown: %q", got)
			}
		})
	}
}

// TestBackfillGoesOnAfterARestart: what was asked for before is not asked for again.
func TestBackfillGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		var items []any
		for i := 25; i > 0; i-- {
			items = append(items, l.announced(strconv.Itoa(i), l.post(i)))
		}
		l.books.handle("/u/club/outbox", show(collection(l.club+"/outbox", items...)))
		l.books.handle("/u/zoe", func(w http.ResponseWriter, r *http.Request) { // met in the middle of the first turn
			show(l.books.document(l.zoe, "Service"))(w, r)
		})
		l.subscribeOnly(l.ada)
		if _, err := l.node.Worker.Receive(t.Context()); err != nil { // the Accept
			t.Fatal(err)
		}
		if n, err := l.node.Worker.Backfill(t.Context()); err != nil || n != 1 {
			t.Fatalf("the first turn: %d, %v", n, err)
		}
		half := len(strings.Split(l.shown(), "|"))
		if half < 10 || half > 20 {
			t.Fatalf("after one turn %d posts are there", half)
		}
		l.node.Stop()
		l.node.Restart()
		nodetest.Settle(t, l.node)
		if got := len(strings.Split(l.shown(), "|")); got != 25 {
			t.Errorf("after the restart %d posts are there, want 25", got)
		}
		if n := l.books.asked("/u/club/outbox"); n != 1 {
			t.Errorf("the outbox was asked for %d times", n)
		}
	})
}

// TestBackfillOnTheFirstFollow: what stood in a submolt before anybody on b
// followed it comes there, posts and threads, and nobody is told of it twice.
func TestBackfillOnTheFirstFollow(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		s.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		for i := range 3 {
			id := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Old " + strconv.Itoa(i)}).Want(http.StatusCreated).String("post", "id")
			first := s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "First"}).Want(http.StatusCreated).String("comment", "id")
			s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "Second", "parent_id": first}).Want(http.StatusCreated)
		}
		nodetest.Settle(t, s.a, s.b)
		background(t, func() {
			s.bob.Do(http.MethodPost, "/submolts/lab@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
		}, s.a, s.b)
		nodetest.Settle(t, s.a, s.b)
		posts := s.bob.Do(http.MethodGet, "/submolts/lab@"+s.a.Host+"/feed?sort=new", nil).Want(http.StatusOK).List("posts")
		if len(posts) != 3 {
			t.Fatalf("%d posts on b, want the 3 from before: %v", len(posts), posts)
		}
		for i, p := range posts {
			if p["title"] != "Old "+strconv.Itoa(2-i) || p["comment_count"] != 2.0 {
				t.Errorf("post %d on b: %v with %v comments", i, p["title"], p["comment_count"])
			}
		}
		id, _ := posts[0]["id"].(string)
		roots := s.bob.Do(http.MethodGet, "/posts/"+id+"/comments", nil).List("comments")
		if len(roots) != 1 || len(roots[0]["replies"].([]any)) != 1 {
			t.Errorf("the thread on b: %v", roots)
		}
	})
}

// TestHostileCollections: a collection without end, of others' things or that
// leads elsewhere makes the node ask for no more than it is to.
func TestHostileCollections(t *testing.T) {
	t.Parallel()
	s := setStage(t, nodetest.New(t))
	victim := newPeer(t)
	group := s.evil.actor("endless", "Group")
	for i := range 40 {
		items := []string{victim.URL + "/aimed/" + strconv.Itoa(i), s.node.URL() + "/m/general"}
		for k := range 30 {
			items = append(items, s.evil.URL+"/item/"+strconv.Itoa(i)+"-"+strconv.Itoa(k))
		}
		next := "/page/" + strconv.Itoa(i+1)
		s.evil.handle("/page/"+strconv.Itoa(i), show(doc{
			"@context": namespace, "id": s.evil.URL + "/page/" + strconv.Itoa(i), "type": "OrderedCollectionPage", "orderedItems": items, "next": s.evil.URL + next,
		}))
	}
	s.evil.handle("/u/endless/outbox", show(doc{
		"@context": namespace, "id": group + "/outbox", "type": "OrderedCollection", "first": s.evil.URL + "/page/0",
	}))
	s.ada.Do(http.MethodPost, "/submolts/endless@"+s.evil.host()+"/subscribe", nil)
	nodetest.Settle(t, s.node)
	s.must(s.evil, group, doc{"type": "Accept", "object": doc{"id": s.evil.received("Follow", group), "type": "Follow", "actor": s.node.URL() + "/u/ada", "object": group}})
	pages, items, aimed := s.evil.asked("/page/"), s.evil.asked("/item/"), victim.asked("/aimed/")
	if pages == 0 || pages > 5 || items+aimed > 50 || aimed > 5 {
		t.Errorf("asked for %d pages, %d objects and %d of another server", pages, items, aimed)
	}
}
