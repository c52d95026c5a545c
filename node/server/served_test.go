package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// The log forgets what is old; who begins to follow a quiet submolt still reads in
// its outbox what was posted there, and each item at its id.
func TestOutboxesReachFurtherThanTheLog(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t)))
		count := func(path string) int { return len(s.document(path).List("orderedItems")) }
		general, adas := count("/m/general/outbox"), count("/u/ada/outbox")
		c.add(46 * 24 * time.Hour)
		for pruned := 1; pruned > 0; {
			var err error
			if pruned, err = s.node.Node.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if general != 2 || adas != 1 || count("/m/general/outbox") != 2 || count("/u/ada/outbox") != 1 {
			t.Fatalf("the outboxes held %d and %d items, and hold %d and %d", general, adas, count("/m/general/outbox"), count("/u/ada/outbox"))
		}
		var ids []string
		for _, path := range []string{"/m/general/outbox", "/u/ada/outbox"} {
			for _, item := range s.document(path).List("orderedItems") {
				id, _ := item["id"].(string)
				ids = append(ids, id)
				if at := s.document(strings.TrimPrefix(id, s.node.URL())); string(mustJSON(t, at.Body)) != string(mustJSON(t, item)) || at.Value("proof") == nil {
					t.Errorf("%s answers %v, the outbox holds %v", id, at.Body, item)
				}
				if object, foreign := item["object"].(string); foreign && object != s.evil.URL+"/post/eve" {
					t.Errorf("%s names %s", id, object)
				}
			}
		}
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "New"}).Want(http.StatusCreated)
		if got := s.document("/m/general/outbox").List("orderedItems"); len(got) != 3 || !strings.Contains(string(mustJSON(t, got[0])), `"New"`) {
			t.Errorf("with a new post the outbox holds %d, first %v", len(got), got[0])
		}
		m, err := s.node.Node.Submolt(t.Context(), "general")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.node.Node.Outbox(t.Context(), m.ID, 2); err != nil || len(got) != 2 {
			t.Errorf("the first 2 of an outbox with a new post and old ones are %d, %v", len(got), err)
		}
		s.ada.Do(http.MethodDelete, "/posts/"+s.adas[strings.LastIndexByte(s.adas, '/')+1:], nil).Want(http.StatusOK)
		if general, adas := count("/m/general/outbox"), count("/u/ada/outbox"); general != 2 || adas != 1 {
			t.Errorf("without what was deleted: %d and %d items", general, adas)
		}
		gone := 0
		for _, id := range ids {
			if status, _, _ := s.node.Get(strings.TrimPrefix(id, s.node.URL()), activity.ContentType); status == http.StatusGone {
				gone++
			}
		}
		if gone != 2 {
			t.Errorf("%d activities about what was deleted answer 410, want 2", gone)
		}
	})
}

// Some read a thread's replies only where their first page stands in what they answer.
func TestWhatIsServedHoldsTheFirstPageOfItsReplies(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		path := strings.TrimPrefix(s.adas, s.node.URL())
		id := path[strings.LastIndexByte(path, '/')+1:]
		var last nodetest.Reply
		for i := range 21 {
			last = s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": fmt.Sprint("Reply ", i)}).Want(http.StatusCreated)
		}
		below := s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "Below", "parent_id": last.String("comment", "id")}).Want(http.StatusCreated)
		d := s.document(path)
		first, _ := d.Value("replies", "first", "items").([]any)
		next := d.Value("replies", "first", "next")
		if d.Value("replies", "id") != s.adas+"/replies" || d.Value("replies", "type") != "Collection" || d.Value("replies", "totalItems") != 21.0 ||
			d.Value("replies", "first", "type") != "CollectionPage" || d.Value("replies", "first", "partOf") != s.adas+"/replies" || len(first) != 20 || next == nil {
			t.Fatalf("replies: %v", d.Value("replies"))
		}
		rest := s.document(strings.TrimPrefix(next.(string), s.node.URL()))
		items, _ := rest.Value("items").([]any)
		if rest.Value("id") != next || len(items) != 1 || rest.Value("next") != nil {
			t.Errorf("the next page: %v", rest.Body)
		}
		if all, _ := s.document(path + "/replies").Value("items").([]any); len(all) != 21 || all[20] != items[0] {
			t.Errorf("the whole collection: %v", all)
		}
		d = s.document(strings.TrimPrefix(last.String("comment", "uri"), s.node.URL()))
		if first, _ := d.Value("replies", "first", "items").([]any); len(first) != 1 || first[0] != below.String("comment", "uri") || d.Value("replies", "first", "next") != nil {
			t.Errorf("replies to a comment: %v", d.Value("replies"))
		}
	})
}

// Hashtags go out as other programs read them, and both ours and others' lead to
// a search here.
func TestHashtagsGoOutAndLeadToASearch(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		mine := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "On #tea", "content": "With `#code` and #Earl_Grey."}).Want(http.StatusCreated)
		theirs := page(s.evil.URL+"/post/tags", s.eve, s.general, "Theirs")
		theirs["content"] = `<p>Of <a href="https://m.example/tags/tea" class="mention hashtag" rel="tag">#<span>tea</span></a></p>`
		theirs["tag"] = []doc{{"type": "Hashtag", "href": "https://m.example/tags/tea", "name": "#tea"}}
		s.must(s.evil, s.eve, create(theirs))
		var tags []string
		for _, tag := range s.document(strings.TrimPrefix(mine.String("post", "uri"), s.node.URL())).List("tag") {
			tags = append(tags, fmt.Sprint(tag["type"], tag["name"], tag["href"]))
		}
		search := s.node.URL() + "/search?q=%23"
		if got, want := strings.Join(tags, " "), "Hashtag#tea"+search+"tea Hashtag#Earl_Grey"+search+"Earl_Grey"; got != want {
			t.Errorf("tags of our post: %s, want %s", got, want)
		}
		found := s.node.Call("", http.MethodGet, "/api/v1/search?q=%23tea&type=posts", nil).Want(http.StatusOK).List("results")
		if len(found) != 2 {
			t.Errorf("a search for the hashtag finds %v", found)
		}
		for _, p := range s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts")[:2] {
			want := map[bool]string{true: `["tea"]`, false: `["tea","Earl_Grey"]`}[p["title"] == "Theirs"]
			if got := string(mustJSON(t, p["hashtags"])); got != want {
				t.Errorf("hashtags of %v: %s, want %s", p["title"], got, want)
			}
			if _, shown, _ := s.node.Get("/post/"+p["id"].(string), "text/html"); !strings.Contains(shown, `<a href="/search?q=%23tea" rel="tag nofollow">#tea</a>`) {
				t.Errorf("the page of %v has no link for its hashtag", p["title"])
			}
		}
	})
}
