package peerapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"instar.example/federation/activity"
	"instar.example/federation/inbox"
	"instar.example/node"
)

// maxBatchDetail bounds what is told of one activity of a batch.
const maxBatchDetail = 200

// batch takes several activities of a node of our kind. The answer tells of
// each what it would have been answered alone [BATCH-4].
func (a *API) batch(w http.ResponseWriter, r *http.Request) {
	b, err := a.verifier.VerifyBatch(r.Context(), r)
	if unproven, ok := errors.AsType[*inbox.Unproven](err); ok {
		err = withoutSender(unproven)
	}
	if err != nil {
		refusal := a.refusal(r, err)
		a.count(refusal.Reason)
		refusal.Respond(w)
		return
	}
	a.count("batch")
	body, err := json.Marshal(activity.BatchAnswer{Results: a.takeAll(r, b)})
	if err != nil { // numbers and strings: cannot be
		a.refusal(r, err).Respond(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the peer may be gone; there is no one to tell
}

// withoutSender is the answer to a batch whose sender cannot be asked now: a
// batch is too large to be kept undecided.
func withoutSender(u *inbox.Unproven) *inbox.Refusal {
	if errors.Is(u, inbox.ErrKeyGone) {
		return &inbox.Refusal{Status: http.StatusUnauthorized, Reason: "key_gone", Detail: "The key's address says that it is gone."}
	}
	return &inbox.Refusal{Status: http.StatusServiceUnavailable, Reason: inbox.ReasonKey, Detail: "The sender's key cannot be had now."}
}

// takeAll decides each activity of a batch and keeps what is to be kept, in its order.
func (a *API) takeAll(r *http.Request, b inbox.Batch) []activity.BatchResult {
	ctx := r.Context()
	opened, errs := make([]inbox.Verified, len(b.Items)), make([]error, len(b.Items))
	keep := make([]bool, len(b.Items))
	node.InParallel(len(b.Items), func(i int) { opened[i], keep[i], errs[i] = a.open(ctx, b, b.Items[i]) })
	var incoming []node.Incoming
	var which []int
	for i, v := range opened {
		if keep[i] {
			incoming, which = append(incoming, node.Incoming{Activity: v.Activity, Signer: v.Signer.Actor}), append(which, i)
		}
	}
	duplicate := make([]bool, len(b.Items))
	for k, kept := range a.node.KeepAllReceived(ctx, incoming) {
		i := which[k]
		duplicate[i], errs[i] = kept.Duplicate, kept.Err
		if kept.Err == nil {
			a.keys.stored(opened[i].Signer)
		}
	}
	results := make([]activity.BatchResult, len(b.Items))
	for i, err := range errs {
		results[i] = activity.BatchResult{Status: http.StatusAccepted}
		switch {
		case err != nil:
			refusal := a.refusal(r, err)
			a.count(refusal.Reason)
			results[i] = activity.BatchResult{Status: refusal.Status, Error: refusal.Reason, Detail: refusal.Detail[:min(len(refusal.Detail), maxBatchDetail)]}
		case !keep[i]:
			a.count("ignored")
		case duplicate[i]:
			a.count("duplicate")
		default:
			a.count("accepted")
		}
	}
	return results
}

// open verifies and admits one activity; false without an error says that it
// is to be ignored.
func (a *API) open(ctx context.Context, b inbox.Batch, item json.RawMessage) (inbox.Verified, bool, error) {
	v, err := a.verifier.Item(ctx, b, item, a.keys)
	if err != nil {
		return v, false, err
	}
	verdict, err := a.node.Admit(ctx, v.Activity, v.Signer.Actor)
	if e, ok := errors.AsType[*node.Error](err); ok {
		return v, false, a.denial(e, v.Activity)
	}
	return v, err == nil && verdict == node.Keep && !v.Undated(), err
}
