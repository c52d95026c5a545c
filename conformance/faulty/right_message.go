package faulty

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// proofKey is the Ed25519 key of the node and all its actors.
func (s *Server) proofKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
}

func (s *Server) multikeys(owner string) []any {
	public, _ := s.proofKey().Public().(ed25519.PublicKey)
	return []any{peer.Multikey(owner, owner+"#ed25519-key", public)}
}

// proven gives a document the proof of its actor, or of its author [PROOF-1].
func (s *Server) proven(doc map[string]any) map[string]any {
	maker := peer.Text(doc, "attributedTo")
	if doc["assertionMethod"] != nil {
		maker = peer.Text(doc, "id")
	}
	if maker == "" || !s.rule("proves") {
		return doc
	}
	signed, err := peer.Prove(doc, maker+"#ed25519-key", s.proofKey(), s.now().UTC().Format(time.RFC3339))
	if err != nil {
		return doc // cannot be: the document was made here
	}
	return signed
}

// verifyMessage is verify for RFC 9421, behind the body.
func (s *Server) verifyMessage(r *http.Request, in incoming) (incoming, *refusal) {
	m, err := peer.ParseMessage(r.Header)
	if err != nil {
		return in, refuse(http.StatusBadRequest, err.Error())
	}
	var no *refusal
	if in.doc, no = s.document(in.raw); no != nil {
		return in, no
	}
	got := peer.Received{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header, Body: in.raw, At: s.now()}
	if no := s.messageCovers(got, m); no != nil {
		return in, no
	}
	key, owner, no := s.messageKey(r.Context(), m.KeyID)
	if no != nil {
		return in, no
	}
	known := s.signature[base64.StdEncoding.EncodeToString(m.Bytes)] && !s.rule("replay")
	if m.Check(got, s.base, key) != nil && s.rule("verifies") && !known {
		return in, refuse(http.StatusUnauthorized, "the signature does not verify")
	}
	if peer.Text(owner, "id") != peer.Text(in.doc, "actor") {
		return in, refuse(http.StatusUnauthorized, "the key is another's")
	}
	in.actor = owner
	in.replay, no = s.replayed(got, peer.Signature{Bytes: m.Bytes})
	return in, no
}

func (s *Server) messageCovers(got peer.Received, m peer.Message) *refusal {
	for _, name := range peer.MessageComponents() {
		if !m.Covers(name) && s.rule("covers:"+name) {
			return refuse(http.StatusUnauthorized, name+" is not signed")
		}
	}
	if got.Header.Get("Content-Digest") != peer.ContentDigest(got.Body) && s.rule("content-digest-fits") {
		return refuse(http.StatusUnauthorized, "digest")
	}
	age := got.At.Sub(m.Created)
	switch {
	case m.Created.IsZero():
		if s.rule("created") {
			return refuse(http.StatusUnauthorized, "created")
		}
	case age > time.Hour && s.rule("not-old"), age < -time.Hour && s.rule("not-ahead"):
		return refuse(http.StatusUnauthorized, "created")
	}
	return nil
}

// messageKey finds a key of either kind that its owner lists.
func (s *Server) messageKey(ctx context.Context, keyID string) (crypto.PublicKey, map[string]any, *refusal) {
	if strings.HasSuffix(keyID, "#main-key") {
		keyDoc, owner, err := s.keyOf(ctx, keyID)
		if err != nil {
			return nil, nil, refuse(http.StatusUnauthorized, err.Error())
		}
		key, err := peer.RSAKey(peer.Text(keyDoc, "publicKeyPem"))
		if err != nil || !s.rule("message-rsa") {
			return nil, nil, refuse(http.StatusUnauthorized, "no RSA")
		}
		return key, owner, nil
	}
	owner, err := s.fetch(ctx, keyID)
	if err != nil {
		return nil, nil, refuse(http.StatusUnauthorized, err.Error())
	}
	if !s.rule("key-is-listed") {
		keyID, _, _ = strings.Cut(keyID, "#")
		keyID += "#ed25519-key"
	}
	key, err := peer.ListedKey(owner, keyID)
	if err != nil || !s.rule("message-ed25519") {
		return nil, nil, refuse(http.StatusUnauthorized, "no such key")
	}
	return key, owner, nil
}

// byProof returns the actor of an activity that another brought, by its proof.
func (s *Server) byProof(ctx context.Context, doc map[string]any) (map[string]any, bool) {
	if peer.Object(doc, "proof") == nil || !s.rule("reads-proofs") {
		return nil, false
	}
	actor, err := s.fetch(ctx, peer.Text(doc, "actor"))
	if err != nil || peer.CheckProof(doc, actor) != nil && s.rule("checks-proofs") {
		return nil, false
	}
	if until := peer.Text(peer.Object(doc, "proof"), "expires"); until != "" && until < s.now().UTC().Format(time.RFC3339) && s.rule("reads-expiry") {
		return nil, false
	}
	return actor, true
}
