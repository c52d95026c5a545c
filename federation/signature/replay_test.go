package signature_test

import (
	"encoding/binary"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/signature"
)

func TestReplays(t *testing.T) {
	t.Parallel()
	r := signedPOST(t, inbox)
	s, err := signature.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	first := signature.NewFingerprint(r, note())
	var replays signature.Replays
	if again, err := replays.Seen(s, first, now()); again || err != nil {
		t.Fatalf("first time: %v, %v", again, err)
	}
	if again, err := replays.Seen(s, first, now().Add(time.Hour)); !again || err != nil {
		t.Errorf("the same again: %v, %v", again, err)
	}
	for name, request := range map[string]signature.Fingerprint{
		"body":   signature.NewFingerprint(r, []byte("{}")),
		"path":   signature.NewFingerprint(changed(t, func(r *http.Request) { r.URL.Path = "/u/bob/inbox" }), note()),
		"query":  signature.NewFingerprint(changed(t, func(r *http.Request) { r.URL.RawQuery = "a" }), note()),
		"host":   signature.NewFingerprint(changed(t, func(r *http.Request) { r.Host = "c.example" }), note()),
		"method": signature.NewFingerprint(changed(t, func(r *http.Request) { r.Method = http.MethodPut }), note()),
	} {
		if again, err := replays.Seen(s, request, now()); again || !errors.Is(err, signature.ErrReplayed) {
			t.Errorf("another %s: %v, %v; want ErrReplayed", name, again, err)
		}
	}
	other := s
	other.Value = []byte("another")
	if again, err := replays.Seen(other, first, now()); again || err != nil {
		t.Errorf("the same request signed anew: %v, %v", again, err)
	}
}

func TestReplaysAreRememberedAsLongAsASignatureIsGood(t *testing.T) {
	t.Parallel()
	var replays signature.Replays
	s := signature.Signature{Value: []byte("signed an hour ahead")}
	if _, err := replays.Seen(s, signature.Fingerprint{}, now()); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{time.Hour, 2*time.Hour - time.Second, 2 * time.Hour} {
		if again, err := replays.Seen(s, signature.Fingerprint{}, now().Add(after)); !again || err != nil {
			t.Errorf("after %v: %v, %v", after, again, err)
		}
	}
}

// What came first is forgotten when too much comes, and not before.
func TestReplaysAreBounded(t *testing.T) {
	t.Parallel()
	var replays signature.Replays
	numbered := func(n int) signature.Signature {
		return signature.Signature{Value: binary.BigEndian.AppendUint64(nil, uint64(n))}
	}
	for n := range 2*signature.MaxReplays + 1 {
		if again, err := replays.Seen(numbered(n), signature.Fingerprint{}, now()); again || err != nil {
			t.Fatalf("signature %d: %v, %v", n, again, err)
		}
	}
	if again, _ := replays.Seen(numbered(2*signature.MaxReplays), signature.Fingerprint{}, now()); !again {
		t.Error("the last one is forgotten")
	}
	if again, _ := replays.Seen(numbered(signature.MaxReplays), signature.Fingerprint{}, now()); !again {
		t.Error("the older half is forgotten too early")
	}
	if again, _ := replays.Seen(numbered(0), signature.Fingerprint{}, now()); again {
		t.Error("the first one is not forgotten: nothing bounds the memory")
	}
}

func TestReplaysTakeOneOfManyAtOnce(t *testing.T) {
	t.Parallel()
	var replays signature.Replays
	var fresh atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			again, err := replays.Seen(signature.Signature{Value: []byte("one")}, signature.Fingerprint{}, now())
			if err != nil {
				t.Error(err)
			}
			if !again {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if n := fresh.Load(); n != 1 {
		t.Errorf("%d of 16 were taken as new, want 1", n)
	}
}
