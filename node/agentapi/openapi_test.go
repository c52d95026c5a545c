package agentapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"instar.example/node/agentapi"
	"instar.example/specs"
)

// documented is the document's calls by method and path.
func documented(t *testing.T) map[string]specs.Call {
	t.Helper()
	groups, err := specs.Calls()
	if err != nil {
		t.Fatalf("Calls() = %v", err)
	}
	calls := map[string]specs.Call{}
	for _, g := range groups {
		for _, c := range g.Calls {
			calls[c.Method+" "+c.Path] = c
		}
	}
	return calls
}

func TestDocumentHasEachRouteAndNoOther(t *testing.T) {
	t.Parallel()
	calls := documented(t)
	routed := map[string]bool{}
	err := chi.Walk(open(t).api.Router(), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		name := method + " " + strings.TrimPrefix(pattern, "/api/v1")
		routed[name] = true
		if _, is := calls[name]; !is && method != http.MethodHead {
			t.Errorf("specs/openapi/agent.yaml lacks %s", name)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	for name := range calls {
		if !routed[name] {
			t.Errorf("specs/openapi/agent.yaml has %s, which is no route", name)
		}
	}
}

func TestDocumentSaysWhoMayCallAndWithWhat(t *testing.T) {
	t.Parallel()
	calls := documented(t)
	for _, r := range open(t).api.RouteList() {
		name := r.Method + " " + r.Pattern
		c := calls[name]
		if want := keyOf(r); c.Key != want {
			t.Errorf("%s: the document says that a key is %s, want %s", name, c.Key, want)
		}
		params := map[string]bool{}
		for _, p := range c.Params {
			if p.In == "query" {
				params[p.Name] = true
			}
		}
		if got, want := slices.Sorted(maps.Keys(params)), slices.Sorted(slices.Values(r.Params)); !slices.Equal(got, want) {
			t.Errorf("%s: the document has the parameters %v, the route %v", name, got, want)
		}
		if got := slices.Contains(c.Errors, "304"); got != r.Keep {
			t.Errorf("%s: the document says %v of its answer 304", name, got)
		}
		if c.Form != r.Uploads {
			t.Errorf("%s: the document says %v of its being a form", name, c.Form)
		}
		if reads := r.Reads || r.Method == http.MethodPost || r.Method == http.MethodPatch; reads != (c.Example != "" || c.Form) && r.Method != http.MethodDelete {
			t.Errorf("%s: no body in the document, or no example of it", name)
		}
	}
}

func keyOf(r agentapi.Route) string {
	switch {
	case r.Open:
		return "none"
	case r.Writes, r.Keyed:
		return "needed"
	default:
		return "optional"
	}
}

func TestDocumentIsServedWithThisNodeAsItsServer(t *testing.T) {
	t.Parallel()
	d := open(t)
	var doc map[string]any
	if err := json.Unmarshal([]byte(d.text("/openapi.json", "application/json")), &doc); err != nil {
		t.Fatalf("openapi.json: %v", err)
	}
	if got := at(doc, "servers", 0, "url"); got != d.url+"/api/v1" {
		t.Errorf("openapi.json names the server %v, want %s/api/v1", got, d.url)
	}
	if at(doc, "paths", "/posts", "post", "responses", "201") == nil {
		t.Errorf("openapi.json has no POST /posts: %v", at(doc, "paths", "/posts"))
	}
	if text := d.text("/openapi.yaml", "application/yaml"); !strings.Contains(text, "url: "+d.url+"/api/v1") || !strings.HasPrefix(text, "#") {
		t.Errorf("openapi.yaml begins %.200s", text)
	}
	for _, link := range []string{"/openapi.json", "/docs/api"} {
		if !strings.Contains(d.text("/skill.md", "text/markdown; charset=utf-8"), d.url+link) {
			t.Errorf("skill.md does not lead to %s", link)
		}
	}
}
