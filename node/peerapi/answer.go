package peerapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"instar.example/federation/activity"
	"instar.example/federation/inbox"
	"instar.example/node"
	"instar.example/node/press"
)

// handler answers a GET with a document, or says why not.
type handler func(r *http.Request) (answer, error)

// answer is a document to serve.
type answer struct {
	body        []byte
	contentType string
	status      int    // 0 is 200
	location    string // of a redirect to another server's own copy
}

// serve runs a handler; the one place where this door's errors become statuses.
func (a *API) serve(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ans, err := h(r)
		header := w.Header()
		header.Set("Vary", "Accept, Accept-Encoding")
		header.Set("X-Content-Type-Options", "nosniff")
		if err != nil {
			a.refusal(r, err).Respond(w)
			return
		}
		if ans.location != "" {
			header.Set("Location", ans.location)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		header.Set("Content-Type", ans.contentType)
		header.Set("Access-Control-Allow-Origin", "*")
		if ans.status == 0 {
			a.press.Forms(ans.body).Serve(w, r, ans.body, press.ETag(withoutProofTime(ans.body)))
			return
		}
		header.Set("Content-Length", strconv.Itoa(len(ans.body)))
		w.WriteHeader(ans.status)
		_, _ = w.Write(ans.body) // the client may be gone
	}
}

// withoutProofTime leaves out what a proof says of its own making: a document
// that is proven each time anew is the same document (FEP-8b32). No string of
// JSON can hold these keys: their quotes would be escaped.
func withoutProofTime(body []byte) []byte {
	for _, key := range []string{`"created":"`, `"proofValue":"`} {
		rest, kept := body, []byte(nil)
		for {
			before, after, found := bytes.Cut(rest, []byte(key))
			kept = append(kept, before...)
			if !found {
				break
			}
			_, rest, _ = bytes.Cut(after, []byte(`"`))
		}
		body = kept
	}
	return body
}

// document encodes what ActivityPub clients read.
func document(doc any) (answer, error) {
	b, err := activity.Encode(doc)
	return answer{body: b, contentType: activity.ContentType}, err
}

func plainJSON(v any, contentType string) (answer, error) {
	b, err := json.Marshal(v)
	return answer{body: b, contentType: contentType}, err
}

// refusal turns any error into a problem document.
func (a *API) refusal(r *http.Request, err error) *inbox.Refusal {
	if refusal, ok := errors.AsType[*inbox.Refusal](err); ok {
		return refusal
	}
	e, ok := errors.AsType[*node.Error](err)
	if !ok {
		a.log.LogAttrs(r.Context(), slog.LevelError, "answer a peer", slog.String("path", r.URL.Path), slog.Any("error", err))
		return &inbox.Refusal{Status: http.StatusServiceUnavailable, Reason: "internal_error", Detail: "Try again later."}
	}
	status := map[node.Kind]int{
		node.Invalid: http.StatusBadRequest, node.Unauthenticated: http.StatusUnauthorized, node.Forbidden: http.StatusForbidden,
		node.ReadOnly: http.StatusForbidden, node.NotFound: http.StatusNotFound, node.Conflict: http.StatusConflict,
		node.Limited: http.StatusTooManyRequests, node.Gone: http.StatusGone, node.Unready: http.StatusServiceUnavailable,
	}[e.Kind]
	return &inbox.Refusal{Status: status, Reason: e.Code, Detail: e.Detail}
}
