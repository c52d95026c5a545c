package agentapi_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func named(name string) edit { return header("Idempotency-Key", name) }

func draft(title string) map[string]any {
	return map[string]any{"submolt_name": "general", "title": title, "content": "x"}
}

func TestANamedRequestIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		first := d.call(ada, http.MethodPost, api+"/posts", draft("once"), named("k-1")).want(201)
		if first.header.Get("Idempotency-Replayed") != "" {
			t.Error("the first answer is marked as repeated")
		}
		d.clock.add(time.Hour)
		for _, name := range []string{"k-1", `"k-1"`} { // bare, and a structured string
			again := d.call(ada, http.MethodPost, api+"/posts", draft("once"), named(name)).want(201)
			if !bytes.Equal(again.raw, first.raw) || again.header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("repeated: %s %s, want %s", again.header.Get("Idempotency-Replayed"), again.raw, first.raw)
			}
		}
		for what, call := range map[string]func() reply{
			"body": func() reply { return d.call(ada, http.MethodPost, api+"/posts", draft("other"), named("k-1")) },
			"path": func() reply { return d.call(ada, http.MethodPost, api+"/submolts", draft("once"), named("k-1")) },
		} {
			if r := call().wantCode(422, "idempotency_mismatch"); r.header.Get("Idempotency-Replayed") != "" {
				t.Errorf("another %s is marked as repeated", what)
			}
		}
		d.call(bob, http.MethodPost, api+"/posts", draft("once"), named("k-1")).want(201)
		d.get("", "/posts").want(200).is(map[string]any{"count": 2})
		d.clock.add(23 * time.Hour)
		d.call(ada, http.MethodPost, api+"/posts", draft("a day later"), named("k-1")).want(201)
	})
}

func TestNamedRequestsAtOnceMakeOne(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		id := d.post(ada, "target")
		for _, path := range []string{"/posts", "/posts/" + id + "/comments"} {
			var mu sync.Mutex
			ids := map[string]int{}
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					r := d.call(ada, http.MethodPost, api+path, draft("at once"), named("k"+path))
					mu.Lock()
					defer mu.Unlock()
					switch r.status {
					case 201:
						for _, what := range []string{"post", "comment"} {
							if id, is := r.at(what, "id").(string); is {
								ids[id]++
							}
						}
					case 409:
						if r.body["code"] != "idempotency_in_progress" || r.header.Get("Retry-After") != "1" {
							t.Errorf("409 without a time: %v %s", r.header, r.raw)
						}
					default:
						t.Errorf("%s: %d %s", path, r.status, r.raw)
					}
				})
			}
			all.Wait()
			if len(ids) != 1 {
				t.Errorf("100 requests to %s of one name made %v", path, ids)
			}
		}
		d.get("", "/posts/"+id).want(200).is(map[string]any{"post.comment_count": 1})
		d.get("", "/posts").want(200).is(map[string]any{"count": 2})
	})
}

func TestEveryPostMayBeNamed(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s, func(s *setup) { s.node.VotesToggle = true })
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		id := d.post(ada, "target")
		for i, c := range []struct {
			path string
			in   any
		}{
			{"/agents/register", map[string]any{"name": "eve"}},
			{"/agents/heartbeat", nil},
			{"/agents/ada/follow", nil},
			{"/posts/" + id + "/upvote", map[string]any{}},
			{"/submolts", map[string]any{"name": "lab"}},
			{"/submolts/general/subscribe", nil},
		} {
			name := fmt.Sprintf("k%d", i)
			first := d.call(bob, http.MethodPost, api+c.path, c.in, named(name))
			if first.status > 201 {
				t.Errorf("%s: %d %s", c.path, first.status, first.raw)
			}
			again := d.call(bob, http.MethodPost, api+c.path, c.in, named(name)).want(first.status)
			if !bytes.Equal(first.raw, again.raw) || again.header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s: repeated as %s, want %s", c.path, again.raw, first.raw)
			}
		}
		d.get("", "/posts/"+id).want(200).is(map[string]any{"post.score": 1}) // a second vote would take it back
	})
}

func TestWhatWasRefusedMayComeAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, owner := d.agent("ada")
	d.call(ada, http.MethodPost, api+"/posts", draft(""), named("k")).want(400)
	d.call(ada, http.MethodPost, api+"/posts", draft("corrected"), named("k")).want(201)
	d.call(owner, http.MethodPost, api+"/posts", draft("corrected"), named("k")).wantCode(403, "human_read_only")
	d.call("", http.MethodPost, api+"/posts", draft("corrected"), named("k")).wantCode(401, "UNAUTHORIZED")
	for _, bad := range []string{"", `""`, strings.Repeat("x", 256), "a b", "ü"} {
		d.call(ada, http.MethodPost, api+"/posts", draft("x"), named(bad)).wantCode(400, "bad_idempotency_key")
	}
	d.get(ada, "/posts", named("k")).want(200).is(map[string]any{"count": 1}) // no request to read needs a name
}

func TestALostAnswerIsMadeAgain(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		d.post(ada, "target")
		for path, in := range map[string]map[string]any{
			"/posts": draft("lost"), "/submolts": {"name": "lost"}, "/agents/register": {"name": "eve"}, "/agents/ada/follow": {},
		} {
			key := ada
			if path == "/agents/ada/follow" {
				key, _ = d.agent("bob")
			}
			first := d.call(key, http.MethodPost, api+path, in, named("k"+path))
			loseAnswer(t, s, "k"+path) // as if the process had died after the deed
			d.call(key, http.MethodPost, api+path, in, named("k"+path)).wantCode(409, "idempotency_in_progress")
			d.clock.add(3 * time.Second)
			again := d.call(key, http.MethodPost, api+path, in, named("k"+path)).want(first.status)
			third := d.call(key, http.MethodPost, api+path, in, named("k"+path)).want(first.status)
			if !bytes.Equal(again.raw, third.raw) {
				t.Errorf("%s: %s, then %s", path, again.raw, third.raw)
			}
			for _, what := range []string{"post", "submolt", "agent"} {
				if first.at(what, "id") != again.at(what, "id") || first.at(what, "api_key") != again.at(what, "api_key") {
					t.Errorf("%s: the lost answer comes as %s, was %s", path, again.raw, first.raw)
				}
			}
		}
		d.get("", "/posts").want(200).is(map[string]any{"count": 2})
	})
}

// loseAnswer takes the answer of a named request out of the database.
func loseAnswer(t *testing.T, s *storage.Store, name string) {
	t.Helper()
	for _, scope := range scopes(t, s) {
		o, err := s.Read().Outcome(t.Context(), scope, name)
		if err != nil {
			continue
		}
		o.Status, o.Body = 0, []byte{}
		err = s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error { return q.InsertOutcome(ctx, o, o.CreatedAt) })
		if err != nil {
			t.Fatalf("InsertOutcome: %v", err)
		}
		return
	}
	t.Fatalf("no outcome %s", name)
}

// scopes are all that may have asked.
func scopes(t *testing.T, s *storage.Store) []string {
	t.Helper()
	agents, err := s.Read().Actors(t.Context(), storage.Directory{Kind: storage.KindAgent, Sort: storage.ByNew, Limit: 100})
	if err != nil {
		t.Fatalf("Actors: %v", err)
	}
	all := []string{"address 127.0.0.1"}
	for _, a := range agents {
		all = append(all, "agent "+a.ID)
	}
	return all
}

func TestNoSecretOfAnAnswerIsKeptInClear(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		r := d.call("", http.MethodPost, api+"/agents/register", map[string]any{"name": "ada"}, named("k")).want(201)
		o, err := s.Read().Outcome(t.Context(), "address 127.0.0.1", "k")
		if err != nil {
			t.Fatalf("Outcome: %v", err)
		}
		for _, secret := range []string{r.text("agent", "api_key"), r.text("agent", "claim_url"), "moltbook_sk_"} {
			if bytes.Contains(o.Body, []byte(secret)) || bytes.Contains(o.Result, []byte(secret)) {
				t.Errorf("%q is in the database", secret)
			}
		}
		d.clock.add(25 * time.Hour)
		if _, err := d.Prune(t.Context()); err != nil {
			t.Fatalf("Prune: %v", err)
		}
		if _, err := s.Read().Outcome(t.Context(), "address 127.0.0.1", "k"); err != storage.ErrNotFound { //nolint:errorlint // the bare sentinel is promised
			t.Errorf("an outcome of yesterday is kept: %v", err)
		}
	})
}
