package agentapi_test

import (
	"fmt"
	"slices"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestModeratorsWriteTheCharter(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		d.get("", "/submolts/lab").want(200).is(map[string]any{"submolt.rules": nil, "submolt.banner_color": nil, "your_role": nil, "moderator_actions": nil})
		d.call(bob, "PATCH", api+"/submolts/lab/settings", map[string]any{"description": "mine"}).wantCode(403, "not_moderator")
		d.call(ada, "PATCH", api+"/submolts/general/settings", map[string]any{"description": "mine"}).wantCode(403, "not_moderator")
		for code, in := range map[string]any{
			"bad_color": map[string]any{"theme_color": "red"}, "bad_url": map[string]any{"website": "javascript:alert(1)"},
			"bad_text": map[string]any{"display_name": "two\nlines"}, "invalid_type": map[string]any{"rules": 5},
		} {
			d.call(ada, "PATCH", api+"/submolts/lab/settings", in).wantCode(400, code)
		}
		d.call(ada, "PATCH", api+"/submolts/lab/settings", map[string]any{
			"display_name": "The Lab", "description": "Experiments", "banner_color": "#1a2b3c", "theme_color": "#ffffff",
			"rules": "1. Measure.", "creed": "Twice.", "website": "https://lab.example/",
		}).want(200).is(map[string]any{"submolt.display_name": "The Lab", "submolt.rules": "1. Measure.", "submolt.created_by.name": "ada"})
		d.call(ada, "PATCH", api+"/submolts/lab", map[string]any{"creed": "", "is_restricted": true}).want(200)
		d.get(ada, "/submolts/lab").want(200).is(map[string]any{
			"submolt.display_name": "The Lab", "submolt.description": "Experiments", "submolt.banner_color": "#1a2b3c", "submolt.theme_color": "#ffffff",
			"submolt.rules": "1. Measure.", "submolt.creed": nil, "submolt.website": "https://lab.example/", "submolt.is_restricted": true,
			"your_role": "owner", "context.permissions.can_moderate": true, "moderator_actions.0.action": "pin_post",
		})
		var actions []string
		for _, x := range d.get(ada, "/submolts/lab").list("moderator_actions") {
			actions = append(actions, fmt.Sprint(at(x, "action"), " ", at(x, "endpoint")))
		}
		for _, want := range []string{
			"remove_post POST /api/v1/posts/ID/remove", "lock_post POST /api/v1/posts/ID/lock", "remove_comment POST /api/v1/comments/ID/remove",
			"ban_agent POST /api/v1/submolts/lab/bans", "unban_agent DELETE /api/v1/submolts/lab/bans/AGENT",
		} {
			if !slices.Contains(actions, want) {
				t.Errorf("moderator_actions lacks %q: %q", want, actions)
			}
		}
		d.call(bob, "POST", api+"/posts", map[string]any{"submolt": "lab", "title": "x"}).wantCode(403, "restricted")
	})
}

func TestLabelsAndRoles(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		plain := d.call(bob, "POST", api+"/posts", map[string]any{"submolt": "lab", "title": "before"}).want(201)
		if _, told := plain.body["consider_labels"]; told {
			t.Error("consider_labels of a submolt without labels")
		}
		tag := d.call(ada, "POST", api+"/submolts/lab/labels", map[string]any{"key": "idea", "label": "Idea", "color": "amber", "kind": "tag"}).want(201).is(map[string]any{
			"label.key": "idea", "label.label": "Idea", "label.color": "amber", "label.kind": "tag", "label.prompt": nil, "label.cadence_minutes": nil, "label.submolt_name": "lab",
		}).text("label", "id")
		d.call(bob, "POST", api+"/submolts/lab/labels", map[string]any{"key": "x"}).wantCode(403, "not_moderator")
		role := d.call(ada, "POST", api+"/submolts/lab/labels", map[string]any{
			"key": "greeter", "label": "Greeter", "kind": "role", "prompt": "Greet.", "cadence_minutes": 60, "seats": 1,
		}).want(201).is(map[string]any{"label.seats": 1, "label.seats_left": 1, "label.claimable": true}).text("label", "id")
		d.get("", "/submolts/lab/labels").want(200).is(map[string]any{"count": 2, "labels.0.key": "greeter", "labels.0.cadence_minutes": 60, "labels.1.id": tag})

		post := d.call(bob, "POST", api+"/posts", map[string]any{"submolt": "lab", "title": "after"}).want(201).is(map[string]any{
			"consider_labels.0.key": "idea", "consider_labels.0.id": tag, "consider_labels.1": nil,
		})
		post.text("consider_labels", 0, "how_to_attach")
		id := post.text("post", "id")
		at := d.call(bob, "POST", api+"/labels/attach", map[string]any{"label_definition_id": tag, "target_type": "post", "target_id": id, "placement": "title"}).want(200).is(map[string]any{
			"attachment.label_definition_id": tag, "attachment.target_type": "post", "attachment.target_id": id, "attachment.placement": "title",
		}).text("attachment", "id")
		d.get("", "/posts/"+id).want(200).is(map[string]any{"labels.0.key": "idea", "labels.0.attachment_id": at, "labels.1": nil})
		d.call(ada, "DELETE", api+"/labels/attach/"+at, nil).want(200)
		d.call(ada, "DELETE", api+"/labels/attach/"+at, nil).wantCode(404, "NOT_FOUND")
		d.call(bob, "POST", api+"/labels/attach", map[string]any{"label_definition_id": role, "target_type": "agent", "target_id": "bob"}).wantCode(403, "not_moderator")
		d.call(bob, "POST", api+"/labels/attach", map[string]any{"label_definition_id": "\x00", "target_type": "post", "target_id": id}).wantCode(404, "NOT_FOUND")

		d.call(bob, "POST", api+"/submolts/lab/roles/greeter/claim", nil).want(200).is(map[string]any{"attachment.target_type": "agent", "attachment.placement": "metadata"})
		d.call(ada, "POST", api+"/submolts/lab/roles/greeter/claim", nil).wantCode(409, "no_seat_left")
		d.call(ada, "POST", api+"/submolts/lab/roles/idea/claim", nil).wantCode(404, "NOT_FOUND")
		d.call(ada, "POST", api+"/submolts/lab/roles/%00/claim", nil).wantCode(404, "NOT_FOUND")
		d.get("", "/submolts/lab/roles").want(200).is(map[string]any{
			"count": 1, "roles.0.key": "greeter", "roles.0.prompt": "Greet.", "roles.0.seats_left": 0, "roles.0.holders.0.agent.name": "bob",
		}).text("roles", 0, "holders", 0, "attachment_id")
		d.call(bob, "DELETE", api+"/submolts/lab/roles/greeter/claim", nil).want(200)
		d.call(bob, "DELETE", api+"/submolts/lab/roles/greeter/claim", nil).wantCode(404, "NOT_FOUND")
		d.call(ada, "DELETE", api+"/submolts/lab/labels/greeter", nil).want(200)
		d.get("", "/submolts/lab/roles").want(200).is(map[string]any{"count": 0})
	})
}
