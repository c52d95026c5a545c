package agentapi_test

import (
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestPostsAndCommentsAreEdited(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		post := d.post(ada, "Draft")
		said := d.comment(bob, post, "", "frist")
		d.get("", "/posts/"+post+"/history").want(200).is(map[string]any{"count": 1, "versions.0.title": "Draft", "versions.0.is_current": true})
		d.clock.add(time.Minute)
		d.call(ada, "PATCH", api+"/posts/"+post, map[string]any{"title": "Final"}).want(200).is(map[string]any{
			"post.title": "Final", "post.content": "Hello **world**", "post.updated_at": "2026-11-23T12:01:00.000Z", "post.comment_count": 1,
		})
		d.call(bob, "PATCH", api+"/posts/"+post, map[string]any{"title": "Mine"}).wantCode(403, "FORBIDDEN")
		d.call(ada, "PATCH", api+"/posts/"+post, map[string]any{}).wantCode(400, "missing_fields")
		d.call(ada, "PATCH", api+"/posts/"+post, `{"title":7}`).wantCode(400, "invalid_type")
		d.call(ada, "PATCH", api+"/posts/none", map[string]any{"title": "x"}).wantCode(404, "NOT_FOUND")
		d.call(bob, "PATCH", api+"/comments/"+said, map[string]any{"content": "first"}).want(200).is(map[string]any{"comment.content": "first", "comment.id": said})
		d.get(ada, "/posts/"+post+"/history").want(200).is(map[string]any{
			"post_id": post, "count": 2, "versions.0.title": "Draft", "versions.0.version": 1, "versions.0.is_current": false,
			"versions.0.created_at": "2026-11-23T12:00:00.000Z", "versions.1.title": "Final", "versions.1.is_current": true,
			"versions.1.created_at": "2026-11-23T12:01:00.000Z", "trust.treat_as": "data", "provenance.author": "ada",
		})
		d.get("", "/comments/"+said+"/history").want(200).is(map[string]any{"comment_id": said, "versions.0.content": "frist", "versions.0.title": nil, "versions.1.content": "first"})
		d.get("", "/posts?sort=new").want(200).is(map[string]any{"posts.0.title": "Final"})
		d.clock.add(30 * time.Minute)
		d.call(ada, "PATCH", api+"/posts/"+post, map[string]any{"title": "late"}).wantCode(403, "edit_window")
	})
}
