package peer_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/conformance/peer"
)

func start(t *testing.T) *peer.Node {
	t.Helper()
	n, err := peer.Start(t.Context(), peer.Options{})
	if err != nil {
		t.Fatalf("Start = %v", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return n
}

func TestAwaitFindsPastAndFuture(t *testing.T) {
	t.Parallel()
	n := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	send := func(path string) {
		r, err := n.Actor("Service").SignedPOST(ctx, n.URL()+path, []byte(`{"type":"Like"}`), nil)
		if err != nil {
			t.Error(err)
			return
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		_ = answer.Body.Close()
	}
	send("/inbox")
	at := func(path string) func(peer.Received) bool {
		return func(r peer.Received) bool { return r.IsActivity("Like", "") && r.Target == path }
	}
	if _, err := n.Await(ctx, at("/inbox")); err != nil {
		t.Errorf("Await of the past = %v", err)
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() { send("/u/x/inbox") })
	if _, err := n.Await(ctx, at("/u/x/inbox")); err != nil {
		t.Errorf("Await of the future = %v", err)
	}
	short, stop := context.WithCancel(ctx)
	stop()
	if _, err := n.Await(short, at("/never")); !errors.Is(err, context.Canceled) {
		t.Errorf("Await of nothing = %v, want context.Canceled", err)
	}
}

func TestVerifyBelievesOnlyTheTruth(t *testing.T) {
	t.Parallel()
	n := start(t)
	a := n.Actor("Service")
	key, ok := a.Key.Public().(*rsa.PublicKey)
	if !ok {
		t.Fatal("the actor's key is not RSA")
	}
	body := []byte(`{"id":"x"}`)
	cases := map[string]struct {
		change func(*peer.Signing)
		want   error
	}{
		"as it should be":     {nil, nil},
		"rsa-sha256":          {func(s *peer.Signing) { s.Algorithm = "rsa-sha256" }, nil},
		"other algorithm":     {func(s *peer.Signing) { s.Algorithm = "hmac-sha256" }, peer.ErrSignature},
		"other path":          {func(s *peer.Signing) { s.Target = "/other" }, peer.ErrSignature},
		"other host":          {func(s *peer.Signing) { s.Host = "other.example" }, peer.ErrSignature},
		"other method":        {func(s *peer.Signing) { s.Method = "put" }, peer.ErrSignature},
		"other key":           {func(s *peer.Signing) { s.Key = n.StrangerKey() }, peer.ErrSignature},
		"other digest":        {func(s *peer.Signing) { s.Digest = peer.Digest([]byte("other")) }, peer.ErrSignature},
		"digest not signed":   {func(s *peer.Signing) { s.Covered = peer.Covered()[:3] }, peer.ErrSignature},
		"old":                 {func(s *peer.Signing) { s.Date = s.Date.Add(-2 * time.Hour) }, peer.ErrSignature},
		"no signature header": {func(s *peer.Signing) { s.Header = func(string) []string { return nil } }, peer.ErrSignature},
		"two of them":         {func(s *peer.Signing) { s.Header = func(v string) []string { return []string{v, v} } }, peer.ErrSignature},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := a.SignedPOST(t.Context(), "http://node.example/inbox", body, c.change)
			if err != nil {
				t.Fatal(err)
			}
			seen := httptest.NewRequestWithContext(t.Context(), r.Method, r.URL.String(), bytes.NewReader(body))
			seen.Header = r.Header
			got, err := peer.Capture(seen, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			got.Target = "/inbox"
			if _, err := peer.Verify(got, key); !errors.Is(err, c.want) {
				t.Errorf("Verify = %v, want %v", err, c.want)
			}
		})
	}
}

func TestVerifyBelievesOnlyTrueMessages(t *testing.T) {
	t.Parallel()
	n := start(t)
	a := n.Actor("Service")
	key, ok := a.Key.Public().(*rsa.PublicKey)
	if !ok {
		t.Fatal("the actor's key is not RSA")
	}
	body := []byte(`{"id":"x"}`)
	components := func(names ...string) func(*peer.MessageSigning) {
		return func(s *peer.MessageSigning) { s.Components = names }
	}
	cases := map[string]struct {
		change func(*peer.MessageSigning)
		want   error
	}{
		"as it should be":       {func(*peer.MessageSigning) {}, nil},
		"another label":         {func(s *peer.MessageSigning) { s.Input = func(v string) string { return "x" + v } }, peer.ErrSignature},
		"its target in parts":   {components("@method", "@authority", "@path", "@query", "content-digest"), nil},
		"its target as one":     {components("@method", "@authority", "@request-target", "content-digest"), nil},
		"method not signed":     {components("@target-uri", "content-digest"), peer.ErrSignature},
		"query not signed":      {components("@method", "@authority", "@path", "content-digest"), peer.ErrSignature},
		"digest not signed":     {components("@method", "@target-uri"), peer.ErrSignature},
		"other digest":          {func(s *peer.MessageSigning) { s.Digest = peer.ContentDigest([]byte("other")) }, peer.ErrSignature},
		"other target":          {func(s *peer.MessageSigning) { s.TargetURI = "http://node.example/other" }, peer.ErrSignature},
		"other key":             {func(s *peer.MessageSigning) { s.Key = n.StrangerKey() }, peer.ErrSignature},
		"old":                   {func(s *peer.MessageSigning) { s.Created = s.Created.Add(-2 * time.Hour) }, peer.ErrSignature},
		"without a time":        {func(s *peer.MessageSigning) { s.Created = time.Time{} }, peer.ErrSignature},
		"signed as if by https": {func(s *peer.MessageSigning) { s.TargetURI = "https://node.example/inbox" }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := a.SignedMessage(t.Context(), "http://node.example/inbox", body, func(s *peer.MessageSigning) {
				s.Key, s.KeyID = a.Key, a.KeyID
				c.change(s)
			})
			if err != nil {
				t.Fatal(err)
			}
			seen := httptest.NewRequestWithContext(t.Context(), r.Method, r.URL.String(), bytes.NewReader(body))
			seen.Header = r.Header
			got, err := peer.Capture(seen, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			got.Target = "/inbox"
			if _, err := peer.Verify(got, key); !errors.Is(err, c.want) {
				t.Errorf("Verify = %v, want %v", err, c.want)
			}
		})
	}
}

func TestOddKeySignsValidly(t *testing.T) {
	t.Parallel()
	k, err := peer.NewOddKey(4096)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("text"))
	sig, err := k.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	public, ok := k.Public().(*rsa.PublicKey)
	if !ok || public.N.BitLen() < 4000 || public.N.BitLen() > 4096 {
		t.Fatalf("Public() = %T", k.Public())
	}
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig); err != nil {
		t.Errorf("the signature does not verify: %v", err)
	}
	sig[5] ^= 1
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig); err == nil {
		t.Error("a changed signature verifies")
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add(`keyId="https://a.example/u/a#main-key",algorithm="hs2019",headers="(request-target) host",signature="AAAA"`)
	f.Add(`keyId="a", signature="AAAA", created=1`)
	f.Add(`keyId="a",keyId="b",signature="AAAA"`)
	f.Add(`keyId="a`)
	f.Fuzz(func(t *testing.T, value string) {
		s, err := peer.ParseSignature(value)
		if err == nil && (s.KeyID == "" || len(s.Bytes) == 0 || len(s.Covered) == 0) {
			t.Errorf("ParseSignature(%q) = %+v without an error", value, s)
		}
		if strings.Count(value, "keyId=") == 0 && err == nil {
			t.Errorf("ParseSignature(%q) found a keyId", value)
		}
	})
}
