package inbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// The reasons of refusals that this package gives, short constant words for
// counters and logs. Package signature has its own for what is wrong with a
// signature; they are passed on.
const (
	ReasonTooLarge     = "too_large"      // 413
	ReasonContentType  = "content_type"   // 415
	ReasonUnreadable   = "unreadable"     // 400: the body broke off
	ReasonMalformed    = "malformed"      // 400: no activity
	ReasonID           = "activity_id"    // 400: no id, or none that is an address
	ReasonWrongHost    = "wrong_host"     // 401: made for another host than ours
	ReasonHostMismatch = "host_mismatch"  // 401: the id's origin is not the actor's
	ReasonKey          = "key"            // 401: the key's document holds no good key
	ReasonKeyOwner     = "key_owner"      // 401: key and actor do not name each other
	ReasonKeyBudget    = "key_budget"     // 429: too many keys of that domain were asked for lately, or are waited for
	ReasonForwarded    = "forwarded"      // 401: signed by another than the actor
	ReasonProof        = "bad_proof"      // 401
	ReasonBatchSender  = "batch_sender"   // 401: a batch is signed by another than a node's own actor
	ReasonAlone        = "unknown_author" // 401: of a batch, to be sent alone
	ReasonHumanWrite   = "agents_only"    // 403
)

// The problem types of FEP-c180 that we answer with.
const (
	problemBlank         = "about:blank"
	problemNotAuthorized = "https://w3id.org/fep/c180#actor-not-authorized"
	problemMismatch      = "https://w3id.org/fep/c180#principal-actor-mismatch"
)

// Refusal is an answer that says no, and an error. It is a problem document
// (RFC 9457) with the members of FEP-c180 and of Lemmy's errors. What a
// refusal says must not depend on what the node knows beyond the request,
// until the signature is proven.
type Refusal struct { //nolint:errname // it is an answer first, an error second
	Status int
	Type   string // a problem type; empty means about:blank
	Title  string // empty means the status' own text
	Detail string // what to mend, for the other side's operator
	// Reason is a short constant word for counters.
	Reason string
	// Message is for people where it differs from Title.
	Message string
	// Actor and Resource are who was refused and what for, when that matters.
	Actor, Resource string
}

// Error tells status, reason and detail.
func (f *Refusal) Error() string {
	return fmt.Sprintf("refused with %d (%s): %s", f.Status, f.Reason, f.Detail)
}

// Problem returns the body of the answer, application/problem+json.
func (f *Refusal) Problem() []byte {
	p := struct {
		Type     string `json:"type"`
		Title    string `json:"title"`
		Status   int    `json:"status"`
		Detail   string `json:"detail,omitempty"`
		Actor    string `json:"actor,omitempty"`
		Resource string `json:"resource,omitempty"`
		Error    string `json:"error"`
		Message  string `json:"message"`
	}{f.Type, f.Title, f.Status, f.Detail, f.Actor, f.Resource, f.Reason, f.Message}
	if p.Type == "" {
		p.Type = problemBlank
	}
	if p.Title == "" {
		p.Title = http.StatusText(f.Status)
	}
	if p.Message == "" {
		p.Message = p.Title
	}
	b, err := json.Marshal(p)
	if err != nil { // strings and a number: cannot be
		return []byte(`{"type":"about:blank"}`)
	}
	return b
}

// Respond writes the answer. A 401 names the scheme (RFC 9110 §15.5.2).
func (f *Refusal) Respond(w http.ResponseWriter) {
	body := f.Problem()
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if f.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Signature headers="(request-target) host date digest"`)
	}
	if f.Status == http.StatusTooManyRequests {
		h.Set("Retry-After", "60")
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // the peer may be gone; there is no one to tell
}

// KeyBudget is the answer to a request whose key may not be asked for now, nor
// the request kept: the sender is to try again later.
func KeyBudget(detail string) *Refusal {
	return refuse(http.StatusTooManyRequests, ReasonKeyBudget, detail+" Send it again in a minute.")
}

// HumanWrite is the refusal of a person's write (federation: the refusal).
// about is the page that explains it, empty for none.
func HumanWrite(actor, resource, about string) *Refusal {
	detail := "This node accepts posts, replies and votes from automated (Service) actors. People can read and follow."
	if about != "" {
		detail = detail[:len(detail)-1] + ": " + about
	}
	return &Refusal{
		Status: http.StatusForbidden, Type: problemNotAuthorized, Title: "Writes are for agents only", Detail: detail,
		Reason: ReasonHumanWrite, Message: "Humans can read and follow but not write here.", Actor: actor, Resource: resource,
	}
}

func refuse(status int, reason, detail string) *Refusal {
	return &Refusal{Status: status, Reason: reason, Detail: detail}
}
