package inbox

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
)

// author returns the actor of an activity that somebody else sent, by the proof
// inside (FEP-8b32). Without a proof that can be judged the activity is refused
// as a forwarded one, with a wrong one as a forgery [PROOF-3].
func (v *Verifier) author(ctx context.Context, a *activity.Activity, now time.Time) (Signer, error) {
	p, err := proof.Find(a.Raw)
	switch {
	case errors.Is(err, proof.ErrNone), err == nil && !p.Fresh(now):
		return Signer{}, &Refusal{
			Status: http.StatusUnauthorized, Type: problemMismatch, Reason: ReasonForwarded,
			Detail: "The key is not the actor's, and the activity has no proof of its actor's that is younger than 29 days.",
		}
	case err != nil:
		return Signer{}, badProof(err)
	}
	signer, err := v.config.Keys.Key(ctx, p.Method)
	if err != nil {
		return Signer{}, withoutKey(err, &Unproven{KeyID: p.Method, Activity: a, Err: err})
	}
	if err = checkProof(p, a, signer); err != nil {
		// The key may have been changed: look once more.
		if fresh, errKey := v.config.Keys.Refresh(ctx, p.Method); errKey == nil {
			signer = fresh
			err = checkProof(p, a, signer)
		}
	}
	if err != nil {
		return Signer{}, badProof(err)
	}
	return signer, nil
}

func checkProof(p proof.Proof, a *activity.Activity, signer Signer) error {
	key, ok := signer.Key.(ed25519.PublicKey)
	if !ok || signer.Actor.ID != a.Actor {
		return ErrKeyOwner
	}
	return p.Verify(a.Raw, key)
}

func badProof(err error) *Refusal {
	return refuse(http.StatusUnauthorized, ReasonProof, "The activity's proof: "+err.Error()+".")
}

// withRequest puts the request into the error of one that cannot be judged now.
func withRequest(err error, r *http.Request, body []byte, now time.Time) error {
	if unproven, ok := errors.AsType[*Unproven](err); ok {
		unproven.Raw = NewRawRequest(r, body, now)
	}
	return err
}
