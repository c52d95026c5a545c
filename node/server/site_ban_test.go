package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// banned is a Block of somebody from a whole server.
func banned(who, site string, more doc) doc {
	d := doc{"type": "Block", "object": who, "target": site, "to": []string{activity.Public}, "cc": []string{}, "summary": "spam"}
	maps.Copy(d, more)
	return d
}

// A server bans whom it likes from what is its own, and its own accounts wherever
// they write; it ends that, or says until when. Nobody else says it, and nobody
// says it of another's place.
func TestAServerBansFromItsOwnPlaceAlone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		l := newLibrary(t, nodetest.NewAt(t, c.now, database(t)))
		l.books.agentsOnly()
		l.subscribe(l.ada)
		admin, bot, evilAdmin := l.books.actor("admin", "Person"), l.books.actor("bot", "Service"), l.evil.actor("root", "Person")
		home, evil := l.books.URL+"/", l.evil.URL+"/"
		count := 0
		// writes says whether zoe of the books' server may write in our submolt.
		writes := func() bool {
			count++
			title := fmt.Sprintf("By zoe %d", count)
			l.must(l.books, l.zoe, create(page(fmt.Sprintf("%s/zoe/%d", l.books.URL, count), l.zoe, l.general, title)))
			return strings.Contains(titles(l.node.Call("", http.MethodGet, "/api/v1/submolts/general/feed?sort=new", nil)), title)
		}
		posts := func(submolt string) nodetest.Reply {
			return l.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": submolt, "title": fmt.Sprintf("By ada %d", count)})
		}
		if !writes() { // who is not known here cannot be banned
			t.Fatal("zoe may not write")
		}
		for name, one := range map[string]struct {
			by  *peer
			who string
			act doc
		}{
			"another server's":                 {l.evil, evilAdmin, banned(l.zoe, home, nil)},
			"from our node":                    {l.evil, evilAdmin, banned(l.node.URL()+"/u/ada", l.node.URL()+"/", nil)},
			"of zoe, from another place":       {l.evil, evilAdmin, banned(l.zoe, evil, doc{"removeData": true})},
			"of ada, from another place":       {l.evil, evilAdmin, banned(l.node.URL()+"/u/ada", evil, doc{"removeData": true})},
			"by a bot of the server":           {l.books, bot, banned(l.zoe, home, nil)},
			"by a Group of the server":         {l.books, l.club, banned(l.zoe, home, nil)},
			"one that is over":                 {l.books, admin, banned(l.zoe, home, doc{"endTime": "2025-01-01T00:00:00Z"})},
			"between two people":               {l.books, admin, doc{"type": "Block", "object": l.zoe}},
			"passed on by a Group of a server": {l.books, l.club, doc{"type": "Announce", "object": doc{"id": l.books.fresh("block"), "type": "Block", "actor": admin, "object": l.zoe, "target": home}}},
		} {
			l.must(one.by, one.who, one.act)
			if !writes() {
				t.Fatalf("a ban %s holds", name)
			}
			posts("general").Want(http.StatusCreated)
		}
		shown := titles(l.node.Call("", http.MethodGet, "/api/v1/submolts/general/feed?sort=new&limit=50", nil))

		l.must(l.books, admin, banned(l.zoe, home, doc{"removeData": true}))
		if got := titles(l.node.Call("", http.MethodGet, "/api/v1/submolts/general/feed?sort=new&limit=50", nil)); writes() || strings.Contains(got, "By zoe") {
			t.Errorf("after the ban with its content: %q", got)
		}
		l.must(l.books, admin, doc{"type": "Undo", "object": withID(banned(l.zoe, home, nil), l.books.fresh("block"), admin), "restoreData": true})
		if got := titles(l.node.Call("", http.MethodGet, "/api/v1/submolts/general/feed?sort=new&limit=50", nil)); got != shown {
			t.Errorf("after the ban was ended: %q, before it %q", got, shown)
		}
		if !writes() {
			t.Error("zoe may not write again")
		}

		l.must(l.books, admin, banned(l.zoe, home, doc{"endTime": c.now().Add(10 * time.Minute).UTC().Format(time.RFC3339)}))
		if writes() {
			t.Error("a ban for ten minutes does not hold")
		}
		c.add(20 * time.Minute)
		if !writes() {
			t.Error("a ban for ten minutes holds for twenty")
		}

		l.must(l.books, admin, banned(l.node.URL()+"/u/ada", home, nil))
		posts("general").Want(http.StatusCreated)
		if r := posts("club@" + l.books.host()); r.Status != http.StatusForbidden || r.Value("code") != "banned" {
			t.Errorf("ada posts where she is banned: %d %v", r.Status, r.Body)
		}
		got := acts(l.ada, "/modlog")
		if n := strings.Count(" "+got, " ban_from_node"); n != 5 || strings.Count(got, "unban_from_node") != 1 {
			t.Errorf("the log has %d bans: %s", n, got)
		}
		last := l.ada.Do(http.MethodGet, "/modlog", nil).List("actions")[0]
		if last["node"] != l.books.host() || last["submolt"] != nil || last["reason"] != "spam" {
			t.Errorf("its last line: %v", last)
		}
		if _, shown, _ := l.node.Get("/modlog", "text/html"); !strings.Contains(shown, "<bdi>"+l.books.host()+"</bdi>") {
			t.Error("the page of the log does not name the server")
		}
	})
}

// A server that takes away what one of its own wrote, and brings it back, brings back
// nothing that the moderators of a submolt removed before. Nor does the end of a ban
// from a submolt.
func TestTheEndOfABanBringsBackWhatItTookAlone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.books.agentsOnly()
		founder := l.node.Agent("founder")
		founder.Do(http.MethodPost, "/submolts", map[string]any{"name": "clean", "display_name": "Clean"}).Want(http.StatusCreated)
		clean := l.node.URL() + "/m/clean"
		for i, title := range []string{"Spam", "Good"} {
			l.must(l.books, l.zoe, create(page(fmt.Sprintf("%s/zoe/%d", l.books.URL, i), l.zoe, clean, title)))
		}
		shown := func() string {
			return titles(l.node.Call("", http.MethodGet, "/api/v1/submolts/clean/feed?sort=new", nil))
		}
		spam := l.node.Call("", http.MethodGet, "/api/v1/submolts/clean/feed?sort=old", nil).List("posts")
		for _, p := range spam {
			if p["title"] == "Spam" {
				founder.Do(http.MethodPost, "/posts/"+p["id"].(string)+"/remove", nil).Want(http.StatusOK)
			}
		}
		if got := shown(); got != "Good" {
			t.Fatalf("shown is %q", got)
		}
		admin, home := l.books.actor("admin", "Person"), l.books.URL+"/"
		l.must(l.books, admin, banned(l.zoe, home, doc{"removeData": true}))
		if got := shown(); got != "" {
			t.Errorf("after her server's ban is shown %q", got)
		}
		l.must(l.books, admin, doc{"type": "Undo", "object": withID(banned(l.zoe, home, nil), l.books.fresh("block"), admin), "restoreData": true})
		if got := shown(); got != "Good" {
			t.Errorf("after it was ended is shown %q", got)
		}
		mod := l.books.actor("mod", "Service")
		l.must(l.books, mod, doc{"type": "Follow", "object": clean})
		founder.Do(http.MethodPost, "/submolts/clean/moderators", map[string]any{"agent_name": "mod@" + l.books.host(), "role": "moderator"}).Want(http.StatusOK)
		ban := banned(l.zoe, clean, doc{"audience": clean, "cc": []string{clean}})
		l.must(l.books, mod, ban)
		l.must(l.books, mod, doc{"type": "Undo", "object": withID(ban, l.books.fresh("block"), mod), "restoreData": true, "audience": clean, "cc": []string{clean}})
		if got := shown(); got != "Good" {
			t.Errorf("after the end of a ban that took nothing is shown %q", got)
		}
	})
}

// withID makes a whole activity of one that is inside another.
func withID(d doc, id, actor string) doc {
	d["id"], d["actor"] = id, actor
	return d
}
