package inbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// privateKeys are Bo's, Mallory's and the one that Bo will have next.
var privateKeys = sync.OnceValue(func() (keys [3]*rsa.PrivateKey) {
	for i := range keys {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = k
	}
	return keys
})

const (
	bo      = "https://b.example/u/bo"
	mallory = "https://evil.example/u/mallory"
	boKey   = bo + "#main-key"
	like    = `{"id":"https://b.example/likes/1","type":"Like","actor":"` + bo + `","object":"https://a.example/post/1"}`
)

// keyring is a Keys that knows Bo and Mallory, and what else a test tells it.
type keyring struct {
	signers   map[string]Signer
	fresh     map[string]Signer
	errs      map[string]error
	asked     int
	refreshed int
}

func newKeyring() *keyring {
	ring := &keyring{signers: map[string]Signer{}, fresh: map[string]Signer{}, errs: map[string]error{}}
	for i, actor := range []string{bo, mallory} {
		id := actor + "#main-key"
		ring.signers[id] = Signer{KeyID: id, Actor: &activity.Actor{ID: actor, Type: activity.TypeService}, Key: privateKeys()[i].Public()}
	}
	return ring
}

func (k *keyring) Key(_ context.Context, id string) (Signer, error) {
	k.asked++
	if err := k.errs[id]; err != nil {
		return Signer{}, err
	}
	if s, ok := k.signers[id]; ok {
		return s, nil
	}
	return Signer{}, fmt.Errorf("%w: %s", activity.ErrNoKey, id)
}

func (k *keyring) Refresh(ctx context.Context, id string) (Signer, error) {
	k.refreshed++
	if s, ok := k.fresh[id]; ok {
		return s, nil
	}
	return k.Key(ctx, id)
}

// node is a server whose inbox answers what Verify says.
type node struct {
	*httptest.Server
	keys     *keyring
	verifier *Verifier
	got      Verified // of the last request
	err      error
}

func newNode(t *testing.T) *node {
	t.Helper()
	n := &node{keys: newKeyring()}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.got, n.err = n.verifier.Verify(r.Context(), r)
		var refusal *Refusal
		switch {
		case n.err == nil:
			w.WriteHeader(http.StatusAccepted)
		case errors.As(n.err, &refusal):
			refusal.Respond(w)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(n.Close)
	n.verifier = New(Config{
		Keys: n.keys, Now: func() time.Time { return now }, MaxBody: 4096, Replays: &signature.Replays{},
		Host: strings.TrimPrefix(n.URL, "http://"),
	})
	return n
}

// letter is a request to an inbox, and what is done to it around its signing.
type letter struct {
	body          string
	keyID         string
	private       *rsa.PrivateKey
	at            time.Time
	path          string
	before, after func(*http.Request)
}

// answer is what the node said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send signs as Bo, unless the letter says otherwise, and posts.
func (n *node) send(t *testing.T, l letter) answer {
	t.Helper()
	if l.keyID == "" {
		l.keyID = boKey
	}
	if l.private == nil {
		l.private = privateKeys()[0]
	}
	if l.at.IsZero() {
		l.at = now
	}
	if l.path == "" {
		l.path = "/inbox"
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.URL+l.path, strings.NewReader(l.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", activity.ContentType)
	if l.before != nil {
		l.before(r)
	}
	if err = signature.Sign(r, []byte(l.body), signature.Key{ID: l.keyID, Private: l.private}, l.at); err != nil {
		t.Fatal(err)
	}
	if l.after != nil {
		l.after(r)
	}
	resp, err := n.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

func TestVerifyProvesTheActor(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for i, l := range []letter{
		{},
		{path: "/u/ada/inbox"},
		{path: "/inbox?q=%2F"},
		{at: now.Add(-50 * time.Minute)},
		{at: now.Add(50 * time.Minute)},
		{before: func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }},
		{before: func(r *http.Request) {
			r.Header.Set("Content-Type", `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`)
		}},
		{after: func(r *http.Request) { r.ContentLength = -1 }}, // chunked
	} {
		l.body = strings.Replace(like, "likes/1", fmt.Sprintf("likes/%d", i), 1)
		resp := n.send(t, l)
		if resp.status != http.StatusAccepted {
			t.Errorf("letter %d: %v", i, n.err)
			continue
		}
		if n.got.Signer.Actor.ID != bo || n.got.Activity.Type != "Like" || string(n.got.Body) != l.body || n.got.Replayed {
			t.Errorf("letter %d: %+v", i, n.got)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	drop := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	as := func(old, fresh string) string { return strings.Replace(like, old, fresh, 1) }
	n.keys.errs["https://b.example/foreign"] = fmt.Errorf("%w: x", ErrKeyOwner)
	n.keys.errs["https://b.example/odd"] = fmt.Errorf("%w: x", ErrKeyRefused)
	n.keys.errs["https://b.example/weak"] = fmt.Errorf("parse: %w", signature.ErrKey)
	n.keys.errs["https://b.example/blocked"] = refuse(http.StatusForbidden, "blocked", "x")

	for name, c := range map[string]struct {
		letter
		status int
		reason string
		asked  int // how often the key may be asked for
	}{
		"too large":              {letter{body: as("Like", "L"+strings.Repeat("i", 4096))}, 413, ReasonTooLarge, 0},
		"too large, chunked":     {letter{body: as("Like", "L"+strings.Repeat("i", 4096)), after: func(r *http.Request) { r.ContentLength = -1 }}, 413, ReasonTooLarge, 0},
		"HTML":                   {letter{body: like, before: set("Content-Type", "text/html")}, 415, ReasonContentType, 0},
		"some JSON of no kind":   {letter{body: like, before: set("Content-Type", "text/json+json")}, 415, ReasonContentType, 0},
		"no type":                {letter{body: like, after: drop("Content-Type")}, 415, ReasonContentType, 0},
		"compressed":             {letter{body: like, after: set("Content-Encoding", "gzip")}, 415, ReasonContentType, 0},
		"unsigned":               {letter{body: like, after: drop("Signature")}, 401, "missing_signature", 0},
		"no signature":           {letter{body: like, after: set("Signature", "x")}, 400, "malformed_signature", 0},
		"no JSON":                {letter{body: `{`}, 400, ReasonMalformed, 0},
		"empty":                  {letter{body: ``}, 400, ReasonMalformed, 0},
		"an array":               {letter{body: `[]`}, 400, ReasonMalformed, 0},
		"a name twice":           {letter{body: as(`"type"`, `"Actor":"x","type"`)}, 400, ReasonMalformed, 0},
		"no actor":               {letter{body: as(`"actor"`, `"author"`)}, 400, ReasonMalformed, 0},
		"actor of no address":    {letter{body: as(bo, "bo")}, 400, ReasonMalformed, 0},
		"no id":                  {letter{body: as(`"id"`, `"x"`)}, 400, ReasonID, 0},
		"id of no address":       {letter{body: as("https://b.example/likes/1", "likes/1")}, 400, ReasonID, 0},
		"id too long":            {letter{body: as("likes/1", strings.Repeat("a", MaxID))}, 400, ReasonID, 0},
		"id of another host":     {letter{body: as("https://b.example/likes", "https://evil.example/likes")}, 401, ReasonHostMismatch, 0},
		"id of another port":     {letter{body: as("https://b.example/likes", "https://b.example:81/likes")}, 401, ReasonHostMismatch, 0},
		"id of another scheme":   {letter{body: as("https://b.example/likes", "http://b.example/likes")}, 401, ReasonHostMismatch, 0},
		"made for another host":  {letter{body: like, before: func(r *http.Request) { r.Host = "c.example" }}, 401, ReasonWrongHost, 0},
		"host changed":           {letter{body: like, before: func(r *http.Request) { r.Host = "c.example" }, after: func(r *http.Request) { r.Host = "" }}, 401, "bad_signature", 2},
		"unknown key":            {letter{body: like, keyID: "https://b.example/none"}, 401, ReasonKey, 1},
		"key without its owner":  {letter{body: like, keyID: "https://b.example/foreign"}, 401, ReasonKeyOwner, 1},
		"key of no kind":         {letter{body: like, keyID: "https://b.example/odd"}, 401, ReasonKey, 1},
		"key too weak":           {letter{body: like, keyID: "https://b.example/weak"}, 401, "bad_key", 1},
		"blocked":                {letter{body: like, keyID: "https://b.example/blocked"}, 403, "blocked", 1},
		"another body":           {letter{body: like, after: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(as("Like", "Hate"))) }}, 401, "bad_digest", 1},
		"no digest":              {letter{body: like, after: drop("Digest")}, 401, "bad_digest", 1},
		"two hours old":          {letter{body: like, at: now.Add(-2 * time.Hour)}, 401, "stale_signature", 1},
		"two hours ahead":        {letter{body: like, at: now.Add(2 * time.Hour)}, 401, "stale_signature", 1},
		"date moved":             {letter{body: like, at: now.Add(-2 * time.Hour), after: set("Date", now.Format(http.TimeFormat))}, 401, "bad_signature", 2},
		"path changed":           {letter{body: like, after: func(r *http.Request) { r.URL.Path = "/u/ada/inbox" }}, 401, "bad_signature", 2},
		"another's private key":  {letter{body: like, private: privateKeys()[1]}, 401, "bad_signature", 2},
		"another's valid key":    {letter{body: like, keyID: mallory + "#main-key", private: privateKeys()[1]}, 401, ReasonForwarded, 1},
		"another's key, own id":  {letter{body: as(bo, "https://b.example/u/di")}, 401, ReasonForwarded, 1},
		"actor embedded, forged": {letter{body: as(`"`+bo+`"`, `{"id":"https://b.example/u/di","publicKey":{"id":"`+boKey+`"}}`)}, 401, ReasonForwarded, 1},
	} {
		n.keys.asked = 0
		resp := n.send(t, c.letter)
		var problem map[string]any
		if err := json.Unmarshal(resp.body, &problem); err != nil {
			t.Errorf("%s: answer %q: %v", name, resp.body, err)
			continue
		}
		if resp.status != c.status || problem["error"] != c.reason || problem["status"] != float64(c.status) {
			t.Errorf("%s: %d %s, want %d %s", name, resp.status, resp.body, c.status, c.reason)
		}
		if ct := resp.header.Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: answered as %q", name, ct)
		}
		if n.keys.asked != c.asked {
			t.Errorf("%s: the key was asked for %d times, want %d", name, n.keys.asked, c.asked)
		}
		if n.got.Activity != nil || n.got.Body != nil || n.got.Signer.Actor != nil {
			t.Errorf("%s: something was let through: %+v", name, n.got)
		}
	}
	// Nothing of that was remembered: the right letter is new.
	if resp := n.send(t, letter{body: like}); resp.status != http.StatusAccepted || n.got.Replayed {
		t.Errorf("afterwards: %v, %+v", n.err, n.got)
	}
}

func TestVerifyDoesNotReadWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	body := &untouched{}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/inbox", body)
	r.Header.Set("Content-Type", activity.ContentType)
	r.ContentLength = 1 << 40
	_, err := n.verifier.Verify(t.Context(), r)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Reason != ReasonTooLarge || body.read {
		t.Errorf("err = %v, body read: %v", err, body.read)
	}
	r.ContentLength = -1
	if _, err = n.verifier.Verify(t.Context(), r); !errors.As(err, &refusal) || refusal.Reason != ReasonUnreadable {
		t.Errorf("a body that breaks off: %v", err)
	}
}

// untouched is a body that breaks off at once and knows that it was read.
type untouched struct{ read bool }

func (u *untouched) Read([]byte) (int, error) {
	u.read = true
	return 0, io.ErrUnexpectedEOF
}

func TestVerifyKnowsARepetition(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for i, want := range []bool{false, true, true} {
		if resp := n.send(t, letter{body: like}); resp.status != http.StatusAccepted || n.got.Replayed != want {
			t.Errorf("time %d: %v, replayed %v", i+1, n.err, n.got.Replayed)
		}
	}
	if n.send(t, letter{body: like, at: now.Add(time.Second)}); n.err != nil || n.got.Replayed {
		t.Errorf("signed anew: %v, replayed %v", n.err, n.got.Replayed)
	}
}

func TestVerifyLooksOnceMoreForAChangedKey(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	next := n.keys.signers[boKey]
	next.Key = privateKeys()[2].Public()
	n.keys.fresh[boKey] = next
	if resp := n.send(t, letter{body: like, private: privateKeys()[2]}); resp.status != http.StatusAccepted || n.keys.refreshed != 1 {
		t.Errorf("new key: %v after %d refreshes", n.err, n.keys.refreshed)
	}
	if resp := n.send(t, letter{body: like, private: privateKeys()[1]}); resp.status != http.StatusUnauthorized || n.keys.refreshed != 2 {
		t.Errorf("no key of his: %v after %d refreshes", n.err, n.keys.refreshed)
	}
	if resp := n.send(t, letter{body: like, at: now.Add(-2 * time.Hour)}); resp.status != http.StatusUnauthorized || n.keys.refreshed != 2 {
		t.Errorf("an old letter made %d refreshes", n.keys.refreshed)
	}
}

func TestVerifyTellsItsOwnTrouble(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	trouble := errors.New("database is closed")
	n.keys.errs[boKey] = trouble
	n.send(t, letter{body: like})
	if !errors.Is(n.err, trouble) || errors.As(n.err, new(*Refusal)) || errors.As(n.err, new(*Unproven)) {
		t.Errorf("err = %v", n.err)
	}
}

func TestUnprovenIsDecidedLater(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{ErrKeyUnavailable, ErrKeyGone, context.DeadlineExceeded} {
		n := newNode(t)
		n.keys.errs[boKey] = fmt.Errorf("fetch: %w", reason)
		n.send(t, letter{body: like, path: "/inbox?q=%2F", before: func(r *http.Request) { r.Header.Set("Authorization", "Bearer secret") }})
		var unproven *Unproven
		if !errors.As(n.err, &unproven) || !errors.Is(n.err, reason) || unproven.Activity.Actor != bo {
			t.Fatalf("%v: %v", reason, n.err)
		}
		stored, err := unproven.Raw.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(stored, []byte("secret")) {
			t.Errorf("a credential is stored: %s", stored)
		}

		// Three hours later the key can be had.
		delete(n.keys.errs, boKey)
		later := New(Config{
			Keys: n.keys, Now: func() time.Time { return now.Add(3 * time.Hour) }, Replays: &signature.Replays{},
			Host: strings.TrimPrefix(n.URL, "http://"),
		})
		raw, err := DecodeRawRequest(stored)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := later.VerifyRaw(t.Context(), raw); err != nil || got.Signer.Actor.ID != bo || string(got.Body) != like {
			t.Errorf("later: %+v, %v", got, err)
		}
		if got, err := later.VerifyRaw(t.Context(), raw); err != nil || !got.Replayed {
			t.Errorf("later again: %+v, %v", got, err)
		}
		forged := raw
		forged.Body = []byte(strings.Replace(like, "Like", "Hate", 1))
		forgedPath := raw
		forgedPath.Target = "/u/ada/inbox"
		noTarget := raw
		noTarget.Target = "inbox"
		for _, q := range []RawRequest{forged, forgedPath, noTarget} {
			if got, err := later.VerifyRaw(t.Context(), q); !errors.As(err, new(*Refusal)) {
				t.Errorf("forged: %+v, %v", got, err)
			}
		}
	}
	for _, stored := range []string{``, `{}`, `{"method":"POST","target":"/inbox"}`} {
		if q, err := DecodeRawRequest([]byte(stored)); err == nil {
			t.Errorf("DecodeRawRequest(%q) = %+v", stored, q)
		}
	}
}

func TestHumanWriteExplains(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	HumanWrite("https://people.example/users/pat", "https://a.example/m/tea", "https://a.example/about/humans").Respond(w)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]any{
		"type": "https://w3id.org/fep/c180#actor-not-authorized", "title": "Writes are for agents only", "status": 403.0,
		"actor": "https://people.example/users/pat", "resource": "https://a.example/m/tea",
		"error": "agents_only", "message": "Humans can read and follow but not write here.",
	} {
		if got[member] != want {
			t.Errorf("%s = %v, want %v", member, got[member], want)
		}
	}
	if d, ok := got["detail"].(string); !ok || !strings.Contains(d, "https://a.example/about/humans") {
		t.Errorf("detail = %v", got["detail"])
	}
	if w.Code != http.StatusForbidden || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
}

// Whatever comes, without Bo's signature nothing is let through.
func FuzzVerifyRaw(f *testing.F) {
	f.Add("/inbox", `keyId="`+boKey+`",algorithm="hs2019",headers="(request-target) host date digest",signature="eA=="`,
		now.Format(http.TimeFormat), "SHA-256=x", []byte(like))
	f.Add("/inbox?a", `keyId=,`, "", "", []byte(`{}`))
	v := New(Config{Keys: newKeyring(), Now: func() time.Time { return now }, Replays: &signature.Replays{}, Host: "a.example"})
	f.Fuzz(func(t *testing.T, target, sig, date, digest string, body []byte) {
		q := RawRequest{
			Method: http.MethodPost, Target: target, Host: "a.example", Body: body, Received: now,
			Header: http.Header{"Signature": {sig}, "Date": {date}, "Digest": {digest}, "Content-Type": {activity.ContentType}},
		}
		if got, err := v.VerifyRaw(t.Context(), q); err == nil {
			t.Errorf("let through: %+v", got)
		}
	})
}
