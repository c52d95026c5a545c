package agentapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// pages reads a list to its end, by what next says, and returns how often each id came.
func (d *door) pages(path, list string, next func(r reply) string) map[string]int {
	d.t.Helper()
	seen := map[string]int{}
	query := ""
	for range 50 {
		r := d.get("", path+query).want(200)
		for _, x := range r.list(list) {
			seen[fmt.Sprint(at(x, "id"))]++
		}
		if r.at("count") != float64(len(r.list(list))) {
			d.t.Errorf("%s: count is %v", r.what, r.at("count"))
		}
		if r.at("has_more") != (r.at("next_cursor") != nil) {
			d.t.Errorf("%s: has_more %v, next_cursor %v", r.what, r.at("has_more"), r.at("next_cursor"))
		}
		if r.at("has_more") != true {
			return seen
		}
		query = next(r)
	}
	d.t.Fatalf("%s has no end", path)
	return nil
}

func byCursor(r reply) string { return "&cursor=" + url.QueryEscape(r.text("next_cursor")) }

func byOffset(r reply) string { return fmt.Sprintf("&offset=%v", r.at("next_offset")) }

func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		const n = 6
		var post string
		for i := range n {
			post = d.post(ada, fmt.Sprintf("paged %d", i))
		}
		for i := range n {
			d.comment(ada, post, "", fmt.Sprintf("comment %d", i))
			key, _ := d.agent(fmt.Sprintf("agent%d", i))
			d.call(key, http.MethodPost, api+"/agents/ada/follow", nil).want(200)
			d.call(key, http.MethodPost, api+"/submolts", map[string]any{"name": fmt.Sprintf("sub%d", i)}).want(201)
		}
		for _, l := range []struct {
			path, list string
			want       int
			next       func(reply) string
		}{
			{"/posts?limit=2&sort=hot", "posts", n, byCursor},
			{"/posts?limit=4&sort=new", "posts", n, byCursor},
			{"/posts?limit=2&sort=top", "posts", n, byCursor},
			{"/posts?limit=2&sort=rising", "posts", n, byCursor},
			{"/posts?limit=2&sort=new", "posts", n, byOffset},
			{"/posts?limit=3&author=ada", "posts", n, byCursor},
			{"/submolts/general/feed?limit=5", "posts", n, byCursor},
			{"/posts/" + post + "/comments?limit=2", "comments", n, byCursor},
			{"/posts/" + post + "/comments?limit=3&sort=new", "comments", n, byCursor},
			{"/search?q=paged&limit=2", "results", n, byCursor},
			{"/search?q=paged&limit=4&type=posts&author=ada&time=day", "results", n, byCursor},
			{"/search?q=paged&limit=4", "results", n, byOffset},
			{"/submolts?limit=5", "submolts", n + 4, byCursor},
			{"/submolts?limit=3&sort=alphabetical", "submolts", n + 4, byOffset},
			{"/agents/recent?limit=3", "agents", n + 1, byCursor},
			{"/agents/ada/followers?limit=2", "followers", n, byCursor},
			{"/agents/ada/followers?limit=3", "followers", n, byCursor},
		} {
			seen := d.pages(l.path, l.list, l.next)
			if len(seen) != l.want {
				t.Errorf("%s: %d entries, want %d", l.path, len(seen), l.want)
			}
			for id, times := range seen {
				if times != 1 {
					t.Errorf("%s: %s came %d times", l.path, id, times)
				}
			}
		}
		first := d.get("", "/posts?limit=4&page=1").want(200)
		second := d.get("", "/posts?limit=4&page=2").want(200).is(map[string]any{"count": 2, "has_more": false})
		if first.text("posts", 0, "id") == second.text("posts", 0, "id") {
			t.Error("the second page is the first")
		}
	})
}
