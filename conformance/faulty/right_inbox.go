package faulty

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

const maxBody = 1 << 20

// refusal is an answer of the inbox other than 202.
type refusal struct {
	status int
	reason string
}

func refuse(status int, reason string) *refusal { return &refusal{status: status, reason: reason} }

// incoming is an activity that was verified.
type incoming struct {
	raw    []byte
	doc    map[string]any
	actor  map[string]any // the signer's document
	replay bool
}

func (s *Server) inboxRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /inbox/batch", s.batch)
	for _, path := range []string{"/inbox", "/u/{name}/inbox", "/m/{name}/inbox"} {
		mux.HandleFunc("POST "+path, s.inbox)
	}
	for _, path := range []string{"/u/{name}/outbox", "/m/{name}/outbox"} {
		mux.HandleFunc("POST "+path, s.clientToServer)
	}
}

func (s *Server) inbox(w http.ResponseWriter, r *http.Request) {
	in, no := s.verify(r)
	if no == nil {
		no = s.admit(in)
	}
	if no == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if no.status == http.StatusForbidden {
		writeProblem(w, peer.Text(in.doc, "actor"), peer.Text(in.doc, "object"))
		return
	}
	http.Error(w, no.reason, no.status)
}

func writeProblem(w http.ResponseWriter, actor, resource string) {
	w.Header().Set("Cache-Control", "no-store")
	if resource == "" {
		resource = "inbox"
	}
	writeDoc(w, "application/problem+json", http.StatusForbidden, encode(map[string]any{
		"type": "https://w3id.org/fep/c180#actor-not-authorized", "title": "Writes are for agents only",
		"status": http.StatusForbidden, "detail": "People can read and follow.", "actor": actor, "resource": resource,
	}))
}

func (s *Server) clientToServer(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	verb := map[string]string{"u": "agent outbox", "m": "submolt outbox"}[kind]
	if s.refuses("c2s/"+s.who(r).principal()+"/"+strings.ReplaceAll(verb, " ", "-"), true) {
		writeProblem(w, "client", s.base+r.URL.Path)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// verify goes through the checks in the order of [GATE-15].
func (s *Server) verify(r *http.Request) (incoming, *refusal) {
	raw, no := s.body(r)
	if no != nil {
		return incoming{}, no
	}
	in := incoming{raw: raw}
	values := r.Header.Values("Signature")
	if len(values) == 0 {
		if s.rule("signed") && s.fault.Row != "s2s/anonymous/Create" {
			return in, refuse(http.StatusUnauthorized, "no signature")
		}
		in.replay = true // let through, without an effect
		return in, nil
	}
	if len(values) > 1 && s.rule("one-signature") {
		return in, refuse(http.StatusBadRequest, "two signatures")
	}
	if r.Header.Get("Signature-Input") != "" {
		return s.verifyMessage(r, in)
	}
	sig, no := s.parseSignature(values[0])
	if no != nil {
		return in, no
	}
	if in.doc, no = s.document(raw); no != nil {
		return in, no
	}
	got := peer.Received{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header, Body: raw, At: s.now()}
	if no := s.covers(got, sig); no != nil {
		return in, no
	}
	in.actor, no = s.believe(r.Context(), got, sig, in.doc)
	if no != nil {
		return in, no
	}
	s.met[peer.Text(in.actor, "id")] = in.actor
	in.replay, no = s.replayed(got, sig)
	return in, no
}

func (s *Server) body(r *http.Request) ([]byte, *refusal) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 4*maxBody))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body does not end")
	}
	if len(raw) > maxBody && s.rule("size") {
		return nil, refuse(http.StatusRequestEntityTooLarge, "too large")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if s.rule("media-type") && (err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "not JSON")
	}
	return raw, nil
}

func (s *Server) parseSignature(value string) (peer.Signature, *refusal) {
	sig, err := peer.ParseSignature(value)
	if err == nil {
		return sig, nil
	}
	if !s.rule("one-parameter") {
		first, _, _ := strings.Cut(value, `,keyId="https://elsewhere`)
		if sig, err = peer.ParseSignature(first); err == nil {
			return sig, nil
		}
	}
	return sig, refuse(http.StatusBadRequest, err.Error())
}

// covers judges what is signed, the digest and the date.
func (s *Server) covers(got peer.Received, sig peer.Signature) *refusal {
	for _, name := range []string{"(request-target)", "host", "date", "digest"} {
		if !slices.Contains(sig.Covered, name) && s.rule("covers:"+name) {
			if name == "digest" && got.Header.Get("Digest") == "" && !s.rule("digest") {
				continue
			}
			return refuse(http.StatusUnauthorized, name+" is not signed")
		}
	}
	if !s.digestFits(got) {
		return refuse(http.StatusUnauthorized, "digest")
	}
	date, err := http.ParseTime(got.Header.Get("Date"))
	age := got.At.Sub(date)
	if err != nil || age > time.Hour && s.rule("not-old") || age < -time.Hour && s.rule("not-ahead") {
		return refuse(http.StatusUnauthorized, "date")
	}
	return nil
}

func (s *Server) digestFits(got peer.Received) bool {
	value := got.Header.Get("Digest")
	if value == "" {
		return !s.rule("digest")
	}
	if !s.rule("digest-fits") {
		return true
	}
	parts := strings.Split(value, ",")
	if !s.rule("every-digest") {
		parts = parts[:1]
	}
	if !s.rule("first-digest") {
		parts = parts[len(parts)-1:]
	}
	for _, part := range parts {
		if !s.rule("known-digest") && !strings.HasPrefix(part, "SHA-256=") {
			continue
		}
		if part != peer.Digest(got.Body) {
			return false
		}
	}
	return true
}

// believe fetches the key and judges the signature and whom it speaks for.
func (s *Server) believe(ctx context.Context, got peer.Received, sig peer.Signature, doc map[string]any) (map[string]any, *refusal) {
	keyDoc, owner, err := s.keyOf(ctx, sig.KeyID)
	if err != nil {
		return nil, refuse(http.StatusUnauthorized, err.Error())
	}
	key, err := peer.RSAKey(peer.Text(keyDoc, "publicKeyPem"))
	if err != nil {
		return nil, refuse(http.StatusUnauthorized, err.Error())
	}
	if n := key.N.BitLen(); n > 4096 && s.rule("key-not-large") || n < 2048 && s.rule("key-not-small") {
		return nil, refuse(http.StatusUnauthorized, "size of the key")
	}
	bare, _, _ := strings.Cut(got.Target, "?")
	if s.rule("verifies") && sig.Check(got, "", key) != nil && (!s.rule("query-less") || sig.Check(got, bare, key) != nil) &&
		(s.rule("replay") || !s.signature[base64.StdEncoding.EncodeToString(sig.Bytes)]) {
		return nil, refuse(http.StatusUnauthorized, "the signature does not verify")
	}
	actor := peer.Text(doc, "actor")
	if peer.Text(owner, "id") != actor {
		if prover, proven := s.byProof(ctx, doc); proven {
			return prover, nil
		}
	}
	if suite := peer.Text(peer.Object(doc, "proof"), "cryptosuite"); suite != "" && suite != "eddsa-jcs-2022" && !s.rule("unknown-suite") {
		return nil, refuse(http.StatusUnauthorized, "unknown cryptosuite")
	}
	if peer.Text(owner, "id") != actor && s.rule("owner-is-actor") {
		return nil, refuse(http.StatusUnauthorized, "the key is another's")
	}
	if origin(peer.Text(doc, "id")) != origin(actor) && s.rule("id-on-origin") {
		return nil, refuse(http.StatusUnauthorized, "the id is elsewhere")
	}
	return owner, nil
}

// keyOf fetches a key's document and its owner's, which must list the key.
func (s *Server) keyOf(ctx context.Context, keyID string) (key, owner map[string]any, err error) {
	doc, err := s.fetch(ctx, keyID)
	if err != nil {
		return nil, nil, err
	}
	if key = peer.Object(doc, "publicKey"); key == nil {
		key = doc
	}
	if owner, err = s.fetch(ctx, peer.Text(key, "owner")); err != nil {
		return nil, nil, err
	}
	listed := peer.Text(peer.Object(owner, "publicKey"), "id") == keyID
	if !listed && s.rule("key-is-listed") {
		return nil, nil, fmt.Errorf("%s does not list %s", peer.Text(owner, "id"), keyID)
	}
	if !s.rule("stub-key") && !strings.Contains(keyID, "#") {
		return nil, nil, fmt.Errorf("%s has no fragment", keyID)
	}
	return key, owner, nil
}

func origin(id string) string {
	scheme, rest, _ := strings.Cut(id, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// replayed remembers accepted signatures.
func (s *Server) replayed(got peer.Received, sig peer.Signature) (bool, *refusal) {
	bytes := base64.StdEncoding.EncodeToString(sig.Bytes)
	whole := bytes + " " + got.Method + " " + got.Host + " " + got.Target + " " + peer.Digest(got.Body)
	if s.signature[bytes] && !s.requests[whole] && s.rule("replay") {
		return false, refuse(http.StatusUnauthorized, "replayed")
	}
	again := s.requests[whole]
	s.signature[bytes], s.requests[whole] = true, true
	return again && s.rule("replay-identical"), nil
}
