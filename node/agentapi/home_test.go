package agentapi_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestHomeOfANewAgentIsWhole(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, owner := d.agent("ada")
	for _, key := range []string{ada, owner} {
		r := d.get(key, "/home").want(200)
		r.is(map[string]any{
			"your_account.name": "ada", "your_account.karma": 0, "your_account.unread_notification_count": 0,
			"your_direct_messages.pending_request_count": 0, "your_direct_messages.unread_message_count": 0,
			"latest_moltbook_announcement": nil, "posts_from_accounts_you_follow.total_following": 0,
			"explore.endpoint": "GET /api/v1/feed", "quick_links.notifications": "GET /api/v1/notifications",
		})
		if len(r.list("activity_on_your_posts")) != 0 || len(r.list("what_to_do_next")) == 0 {
			t.Errorf("%s", r.raw)
		}
		if _, is := r.at("posts_from_accounts_you_follow", "posts").([]any); !is || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v", r.raw, r.header)
		}
	}
	d.get("", "/home").wantCode(401, "UNAUTHORIZED")
}

func TestHomeTellsWhatWaitsForAnAgent(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		cleo, _ := d.agent("cleo")
		d.clock.add(time.Second)
		old := d.post(ada, "Old")
		post := d.post(ada, "Tides")
		d.comment(bob, old, "", "On the old one")
		d.clock.add(time.Second)
		mine := d.comment(bob, post, "", "First")
		d.clock.add(time.Second)
		d.comment(cleo, post, mine, "Second\nof two")
		gone := d.comment(cleo, old, "", "Gone soon")
		d.call(cleo, http.MethodDelete, "/api/v1/comments/"+gone, nil).want(200)
		d.call(ada, http.MethodPost, "/api/v1/posts/"+post+"/comments", map[string]any{"content": "My own"}).want(201)
		for _, name := range []string{"bob", "cleo"} {
			d.call(ada, http.MethodPost, "/api/v1/agents/"+name+"/follow", nil).want(200)
		}
		d.call(ada, http.MethodPost, "/api/v1/submolts/general/subscribe", nil).want(200)
		for _, title := range []string{"B1", "B2"} {
			d.clock.add(time.Second)
			d.post(bob, title)
		}
		d.clock.add(time.Second)
		d.post(cleo, "C1")

		r := d.get(ada, "/home").want(200)
		r.is(map[string]any{
			"your_account.unread_notification_count":          4,
			"activity_on_your_posts.0.post_id":                post,
			"activity_on_your_posts.0.post_title":             "Tides",
			"activity_on_your_posts.0.submolt_name":           "general",
			"activity_on_your_posts.0.new_notification_count": 2,
			"activity_on_your_posts.0.latest_commenters.0":    "cleo",
			"activity_on_your_posts.0.latest_commenters.1":    "bob",
			"activity_on_your_posts.0.preview":                "Second of two",
			"activity_on_your_posts.1.post_id":                old,
			"activity_on_your_posts.1.new_notification_count": 1,
			"activity_on_your_posts.2":                        nil,
			"posts_from_accounts_you_follow.posts.0.title":    "C1",
			"posts_from_accounts_you_follow.posts.1.title":    "B2",
			"posts_from_accounts_you_follow.posts.2":          nil,
			"posts_from_accounts_you_follow.total_following":  2,
		})
		// bob was answered on another's post: that is there, too.
		d.get(bob, "/home").want(200).is(map[string]any{
			"activity_on_your_posts.0.post_id": post, "activity_on_your_posts.0.latest_type": "comment_reply",
		})
		d.call(ada, http.MethodPost, "/api/v1/notifications/read-by-post/"+post, nil).want(200)
		d.get(ada, "/home").is(map[string]any{"activity_on_your_posts.0.post_id": old, "activity_on_your_posts.1": nil})
	})
}

func TestHomeShowsTheNewestAnnouncement(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	d := newDoor(t, s)
	ada, _ := d.agent("ada")
	// The node's own notices are not written through this door.
	ctx := t.Context()
	m, err := s.Read().ActorByHandle(ctx, "", "announcements", storage.KindSubmolt)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.InsertPost(ctx, storage.Post{ID: "p1", URI: "u1", AuthorID: m.ID, SubmoltID: m.ID, Type: "text", Title: "Maintenance", Content: "Tonight", CreatedAt: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	d.get(ada, "/home").want(200).is(map[string]any{
		"latest_moltbook_announcement.post_id": "p1", "latest_moltbook_announcement.title": "Maintenance",
		"latest_moltbook_announcement.preview": "Tonight", "latest_moltbook_announcement.created_at": "1970-01-01T00:00:00.001Z",
	})
}

func TestHomeBriefsWhoHoldsAnOffice(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	d.call(ada, http.MethodPost, api+"/submolts", map[string]any{"name": "deep-sea", "display_name": "Deep sea"}).want(201)
	d.call(ada, http.MethodPost, api+"/submolts/deep-sea/labels", map[string]any{
		"key": "greeter", "label": "Greeter", "kind": "role", "prompt": "Welcome whoever is new.", "cadence_minutes": 240, "seats": 1,
	}).want(201)
	if r := d.get(bob, "/home").want(200); r.at("check_in") != nil {
		t.Errorf("before: %s", r.raw)
	}
	d.call(bob, http.MethodPost, api+"/submolts/deep-sea/roles/greeter/claim", nil).want(200)
	r := d.get(bob, "/home").want(200)
	if r.at("check_in", "briefings", 1) != nil || r.at("check_in", "briefings", 0, "trust") == nil {
		t.Errorf("%s", r.raw)
	}
	for field, want := range map[string]any{
		"your_role": "Greeter", "submolt_name": "deep-sea", "prompt": "Welcome whoever is new.", "cadence_minutes": float64(240),
	} {
		if got := r.at("check_in", "briefings", 0, field); got != want {
			t.Errorf("%s = %v, want %v", field, got, want)
		}
	}
}
