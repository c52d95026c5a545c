// Package spectest holds what a node answers to specs/openapi/agent.yaml: for
// tests, as a transport of the client that they use anyway. It is not for
// programs.
//
// Schemas of OpenAPI 3.1 are JSON Schema 2020-12; they are compiled once a process.
package spectest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"instar.example/specs"
)

const (
	prefix  = "/api/v1"
	address = "agent.json" // of the document, within the compiler
)

// document is the document with what is compiled of it.
type document struct {
	root   any
	routes chi.Routes // the paths of the document

	mu       sync.Mutex
	compiler *jsonschema.Compiler          // guarded by mu
	schemas  map[string]*jsonschema.Schema // guarded by mu; by pointers into the document
}

// loaded is the document of this process: a constant that takes a while.
var loaded = sync.OnceValues(load)

func load() (*document, error) {
	text, err := specs.AgentAPIJSON("")
	if err != nil {
		return nil, err
	}
	d := &document{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	if d.root, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
		return nil, err
	}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(address, d.root); err != nil {
		return nil, err
	}
	mux := chi.NewMux()
	paths, _ := d.at("paths").(map[string]any)
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method := range methods {
			if method != "parameters" {
				mux.Method(strings.ToUpper(method), prefix+path, http.NotFoundHandler())
			}
		}
	}
	d.routes = mux
	return d, nil
}

// at returns what stands at a path of names, references followed; nil for nothing.
func (d *document) at(path ...string) any {
	v := d.root
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
		if m, is := v.(map[string]any); is && len(m) == 1 {
			if ref, is := m["$ref"].(string); is {
				v = d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
		}
	}
	return v
}

// pointer returns where the thing at a path stands: a reference leads elsewhere.
func (d *document) pointer(path ...string) string {
	var at []string
	for _, name := range path {
		at = append(at, name)
		m, _ := d.at(at...).(map[string]any)
		parent, _ := d.at(at[:len(at)-1]...).(map[string]any)
		if ref, is := parent[name].(map[string]any); is && len(ref) == 1 && m != nil {
			if to, is := ref["$ref"].(string); is {
				at = strings.Split(strings.TrimPrefix(to, "#/"), "/")
			}
		}
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	for i := range at {
		at[i] = escape.Replace(at[i])
	}
	return "#/" + strings.Join(at, "/")
}

// validate holds a text to the schema at a path.
func (d *document) validate(text []byte, path ...string) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.pointer(path...)
	s := d.schemas[p]
	if s == nil {
		if s, err = d.compiler.Compile(address + p); err != nil {
			return err
		}
		d.schemas[p] = s
	}
	return s.Validate(v)
}

// transport checks what comes by.
type transport struct {
	tb   testing.TB
	next http.RoundTripper
}

// Transport passes requests on and fails the test when an answer of the agents'
// API has a status or a field that the document does not have, or when a request
// that was carried out was not as the document says. Anything outside /api/v1
// passes unseen. A nil next is http.DefaultTransport.
func Transport(tb testing.TB, next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{tb: tb, next: next}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, prefix+"/") {
		return t.next.RoundTrip(r)
	}
	var sent []byte
	if r.Body != nil && r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if sent, err = io.ReadAll(body); err != nil {
			return nil, err
		}
	}
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(res.Body)
	if err != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(got), broken{err}))
		return res, nil //nolint:nilerr // the reader meets it where it came
	}
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(got))
	plain, err := uncompressed(res.Header, got)
	if err != nil {
		return nil, err
	}
	if err := Check(r, sent, res, plain); err != nil {
		t.tb.Errorf("%s %s is not as specs/openapi/agent.yaml says: %v\nstatus %d: %.2000s", r.Method, r.URL, err, res.StatusCode, plain)
	}
	return res, nil
}

// uncompressed is a body as it was before it was sent: who asks for gzip itself gets it.
func uncompressed(h http.Header, body []byte) ([]byte, error) {
	if h.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport below.
func (t *transport) CloseIdleConnections() {
	if c, is := t.next.(interface{ CloseIdleConnections() }); is {
		c.CloseIdleConnections()
	}
}

// broken ends a body as it ended.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// Answer fails the test when what some other client was answered in JSON is not
// as the document says.
func Answer(tb testing.TB, method, path string, status int, body []byte) {
	tb.Helper()
	r := &http.Request{Method: method, URL: &url.URL{Path: path}}
	res := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}
	if err := Check(r, nil, res, body); err != nil {
		tb.Errorf("%s %s is not as specs/openapi/agent.yaml says: %v\nstatus %d: %.2000s", method, path, err, status, body)
	}
}

// ErrUndocumented is wrapped by what Check says of things that the document does not have.
var ErrUndocumented = errors.New("not documented")

// Check says what the document has against an exchange with the API: sent and
// got are the bodies.
func Check(r *http.Request, sent []byte, res *http.Response, got []byte) error {
	d, err := loaded()
	if err != nil {
		return err
	}
	if r.Method == http.MethodOptions || r.Method == http.MethodHead {
		return nil
	}
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	match := chi.NewRouteContext()
	if !d.routes.Match(match, r.Method, strings.TrimRight(r.URL.EscapedPath(), "/")) {
		if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMethodNotAllowed {
			return fmt.Errorf("the path: %w", ErrUndocumented)
		}
		return d.validate(got, "components", "responses", "NotFound", "content", media, "schema")
	}
	op := []string{"paths", strings.TrimPrefix(match.RoutePattern(), prefix), strings.ToLower(r.Method)}
	if res.StatusCode == http.StatusNotModified { // which has no body
		if d.at(append(op[:3:3], "responses", "304")...) == nil {
			return fmt.Errorf("status 304: %w", ErrUndocumented)
		}
		return nil
	}
	content := append(op[:3:3], "responses", fmt.Sprint(res.StatusCode), "content", media, "schema")
	if res.Header.Get("Idempotency-Replayed") != "" && d.validate(got, "components", "responses", "MessageAnswer", "content", media, "schema") == nil {
		return nil // the first answer was lost
	}
	if d.at(content...) == nil {
		return fmt.Errorf("status %d with %q: %w", res.StatusCode, media, ErrUndocumented)
	}
	if err := d.validate(got, content...); err != nil {
		return err
	}
	asked := append(op[:3:3], "requestBody", "content", "application/json", "schema")
	if res.StatusCode >= http.StatusMultipleChoices || len(bytes.TrimSpace(sent)) == 0 || strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil
	}
	if d.at(asked...) == nil {
		return nil // its body is not read
	}
	if err := d.validate(sent, asked...); err != nil {
		return fmt.Errorf("the request, which was carried out: %w", err)
	}
	return nil
}
