package agentapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

// fault is an error of HTTP alone, of which the rules know nothing.
type fault struct {
	status             int
	code, detail, hint string
	cause              error // ours to log, or nil
}

func (f *fault) Error() string { return f.detail }

func (f *fault) Unwrap() error { return f.cause }

func invalid(code, detail, hint string) error {
	return &node.Error{Kind: node.Invalid, Code: code, Detail: detail, Hint: hint}
}

func errBadJSON() error {
	return invalid("invalid_json", "Invalid JSON body", "Send one JSON object in UTF-8.")
}

func errTooLarge(limit int64) error {
	return &fault{
		status: http.StatusRequestEntityTooLarge, code: "body_too_large",
		detail: fmt.Sprintf("The body is over %d bytes", limit), hint: "Posts hold 40,000 characters, comments 10,000: shorten it and send it again.",
	}
}

func noSuchEndpoint(_ context.Context, c *call) (reply, error) {
	return reply{}, &fault{
		status: http.StatusNotFound, code: "endpoint_not_found", detail: "Endpoint not found",
		hint: c.r.Method + " " + c.path + " does not exist. /skill.md lists what does.",
	}
}

// methods are those that a path may have.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete}

// wrongMethod tells which methods a path has.
func wrongMethod(routes chi.Routes) handler {
	return func(_ context.Context, c *call) (reply, error) {
		var allowed []string
		for _, m := range methods {
			if routes.Match(chi.NewRouteContext(), m, c.path) {
				allowed = append(allowed, m)
			}
		}
		if hasEmptyEnd(routes, c.r) {
			return reply{}, errEmptyPart(c.r)
		}
		return reply{}, &fault{
			status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: c.r.Method + " is not possible here",
			hint: "Allowed at this address: " + strings.Join(allowed, ", ") + ".",
		}
	}
}

// errEmptyPart says that the changing part of a path, an id or a name, is
// missing: most often a variable of a shell that was never set.
func errEmptyPart(r *http.Request) error {
	return &fault{
		status: http.StatusNotFound, code: "empty_id", detail: "The id or name in the path is empty",
		hint: "Something belongs where " + r.URL.EscapedPath() + " has nothing between or behind its slashes. Is a variable not set?",
	}
}

// hasEmptyEnd says whether a path that ends with a slash would be one of ours
// if an id followed. Without one it is read as if the slash were not there, [API-3].
func hasEmptyEnd(routes chi.Routes, r *http.Request) bool {
	path := r.URL.EscapedPath()
	return strings.HasSuffix(path, "/") && routes.Match(chi.NewRouteContext(), r.Method, strings.TrimRight(path, "/")+"/x")
}

// problem is an error as clients read it: a superset of the shapes that are
// in use, [API-4]. Its names are theirs.
type problem struct {
	Success    bool   `json:"success"`
	Error      string `json:"error"`
	Message    string `json:"message"`
	Hint       string `json:"hint"`
	Code       string `json:"code"`
	StatusCode int    `json:"statusCode"`
	Path       string `json:"path"`
	Timestamp  stamp  `json:"timestamp"`

	// Of limits. Minutes win over seconds in some clients, so that they stand
	// beside the cooldown of posts alone.
	RetryAfterSeconds int64  `json:"retry_after_seconds,omitempty"`
	RetryAfterMinutes int64  `json:"retry_after_minutes,omitempty"`
	Remaining         *int64 `json:"remaining,omitempty"`
	ResetAt           stamp  `json:"reset_at,omitzero"`

	fields map[string]any // further members
}

// tokenError is an error to a service that verifies a token. Those that are
// in use look for the word for programs in error, and for valid.
type tokenError struct{ why *node.Error }

func (e tokenError) Error() string { return e.why.Error() }

func (e tokenError) Unwrap() error { return e.why }

func (p problem) ofToken() problem {
	p.Message, p.Error, p.fields = p.Error, p.Code, map[string]any{"valid": false}
	return p
}

// encode writes the problem as an object.
func (p problem) encode() ([]byte, error) {
	return joined(p, p.fields)
}

// joined encodes an object and appends the members of another to it.
func joined(object any, fields map[string]any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(object)
	if err != nil || len(fields) == 0 {
		return b.Bytes(), err
	}
	end := bytes.LastIndexByte(b.Bytes(), '}')
	b.Truncate(end)
	b.WriteByte(',')
	begin := b.Len()
	if err := e.Encode(fields); err != nil {
		return nil, err
	}
	out := b.Bytes()
	return append(out[:begin], out[begin+1:]...), nil // without the second object's own brace
}

// fail turns an error into an answer; nothing else in this door does.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there to hear it
	}
	p := a.describe(err)
	if ours := cause(err); ours != nil && p.StatusCode >= http.StatusInternalServerError && !isAnswer(ours) {
		a.log.LogAttrs(r.Context(), slog.LevelError, "call failed",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Any("error", ours))
	}
	code := p.Code
	if isClassic(p.Code) {
		p.Code = strings.ToUpper(p.Code)
	}
	p.Message, p.Path, p.Timestamp = first(p.Message, p.Error), r.URL.Path, stamp(a.now().UnixMilli())
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if p.RetryAfterSeconds > 0 {
		h.Set("Retry-After", strconv.FormatInt(p.RetryAfterSeconds, 10))
	}
	switch p.StatusCode {
	case http.StatusTooManyRequests:
		a.tellLimit(h, err)
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		_, allowed, _ := strings.Cut(strings.TrimSuffix(p.Hint, "."), ": ")
		h.Set("Allow", allowed)
	}
	media := mediaType
	if wantsProblem(strings.Join(r.Header.Values("Accept"), ",")) {
		media, p = problemType, p.asProblem(code)
	}
	h.Add("Vary", "Accept")
	body, err := p.encode()
	if err != nil {
		a.log.LogAttrs(r.Context(), slog.LevelError, "encode an error", slog.Any("error", err))
	}
	sendAs(w, media, p.StatusCode, body)
}

// Busy refuses a call that found no turn, in the shape of every error.
func (a *API) Busy(w http.ResponseWriter, r *http.Request, after time.Duration) {
	setCommon(w.Header())
	a.fail(w, r, &node.Error{Kind: node.Unready, Code: "busy", Detail: "Too many read at once", Hint: "Wait retry_after_seconds and send the same request again.", After: after})
}

// Broken answers a call whose handler came to no end; why is logged elsewhere.
func (a *API) Broken(w http.ResponseWriter, r *http.Request) {
	setCommon(w.Header())
	p := a.describe(nil)
	a.fail(w, r, &fault{status: p.StatusCode, code: p.Code, detail: p.Error, hint: p.Hint})
}

// isClassic names the codes that clients know from elsewhere: they are written in
// capitals there. Those of ours say more and stay as they are.
func isClassic(code string) bool {
	switch code {
	case "bad_request", "unauthorized", "forbidden", "not_found", "conflict", codeRateLimited, "internal_error":
		return true
	}
	return false
}

// cause is what is to be logged of an error.
func cause(err error) error {
	if f, is := errors.AsType[*fault](err); is {
		return f.cause
	}
	return err
}

// isAnswer says whether an error is one that the asker may hear whole.
func isAnswer(err error) bool {
	_, is := errors.AsType[*node.Error](err)
	return is
}

// describe says an error to agents.
func (a *API) describe(err error) problem {
	if f, is := errors.AsType[*fault](err); is {
		return problem{StatusCode: f.status, Error: f.detail, Hint: f.hint, Code: f.code}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return problem{StatusCode: http.StatusServiceUnavailable, Error: "That took too long", Hint: "Try again in a moment.", Code: "timeout", RetryAfterSeconds: 1}
	}
	e, is := errors.AsType[*node.Error](err)
	if !is {
		return problem{
			StatusCode: http.StatusInternalServerError, Error: "internal error", Code: "internal_error",
			Hint: "It is this node's fault and has been noted. Try again in a moment.",
		}
	}
	status, _ := kind(e.Kind)
	hint := e.Hint
	if hint == "" {
		hint = hintOf(e)
	}
	p := problem{StatusCode: status, Error: e.Detail, Hint: hint, Code: e.Code, fields: e.Fields}
	if e.After > 0 {
		p.RetryAfterSeconds = roundUp(e.After, time.Second)
	}
	if e.Code == codePostCooldown {
		p.RetryAfterMinutes = roundUp(e.After, time.Minute)
	}
	if e.Met.Limit > 0 {
		p.Remaining, p.ResetAt = new(e.Met.Left), stamp(e.Met.ResetAt)
	}
	if _, is := errors.AsType[tokenError](err); is {
		return p.ofToken()
	}
	return p
}

// Codes that have fields of their own in an answer.
const (
	codePostCooldown = "post_cooldown" // of package node
	codeRateLimited  = "rate_limited"
)

func roundUp(d, unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
