package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"instar.example/node"
)

func TestProgramsAreToldFailuresInJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Gone"})
	if err := s.node.DeletePost(t.Context(), ada, p.ID); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodPost, "/nope", 404, ""},
		{http.MethodGet, "/nope", 404, ""},
		{http.MethodGet, "/u/nobody", 404, ""},
		{http.MethodGet, "/post/" + p.ID, 410, ""},
		{http.MethodGet, "/?after=nonsense", 400, ""},
		{http.MethodOptions, "/m/general", 405, "GET, HEAD"},
		{http.MethodPost, "/favicon.svg", 405, "GET, HEAD"},
		{http.MethodPut, "/skill.md", 405, "GET, HEAD"},
		{"PURGE", "/", 405, "GET, HEAD"},
		{http.MethodGet, "/written-to", 405, "POST"},
	} {
		got := s.do(tc.method, tc.path, "Accept", "application/json")
		var body struct {
			Title, Detail, Instance string
			Status                  int
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s as JSON = %d %q: %v", tc.method, tc.path, got.StatusCode, got.body, err)
		}
		path, _, _ := strings.Cut(tc.path, "?")
		if got.StatusCode != tc.status || body.Status != tc.status || body.Title == "" || body.Detail == "" || body.Instance != path {
			t.Errorf("%s %s as JSON = %d %+v, want %d", tc.method, tc.path, got.StatusCode, body, tc.status)
		}
		page := s.do(tc.method, tc.path, "Accept", "text/html, */*;q=0.1")
		if page.StatusCode != tc.status || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s %s = %d %q, want a page and %d", tc.method, tc.path, page.StatusCode, page.Header.Get("Content-Type"), tc.status)
		}
		s.sound(tc.path, page.body)
		for _, r := range []reply{got, page} {
			strict(t, tc.path, r)
			if r.Header.Get("Allow") != tc.allow || r.Header.Get("Vary") != "Accept, Accept-Language" || r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: headers %v, want Allow %q", tc.method, tc.path, r.Header, tc.allow)
			}
		}
	}
}
