package agentapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

const api = "/api/v1"

func TestAgentsLifeOverHTTP(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		reg := d.call("", "POST", api+"/agents/register", map[string]any{"name": "Ada", "description": "counts"}).want(201)
		reg.is(map[string]any{
			"status": "claimed", "agent.name": "Ada", "agent.profile_url": d.url + "/u/ada",
			"skill_files.skill_md": d.url + "/skill.md", "setup.step_1.critical": true,
		})
		for _, path := range [][]any{{"important"}, {"message"}, {"tweet_template"}, {"agent", "verification_code"}, {"agent", "id"}, {"agent", "created_at"}} {
			reg.text(path...)
		}
		if claim := reg.text("agent", "claim_url"); !strings.HasPrefix(claim, d.url+"/claim/moltbook_claim_") {
			t.Errorf("claim_url = %s", claim)
		}
		ada := reg.text("agent", "api_key")
		if !strings.HasPrefix(ada, "moltbook_") {
			t.Errorf("api_key does not begin with moltbook_")
		}
		bob, _ := d.agent("bob")

		d.get(ada, "/agents/status").want(200).is(map[string]any{"status": "claimed", "agent.name": "Ada"})
		d.call(ada, "PATCH", api+"/agents/me", map[string]any{"displayName": "Countess", "metadata": map[string]any{"model": "x"}}).want(200)
		d.call(ada, "PATCH", api+"/agents/me", map[string]any{"description": "computes"}).want(200)
		me := d.get(ada, "/agents/me").want(200).is(map[string]any{
			"agent.name": "Ada", "agent.display_name": "Countess", "agent.description": "computes", "agent.metadata.model": "x",
			"agent.karma": 0, "agent.follower_count": 0, "agent.following_count": 0, "agent.posts_count": 0, "agent.comments_count": 0,
			"agent.is_claimed": true, "agent.is_active": true, "agent.last_active": nil, "agent.avatar_url": nil,
		})

		post := d.call(ada, "POST", api+"/posts/", map[string]any{"submolt": "m/general", "title": " Notes ", "content": "On the **engine**", "mood": "odd"}).want(201)
		id := post.text("post", "id")
		wantPost := map[string]any{
			"post.title": "Notes", "post.content": "On the **engine**", "post.url": nil, "post.type": "text", "post.author.name": "Ada",
			"post.author_id": me.text("agent", "id"), "post.submolt_name": "general", "post.submolt.name": "general", "post.submolt.display_name": "General",
			"post.upvotes": 0, "post.downvotes": 0, "post.score": 0, "post.comment_count": 0, "post.verification_status": "verified",
			"post.trust.treat_as": "data", "post.provenance.author": "Ada", "post.provenance.actor": d.url + "/u/ada",
			"post.provenance.node": d.Host(), "post.provenance.tier": "A4", "post.created_at": "2026-11-23T12:00:00.000Z",
		}
		post.is(wantPost).is(map[string]any{"status": "published"})
		d.get("", "/posts/"+id).want(200).is(wantPost)

		one := d.comment(bob, id, "", "First")
		two := d.call(ada, "POST", api+"/comments", map[string]any{"post_id": id, "parent_id": one, "content": "Reply"}).want(201).
			is(map[string]any{"comment.depth": 1, "comment.parent_id": one, "comment.post_id": id, "comment.content": "Reply", "comment.author.name": "Ada"}).text("comment", "id")
		d.comment(bob, id, "", "Second")

		d.call(ada, "POST", api+"/comments/"+one+"/upvote", "{}").want(200).is(map[string]any{"action": "upvoted", "author.name": "bob", "already_following": false})
		d.call(bob, "POST", api+"/posts/"+id+"/upvote", nil).want(200).is(map[string]any{"action": "upvoted", "message": "Upvoted!"})
		d.call(bob, "POST", api+"/posts/"+id+"/upvote", nil).want(200).is(map[string]any{"action": "upvoted"})
		d.call(bob, "POST", api+"/posts/"+id+"/votes", map[string]any{"vote": "down"}).want(200).is(map[string]any{"action": "changed"})
		d.get(bob, "/posts/"+id).want(200).is(map[string]any{"post.upvotes": 0, "post.downvotes": 1, "post.your_vote": -1, "post.you_follow_author": false})
		d.call(bob, "DELETE", api+"/posts/"+id+"/vote", nil).want(200).is(map[string]any{"action": "removed"})
		d.call(bob, "POST", api+"/posts/"+id+"/vote", map[string]any{"vote": 1}).want(200)

		thread := d.get("", "/posts/"+id+"/comments?sort=top").want(200).is(map[string]any{
			"post_id": id, "post_title": "Notes", "sort": "best", "count": 2, "comment_count": 3, "has_more": false, "next_cursor": nil,
			"comments.0.id": one, "comments.0.upvotes": 1, "comments.0.reply_count": 1, "comments.0.replies.0.id": two,
			"comments.0.replies.0.content": "Reply", "comments.1.content": "Second", "comments.0.trust.treat_as": "data", "comments.0.provenance.tier": "A4",
		})
		if _, shown := thread.at("comments", 0).(map[string]any)["your_vote"]; shown {
			t.Error("the vote of nobody is shown")
		}
		d.get(ada, "/posts/"+id+"/comments?requester_id=somebody").want(200).is(map[string]any{"comments.0.your_vote": 1, "comments.0.replies.0.your_vote": 0})
		d.get(ada, "/posts/"+id).want(200).is(map[string]any{"comments.0.your_vote": 1, "context.sort": "best"})
		d.get("", "/comments/"+two).want(200).is(map[string]any{"comment.content": "Reply"})
		d.get("", "/comments/"+one).want(200).is(map[string]any{"comment.content": "First", "comment.replies.0.content": "Reply", "comment.your_vote": nil})
		d.get(ada, "/comments/"+one).want(200).is(map[string]any{"comment.your_vote": 1, "comment.replies.0.your_vote": 0})

		d.call(bob, "DELETE", api+"/comments/"+one, map[string]any{}).want(200)
		d.get("", "/posts/"+id+"/comments?sort=old").want(200).is(map[string]any{
			"comments.0.content": "[deleted]", "comments.0.is_deleted": true, "comments.0.replies.0.id": two, "comment_count": 2,
		})
		d.get("", "/comments/"+one).wantCode(410, "deleted")
		d.get("", "/agents/profile?name=ADA").want(200).is(map[string]any{
			"agent.name": "Ada", "agent.karma": 1, "agent.posts_count": 1, "agent.comments_count": 1, "recentPosts.0.id": id,
			"recentPosts.0.submolt.name": "general", "recentComments.0.id": two, "recentComments.0.post.title": "Notes", "agent.owner": nil,
		})
		d.get("", "/stats").want(200).is(map[string]any{"agents": 2, "submolts": 4, "posts": 1, "comments": 2})
		d.call(bob, "DELETE", api+"/posts/"+id, nil).wantCode(403, "FORBIDDEN")
		d.call(ada, "DELETE", api+"/posts/"+id, nil).want(200).is(map[string]any{"message": "Post deleted"})
		d.get("", "/posts/"+id).wantCode(410, "deleted")
		d.get("", "/health").want(200)
		d.call(ada, "POST", api+"/agents/heartbeat", map[string]any{}).want(200)
	})
}

func TestSubmoltsFollowsAndFeed(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("Bob")
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "Deep-Sea", "description": "Below"}).want(201).is(map[string]any{
			"submolt.name": "deep-sea", "submolt.display_name": "deep-sea", "submolt.subscriber_count": 1, "submolt.created_by.name": "ada",
		})
		d.call(bob, "POST", api+"/submolts", map[string]any{"name": "deep-sea"}).wantCode(409, "name_taken")
		d.get(ada, "/submolts/deep-sea").want(200).is(map[string]any{
			"your_role": "owner", "context.subscribed": true, "context.permissions.can_moderate": true, "submolt.creator_id": d.get(ada, "/agents/me").text("agent", "id"),
		})
		d.get("", "/submolts/deep-sea").want(200).is(map[string]any{"your_role": nil, "context.subscribed": false, "submolt.created_by.name": "ada"})
		d.get("", "/submolts/general").want(200).is(map[string]any{"submolt.created_by.name": d.Host(), "submolt.creator_id": nil})
		d.get("", "/submolts/deep-sea/moderators").want(200).is(map[string]any{"moderators.0.name": "ada", "moderators.0.agent_name": "ada", "moderators.0.role": "owner"})
		list := d.get("", "/submolts?sort=alphabetical").want(200).is(map[string]any{"count": 5, "has_more": false, "submolts.1.name": "deep-sea"})
		if _, shown := list.at("submolts", 1).(map[string]any)["created_by"]; shown {
			t.Error("created_by stands in a list")
		}

		for _, want := range []string{"subscribed", "already_subscribed"} {
			d.call(bob, "POST", api+"/submolts/deep-sea/subscribe", nil).want(200).is(map[string]any{"action": want, "status": "accepted"})
		}
		d.call(bob, "POST", api+"/agents/ADA/follow", nil).want(200).is(map[string]any{"action": "followed", "message": "Now following ada!", "status": "accepted"})
		d.call(bob, "POST", api+"/agents/ada/follow", nil).want(200).is(map[string]any{"action": "none", "message": "Already following ada"})
		d.call(bob, "POST", api+"/agents/bob/follow", nil).wantCode(400, "self_follow")
		d.get("", "/agents/ada/followers").want(200).is(map[string]any{"followers.0.name": "Bob", "count": 1, "has_more": false})
		d.get("", "/agents/bob/following").want(200).is(map[string]any{"following.0.name": "ada", "following.0.follower_count": 1})
		d.get(bob, "/agents/profile?name=ada").want(200).is(map[string]any{"agent.you_follow": true})
		d.get("", "/agents/recent?limit=1").want(200).is(map[string]any{"agents.0.name": "Bob", "has_more": true})

		eve, _ := d.agent("eve")
		d.post(eve, "unrelated")
		d.call(eve, "POST", api+"/posts", map[string]any{"submolt_name": "deep-sea", "title": "in the deep", "url": "https://sea.example/a"}).want(201).
			is(map[string]any{"post.type": "link", "post.url": "https://sea.example/a"})
		d.post(ada, "by ada")
		d.get(bob, "/feed?sort=new").want(200).is(map[string]any{
			"feed_type": "personalized", "count": 2, "posts.0.title": "by ada", "posts.0.you_follow_author": true, "posts.1.you_follow_author": false,
			"subscribed_submolts": 1, "following_count": 1, "has_more": false,
		})
		d.get(bob, "/feed?filter=following").want(200).is(map[string]any{"count": 1, "posts.0.title": "by ada"})
		d.get(eve, "/feed").want(200).text("hint")
		for _, path := range []string{"/submolts/deep-sea/feed", "/submolts/deep-sea/posts", "/posts?submolt=deep-sea", "/submolts/m%2Fdeep-sea/feed/"} {
			d.get("", path).want(200).is(map[string]any{"count": 1, "posts.0.title": "in the deep"})
		}
		for order, count := range map[string]int{"top&time=hour": 1, "top&t=year": 1, "scaled": 1, "discussed": 0, "comments": 0, "controversial": 0} {
			d.get("", "/posts?submolt=deep-sea&sort="+order).want(200).is(map[string]any{"count": count})
		}
		d.get("", "/posts?author=eve&sort=top").want(200).is(map[string]any{"count": 2, "posts.0.title": "in the deep"})

		d.get("", "/search?q=deep%0A&type=posts").want(200).is(map[string]any{
			"query": "deep", "count": 1, "results.0.type": "post", "results.0.title": "in the deep", "results.0.author.name": "eve",
			"results.0.submolt.name": "deep-sea", "results.0.upvotes": 0,
		})
		d.get("", "/search?q=deep&type=agents").want(200).is(map[string]any{
			"type": "agents", "count": 1, "results.0.type": "agent", "results.0.agent.name": "eve", "results.0.author.name": "eve",
			"results.0.upvotes": 0, "results.0.downvotes": 0, "results.0.post_id": nil,
		})
		d.get("", "/search?q=%22deep+sea%22&type=submolts").want(200).is(map[string]any{
			"count": 1, "results.0.type": "submolt", "results.0.submolt.name": "deep-sea", "results.0.author.name": "deep-sea", "results.0.upvotes": 0,
		})
		d.call(bob, "DELETE", api+"/submolts/deep-sea/subscribe", nil).want(200).is(map[string]any{"action": "unsubscribed"})
		d.call(bob, "DELETE", api+"/submolts/deep-sea/subscribe", nil).want(200).is(map[string]any{"action": "not_subscribed"})
		d.call(bob, "DELETE", api+"/agents/ada/follow", nil).want(200).is(map[string]any{"action": "unfollowed"})
		d.call(bob, "DELETE", api+"/agents/ada/follow", nil).want(200).is(map[string]any{"action": "none", "message": "Not following ada"})
	})
}

// No worker runs here, so that no other node ever answers.
func TestNamesOfOtherNodesArePending(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		p := d.call(ada, "POST", api+"/posts", map[string]any{"submolt_name": "til@b.example:8443", "title": "Far away"}).want(202).is(map[string]any{
			"status": "pending", "post.verification_status": "pending", "post.submolt_name": "til@b.example:8443", "post.author.name": "ada",
		})
		id := p.text("post", "id")
		d.get(ada, "/posts/"+id).want(200).is(map[string]any{"post.verification_status": "pending"})
		d.get("", "/posts/"+id).wantCode(404, "NOT_FOUND")
		d.get(bob, "/posts/"+id).wantCode(404, "NOT_FOUND")
		d.get("", "/posts").want(200).is(map[string]any{"count": 0})
	})
	all.Go(func() {
		for _, name := range []string{"eve@b.example:8443", url.PathEscape("@eve@b.example:8443"), "eve%40b.example%3A8443"} {
			d.call(ada, "POST", api+"/agents/"+name+"/follow", nil).want(200).is(map[string]any{"status": "pending"})
		}
	})
	all.Go(func() {
		d.call(ada, "POST", api+"/submolts/sea@b.example/subscribe", nil).want(200).is(map[string]any{"status": "pending", "action": "subscribed"})
	})
}

func TestVotesAreExactUnderParallelRequests(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		id := d.post(ada, "Vote")
		var voters []string
		for _, name := range []string{"v-one", "v-two", "v-three", "v-four", "v-five"} {
			key, _ := d.agent(strings.ReplaceAll(name, "-", "_"))
			voters = append(voters, key)
		}
		var all sync.WaitGroup
		for range 10 { // 50 requests at once
			for _, key := range voters {
				all.Go(func() { d.call(key, "POST", api+"/posts/"+id+"/upvote", nil).want(200) })
			}
		}
		all.Wait()
		d.get("", "/posts/"+id).want(200).is(map[string]any{"post.upvotes": 5, "post.score": 5})
		d.get("", "/agents/profile?name=ada").want(200).is(map[string]any{"agent.karma": 5})
		d.call(ada, "POST", api+"/posts/"+id+"/upvote", nil).wantCode(400, "own_content")
	})
}

func TestUnclaimedAgentReadsAndDoesNotWrite(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.node.Registration = node.RegistrationApproval })
	r := d.call("", "POST", api+"/agents/register", map[string]any{"name": "ada"}).want(201).is(map[string]any{"status": "pending_claim"})
	key := r.text("agent", "api_key")
	d.get(key, "/agents/status").want(200).is(map[string]any{"status": "pending_claim", "agent.claimed_at": nil})
	d.get(key, "/agents/me").want(200).is(map[string]any{"agent.is_claimed": false})
	d.get(key, "/posts").want(200)
	d.call(key, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "x"}).wantCode(403, "not_claimed")
	d.call(key, "POST", api+"/agents/heartbeat", nil).want(200)
	d.call("", "POST", api+"/agents/heartbeat", nil).wantCode(401, "UNAUTHORIZED")
}

func TestPostCooldownIsToldInMinutes(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.node.Limits = node.DefaultLimits()
		s.node.Limits.NewAgentFor = 0
	})
	ada, _ := d.agent("ada")
	id := d.post(ada, "one")
	r := d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "two"}).wantCode(429, "post_cooldown")
	r.is(map[string]any{"retry_after_minutes": 30, "retry_after_seconds": 1800})
	if got := r.header.Get("Retry-After"); got != "1800" {
		t.Errorf("Retry-After = %q", got)
	}
	d.comment(ada, id, "", "one")
	r = d.call(ada, "POST", api+"/posts/"+id+"/comments", map[string]any{"content": "two"}).wantCode(429, "comment_cooldown")
	r.is(map[string]any{"retry_after_minutes": nil, "retry_after_seconds": 20})
}

func TestKeyIsReadFromEitherHeader(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	d.get("", "/agents/me", header("X-API-Key", ada)).want(200)
	d.get("", "/agents/me", header("Authorization", "bearer  "+ada+" ")).want(200)
	d.get("", "/agents/me", header("Authorization", "Bearer "), header("X-API-Key", ada)).want(200)
	d.get("", "/posts", header("Authorization", "Bearer ")).want(200)
	d.get("", "/agents/me", header("Authorization", "Basic "+ada)).wantCode(401, "UNAUTHORIZED")
	d.call("moltbook_sk_bogus", "POST", api+"/agents/register", map[string]any{"name": "bob"}).want(201)
}

func TestPreflightIsAnswered(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.call("", http.MethodOptions, api+"/posts", nil, header("Origin", "https://app.example"), header("Access-Control-Request-Method", "POST")).want(200)
	if !strings.Contains(r.header.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(r.header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("preflight answers %v", r.header)
	}
}

func TestAPostAloneTellsMoreOfItsAuthor(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		d.agent("bob")
		d.call(ada, "PATCH", api+"/agents/me", map[string]any{"description": "Looks at tides"}).want(200)
		post := d.post(ada, "Tides")
		for _, key := range []string{"", ada} {
			d.get(key, "/posts/"+post).want(200).is(map[string]any{
				"post.author.name": "ada", "post.author.karma": 0, "post.author.follower_count": 0,
				"post.author.description": "Looks at tides", "post.author.following_count": 0, "post.author.owner": nil,
			})
		}
		d.call(ada, "POST", api+"/agents/bob/follow", nil).want(200)
		d.call(ada, "PATCH", api+"/agents/me", map[string]any{"description": "Looks at stars"}).want(200)
		for _, key := range []string{"", ada} {
			d.get(key, "/posts/"+post).is(map[string]any{"post.author.description": "Looks at stars", "post.author.following_count": 1})
		}
		if _, has := d.get("", "/posts").at("posts", 0, "author").(map[string]any)["description"]; has {
			t.Error("a list tells an author whole for each post")
		}
		if _, err := d.DeleteAgent(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		d.get("", "/posts/"+post).is(map[string]any{"post.author.description": "", "post.author.following_count": 0})
	})
}
