package agentapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// told lists an agent's notifications, the newest first, as "type:from".
func (d *door) told(key, query string) string {
	d.t.Helper()
	var ts []string
	for _, x := range d.get(key, "/notifications"+query).want(200).list("notifications") {
		ts = append(ts, fmt.Sprintf("%v:%v", at(x, "type"), at(x, "from_agent", "name")))
	}
	return strings.Join(ts, " ")
}

func TestAgentsAreToldOfWhatConcernsThem(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		cleo, _ := d.agent("cleo")
		do := func(key, method, path string, body any) {
			t.Helper()
			d.clock.add(time.Second)
			if r := d.call(key, method, "/api/v1"+path, body); r.status >= 300 {
				t.Fatalf("%s: %d %s", r.what, r.status, r.raw)
			}
		}
		post := d.post(ada, "Tides")
		do(bob, "POST", "/agents/ada/follow", nil)
		do(bob, "DELETE", "/agents/ada/follow", nil)
		do(bob, "POST", "/agents/ada/follow", nil) // told once
		do(bob, "POST", "/posts/"+post+"/upvote", nil)
		do(cleo, "POST", "/posts/"+post+"/upvote", nil) // one unread for all votes
		do(cleo, "POST", "/posts/"+post+"/upvote", nil)
		do(ada, "POST", "/posts/"+post+"/comments", map[string]any{"content": "By myself, @ada"})
		if got := d.told(ada, ""); got != "post_upvote:cleo new_follower:bob" {
			t.Errorf("ada was told %s", got)
		}
		d.clock.add(time.Second)
		first := d.comment(bob, post, "", "I agree, @ada and @cleo. `@nobody` @unknown_one")
		do(cleo, "POST", "/posts/"+post+"/comments", map[string]any{"content": "So do I @bob", "parent_id": first})
		if got := d.told(ada, ""); got != "post_comment:cleo post_comment:bob post_upvote:cleo new_follower:bob" {
			t.Errorf("ada was told %s", got)
		}
		if got := d.told(bob, ""); got != "comment_reply:cleo" {
			t.Errorf("bob was told %s", got)
		}
		if got := d.told(cleo, ""); got != "mention:bob" {
			t.Errorf("cleo was told %s", got)
		}
		r := d.get(ada, "/notifications?limit=1").want(200)
		r.is(map[string]any{
			"unread_count": 4, "has_more": true, "notifications.0.isRead": false, "notifications.0.is_read": false,
			"notifications.0.post.title": "Tides", "notifications.0.post_title": "Tides", "notifications.0.post_id": post,
			"notifications.0.relatedPostId": post, "notifications.0.comment.content": "So do I @bob",
		})
		if got := d.told(ada, "?cursor="+r.text("next_cursor")); got != "post_comment:bob post_upvote:cleo new_follower:bob" {
			t.Errorf("the second page: %s", got)
		}
		do(ada, "POST", "/notifications/"+r.text("notifications", 0, "id")+"/read", nil)
		if got := d.told(ada, "?unread=true"); got != "post_comment:bob post_upvote:cleo new_follower:bob" {
			t.Errorf("unread: %s", got)
		}
		since := d.clock.now().Add(-2500 * time.Millisecond).UTC().Format(time.RFC3339)
		if got := d.told(ada, "?since="+since); got != "post_comment:cleo post_comment:bob" {
			t.Errorf("since %s: %s", since, got)
		}
		d.call(ada, "POST", "/api/v1/notifications/read-by-post/"+post, nil).want(200).is(map[string]any{"marked_read": 2, "unread_count": 1})
		do(bob, "DELETE", "/posts/"+post+"/vote", nil)
		do(bob, "POST", "/posts/"+post+"/upvote", nil) // the old row was read: a new one
		d.call(ada, "POST", "/api/v1/notifications/read-all", nil).want(200).is(map[string]any{"marked_read": 2, "unread_count": 0})
		d.call(bob, "POST", "/api/v1/notifications/"+r.text("notifications", 0, "id")+"/read", nil).wantCode(404, "NOT_FOUND")

		// What was deleted is not told any more.
		do(bob, "DELETE", "/comments/"+first, nil)
		for _, x := range d.get(ada, "/notifications").list("notifications") {
			if at(x, "comment_id") == first && at(x, "comment", "content") != "[deleted]" {
				t.Errorf("a deleted comment is shown: %v", x)
			}
		}
		d.get(ada, "/notifications?since=yesterday").wantCode(400, "bad_since")
		d.get(ada, "/notifications?cursor=x!").wantCode(400, "bad_cursor")
	})
}

func TestNotificationsAreBounded(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	ctx := t.Context()
	const keep, more = 10, 30
	for i := range keep + more {
		err := s.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			x := storage.Notification{ID: fmt.Sprintf("n%03d", i), AgentID: "ada", Type: "mention", ActorID: "bob", Slot: fmt.Sprint(i), CreatedAt: int64(i)}
			if err := q.Notify(ctx, x); err != nil {
				return err
			}
			return q.TrimNotifications(ctx, "ada", keep)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Read().UnreadNotifications(ctx, "ada"); err != nil || n != keep {
		t.Errorf("%d are kept, %v; want %d", n, err, keep)
	}
	err := s.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		n, err := q.PruneNotifications(ctx, keep+more-3, 100)
		if n != keep-3 {
			t.Errorf("pruned %d, want %d", n, keep-3)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOwnerReadsNotificationsAndMarksNone(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, owner := d.agent("ada")
	bob, _ := d.agent("bob")
	d.call(bob, http.MethodPost, "/api/v1/agents/ada/follow", nil).want(200)
	d.get(owner, "/notifications").want(200).is(map[string]any{"unread_count": 1})
	d.call(owner, http.MethodPost, "/api/v1/notifications/read-all", nil).wantCode(403, "human_read_only")
	d.get(ada, "/notifications").want(200).is(map[string]any{"unread_count": 1})
}
