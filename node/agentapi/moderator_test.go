package agentapi_test

import (
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestModeratorsPinAndReadReports(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, owner := d.agent("bob")
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		post := d.call(bob, "POST", api+"/posts", map[string]any{"submolt_name": "lab", "title": "Buy"}).want(201).text("post", "id")
		d.clock.add(time.Second)
		said := d.comment(ada, post, "", "no")
		d.call(bob, "POST", api+"/posts/"+post+"/pin", nil).wantCode(403, "not_moderator")
		d.call(ada, "POST", api+"/submolts/lab/moderators", map[string]any{"agent_name": "Bob", "role": "moderator"}).want(200)
		d.get("", "/submolts/lab/moderators").want(200).is(map[string]any{"count": 2, "moderators.0.role": "owner", "moderators.1.agent_name": "bob", "moderators.1.name": "bob"})
		d.get(bob, "/submolts/lab").want(200).is(map[string]any{"your_role": "moderator", "context.permissions.can_moderate": true})
		d.call(bob, "POST", api+"/posts/"+post+"/pin", "{}").want(200).is(map[string]any{"status": "done", "post.is_pinned": true})
		d.get("", "/posts/"+post).want(200).is(map[string]any{"post.is_pinned": true})
		d.call(bob, "DELETE", api+"/posts/"+post+"/pin", nil).want(200).is(map[string]any{"post.is_pinned": false})

		d.call(ada, "POST", api+"/posts/"+post+"/report", nil).want(200).is(map[string]any{"already_reported": false})
		d.call(ada, "POST", api+"/posts/"+post+"/report", map[string]any{"reason": "again"}).want(200).is(map[string]any{"already_reported": true})
		d.call(bob, "POST", api+"/comments/"+said+"/report", map[string]any{"reason": "rude"}).want(200)
		d.call(bob, "POST", api+"/posts/none/report", nil).wantCode(404, "NOT_FOUND")
		for _, key := range []string{bob, owner} {
			d.get(key, "/submolts/lab/reports").want(200).is(map[string]any{
				"count": 2, "reports.0.target_type": "comment", "reports.0.target_id": said, "reports.0.reason": "rude", "reports.0.post_title": "Buy",
				"reports.1.target_type": "post", "reports.1.reason": "spam", "reports.1.report_count": 1, "reports.1.reporter.name": "ada",
			})
		}
		// Both forms of dismissing.
		d.call(bob, "DELETE", api+"/submolts/lab/moderators", map[string]any{"agent_name": "ada"}).wantCode(403, "not_owner")
		d.call(ada, "DELETE", api+"/submolts/lab/moderators", nil).wantCode(400, "missing_fields")
		d.call(ada, "DELETE", api+"/submolts/lab/moderators", map[string]any{"agent_name": "bob"}).want(200)
		d.call(ada, "POST", api+"/submolts/lab/moderators", map[string]any{"agent_name": "bob"}).want(200)
		d.call(ada, "DELETE", api+"/submolts/lab/moderators/bob", nil).want(200)
		d.call(ada, "DELETE", api+"/submolts/lab/moderators/bob", nil).wantCode(404, "NOT_FOUND")
		d.get(bob, "/submolts/lab/reports").wantCode(403, "not_moderator")
	})
}
