// Package deliver makes one attempt to bring an activity to one inbox and
// tells when to try again. It holds no queue: who waits for what, and where
// that is written down, is the caller's.
package deliver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"instar.example/federation/fetch"
	"instar.example/federation/signature"
)

// Outcome says what an attempt means for the delivery.
type Outcome int

// The outcomes. All but Retry are final.
const (
	Retry     Outcome = iota // not now; see NextAttempt
	Delivered                // the peer took it
	Refused                  // the peer will never take it
	Gone                     // the inbox is no more: its follower can be forgotten
)

// String names the outcome for logs and counters.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Refused:
		return "refused"
	case Gone:
		return "gone"
	default:
		return "retry"
	}
}

// MaxDetail bounds Result.Detail, in bytes.
const MaxDetail = 500

// Result is what came of an attempt.
type Result struct {
	Outcome Outcome
	// Second says that the second way of signing was tried and that this is what
	// came of it.
	Second bool
	// Vain says that the second way was refused with the status of the first one:
	// how it is signed is not what the peer minds.
	Vain   bool
	Status int // of the answer, 0 when there was none
	// RetryAfter is how long the peer asks to be left alone, 0 when it does not.
	RetryAfter time.Duration
	// Detail is the answer's body or the network's error, verbatim but cut. It
	// is foreign text.
	Detail string
}

// Poster sends a body, signed freshly for each call, and follows no redirect.
// It is fetch.Client.
type Poster interface {
	Post(ctx context.Context, url string, body []byte, key signature.Key) (fetch.Answer, error)
}

// Ways are the two ways in which an activity can be signed for a peer: by the
// draft and by RFC 9421, that first of which more is known. Without a Second
// nothing is tried twice.
type Ways struct{ First, Second signature.Key }

// Attempt posts body to inbox. An answer of 400 or 401 is tried once more at
// once, signed in the second way (the second knock): there are peers that read
// only one of the two. No other answer is, or half the fediverse would be asked
// everything twice. When ctx is done the result is Retry and says nothing about
// the peer.
func Attempt(ctx context.Context, c Poster, inbox string, body []byte, ways Ways) Result {
	if fetch.Origin(inbox) == "" {
		return Result{Outcome: Refused, Detail: cut(fmt.Sprintf("not an address: %q", inbox))}
	}
	first := knock(ctx, c, inbox, body, ways.First)
	if first.Status != http.StatusBadRequest && first.Status != http.StatusUnauthorized || ways.Second.Scheme == "" {
		return first
	}
	second := knock(ctx, c, inbox, body, ways.Second)
	second.Second, second.Vain = true, second.Status == first.Status
	return second
}

func knock(ctx context.Context, c Poster, inbox string, body []byte, key signature.Key) Result {
	answer, err := c.Post(ctx, inbox, body, key)
	if err != nil {
		return Result{Outcome: Retry, Detail: cut(err.Error())}
	}
	return Result{
		Outcome:    judge(answer.Status),
		Status:     answer.Status,
		RetryAfter: answer.RetryAfter,
		Detail:     cut(string(answer.Body)),
	}
}

// InboxOnly says of a Retry that it tells of the inbox alone: the server is up,
// but leads elsewhere, and its other inboxes need not wait.
func (r Result) InboxOnly() bool { return r.Outcome == Retry && r.Status/100 == 3 }

// judge tells what a status means. A redirect is no refusal: hosts under
// repair redirect to a notice.
func judge(status int) Outcome {
	switch status {
	case http.StatusGone:
		return Gone
	case http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return Retry
	case http.StatusNotImplemented:
		return Refused
	}
	switch status / 100 {
	case 2:
		return Delivered
	case 4:
		return Refused
	default:
		return Retry
	}
}

// cut shortens foreign text to MaxDetail bytes of valid UTF-8.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\x00", "\ufffd")
	if len(s) <= MaxDetail {
		return s
	}
	end := MaxDetail
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
