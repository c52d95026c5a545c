package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

const (
	pollEvery = 50 * time.Millisecond
	maxAnswer = 8 << 20
)

// Target is the node under judgement and what the suite made on it so far. It
// serves one check at a time.
type Target struct {
	base string
	http *http.Client
	peer *peer.Node
	// other is a second peer, of another origin; nil: there is none.
	other *peer.Node
	key   string // of an agent that exists already; empty: register one

	made fixtures
}

// NewTarget returns the target at base, an origin without a slash. The client
// is used for all requests and never follows a redirect. An empty key lets the
// suite register an agent of its own. The second peer may be nil.
func NewTarget(base string, client *http.Client, key string, p, other *peer.Node) *Target {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Target{base: strings.TrimSuffix(base, "/"), http: &c, peer: p, other: other, key: key}
}

// answer is what the node said.
type answer struct {
	status int
	header http.Header
	body   []byte
	doc    map[string]any // body as a JSON object; nil when it is none
	took   time.Duration
}

func (a answer) mediaType() string {
	t, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// is fails unless the status is one of those wanted.
func (a answer) is(wanted ...int) error {
	if slices.Contains(wanted, a.status) {
		return nil
	}
	return failf("answered %d, want %s: %.200s", a.status, oneOf(wanted), a.body)
}

func oneOf(wanted []int) string {
	words := make([]string, len(wanted))
	for i, w := range wanted {
		words[i] = fmt.Sprint(w)
	}
	return strings.Join(words, " or ")
}

func (t *Target) do(r *http.Request) (answer, error) {
	begun := time.Now()
	resp, err := t.http.Do(r)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", r.Method, r.URL, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer to %s %s: %w", r.Method, r.URL, err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body, took: time.Since(begun)}
	if json.Unmarshal(body, &a.doc) != nil {
		a.doc = nil
	}
	return a, nil
}

// get reads a path of the node, or a URL, with an Accept header.
func (t *Target) get(ctx context.Context, target, accept string) (answer, error) {
	if strings.HasPrefix(target, "/") {
		target = t.base + target
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return answer{}, fmt.Errorf("build a GET: %w", err)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	return t.do(r)
}

// document reads an ActivityPub document and fails unless it is answered.
func (t *Target) document(ctx context.Context, id string) (map[string]any, error) {
	a, err := t.get(ctx, id, peer.ActivityJSON)
	if err != nil {
		return nil, err
	}
	if err := a.is(http.StatusOK); err != nil {
		return nil, failf("GET %s: %v", id, err)
	}
	if a.doc == nil {
		return nil, failf("GET %s: the body is not a JSON object: %.100s", id, a.body)
	}
	return a.doc, nil
}

// call speaks to the agents' API. A nil body sends none; an empty key sends no
// credential.
func (t *Target) call(ctx context.Context, method, path, key string, body any) (answer, error) {
	var payload io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, fmt.Errorf("encode a body: %w", err)
		}
		payload = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, t.base+"/api/v1"+path, payload)
	if err != nil {
		return answer{}, fmt.Errorf("build a call: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return t.do(r)
}

// inbox is the node's shared inbox.
func (t *Target) inbox() string { return t.base + "/inbox" }

// send delivers a document, signed by the actor, to the shared inbox.
func (t *Target) send(ctx context.Context, a *peer.Actor, doc map[string]any) (answer, error) {
	return t.sendSigned(ctx, a, t.inbox(), peer.Encode(doc), nil)
}

// sendSigned delivers a body to an inbox after change has had its way with the
// signing.
func (t *Target) sendSigned(ctx context.Context, a *peer.Actor, inbox string, body []byte, change func(*peer.Signing)) (answer, error) {
	r, err := a.SignedPOST(ctx, inbox, body, change)
	if err != nil {
		return answer{}, err
	}
	return t.do(r)
}

// accepted delivers a document and fails unless it is answered 202.
func (t *Target) accepted(ctx context.Context, a *peer.Actor, doc map[string]any) error {
	got, err := t.send(ctx, a, doc)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusAccepted); err != nil {
		return failf("%s by a %s: %v", peer.Text(doc, "type"), a.Type, err)
	}
	return nil
}

// await waits for a delivery; that none comes is the node's failure.
func (t *Target) await(ctx context.Context, what string, fits func(peer.Received) bool) (peer.Received, error) {
	got, err := t.peer.Await(ctx, fits)
	if errors.Is(err, context.DeadlineExceeded) {
		return got, failf("%s did not arrive in time", what)
	}
	return got, err
}

// eventually reads again and again until the node is as it should be; the last
// failure stands when the context ends.
func eventually(ctx context.Context, look func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		err := look()
		var f *FailureError
		if err == nil || !errors.As(err, &f) {
			if err != nil && last != nil && ctx.Err() != nil {
				return last
			}
			return err
		}
		last = err
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}
