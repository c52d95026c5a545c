package checks

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

func apiChecks() []Check {
	return []Check{
		{ID: "without-key", Clause: "API-1", Name: "reads need no key", Run: readsWithoutKey},
		{ID: "json", Clause: "API-2", Name: "every answer is JSON", Run: everyAnswerIsJSON},
		{ID: "delete-json", Clause: "API-2", Name: "DELETE answers JSON", Run: deleteAnswersJSON},
		{ID: "no-redirect", Clause: "API-3", Name: "a trailing slash is no redirect", Run: noAPIRedirect},
		{ID: "error-shape", Clause: "API-4", Name: "an error has all members", Run: errorShape},
		{ID: "error-unknown-route", Clause: "API-4", Name: "an unknown route", Run: unknownRoute},
		{ID: "cursor", Clause: "API-13", Name: "a list is read to its end by cursor", Run: cursorOfFeed},
		{ID: "limit", Clause: "API-14", Name: "a limit out of range", Run: clampedLimit},
		{ID: "unknown-parameters", Clause: "API-14", Name: "parameters and fields that nobody knows", Run: unknownParameters},
		{ID: "register", Clause: "API-15", Name: "the answer to registering", Run: registerShape},
		{ID: "vote-again", Clause: "API-16", Name: "the same vote again", Run: voteAgain},
		{ID: "vote-opposite", Clause: "API-16", Name: "the opposite vote", Run: voteOpposite},
		{ID: "not-json", Clause: "API-17", Name: "a body that is not JSON", Run: notJSON},
		{ID: "no-title", Clause: "API-17", Name: "a post without title", Run: noTitle},
		{ID: "unknown-submolt", Clause: "API-17", Name: "a post into no submolt", Run: unknownSubmolt},
		{ID: "name-in-use", Clause: "API-17", Name: "a name that is in use", Run: nameInUse},
		{ID: "x-api-key", Clause: "API-18", Name: "X-API-Key", Run: xAPIKey},
		{ID: "unknown-key", Clause: "API-19", Name: "a key that nobody has", Run: unknownKey},
		{ID: "key-elsewhere", Clause: "API-21", Name: "a key sent under another Host", Run: keyElsewhere},
	}
}

// reads are the paths that anyone may read, of what the suite made.
func (t *Target) reads(ctx context.Context) (map[string]answer, error) {
	post, err := t.post(ctx)
	if err != nil {
		return nil, err
	}
	agent, err := t.agent(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := commentID(ctx, t); err != nil {
		return nil, err
	}
	found := map[string]answer{}
	for name, path := range map[string]string{
		"posts": "/posts?sort=new", "post": "/posts/" + post.id, "comments": "/posts/" + post.id + "/comments",
		"submolts": "/submolts?limit=50", "submolt": "/submolts/" + t.made.submolt, "feed": "/submolts/" + t.made.submolt + "/feed",
		"profile": "/agents/profile?name=" + url.QueryEscape(agent.name), "stats": "/stats",
		"search": "/search?q=" + url.QueryEscape(post.title),
	} {
		got, err := t.call(ctx, http.MethodGet, path, "", nil)
		if err != nil {
			return nil, err
		}
		found[name] = got
	}
	return found, nil
}

func readsWithoutKey(ctx context.Context, t *Target) error {
	all, err := t.reads(ctx)
	if err != nil {
		return err
	}
	for name, got := range all {
		if err := got.is(http.StatusOK); err != nil {
			return failf("%s: %v", name, err)
		}
	}
	return nil
}

func isJSON(got answer) error {
	if m := got.mediaType(); m != "application/json" {
		return failf("media type %q, want application/json", m)
	}
	if _, ok := got.doc["success"].(bool); !ok {
		return failf("no boolean success in %.200s", got.body)
	}
	return nil
}

func everyAnswerIsJSON(ctx context.Context, t *Target) error {
	all, err := t.reads(ctx)
	if err != nil {
		return err
	}
	for name, got := range all {
		if err := isJSON(got); err != nil {
			return failf("%s: %v", name, err)
		}
	}
	return nil
}

func deleteAnswersJSON(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, a, "Deleted "+peer.Token())
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodDelete, "/posts/"+post.id, a.key, nil)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return err
	}
	return isJSON(got)
}

func noAPIRedirect(ctx context.Context, t *Target) error {
	for _, path := range []string{"/posts/", "/submolts/", "/stats/"} {
		got, err := t.call(ctx, http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusOK); err != nil {
			return failf("%s: %v", path, err)
		}
	}
	return nil
}

// isError judges an error of the agents' API.
func isError(got answer, status int) error {
	if err := got.is(status); err != nil {
		return err
	}
	if err := isJSON(got); err != nil {
		return err
	}
	if got.doc["success"] != false {
		return failf("success is %v", got.doc["success"])
	}
	if err := has(got.doc, "error", "message", "hint", "code", "path", "timestamp"); err != nil {
		return err
	}
	if got.doc["statusCode"] != float64(status) {
		return failf("statusCode %v, want %d", got.doc["statusCode"], status)
	}
	sentence := peer.Text(got.doc, "error")
	if sentence != peer.Text(got.doc, "message") {
		return failf("error %q differs from message %q", sentence, got.doc["message"])
	}
	if strings.EqualFold(sentence, http.StatusText(status)) {
		return failf("error is the reason phrase %q", sentence)
	}
	return nil
}

func errorShape(ctx context.Context, t *Target) error {
	got, err := t.call(ctx, http.MethodGet, "/posts/00000000-0000-7000-8000-000000000000", "", nil)
	if err != nil {
		return err
	}
	return isError(got, http.StatusNotFound)
}

func unknownRoute(ctx context.Context, t *Target) error {
	got, err := t.call(ctx, http.MethodGet, "/no/such/thing", "", nil)
	if err != nil {
		return err
	}
	return isError(got, http.StatusNotFound)
}

func cursorOfFeed(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	name, err := t.submolt(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]int{}
	for range 3 {
		post, err := t.writePost(ctx, a, "Paged "+peer.Token())
		if err != nil {
			return err
		}
		wanted[post.id] = 0
	}
	cursor := ""
	for {
		got, err := t.call(ctx, http.MethodGet, "/submolts/"+name+"/feed?sort=new&limit=2"+cursor, "", nil)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusOK); err != nil {
			return err
		}
		posts := objects(peer.List(got.doc, "posts"))
		for _, p := range posts {
			wanted[peer.Text(p, "id")]++
		}
		more, ok := got.doc["has_more"].(bool)
		if !ok {
			return failf("has_more is %v", got.doc["has_more"])
		}
		next := peer.Text(got.doc, "next_cursor")
		if more != (next != "") {
			return failf("has_more %v with next_cursor %v", more, got.doc["next_cursor"])
		}
		if !more {
			break
		}
		if len(posts) == 0 {
			return failf("an empty page with has_more")
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
	for id, n := range wanted {
		if n != 1 {
			return failf("post %s came %d times", id, n)
		}
	}
	return nil
}

func clampedLimit(ctx context.Context, t *Target) error {
	for _, limit := range []string{"0", "-1", "100000"} {
		got, err := t.call(ctx, http.MethodGet, "/posts?limit="+limit, "", nil)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusOK); err != nil {
			return failf("limit=%s: %v", limit, err)
		}
	}
	return nil
}

func unknownParameters(ctx context.Context, t *Target) error {
	got, err := t.call(ctx, http.MethodGet, "/posts?shuffle=1&whatever=x", "", nil)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return err
	}
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	name, err := t.submolt(ctx)
	if err != nil {
		return err
	}
	got, err = t.call(ctx, http.MethodPost, "/posts", a.key, map[string]any{
		"submolt_name": name, "title": "Odd fields " + peer.Token(), "content": "x", "mood": "curious",
	})
	if err != nil {
		return err
	}
	return got.is(http.StatusCreated)
}

func registerShape(ctx context.Context, t *Target) error {
	name := "shape-" + peer.Token()
	got, err := t.call(ctx, http.MethodPost, "/agents/register", "", map[string]any{"name": name, "description": "x"})
	if err != nil {
		return err
	}
	if err := got.is(http.StatusCreated); err != nil {
		return err
	}
	made := peer.Object(got.doc, "agent")
	if err := has(made, "id", "name", "api_key", "claim_url", "verification_code"); err != nil {
		return failf("agent: %v", err)
	}
	if key := peer.Text(made, "api_key"); !strings.HasPrefix(key, "moltbook_") {
		return failf("the key begins with %.9q, not moltbook_", key)
	}
	if !strings.Contains(peer.Text(made, "claim_url"), "moltbook_claim_") {
		return failf("claim_url holds no moltbook_claim_ token")
	}
	return nil
}

// votes reads the counters of a post.
func (t *Target) votes(ctx context.Context, post *localPost) (up, down int, err error) {
	got, err := t.call(ctx, http.MethodGet, "/posts/"+post.id, "", nil)
	if err != nil {
		return 0, 0, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return 0, 0, err
	}
	p := peer.Object(got.doc, "post")
	u, okUp := p["upvotes"].(float64)
	d, okDown := p["downvotes"].(float64)
	if !okUp || !okDown {
		return 0, 0, failf("upvotes %v, downvotes %v", p["upvotes"], p["downvotes"])
	}
	return int(u), int(d), nil
}

// vote lets the rival vote on a new post of the agent and judges the counters.
func (t *Target) vote(ctx context.Context, wantUp, wantDown int, votes ...string) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	rival, err := t.rival(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, agent, "Voted "+peer.Token())
	if err != nil {
		return err
	}
	for _, vote := range votes {
		got, err := t.call(ctx, http.MethodPost, "/posts/"+post.id+"/"+vote, rival.key, nil)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusOK); err != nil {
			return err
		}
	}
	return eventually(ctx, func() error {
		up, down, err := t.votes(ctx, post)
		if err == nil && (up != wantUp || down != wantDown) {
			return failf("%d up, %d down, want %d and %d", up, down, wantUp, wantDown)
		}
		return err
	})
}

func voteAgain(ctx context.Context, t *Target) error {
	return t.vote(ctx, 1, 0, "upvote", "upvote")
}

func voteOpposite(ctx context.Context, t *Target) error {
	return t.vote(ctx, 0, 1, "upvote", "downvote")
}

func notJSON(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/api/v1/posts", bytes.NewReader([]byte(`{"title":`)))
	if err != nil {
		return setup("build a request", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+a.key)
	got, err := t.do(r)
	if err != nil {
		return err
	}
	return isError(got, http.StatusBadRequest)
}

// refusesPost sends a post by the agent and judges the refusal.
func (t *Target) refusesPost(ctx context.Context, body map[string]any, status int) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodPost, "/posts", a.key, body)
	if err != nil {
		return err
	}
	return isError(got, status)
}

func noTitle(ctx context.Context, t *Target) error {
	name, err := t.submolt(ctx)
	if err != nil {
		return err
	}
	return t.refusesPost(ctx, map[string]any{"submolt_name": name, "content": "No title."}, http.StatusBadRequest)
}

func unknownSubmolt(ctx context.Context, t *Target) error {
	return t.refusesPost(ctx, map[string]any{"submolt_name": "none-" + peer.Token(), "title": "Lost"}, http.StatusNotFound)
}

func nameInUse(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{a.name, strings.ToUpper(a.name)} {
		got, err := t.call(ctx, http.MethodPost, "/agents/register", "", map[string]any{"name": name, "description": "x"})
		if err != nil {
			return err
		}
		if err := isError(got, http.StatusConflict); err != nil {
			return err
		}
	}
	return nil
}

func xAPIKey(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+"/api/v1/agents/me", http.NoBody)
	if err != nil {
		return setup("build a request", err)
	}
	r.Header.Set("X-Api-Key", a.key)
	got, err := t.do(r)
	if err != nil {
		return err
	}
	return got.is(http.StatusOK)
}

func unknownKey(ctx context.Context, t *Target) error {
	got, err := t.call(ctx, http.MethodGet, "/agents/me", "moltbook_sk_"+strings.Repeat("x", 32), nil)
	if err != nil {
		return err
	}
	return isError(got, http.StatusUnauthorized)
}

// keyElsewhere does not ask for 421: a proxy before the node may know no such name itself.
func keyElsewhere(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+"/api/v1/agents/me", http.NoBody)
	if err != nil {
		return setup("build a request", err)
	}
	r.Host = "look-alike.example"
	r.Header.Set("Authorization", "Bearer "+a.key)
	got, err := t.do(r)
	if err != nil {
		return err
	}
	if got.status < http.StatusBadRequest || got.status >= http.StatusInternalServerError {
		return failf("a key that was sent to %s got status %d, want 421", r.Host, got.status)
	}
	return nil
}

func anyNull(doc map[string]any, members []string) string {
	i := slices.IndexFunc(members, func(m string) bool { return doc[m] == nil })
	if i < 0 {
		return ""
	}
	return members[i]
}
