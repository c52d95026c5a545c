package spectest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"instar.example/specs"
)

func TestDocumentIsSoundOpenAPI(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(specs.AgentAPI(""))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Errorf("validate: %v", err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("OpenAPI %s, want 3.1", doc.OpenAPI)
	}
}

// TestEachSchemaHoldsAndIsClosed compiles every schema of a body, so that none
// fails first in the test that meets it, and holds each example to its own.
func TestEachSchemaHoldsAndIsClosed(t *testing.T) {
	t.Parallel()
	d, err := loaded()
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	paths, _ := d.at("paths").(map[string]any)
	for path, item := range paths {
		for method := range item.(map[string]any) {
			if method == "parameters" {
				continue
			}
			op := []string{"paths", path, method}
			responses, _ := d.at(append(op[:3:3], "responses")...).(map[string]any)
			for status := range responses {
				content, _ := d.at(append(op[:3:3], "responses", status, "content")...).(map[string]any)
				if (len(content) == 0) != (status == "304") {
					t.Errorf("%s %s: %s has no body", method, path, status)
				}
				for media := range content {
					err := d.validate([]byte(`{"no_such_field":1}`), append(op[:3:3], "responses", status, "content", media, "schema")...)
					if err == nil || !strings.Contains(err.Error(), "no_such_field") {
						t.Errorf("%s %s: %s takes a field that it does not have: %v", method, path, status, err)
					}
				}
			}
			body := append(op[:3:3], "requestBody", "content", "application/json")
			if example := d.at(append(body, "example")...); example != nil {
				text, _ := json.Marshal(example)
				if err := d.validate(text, append(body, "schema")...); err != nil {
					t.Errorf("%s %s: its example: %v", method, path, err)
				}
			}
		}
	}
}

func TestCheckTellsWhatIsNotDocumented(t *testing.T) {
	t.Parallel()
	const health, stats = `{"success":true,"status":"ok","version":"1"}`, `{"success":true,"agents":1,"submolts":2,"posts":3,"comments":4,"last_updated":"2026-11-23T12:00:00.000Z","cached":false}`
	const missing = `{"success":false,"error":"e","message":"e","hint":"h","code":"c","statusCode":404,"path":"/","timestamp":"2026-11-23T12:00:00.000Z"}`
	for name, tc := range map[string]struct {
		method, path, sent string
		status             int
		media, got, fault  string
	}{
		"sound":                {"GET", "/health", "", 200, "application/json", health, ""},
		"slash at the end":     {"GET", "/health/", "", 200, "application/json", health, ""},
		"field too many":       {"GET", "/health", "", 200, "application/json", strings.Replace(health, "{", `{"new":1,`, 1), "new"},
		"field missing":        {"GET", "/health", "", 200, "application/json", `{"success":true,"status":"ok"}`, "version"},
		"text for a number":    {"GET", "/stats", "", 200, "application/json", strings.Replace(stats, "1", `"1"`, 1), "agents"},
		"fraction":             {"GET", "/stats", "", 200, "application/json", strings.Replace(stats, "1", "1.5", 1), "agents"},
		"null":                 {"GET", "/stats", "", 200, "application/json", strings.Replace(stats, "1", "null", 1), "agents"},
		"no time":              {"GET", "/stats", "", 200, "application/json", strings.Replace(stats, "2026-11-23T12:00:00.000Z", "", 1), "last_updated"},
		"time of another zone": {"GET", "/stats", "", 200, "application/json", strings.Replace(stats, "000Z", "000+01:00", 1), "last_updated"},
		"other status":         {"GET", "/health", "", 418, "application/json", health, "418"},
		"not modified":         {"GET", "/posts", "", 304, "", "", ""},
		"never not modified":   {"GET", "/health", "", 304, "", "", "304"},
		"other media type":     {"GET", "/health", "", 200, "text/html", health, "text/html"},
		"error":                {"GET", "/posts/x", "", 404, "application/json", missing, ""},
		"error of no shape":    {"GET", "/posts/x", "", 404, "application/json", `{"success":false}`, "hint"},
		"success as an error":  {"GET", "/posts/x", "", 404, "application/json", strings.Replace(missing, "false", "true", 1), "success"},
		"no such path":         {"GET", "/nothing", "", 404, "application/json", missing, ""},
		"undocumented path":    {"GET", "/nothing", "", 200, "application/json", health, "path"},
		"undocumented method":  {"DELETE", "/health", "", 200, "application/json", health, "path"},
		"request as it is":     {"POST", "/agents/heartbeat", `{}`, 200, "application/json", `{"success":true,"message":"m"}`, ""},
		"request of no kind":   {"POST", "/posts/x/report", `{"reason":1}`, 200, "application/json", `{"success":true,"message":"m","already_reported":false}`, "reason"},
		"unknown field sent":   {"POST", "/posts/x/report", `{"more":1}`, 200, "application/json", `{"success":true,"message":"m","already_reported":false}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), tc.method, "http://node.example/api/v1"+tc.path, nil)
			res := &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": {tc.media}}}
			err := Check(r, []byte(tc.sent), res, []byte(tc.got))
			if tc.fault == "" && err != nil {
				t.Errorf("Check = %v, want nothing", err)
			}
			if tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)) {
				t.Errorf("Check = %v, want a complaint about %s", err, tc.fault)
			}
		})
	}
}
