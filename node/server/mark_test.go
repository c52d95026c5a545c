package server_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// A moderator marks another's post as sensitive, here and from another node; both
// show it so, and say who did it.
func TestModeratorsMarkPosts(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		marked := func(want bool) {
			t.Helper()
			nodetest.Settle(t, c.a, c.b)
			for by, id := range map[*nodetest.Agent]string{c.ada: c.onA, c.bob: c.onB} {
				if got := by.Do(http.MethodGet, "/posts/"+id, nil).Want(http.StatusOK).Value("post", "is_nsfw"); got != want {
					t.Errorf("is_nsfw of %s = %v, want %v", id, got, want)
				}
			}
		}
		c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/sensitive", map[string]any{"reason": "wounds"}).Want(http.StatusOK)
		c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/sensitive", map[string]any{"reason": "again"}).Want(http.StatusOK) // nothing
		marked(true)
		if told := c.bob.Do(http.MethodGet, "/notifications", nil).List("notifications"); len(told) == 0 || told[0]["type"] != "moderated" {
			t.Errorf("bob was not told: %v", told)
		}
		c.ada.Do(http.MethodDelete, "/posts/"+c.onA+"/sensitive", nil).Want(http.StatusOK)
		marked(false)

		// bob wrote it, moderates now, and asks from b for what he may do as a moderator.
		post := c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Of ada"}).Want(http.StatusCreated).String("post", "id")
		nodetest.Settle(t, c.a, c.b)
		onB, _ := c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host+"/feed?sort=new", nil).List("posts")[0]["id"].(string)
		if r := c.bob.Do(http.MethodPost, "/posts/"+onB+"/sensitive", nil); r.Status != http.StatusForbidden || r.Value("code") != "not_moderator" {
			t.Errorf("bob, who does not moderate yet: %d %v", r.Status, r.Body)
		}
		background(t, func() {
			c.ada.Do(http.MethodPost, "/submolts/lab/moderators", map[string]any{"agent_name": "bob@" + c.b.Host}).Want(http.StatusOK)
		}, c.a, c.b)
		c.onA, c.onB = post, onB
		if r := c.bob.Do(http.MethodPost, "/posts/"+onB+"/sensitive", nil).Want(http.StatusOK); r.Value("status") != "pending" {
			t.Errorf("marked in a remote submolt: %v", r.Body)
		}
		marked(true)
		c.bob.Do(http.MethodDelete, "/posts/"+onB+"/sensitive", nil).Want(http.StatusOK)
		marked(false)

		const want = "unmark_post mark_post add_moderator unmark_post mark_post"
		for by, path := range map[*nodetest.Agent]string{c.ada: "/submolts/lab/modlog", c.bob: "/submolts/lab@" + c.a.Host + "/modlog"} {
			if got := acts(by, path); got != want {
				t.Errorf("log of %s: %s", path, got)
			}
		}
		if _, text, _ := c.b.Get("/modlog", "text/html"); !strings.Contains(text, "as sensitive") || !strings.Contains(text, "wounds") {
			t.Error("the page of the log does not say it")
		}
	})
}

// TestALemmyModeratorMarksAPost: the Group announces the Update of a post by one
// who did not write it. Its mark is taken, and nothing else.
func TestALemmyModeratorMarksAPost(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t), func(c *server.Config) { c.Federation.Mirror = true })
		l := newLibrary(t, n)
		l.books.runs("lemmy")
		alice, mod := l.books.actor("alice", "Person"), l.books.actor("mod", "Person")
		l.subscribe(l.ada)
		post := page(l.books.URL+"/post/1", alice, l.club, "By alice")
		l.must(l.books, l.club, l.announced("1", post))
		update := func(by string, change doc) doc {
			changed := doc{"updated": time.Now().UTC().Format(time.RFC3339Nano)}
			for _, from := range []doc{post, change} {
				maps.Copy(changed, from)
			}
			return doc{"type": "Announce", "object": doc{"id": l.books.fresh("update"), "type": "Update", "actor": by, "object": changed, "audience": l.club}}
		}
		shown := func(title string, sensitive bool) {
			t.Helper()
			p := n.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=club@"+l.books.host(), nil).List("posts")[0]
			if p["title"] != title || p["is_nsfw"] != sensitive {
				t.Errorf("%v, is_nsfw %v, want %s, %v", p["title"], p["is_nsfw"], title, sensitive)
			}
		}
		title, _ := post["name"].(string)
		l.must(l.books, l.club, update(mod, doc{"sensitive": true, "name": "What mod would say"}))
		shown(title, true)
		l.must(l.books, l.club, update(mod, doc{"sensitive": false, "attributedTo": mod}))
		l.must(l.books, l.club, update(alice, doc{"sensitive": false, "attributedTo": mod})) // mod did not write it
		shown(title, true)
		l.must(l.books, l.club, update(mod, doc{"sensitive": false}))
		shown(title, false)

		// What the Group did not announce is nobody's: neither its moderator's own
		// word, nor another Group's, nor a stranger's about a post of ours.
		marks := func(id, author string) doc {
			p := page(id, author, l.club, title)
			p["sensitive"] = true
			return doc{"type": "Update", "object": p}
		}
		if got := l.books.send(n, mod, marks(l.books.URL+"/post/1", alice)); got != refused(http.StatusForbidden, "agents_only") {
			t.Errorf("a moderator's own Update is answered %v", got)
		}
		other := newPeer(t)
		bot := other.actor("bot", "Service")
		for _, m := range []doc{marks(l.books.URL+"/post/1", alice), marks(l.adas, n.URL()+"/u/ada")} {
			other.send(n, bot, m)
		}
		nodetest.Settle(t, n)
		shown(title, false)
		if got := n.Call("", http.MethodGet, "/api/v1/posts/"+l.adas[strings.LastIndexByte(l.adas, '/')+1:], nil).Want(http.StatusOK).Value("post", "is_nsfw"); got != false {
			t.Errorf("ada's own post: is_nsfw %v", got)
		}
	})
}

// TestAMarkIsPassedOnAlone: a moderator of another node marks a post here, with words
// that its author never wrote: nobody gets to read them. Who follows the author alone
// hears of the mark from its author.
func TestAMarkIsPassedOnAlone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		s.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Of ada", "content": "Her words."}).Want(http.StatusCreated)
		lab := s.node.URL() + "/m/lab"
		background(t, func() {
			s.ada.Do(http.MethodPost, "/submolts/lab/moderators", map[string]any{"agent_name": "eve@" + s.evil.host()}).Want(http.StatusOK)
		}, s.node)
		follower, fan := newPeer(t), newPeer(t)
		for p, target := range map[*peer]string{follower: lab, fan: s.node.URL() + "/u/ada"} {
			bot := p.actor("bot", "Service")
			s.must(p, bot, doc{"type": "Follow", "object": target})
		}
		mark := page(post.String("post", "uri"), s.node.URL()+"/u/ada", lab, "Forged title")
		mark["sensitive"], mark["content"] = true, "<p>Forged words.</p>"
		s.must(s.evil, s.eve, doc{"type": "Update", "object": mark, "audience": lab})
		p := s.ada.Do(http.MethodGet, "/posts/"+post.String("post", "id"), nil).Want(http.StatusOK)
		if p.Value("post", "is_nsfw") != true || p.Value("post", "content") != "Her words." {
			t.Errorf("the post: %v", p.Value("post"))
		}
		follower.await("Announce", `"sensitive":true`)
		fan.await("Update", `"sensitive":true`)
		for _, at := range []*peer{follower, fan} {
			at.mu.Lock()
			for _, body := range at.post {
				if strings.Contains(string(body), "Forged") {
					t.Errorf("forged words went out: %s", body)
				}
			}
			at.mu.Unlock()
		}
	})
}
