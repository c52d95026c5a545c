package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"code.dny.dev/ssrf"
)

var (
	// ErrGone says that the other server answered 410: what was asked for is
	// deleted for good.
	ErrGone = errors.New("gone")
	// ErrNotFound says that the other server answered 404.
	ErrNotFound = errors.New("not found")
	// ErrForbiddenAddress says that an address may not be asked: it is no web
	// address, not https, has a port of its own, leads into a private network, or
	// is the node's own. Where a host leads is judged anew for each connection.
	ErrForbiddenAddress = errors.New("forbidden address")
	// ErrTooLarge says that an answer has more than MaxBody bytes.
	ErrTooLarge = errors.New("answer is too large")
	// ErrContentType says that an answer is of another media type than asked.
	ErrContentType = errors.New("answer has the wrong content type")
	// ErrRedirect says that there were more than MaxRedirects, or one that
	// cannot be followed.
	ErrRedirect = errors.New("redirect that is not followed")
	// ErrTimeout says that the answer was not there in time, or that the
	// caller's context ended by its deadline.
	ErrTimeout = errors.New("no answer in time")
)

// StatusError is an answer with a status that is neither 200 nor one of those
// that have an error of their own.
type StatusError struct {
	Status     int
	RetryAfter time.Duration // how long the server asks to be left alone, or 0
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status))
}

// explain adds to an error of the network which of ours it is.
func explain(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort),
		errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrInvalidHostPort):
		return fmt.Errorf("%w: %w", ErrForbiddenAddress, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	default:
		return err
	}
}

// Lasting says whether asking again soon would only get the same answer.
func Lasting(err error) bool {
	for _, e := range [...]error{ErrGone, ErrNotFound, ErrForbiddenAddress, ErrTooLarge, ErrContentType, ErrRedirect} {
		if errors.Is(err, e) {
			return true
		}
	}
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		return false
	}
	switch status.Status {
	case http.StatusUnauthorized, // it may not have our key yet
		http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return status.Status < http.StatusInternalServerError
	}
}
