package agentapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

const (
	mediaType = "application/json"
	// timeout bounds one call; a lookup of a remote name waits at most node.LookupWait.
	timeout = 10 * time.Second
)

// reply is what a handler wants sent: body is a struct, encoded as an object.
type reply struct {
	status int
	body   any
}

func ok(body any) (reply, error)      { return reply{http.StatusOK, body}, nil }
func created(body any) (reply, error) { return reply{http.StatusCreated, body}, nil }

// message is an answer that holds a sentence alone.
type message struct {
	Message string `json:"message"`
}

// call is one request on its way.
type call struct {
	r      *http.Request
	who    node.Principal
	author node.Author  // of routes for authors
	app    node.AppCall // of routes for apps
	body   []byte       // of POST, PATCH and some DELETEs; empty or a JSON value
	form   form         // of uploads
	values map[string]string
	path   string // escaped, without a trailing slash
}

// serve is the way of every call that is not answered from what is kept.
func (a *API) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		if err := a.answer(ctx, w, r, rt); err != nil {
			a.fail(w, r, err)
		}
	}
}

func (a *API) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, rt route) error {
	c := newCall(r, rt)
	var err error
	if rt.access == app {
		c.app, err = a.admitApp(w, r)
	} else {
		c.who, err = a.admit(w, r, rt.access)
	}
	if err != nil {
		return err
	}
	switch rt.access {
	case author:
		if c.author, err = c.who.Author(); err != nil {
			return err
		}
	case self:
		if err := c.who.Self(); err != nil {
			return err
		}
	case keyed:
		if c.who.Kind() == node.Anonymous {
			_, err = c.who.Author() // says what is missing
			return err
		}
	case anyone, open, app:
	}
	if c.lacksPart(rt) {
		return errEmptyPart(r)
	}
	if err := a.find(ctx, rt, c); err != nil {
		return err
	}
	if rt.keep && (rt.personal == nil || !rt.personal(c)) {
		return a.serveShared(w, r, rt, c)
	}
	switch {
	case rt.upload > 0:
		c.form, err = a.readForm(w, r, formBounds{file: rt.upload, beside: formOverhead})
	case rt.mayUpload > 0 && isForm(r):
		c.form, err = a.readForm(w, r, formBounds{file: rt.mayUpload, beside: a.maxBody})
	case r.Method == http.MethodPost || r.Method == http.MethodPatch || rt.body:
		c.body, err = a.readBody(w, r)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodPost && len(r.Header.Values(idempotencyKey)) > 0 {
		return a.answerOnce(ctx, w, rt, c)
	}
	rep, err := rt.do(ctx, c)
	if err != nil {
		return err
	}
	body, err := encode(rep.body)
	if err != nil {
		return err
	}
	send(w, rep.status, body)
	return nil
}

// find looks the name of another node up that an agent reads about for the first
// time, whatever it reads of it.
func (a *API) find(ctx context.Context, rt route, c *call) error {
	switch {
	case rt.method != http.MethodGet || !strings.Contains(rt.pattern, "{name}"):
		return nil
	case strings.HasPrefix(rt.pattern, "/submolts/"):
		return a.node.Find(ctx, c.who, c.name(), storage.KindSubmolt)
	default:
		return a.node.Find(ctx, c.who, c.name(), storage.KindAgent)
	}
}

func newCall(r *http.Request, rt route) *call {
	c := &call{r: r, path: strings.TrimRight(r.URL.EscapedPath(), "/")}
	if r.URL.RawQuery == "" || len(rt.params) == 0 {
		return c
	}
	q := r.URL.Query()
	c.values = make(map[string]string, len(rt.params))
	for _, name := range rt.params {
		c.values[name] = strings.TrimSpace(q.Get(name))
	}
	return c
}

// admit finds out who asks and counts the request.
func (a *API) admit(w http.ResponseWriter, r *http.Request, to access) (node.Principal, error) {
	var who node.Principal
	var unknown error
	t := token(r.Header)
	if t != "" && a.astray(r) {
		return who, a.misdirected(w, r, t)
	}
	if t != "" && to != open {
		who, unknown = a.node.Authenticate(r.Context(), t)
	}
	if err := a.count(w, r, who); err != nil {
		return who, err
	}
	return who, unknown
}

// misdirected refuses a key that was shown to somebody else on its way here, and
// tells its agent so, [API-21]. It never says whether the key is good.
func (a *API) misdirected(w http.ResponseWriter, r *http.Request, key string) error {
	if err := a.count(w, r, node.Principal{}); err != nil {
		return err
	}
	if err := a.node.KeyExposed(r.Context(), key); err != nil {
		return err
	}
	return &fault{
		status: http.StatusMisdirectedRequest, code: "misdirected_request", detail: "Your key was sent to an address that is not this node's",
		hint: "Send it to " + a.node.BaseURL() + " alone, over its own scheme, and change it now: POST " + a.node.BaseURL() + "/api/v1/agents/me/rotate-key.",
	}
}

// token is the key that a request shows, "" for none, [API-18].
func token(h http.Header) string {
	if scheme, t, found := strings.Cut(h.Get("Authorization"), " "); found && strings.EqualFold(scheme, "Bearer") {
		if t = strings.TrimSpace(t); t != "" {
			return t
		}
	}
	return strings.TrimSpace(h.Get("X-Api-Key"))
}

// withKey says that an answer has fields for who asks.
func withKey(c *call) bool { return c.who.Kind() != node.Anonymous }

// asRequester says that the asker wants to see its own votes. Whose they are
// is told by the key, never by the parameter.
func asRequester(c *call) bool { return c.value("requester_id") != "" && withKey(c) }

// viewer is the id of the agent that asks, "" for anybody else.
func (c *call) viewer() string { return c.who.AgentID() }

// self is the agent that asks, or that the asking owner owns.
func (c *call) self() storage.Actor {
	actor, _ := c.who.Actor()
	return actor
}

// value is a query parameter, one that the route knows.
func (c *call) value(name string) string { return c.values[name] }

// param is the changing part of the path.
func (c *call) param(name string) string {
	s := chi.URLParam(c.r, name)
	if c.r.URL.RawPath == "" && chi.RouteContext(c.r.Context()).RoutePath == "" {
		return s // the path was decoded already
	}
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// lacksPart says whether the changing part of a route's path is empty.
func (c *call) lacksPart(rt route) bool {
	return (strings.Contains(rt.pattern, "{id}") && c.param("id") == "") ||
		(strings.Contains(rt.pattern, "{name}") && strings.TrimSpace(c.param("name")) == "")
}

func (c *call) name() string { return c.param("name") }

func (c *call) id() string { return soundID(c.param("id")) }

// soundID returns an id as it is, or one that nothing has in the place of what
// cannot be one: databases refuse NUL and broken UTF-8 with errors of their own.
func soundID(id string) string {
	for i := range len(id) {
		b := id[i]
		if (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && b != '-' && b != '_' {
			return "-"
		}
	}
	if len(id) > 64 {
		return "-"
	}
	return id
}

// decode reads the body's object into v. Fields that it does not know are
// ignored, and an empty body is an empty object, [API-14].
func (c *call) decode(v any) error {
	if len(c.body) == 0 {
		return nil
	}
	err := json.Unmarshal(c.body, v)
	if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		what := wrong.Field
		if what == "" {
			what = "The body"
		}
		return invalid("invalid_type", what+" has the wrong JSON type: "+wrong.Value, "Send an object whose fields are as in /skill.md.")
	}
	if err != nil {
		return errBadJSON()
	}
	return nil
}

// readBody reads a body and checks that it is JSON.
func (a *API) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > a.maxBody {
		return nil, errTooLarge(a.maxBody)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.maxBody))
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return nil, errTooLarge(a.maxBody)
	}
	if err != nil {
		return nil, invalid("unreadable_body", "The body ended before its end", "Send it again.")
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, nil
	}
	if err := checkMediaType(r.Header); err != nil {
		return nil, err
	}
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, errBadJSON()
	}
	return b, nil
}

// checkMediaType accepts JSON, and a client that does not say what it sends.
func checkMediaType(h http.Header) error {
	refused := &fault{
		status: http.StatusUnsupportedMediaType, code: "unsupported_media_type",
		detail: "The body must be JSON", hint: "Send it with 'Content-Type: application/json' and without a content coding.",
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refused
	}
	t := h.Get("Content-Type")
	if t == "" {
		return nil
	}
	t, _, err := mime.ParseMediaType(t)
	if err != nil || (t != mediaType && !strings.HasSuffix(t, "+json")) {
		return refused
	}
	return nil
}

// encode writes an object with success in front, [API-2].
func encode(body any) ([]byte, error) {
	head := []byte(`{"success":true,`)
	if h, is := body.(headed); is {
		head, body = append(slices.Grow(head, len(h.head)+restBytes), h.head...), h.rest
	}
	out, err := appendJSON(head, body)
	if err != nil {
		return nil, err
	}
	return append(append(out[:len(head)], out[len(head)+1:]...), '\n'), nil // without the object's own brace
}

// restBytes is about what follows the posts of an answer.
const restBytes = 512

func send(w http.ResponseWriter, status int, body []byte) { sendAs(w, mediaType, status, body) }

func sendAs(w http.ResponseWriter, media string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // JSON and marked so, never a page; the client may be gone
}
