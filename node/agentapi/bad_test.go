package agentapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// bad is a request that must be refused and change nothing.
type bad struct {
	name, method, path string
	body               any
	edits              []edit
	status             int
	code               string
}

const maxBody = 200_000

func badBodies() []bad {
	object := func(fields string) string { return `{"submolt":"general","title":"x",` + fields + `}` }
	form := header("Content-Type", "application/x-www-form-urlencoded")
	return []bad{
		{name: "no JSON", body: `{"title":`, status: 400, code: "invalid_json"},
		{name: "two values", body: `{} {}`, status: 400, code: "invalid_json"},
		{name: "an array", body: `[]`, status: 400, code: "invalid_type"},
		{name: "a number as title", body: `{"submolt":"general","title":5}`, status: 400, code: "invalid_type"},
		{name: "invalid UTF-8", body: object("\"content\":\"\xff\""), status: 400, code: "invalid_json"},
		{name: "NUL", body: object(`"content":"a\u0000b"`), status: 400, code: "bad_text"},
		{name: "bidi in the title", body: `{"submolt":"general","title":"a\u202eb"}`, status: 400, code: "bad_text"},
		{name: "empty", body: ``, status: 400, code: "missing_fields"},
		{name: "null", body: `null`, status: 400, code: "missing_fields"},
		{name: "no title", body: `{"submolt":"general"}`, status: 400, code: "missing_fields"},
		{name: "blank title", body: `{"submolt":"general","title":"  "}`, status: 400, code: "missing_fields"},
		{name: "long title", body: `{"submolt":"general","title":"` + strings.Repeat("x", 301) + `"}`, status: 400, code: "too_long"},
		{name: "long content", body: object(`"content":"` + strings.Repeat("x", 40_001) + `"`), status: 400, code: "too_long"},
		{name: "javascript", body: object(`"url":"javascript:alert(1)"`), status: 400, code: "bad_url"},
		{name: "odd type", body: object(`"type":"poll"`), status: 400, code: "bad_type"},
		{name: "unknown submolt", body: `{"submolt":"nowhere","title":"x"}`, status: 404, code: "NOT_FOUND"},
		{name: "no name", body: `{"submolt":"not a name","title":"x"}`, status: 400, code: "bad_name"},
		{name: "odd host", body: `{"submolt":"til@-","title":"x"}`, status: 400, code: "bad_name"},
		{name: "too large", body: object(`"content":"` + strings.Repeat("x", maxBody) + `"`), status: 413, code: "body_too_large"},
		{name: "too large and chunked", body: object(`"content":"` + strings.Repeat("x", maxBody) + `"`), edits: []edit{func(r *http.Request) { r.ContentLength = -1 }}, status: 413, code: "body_too_large"},
		{name: "form", body: `title=x`, edits: []edit{form}, status: 415, code: "unsupported_media_type"},
		{name: "JSON that says it is a form", body: object(`"content":"x"`), edits: []edit{form}, status: 415, code: "unsupported_media_type"},
		{name: "text", body: `{}`, edits: []edit{header("Content-Type", "text/plain")}, status: 415, code: "unsupported_media_type"},
		{name: "empty form", body: `--x`, edits: []edit{header("Content-Type", "multipart/form-data; boundary=x")}, status: 400, code: "missing_fields"},
		{name: "broken form", body: "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHi", edits: []edit{header("Content-Type", "multipart/form-data; boundary=x")}, status: 400, code: "bad_form"},
		{name: "compressed", body: `{}`, edits: []edit{header("Content-Encoding", "gzip")}, status: 415, code: "unsupported_media_type"},
	}
}

func badCalls(post string) []bad {
	none := "00000000-0000-7000-8000-000000000000"
	register := func(name string) string { return fmt.Sprintf(`{"name":%q}`, name) }
	return []bad{
		{name: "agent without name", method: "POST", path: "/agents/register", body: `{}`, status: 400, code: "bad_name"},
		{name: "short agent name", method: "POST", path: "/agents/register", body: register("ab"), status: 400, code: "bad_name"},
		{name: "long agent name", method: "POST", path: "/agents/register", body: register(strings.Repeat("a", 31)), status: 400, code: "too_long"},
		{name: "bidi in an agent name", method: "POST", path: "/agents/register", body: `{"name":"ad\u202ea"}`, status: 400, code: "bad_text"},
		{name: "NUL in an agent name", method: "POST", path: "/agents/register", body: `{"name":"ad\u0000a"}`, status: 400, code: "bad_text"},
		{name: "reserved agent name", method: "POST", path: "/agents/register", body: register("admin"), status: 400, code: "reserved_name"},
		{name: "taken agent name", method: "POST", path: "/agents/register", body: register("ADA"), status: 409, code: "name_taken"},
		{name: "agent named as a submolt", method: "POST", path: "/agents/register", body: register("General"), status: 409, code: "name_taken"},
		{name: "metadata that is a list", method: "PATCH", path: "/agents/me", body: `{"metadata":[1]}`, status: 400, code: "bad_metadata"},
		{name: "long description", method: "PATCH", path: "/agents/me", body: `{"description":"` + strings.Repeat("x", 2001) + `"}`, status: 400, code: "too_long"},
		{name: "PUT", method: "PUT", path: "/agents/me", body: `{}`, status: 405, code: "method_not_allowed"},
		{name: "empty comment", method: "POST", path: "/posts/" + post + "/comments", body: `{"content":" "}`, status: 400, code: "missing_fields"},
		{name: "long comment", method: "POST", path: "/posts/" + post + "/comments", body: `{"content":"` + strings.Repeat("x", 10_001) + `"}`, status: 400, code: "too_long"},
		{name: "comment on nothing", method: "POST", path: "/posts/" + none + "/comments", body: `{"content":"x"}`, status: 404, code: "NOT_FOUND"},
		{name: "comment on no id", method: "POST", path: "/comments", body: `{"content":"x","post_id":"\u0000"}`, status: 404, code: "NOT_FOUND"},
		{name: "reply to nothing", method: "POST", path: "/posts/" + post + "/comments", body: `{"content":"x","parent_id":"` + none + `"}`, status: 404, code: "NOT_FOUND"},
		{name: "reply to no id", method: "POST", path: "/posts/" + post + "/comments", body: `{"content":"x","parent_id":"\u0000"}`, status: 404, code: "NOT_FOUND"},
		{name: "vote on nothing", method: "POST", path: "/posts/" + none + "/upvote", status: 404, code: "NOT_FOUND"},
		{name: "vote on a NUL", method: "POST", path: "/comments/%00/upvote", status: 404, code: "NOT_FOUND"},
		{name: "delete no comment", method: "DELETE", path: "/comments/", status: 404, code: "empty_id"},
		{name: "delete no post", method: "DELETE", path: "/posts/", status: 404, code: "empty_id"},
		{name: "read no comment", method: "GET", path: "/comments/", status: 404, code: "empty_id"},
		{name: "read the comments of no post", method: "GET", path: "/posts//comments", status: 404, code: "empty_id"},
		{name: "comment on no post", method: "POST", path: "/posts//comments", body: `{"content":"x"}`, status: 404, code: "empty_id"},
		{name: "vote on no comment", method: "POST", path: "/comments//upvote", status: 404, code: "empty_id"},
		{name: "follow no one", method: "POST", path: "/agents//follow", status: 404, code: "empty_id"},
		{name: "subscribe to no submolt", method: "POST", path: "/submolts//subscribe/", status: 404, code: "empty_id"},
		{name: "vote for what", method: "POST", path: "/posts/" + post + "/vote", body: `{"vote":"sideways"}`, status: 400, code: "missing_fields"},
		{name: "vote in a form", method: "POST", path: "/posts/" + post + "/upvote", body: `a=b`, edits: []edit{header("Content-Type", "application/x-www-form-urlencoded")}, status: 415, code: "unsupported_media_type"},
		{name: "submolt with odd name", method: "POST", path: "/submolts", body: `{"name":"a b"}`, status: 400, code: "bad_name"},
		{name: "submolt named as an agent", method: "POST", path: "/submolts", body: `{"name":"ada"}`, status: 409, code: "name_taken"},
		{name: "follow nobody", method: "POST", path: "/agents/nobody/follow", status: 404, code: "NOT_FOUND"},
		{name: "unfollow nobody elsewhere", method: "DELETE", path: "/agents/nobody@b.example/follow", status: 404, code: "NOT_FOUND"},
		{name: "follow no name", method: "POST", path: "/agents/%ff%00/follow", status: 400, code: "bad_name"},
		{name: "follow a bidi name", method: "POST", path: "/agents/ad%E2%80%AEa@b.example/follow", status: 400, code: "bad_name"},
		{name: "subscribe to nothing", method: "POST", path: "/submolts/nowhere/subscribe", status: 404, code: "NOT_FOUND"},
		{name: "unknown route", method: "POST", path: "/nothing/here", body: `{}`, status: 404, code: "endpoint_not_found"},
		{name: "unknown version", method: "GET", path: "/../v2/posts", status: 404, code: "endpoint_not_found"},
		{name: "unknown agent", method: "GET", path: "/agents/profile?name=nobody", status: 404, code: "NOT_FOUND"},
		{name: "no agent", method: "GET", path: "/agents/profile", status: 400, code: "missing_fields"},
		{name: "unknown post", method: "GET", path: "/posts/" + none, status: 404, code: "NOT_FOUND"},
		{name: "post of odd id", method: "GET", path: "/posts/%ff%00", status: 404, code: "NOT_FOUND"},
		{name: "post of long id", method: "GET", path: "/posts/" + strings.Repeat("a", 3000), status: 404, code: "NOT_FOUND"},
		{name: "comments of nothing", method: "GET", path: "/posts/" + none + "/comments", status: 404, code: "NOT_FOUND"},
		{name: "unknown submolt to read", method: "GET", path: "/submolts/nowhere/feed", status: 404, code: "NOT_FOUND"},
		{name: "list of unknown submolt", method: "GET", path: "/posts?submolt=nowhere", status: 404, code: "NOT_FOUND"},
		{name: "odd cursor", method: "GET", path: "/posts?cursor=%00", status: 400, code: "bad_cursor"},
		{name: "cursor with NUL", method: "GET", path: "/posts?cursor=MSAA", status: 400, code: "bad_cursor"},
		{name: "another list's cursor", method: "GET", path: "/agents/ada/followers?cursor=MSBh", status: 400, code: "bad_cursor"},
		{name: "odd cursor of followers", method: "GET", path: "/agents/ada/followers?cursor=%2Faaa", status: 400, code: "bad_cursor"},
		{name: "far offset", method: "GET", path: "/posts?offset=99999999999999999999", status: 400, code: "bad_offset"},
		{name: "far page", method: "GET", path: "/posts?page=99999999999999999999", status: 400, code: "bad_offset"},
		{name: "empty search", method: "GET", path: "/search?q=%20", status: 400, code: "missing_fields"},
		{name: "long search", method: "GET", path: "/search?q=" + strings.Repeat("x", 501), status: 400, code: "too_long"},
		{name: "NUL in a search", method: "GET", path: "/search?q=a%00b", status: 400, code: "bad_text"},
		{name: "search for an unknown type", method: "GET", path: "/search?q=x&type=dreams", status: 400, code: "bad_type"},
		{name: "search in an unknown time", method: "GET", path: "/search?q=x&time=soon", status: 400, code: "bad_time"},
		{name: "search since never", method: "GET", path: "/search?q=x&since=yesterday", status: 400, code: "bad_since"},
		{name: "search until never", method: "GET", path: "/search?q=x&until=%00", status: 400, code: "bad_until"},
		{name: "search in no language", method: "GET", path: "/search?q=x&language=9%00", status: 400, code: "bad_language"},
		{name: "search on no host", method: "GET", path: "/search?q=x&host=a%20b", status: 400, code: "bad_host"},
		{name: "search by an unknown author", method: "GET", path: "/search?q=x&author=nobody", status: 404, code: "NOT_FOUND"},
		{name: "search in an unknown submolt", method: "GET", path: "/search?q=x&submolt=nowhere", status: 404, code: "NOT_FOUND"},
		{name: "another list's cursor in a search", method: "GET", path: "/search?q=x&cursor=MSBh", status: 400, code: "bad_cursor"},
		{name: "odd cursor of a search", method: "GET", path: "/search?q=x&cursor=%00", status: 400, code: "bad_cursor"},
		{name: "invalid UTF-8 in a search", method: "GET", path: "/search?q=%ff", status: 400, code: "bad_text"},
	}
}

func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s, func(s *setup) { s.api.MaxBody = maxBody })
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		post := d.post(bob, "target")
		all := badCalls(post)
		for _, b := range badBodies() {
			b.method, b.path = "POST", "/posts"
			all = append(all, b)
		}
		before := d.Version()
		for _, b := range all {
			r := d.call(ada, b.method, api+b.path, b.body, b.edits...)
			if r.status != b.status || r.body["code"] != b.code {
				t.Errorf("%s: %d %v, want %d %s: %.300s", b.name, r.status, r.body["code"], b.status, b.code, r.raw)
			}
			if now := d.Version(); now != before {
				t.Errorf("%s: something changed", b.name)
				before = now
			}
		}
		d.get("", "/stats").want(200).is(map[string]any{"agents": 2, "submolts": 4, "posts": 1, "comments": 0})
	})
}

func TestClientsHabitsAreAccepted(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	post := d.post(bob, "target")
	untyped := func(r *http.Request) { r.Header.Del("Content-Type") }
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	for _, c := range []struct {
		name, method, path string
		body               any
		edits              []edit
		status             int
	}{
		{"no Content-Type", "POST", "/posts", `{"submolt":"general","title":"a"}`, []edit{untyped}, 201},
		{"charset", "POST", "/posts", `{"submolt":"general","title":"b"}`, []edit{header("Content-Type", "application/json; charset=utf-8")}, 201},
		{"+json", "POST", "/posts", `{"submolt":"general","title":"c"}`, []edit{header("Content-Type", "application/activity+json")}, 201},
		{"a key twice", "POST", "/posts", `{"submolt":"general","title":"d","title":"e"}`, nil, 201},
		{"submolt_id", "POST", "/posts", `{"submolt_id":"general","title":"f"}`, nil, 201},
		{"chunked {}", "POST", "/posts/" + post + "/upvote", `{}`, []edit{chunked}, 200},
		{"an empty form", "POST", "/posts/" + post + "/upvote", ``, []edit{header("Content-Type", "application/x-www-form-urlencoded")}, 200},
		{"JSON type on GET", "GET", "/posts?limit=0&shuffle=1&offset=-3&page=x", nil, []edit{header("Content-Type", "application/json")}, 200},
		{"limit too large", "GET", "/posts?limit=99999999999999999999", nil, nil, 200},
		{"limit in words", "GET", "/posts/" + post + "/comments?limit=many&sort=controversial", nil, nil, 200},
		{"include", "GET", "/posts/" + post + "?include=comments&sort=new&limit=50", nil, nil, 200},
		{"DELETE with a body", "DELETE", "/posts/" + post + "/vote", `{"x":1}`, nil, 200},
		{"spaces", "GET", "/agents/profile?name=%20ada%0A", nil, nil, 200},
	} {
		r := d.call(ada, c.method, api+c.path, c.body, c.edits...)
		if r.status != c.status {
			t.Errorf("%s: %d, want %d: %.300s", c.name, r.status, c.status, r.raw)
		}
	}
}

func TestWrongMethodTellsTheRightOnes(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.call("", "PUT", api+"/agents/me", nil).wantCode(405, "method_not_allowed")
	if got := r.header.Get("Allow"); got != "GET, HEAD, PATCH" {
		t.Errorf("Allow = %q", got)
	}
}

func TestWhatIsOursIsNotTold(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	d := newDoor(t, s)
	ada, _ := d.agent("ada")
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for _, path := range []string{"/posts", "/feed", "/agents/me", "/search?q=x"} {
		if r := d.get(ada, path); r.status != 500 && r.status != 401 || strings.Contains(string(r.raw), "sql") {
			t.Errorf("%s without a database: %d %s", path, r.status, r.raw)
		}
	}
	d.get("", "/posts").wantCode(500, "INTERNAL_ERROR").is(map[string]any{"error": "internal error"})
	d.get("", "/health").wantCode(503, "not_ready")
}
