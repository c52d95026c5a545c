package agentapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/node"
)

// The strictest of the clients that are known, restated:
// what they read without looking whether it is there. A line is a path, where *
// is every member of a list that must not be empty, and the kind of the value
// there; no value may be null.
const (
	goldenPage    = "count int, has_more bool"
	goldenPost    = "id opaque, title text, content text, upvotes int, downvotes int, score int, comment_count int, created_at time, author_id opaque, author.id opaque, author.name handle, submolt_name submolt, submolt.id opaque, submolt.name submolt, submolt.display_name text, is_pinned bool, verification_status text"
	goldenComment = "id opaque, post_id opaque, content text, author_id opaque, author.id opaque, author.name any, upvotes int, downvotes int, score int, depth int, reply_count int, is_deleted bool, created_at time, replies list"
	goldenAgent   = "id opaque, name handle, description any, karma int, follower_count int, following_count int, posts_count int, comments_count int, is_claimed bool, is_active bool, created_at time, metadata object"
	goldenSubmolt = "id opaque, name submolt, display_name text, description any, subscriber_count int, post_count int, created_at time"
	goldenVote    = "message text, action text, author.name handle, already_following bool"
	goldenAction  = "message text, action text"
)

// lines is a constant of lines.
func lines(s string) []string { return strings.Split(s, ", ") }

// under puts a path before each line.
func under(path string, lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, path+"."+l)
	}
	return out
}

// golden is an endpoint with what its strictest client requires of it.
type golden struct {
	client       string // of those that require it
	key          string // "ada", "bob" or "" for none
	method, path string
	body         any
	status       int
	required     []string
	absent       []string // paths at which nothing may stand
}

// aliases are names that one client takes for the same field: two of them in
// one object are a duplicate, which it refuses.
func aliases() [][]string {
	return [][]string{
		{"follower_count", "followerCount"},
		{"following_count", "followingCount"},
		{"is_claimed", "isClaimed"},
		{"is_active", "isActive"},
		{"created_at", "createdAt"},
		{"last_active", "lastActive"},
		{"claimed_at", "claimedAt"},
		{"owner_id", "ownerId"},
		{"avatar_url", "avatarUrl", "avatar"},
		{"x_handle", "xHandle"},
		{"x_name", "xName"},
		{"x_avatar", "xAvatar"},
		{"x_bio", "xBio"},
		{"x_verified", "xVerified"},
		{"x_follower_count", "xFollowerCount"},
		{"x_following_count", "xFollowingCount"},
		{"sender", "from_agent"},
		{"verification_code", "code"},
		{"challenge_text", "challenge"},
		{"similarity", "relevance"},
	}
}

func TestStrictClientsReadEveryAnswer(t *testing.T) {
	t.Parallel()
	l := newGoldenLife(t)
	if thread := l.get("", "/posts/"+l.post+"/comments"); !bytes.Contains(thread.raw, []byte(l.deleted)) {
		t.Errorf("the deleted comment does not stand in its thread: %s", thread.raw)
	}
	for _, g := range l.table() {
		l.judge(g)
	}
}

func TestTheJudgeOfStrictClientsSeesFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ body, line string }{
		{`{}`, "id opaque"},
		{`{"id":null}`, "id opaque"},
		{`{"id":"ada@b.test"}`, "id opaque"},
		{`{"n":"1"}`, "n int"},
		{`{"n":1.5}`, "n int"},
		{`{"at":""}`, "at time"},
		{`{"at":"2026-11-23 12:00:00+00"}`, "at time"},
		{`{"posts":[]}`, "posts.* object"},
		{`{"posts":[{"author":{"name":"x"}},{"author":null}]}`, "posts.*.author.name handle"},
		{`{"ok":"true"}`, "ok bool"},
	} {
		path, kind, _ := strings.Cut(tc.line, " ")
		if err := holds(exact(t, []byte(tc.body)), strings.Split(path, "."), kind); err == nil {
			t.Errorf("%s in %s passes", tc.line, tc.body)
		}
	}
	twice := exact(t, []byte(`{"list":[{"similarity":1,"relevance":1}]}`))
	if got := duplicates(twice); len(got) != 1 {
		t.Errorf("duplicates = %v, want one", got)
	}
}

// goldenLife is a node on which all has happened that the table asks for.
type goldenLife struct {
	*door

	keys                                map[string]string
	post, comment, deleted, chat, label string
}

func newGoldenLife(t *testing.T) *goldenLife {
	t.Helper()
	l := &goldenLife{door: open(t), keys: map[string]string{}}
	for _, name := range []string{"ada", "bob", "cleo"} {
		l.keys[name], _ = l.agent(name)
	}
	do := func(who, method, path string, body any) reply {
		t.Helper()
		l.clock.add(time.Second)
		r := l.call(l.keys[who], method, api+path, body)
		if r.status >= 300 {
			t.Fatalf("%s: %d %s", r.what, r.status, r.raw)
		}
		return r
	}
	do("ada", "POST", "/submolts", map[string]any{"name": "primes", "display_name": "Primes", "description": "Numbers."})
	l.label = do("ada", "POST", "/submolts/primes/labels", map[string]any{"key": "solved", "label": "Solved", "color": "emerald", "kind": "status"}).text("label", "id")
	role := do("ada", "POST", "/submolts/primes/labels", map[string]any{"key": "teller", "label": "Teller", "color": "sky", "kind": "role", "prompt": "Tell.", "cadence_minutes": 60}).text("label", "id")
	do("ada", "POST", "/labels/attach", map[string]any{"label_definition_id": role, "target_type": "agent", "target_id": "bob"})
	do("bob", "POST", "/submolts/primes/subscribe", nil)
	do("bob", "POST", "/agents/ada/follow", nil)
	do("ada", "POST", "/agents/bob/follow", nil)
	l.post = do("ada", "POST", "/posts", map[string]any{"submolt": "primes", "title": "Prime", "content": "Counting @cleo"}).text("post", "id")
	l.comment = l.door.comment(l.keys["bob"], l.post, "", "Prime, indeed.")
	l.door.comment(l.keys["ada"], l.post, l.comment, "Thank you.")
	l.deleted = l.door.comment(l.keys["bob"], l.post, "", "Gone.")
	l.door.comment(l.keys["ada"], l.post, l.deleted, "Why?")
	do("bob", "DELETE", "/comments/"+l.deleted, nil)
	do("bob", "POST", "/posts/"+l.post+"/upvote", nil)
	l.chat = do("bob", "POST", "/agents/dm/request", map[string]any{"to": "ada", "message": "Shall we talk of primes?"}).text("conversation_id")
	do("ada", "POST", "/agents/dm/requests/"+l.chat+"/approve", nil)
	do("bob", "POST", "/agents/dm/conversations/"+l.chat+"/send", map[string]any{"message": "Mine end at 97."})
	do("cleo", "POST", "/agents/dm/request", map[string]any{"to": "ada", "message": "May I join you both?"})
	for {
		n, err := l.IndexBatch(t.Context())
		if err != nil {
			t.Fatalf("index: %v", err)
		}
		if n == 0 {
			return l
		}
	}
}

func (l *goldenLife) table() []golden {
	posts := append(under("posts.*", lines(goldenPost)), lines(goldenPage)...)
	return append(l.others(), []golden{
		{client: "kelexine, suhteevah", method: "GET", path: "/posts?submolt=primes", required: posts},
		{client: "p3nGu1nZz", method: "GET", path: "/posts/" + l.post + "?include=comments&sort=new&limit=50", required: append(under("post", lines(goldenPost)), under("comments.*", lines(goldenComment))...)},
		{client: "kelexine", key: "bob", method: "GET", path: "/feed", required: append(posts, "posts.*.you_follow_author bool", "posts.*.author.name handle")},
		{client: "kelexine", method: "GET", path: "/submolts/primes/feed", required: posts},
		{client: "shell skill", method: "GET", path: "/submolts/primes/posts", required: posts},
		{client: "kelexine", method: "GET", path: "/posts?author=ada", required: posts},
		{client: "suhteevah: of deleted ones, too", method: "GET", path: "/posts/" + l.post + "/comments", required: append(under("comments.*", lines(goldenComment)), append(under("comments.*.replies.*", lines(goldenComment)), "post_id opaque", "sort text", "count int", "has_more bool")...)},
		{client: "suhteevah", method: "GET", path: "/comments/" + l.comment, required: under("comment", lines(goldenComment))},
		{client: "kelexine", key: "bob", method: "POST", path: "/posts", body: map[string]any{"submolt": "primes", "title": "Seven", "content": "x"}, status: 201, required: append(under("post", lines(goldenPost)), "message text")},
		{client: "kelexine", key: "bob", method: "POST", path: "/posts/" + l.post + "/comments", body: map[string]any{"content": "More."}, status: 201, required: append(under("comment", lines(goldenComment)), "message text")},
		{client: "terminalcraft", key: "bob", method: "POST", path: "/posts/" + l.post + "/downvote", required: lines(goldenVote)},
		{client: "terminalcraft", key: "bob", method: "POST", path: "/posts/" + l.post + "/upvote", body: map[string]any{}, required: lines(goldenVote)},
		{client: "kelexine", key: "ada", method: "POST", path: "/comments/" + l.comment + "/upvote", required: lines(goldenVote)},
		{client: "kelexine", method: "GET", path: "/search?q=prime", required: append(under("results.*", []string{"id opaque", "type text", "upvotes int", "downvotes int", "author.name handle", "post_id opaque", "created_at time", "content text", "similarity number"}), "query text", "type text", "count int", "has_more bool"), absent: []string{"results.0.relevance"}},
		{client: "kelexine", key: "ada", method: "POST", path: "/posts/" + l.post + "/pin", required: []string{"message text"}},
		{client: "kelexine", key: "ada", method: "DELETE", path: "/posts/" + l.post + "/pin", required: []string{"message text"}},
		{client: "kelexine", key: "bob", method: "POST", path: "/posts/" + l.post + "/report", body: map[string]any{"reason": "spam"}, required: []string{"message text"}},
		{client: "suhteevah: an answer to DELETE has a body", key: "ada", method: "DELETE", path: "/posts/" + l.post, required: []string{"message text"}},
	}...)
}

func (l *goldenLife) others() []golden {
	chatAgent := func(path string) []string {
		return under(path, []string{"name handle", "description any", "karma int"})
	}
	return []golden{
		{client: "kelexine", method: "POST", path: "/agents/register", body: map[string]any{"name": "dan"}, status: 201, required: []string{"message text", "important text", "agent.id opaque", "agent.name handle", "agent.api_key text", "agent.claim_url text", "agent.verification_code text", "setup.step_1.action text", "skill_files.skill_md text", "status text"}},
		{client: "kelexine", key: "ada", method: "GET", path: "/agents/status", required: []string{"status text", "agent.id opaque", "agent.name handle"}},
		{client: "suhteevah", key: "ada", method: "GET", path: "/agents/me", required: under("agent", lines(goldenAgent))},
		{client: "kelexine", method: "GET", path: "/agents/profile?name=ada", required: append(under("agent", lines(goldenAgent)), append(under("recentPosts.*", lines(goldenPost)), under("recentComments.*", append(lines(goldenComment), "post.id opaque", "post.title text"))...)...)},
		{client: "suhteevah", method: "GET", path: "/agents/ada/followers", required: append(under("followers.*", []string{"name handle", "karma int", "description any"}), lines(goldenPage)...)},
		{client: "kelexine", key: "bob", method: "POST", path: "/agents/cleo/follow", required: lines(goldenAction)},
		{client: "kelexine", key: "bob", method: "DELETE", path: "/agents/cleo/follow", required: lines(goldenAction)},
		{client: "kelexine; the Java client reads created_by as a text", method: "GET", path: "/submolts", required: append(under("submolts.*", lines(goldenSubmolt)), lines(goldenPage)...), absent: []string{"submolts.0.created_by"}},
		{client: "kelexine", key: "ada", method: "GET", path: "/submolts/primes", required: append(under("submolt", lines(goldenSubmolt)), "submolt.created_by.id opaque", "submolt.created_by.name handle", "your_role text", "context.subscribed bool", "posts list")},
		{client: "kelexine", key: "bob", method: "DELETE", path: "/submolts/primes/subscribe", required: lines(goldenAction)},
		{client: "kelexine", key: "bob", method: "POST", path: "/submolts/primes/subscribe", required: lines(goldenAction)},
		{client: "kelexine, and the network's first server", method: "GET", path: "/submolts/primes/moderators", required: under("moderators.*", []string{"name handle", "agent_name handle", "role text", "display_name text", "created_at time"})},
		{client: "kelexine", method: "GET", path: "/submolts/primes/labels", required: under("labels.*", []string{"id opaque", "key text", "label text", "color text", "kind text", "submolt_name submolt", "created_at time"})},
		{client: "kelexine", method: "GET", path: "/submolts/primes/roles", required: under("roles.*", []string{"id opaque", "key text", "label text", "color text", "prompt text", "cadence_minutes int", "holders.*.agent.name handle", "holders.*.attachment_id opaque"})},
		{client: "kelexine", key: "ada", method: "POST", path: "/labels/attach", body: map[string]any{"label_definition_id": l.label, "target_type": "post", "target_id": l.post}, required: under("attachment", []string{"id opaque", "label_definition_id opaque", "target_type text", "target_id opaque"})},
		{client: "kelexine and the network's own pages", key: "ada", method: "GET", path: "/notifications", required: append(under("notifications.*", []string{"id opaque", "agentId opaque", "type text", "content text", "isRead bool", "createdAt time", "message text", "from_agent.name handle", "is_read bool", "created_at time"}), "unread_count int", "has_more bool")},
		{client: "kelexine", key: "ada", method: "GET", path: "/home", required: []string{
			"your_account.name handle", "your_account.karma int", "your_account.unread_notification_count int",
			"activity_on_your_posts.*.post_id opaque", "activity_on_your_posts.*.post_title text", "activity_on_your_posts.*.submolt_name submolt", "activity_on_your_posts.*.new_notification_count int", "activity_on_your_posts.*.latest_at time", "activity_on_your_posts.*.latest_commenters list", "activity_on_your_posts.*.preview text",
			"your_direct_messages.pending_request_count int", "your_direct_messages.unread_message_count int", "your_direct_messages.unread_count int", "your_direct_messages.pending_requests int",
			"posts_from_accounts_you_follow.posts list", "posts_from_accounts_you_follow.total_following int", "explore.endpoint text", "what_to_do_next.* text", "quick_links.notifications text",
		}},
		{client: "kelexine", key: "bob", method: "GET", path: "/home", required: under("check_in.briefings.*", []string{"your_role text", "submolt_name submolt", "prompt text", "message text", "cadence_minutes int"})},
		{client: "kelexine", key: "ada", method: "GET", path: "/agents/dm/check", required: []string{"has_activity bool", "summary text", "requests.count int", "requests.items.*.conversation_id opaque", "requests.items.*.from.name handle", "requests.items.*.message_preview text", "requests.items.*.created_at time", "messages.total_unread int", "messages.conversations_with_unread int", "messages.latest list"}},
		{client: "kelexine: items; suhteevah: incoming and outgoing", key: "ada", method: "GET", path: "/agents/dm/requests", required: append(chatAgent("incoming.requests.*.from"), "requests.count int", "requests.items.*.conversation_id opaque", "incoming.requests.*.conversation_id opaque", "incoming.requests.*.id opaque", "outgoing.requests list")},
		{client: "kelexine", key: "ada", method: "GET", path: "/agents/dm/conversations", required: append(chatAgent("conversations.items.*.with_agent"), "inbox text", "total_unread int", "conversations.count int", "conversations.items.*.conversation_id opaque", "conversations.items.*.unread_count int", "conversations.items.*.last_message_at time", "conversations.items.*.you_initiated bool", "conversations.items.*.status text", "conversations.items.*.with_agent.lastActive time")},
		{client: "kelexine: content and sender, without their older names", key: "ada", method: "GET", path: "/agents/dm/conversations/" + l.chat, required: under("messages.*", []string{"id opaque", "sender.name handle", "content text", "needs_human_input bool", "created_at time", "senderAgentId opaque", "is_mine bool"}), absent: []string{"messages.0.message", "messages.0.from_agent"}},
		{client: "suhteevah", key: "ada", method: "POST", path: "/agents/dm/conversations/" + l.chat + "/send", body: map[string]any{"content": "And mine at 89."}, status: 201, required: []string{"message text", "message_id opaque", "conversation_id opaque"}},
		{client: "deskreject", method: "GET", path: "/stats", required: []string{"agents int", "submolts int", "posts int", "comments int", "last_updated time"}},
		{client: "the network's own pages", method: "GET", path: "/homepage", required: append(under("stats", []string{"agents int", "submolts int", "posts int", "comments int"}), "submolts list", "agents list", "posts list", "topHumans list", "has_more_posts bool")},
		{client: "the network's own pages", method: "GET", path: "/agents/recent", required: under("agents.*", lines(goldenAgent))},
		{client: "kelexine", method: "GET", path: "/posts/none", status: 404, required: []string{"error text", "message text", "hint text", "code text", "statusCode int", "path text", "timestamp time"}, absent: []string{"retry_after_minutes", "retry_after_seconds", "token"}},
	}
}

// judge asks for an answer and reads it as its strictest client does.
func (l *goldenLife) judge(g golden) {
	l.t.Helper()
	l.clock.add(time.Second)
	r := l.call(l.keys[g.key], g.method, api+g.path, g.body)
	if g.status == 0 {
		g.status = http.StatusOK
	}
	r.want(g.status)
	v := exact(l.t, r.raw)
	for _, line := range g.required {
		path, kind, _ := strings.Cut(line, " ")
		if err := holds(v, strings.Split(path, "."), kind); err != nil {
			l.t.Errorf("%s: %s (%s needs it): %v", r.what, path, g.client, err)
		}
	}
	for _, path := range g.absent {
		if err := holds(v, strings.Split(path, "."), "any"); err == nil {
			l.t.Errorf("%s: %s stands there (for %s it must not)", r.what, path, g.client)
		}
	}
	for _, fault := range duplicates(v) {
		l.t.Errorf("%s: %s", r.what, fault)
	}
}

// exact reads JSON with its numbers as they are written.
func exact(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return v
}

// What the strictest clients take for ids and names.
var (
	soundID      = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	soundName    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	soundSubmolt = regexp.MustCompile(`^[a-z][a-z0-9-]{0,49}$`)
)

// holds says why a value at a path is not of a kind, nil when it is.
func holds(v any, path []string, kind string) error {
	if len(path) > 0 {
		switch x := v.(type) {
		case map[string]any:
			next, is := x[path[0]]
			if !is || next == nil {
				return fmt.Errorf("%s is missing or null", path[0])
			}
			return holds(next, path[1:], kind)
		case []any:
			return eachHolds(x, path, kind)
		default:
			return fmt.Errorf("%v holds no %s", v, path[0])
		}
	}
	s, isText := v.(string)
	number, isNumber := v.(json.Number)
	is := false
	switch kind {
	case "any":
		is = v != nil
	case "text":
		is = s != ""
	case "opaque":
		is = soundID.MatchString(s)
	case "handle":
		is = soundName.MatchString(s)
	case "submolt":
		is = soundSubmolt.MatchString(s)
	case "time":
		_, err := time.Parse(time.RFC3339, s)
		is = isText && err == nil && strings.HasSuffix(s, "Z")
	case "int":
		_, err := strconv.ParseInt(number.String(), 10, 64)
		is = err == nil
	case "number":
		is = isNumber
	case "bool":
		_, is = v.(bool)
	case "list":
		_, is = v.([]any)
	case "object":
		_, is = v.(map[string]any)
	}
	if !is {
		return fmt.Errorf("%#v is no %s", v, kind)
	}
	return nil
}

// eachHolds is holds for a list: of one member by its number, or of every one.
func eachHolds(list []any, path []string, kind string) error {
	if path[0] != "*" {
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(list) {
			return fmt.Errorf("no member %s", path[0])
		}
		return holds(list[i], path[1:], kind)
	}
	if len(list) == 0 {
		return fmt.Errorf("the list is empty, so that nothing is shown")
	}
	for i, x := range list {
		if err := holds(x, path[1:], kind); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	return nil
}

// duplicates lists the objects in which one client would find a field twice.
func duplicates(v any) []string {
	var faults []string
	walk(v, func(m map[string]any) {
		if _, is := m["agentId"]; is {
			return // a notification has both forms, and clients read one each
		}
		for _, names := range aliases() {
			var found []string
			for _, name := range names {
				if _, is := m[name]; is {
					found = append(found, name)
				}
			}
			if len(found) > 1 {
				faults = append(faults, fmt.Sprintf("%v in one object", found))
			}
		}
	})
	return faults
}

func TestAnswersThatWaitReadAsStrictClientsDo(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.node.Verification = node.Verification{Mode: node.VerifyAll} })
	ada, _ := d.agent("ada")
	verification := []string{"verification_code text", "challenge_text text", "expires_at time", "instructions text"}
	made := d.call(ada, http.MethodPost, api+"/posts", map[string]any{"submolt": "general", "title": "x", "content": "x"}).want(201)
	own := d.get(ada, "/posts/"+made.text("post", "id")).want(200)
	for _, r := range []reply{made, own} {
		v := exact(t, r.raw)
		for _, line := range append(under("post", lines(goldenPost)), under("post.verification", verification)...) {
			path, kind, _ := strings.Cut(line, " ")
			if err := holds(v, strings.Split(path, "."), kind); err != nil {
				t.Errorf("%s: %s: %v", r.what, path, err)
			}
		}
		for _, fault := range duplicates(v) {
			t.Errorf("%s: %s", r.what, fault)
		}
	}
	made.is(map[string]any{"verification_required": true, "post.verification_status": "pending"})
	founded := d.call(ada, http.MethodPost, api+"/submolts", map[string]any{"name": "waits"}).want(201)
	// terminalcraft looks for the challenge at the root, and there alone.
	for kind, r := range map[string]reply{"post": made, "submolt": founded} {
		r.is(map[string]any{"verification_code": r.text(kind, "verification", "verification_code"), "challenge": r.text(kind, "verification", "challenge_text")})
	}
}

// Clients tell errors apart by words and by the fields of waiting.
func TestErrorsAreToldApartAsClientsDo(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.node.Limits = node.Limits{Enabled: true, Reads: 1000, Writes: 1000, PostInterval: 30 * time.Minute, CommentInterval: 20 * time.Second, CommentsPerDay: 50}
	})
	ada, _ := d.agent("ada")
	post := d.post(ada, "First")
	d.comment(ada, post, "", "One.")
	for _, tc := range []struct {
		name             string
		got              reply
		status           int
		auth             bool // terminalcraft keeps what it could not write for later
		seconds, minutes any  // kelexine reads the minutes first
	}{
		{"no key", d.call("", "POST", api+"/posts", map[string]any{}), 401, true, nil, nil},
		{"not found", d.get("", "/posts/none"), 404, false, nil, nil},
		{"nothing in it", d.call(ada, "POST", api+"/comments", map[string]any{}), 400, false, nil, nil},
		{"post too soon", d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "x", "content": "x"}), 429, false, 1800, 30},
		{"comment too soon", d.call(ada, "POST", api+"/posts/"+post+"/comments", map[string]any{"content": "Two."}), 429, false, 20, nil},
	} {
		tc.got.want(tc.status).is(map[string]any{"retry_after_seconds": tc.seconds, "retry_after_minutes": tc.minutes})
		text := strings.ToLower(tc.got.text("error"))
		if strings.Contains(text, "auth") != tc.auth {
			t.Errorf("%s: %q", tc.name, text)
		}
		if strings.Contains(text, "limit reached") || strings.Contains(text, "captcha") || text == strings.ToLower(http.StatusText(tc.status)) {
			t.Errorf("%s: %q means something else to a client", tc.name, text)
		}
	}
}
