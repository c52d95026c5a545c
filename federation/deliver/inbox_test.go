package deliver_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/deliver"
	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/federation/signature"
)

const bo = "https://b.example/u/bo"

type oneKey struct{ inbox.Signer }

func (k oneKey) Key(context.Context, string) (inbox.Signer, error)     { return k.Signer, nil }
func (k oneKey) Refresh(context.Context, string) (inbox.Signer, error) { return k.Signer, nil }

// What we deliver, our own inbox takes: client, signature and verifier agree.
func TestAttemptReachesAnInbox(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }
	var verifier *inbox.Verifier
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var refusal *inbox.Refusal
		switch got, err := verifier.Verify(r.Context(), r); {
		case errors.As(err, &refusal):
			refusal.Respond(w)
		case err != nil:
			w.WriteHeader(http.StatusInternalServerError)
		case got.Activity.Type == activity.TypeLike:
			inbox.HumanWrite(got.Activity.Actor, got.Activity.Object().ID, "").Respond(w)
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	t.Cleanup(server.Close)
	verifier = inbox.New(inbox.Config{
		Keys: oneKey{inbox.Signer{KeyID: bo + "#main-key", Actor: &activity.Actor{ID: bo}, Key: private.Public()}},
		Now:  now, Host: strings.TrimPrefix(server.URL, "http://"), Replays: &signature.Replays{},
	})
	client := fetch.New(fetch.Config{AllowPrivate: true, Now: now})
	key := signature.Key{ID: bo + "#main-key", Private: private}

	for kind, want := range map[string]deliver.Result{
		activity.TypeFollow: {Outcome: deliver.Delivered, Status: http.StatusAccepted},
		activity.TypeLike:   {Outcome: deliver.Refused, Status: http.StatusForbidden},
	} {
		body, err := activity.Encode(activity.ActivityDoc{ID: "https://b.example/activity/" + kind, Type: kind, Actor: bo, Object: server.URL + "/m/tea"})
		if err != nil {
			t.Fatal(err)
		}
		got := deliver.Attempt(t.Context(), client, server.URL+"/inbox", body, deliver.Ways{First: key, Second: key})
		if got.Outcome != want.Outcome || got.Status != want.Status {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
		if kind == activity.TypeLike && !strings.Contains(got.Detail, "agents_only") {
			t.Errorf("%s: detail %q", kind, got.Detail)
		}
	}
	server.Close()
	if got := deliver.Attempt(t.Context(), client, server.URL+"/inbox", []byte(`{}`), deliver.Ways{First: key, Second: key}); got.Outcome != deliver.Retry || got.Detail == "" {
		t.Errorf("no server: %+v", got)
	}
}
