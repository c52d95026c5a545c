package agentapi_test

import (
	"fmt"
	"image/color"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// counting are the limits of requests alone, without those of writing.
func counting(addresses, registrations int64) func(*setup) {
	return func(s *setup) {
		s.node.Limits = node.Limits{Enabled: true, Reads: 60, Writes: 30, Owner: 60, Verifications: 30, Address: addresses, Registrations: registrations}
	}
}

func TestRequestsAreCountedByKey(t *testing.T) {
	t.Parallel()
	d := open(t, counting(0, 0))
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	for i := range 60 {
		r := d.get(ada, "/posts").want(200)
		if got := r.header.Get("X-RateLimit-Remaining"); r.header.Get("X-RateLimit-Limit") != "60" || got != strconv.Itoa(59-i) {
			t.Fatalf("request %d: limit %s, remaining %s", i, r.header.Get("X-RateLimit-Limit"), got)
		}
	}
	d.clock.add(15 * time.Second)
	for _, path := range []string{"/posts", "/agents/me"} { // one is kept, one is not
		r := d.get(ada, path).wantCode(429, "RATE_LIMITED")
		r.is(map[string]any{
			"error": "Rate limit exceeded", "remaining": 0, "retry_after_seconds": 45, "retry_after_minutes": nil, "reset_at": "2026-11-23T12:01:00.000Z",
		})
		if r.header.Get("Retry-After") != "45" || r.header.Get("X-RateLimit-Reset") != strconv.FormatInt(d.clock.now().Unix()+45, 10) {
			t.Errorf("%s: headers %v", path, r.header)
		}
	}
	d.get(bob, "/posts").want(200)
	for range 30 { // writes have a budget of their own, and refused ones count
		d.call(ada, http.MethodPost, api+"/posts", "{").want(400)
	}
	d.call(ada, http.MethodPost, api+"/posts", "{").wantCode(429, "RATE_LIMITED")
	d.clock.add(45 * time.Second)
	d.get(ada, "/posts").want(200)
	d.call(ada, http.MethodPost, api+"/posts", "{").wantCode(429, "RATE_LIMITED").is(map[string]any{"retry_after_seconds": 15})
	d.clock.add(15 * time.Second)
	d.call(ada, http.MethodPost, api+"/posts", "{").want(400)
}

// The headers of a refusal tell of the limit that was met, not of the requests
// that are left in this minute.
func TestTheHeadersOfARefusalAgreeWithIt(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.node.Limits = node.Limits{Enabled: true, Reads: 60, Writes: 30, Registrations: 5, PostInterval: 30 * time.Minute, CommentInterval: 20 * time.Second, CommentsPerDay: 2, SubmoltInterval: time.Hour}
	})
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	told := func(r reply, code, limit, policy string, after time.Duration) {
		t.Helper()
		r.wantCode(429, code)
		if got := r.header.Get("Retry-After"); got != strconv.Itoa(int(after.Seconds())) {
			t.Errorf("%s: Retry-After %s, want %v", code, got, after)
		}
		want := []string{limit, "0", strconv.FormatInt(d.clock.now().Add(after).Unix(), 10)}
		for i, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
			if got := r.header.Get(name); got != want[i] {
				t.Errorf("%s: %s = %q, want %q", code, name, got, want[i])
			}
		}
		if got := r.header.Get("RateLimit-Policy"); got != policy {
			t.Errorf("%s: RateLimit-Policy = %s, want %s", code, got, policy)
		}
		name, _, _ := strings.Cut(policy, ";")
		if got, want := r.header.Get("RateLimit"), fmt.Sprintf("%s;r=0;t=%d", name, int(after.Seconds())); got != want {
			t.Errorf("%s: RateLimit = %s, want %s", code, got, want)
		}
	}
	post := map[string]any{"submolt": "general", "title": "again"}
	id := d.post(ada, "first")
	d.clock.add(3 * time.Minute)
	told(d.call(ada, http.MethodPost, api+"/posts", post), "post_cooldown", "1", `"posts";q=1;w=1800`, 27*time.Minute)
	said := 0
	comment := func() reply {
		said++
		return d.call(bob, http.MethodPost, api+"/posts/"+id+"/comments", map[string]any{"content": fmt.Sprint("well ", said)})
	}
	comment().want(201)
	d.clock.add(5 * time.Second)
	told(comment(), "comment_cooldown", "1", `"comments";q=1;w=20`, 15*time.Second)
	d.clock.add(15 * time.Second)
	comment().want(201)
	d.clock.add(time.Minute)
	told(comment(), "daily_comments", "2", `"comments_per_day";q=2;w=86400`, time.Hour)
	found := func(name string) reply {
		return d.call(bob, http.MethodPost, api+"/submolts", map[string]any{"name": name, "display_name": name})
	}
	found("one").want(201)
	told(found("two"), "submolt_cooldown", "1", `"submolts";q=1;w=3600`, time.Hour)
	for i := range 3 {
		d.agent(fmt.Sprintf("more%d", i))
	}
	told(d.call("", http.MethodPost, api+"/agents/register", map[string]any{"name": "one_more"}), "registration_limit", "5", `"registrations";q=5;w=86400`, 24*time.Hour-80*time.Second-3*time.Minute)
	d.get(bob, "/posts").want(200) // what is left is told again
	if got := d.get(bob, "/posts").header.Get("X-RateLimit-Remaining"); got != "58" {
		t.Errorf("X-RateLimit-Remaining of a read = %q, want 58", got)
	}
}

func TestThoseWithoutKeyAreCountedByAddress(t *testing.T) {
	t.Parallel()
	d := open(t, counting(100, 0))
	ada, _ := d.agent("ada") // the first of a hundred
	for range 49 {
		d.get("", "/posts", header("X-Forwarded-For", "192.0.2.1")).want(200)
		d.get("moltbook_sk_guessed", "/posts").want(401)
	}
	d.get("", "/no/such").want(404)
	d.get("", "/posts", header("X-Forwarded-For", "192.0.2.2"), header("X-Real-Ip", "192.0.2.3")).wantCode(429, "RATE_LIMITED")
	d.get("moltbook_sk_guessed", "/posts").wantCode(429, "RATE_LIMITED")
	d.get(ada, "/posts").want(200)

	local := open(t, counting(0, 0))
	for range 101 {
		if r := local.get("", "/posts").want(200); r.header.Get("X-RateLimit-Limit") != "" {
			t.Fatal("a limit is told where there is none")
		}
	}
}

func TestRegistrationsAreCountedByAddress(t *testing.T) {
	t.Parallel()
	register := func(d *door, name string) reply {
		return d.call("", http.MethodPost, api+"/agents/register", map[string]any{"name": name})
	}
	d := open(t, counting(0, 5))
	for i := range 5 {
		register(d, "a").want(400) // what fails does not count
		register(d, fmt.Sprintf("agent%d", i)).want(201)
	}
	register(d, "agent5").wantCode(429, "registration_limit").is(map[string]any{"retry_after_seconds": 86400})
	d.clock.add(24 * time.Hour)
	register(d, "agent5").want(201)

	local := open(t, counting(0, 0))
	for i := range 8 {
		register(local, fmt.Sprintf("agent%d", i)).want(201)
	}
}

func TestWhatIsLeftIsToldInEveryForm(t *testing.T) {
	t.Parallel()
	d := open(t, counting(100, 5))
	ada, owner := d.agent("ada")
	for key, want := range map[string][3]string{"": {`"address"`, "100", "98"}, ada: {`"reads"`, "60", "59"}, owner: {`"owner"`, "60", "59"}} {
		for i, path := range []string{"/posts", "/no/such", "/posts"} { // the third is kept
			r := d.get(key, path)
			left, _ := strconv.Atoi(want[2])
			left -= i
			for name, value := range map[string]string{
				"X-RateLimit-Limit": want[1], "X-RateLimit-Remaining": strconv.Itoa(left), "X-RateLimit-Reset": strconv.FormatInt(d.clock.now().Unix()+60, 10),
				"RateLimit-Policy": want[0] + ";q=" + want[1] + ";w=60", "RateLimit": fmt.Sprintf("%s;r=%d;t=60", want[0], left),
			} {
				if got := r.header.Get(name); got != value {
					t.Errorf("%s as %s: %s is %s, want %s", path, want[0], name, got, value)
				}
			}
		}
	}
}

func TestLimitsSaysWhatHoldsForWhoAsks(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s, func(s *setup) {
			s.node.Limits = node.DefaultLimits()
			s.node.Limits.Registrations, s.node.ImagesPerAgent = 5, 2
		})
		ada, owner := d.agent("ada")
		limits := func(key, of string) map[string]map[string]any {
			r := d.get(key, "/limits").want(200).is(map[string]any{"enabled": true, "for": of})
			m := map[string]map[string]any{}
			for _, l := range r.list("limits") {
				one := l.(map[string]any)
				m[one["name"].(string)] = one
			}
			return m
		}
		check := func(m map[string]map[string]any, name string, limit, used, retry int, reset any) {
			t.Helper()
			l := m[name]
			if l["limit"] != float64(limit) || l["used"] != float64(used) || l["remaining"] != float64(limit-used) || l["retry_after_seconds"] != float64(retry) || l["reset_at"] != reset {
				t.Errorf("%s: %v, want limit %d, used %d, retry %d, reset %v", name, l, limit, used, retry, reset)
			}
		}
		m := limits(ada, "agent")
		check(m, "reads", 60, 1, 0, "2026-11-23T12:01:00.000Z")
		check(m, "writes", 30, 0, 0, nil)
		check(m, "posts", 1, 0, 0, nil)
		check(m, "registrations", 5, 1, 0, "2026-11-24T12:00:00.000Z")
		check(m, "images", 2, 0, 0, nil)
		check(m, "submolts_while_new", 1, 0, 0, "2026-11-24T12:00:00.000Z")
		id := d.post(ada, "first")
		d.comment(ada, id, "", "hm")
		m = limits(ada, "agent")
		check(m, "writes", 30, 2, 0, "2026-11-23T12:01:00.000Z")
		check(m, "posts", 1, 1, 7200, "2026-11-23T14:00:00.000Z")
		check(m, "comments", 1, 1, 60, "2026-11-23T12:01:00.000Z")
		check(m, "comments_per_day", 20, 1, 0, "2026-11-24T12:00:00.000Z")
		if m := limits("", "address"); len(m) != 2 || m["address"]["limit"] != 100.0 {
			t.Errorf("an address has %v", m)
		}
		if m := limits(owner, "owner"); len(m) != 2 || m["owner"]["limit"] != 60.0 {
			t.Errorf("an owner has %v", m)
		}
		d.clock.add(25 * time.Hour)
		check(limits(ada, "agent"), "comments_per_day", 50, 0, 0, nil)
		for n := range uint8(3) {
			d.clock.add(time.Hour)
			r := d.upload(ada, "/media", "file", pngOf(t, 8, 8, color.Gray{Y: n}), nil)
			if n == 2 {
				r.wantCode(409, "upload_quota")
			} else {
				r.want(201)
			}
		}
		check(limits(ada, "agent"), "images", 2, 2, 0, nil)
	})
}

func TestLettersAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	eachDoor(t, func(t *testing.T, d *door) {
		_, claim := d.agent("ada")
		bob, _ := d.agent("bob")
		if _, err := d.Approve(t.Context(), "bob"); err != nil {
			t.Fatal(err)
		}
		ask := func(n int) reply {
			return d.call("", http.MethodPost, api+"/agents/verify-email", map[string]any{"email": fmt.Sprintf("me%d@example.org", n), "claim_token": claim})
		}
		ask(1).want(200)
		ask(2).want(200)
		refused := ask(3).wantCode(429, "RATE_LIMITED").is(map[string]any{"remaining": 0, "retry_after_seconds": 3600})
		if got := refused.header.Get("RateLimit"); got != `"mails";r=0;t=3600` {
			t.Errorf("RateLimit: %s", got)
		}
		d.call(bob, http.MethodPost, api+"/agents/me/setup-owner-email", map[string]any{"email": "me@example.org"}).wantCode(429, "RATE_LIMITED")
		d.clock.add(time.Hour)
		ask(4).want(200)
	}, pending, func(s *setup) { s.node.Limits = node.Limits{Enabled: true, Mails: 2} })
}

func TestAppsBehindOneAddressAreCountedApart(t *testing.T) {
	t.Parallel()
	d := open(t, counting(3, 0))
	verify := func(key string) reply {
		return d.call("", http.MethodPost, api+"/agents/verify-identity", map[string]any{"token": "x"}, header("X-Moltbook-App-Key", key))
	}
	for _, name := range []string{"Games", "Chess"} {
		a, err := d.AddApp(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 { // more than the address may
			verify(a.Key).wantCode(401, "invalid_token")
		}
		if got := verify(a.Key).header.Get("RateLimit"); got != `"app";r=94;t=60` {
			t.Errorf("%s: RateLimit %q", name, got)
		}
	}
	for range 3 {
		verify("moltdev_guessed").wantCode(401, "invalid_app_key")
	}
	for _, key := range []string{"moltdev_guessed", ""} {
		r := verify(key).wantCode(429, "rate_limit_exceeded").is(map[string]any{"valid": false, "error": "rate_limit_exceeded"})
		if got := r.header.Get("X-Ratelimit-Limit"); got != "3" || r.header.Get("Retry-After") == "" {
			t.Errorf("limit %q: %v", got, r.header)
		}
	}
	d.get("", "/posts").wantCode(429, "RATE_LIMITED")
}

func TestARefusedAppHearsOfItsLimit(t *testing.T) {
	t.Parallel()
	d := open(t, counting(1_000, 0))
	app, err := d.AddApp(t.Context(), "Games")
	if err != nil {
		t.Fatal(err)
	}
	verify := func() reply {
		return d.call("", http.MethodPost, api+"/agents/verify-identity", map[string]any{"token": "x"}, header("X-Moltbook-App-Key", app.Key))
	}
	for range node.AppCallsPerMinute {
		verify().wantCode(401, "invalid_token")
	}
	d.clock.add(15 * time.Second)
	r := verify().wantCode(429, "rate_limit_exceeded").is(map[string]any{"remaining": 0, "retry_after_seconds": 45, "reset_at": "2026-11-23T12:01:00.000Z"})
	for name, want := range map[string]string{
		"Retry-After": "45", "X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0",
		"X-RateLimit-Reset": strconv.FormatInt(d.clock.now().Unix()+45, 10), "RateLimit": `"app";r=0;t=45`, "RateLimit-Policy": `"app";q=100;w=60`,
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}
