// Package inbox turns a request to an inbox into a verified activity, or into
// a named refusal. What it lets through is proven to come from the actor that
// it names: the signature holds, the key is the actor's, both say so, and the
// activity's id is of the actor's origin. Whether that actor may do what it
// asks is not decided here.
//
// An activity that another actor passes on counts when it carries its own
// actor's proof (forwarded.go).
//
// It stores nothing and answers nothing. Its one side effect is that it
// remembers signatures it has let through, to know a repetition.
package inbox

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/signature"
)

// What a Keys says when it has no key to give. Other errors of a Keys are
// taken for the node's own trouble and passed on.
var (
	// ErrKeyUnavailable says that the key could not be fetched in time, which
	// proves nothing: store the request and decide later.
	ErrKeyUnavailable = errors.New("key cannot be had now")
	// ErrKeyGone says that the key's address answers 410: its owner was deleted.
	ErrKeyGone = errors.New("key is gone")
	// ErrKeyRefused says that the key's address answered, and not with a key
	// that is accepted.
	ErrKeyRefused = errors.New("key is not accepted")
	// ErrKeyBudget says that so many keys of its domain were asked for lately
	// that this one must wait.
	ErrKeyBudget = errors.New("too many keys of that domain")
)

// Signer is the actor that owns a key.
type Signer struct {
	KeyID string
	Actor *activity.Actor // from its own id; CheckKeyOwner held
	Key   crypto.PublicKey
}

// Keys knows signers by their key: from a cache, a database or one fetch. Each
// Signer it returns has passed CheckKeyOwner.
type Keys interface {
	Key(ctx context.Context, keyID string) (Signer, error)
	// Refresh looks past what is cached, at most once in a while for a key;
	// else it returns what it has.
	Refresh(ctx context.Context, keyID string) (Signer, error)
}

// Verified is an activity that its actor did send.
type Verified struct {
	Signer   Signer
	Activity *activity.Activity
	Body     []byte // as received; Activity shares it
	// Scheme is how the signer signed the request; empty in a batch, and where
	// somebody else passed the activity on.
	Scheme signature.Scheme
	// Forwarded says that somebody else than its actor brought the activity, or
	// in a batch than its actor's server: its proof says whose it is.
	Forwarded bool
	// Replayed says that the very same request was let through before. Answer
	// it like the first time, without effect. It is a hint and no proof of the
	// contrary: the memory is bounded and not shared between processes.
	Replayed bool
}

// Undated says that somebody passes on an actor's profile which does not say when
// it was written: it may be an old one, with a key that was given up since.
func (v Verified) Undated() bool {
	a := v.Activity
	return v.Forwarded && a.Type == activity.TypeUpdate && a.Object().ID == a.Actor && a.Published.IsZero() && a.Updated.IsZero()
}

// Unproven is the error for a request that cannot be judged, because its key
// cannot be had: errors.Is tells ErrKeyUnavailable from ErrKeyGone. Nothing in
// it is to be believed.
type Unproven struct { //nolint:errname // it is a request first, an error second
	KeyID    string
	Raw      RawRequest
	Activity *activity.Activity
	Err      error
}

// Error tells why.
func (u *Unproven) Error() string { return "unproven: " + u.Err.Error() }

// Unwrap returns the error of Keys.
func (u *Unproven) Unwrap() error { return u.Err }

// Config says how a Verifier works. All but MaxBody is needed.
type Config struct {
	Keys Keys
	Now  func() time.Time
	// Host is the node's own, with its port unless that is the scheme's. What
	// was signed for another host is refused: whoever received it could pass
	// it on to us.
	Host string
	// MaxBody bounds a request's body; 0 means activity.MaxBytes.
	MaxBody int64
	// Replays is the memory of signatures, one for all inboxes of a node.
	Replays *signature.Replays
}

// Verifier verifies requests to the inboxes of a node. It is safe for
// concurrent use.
type Verifier struct {
	config Config // set once by New
}

// New returns a Verifier.
func New(c Config) *Verifier {
	if c.MaxBody == 0 {
		c.MaxBody = activity.MaxBytes
	}
	c.Host = strings.ToLower(c.Host)
	return &Verifier{config: c}
}

// Verify reads a request and says what it proves. Its error is a *Refusal to
// answer with, an *Unproven to keep for later under a 202, or the node's own
// trouble. The checks that need no key come first, so that a forgery costs no
// fetch.
func (v *Verifier) Verify(ctx context.Context, r *http.Request) (Verified, error) {
	body, refusal := v.read(r, v.config.MaxBody)
	if refusal != nil {
		return Verified{}, refusal
	}
	return v.judge(ctx, r, body, v.config.Now())
}

// VerifyRaw judges a request that was kept, as of the time it was received.
func (v *Verifier) VerifyRaw(ctx context.Context, q RawRequest) (Verified, error) {
	r, err := q.request(ctx)
	if err != nil {
		return Verified{}, refuse(http.StatusBadRequest, ReasonMalformed, err.Error())
	}
	return v.judge(ctx, r, q.Body, q.Received)
}

// read returns the body of a request of the right size and type.
func (v *Verifier) read(r *http.Request, most int64) ([]byte, *Refusal) {
	tooLarge := refuse(http.StatusRequestEntityTooLarge, ReasonTooLarge,
		fmt.Sprintf("A request has at most %d bytes here.", most))
	if r.ContentLength > most {
		return nil, tooLarge
	}
	if !isJSON(r.Header) {
		return nil, refuse(http.StatusUnsupportedMediaType, ReasonContentType,
			"Send application/activity+json, not compressed.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	var limit *http.MaxBytesError
	switch {
	case int64(len(body)) > most || errors.As(err, &limit):
		return nil, tooLarge
	case err != nil:
		return nil, refuse(http.StatusBadRequest, ReasonUnreadable, "The body broke off.")
	}
	return body, nil
}

// isJSON takes any JSON type: senders differ, and the signature decides.
func isJSON(h http.Header) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) { // some write a profile without quotes
		return false
	}
	return mediaType == "application/json" || strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
}

// judge runs the checks in their order: what is cheap, the key, the signature,
// whose it is, and whether it came before.
func (v *Verifier) judge(ctx context.Context, r *http.Request, body []byte, now time.Time) (Verified, error) {
	sig, err := signature.Parse(r)
	if err != nil {
		return Verified{}, refuseSignature(err)
	}
	a, err := activity.ParseActivity(body)
	if err != nil {
		return Verified{}, refuse(http.StatusBadRequest, ReasonMalformed, err.Error())
	}
	if refusal := v.checkOrigins(r, a); refusal != nil {
		return Verified{}, refusal
	}
	signer, err := v.config.Keys.Key(ctx, sig.KeyID)
	if err != nil {
		request := &Unproven{KeyID: sig.KeyID, Raw: NewRawRequest(r, body, now), Activity: a, Err: err}
		if errors.Is(err, ErrKeyRefused) && a.Type == activity.TypeDelete && a.Object().ID == a.Actor {
			return Verified{}, request // of one who is gone: Misskey knows it no more
		}
		return Verified{}, withoutKey(err, request)
	}
	if signer, err = v.signed(ctx, r, body, sig, signer, now); err != nil {
		return Verified{}, err
	}
	scheme, forwarded := sig.Scheme, signer.Actor.ID != a.Actor
	if forwarded { // its sender proves nothing about its actor
		scheme = ""
		if signer, err = v.author(ctx, a, now); err != nil {
			return Verified{}, withRequest(err, r, body, now)
		}
	}
	again, err := v.config.Replays.Seen(sig, signature.NewFingerprint(r, body), v.config.Now())
	if err != nil {
		return Verified{}, refuseSignature(err)
	}
	return Verified{Signer: signer, Activity: a, Body: body, Scheme: scheme, Forwarded: forwarded, Replayed: again}, nil
}

// signed says whose signature a request has: the signer's of the key, or that
// of the key that its owner has now.
func (v *Verifier) signed(
	ctx context.Context, r *http.Request, body []byte, sig signature.Signature, signer Signer, now time.Time,
) (Signer, error) {
	err := signature.Verify(r, body, sig, signer.Key, now)
	if errors.Is(err, signature.ErrInvalid) || errors.Is(err, signature.ErrUnsupported) {
		// The key may have been changed: look once more.
		if fresh, errKey := v.config.Keys.Refresh(ctx, sig.KeyID); errKey == nil {
			signer = fresh
			err = signature.Verify(r, body, sig, signer.Key, now)
		}
	}
	if err != nil {
		return Signer{}, refuseSignature(err)
	}
	return signer, nil
}

// checkOrigins looks at where a request and its activity say they belong.
func (v *Verifier) checkOrigins(r *http.Request, a *activity.Activity) *Refusal {
	if refusal := v.checkHost(r); refusal != nil {
		return refusal
	}
	return checkIDs(a)
}

func (v *Verifier) checkHost(r *http.Request) *Refusal {
	host := strings.ToLower(r.Host)
	if host != v.config.Host && host != v.config.Host+":443" && host != v.config.Host+":80" {
		return refuse(http.StatusUnauthorized, ReasonWrongHost, "The request was made for another host.")
	}
	return nil
}

func checkIDs(a *activity.Activity) *Refusal {
	if err := checkID(a.ID); err != nil {
		return refuse(http.StatusBadRequest, ReasonID, "The activity's id "+err.Error()+".")
	}
	if err := checkID(a.Actor); err != nil {
		return refuse(http.StatusBadRequest, ReasonMalformed, "The actor's id "+err.Error()+".")
	}
	if !fetch.SameOrigin(a.ID, a.Actor) {
		return &Refusal{
			Status: http.StatusUnauthorized, Type: problemMismatch, Reason: ReasonHostMismatch,
			Detail: "The activity's id is not of its actor's host.",
		}
	}
	return nil
}

// withoutKey sorts the errors of Keys.
func withoutKey(err error, request *Unproven) error {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, ErrKeyGone), errors.Is(err, ErrKeyUnavailable), errors.Is(err, context.DeadlineExceeded):
		return request
	case errors.Is(err, ErrKeyBudget):
		return KeyBudget("Too many unknown keys of that domain.")
	case errors.Is(err, ErrKeyOwner):
		return refuse(http.StatusUnauthorized, ReasonKeyOwner, "The key and its actor do not name each other.")
	case errors.Is(err, ErrKeyRefused), errors.Is(err, activity.ErrNoKey), errors.Is(err, activity.ErrMalformed):
		return refuse(http.StatusUnauthorized, ReasonKey, "The key's address holds no key that is accepted.")
	case errors.As(err, new(*signature.Error)):
		return refuseSignature(err)
	}
	return fmt.Errorf("key of a request to an inbox: %w", err)
}

// refuseSignature passes on what package signature found.
func refuseSignature(err error) *Refusal {
	var found *signature.Error
	if !errors.As(err, &found) {
		found = signature.ErrInvalid
	}
	return refuse(found.Status(), found.Reason(), err.Error())
}
