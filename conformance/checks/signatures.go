package checks

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// signatureChecks send a Follow of the suite's agent, right but for one thing.
// A Follow is welcome from anyone, so that only the signature decides.
func signatureChecks() []Check {
	return slices.Concat(wrongCoverage(), wrongDigests(), wrongDates(), wrongSignatures(), wrongHeaders(), rightSignatures(), []Check{
		{ID: "content-type-changed", Clause: "SIG-5", Name: "a signed header that was changed", Run: changedHeader},
		{ID: "body-changed", Clause: "SIG-3", Name: "another body under the same headers", Run: changedBody},
		{ID: "query-less-target", Clause: "SIG-15", Name: "a target signed without its query", Run: querylessTarget},
		{ID: "fetch-signed", Clause: "SIG-17", Name: "the node signs what it fetches", Run: fetchSigned},
	})
}

func signed(id, clause, name string, change func(*peer.Signing), wanted ...int) Check {
	return Check{ID: id, Clause: clause, Name: name, Run: func(ctx context.Context, t *Target) error {
		a, err := t.agent(ctx)
		if err != nil {
			return err
		}
		actor := t.sender()
		got, err := t.sendSigned(ctx, actor, t.inbox(), peer.Encode(actor.Follow(a.id)), change)
		if err != nil {
			return err
		}
		return got.is(wanted...)
	}}
}

func without(names ...string) func(*peer.Signing) {
	return func(s *peer.Signing) {
		s.Covered = slices.DeleteFunc(s.Covered, func(c string) bool { return slices.Contains(names, c) })
	}
}

func wrongCoverage() []Check {
	const clause = "SIG-2"
	return []Check{
		signed("missing", "SIG-1", "no signature", func(s *peer.Signing) {
			s.Header = func(string) []string { return nil }
		}, http.StatusUnauthorized),
		signed("unsigned-target", clause, "(request-target) is not signed", without("(request-target)"), http.StatusUnauthorized),
		signed("unsigned-host", clause, "host is not signed", without("host"), http.StatusUnauthorized),
		signed("unsigned-date", clause, "date is not signed", without("date"), http.StatusUnauthorized),
		signed("unsigned-digest", clause, "digest is not signed", without("digest"), http.StatusUnauthorized),
	}
}

func wrongDigests() []Check {
	const clause = "SIG-3"
	other := peer.Digest([]byte("another body"))
	sha512Only := func(s *peer.Signing) {
		sum := sha512.Sum512([]byte("whatever"))
		s.Digest = "SHA-512=" + base64.StdEncoding.EncodeToString(sum[:])
	}
	return []Check{
		signed("digest-missing", clause, "no digest", func(s *peer.Signing) {
			s.Digest = ""
			without("digest")(s)
		}, http.StatusUnauthorized),
		signed("digest-garbage", clause, "a digest that is none", func(s *peer.Signing) { s.Digest = "SHA-256=AAAA" }, http.StatusUnauthorized),
		signed("digest-of-another-body", clause, "the digest of another body", func(s *peer.Signing) { s.Digest = other }, http.StatusUnauthorized),
		signed("digest-two-second-wrong", clause, "two digests, the second wrong", func(s *peer.Signing) { s.Digest += "," + other }, http.StatusUnauthorized),
		signed("digest-two-first-wrong", clause, "two digests, the first wrong", func(s *peer.Signing) { s.Digest = other + "," + s.Digest }, http.StatusUnauthorized),
		signed("digest-sha-512-only", clause, "a wrong digest of another kind", sha512Only, http.StatusUnauthorized),
	}
}

func wrongDates() []Check {
	const clause = "SIG-4"
	return []Check{
		signed("date-old", clause, "signed two hours ago", func(s *peer.Signing) { s.Date = s.Date.Add(-2 * time.Hour) }, http.StatusUnauthorized),
		signed("date-ahead", clause, "signed two hours ahead", func(s *peer.Signing) { s.Date = s.Date.Add(2 * time.Hour) }, http.StatusUnauthorized),
	}
}

func wrongSignatures() []Check {
	const clause = "SIG-5"
	garbage := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 256))
	return []Check{
		signed("host-other", clause, "signed for another host", func(s *peer.Signing) { s.Host = "other.example" }, http.StatusUnauthorized),
		signed("path-other", clause, "signed for another path", func(s *peer.Signing) { s.Target = "/u/other/inbox" }, http.StatusUnauthorized),
		signed("method-other", clause, "signed for another method", func(s *peer.Signing) { s.Method = http.MethodPut }, http.StatusUnauthorized),
		signed("truncated", clause, "half a signature", editParameter("signature", func(v string) string {
			return v[:len(v)/2/4*4]
		}), http.StatusUnauthorized),
		signed("garbage", clause, "a signature of noise", editParameter("signature", func(string) string { return garbage }), http.StatusUnauthorized),
	}
}

// editParameter changes the value of one parameter in the Signature header.
func editParameter(name string, edit func(string) string) func(*peer.Signing) {
	return func(s *peer.Signing) {
		s.Header = func(v string) []string {
			before, rest, _ := strings.Cut(v, name+`="`)
			value, after, _ := strings.Cut(rest, `"`)
			return []string{before + name + `="` + edit(value) + `"` + after}
		}
	}
}

func wrongHeaders() []Check {
	const clause = "SIG-6"
	header := func(edit func(string) string) func(*peer.Signing) {
		return func(s *peer.Signing) {
			s.Header = func(v string) []string { return []string{edit(v)} }
		}
	}
	return []Check{
		signed("unparsable", clause, "a quote that does not end", header(func(v string) string {
			return strings.TrimSuffix(v, `"`)
		}), http.StatusBadRequest),
		signed("no-key-id", clause, "no keyId", header(func(v string) string {
			_, rest, _ := strings.Cut(v, ",")
			return rest
		}), http.StatusBadRequest),
		signed("no-signature-parameter", clause, "no signature in the header", header(func(v string) string {
			head, _, _ := strings.Cut(v, ",signature=")
			return head
		}), http.StatusBadRequest),
		signed("duplicate-parameter", clause, "keyId twice", header(func(v string) string {
			return v + `,keyId="https://elsewhere.example/u/x#main-key"`
		}), http.StatusBadRequest),
		signed("two-headers", "SIG-18", "two Signature headers", func(s *peer.Signing) {
			s.Header = func(v string) []string { return []string{v, v} }
		}, http.StatusBadRequest, http.StatusUnauthorized),
	}
}

func rightSignatures() []Check {
	const clause = "SIG-13"
	algorithm := func(a string) func(*peer.Signing) {
		return func(s *peer.Signing) { s.Algorithm = a }
	}
	return []Check{
		signed("hs2019", clause, "algorithm hs2019", algorithm("hs2019"), http.StatusAccepted),
		signed("rsa-sha256", clause, "algorithm rsa-sha256", algorithm("rsa-sha256"), http.StatusAccepted),
		signed("no-algorithm", clause, "no algorithm", algorithm(""), http.StatusAccepted),
	}
}

func (t *Target) signedFollow(ctx context.Context, actor *peer.Actor) (*http.Request, []byte, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return nil, nil, err
	}
	body := peer.Encode(actor.Follow(a.id))
	r, err := actor.SignedPOST(ctx, t.inbox(), body, nil)
	return r, body, err
}

func changedHeader(ctx context.Context, t *Target) error {
	r, _, err := t.signedFollow(ctx, t.sender())
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", ldJSON)
	got, err := t.do(r)
	if err != nil {
		return err
	}
	return got.is(http.StatusUnauthorized)
}

func changedBody(ctx context.Context, t *Target) error {
	first, _, err := t.signedFollow(ctx, t.sender())
	if err != nil {
		return err
	}
	second, _, err := t.signedFollow(ctx, t.sender())
	if err != nil {
		return err
	}
	second.Header = first.Header
	got, err := t.do(second)
	if err != nil {
		return err
	}
	return got.is(http.StatusUnauthorized)
}

func querylessTarget(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	actor := t.sender()
	got, err := t.sendSigned(ctx, actor, t.inbox()+"?from=elsewhere", peer.Encode(actor.Follow(a.id)), func(s *peer.Signing) {
		s.Target, _, _ = strings.Cut(s.Target, "?")
	})
	if err != nil {
		return err
	}
	return got.is(http.StatusAccepted)
}

// fetchSigned lets a stranger knock, so that the node must fetch its document.
func fetchSigned(ctx context.Context, t *Target) error {
	stranger := t.peer.Actor("Service")
	r, _, err := t.signedFollow(ctx, stranger)
	if err != nil {
		return err
	}
	if _, err := t.do(r); err != nil {
		return err
	}
	got, err := t.await(ctx, "a GET of the actor's document", func(r peer.Received) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.Target, "/u/"+stranger.Name)
	})
	if err != nil {
		return err
	}
	return t.signedBy(ctx, got, t.base+"/")
}

// signedBy fails unless the request is signed well, by the key of an actor of
// the node [SIG-16] [SIG-17].
func (t *Target) signedBy(ctx context.Context, got peer.Received, actor string) error {
	doc, err := t.document(ctx, actor)
	if err != nil {
		return err
	}
	key := peer.Object(doc, "publicKey")
	rsaKey, err := peer.RSAKey(peer.Text(key, "publicKeyPem"))
	if err != nil {
		return failf("key of %s: %v", actor, err)
	}
	s, err := peer.Verify(got, rsaKey)
	if err != nil {
		return failf("%s %s is not signed well: %v", got.Method, got.Target, err)
	}
	if want := peer.Text(key, "id"); s.KeyID != want {
		return failf("signed with %q, want %q", s.KeyID, want)
	}
	return nil
}

func keyChecks() []Check {
	return []Check{
		{ID: "key-stranger", Clause: "SIG-5", Name: "another key under the actor's key id", Run: strangerKey},
		{ID: "owner-other", Clause: "SIG-7", Name: "signed by another actor than the activity's", Run: otherOwner},
		{ID: "owner-local", Clause: "SIG-7", Name: "an activity in the name of the node's own agent", Run: localOwner},
		{ID: "owner-of-another-group", Clause: "SIG-7", Name: "signed by a Group for an agent", Run: groupForAgent},
		{ID: "key-without-claim", Clause: "SIG-8", Name: "a key that its owner does not list", Run: keyWithoutClaim},
		{ID: "key-too-large", Clause: "SIG-9", Name: "an RSA key of 8,192 bits", Run: oddKey(8192)},
		{ID: "key-too-small", Clause: "SIG-9", Name: "an RSA key of 1,024 bits", Run: oddKey(1024)},
		{ID: "id-elsewhere", Clause: "SIG-10", Name: "an activity id on another host", Run: idElsewhere},
		{ID: "key-stub", Clause: "SIG-14", Name: "a key with a document of its own", Run: stubKey},
	}
}

// sendFollow sends a Follow of the suite's agent and judges the status.
func (t *Target) sendFollow(ctx context.Context, a *peer.Actor, change func(*peer.Signing), more map[string]any, wanted ...int) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	body := peer.Encode(a.Activity("Follow", agent.id, more))
	got, err := t.sendSigned(ctx, a, t.inbox(), body, change)
	if err != nil {
		return err
	}
	return got.is(wanted...)
}

func strangerKey(ctx context.Context, t *Target) error {
	return t.sendFollow(ctx, t.sender(), func(s *peer.Signing) { s.Key = t.peer.StrangerKey() }, nil, http.StatusUnauthorized)
}

func otherOwner(ctx context.Context, t *Target) error {
	victim := t.peer.Actor("Service")
	return t.sendFollow(ctx, t.sender(), nil, map[string]any{"actor": victim.ID}, http.StatusUnauthorized)
}

func localOwner(ctx context.Context, t *Target) error {
	rival, err := t.rival(ctx)
	if err != nil {
		return err
	}
	// The id is on the node too, so that only the owner is wrong.
	return t.sendFollow(ctx, t.sender(), nil, map[string]any{
		"actor": rival.id, "id": t.base + "/activity/" + peer.Token(),
	}, http.StatusUnauthorized)
}

func groupForAgent(ctx context.Context, t *Target) error {
	victim := t.peer.Actor("Service")
	return t.sendFollow(ctx, t.peer.Actor("Group"), nil, map[string]any{"actor": victim.ID}, http.StatusUnauthorized)
}

func keyWithoutClaim(ctx context.Context, t *Target) error {
	victim := t.peer.Actor("Service").WithoutClaim(t.peer.StrangerKey())
	return t.sendFollow(ctx, victim, nil, nil, http.StatusUnauthorized)
}

func oddKey(bits int) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		key, err := peer.NewOddKey(bits)
		if err != nil {
			return fmt.Errorf("make a key of %d bits: %w", bits, err)
		}
		a := t.peer.Actor("Service")
		return t.sendFollow(ctx, a.WithKey(key, a.KeyID), nil, nil, http.StatusUnauthorized)
	}
}

func idElsewhere(ctx context.Context, t *Target) error {
	return t.sendFollow(ctx, t.sender(), nil, map[string]any{"id": "https://elsewhere.example/activity/" + peer.Token()},
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden)
}

func stubKey(ctx context.Context, t *Target) error {
	return t.sendFollow(ctx, t.peer.Actor("Service").WithStubKey(), nil, nil, http.StatusAccepted)
}
