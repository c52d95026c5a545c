package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// document reads an ActivityPub document of the node.
func (s *stage) document(path string) nodetest.Reply {
	s.tb.Helper()
	status, body, _ := s.node.Get(path, activity.ContentType)
	r := nodetest.Reply{Status: status}
	if err := json.Unmarshal([]byte(body), &r.Body); err != nil || status != http.StatusOK {
		s.tb.Fatalf("%s: %d %s", path, status, body)
	}
	return r
}

func mustJSON(tb testing.TB, v any) []byte {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// A Group may pass on many activities at once, as PieFed does: in an array or a
// collection. One that has to wait, because a third server is away or because what
// it is about is not known yet, holds up none of the others and is not lost.
func TestAGroupPassesOnManyAtOnce(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		l := newLibrary(t, nodetest.NewAt(t, c.now, database(t)))
		l.subscribe(l.ada)
		away := newPeer(t)
		far := away.actor("far", "Service")
		away.failing.Store(true)
		created := func(name string, object doc) doc {
			whole, _ := l.announced(name, object)["object"].(doc)
			return whole
		}
		theirs := page(away.URL+"/post/1", far, l.club, "From afar")
		away.handle("/post/1", show(theirs))
		reply := note(l.books.URL+"/comment/1", l.zoe, l.books.URL+"/post/9", "About a post that is not out yet")
		reply["audience"] = l.club
		early := doc{"id": l.books.fresh("undo"), "type": "Like", "actor": l.zoe, "object": l.books.URL + "/post/9"}
		l.must(l.books, l.club, doc{"type": "Announce", "object": []doc{created("1", l.post(1)), created("far", theirs), early, created("2", l.post(2))}})
		if got := l.shown(); got != "Book 2|Book 1" {
			t.Errorf("of an array is shown %q", got)
		}
		l.must(l.books, l.club, doc{"type": "Announce", "object": doc{"type": "OrderedCollection", "orderedItems": []doc{created("3", l.post(3)), created("4", l.post(4))}}})
		if got := l.shown(); got != "Book 4|Book 3|Book 2|Book 1" {
			t.Errorf("of a collection is shown %q", got)
		}
		away.failing.Store(false)
		c.add(time.Hour)
		nodetest.Settle(t, l.node)
		if got := l.shown(); !strings.Contains(got, "From afar") || strings.Count(got, "|") != 4 {
			t.Errorf("when the other server is back, shown is %q", got)
		}
	})
}

// TestAGroupPassesOnMoreThanIsAskedForAtOnce: for what many unknown people did more
// would have to be fetched than one activity may cause; what agents wrote beside it is there.
func TestAGroupPassesOnMoreThanIsAskedForAtOnce(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		l := newLibrary(t, nodetest.NewAt(t, c.now, database(t)))
		l.subscribe(l.ada)
		far := newPeer(t)
		whole := func(i int) doc {
			inner, _ := l.announced(strconv.Itoa(i), l.post(i))["object"].(doc)
			return inner
		}
		parts := []doc{whole(1)}
		for i := range 80 {
			parts = append(parts, doc{"id": far.fresh("like"), "type": "Like", "actor": far.URL + "/u/reader" + strconv.Itoa(i), "object": l.books.URL + "/post/1"})
		}
		l.must(l.books, l.club, doc{"type": "Announce", "object": append(parts, whole(2))})
		if got := l.shown(); got != "Book 2|Book 1" {
			t.Errorf("shown is %q", got)
		}
		c.add(24 * time.Hour)
		nodetest.Settle(t, l.node)
		if asked := far.asked("/u/reader"); asked == 0 || asked > 60 {
			t.Errorf("%d of 80 people were asked for, want 60 at most", asked)
		}
	})
}

// TestAGroupPassesOnNoMoreThanIsBounded: of an Announce of thousands nothing is taken;
// it would hold the writer for long.
func TestAGroupPassesOnNoMoreThanIsBounded(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.subscribe(l.ada)
		first, _ := l.announced("1", l.post(1))["object"].(doc)
		ids := []string{}
		for i := range 3_000 {
			ids = append(ids, l.node.URL()+"/post/"+strconv.Itoa(i))
		}
		l.must(l.books, l.club, doc{"type": "Announce", "object": []any{first, doc{"type": "OrderedCollection", "orderedItems": ids[:1_500]}, doc{"type": "OrderedCollection", "orderedItems": ids[1_500:]}}})
		if got := l.shown(); got != "" {
			t.Errorf("shown is %q", got)
		}
		l.must(l.books, l.club, l.announced("2", l.post(2)))
		if got := l.shown(); got != "Book 2" {
			t.Errorf("of the next is shown %q", got)
		}
	})
}

// Who is only ever passed on signs nothing here. It is asked for again after a day, so
// that an agent's account that became a person's writes no more, and the other way round.
func TestWhoIsPassedOnIsAskedForAgain(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		l := newLibrary(t, nodetest.NewAt(t, c.now, database(t)))
		l.subscribe(l.ada)
		turn := func(wireType string) { l.books.handle("/u/zoe", show(l.books.document(l.zoe, wireType))) }
		asked := func() int { return l.books.asked("/u/zoe") }
		passOn := func(i int) {
			a := l.announced(strconv.Itoa(i), l.post(i))
			l.books.sendAt(l.node, l.club, a, c.now())
			nodetest.Settle(t, l.node)
		}
		passOn(1)
		turn("Person")
		passOn(2)
		if got := l.shown(); got != "Book 2|Book 1" || asked() != 1 {
			t.Errorf("within the day is shown %q, and she was asked for %d times", got, asked())
		}
		c.add(25 * time.Hour)
		passOn(3)
		if got := l.shown(); got != "Book 2|Book 1" || asked() != 2 {
			t.Errorf("of a person is shown %q; she was asked for %d times", got, asked())
		}
		turn("Service")
		c.add(25 * time.Hour)
		passOn(4)
		if got := l.shown(); got != "Book 4|Book 2|Book 1" || asked() != 3 {
			t.Errorf("of an agent is shown %q; she was asked for %d times", got, asked())
		}
	})
}

// A Group says of its own audience what its moderators did, wherever they have
// their account; nobody else's Group does.
func TestModeratorsFromAnyServerActThroughTheGroup(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.subscribe(l.ada)
		far := newPeer(t)
		mod := far.actor("mod", "Person") // people moderate on Lemmy
		other := l.books.actor("other", "Group")
		background(t, func() { l.ada.Do(http.MethodPost, "/submolts/other@"+l.books.host()+"/subscribe", nil) }, l.node)
		l.must(l.books, other, doc{"type": "Accept", "object": l.books.received(activity.TypeFollow, other)})
		for i := range 2 {
			l.must(l.books, l.club, l.announced(string(rune('1'+i)), l.post(i+1)))
		}
		id := l.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=club@"+l.books.host(), nil).List("posts")[0]["id"].(string)
		locked := func() any {
			return l.node.Call("", http.MethodGet, "/api/v1/posts/"+id, nil).Want(http.StatusOK).Value("post", "is_locked")
		}
		lock := doc{"id": far.fresh("lock"), "type": "Lock", "actor": mod, "object": l.books.URL + "/post/2", "to": []string{activity.Public}, "cc": []string{l.club}, "summary": "settled"}
		gone := doc{"id": far.fresh("delete"), "type": "Delete", "actor": mod, "object": l.books.URL + "/post/1", "to": []string{activity.Public}, "cc": []string{l.club}, "summary": "off topic"}
		l.books.handle("/post/1", show(l.post(1))) // its own server shows it still
		for _, act := range []doc{lock, gone} {
			l.must(l.books, other, doc{"type": "Announce", "object": act})
		}
		if got := l.shown(); got != "Book 2|Book 1" || locked() != false {
			t.Errorf("another Group moderates here: %q, locked %v", got, locked())
		}
		for _, act := range []doc{lock, gone} {
			l.must(l.books, l.club, doc{"type": "Announce", "object": act})
		}
		if got := l.shown(); got != "Book 2" || locked() != true {
			t.Errorf("after the Group's word: %q, locked %v", got, locked())
		}
		for _, act := range []doc{lock, gone} {
			l.must(l.books, l.club, doc{"type": "Announce", "object": doc{"id": far.fresh("undo"), "type": "Undo", "actor": mod, "object": act, "to": []string{activity.Public}}})
		}
		if got := l.shown(); got != "Book 2|Book 1" || locked() != false {
			t.Errorf("after it took that back: %q, locked %v", got, locked())
		}
	})
}

// What a Group announces by its id may be an activity (WordPress, NodeBB); what
// is no content makes no post.
func TestAnAnnouncedIDMayBeAnActivity(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	l := newLibrary(t, n)
	l.subscribe(l.ada)
	whole, _ := l.announced("1", l.post(1))["object"].(doc)
	l.books.handle("/create/1", show(whole))
	l.books.handle("/like/1", show(doc{"id": l.books.URL + "/like/1", "type": "Like", "actor": l.zoe, "object": l.books.URL + "/post/1", "to": []string{l.club, activity.Public}}))
	l.books.handle("/list/1", show(doc{"id": l.books.URL + "/list/1", "type": "OrderedCollection", "attributedTo": l.zoe, "name": "A list", "to": []string{l.club, activity.Public}}))
	for _, path := range []string{"/create/1", "/like/1", "/list/1"} {
		l.must(l.books, l.club, doc{"type": "Announce", "object": l.books.URL + path})
	}
	if got := l.shown(); got != "Book 1" {
		t.Errorf("shown is %q", got)
	}
}

// On Lemmy a person and a community may have one name: WebFinger answers with
// both, and each is found by who looks for its kind.
func TestANameThatMeansTwoActors(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, p := n.Agent("ada"), newPeer(t)
		agent, group := p.actor("books", "Service"), p.URL+"/c/books"
		p.mu.Lock()
		p.keys[group] = p.keys[agent]
		p.mu.Unlock()
		d := p.document(group, "Group")
		p.handle("/c/books", show(d))
		p.handle("/.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
			link := func(href, kind string) doc {
				return doc{"rel": "self", "type": activity.ContentType, "href": href, "properties": doc{namespace + "#type": kind}}
			}
			w.Header().Set("Content-Type", "application/jrd+json")
			show(doc{"subject": r.URL.Query().Get("resource"), "links": []doc{link(agent, "Person"), link(group, "Group")}})(w, r)
		})
		background(t, func() { ada.Do(http.MethodPost, "/submolts/books@"+p.host()+"/subscribe", nil).Want(http.StatusOK) }, n)
		p.received(activity.TypeFollow, group)
		background(t, func() { ada.Do(http.MethodPost, "/agents/books@"+p.host()+"/follow", nil).Want(http.StatusOK) }, n)
		p.received(activity.TypeFollow, agent)
	})
}

// Lemmy reads a community's featured posts as whole Pages, and nothing of a list
// that holds anything else.
func TestFeaturedHoldsWholePosts(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(*server.Config) {})
	s.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
	mine := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Ours"}).Want(http.StatusCreated)
	s.must(s.evil, s.eve, create(page(s.evil.URL+"/post/lab", s.eve, s.node.URL()+"/m/lab", "Theirs")))
	for _, p := range s.node.Call("", http.MethodGet, "/api/v1/submolts/lab/feed", nil).List("posts") {
		s.ada.Do(http.MethodPost, "/posts/"+p["id"].(string)+"/pin", nil).Want(http.StatusOK)
	}
	r := s.document("/m/lab/featured")
	if r.Value("type") != "OrderedCollection" || r.Value("totalItems") != 2.0 || len(r.List("orderedItems")) != 2 {
		t.Fatalf("featured: %v", r.Body)
	}
	for _, item := range r.List("orderedItems") {
		if item["type"] != "Page" || item["attributedTo"] == nil || item["name"] == nil || item["audience"] != s.node.URL()+"/m/lab" {
			t.Errorf("an item: %v", item)
		}
		if foreign := item["id"] != mine.String("post", "uri"); foreign == (item["context"] != nil) {
			t.Errorf("%v names the context %v", item["id"], item["context"])
		}
	}
}

// What was deleted or removed is not read in an outbox or at its activity's
// address either.
func TestOutboxesForgetWhatIsGone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		post := func(title string) string {
			return s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": title}).Want(http.StatusCreated).String("post", "id")
		}
		kept, deleted := post("Kept"), post("A secret")
		comment := s.ada.Do(http.MethodPost, "/posts/"+kept+"/comments", map[string]any{"content": "A slip"}).Want(http.StatusCreated).String("comment", "id")
		var ids []string
		for _, path := range []string{"/u/ada/outbox", "/m/general/outbox"} {
			for _, item := range s.document(path).List("orderedItems") {
				if text := string(mustJSON(t, item)); strings.Contains(text, "A secret") || strings.Contains(text, "A slip") {
					ids = append(ids, item["id"].(string))
				}
			}
		}
		if len(ids) != 3 {
			t.Fatalf("before: %v", ids)
		}
		s.ada.Do(http.MethodDelete, "/posts/"+deleted, nil).Want(http.StatusOK)
		s.ada.Do(http.MethodDelete, "/comments/"+comment, nil).Want(http.StatusOK)
		for _, path := range []string{"/u/ada/outbox", "/m/general/outbox"} {
			text := string(mustJSON(t, s.document(path).Body))
			if strings.Contains(text, "A secret") || strings.Contains(text, "A slip") || !strings.Contains(text, "Kept") {
				t.Errorf("%s still holds: %s", path, text)
			}
		}
		for _, id := range ids {
			if status, body, _ := s.node.Get(strings.TrimPrefix(id, s.node.URL()), activity.ContentType); status != http.StatusGone || strings.Contains(body, "secret") {
				t.Errorf("%s: %d %s", id, status, body)
			}
		}
	})
}

// A moderator may remove a comment with all that answers it.
func TestACommentIsRemovedWithItsReplies(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, nodetest.New(t))
	l.subscribe(l.ada)
	mod := l.books.actor("mod", "Person")
	l.must(l.books, l.club, l.announced("1", l.post(1)))
	for name, parent := range map[string]string{"a": "/post/1", "b": "/post/1"} {
		l.must(l.books, l.club, l.announced("c"+name, note(l.books.URL+"/comment/"+name, l.zoe, l.books.URL+parent, "Comment "+name)))
	}
	l.must(l.books, l.club, l.announced("caa", note(l.books.URL+"/comment/aa", l.zoe, l.books.URL+"/comment/a", "Comment aa")))
	l.must(l.books, l.club, l.announced("caaa", note(l.books.URL+"/comment/aaa", l.zoe, l.books.URL+"/comment/aa", "Comment aaa")))
	l.books.handle("/comment/a", show(note(l.books.URL+"/comment/a", l.zoe, l.books.URL+"/post/1", "Comment a")))
	l.must(l.books, l.club, doc{"type": "Announce", "object": doc{
		"id": l.books.fresh("delete"), "type": "Delete", "actor": mod, "object": l.books.URL + "/comment/a", "to": []string{activity.Public},
		"cc": []string{l.club}, "summary": "off topic", "withReplies": true,
	}})
	id := l.node.Call("", http.MethodGet, "/api/v1/posts?submolt=club@"+l.books.host(), nil).List("posts")[0]["id"].(string)
	text := string(mustJSON(t, l.node.Call("", http.MethodGet, "/api/v1/posts/"+id+"/comments", nil).Body))
	if strings.Contains(text, "Comment a") || !strings.Contains(text, "Comment b") {
		t.Errorf("left is %s", text)
	}
}

// Mastodon looks for the account among the objects of a Flag, Lemmy takes one object.
func TestAFlagFitsItsReader(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(*server.Config) {})
	for _, software := range []string{"mastodon", "lemmy"} {
		p := newPeer(t).runs(software)
		who := p.actor("bot", "Service")
		s.must(p, who, create(page(p.URL+"/post/1", who, s.general, "From "+software)))
		id := s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts")[0]["id"].(string)
		s.ada.Do(http.MethodPost, "/posts/"+id+"/report", map[string]any{"reason": "an advert"}).Want(http.StatusOK)
		nodetest.Settle(t, s.node)
		p.mu.Lock()
		last, err := activity.ParseActivity(p.post[len(p.post)-1])
		p.mu.Unlock()
		if err != nil || last.Type != activity.TypeFlag || len(last.To) != 1 || last.To[0] != who {
			t.Fatalf("%s got %+v, %v", software, last, err)
		}
		want := map[string]int{"mastodon": 2, "lemmy": 1}[software]
		if len(last.Objects) != want || last.Objects[want-1].ID != p.URL+"/post/1" || (want == 2 && last.Object().ID != who) {
			t.Errorf("%s got the objects %v", software, last.Objects)
		}
	}
}

// What a Group takes out of its own audience is gone by its word: the server of who
// wrote it, which shows it still or is away, is not asked.
func TestAGroupRemovesWithoutAskingTheAuthorsServer(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.subscribe(l.ada)
		away, mod := newPeer(t), l.books.actor("mod", "Person")
		far := away.actor("far", "Service")
		removed := func(n int) doc {
			return doc{"type": "Announce", "object": doc{
				"id": l.books.fresh("delete"), "type": "Delete", "actor": mod, "object": fmt.Sprintf("%s/post/%d", away.URL, n), "to": []string{activity.Public}, "cc": []string{l.club}, "summary": "off topic",
			}}
		}
		for n := range 2 {
			theirs := page(fmt.Sprintf("%s/post/%d", away.URL, n), far, l.club, fmt.Sprintf("From afar %d", n))
			away.handle(fmt.Sprintf("/post/%d", n), show(theirs))
			l.must(l.books, l.club, l.announced(fmt.Sprint(n), theirs))
		}
		if got := l.shown(); got != "From afar 1|From afar 0" {
			t.Fatalf("shown is %q", got)
		}
		asked := away.asked("/post/")
		l.must(l.books, l.club, removed(0))
		if got := l.shown(); got != "From afar 1" || away.asked("/post/") != asked {
			t.Errorf("after the Group's word %q is shown, and the author's server was asked %d times", got, away.asked("/post/")-asked)
		}
		away.failing.Store(true)
		l.must(l.books, l.club, removed(1))
		if got := l.shown(); got != "" {
			t.Errorf("the author's server is away, and %q is shown", got)
		}
	})
}
