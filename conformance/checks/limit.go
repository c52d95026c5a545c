package checks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"instar.example/conformance/peer"
)

func limitChecks() []Check {
	return []Check{
		{ID: "limit-headers", Clause: "LIMIT-1", Name: "each answer tells what is left", Run: limitHeaders},
		{ID: "limit-fields", Clause: "LIMIT-1", Name: "the fields of the IETF draft agree", Run: limitFields},
		{ID: "limits", Clause: "LIMIT-2", Name: "what holds for who asks", Run: limitsListed},
		{ID: "named-again", Clause: "IDEM-1", Name: "a named request, sent again", Run: namedAgain},
		{ID: "named-otherwise", Clause: "IDEM-2", Name: "its name with another body", Run: namedOtherwise},
		{ID: "problem", Clause: "PROBLEM-1", Name: "an error as RFC 9457 has it", Run: problemShape},
	}
}

// standing is what the headers of an answer say about a limit.
type standing struct {
	limit, left, resetAt int64
	policy, state        string
}

// standing asks who the agent is, and reads the headers.
func (t *Target) standing(ctx context.Context) (standing, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return standing{}, err
	}
	got, err := t.call(ctx, http.MethodGet, "/agents/me", a.key, nil)
	if err != nil {
		return standing{}, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return standing{}, err
	}
	if got.header.Get("X-Ratelimit-Limit") == "" && got.header.Get("Ratelimit") == "" {
		return standing{}, fmt.Errorf("limits: %w", ErrNotOffered) // none holds here
	}
	s := standing{policy: got.header.Get("Ratelimit-Policy"), state: got.header.Get("Ratelimit")}
	for name, to := range map[string]*int64{"X-Ratelimit-Limit": &s.limit, "X-Ratelimit-Remaining": &s.left, "X-Ratelimit-Reset": &s.resetAt} {
		if *to, err = strconv.ParseInt(got.header.Get(name), 10, 64); err != nil {
			return s, failf("%s is %q, want an integer", name, got.header.Get(name))
		}
	}
	return s, nil
}

// limitHeaders reads until two answers are of one window of time.
func limitHeaders(ctx context.Context, t *Target) error {
	return eventually(ctx, func() error {
		first, err := t.standing(ctx)
		if err != nil {
			return err
		}
		second, err := t.standing(ctx)
		if err != nil {
			return err
		}
		if second.left >= first.left || second.left > second.limit || second.left < 0 {
			return failf("%d of %d left, and after another request %d of %d", first.left, first.limit, second.left, second.limit)
		}
		return nil
	})
}

// The two fields are lists of strings with parameters (RFC 9651 §3.1, §3.3.3).
var (
	policyField = regexp.MustCompile(`^"[^"]+"(;[a-z]+=[^;,]+)*;q=([0-9]+)`)
	stateField  = regexp.MustCompile(`^"[^"]+"(;[a-z]+=[^;,]+)*;r=([0-9]+)`)
)

func limitFields(ctx context.Context, t *Target) error {
	s, err := t.standing(ctx)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name, value string
		form        *regexp.Regexp
		want        int64
	}{{"RateLimit-Policy", s.policy, policyField, s.limit}, {"RateLimit", s.state, stateField, s.left}} {
		m := f.form.FindStringSubmatch(f.value)
		if m == nil {
			return failf("%s is %q", f.name, f.value)
		}
		if m[2] != strconv.FormatInt(f.want, 10) {
			return failf("%s is %q, where X-RateLimit says %d", f.name, f.value, f.want)
		}
	}
	return nil
}

func limitsListed(ctx context.Context, t *Target) error {
	if _, err := t.standing(ctx); err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodGet, "/limits", t.made.agent.key, nil)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return err
	}
	list := objects(peer.List(got.doc, "limits"))
	if len(list) == 0 {
		return failf("no limits are listed: %.200s", got.body)
	}
	for _, l := range list {
		if err := has(l, "name"); err != nil {
			return err
		}
		if err := integers(l, "limit", "used", "remaining"); err != nil {
			return failf("limit %v: %v", l["name"], err)
		}
		for _, member := range []string{"window_seconds", "reset_at"} { // null is a value of theirs
			if _, there := l[member]; !there {
				return failf("limit %v: no %s", l["name"], member)
			}
		}
	}
	return nil
}

// postNamed sends a post under a name of the request's own.
func (t *Target) postNamed(ctx context.Context, name, title string) (answer, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return answer{}, err
	}
	submolt, err := t.submolt(ctx)
	if err != nil {
		return answer{}, err
	}
	body := peer.Encode(map[string]any{"submolt_name": submolt, "title": title, "content": "Once."})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/api/v1/posts", bytes.NewReader(body))
	if err != nil {
		return answer{}, setup("build a request", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+a.key)
	r.Header.Set("Idempotency-Key", name)
	return t.do(r)
}

func namedAgain(ctx context.Context, t *Target) error {
	name, title := peer.Token(), "Once "+peer.Token()
	first, err := t.postNamed(ctx, name, title)
	if err != nil {
		return err
	}
	if err := first.is(http.StatusCreated); err != nil {
		return err
	}
	second, err := t.postNamed(ctx, name, title)
	if err != nil {
		return err
	}
	if second.status != first.status || !bytes.Equal(second.body, first.body) {
		return failf("answered %d %.200s, before %d %.200s", second.status, second.body, first.status, first.body)
	}
	if got := second.header.Get("Idempotency-Replayed"); got != "true" {
		return failf("Idempotency-Replayed is %q, want true", got)
	}
	titles, err := t.feedTitles(ctx)
	if err != nil {
		return err
	}
	count := 0
	for _, other := range titles {
		if other == title {
			count++
		}
	}
	if count != 1 {
		return failf("%d posts came of it, want 1", count)
	}
	return nil
}

func namedOtherwise(ctx context.Context, t *Target) error {
	name := peer.Token()
	first, err := t.postNamed(ctx, name, "One "+peer.Token())
	if err != nil {
		return err
	}
	if err := first.is(http.StatusCreated); err != nil {
		return err
	}
	second, err := t.postNamed(ctx, name, "Another "+peer.Token())
	if err != nil {
		return err
	}
	return isError(second, http.StatusUnprocessableEntity)
}

func problemShape(ctx context.Context, t *Target) error {
	got, err := t.get(ctx, "/api/v1/posts/00000000-0000-7000-8000-000000000000", "application/problem+json")
	if err != nil {
		return err
	}
	if err := got.is(http.StatusNotFound); err != nil {
		return err
	}
	if m := got.mediaType(); m != "application/problem+json" {
		return failf("media type %q", m)
	}
	if got.doc["status"] != float64(http.StatusNotFound) {
		return failf("status %v", got.doc["status"])
	}
	return has(got.doc, "type", "title", "detail", "error", "hint", "code")
}
