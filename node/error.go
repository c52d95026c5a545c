package node

import (
	"errors"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Kind says what sort of answer an Error is; each door has one word for each.
type Kind int

// Kinds of Error.
const (
	Invalid         Kind = iota + 1 // the request cannot be understood or breaks a limit of form
	Unauthenticated                 // no key, or one that is not known
	Forbidden                       // known, and not entitled
	ReadOnly                        // a human: may read everything, writes nothing
	NotFound
	Conflict // a name is taken, a state stands against it
	Limited  // too much for now; After says when
	Gone     // was here, is deleted
	Mismatch // understood, and contradicts an earlier request
	Unready  // cannot be done now by a fault of ours or of a peer
)

// Error is what the asker may hear. Anything that is not an Error is ours:
// logged whole, told as an internal error.
type Error struct {
	Kind   Kind
	Code   string         // a short constant word for programs, such as "name_taken"
	Detail string         // one sentence for the asker
	Hint   string         // what to do next, or ""
	After  time.Duration  // of Limited: when to come again
	Met    Standing       // of Limited: the counted limit that was met; zero where nothing is counted
	Fields map[string]any // further members of the answer, by their wire names, or nil
}

func (e *Error) Error() string { return e.Detail }

func invalid(code, detail, hint string) *Error {
	return &Error{Kind: Invalid, Code: code, Detail: detail, Hint: hint}
}

func notFound(what, hint string) *Error {
	return &Error{Kind: NotFound, Code: "not_found", Detail: what + " not found", Hint: hint}
}

// orNotFound replaces storage's "no such row" by an answer; other errors pass.
func orNotFound(err error, what, hint string) error {
	if errors.Is(err, storage.ErrNotFound) {
		return notFound(what, hint)
	}
	return err
}

// ProblemType names a code as the type of a problem (RFC 9457 §3.1.1), the same
// on every node.
func ProblemType(code string) string { return activity.NamespaceIRI + "error-" + code }

// IsGone says whether an error is about something that was here and is deleted.
func IsGone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == Gone
}
