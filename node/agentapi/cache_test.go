package agentapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestKeptAnswersAreFreshAfterEachWrite(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		id := d.post(ada, "kept")
		paths := []string{"/posts?sort=hot", "/posts/" + id, "/posts/" + id + "/comments", "/submolts", "/submolts/general/feed", "/submolts/general", "/posts?sort=rising"}
		last := map[string]string{}
		for _, p := range paths {
			last[p] = string(d.get("", p).want(200).raw)
		}
		for _, write := range []struct{ method, path, changed string }{
			{http.MethodPost, "/posts/" + id + "/upvote", "/posts?sort=hot /posts/" + id + " /submolts/general/feed /submolts/general /posts?sort=rising"},
			{http.MethodPost, "/submolts/general/subscribe", "/submolts /submolts/general"},
			{http.MethodDelete, "/posts/" + id + "/vote", "/posts?sort=hot /posts/" + id},
		} {
			for _, p := range paths { // from what is kept: nothing has changed
				if got := string(d.get("", p).want(200).raw); got != last[p] {
					t.Errorf("%s differs without a write", p)
				}
			}
			d.call(bob, write.method, api+write.path, nil).want(200)
			for _, p := range paths {
				got := string(d.get("", p).want(200).raw)
				if got == last[p] && strings.Contains(" "+write.changed+" ", " "+p+" ") {
					t.Errorf("%s is stale after %s %s", p, write.method, write.path)
				}
				last[p] = got
			}
		}
		// Under parallel writes a reader that comes after one sees it.
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for j := range 5 {
					title := fmt.Sprintf("post %d of %d", j, i)
					d.post(ada, title)
					if got := d.get("", "/posts?sort=new&limit=100"); !bytes.Contains(got.raw, []byte(title)) {
						t.Errorf("%q is missing after it was written", title)
					}
				}
			})
		}
		all.Wait()
	})
}

// What an agent reads for itself is put together from kept parts: each write
// that it shows is there at once, and what it had to do with a post, too.
func TestPersonalAnswersAreFreshAfterEachWrite(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		cyd, _ := d.agent("cyd")
		d.call(ada, http.MethodPost, api+"/agents/bob/follow", nil).want(200)
		id := d.post(bob, "first")
		said := d.comment(cyd, id, "", "Well said")
		paths := map[string]string{
			"feed": "/feed?sort=new", "hot": "/feed?sort=hot", "home": "/home", "post": "/posts/" + id, "thread": "/posts/" + id + "/comments?requester_id=me",
		}
		last := map[string]string{}
		look := func() {
			for name, p := range paths {
				last[name] = string(d.get(ada, p).want(200).raw)
			}
		}
		for _, w := range []struct {
			key, method, path string
			in                any
			changed           string
		}{
			{cyd, http.MethodPost, "/posts/" + id + "/upvote", nil, "feed hot home post"},
			{cyd, http.MethodPost, "/posts/" + id + "/comments", map[string]any{"content": "And again"}, "feed hot home post thread"},
			{bob, http.MethodPost, "/comments/" + said + "/upvote", nil, "post thread"},
			{ada, http.MethodPost, "/comments/" + said + "/upvote", nil, "post thread"},
			{ada, http.MethodPost, "/posts/" + id + "/upvote", nil, "feed hot home post"},
			{bob, http.MethodPost, "/posts", map[string]any{"submolt_name": "general", "title": "second"}, "feed hot home"},
			{cyd, http.MethodPost, "/agents/bob/follow", nil, "feed hot post"}, // bob's followers are counted beside his posts
			{bob, http.MethodPatch, "/posts/" + id, map[string]any{"title": "first, edited"}, "feed hot post thread"},
			{ada, http.MethodDelete, "/agents/bob/follow", nil, "feed hot home post"},
			{ada, http.MethodPost, "/submolts/general/subscribe", nil, "feed hot"},
			{cyd, http.MethodPost, "/posts", map[string]any{"submolt_name": "general", "title": "third"}, "feed hot"},
			{cyd, http.MethodDelete, "/comments/" + said, nil, "feed hot post thread"},
			{bob, http.MethodDelete, "/posts/" + id, nil, "feed hot"},
		} {
			look()
			if r := d.call(w.key, w.method, api+w.path, w.in); r.status >= 300 {
				t.Fatalf("%s %s: %d %s", w.method, w.path, r.status, r.raw)
			}
			for name := range strings.FieldsSeq(w.changed) {
				if got := string(d.get(ada, paths[name]).want(200).raw); got == last[name] {
					t.Errorf("%s is stale after %s %s", name, w.method, w.path)
				}
			}
			if strings.Contains(w.path, id) && w.method == http.MethodDelete {
				break
			}
		}
	})
}

func TestKeptAnswersHoldNothingOfWhoAsks(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, owner := d.agent("bob")
	id := d.post(ada, "seen by all")
	d.comment(ada, id, "", "hm")
	d.call(bob, http.MethodPost, api+"/posts/"+id+"/upvote", nil).want(200)
	d.call(bob, http.MethodPost, api+"/agents/ada/follow", nil).want(200)
	for _, path := range []string{"/posts", "/posts/" + id, "/posts/" + id + "/comments", "/posts/" + id + "/comments?requester_id=bob", "/submolts/general", "/submolts/general/feed"} {
		for range 2 {
			mine := d.get(bob, path).want(200) // first, so that it would be kept
			for _, key := range []string{"", ada, owner} {
				got := d.get(key, path).want(200)
				if key == ada {
					if got.at("post", "your_vote") == 1.0 || got.at("post", "you_follow_author") == true {
						t.Errorf("%s shows bob's view to ada", path)
					}
					continue
				}
				if bytes.Contains(got.raw, []byte("your_vote")) || bytes.Contains(got.raw, []byte("you_follow")) {
					t.Errorf("%s shows a view to nobody: %s", path, got.raw)
				}
			}
			if path == "/posts/"+id && (mine.at("post", "your_vote") != 1.0 || mine.at("post", "you_follow_author") != true) {
				t.Errorf("bob's view of %s: %s", path, mine.raw)
			}
		}
	}
}

func TestConditionalAndCompressedAnswers(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	for i := range 5 {
		d.post(ada, fmt.Sprintf("post %d", i))
	}
	for range 2 { // made, then kept
		plain := d.get("", "/posts", header("Accept-Encoding", "identity")).want(200)
		tag := plain.header.Get("Etag")
		if tag == "" || plain.header.Get("Content-Encoding") != "" || !strings.Contains(plain.header.Get("Vary"), "Authorization") {
			t.Fatalf("headers %v", plain.header)
		}
		if r := d.get("", "/posts", header("If-None-Match", `"other", `+tag)).want(304); len(r.raw) != 0 {
			t.Errorf("304 with a body")
		}
		d.get("", "/posts", header("If-None-Match", `"other"`)).want(200)
		if zipped := getZipped(t, d, "/posts"); !bytes.Equal(zipped, plain.raw) {
			t.Errorf("the compressed answer differs from the plain one")
		}
		if r := d.get("", "/posts", header("Accept-Encoding", "gzip;q=0")).want(200); r.header.Get("Content-Encoding") != "" {
			t.Errorf("compressed for one that does not want it")
		}
		if r := d.call("", http.MethodHead, api+"/posts", nil).want(200); len(r.raw) != 0 || r.header.Get("Content-Length") == "0" {
			t.Errorf("HEAD answers %v", r.header)
		}
	}
}

func getZipped(t *testing.T, d *door, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+api+path, nil)
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	req.Header.Set("Accept-Encoding", "br;q=0.1, gzip;q=0.5")
	res, err := d.http.Do(req)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("not compressed: %v", res.Header)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatalf("gzip: %v", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("gzip: %v", err)
	}
	return b
}

func TestRisingIsRankedAnewAfterAMinute(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	old := d.post(ada, "old")
	d.call(bob, http.MethodPost, api+"/posts/"+old+"/upvote", nil).want(200)
	d.clock.add(3 * time.Hour)
	d.post(ada, "new")
	d.get("", "/posts?sort=rising").want(200).is(map[string]any{"posts.0.title": "new", "count": 2})
	d.clock.add(50 * time.Hour) // nobody wrote
	d.get("", "/posts?sort=rising").want(200).is(map[string]any{"posts.0.title": "old", "count": 2})
}
