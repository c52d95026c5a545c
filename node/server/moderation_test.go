package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// community is ada's m/lab on a, to which bob of b is subscribed, with a post of bob's.
type community struct {
	story

	onA, onB string // the post's id on each node
}

func newCommunity(t *testing.T, database func(tb testing.TB) nodetest.Option) community {
	t.Helper()
	c := community{story: newStory(t, database)}
	c.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
	background(t, func() {
		c.bob.Do(http.MethodPost, "/submolts/lab@"+c.a.Host+"/subscribe", nil).Want(http.StatusOK)
	}, c.a, c.b)
	c.onB = c.bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + c.a.Host, "title": "From b"}).Want(http.StatusCreated).String("post", "id")
	nodetest.Settle(t, c.a, c.b)
	c.onA, _ = c.ada.Do(http.MethodGet, "/submolts/lab/feed", nil).List("posts")[0]["id"].(string)
	return c
}

func (c community) pinned(n *nodetest.Agent, id string) bool {
	return n.Do(http.MethodGet, "/posts/"+id, nil).Want(http.StatusOK).Value("post", "is_pinned") == true
}

func TestPinsAndModeratorsReachTheOtherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/pin", nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		if !c.pinned(c.bob, c.onB) {
			t.Error("the pin did not reach b")
		}
		if r := c.bob.Do(http.MethodDelete, "/posts/"+c.onB+"/pin", nil); r.Status != http.StatusForbidden {
			t.Errorf("bob, who does not moderate, unpins: %d", r.Status)
		}
		c.ada.Do(http.MethodDelete, "/posts/"+c.onA+"/pin", nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		if c.pinned(c.bob, c.onB) {
			t.Error("the end of the pin did not reach b")
		}

		// bob of b becomes a moderator on a: both nodes know, and he may ask for a pin.
		background(t, func() {
			c.ada.Do(http.MethodPost, "/submolts/lab/moderators", map[string]any{"agent_name": "bob@" + c.b.Host}).Want(http.StatusOK)
		}, c.a, c.b)
		ms := c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host+"/moderators", nil).Want(http.StatusOK).List("moderators")
		names := []any{}
		for _, m := range ms {
			names = append(names, m["name"])
		}
		if len(names) != 2 || !slices.Contains(names, any("bob")) || !slices.Contains(names, any("ada@"+c.a.Host)) {
			t.Fatalf("moderators on b: %v", ms)
		}
		if r := c.bob.Do(http.MethodPost, "/posts/"+c.onB+"/pin", nil).Want(http.StatusOK); r.Value("status") != "pending" {
			t.Errorf("pin of a remote submolt's post: %v", r.Body)
		}
		nodetest.Settle(t, c.a, c.b)
		if !c.pinned(c.ada, c.onA) || !c.pinned(c.bob, c.onB) {
			t.Errorf("bob's pin: %v on a, %v on b", c.pinned(c.ada, c.onA), c.pinned(c.bob, c.onB))
		}
		if r := c.bob.Do(http.MethodPost, "/submolts/lab@"+c.a.Host+"/moderators", map[string]any{"agent_name": "bob"}); r.Value("code") != "remote_submolt" {
			t.Errorf("appointing in a remote submolt: %v", r.Body)
		}
		c.ada.Do(http.MethodDelete, "/submolts/lab/moderators/bob@"+c.b.Host, nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		c.bob.Do(http.MethodDelete, "/posts/"+c.onB+"/pin", nil).Want(http.StatusForbidden)
		if ms := c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host+"/moderators", nil).List("moderators"); len(ms) != 1 {
			t.Errorf("moderators on b afterwards: %v", ms)
		}
	})
}

func TestReportReachesTheModeratorsOfTheOtherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		cleo := c.b.Agent("cleo")
		cleo.Do(http.MethodPost, "/posts/"+c.onB+"/report", map[string]any{"reason": "an advert"}).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		rs := c.ada.Do(http.MethodGet, "/submolts/lab/reports", nil).Want(http.StatusOK).List("reports")
		if len(rs) != 1 || rs[0]["target_id"] != c.onA || rs[0]["reason"] != "an advert" || rs[0]["reporter"].(map[string]any)["name"] != "cleo@"+c.b.Host {
			t.Errorf("reports on a: %v", rs)
		}
	})
}

// What moderators have dealt with is no longer reported, on whichever node they did it.
func TestResolvedReportsAreResolvedOnBothNodes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		cleo := c.b.Agent("cleo")
		background(t, func() {
			c.ada.Do(http.MethodPost, "/submolts/lab/moderators", map[string]any{"agent_name": "bob@" + c.b.Host}).Want(http.StatusOK)
		}, c.a, c.b)
		onA := func() []map[string]any {
			return c.ada.Do(http.MethodGet, "/submolts/lab/reports", nil).Want(http.StatusOK).List("reports")
		}
		onB := func() []map[string]any {
			return c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host+"/reports", nil).Want(http.StatusOK).List("reports")
		}
		report := func(post string) {
			cleo.Do(http.MethodPost, "/posts/"+post+"/report", map[string]any{"reason": "an advert"}).Want(http.StatusOK)
			nodetest.Settle(t, c.a, c.b)
			if len(onA()) != 1 || len(onB()) != 1 {
				t.Fatalf("reported: %v on a, %v on b", onA(), onB())
			}
		}
		report(c.onB)
		id := onA()[0]["id"].(string)
		if r := cleo.Do(http.MethodPost, "/submolts/lab@"+c.a.Host+"/reports/"+onB()[0]["id"].(string)+"/resolve", nil); r.Status != http.StatusForbidden {
			t.Errorf("who does not moderate resolves: %v", r.Body)
		}
		if r := c.ada.Do(http.MethodPost, "/submolts/lab/reports/"+id+"/resolve", nil).Want(http.StatusOK); r.Value("resolved") != 1.0 {
			t.Errorf("resolved: %v", r.Body)
		}
		nodetest.Settle(t, c.a, c.b)
		if len(onA()) != 0 || len(onB()) != 0 {
			t.Errorf("after a's moderator: %v on a, %v on b", onA(), onB())
		}
		c.ada.Do(http.MethodPost, "/submolts/lab/reports/"+id+"/resolve", nil).Want(http.StatusNotFound)

		report(c.another(t, "Again from b"))
		c.bob.Do(http.MethodPost, "/submolts/lab@"+c.a.Host+"/reports/"+onB()[0]["id"].(string)+"/resolve", nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		if len(onA()) != 0 || len(onB()) != 0 {
			t.Errorf("after b's moderator: %v on a, %v on b", onA(), onB())
		}
		report(c.another(t, "Once more from b"))
		evil := newPeer(t) // a stranger's word resolves nothing
		eve := evil.actor("eve", "Service")
		evil.send(c.a, eve, doc{"type": "Resolve", "object": doc{"id": evil.fresh("flag"), "type": "Flag", "actor": eve, "object": c.ada.Do(http.MethodGet, "/posts/"+onA()[0]["target_id"].(string), nil).String("post", "uri")}})
		nodetest.Settle(t, c.a, c.b)
		if len(onA()) != 1 {
			t.Error("a stranger resolved a report")
		}
	})
}

// another is one more post of bob's in the community, on b.
func (c community) another(t *testing.T, title string) string {
	t.Helper()
	id := c.bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + c.a.Host, "title": title}).Want(http.StatusCreated).String("post", "id")
	nodetest.Settle(t, c.a, c.b)
	return id
}

func TestSettingsReachTheOtherNodeAndThePage(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		c.ada.Do(http.MethodPatch, "/submolts/lab/settings", map[string]any{"display_name": "The Lab", "description": "Experiments", "rules": "Measure twice."}).Want(http.StatusOK)
		c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Newer"}).Want(http.StatusCreated)
		c.ada.Do(http.MethodPost, "/posts/"+c.onA+"/pin", nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		if got := c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host, nil).Value("submolt", "display_name"); got != "The Lab" {
			t.Errorf("display_name on b = %v", got)
		}
		if r := c.bob.Do(http.MethodPatch, "/submolts/lab@"+c.a.Host+"/settings", map[string]any{"rules": "x"}); r.Value("code") != "remote_submolt" {
			t.Errorf("settings of a remote submolt: %v", r.Body)
		}
		_, page, _ := c.a.Get("/m/lab?sort=new", "text/html")
		if !strings.Contains(page, "Measure twice.") || strings.Index(page, "From b") > strings.Index(page, "Newer") || strings.Count(page, ">From b<") != 1 {
			t.Error("the page lacks the rules, or the pinned post is not on top of it, once")
		}
	})
}

func TestCryptoFromElsewhereIsRefusedToo(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		write := func(title string) { // on b, which leaves it to a what its submolts take
			c.bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + c.a.Host, "title": title}).Want(http.StatusCreated)
			nodetest.Settle(t, c.a, c.b)
		}
		inLab := func() int { return len(c.ada.Do(http.MethodGet, "/submolts/lab/feed", nil).List("posts")) }
		write("Bitcoin at noon")
		c.bob.Do(http.MethodPatch, "/posts/"+c.onB, map[string]any{"content": "a blockchain for an airdrop"}).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		if n := inLab(); n != 1 {
			t.Errorf("%d posts in m/lab, want 1", n)
		}
		if content := c.ada.Do(http.MethodGet, "/posts/"+c.onA, nil).String("post", "content"); content != "" {
			t.Errorf("an edit brought it in: %q", content)
		}
		c.ada.Do(http.MethodPatch, "/submolts/lab/settings", map[string]any{"allow_crypto": true}).Want(http.StatusOK)
		write("Bitcoin at night")
		if n := inLab(); n != 2 {
			t.Errorf("%d posts in m/lab that allows them, want 2", n)
		}
	})
}
