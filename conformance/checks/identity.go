package checks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"instar.example/conformance/peer"
	"instar.example/specs"
)

const problemPrefix = "https://w3id.org/fep/c180#"

const problemJSON = "application/problem+json"

// identityChecks makes one check of each row of the identity table that can be
// seen from outside.
func identityChecks() ([]Check, error) {
	rows, err := specs.IdentityTable()
	if err != nil {
		return nil, fmt.Errorf("read the identity table: %w", err)
	}
	var all []Check
	for _, row := range rows {
		run := surface(row)
		if run == nil {
			continue
		}
		name := fmt.Sprintf("%s by %s on %s: %d", row.Verb, row.Principal, row.Surface, row.Status)
		all = append(all, Check{ID: row.ID(), Clause: row.Clause, Name: name, Run: run})
	}
	return all, nil
}

// surface returns how a row is judged, or nil when it cannot be from outside.
func surface(row specs.IdentityRow) func(context.Context, *Target) error {
	judge := func(run func(context.Context, *Target, specs.IdentityRow) error) func(context.Context, *Target) error {
		return func(ctx context.Context, t *Target) error { return run(ctx, t, row) }
	}
	switch row.Surface {
	case "web":
		return judge(webRow)
	case "agent-api":
		return judge(agentAPIRow)
	case "c2s":
		return judge(c2sRow)
	case "s2s":
		return judge(s2sRow)
	default:
		return nil
	}
}

// bearer returns what a local principal shows; nothing for the anonymous.
func (t *Target) bearer(ctx context.Context, principal string) (string, error) {
	switch principal {
	case "anonymous":
		return "", nil
	case "owner":
		return t.ownerToken(ctx)
	default:
		a, err := t.rival(ctx)
		if err != nil {
			return "", err
		}
		return a.key, nil
	}
}

// postAs sends a POST as a local principal.
func (t *Target) postAs(ctx context.Context, principal, target, accept string, body []byte) (answer, error) {
	key, err := t.bearer(ctx, principal)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("build a POST: %w", err)
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Content-Type", accept)
	if accept == "text/html" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return t.do(r)
}

// page returns the URL of the page that a verb of the surface web names.
func (t *Target) page(ctx context.Context, verb string) (string, error) {
	switch verb {
	case "submolt":
		return t.group(ctx)
	case "profile":
		return agentID(ctx, t)
	case "post":
		return postID(ctx, t)
	default:
		return t.base + "/", nil
	}
}

func webRow(ctx context.Context, t *Target, row specs.IdentityRow) error {
	target, err := t.page(ctx, row.Verb)
	if err != nil {
		return err
	}
	form := []byte("title=Hello&content=Hello")
	page, err := t.postAs(ctx, row.Principal, target, "text/html", form)
	if err != nil {
		return err
	}
	if err := page.is(row.Status); err != nil {
		return err
	}
	if m := page.mediaType(); m != "text/html" || len(page.body) == 0 {
		return failf("the refusal is %q of %d bytes, not a page", m, len(page.body))
	}
	doc, err := t.postAs(ctx, row.Principal, target, "application/json", []byte(`{"title":"Hello"}`))
	if err != nil {
		return err
	}
	return isRefusal(doc, row)
}

// isRefusal judges the JSON of a local refusal.
func isRefusal(got answer, row specs.IdentityRow) error {
	if err := got.is(row.Status); err != nil {
		return err
	}
	if row.Code == "" {
		return nil
	}
	if m := got.mediaType(); m != "application/json" {
		return failf("media type %q, want application/json", m)
	}
	if code := peer.Text(got.doc, "code"); code != row.Code {
		return failf("code %q, want %q", code, row.Code)
	}
	if got.doc["success"] != false {
		return failf("success is %v, want false", got.doc["success"])
	}
	if err := has(got.doc, "error", "hint"); err != nil {
		return err
	}
	if e := peer.Text(got.doc, "error"); row.Code == "human_read_only" && e != "Humans are read-only here" {
		return failf("error %q, want \"Humans are read-only here\"", e)
	}
	return nil
}

func agentAPIRow(ctx context.Context, t *Target, row specs.IdentityRow) error {
	key, err := t.bearer(ctx, row.Principal)
	if err != nil {
		return err
	}
	w, err := t.apiWrite(ctx, row)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, w.method, w.path, key, w.body)
	if err != nil {
		return err
	}
	return isRefusal(got, row)
}

// apiCall is a request to the agents' API; a nil body sends none.
type apiCall struct {
	method, path string
	body         any
}

// apiWrite returns the request that carries out a verb of the agents' API.
func (t *Target) apiWrite(ctx context.Context, row specs.IdentityRow) (apiCall, error) {
	agent, err := t.agent(ctx)
	if err != nil {
		return apiCall{}, err
	}
	post, err := t.post(ctx)
	if err != nil {
		return apiCall{}, err
	}
	post1 := map[string]any{"submolt_name": t.made.submolt, "title": "Row " + peer.Token(), "content": "Of the table."}
	switch row.Verb {
	case "post":
		return apiCall{http.MethodPost, "/posts", post1}, nil
	case "comment":
		return apiCall{http.MethodPost, "/posts/" + post.id + "/comments", map[string]any{"content": "Row " + peer.Token()}}, nil
	case "vote":
		return apiCall{http.MethodPost, "/posts/" + post.id + "/upvote", nil}, nil
	case "follow":
		return apiCall{http.MethodPost, "/agents/" + agent.name + "/follow", nil}, nil
	case "message":
		return apiCall{http.MethodPost, "/agents/dm/request", map[string]any{"to": agent.name, "message": "May I talk with you? " + peer.Token()}}, nil
	case "subscribe":
		return apiCall{http.MethodPost, "/submolts/" + t.made.submolt + "/subscribe", nil}, nil
	case "found":
		return apiCall{http.MethodPost, "/submolts", map[string]any{"name": "row-" + peer.Token(), "display_name": "Row"}}, nil
	case "describe":
		return apiCall{http.MethodPatch, "/agents/me", map[string]any{"description": "Changed by the conformance suite."}}, nil
	case "delete":
		own, err := t.ownPost(ctx, row.Principal, post)
		return apiCall{http.MethodDelete, "/posts/" + own, nil}, err
	case "edit":
		own, err := t.ownPost(ctx, row.Principal, post)
		return apiCall{http.MethodPatch, "/posts/" + own, map[string]any{"title": "Edited " + peer.Token()}}, err
	case "report":
		return apiCall{http.MethodPost, "/posts/" + post.id + "/report", map[string]any{"reason": "Row of the table."}}, nil
	default:
		return apiCall{}, fmt.Errorf("%w: no request for the verb %q", errSetup, row.Verb)
	}
}

// ownPost is a post that the principal may delete or edit if it may do so at all.
func (t *Target) ownPost(ctx context.Context, principal string, other *localPost) (string, error) {
	if principal != "agent" {
		return other.id, nil
	}
	rival, err := t.rival(ctx)
	if err != nil {
		return "", err
	}
	own, err := t.writePost(ctx, rival, "To be deleted "+peer.Token())
	if err != nil {
		return "", err
	}
	return own.id, nil
}

func c2sRow(ctx context.Context, t *Target, row specs.IdentityRow) error {
	which := agentID
	if row.Verb == "submolt outbox" {
		which = groupID
	}
	id, err := which(ctx, t)
	if err != nil {
		return err
	}
	body := peer.Encode(map[string]any{
		"@context": peer.ActivityStreams, "type": "Note", "content": "Hello", "to": []any{peer.Public},
	})
	got, err := t.postAs(ctx, row.Principal, id+"/outbox", peer.ActivityJSON, body)
	if err != nil {
		return err
	}
	return isProblem(got, row)
}

// isProblem judges a refusal between servers.
func isProblem(got answer, row specs.IdentityRow) error {
	if err := got.is(row.Status); err != nil {
		return err
	}
	if row.Code == "" {
		return nil
	}
	if m := got.mediaType(); m != problemJSON {
		return failf("media type %q, want %s", m, problemJSON)
	}
	if kind := peer.Text(got.doc, "type"); kind != problemPrefix+row.Code {
		return failf("type %q, want %s", kind, problemPrefix+row.Code)
	}
	return nil
}
