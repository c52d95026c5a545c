package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// problem is a failure for programs (RFC 9457). Its type is about:blank, which
// is left out: the status says all that there is to know.
type problem struct {
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
}

func (w *Web) sendProblem(rw http.ResponseWriter, r *http.Request, f failure) {
	body, err := json.Marshal(problem{Title: f.Title, Status: f.Status, Detail: f.Text, Instance: r.URL.EscapedPath()})
	if err != nil { // of strings and a number: cannot be
		body = []byte("{}")
	}
	h := rw.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	write(rw, r, f.Status, body)
}

// MethodNotAllowed answers at an address of routes that does not know the
// method. Allow names those that do something: writing to a page does nothing.
func (w *Web) MethodNotAllowed(routes chi.Routes) http.HandlerFunc {
	has := func(method, path string) bool { return routes.Match(chi.NewRouteContext(), method, path) }
	return func(rw http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if r.URL.RawPath != "" {
			path = r.URL.RawPath
		}
		var allowed []string
		switch {
		case has(http.MethodGet, path):
			allowed = []string{http.MethodGet, http.MethodHead}
		case has(http.MethodPost, path):
			allowed = []string{http.MethodPost}
		}
		rw.Header().Set("Allow", strings.Join(allowed, ", "))
		t := w.tongueOf(r)
		if prefersJSON(r.Header.Get("Accept")) {
			t = w.english()
		}
		w.sendFailure(rw, r, t, failure{
			Status: http.StatusMethodNotAllowed, Title: t.say("failure.method"),
			Text: t.say("failure.method_text", "method", r.Method, "allowed", strings.Join(allowed, t.say("common.comma"))),
		})
	}
}
