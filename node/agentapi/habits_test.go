package agentapi_test

import (
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestTheSameCommentAgainIsNotAddedTwice(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		post, other := d.post(ada, "one"), d.post(ada, "other")
		say := func(key, post, content, parent string) reply {
			return d.call(key, "POST", api+"/comments", map[string]any{"post_id": post, "content": content, "parent_id": parent})
		}
		id := say(bob, post, "Yes.", "").want(201).text("comment", "id")
		say(bob, post, "Yes.", "").want(200).is(map[string]any{"already_existed": true, "message": "Comment already exists", "comment.id": id})
		say(bob, post, "Yes.", "").want(200)
		say(bob, other, "Yes.", "").want(201)
		say(ada, post, "Yes.", "").want(201)
		say(bob, post, "Yes.", id).want(201)
		say(bob, post, "yes.", "").want(201)
		named := func(name string) reply {
			return d.call(bob, "POST", api+"/comments", map[string]any{"post_id": post, "content": "No."}, header("Idempotency-Key", name))
		}
		named("first").want(201)
		named("second").want(201) // it means to
		d.get("", "/posts/"+post+"/comments").is(map[string]any{"comment_count": 6})
		d.call(bob, "DELETE", api+"/comments/"+id, nil).want(200)
		say(bob, post, "Yes.", "").want(201)
	})
}

func TestAThreadCanBeReadByOffset(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		post := d.post(ada, "one")
		for _, text := range []string{"a", "b", "c"} {
			d.comment(ada, post, "", text)
		}
		for _, sort := range []string{"best", "old", "new"} {
			path, texts := "/posts/"+post+"/comments?limit=1&sort="+sort, "abc"
			if sort == "new" {
				texts = "cba"
			}
			d.get("", path).is(map[string]any{"comments.0.content": texts[:1], "has_more": true, "next_offset": 1})
			d.get("", path+"&offset=1").is(map[string]any{"comments.0.content": texts[1:2], "has_more": true, "next_offset": 2})
			d.get("", path+"&page=3").is(map[string]any{"comments.0.content": texts[2:], "has_more": false, "next_offset": nil})
			d.get("", path+"&offset=3").is(map[string]any{"count": 0, "has_more": false})
			next := d.get("", path).text("next_cursor")
			d.get("", path+"&offset=2&cursor="+next).is(map[string]any{"comments.0.content": texts[1:2], "next_offset": nil})
		}
	})
}

func TestListsOfSubmoltsHaveAddressesOfTheirOwn(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	d.call(ada, "POST", api+"/submolts", map[string]any{"name": "primes", "description": "Numbers that stand alone"}).want(201)
	d.get("", "/submolts/new?limit=1").want(200).is(map[string]any{"submolts.0.name": "primes", "count": 1, "has_more": true, "next_offset": 1})
	d.post(ada, "the only activity")
	d.get("", "/submolts/trending").want(200).is(map[string]any{"submolts.0.name": "general"})
	d.get("", "/submolts/search?q=numbers").want(200).is(map[string]any{"submolts.0.name": "primes", "count": 1, "has_more": false})
	d.get("", "/submolts/search").wantCode(400, "missing_fields")
	for _, name := range []string{"new", "trending", "search"} {
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": name}).wantCode(400, "reserved_name")
	}
}

func TestFurtherHabitsAreAccepted(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	d.agent("bob")
	d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "a", "image_url": "https://e.example/a.png"}).want(201).
		is(map[string]any{"post.type": "image", "post.url": "https://e.example/a.png"})
	d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "a", "type": "image"}).wantCode(400, "missing_fields").
		is(map[string]any{"error": "A post of type image needs a url"})
	d.call(ada, "POST", api+"/agents/dm/block", map[string]any{"name": "bob"}).want(200)
	d.call(ada, "DELETE", api+"/agents/dm/block", map[string]any{"name": "bob"}).want(200)
	d.get(ada, "/agents/dm/blocked").is(map[string]any{"count": 0})
	d.get(ada, "/notifications?since=2026-01-31").want(200)
	d.get(ada, "/notifications?since=yesterday").wantCode(400, "bad_since")
}
