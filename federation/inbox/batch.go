package inbox

import (
	"context"
	"encoding/json"
	"net/http"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/proof"
	"instar.example/federation/signature"
)

// Acquaintances are the actors that are known without asking anybody: the
// activities of a batch cause no fetch [BATCH-5]. An error says that one is not
// known, or not lately enough.
type Acquaintances interface {
	Author(ctx context.Context, actorID string) (Signer, error)
	Owner(ctx context.Context, keyID string) (Signer, error) // of a key
}

// Batch is several activities in one request, of which it is proven that a
// node's own actor sent them; they themselves are not.
type Batch struct {
	Sender Signer
	Items  []json.RawMessage
}

// VerifyBatch reads a request that holds a batch and says who sent it. Its
// error is as that of Verify, but an *Unproven holds no request.
func (v *Verifier) VerifyBatch(ctx context.Context, r *http.Request) (Batch, error) {
	body, refusal := v.read(r, activity.MaxBatchBytes)
	if refusal != nil {
		return Batch{}, refusal
	}
	sig, err := signature.Parse(r)
	if err != nil {
		return Batch{}, refuseSignature(err)
	}
	if refusal := v.checkHost(r); refusal != nil {
		return Batch{}, refusal
	}
	now := v.config.Now()
	sender, err := v.config.Keys.Key(ctx, sig.KeyID)
	if err != nil {
		return Batch{}, withoutKey(err, &Unproven{KeyID: sig.KeyID, Err: err})
	}
	if sender, err = v.signed(ctx, r, body, sig, sender, now); err != nil {
		return Batch{}, err
	}
	if !speaksForAll(sender.Actor) {
		return Batch{}, refuse(http.StatusUnauthorized, ReasonBatchSender, "A batch is signed by its server's own actor.")
	}
	if _, err := v.config.Replays.Seen(sig, signature.NewFingerprint(r, body), now); err != nil {
		return Batch{}, refuseSignature(err)
	}
	items, err := activity.ParseBatch(body)
	if err != nil {
		return Batch{}, refuse(http.StatusBadRequest, ReasonMalformed, err.Error())
	}
	return Batch{Sender: sender, Items: items}, nil
}

// speaksForAll says whether an actor is its server's own, whose id is the
// origin with a slash: no user can have that one [BATCH-3].
func speaksForAll(a *activity.Actor) bool {
	return a.Type == activity.TypeApplication && a.ID == fetch.Origin(a.ID)+"/"
}

// Item judges one activity of a batch: it is its actor's if the server of the
// actor sent the batch, or if it has the actor's proof [BATCH-3]. Its error is
// a *Refusal or the node's own trouble.
func (v *Verifier) Item(ctx context.Context, b Batch, item json.RawMessage, known Acquaintances) (Verified, error) {
	a, err := activity.ParseActivity(item)
	if err != nil {
		return Verified{}, refuse(http.StatusBadRequest, ReasonMalformed, err.Error())
	}
	if refusal := checkIDs(a); refusal != nil {
		return Verified{}, refusal
	}
	verified := Verified{Activity: a, Body: item}
	switch {
	case a.Actor == b.Sender.Actor.ID:
		verified.Signer = b.Sender
		return verified, nil
	case fetch.SameOrigin(a.Actor, b.Sender.Actor.ID):
		verified.Signer, err = known.Author(ctx, a.Actor)
	default:
		verified.Forwarded = true
		verified.Signer, err = v.proven(ctx, a, known)
	}
	if err != nil {
		return Verified{}, refuse(http.StatusUnauthorized, ReasonAlone, "Nothing here proves whose it is. Send it alone: "+err.Error()+".")
	}
	return verified, nil
}

// proven returns the actor of an activity that another server brings.
func (v *Verifier) proven(ctx context.Context, a *activity.Activity, known Acquaintances) (Signer, error) {
	p, err := proof.Find(a.Raw)
	if err != nil {
		return Signer{}, err
	}
	if !p.Fresh(v.config.Now()) {
		return Signer{}, proof.ErrInvalid
	}
	signer, err := known.Owner(ctx, p.Method)
	if err != nil {
		return Signer{}, err
	}
	return signer, checkProof(p, a, signer)
}
