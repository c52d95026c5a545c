package inbox

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
)

const boProof = bo + "#ed25519-key"

func boEd25519() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("bo's own seed, of 32 bytes ......"[:32]))
}

// proven is Bo's Like with his proof.
func proven(t *testing.T, made time.Time) string {
	t.Helper()
	b, err := proof.Sign([]byte(like), proof.Key{ID: boProof, Private: boEd25519()}, made)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (k *keyring) withProofs() {
	k.signers[boProof] = Signer{KeyID: boProof, Actor: &activity.Actor{ID: bo, Type: activity.TypeService}, Key: boEd25519().Public()}
	k.signers[mallory+"#ed25519-key"] = Signer{KeyID: mallory + "#ed25519-key", Actor: &activity.Actor{ID: mallory}, Key: boEd25519().Public()}
}

// FEP-8b32: with its own actor's proof an activity counts, whoever brings it.
func TestAForwardedActivityCountsByItsProof(t *testing.T) {
	t.Parallel()
	byMallory := func(body string) letter {
		return letter{body: body, keyID: mallory + "#main-key", private: privateKeys()[1]}
	}
	good := proven(t, now)
	for name, c := range map[string]struct {
		body   string
		status int
		reason string
	}{
		"proven":               {good, http.StatusAccepted, ""},
		"proven long ago":      {proven(t, now.Add(-28*24*time.Hour)), http.StatusAccepted, ""},
		"changed":              {strings.Replace(good, "post/1", "post/2", 1), http.StatusUnauthorized, ReasonProof},
		"by another's key":     {strings.Replace(good, boProof, mallory+"#ed25519-key", 1), http.StatusUnauthorized, ReasonProof},
		"by an RSA key":        {strings.Replace(good, boProof, boKey, 1), http.StatusUnauthorized, ReasonProof},
		"by an unknown key":    {strings.Replace(good, boProof, bo+"#other", 1), http.StatusUnauthorized, ReasonKey},
		"unreadable":           {strings.Replace(good, `"proofValue":"z`, `"proofValue":"`, 1), http.StatusUnauthorized, ReasonProof},
		"of another suite":     {strings.Replace(good, "eddsa-jcs-2022", "eddsa-rdfc-2022", 1), http.StatusUnauthorized, ReasonForwarded},
		"too old":              {proven(t, now.Add(-proof.MaxAge-time.Minute)), http.StatusUnauthorized, ReasonForwarded},
		"from the future":      {proven(t, now.Add(proof.MaxAhead+time.Minute)), http.StatusUnauthorized, ReasonForwarded},
		"without":              {like, http.StatusUnauthorized, ReasonForwarded},
		"id of another server": {strings.Replace(good, "https://b.example/likes", "https://c.example/likes", 1), http.StatusUnauthorized, ReasonHostMismatch},
	} {
		n := newNode(t)
		n.keys.withProofs()
		resp := n.send(t, byMallory(c.body))
		if resp.status != c.status {
			t.Errorf("%s: %d, %v; want %d", name, resp.status, n.err, c.status)
			continue
		}
		if c.status == http.StatusAccepted {
			if n.got.Signer.Actor.ID != bo || n.got.Activity.Actor != bo {
				t.Errorf("%s: %+v", name, n.got)
			}
			continue
		}
		if refusal, ok := n.err.(*Refusal); !ok || refusal.Reason != c.reason { //nolint:errorlint // Verify returns it bare
			t.Errorf("%s: %v, want %s", name, n.err, c.reason)
		}
	}
}

// A sender's signature is proof enough of what it says itself: nothing more is
// computed, and a broken proof of one who forwards nothing harms nobody.
func TestTheSignersOwnProofIsNotNeeded(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	resp := n.send(t, letter{body: strings.Replace(proven(t, now), "post/1", "post/2", 1)})
	if resp.status != http.StatusAccepted || n.keys.asked != 1 {
		t.Errorf("%d after %d keys: %v", resp.status, n.keys.asked, n.err)
	}
}

func TestAForwardedActivityIsJudgedByTheNewKeyToo(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.keys.withProofs()
	next := n.keys.signers[boProof]
	old := next
	old.Key = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	n.keys.signers[boProof], n.keys.fresh = old, map[string]Signer{boProof: next}
	resp := n.send(t, letter{body: proven(t, now), keyID: mallory + "#main-key", private: privateKeys()[1]})
	if resp.status != http.StatusAccepted || n.keys.refreshed != 1 {
		t.Errorf("%d after %d looks: %v", resp.status, n.keys.refreshed, n.err)
	}
}
