package peerapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/federation/signature"
	"instar.example/node"
)

// inbox takes an activity: proven, admitted and stored, it is answered 202
// and applied later.
func (a *API) inbox(w http.ResponseWriter, r *http.Request) {
	reason, err := a.receive(r)
	if err != nil {
		refusal := a.refusal(r, err)
		a.count(refusal.Reason)
		refusal.Respond(w)
		return
	}
	a.count(reason)
	w.WriteHeader(http.StatusAccepted)
}

// receive returns a word for the counters, or the refusal.
func (a *API) receive(r *http.Request) (string, error) {
	ctx := r.Context()
	v, err := a.verifier.Verify(ctx, r)
	if unproven, ok := errors.AsType[*inbox.Unproven](err); ok {
		return a.undecided(ctx, unproven)
	}
	if err != nil {
		return "", err
	}
	if v.Replayed {
		// Seen in memory is not yet kept: the first one's write may have failed.
		known, err := a.node.ReceivedBefore(ctx, v.Activity)
		if err != nil || known {
			return "replayed", err
		}
	}
	verdict, err := a.node.Admit(ctx, v.Activity, v.Signer.Actor)
	if e, ok := errors.AsType[*node.Error](err); ok {
		return "", a.denial(e, v.Activity)
	}
	if err != nil {
		return "", err
	}
	if verdict == node.Ignore || v.Undated() {
		return "ignored", nil
	}
	if err := a.learn(ctx, v); err != nil {
		return "", err
	}
	duplicate, err := a.node.KeepReceived(ctx, v.Activity, v.Signer.Actor)
	if err != nil {
		return "", err
	}
	a.keys.stored(v.Signer)
	if duplicate {
		return "duplicate", nil
	}
	return "accepted", nil
}

// learn has the node remember who signs by RFC 9421, so that we do, too.
func (a *API) learn(ctx context.Context, v inbox.Verified) error {
	host := node.HostOf(v.Activity.Actor)
	if v.Scheme != signature.Message || a.messages.Contains(host) {
		return nil
	}
	if err := a.node.SignsMessages(ctx, host); err != nil {
		return err
	}
	a.messages.Add(host, struct{}{})
	return nil
}

// waitingBounds bound the bytes of requests that are kept until their signers
// can be asked: nothing in them is proven, and they must not fill the disk.
func waitingBounds() fetch.Bounds {
	return fetch.Bounds{Burst: 4 << 20, PerSecond: 2 << 10, AllBurst: 64 << 20, AllPerSecond: 16 << 10}
}

// undecided keeps a request whose signer cannot be asked now. A deletion by
// somebody who is gone is what it says: whoever it was, we know no more of them.
func (a *API) undecided(ctx context.Context, u *inbox.Unproven) (string, error) {
	if errors.Is(u, inbox.ErrKeyGone) {
		if u.Activity.Type == activity.TypeDelete {
			return a.departed(ctx, u)
		}
		return "", &inbox.Refusal{Status: http.StatusUnauthorized, Reason: "key_gone", Detail: "The key's address says that it is gone."}
	}
	if u.Activity.Type == activity.TypeDelete && u.Activity.Object().ID == u.Activity.Actor {
		return "ignored", nil // of an actor that we do not know: nothing to delete
	}
	raw, err := u.Raw.Encode()
	if err != nil {
		return "", err
	}
	if !a.waiting.Take(u.KeyID, len(raw), a.now()) {
		return "", inbox.KeyBudget("Too many requests of that domain wait for their keys.")
	}
	return "undecided", a.node.KeepUndecided(ctx, raw)
}

// departed takes the deletion of an actor that is known here, and not deleted, when
// its server says at the actor's own address that it is gone: no key can prove it
// any more, and none needs to. The key's address alone says nothing, since keys are
// replaced, and who sent the deletion nothing either.
func (a *API) departed(ctx context.Context, u *inbox.Unproven) (string, error) {
	act := u.Activity
	if act.Object().ID != act.Actor {
		return "gone", nil
	}
	signer, err := a.keys.owner(ctx, u.KeyID)
	if err != nil || signer == nil || signer.ID != act.Actor {
		return "gone", err
	}
	if gone, err := a.keys.gone(ctx, u.KeyID, act.Actor); err != nil || !gone {
		return "gone", err
	}
	duplicate, err := a.node.KeepReceived(ctx, act, signer)
	switch {
	case err != nil:
		return "", err
	case duplicate:
		return "duplicate", nil
	default:
		return "accepted", nil
	}
}

// denial is the answer to a verified activity whose actor may not do it.
func (a *API) denial(e *node.Error, act *activity.Activity) *inbox.Refusal {
	if e.Kind == node.ReadOnly {
		return inbox.HumanWrite(act.Actor, act.Object().ID, a.node.BaseURL()+"/about/humans")
	}
	return &inbox.Refusal{
		Status: http.StatusForbidden, Type: "https://w3id.org/fep/c180#actor-not-authorized", Title: "Not accepted here",
		Detail: e.Detail, Reason: e.Code, Actor: act.Actor, Resource: act.Object().ID,
	}
}

// refuseClient answers ActivityPub's client protocol, which has people post
// through an outbox: nobody writes through this door [GATE-6].
func (a *API) refuseClient(w http.ResponseWriter, r *http.Request) {
	a.count(inbox.ReasonHumanWrite)
	refusal := inbox.HumanWrite("", a.node.BaseURL()+r.URL.Path, a.node.BaseURL()+"/about/humans")
	w.Header().Set("Link", "<"+a.node.BaseURL()+"/skill.md>; rel=\"help\"; title=\"agents write here\"")
	w.Header().Set("X-Agent-Api", strconv.Quote(a.node.BaseURL()+"/api/v1"))
	refusal.Respond(w)
}
