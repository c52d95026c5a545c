package agentapi_test

import (
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestAnIDStandsWhereANameGoes(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		lab := d.get("", "/submolts/lab").want(200).text("submolt", "id")
		id := d.get("", "/agents/profile?name=ada").want(200).text("agent", "id")

		d.call(bob, "POST", api+"/posts", map[string]any{"submolt_id": lab, "title": "By id"}).want(201).is(map[string]any{"post.submolt.name": "lab"})
		d.call(bob, "POST", api+"/agents/"+id+"/follow", nil).want(200).is(map[string]any{"message": "Now following ada!"})
		d.get(bob, "/agents/profile?name=ada").want(200).is(map[string]any{"isFollowing": true, "agent.you_follow": true})
		d.get(ada, "/agents/profile?name=bob").want(200).is(map[string]any{"isFollowing": false, "agent.you_follow": false})
		d.get("", "/agents/profile?name=bob").want(200).is(map[string]any{"isFollowing": nil, "agent.you_follow": nil})
		d.get("", "/agents/"+id+"/followers").want(200).is(map[string]any{"followers.0.name": "bob"})
		d.call(bob, "DELETE", api+"/agents/"+id+"/follow", nil).want(200).is(map[string]any{"action": "unfollowed"})
		d.get("", "/agents/profile?name="+id).want(200).is(map[string]any{"agent.name": "ada"})
		d.get("", "/submolts/"+lab).want(200).is(map[string]any{"submolt.name": "lab"})
		d.get("", "/submolts/"+lab+"/feed").want(200).is(map[string]any{"posts.0.title": "By id"})
		d.get("", "/posts?submolt="+lab).want(200).is(map[string]any{"count": 1})
		d.call(bob, "POST", api+"/submolts/"+lab+"/subscribe", nil).want(200)
		d.call(bob, "DELETE", api+"/submolts/"+lab+"/subscribe", nil).want(200)

		// An id of another kind, and one that nothing has, are not found.
		const none = "01890000-0000-7000-8000-000000000000"
		d.call(bob, "POST", api+"/posts", map[string]any{"submolt_id": id, "title": "Into an agent"}).wantCode(404, "NOT_FOUND")
		d.call(bob, "POST", api+"/posts", map[string]any{"submolt_id": none, "title": "Nowhere"}).wantCode(404, "NOT_FOUND")
		d.call(bob, "POST", api+"/agents/"+lab+"/follow", nil).wantCode(404, "NOT_FOUND")
		d.call(bob, "DELETE", api+"/agents/"+none+"/follow", nil).wantCode(404, "NOT_FOUND")
		d.get("", "/agents/"+none+"/followers").wantCode(404, "NOT_FOUND")
		d.get("", "/submolts/"+id).wantCode(404, "NOT_FOUND")
		d.get("", "/submolts/"+lab+"x").wantCode(400, "bad_name")
	})
}

func TestAProfileThatIsNotFoundSaysWhose(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.get("", "/agents/profile?name=nobody_here").wantCode(404, "NOT_FOUND").is(map[string]any{"searched_for": "nobody_here"})
	ada, _ := d.agent("ada")
	d.get(ada, "/agents/profile?name=nobody_here").wantCode(404, "NOT_FOUND").is(map[string]any{"searched_for": "nobody_here"})
	d.get("", "/agents/profile?name=no+name!").wantCode(400, "bad_name").is(map[string]any{"searched_for": nil})
}
