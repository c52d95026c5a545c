package checks

import (
	"context"
	"crypto"
	"net/http"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// messageChecks are signatureChecks for RFC 9421, and for the proofs inside
// documents.
func messageChecks() []Check {
	unauthorized := http.StatusUnauthorized
	drop := func(name string) func(*peer.MessageSigning) {
		return func(s *peer.MessageSigning) {
			s.Components = slices.DeleteFunc(s.Components, func(c string) bool { return c == name })
		}
	}
	aged := func(by time.Duration) func(*peer.MessageSigning) {
		return func(s *peer.MessageSigning) { s.Created = s.Created.Add(by) }
	}
	return []Check{
		message("message-ed25519", "SIG-22", "an Ed25519 key of assertionMethod", nil, http.StatusAccepted),
		{ID: "message-rsa", Clause: "SIG-22", Name: "the RSA key of publicKey", Run: messageRSA},
		message("message-unsigned-method", "SIG-19", "@method is not signed", drop("@method"), unauthorized),
		message("message-unsigned-target", "SIG-19", "the target is not signed", drop("@target-uri"), unauthorized),
		message("message-unsigned-digest", "SIG-19", "content-digest is not signed", drop("content-digest"), unauthorized),
		message("message-undated", "SIG-20", "no created", func(s *peer.MessageSigning) { s.Created = time.Time{} }, unauthorized),
		message("message-old", "SIG-20", "signed two hours ago", aged(-2*time.Hour), unauthorized),
		message("message-ahead", "SIG-20", "signed two hours ahead", aged(2*time.Hour), unauthorized),
		message("message-digest", "SIG-21", "the digest of another body", func(s *peer.MessageSigning) {
			s.Digest = peer.ContentDigest([]byte("another body"))
		}, unauthorized),
		message("message-target-other", "SIG-5", "signed for another path", func(s *peer.MessageSigning) {
			s.TargetURI = strings.Replace(s.TargetURI, "/inbox", "/u/other/inbox", 1)
		}, unauthorized),
		message("message-key-stranger", "SIG-5", "another key under the actor's key id", func(s *peer.MessageSigning) {
			s.Key = crypto.Signer(peer.StrangerProofKey())
		}, unauthorized),
		message("message-key-unknown", "SIG-8", "a key that its actor does not list", func(s *peer.MessageSigning) {
			s.KeyID += "-other"
		}, unauthorized),
		message("message-unparsable", "SIG-23", "a Signature-Input that breaks off", func(s *peer.MessageSigning) {
			s.Input = func(v string) string { return v[:len(v)/2] + `"` }
		}, http.StatusBadRequest),
		{ID: "message-replayed", Clause: "SIG-11", Name: "an accepted RFC 9421 signature with another body", Run: messageReplayed},
		{ID: "proof-served", Clause: "PROOF-1", Name: "an agent and its post prove themselves", Run: proofServed},
		{ID: "proof-forwarded", Clause: "PROOF-2", Name: "a proven activity from another's hands", Run: forwarded(nil, http.StatusAccepted)},
		{ID: "proof-tampered", Clause: "PROOF-3", Name: "a changed activity with its old proof", Run: forwarded(func(doc map[string]any) {
			doc["summary"] = "added on the way"
		}, unauthorized)},
		{ID: "proof-expired", Clause: "PROOF-5", Name: "a proof that has expired", Run: expiredProof},
		{ID: "proof-unknown-suite", Clause: "PROOF-4", Name: "a proof of a cryptosuite that nobody knows", Run: unknownSuite},
	}
}

func message(id, clause, name string, change func(*peer.MessageSigning), wanted ...int) Check {
	return Check{ID: id, Clause: clause, Name: name, Run: func(ctx context.Context, t *Target) error {
		return t.sendMessage(ctx, t.sender(), change, wanted...)
	}}
}

func (t *Target) sendMessage(ctx context.Context, actor *peer.Actor, change func(*peer.MessageSigning), wanted ...int) error {
	r, _, err := t.messageFollow(ctx, actor, change)
	if err != nil {
		return err
	}
	got, err := t.do(r)
	if err != nil {
		return err
	}
	return got.is(wanted...)
}

func (t *Target) messageFollow(ctx context.Context, actor *peer.Actor, change func(*peer.MessageSigning)) (*http.Request, []byte, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return nil, nil, err
	}
	body := peer.Encode(actor.Follow(a.id))
	r, err := actor.SignedMessage(ctx, t.inbox(), body, change)
	return r, body, err
}

func messageRSA(ctx context.Context, t *Target) error {
	actor := t.sender()
	return t.sendMessage(ctx, actor, func(s *peer.MessageSigning) { s.KeyID, s.Key = actor.KeyID, actor.Key }, http.StatusAccepted)
}

func messageReplayed(ctx context.Context, t *Target) error {
	actor := t.sender()
	r, body, err := t.messageFollow(ctx, actor, nil)
	if err != nil {
		return err
	}
	got, err := t.do(r)
	if err == nil {
		err = got.is(http.StatusAccepted)
	}
	if err != nil {
		return setup("send what is to be replayed", err)
	}
	_, other, err := t.messageFollow(ctx, actor, nil)
	if err != nil {
		return err
	}
	forged := again(r, r.URL.String(), other)
	forged.Header.Set("Content-Digest", peer.ContentDigest(other))
	if got, err = t.do(forged); err != nil {
		return err
	}
	if err := got.is(http.StatusUnauthorized); err != nil {
		return err
	}
	if got, err = t.do(again(r, r.URL.String(), body)); err != nil {
		return err
	}
	return got.is(http.StatusAccepted) // the very same once more harms nobody
}

func proofServed(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.post(ctx)
	if err != nil {
		return err
	}
	maker, err := t.document(ctx, a.id)
	if err != nil {
		return err
	}
	page, err := t.document(ctx, post.url)
	if err != nil {
		return err
	}
	for _, doc := range []map[string]any{maker, page} {
		if err := peer.CheckProof(doc, maker); err != nil {
			return failf("%s: %v", peer.Text(doc, "id"), err)
		}
	}
	return nil
}

// forwarded lets one actor bring what another has proven, after change.
func forwarded(change func(doc map[string]any), wanted ...int) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		a, err := t.agent(ctx)
		if err != nil {
			return err
		}
		author := t.peer.Actor("Service")
		doc, err := author.Prove(author.Follow(a.id))
		if err != nil {
			return err
		}
		if change != nil {
			change(doc)
		}
		got, err := t.sendSigned(ctx, t.sender(), t.inbox(), peer.Encode(doc), nil)
		if err != nil {
			return err
		}
		return got.is(wanted...)
	}
}

func expiredProof(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	author := t.peer.Actor("Service")
	doc, err := author.ProveUntil(author.Follow(a.id), time.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	got, err := t.sendSigned(ctx, t.sender(), t.inbox(), peer.Encode(doc), nil)
	if err != nil {
		return err
	}
	return got.is(http.StatusUnauthorized)
}

func unknownSuite(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	actor := t.sender()
	doc, err := actor.Prove(actor.Follow(a.id))
	if err != nil {
		return err
	}
	peer.Object(doc, "proof")["cryptosuite"] = "none-that-is-known"
	got, err := t.sendSigned(ctx, actor, t.inbox(), peer.Encode(doc), nil)
	if err != nil {
		return err
	}
	return got.is(http.StatusAccepted)
}
