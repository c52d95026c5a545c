// Package signature signs HTTP requests and verifies the signatures of others,
// as the fediverse does it: by draft-cavage-http-signatures-12, and by RFC 9421
// where the other side can (message.go).
//
// By the draft, a signed request names a key (keyId), lists what is signed (headers), and
// carries an RSA or Ed25519 signature over one line for each of them:
//
//	(request-target): post /inbox
//	host: peer.example
//	date: Sun, 23 Aug 2026 12:00:00 GMT
//	digest: SHA-256=...
//	content-type: application/activity+json
//
// The lines are made and the arithmetic is done by github.com/go-fed/httpsig,
// which checks nothing else: not the body, not the date, not what is signed.
// All of that is done here, and the library is never handed a foreign header.
//
// The package fetches no keys and does not know whose they are: that the
// signer is who the activity says is for package inbox. Nor does it know our
// own name: a caller must see to it that r.Host is the node's, or a request
// signed for another host would be taken.
package signature

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-fed/httpsig"
)

// Scheme is a way to sign a request.
type Scheme string

// The schemes.
const (
	Cavage  Scheme = "cavage"  // draft-cavage-http-signatures-12, with RSA
	Message Scheme = "rfc9421" // RFC 9421, with whatever the key is
)

// Key signs. ID is the keyId put on the wire, such as
// "https://node.example/u/ada#main-key".
type Key struct {
	ID string
	// Private is an *rsa.PrivateKey of MinRSABits to MaxRSABits or, for Message
	// alone, an ed25519.PrivateKey.
	Private crypto.Signer
	Scheme  Scheme // "" is Cavage
}

// What we sign: what every verifier known asks for, and no more (created and
// expires are read in different ways). Content-type is signed but not asked
// of others.
const (
	signedPOST = "(request-target) host date digest content-type"
	signedGET  = "(request-target) host date"
)

// Sign signs a request: with a body as POST, with a nil body as GET. It sets
// the headers Date, Digest and Signature (by RFC 9421 Content-Digest and
// Signature-Input) and, when it is empty, r.Host; Content-Type must be set. A request that is sent again must be signed again,
// and a request that was signed before may be.
//
// The host and path that are signed are those of r as it will be sent: a
// caller that changes them later breaks the signature.
func Sign(r *http.Request, body []byte, key Key, now time.Time) error {
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	if strings.ContainsFunc(r.Host, notPlain) { // net/http would send another spelling
		return fmt.Errorf("sign: host %q is not in its ASCII form", r.Host)
	}
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	for _, name := range [...]string{"Digest", "Signature", "Signature-Input", "Content-Digest"} {
		r.Header.Del(name)
	}
	if key.Scheme == Message {
		return signMessage(r, body, key, now)
	}
	private, err := checkSigner(key)
	if err != nil {
		return err
	}
	names := strings.Split(signedGET, " ")
	if body != nil {
		names = strings.Split(signedPOST, " ")
	}
	plain, err := plainRequest(r, target(r.URL, r.URL.RawQuery), names, isDigest)
	if err != nil {
		return err
	}
	// One signer for one request: it holds the state of a hash.
	signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{httpsig.RSA_SHA256}, httpsig.DigestSha256, names, httpsig.Signature, 0)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if err := signer.SignRequest(private, key.ID, plain, body); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	for _, name := range [...]string{"Digest", "Signature"} {
		if value := plain.Header.Get(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	return nil
}

// isDigest marks the header that the library makes itself.
func isDigest(name string) bool { return name == "digest" }

func checkSigner(key Key) (*rsa.PrivateKey, error) {
	private, ok := key.Private.(*rsa.PrivateKey)
	if !ok || private == nil || private.N == nil {
		return nil, fmt.Errorf("sign: %T is not an RSA key", key.Private)
	}
	if bits := private.N.BitLen(); bits < MinRSABits || bits > MaxRSABits {
		return nil, fmt.Errorf("sign: RSA key of %d bits", bits)
	}
	return private, checkKeyID(key.ID)
}

// checkKeyID refuses a key id that would end its own quotes.
func checkKeyID(id string) error {
	bad := func(c rune) bool { return c == ' ' || c == '"' || c == ',' || notPlain(c) }
	if id == "" || len(id) > maxKeyID || strings.ContainsFunc(id, bad) {
		return fmt.Errorf("sign: keyId %q cannot be written", id)
	}
	return nil
}

// target returns the address whose path and query the library signs. The
// library signs Path as it is, decoded and perhaps empty; so Path is made what
// stands on the wire.
func target(u *url.URL, query string) *url.URL {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return &url.URL{Path: path, RawQuery: query}
}

var errSigned = errors.New("a signed header is absent or not one plain line")

// plainRequest returns a request for the library that shares nothing with r
// and holds nothing but what is signed: no Authorization, in which the library
// would look for a signature, and no byte that could end a line. Headers for
// which made is true are left out.
func plainRequest(r *http.Request, u *url.URL, names []string, made func(string) bool) (*http.Request, error) {
	plain := &http.Request{Method: r.Method, Host: r.Host, URL: u, Header: http.Header{}}
	if !isToken(r.Method) || strings.ContainsFunc(u.Path+u.RawQuery, isControl) {
		return nil, fmt.Errorf("%w: %s", errSigned, requestTarget)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "(") || made(name) {
			continue
		}
		values := r.Header.Values(name)
		if name == "host" { // net/http keeps it out of Header
			values = []string{r.Host}
		}
		if len(values) == 0 || len(values) > 1 && isSingle(name) {
			return nil, fmt.Errorf("%w: %s", errSigned, name)
		}
		for _, value := range values {
			if value == "" && isSingle(name) || strings.ContainsFunc(value, isControl) {
				return nil, fmt.Errorf("%w: %s", errSigned, name)
			}
			plain.Header.Add(name, value)
		}
	}
	return plain, nil
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

// isSingle says of a header that a second one would leave open which counts.
func isSingle(name string) bool {
	switch name {
	case "host", "date", "digest", "content-digest", "content-type", "content-length":
		return true
	default:
		return false
	}
}
