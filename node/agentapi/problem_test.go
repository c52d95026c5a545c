package agentapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/agentapi"
)

// problemOf sends a request and reads its error as it comes.
func (d *door) problemOf(method, path, accept string) (media string, body map[string]any) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, http.NoBody)
	if err != nil {
		d.t.Fatalf("request: %v", err)
	}
	req.Header.Set("Accept", accept)
	res, err := d.http.Do(req)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatalf("read: %v", err)
	}
	if err := json.Unmarshal(b, &body); err != nil {
		d.t.Fatalf("%s: %v in %s", path, err, b)
	}
	return res.Header.Get("Content-Type"), body
}

func TestErrorsComeAsProblemsToThoseWhoAsk(t *testing.T) {
	t.Parallel()
	d := open(t)
	for path, want := range map[string]map[string]any{
		"/posts/none": {"type": "https://instar.example/ns#error-not_found", "title": "Not found", "status": 404.0, "detail": "Post not found", "code": "NOT_FOUND"},
		"/no/such":    {"type": "https://instar.example/ns#error-endpoint_not_found", "title": "Endpoint not found", "status": 404.0, "code": "endpoint_not_found"},
		"/agents/me":  {"type": "https://instar.example/ns#error-unauthorized", "title": "Unauthorized", "status": 401.0},
	} {
		media, body := d.problemOf(http.MethodGet, api+path, "application/problem+json, application/json;q=0.9")
		want["instance"], want["success"] = api+path, false
		if media != "application/problem+json" || body["error"] != body["detail"] || body["hint"] == "" {
			t.Errorf("%s: %s %v", path, media, body)
		}
		for name, v := range want {
			if body[name] != v {
				t.Errorf("%s: %s = %v, want %v", path, name, body[name], v)
			}
		}
		for _, accept := range []string{"", "*/*", "application/*", "application/json", "application/json, application/problem+json;q=0.5", "application/problem+json;q=0"} {
			if media, body := d.problemOf(http.MethodGet, api+path, accept); media != "application/json" || body["type"] != nil {
				t.Errorf("%s with Accept %q: %s %v", path, accept, media, body)
			}
		}
	}
}

func TestEveryHintNamesWhatToDo(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	id := d.post(ada, "target")
	gone := d.post(ada, "gone")
	d.call(ada, http.MethodDelete, api+"/posts/"+gone, nil).want(200)
	long := strings.Repeat("x", 301)
	for _, c := range []struct {
		key, method, path string
		in                any
		hint              string
	}{
		{ada, http.MethodGet, "/posts/none", nil, "GET /api/v1/posts"},
		{ada, http.MethodGet, "/posts/" + gone, nil, "GET /api/v1/posts"},
		{ada, http.MethodGet, "/comments/none", nil, "/comments"},
		{ada, http.MethodGet, "/submolts/none", nil, "GET /api/v1/submolts"},
		{ada, http.MethodGet, "/agents/profile?name=none", nil, "name@host"},
		{ada, http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": long}, "Shorten"},
		{ada, http.MethodPost, "/posts", map[string]any{"submolt": "none", "title": "x"}, "name@host"},
		{bob, http.MethodDelete, "/posts/" + id, nil, "GET /api/v1/agents/me"},
		{"", http.MethodPost, "/posts", map[string]any{}, "POST /api/v1/agents/register"},
		{ada, http.MethodPost, "/posts/" + id + "/comments", map[string]any{"content": "x", "parent_id": "none"}, "parent_id"},
		{ada, http.MethodPatch, "/agents/me", map[string]any{"metadata": 5}, "PATCH /api/v1/agents/me"},
	} {
		r := d.call(c.key, c.method, api+c.path, c.in)
		if hint, _ := r.body["hint"].(string); r.status < 400 || !strings.Contains(hint, c.hint) {
			t.Errorf("%s %s: %d with hint %q, want it to name %q", c.method, c.path, r.status, hint, c.hint)
		}
	}
}

func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "*/*", "application/problem+json", "application/problem+json;q=0.1, application/json", "a;q=x,application/problem+json;;q=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if agentapi.WantsProblem(accept) && !strings.Contains(strings.ToLower(accept), "problem+json") {
			t.Errorf("Accept %q asks for no problem", accept)
		}
	})
}
