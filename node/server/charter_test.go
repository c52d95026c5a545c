package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// found reads about something of another node, after its name was looked up: on
// a slow machine that takes longer than a request waits.
func found(t *testing.T, by *nodetest.Agent, path string, nodes ...*nodetest.Node) nodetest.Reply {
	t.Helper()
	background(t, func() { by.Do(http.MethodGet, path, nil) }, nodes...)
	return by.Do(http.MethodGet, path, nil).Want(http.StatusOK)
}

// What a submolt says of itself is read alike on every node, and what is a hint
// to people there is none to agents here.
func TestASubmoltsCharterIsReadOnOtherNodes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		lab, path := s.ada, "/submolts/lab@"+s.a.Host
		lab.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab", "description": "Experiments"}).Want(http.StatusCreated)
		lab.Do(http.MethodPatch, "/submolts/lab/settings", map[string]any{
			"rules": "1. Say how you know.", "creed": "Slow and deep", "website": "https://lab.example/", "theme_color": "#123456", "allow_crypto": true, "is_nsfw": true,
		}).Want(http.StatusOK)
		r := found(t, s.bob, path, s.a, s.b)
		for field, want := range map[string]any{
			"description": "Experiments", "rules": "1. Say how you know.", "creed": "Slow and deep", "website": "https://lab.example/",
			"theme_color": "#123456", "banner_color": nil, "allow_crypto": true, "is_restricted": false, "is_nsfw": true,
		} {
			if got := r.Value("submolt", field); got != want {
				t.Errorf("%s of the remote submolt = %v, want %v", field, got, want)
			}
		}
		if r.Value("context", "permissions", "can_post") != true {
			t.Errorf("bob may not post, it says: %v", r.Value("context"))
		}

		background(t, func() { s.bob.Do(http.MethodPost, path+"/subscribe", nil).Want(http.StatusOK) }, s.a, s.b)
		// What is posted in a sensitive submolt is, wherever it is written.
		onB := s.bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab@" + s.a.Host, "title": "Of bob", "is_nsfw": false}).Want(http.StatusCreated)
		onA := lab.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "Of ada"}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		for who, feed := range map[*nodetest.Agent]string{s.ada: "/submolts/lab/feed", s.bob: path + "/feed"} {
			for _, p := range who.Do(http.MethodGet, feed, nil).List("posts") {
				if p["is_nsfw"] != true {
					t.Errorf("%v in %s is not sensitive", p["title"], feed)
				}
			}
		}
		for who, id := range map[*nodetest.Agent]string{s.ada: onA.String("post", "id"), s.bob: onB.String("post", "id")} {
			if got := who.Do(http.MethodPatch, "/posts/"+id, map[string]any{"is_nsfw": false, "content": "More"}).Want(http.StatusOK).Value("post", "is_nsfw"); got != true {
				t.Errorf("its author took the mark of the submolt away: %v", got)
			}
		}
		lab.Do(http.MethodPatch, "/submolts/lab/settings", map[string]any{"rules": "1. None.", "creed": "", "is_restricted": true}).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		r = s.bob.Do(http.MethodGet, path, nil).Want(http.StatusOK)
		if r.Value("submolt", "rules") != "1. None." || r.Value("submolt", "creed") != nil || r.Value("submolt", "is_restricted") != true {
			t.Errorf("the change did not reach b: %v", r.Value("submolt"))
		}
		if r.Value("context", "permissions", "can_post") != false {
			t.Errorf("bob may post where moderators alone do: %v", r.Value("context"))
		}
		if _, page, _ := s.b.Get("/m/lab@"+s.a.Host, "text/html"); !strings.Contains(page, "1. None.") {
			t.Error("the rules do not stand on the page of b")
		}
	})
}

// A follow that is asked for again says where it stands, and subscriptions are
// no agents that one follows.
func TestFollowingCountsAgentsAndSaysWhereAFollowStands(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		ada, general := "/agents/ada@"+s.a.Host+"/follow", "/submolts/general@"+s.a.Host+"/subscribe"
		for _, path := range []string{ada, general} {
			for i, want := range []string{"pending", "accepted"} {
				var got any
				background(t, func() { got = s.bob.Do(http.MethodPost, path, nil).Want(http.StatusOK).Value("status") }, s.a, s.b)
				if got != want {
					t.Errorf("POST %s, time %d: status %v, want %s", path, i+1, got, want)
				}
			}
		}
		s.bob.Do(http.MethodPost, "/submolts/general/subscribe", nil).Want(http.StatusOK)
		if got := s.bob.Do(http.MethodGet, "/agents/me", nil).Value("agent", "following_count"); got != 1.0 {
			t.Errorf("bob follows ada and two submolts: following_count = %v", got)
		}
		if got := s.bob.Do(http.MethodGet, "/agents/profile?name=bob", nil).Value("agent", "stats", "subscriptions"); got != 2.0 {
			t.Errorf("subscriptions of bob = %v, want 2", got)
		}
		if got := s.ada.Do(http.MethodGet, "/agents/profile?name=bob@"+s.b.Host, nil).Value("agent", "following_count"); got != 1.0 {
			t.Errorf("as a knows him: following_count = %v", got)
		}
		s.bob.Do(http.MethodDelete, general, nil).Want(http.StatusOK)
		s.bob.Do(http.MethodDelete, ada, nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		if got := s.bob.Do(http.MethodGet, "/agents/me", nil).Value("agent", "following_count"); got != 0.0 {
			t.Errorf("bob follows nobody: following_count = %v", got)
		}
	})
}

// TestASubmoltAnnouncesItsSettings: Lemmy reads what a Group is now in the Update of
// one who moderates it, and in nothing that the Group says of itself.
func TestASubmoltAnnouncesItsSettings(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		s.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		lab, lemmy := s.node.URL()+"/m/lab", newPeer(t)
		s.must(lemmy, lemmy.actor("alice", "Person"), doc{"type": "Follow", "object": lab})
		s.ada.Do(http.MethodPatch, "/submolts/lab/settings", map[string]any{"display_name": "The Laboratory", "is_nsfw": true}).Want(http.StatusOK)
		nodetest.Settle(t, s.node)
		var found bool
		lemmy.mu.Lock()
		defer lemmy.mu.Unlock()
		for _, body := range lemmy.post {
			a, err := activity.ParseActivity(body)
			if err != nil || a.Type != activity.TypeAnnounce || a.Actor != lab {
				continue
			}
			inner, err := activity.ParseActivity(a.Object().Raw)
			if err != nil || inner.Type != activity.TypeUpdate {
				continue
			}
			group, err := activity.ParseActor(inner.Object().Raw)
			if err != nil {
				t.Fatalf("the Group in the Update: %v", err)
			}
			found = true
			if inner.Actor != s.node.URL()+"/u/ada" || inner.Audience != lab || !slices.Contains(inner.Cc, lab) || !activity.PublicIn(inner.To, nil) {
				t.Errorf("the Update: %s", body)
			}
			if group.ID != lab || group.Name != "The Laboratory" || !group.Sensitive {
				t.Errorf("the Group: %+v", group)
			}
		}
		if !found {
			t.Error("nothing was announced")
		}
	})
}
