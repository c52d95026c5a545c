package agentapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/node/agentapi"
	"instar.example/specs/spectest"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// door is a node with nothing but the agents' door, behind real HTTP.
type door struct {
	*node.Node

	t     *testing.T
	api   *agentapi.API
	clock *clock
	url   string
	http  *http.Client
}

// setup is what a test may change.
type setup struct {
	node node.Config
	api  agentapi.Config
}

func newDoor(t *testing.T, s *storage.Store, change ...func(*setup)) *door {
	t.Helper()
	d := &door{t: t, clock: &clock{t: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	srv := httptest.NewUnstartedServer(nil)
	d.url = "http://" + srv.Listener.Addr().String()
	set := setup{
		node: node.Config{Store: s, BaseURL: d.url, Now: d.clock.now, Keys: node.Keys{Secret: []byte("s")}},
		api:  agentapi.Config{Now: d.clock.now},
	}
	for _, f := range change {
		f(&set)
	}
	var err error
	if d.Node, err = node.New(t.Context(), set.node); err != nil {
		t.Fatalf("node: %v", err)
	}
	set.api.Node = d.Node
	d.api = agentapi.New(set.api)
	r := chi.NewRouter()
	d.api.Routes(r)
	srv.Config.Handler = r
	srv.Start()
	t.Cleanup(srv.Close)
	d.http = srv.Client()
	d.http.Transport = spectest.Transport(t, d.http.Transport)
	d.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d
}

// open is a door on SQLite.
func open(t *testing.T, change ...func(*setup)) *door {
	t.Helper()
	return newDoor(t, storagetest.SQLite(t), change...)
}

// reply is an answer of the door.
type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// edit changes a request before it is sent.
type edit func(*http.Request)

func header(name, value string) edit { return func(r *http.Request) { r.Header.Set(name, value) } }

// call sends in, a string as it is and anything else as JSON, nil for no body.
// Whatever is asked, the answer must be JSON and keep the rules of every answer.
func (d *door) call(key, method, path string, in any, edits ...edit) reply {
	d.t.Helper()
	var body io.Reader = http.NoBody
	switch in := in.(type) {
	case nil:
	case string:
		body = strings.NewReader(in)
	default:
		b, err := json.Marshal(in)
		if err != nil {
			d.t.Fatalf("encode: %v", err)
		}
		body = strings.NewReader(string(b))
	}
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, body)
	if err != nil {
		d.t.Fatalf("request: %v", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for _, e := range edits {
		e(req)
	}
	res, err := d.http.Do(req)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	r := reply{t: d.t, what: method + " " + path, status: res.StatusCode, header: res.Header}
	if r.raw, err = io.ReadAll(res.Body); err != nil {
		d.t.Fatalf("%s: %v", r.what, err)
	}
	if r.status == http.StatusNotModified || method == http.MethodHead {
		return r
	}
	r.sound()
	return r
}

// sound checks what holds for every answer.
func (r *reply) sound() {
	r.t.Helper()
	if r.status >= 300 && r.status < 400 || r.status == http.StatusNoContent {
		r.t.Errorf("%s: status %d", r.what, r.status)
	}
	if got := r.header.Get("Content-Type"); got != "application/json" {
		r.t.Errorf("%s: Content-Type %q", r.what, got)
	}
	if r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Access-Control-Allow-Credentials") != "" {
		r.t.Errorf("%s: CORS headers %v", r.what, r.header)
	}
	if err := json.Unmarshal(r.raw, &r.body); err != nil {
		r.t.Fatalf("%s: status %d, no JSON object: %.300s", r.what, r.status, r.raw)
	}
	if got, is := r.body["success"].(bool); !is || got != (r.status < 300) {
		r.t.Errorf("%s: status %d with success %v", r.what, r.status, r.body["success"])
	}
	if r.status >= 400 {
		for _, name := range []string{"error", "message", "hint", "code", "path", "timestamp"} {
			if s, _ := r.body[name].(string); s == "" {
				r.t.Errorf("%s: error without %s: %s", r.what, name, r.raw)
			}
		}
		sentence := r.body["error"]
		if _, ofToken := r.body["valid"]; ofToken { // [API-20]
			sentence = r.body["message"]
		}
		if sentence != r.body["message"] || r.body["statusCode"] != float64(r.status) {
			r.t.Errorf("%s: error of another shape: %s", r.what, r.raw)
		}
	}
	walk(r.body, func(m map[string]any) {
		seen := map[string]bool{}
		for name, v := range m {
			plain := strings.ToLower(strings.ReplaceAll(name, "_", ""))
			if _, note := m["relatedPostId"]; seen[plain] && !note { // both forms are asked for there
				r.t.Errorf("%s: two forms of %s in one object", r.what, name)
			}
			seen[plain] = true
			if name == "author" && v == nil {
				r.t.Errorf("%s: author is null", r.what)
			}
			if strings.HasSuffix(name, "_at") && v != nil {
				if _, err := time.Parse("2006-01-02T15:04:05.000Z", fmt.Sprint(v)); err != nil {
					r.t.Errorf("%s: %s is %v", r.what, name, v)
				}
			}
		}
	})
}

// walk visits each object of a document.
func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, x := range v {
			walk(x, visit)
		}
	case []any:
		for _, x := range v {
			walk(x, visit)
		}
	}
}

func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.what, r.status, status, r.raw)
	}
	return r
}

// wantCode is want for an error.
func (r reply) wantCode(status int, code string) reply {
	r.t.Helper()
	if r.status != status || r.body["code"] != code {
		r.t.Errorf("%s: %d %v, want %d %s: %s", r.what, r.status, r.body["code"], status, code, r.raw)
	}
	return r
}

// at returns what stands at a path of names and numbers, nil for nothing.
func (r reply) at(path ...any) any { return at(r.body, path...) }

func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (r reply) text(path ...any) string {
	r.t.Helper()
	s, is := r.at(path...).(string)
	if !is {
		r.t.Fatalf("%s: no text at %v: %s", r.what, path, r.raw)
	}
	return s
}

func (r reply) list(name string) []any {
	r.t.Helper()
	l, is := r.body[name].([]any)
	if !is {
		r.t.Fatalf("%s: no list at %s: %s", r.what, name, r.raw)
	}
	return l
}

// is checks values by their paths, written "a.b.0.c".
func (r reply) is(wants map[string]any) reply {
	r.t.Helper()
	for path, want := range wants {
		var steps []any
		for s := range strings.SplitSeq(path, ".") {
			var i int
			if _, err := fmt.Sscanf(s, "%d", &i); err == nil {
				steps = append(steps, i)
			} else {
				steps = append(steps, s)
			}
		}
		if n, is := want.(int); is {
			want = float64(n)
		}
		if got := r.at(steps...); got != want {
			r.t.Errorf("%s: %s = %v, want %v", r.what, path, got, want)
		}
	}
	return r
}

// agent registers an agent and returns its key and its owner's token.
func (d *door) agent(name string) (key, owner string) {
	d.t.Helper()
	r := d.call("", http.MethodPost, "/api/v1/agents/register", map[string]any{"name": name}).want(http.StatusCreated)
	claim := r.text("agent", "claim_url")
	return r.text("agent", "api_key"), claim[strings.LastIndexByte(claim, '/')+1:]
}

// post writes a post in m/general and returns its id.
func (d *door) post(key, title string) string {
	d.t.Helper()
	return d.call(key, http.MethodPost, "/api/v1/posts", map[string]any{"submolt_name": "general", "title": title, "content": "Hello **world**"}).
		want(http.StatusCreated).text("post", "id")
}

// comment writes a comment and returns its id.
func (d *door) comment(key, postID, parentID, content string) string {
	d.t.Helper()
	in := map[string]any{"content": content}
	if parentID != "" {
		in["parent_id"] = parentID
	}
	return d.call(key, http.MethodPost, "/api/v1/posts/"+postID+"/comments", in).want(http.StatusCreated).text("comment", "id")
}

func (d *door) get(key, path string, edits ...edit) reply {
	d.t.Helper()
	return d.call(key, http.MethodGet, "/api/v1"+path, nil, edits...)
}
