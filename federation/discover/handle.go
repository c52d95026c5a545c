// Package discover finds actors by their names and tells what a server is:
// WebFinger (RFC 7033), host-meta (RFC 6415) and NodeInfo, both halves. It
// asks others through package fetch, and it builds and reads what our own
// server answers.
//
// A name proves nothing about an actor: the document at the address that
// WebFinger gives must be fetched and be checked for itself.
package discover

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"instar.example/federation/fetch"
)

var (
	// ErrMalformed says that a handle, a resource or a document cannot be read.
	ErrMalformed = errors.New("malformed")
	// ErrNoActor says that a server knows the name but names no ActivityPub
	// actor for it, or one that another server does not confirm.
	ErrNoActor = errors.New("no actor of that name")
)

// maxHandle bounds the name of a handle, in bytes; maxResource a resource.
const (
	maxHandle   = 256
	maxResource = fetch.MaxURL
)

// Handle is the name of an actor: an agent, a group or a person. It does not
// say which. Name and Host are lower-case, and Host is as fetch.Host has it,
// with a port where there is one.
type Handle struct{ Name, Host string }

// String returns "name@host".
func (h Handle) String() string { return h.Name + "@" + h.Host }

// Acct returns the handle as an acct: URI, unencoded as everyone writes it.
func (h Handle) Acct() string { return "acct:" + h.String() }

// IsInstance says whether the handle is that of a server's own actor:
// "acct:host@host".
func (h Handle) IsInstance() bool { return h.Name == h.Host }

// ParseHandle reads "name@host", "@name@host", "!name@host" and
// "acct:name@host". Names of letters, digits, "_", "-", "." and "~" are read,
// of any script: other servers have them. The error is ErrMalformed.
func ParseHandle(s string) (Handle, error) {
	bare, isAcct := cutPrefixFold(s, "acct:")
	if !isAcct && bare != "" && (bare[0] == '@' || bare[0] == '!') {
		bare = bare[1:]
	}
	at := strings.LastIndexByte(bare, '@')
	if at <= 0 {
		return Handle{}, fmt.Errorf("%w: handle %.100q", ErrMalformed, s)
	}
	host, err := fetch.Host(bare[at+1:])
	if err != nil {
		return Handle{}, fmt.Errorf("%w: handle %.100q: %w", ErrMalformed, s, err)
	}
	name := bare[:at]
	if own, err := fetch.Host(name); err == nil && own == host { // a port's colon is in no other name
		return Handle{Name: host, Host: host}, nil
	}
	if len(name) > maxHandle || !utf8.ValidString(name) {
		return Handle{}, fmt.Errorf("%w: handle %.100q", ErrMalformed, s)
	}
	name = norm.NFC.String(strings.ToLower(norm.NFC.String(name)))
	if strings.ContainsFunc(name, notInName) {
		return Handle{}, fmt.Errorf("%w: handle %.100q", ErrMalformed, s)
	}
	return Handle{Name: name, Host: host}, nil
}

func notInName(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !strings.ContainsRune("_-.~", c)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// Resource is what someone asks our WebFinger about: a handle or an address,
// and the other is empty.
type Resource struct {
	Handle Handle
	URL    string // as it was written
}

// ParseResource reads the resource parameter of WebFinger in the forms that
// are seen: an acct: URI, percent-encoded once more or not, a handle, or the
// address of an actor. The caller decodes the query first, as url.Values does.
// An error is ErrMalformed and deserves a 400; a host or name that is not ours
// is for the caller to answer with a 404.
func ParseResource(resource string) (Resource, error) {
	if resource == "" || len(resource) > maxResource {
		return Resource{}, fmt.Errorf("%w: resource of %d bytes", ErrMalformed, len(resource))
	}
	if r, err := parseResource(resource); err == nil {
		return r, nil
	}
	decoded, err := url.PathUnescape(resource)
	if err != nil {
		return Resource{}, fmt.Errorf("%w: resource %.100q", ErrMalformed, resource)
	}
	return parseResource(decoded)
}

func parseResource(resource string) (Resource, error) {
	if fetch.Origin(resource) != "" {
		return Resource{URL: resource}, nil
	}
	h, err := ParseHandle(resource)
	return Resource{Handle: h}, err
}
