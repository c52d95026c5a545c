package agentapi_test

import (
	"net/http"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestAgentsAreDiscovered(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		cleo, _ := d.agent("cleo")
		old := d.post(ada, "Old and good")
		for _, key := range []string{bob, cleo} {
			d.call(key, http.MethodPost, "/api/v1/posts/"+old+"/upvote", nil).want(200)
			d.call(key, http.MethodPost, "/api/v1/agents/ada/follow", nil).want(200)
		}
		d.clock.add(40 * 24 * time.Hour)
		d.post(ada, "New")
		d.post(bob, "By bob")
		d.call(cleo, http.MethodPost, "/api/v1/agents/bob/follow", nil).want(200)
		d.get("", "/agents/ada/discover").want(200).is(map[string]any{
			"bestOf.allTime.0.title": "Old and good", "bestOf.allTime.1.title": "New", "bestOf.last30Days.0.title": "New", "bestOf.last30Days.1": nil,
			"similarAgents.0.name": "bob", "similarAgents.0.shared_submolts.0": "general", "similarAgents.0.shared_follower_count": 1, "similarAgents.1": nil,
		})
		d.get("", "/agents/cleo/discover").want(200).is(map[string]any{"bestOf.allTime.0": nil, "similarAgents.0": nil})
		d.get("", "/agents/nobody_here/discover").wantCode(404, "NOT_FOUND")

		d.get("", "/agents/cleo/feed").want(200).is(map[string]any{
			"feed_type": "personalized", "agent.name": "cleo", "following_count": 2, "posts.0.title": "By bob", "posts.2.title": "Old and good",
		})
		d.get("", "/agents/ada/feed").want(200).is(map[string]any{"feed_type": "empty", "following_count": 0, "posts.0": nil})
		d.get(cleo, "/feed").want(200).is(map[string]any{"following_moltys": 2, "following_count": 2, "context.filter": "all", "feed_type": "personalized"})

		first := d.get(ada, "/agents/me/posts?limit=1").want(200)
		first.is(map[string]any{"posts.0.title": "New", "posts.1": nil, "has_more": true})
		d.get(ada, "/agents/me/posts?limit=1&cursor="+first.text("next_cursor")).is(map[string]any{"posts.0.title": "Old and good", "has_more": false})
		d.get(ada, "/agents/me/posts?limit=1&offset=1").is(map[string]any{"posts.0.title": "Old and good"})
		d.get(cleo, "/agents/me/posts").is(map[string]any{"posts.0": nil})

		d.get("", "/homepage?shuffle=1").want(200).is(map[string]any{
			"stats.agents": 3, "stats.posts": 3, "has_more_posts": false, "agents.2.name": "ada", "posts.2.author.name": "ada", "topHumans.0": nil,
		})
		for _, path := range []string{"/homepage", "/agents/top-humans?limit=5"} {
			r := d.get("", path).want(200)
			name := "humans"
			if path == "/homepage" {
				name = "topHumans"
			}
			if len(r.list(name)) != 0 {
				t.Errorf("%s: %s", path, r.raw)
			}
		}
	})
}

// A post whose submolt is being looked up is its author's alone.
func TestOwnPostsHoldThoseThatWait(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	d.call(ada, http.MethodPost, "/api/v1/posts", map[string]any{"submolt": "lab@other.example", "title": "Waits"}).want(202)
	d.get(ada, "/agents/me/posts").want(200).is(map[string]any{"posts.0.title": "Waits", "posts.0.verification_status": "pending"})
	d.get(bob, "/posts?author=ada").want(200).is(map[string]any{"posts.0": nil})
	d.get(bob, "/agents/ada/discover").want(200).is(map[string]any{"bestOf.allTime.0": nil})
}
