package signature

import "net/http"

// Error is why a request's signature is not believed. The sentinels below are
// all there are; errors.As finds them behind what was added to them.
type Error struct {
	reason, text string
	status       int
}

// Error tells what is wrong, in words for the other side's operator.
func (e *Error) Error() string { return e.text }

// Status is the HTTP status to answer with, 400 or 401.
func (e *Error) Status() int { return e.status }

// Reason is a short constant word for counters and logs.
func (e *Error) Reason() string { return e.reason }

var (
	// ErrMissing says that there is no Signature header [SIG-1].
	ErrMissing = &Error{"missing_signature", "the request has no Signature header", http.StatusUnauthorized}
	// ErrMalformed says that the Signature header cannot be parsed [SIG-6].
	ErrMalformed = &Error{"malformed_signature", "the Signature header is malformed", http.StatusBadRequest}
	// ErrUnsupported says that the request is signed in a way that is not read
	// here, or names an algorithm that the key is not for.
	ErrUnsupported = &Error{"unsupported_signature", "the signature's scheme or algorithm is not supported", http.StatusUnauthorized}
	// ErrUnsigned says that the signature does not cover what it must [SIG-2].
	ErrUnsigned = &Error{"unsigned_header", "a required header is not signed", http.StatusUnauthorized}
	// ErrDigest says that Digest or Content-Digest is not the body's [SIG-3].
	ErrDigest = &Error{"bad_digest", "the digest does not match the body", http.StatusUnauthorized}
	// ErrStale says that the request was signed too long ago or ahead [SIG-4].
	ErrStale = &Error{"stale_signature", "the request was not signed within the last hour", http.StatusUnauthorized}
	// ErrInvalid says that the signature does not verify [SIG-5].
	ErrInvalid = &Error{"bad_signature", "the signature does not verify", http.StatusUnauthorized}
	// ErrKey says that a public key is of no kind accepted here [SIG-9].
	ErrKey = &Error{"bad_key", "the key is neither RSA of 2048 to 4096 bits nor Ed25519", http.StatusUnauthorized}
	// ErrReplayed says that a signature came again on another request [SIG-11].
	ErrReplayed = &Error{"replayed_signature", "the signature was used before for another request", http.StatusUnauthorized}
)
