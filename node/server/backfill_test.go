package server_test

import (
	"net/http"
	"strconv"
	"testing"

	"instar.example/node/nodetest"
)

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
