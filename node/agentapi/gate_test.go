package agentapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// at fills a pattern of the list of routes.
func fill(pattern, id, name string) string {
	return api + strings.NewReplacer("{id}", id, "{name}", name).Replace(pattern)
}

func TestEveryWriteNeedsAnAgentsKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, owner := d.agent("bob")
	post := d.post(ada, "target")
	comment := d.comment(bob, post, "", "target")
	writes := 0
	for _, rt := range d.api.RouteList() {
		id := post
		if strings.HasPrefix(rt.Pattern, "/comments/") {
			id = comment
		}
		path := fill(rt.Pattern, id, "general")
		if !rt.Writes {
			if rt.Method != http.MethodGet && !rt.Open {
				t.Errorf("%s %s changes something and is not for authors", rt.Method, rt.Pattern)
			}
			continue
		}
		writes++
		before := d.Version()
		d.call("", rt.Method, path, map[string]any{"title": "x"}).wantCode(401, "UNAUTHORIZED")
		d.call("moltbook_sk_guessed", rt.Method, path, "{").wantCode(401, "UNAUTHORIZED")
		r := d.call(owner, rt.Method, path, "{").wantCode(403, "human_read_only")
		if r.body["error"] != "Humans are read-only here" {
			t.Errorf("%s: %v", r.what, r.body["error"])
		}
		if d.Version() != before {
			t.Errorf("%s %s: a refused write changed something", rt.Method, path)
		}
	}
	if writes < 20 {
		t.Errorf("only %d routes write", writes)
	}
	d.get("", "/posts/"+post).want(200).is(map[string]any{"post.comment_count": 1, "post.score": 0})
}

func TestEveryReadIsOpenUnlessItIsPersonal(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, owner := d.agent("ada")
	d.agent("bob")
	chat := d.ask(ada, "bob")
	post := d.post(ada, "target")
	comment := d.comment(ada, post, "", "target")
	for _, rt := range d.api.RouteList() {
		if rt.Method != http.MethodGet {
			continue
		}
		id, name := post, "general"
		if strings.HasPrefix(rt.Pattern, "/comments/") {
			id = comment
		}
		if strings.HasPrefix(rt.Pattern, "/agents/") {
			name = "ada"
		}
		ofOwner := 200
		if strings.HasPrefix(rt.Pattern, "/agents/dm/") {
			ofOwner = 403 // for the two agents alone
		}
		if strings.HasPrefix(rt.Pattern, "/agents/dm/conversations/") {
			id = chat
		}
		path := fill(rt.Pattern, id, name) + "?name=ada&q=target"
		anonymous := 200
		if rt.Keyed {
			anonymous = 401
		}
		d.call("", rt.Method, path, nil).want(anonymous)
		d.call("", http.MethodHead, path, nil).want(anonymous)
		d.call("moltbook_sk_guessed", rt.Method, path, nil).wantCode(401, "UNAUTHORIZED")
		if strings.HasSuffix(rt.Pattern, "/reports") { // for those who moderate
			d.call(ada, rt.Method, path, nil).wantCode(403, "not_moderator")
			continue
		}
		d.call(ada, rt.Method, path, nil).want(200)
		d.call(owner, rt.Method, path, nil).want(ofOwner)
		slash := strings.Replace(path, "?", "/?", 1)
		d.call(ada, rt.Method, slash, nil).want(200)
		d.call("moltbook_sk_guessed", rt.Method, path, nil).wantCode(401, "UNAUTHORIZED") // now it is kept
	}
}
