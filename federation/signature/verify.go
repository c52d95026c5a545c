package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-fed/httpsig"
)

// Window is how long ago or how far ahead a request may have been signed
// [SIG-4]; Mastodon and Lemmy allow the same.
const Window = time.Hour

// expirySlack is how much a signer's clock may be behind when it says how
// long a signature lasts.
const expirySlack = 5 * time.Minute

// Verify says whether the request r, as a server received it, with this body,
// was signed by the holder of key. s is what Parse made of r. By the draft it demands that
// (request-target), host, and date or (created) are signed, and digest for
// every method but GET and HEAD and for every body; that the digest is the
// body's; that the dates signed are within Window of now; and that the
// signature is right, of the target with its query or without: senders differ
// [SIG-15]. By RFC 9421 it demands the same of @method, @target-uri (or what it
// is made of), content-digest and created. The error is one of the package's.
//
// It does not ask whether r.Host is ours, nor whether the key is the right
// one, nor whether the same request came before (see Replays).
func Verify(r *http.Request, body []byte, s Signature, key crypto.PublicKey, now time.Time) error {
	if s.Scheme == Message {
		return verifyMessage(r, body, s, key, now)
	}
	if err := checkCovered(r, body, s); err != nil {
		return err
	}
	if err := checkDate(r, s, now); err != nil {
		return err
	}
	if s.Covers("digest") {
		if err := checkDigest(r.Header.Values("Digest"), body); err != nil {
			return err
		}
	}
	algorithm, err := chooseAlgorithm(s.Algorithm, key)
	if err != nil {
		return err
	}
	if strings.ContainsFunc(r.URL.RawQuery, isControl) {
		return fmt.Errorf("%w: %w", ErrInvalid, errSigned)
	}
	err = verifyTarget(r, target(r.URL, r.URL.RawQuery), s, key, algorithm)
	if err != nil && r.URL.RawQuery != "" {
		err = verifyTarget(r, target(r.URL, ""), s, key, algorithm)
	}
	return err
}

func checkCovered(r *http.Request, body []byte, s Signature) error {
	required := []string{requestTarget, "host"}
	if r.Method != http.MethodGet && r.Method != http.MethodHead || len(body) > 0 {
		required = append(required, "digest")
	}
	if !s.Covers(pseudoCreated) {
		required = append(required, "date")
	}
	for _, name := range required {
		if !s.Covers(name) {
			return fmt.Errorf("%w: %s", ErrUnsigned, name)
		}
	}
	return nil
}

// checkDate judges every date that is signed, and none that is not.
func checkDate(r *http.Request, s Signature, now time.Time) error {
	if s.Covers("date") {
		date, err := http.ParseTime(r.Header.Get("Date"))
		if err != nil || now.Sub(date).Abs() > Window {
			return fmt.Errorf("%w: date", ErrStale)
		}
	}
	if s.Covers(pseudoCreated) {
		if s.created == 0 {
			return fmt.Errorf("%w: created is signed but absent", ErrMalformed)
		}
		if now.Sub(time.Unix(s.created, 0)).Abs() > Window {
			return fmt.Errorf("%w: created", ErrStale)
		}
	}
	if s.Covers(pseudoExpires) {
		if s.expires == 0 {
			return fmt.Errorf("%w: expires is signed but absent", ErrMalformed)
		}
		if now.Sub(time.Unix(s.expires, 0)) > expirySlack {
			return fmt.Errorf("%w: expires", ErrStale)
		}
	}
	return nil
}

// checkDigest demands that each part of the Digest header (RFC 3230 §4.3.2)
// is the SHA-256 of the body, as Lemmy does: a part in another algorithm would
// be one that we do not check and another reader does [SIG-3].
func checkDigest(values []string, body []byte) error {
	if len(values) != 1 {
		return fmt.Errorf("%w: %d Digest headers", ErrDigest, len(values))
	}
	sum := sha256.Sum256(body)
	for part := range strings.SplitSeq(values[0], ",") {
		algorithm, encoded, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(algorithm, "SHA-256") {
			return fmt.Errorf("%w: not SHA-256", ErrDigest)
		}
		// The sum is no secret: it need not be compared in constant time.
		digest, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || !bytes.Equal(digest, sum[:]) {
			return ErrDigest
		}
	}
	return nil
}

// chooseAlgorithm goes by the key's type. The algorithm parameter can only
// choose the hash for RSA, and otherwise must not contradict (draft-cavage-12
// §2.5): "hs2019" says nothing at all, and everyone means SHA-256 by it.
func chooseAlgorithm(named string, key crypto.PublicKey) (httpsig.Algorithm, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	_, isRSA := key.(*rsa.PublicKey)
	_, isEd25519 := key.(ed25519.PublicKey)
	switch {
	case isRSA && (named == "" || named == "hs2019" || named == "rsa-sha256"):
		return httpsig.RSA_SHA256, nil
	case isRSA && named == "rsa-sha512":
		return httpsig.RSA_SHA512, nil
	case isEd25519 && (named == "" || named == "hs2019" || named == "ed25519"):
		return httpsig.ED25519, nil
	default:
		return "", fmt.Errorf("%w: algorithm %.40q for %T", ErrUnsupported, named, key)
	}
}

// verifyTarget hands the library a request that holds what is signed and a
// Signature header of our own writing, which its looser grammar cannot misread.
func verifyTarget(r *http.Request, u *url.URL, s Signature, key crypto.PublicKey, algorithm httpsig.Algorithm) (err error) {
	defer func() {
		if recover() != nil { // the library's, on input nobody thought of
			err = fmt.Errorf("%w: it cannot be computed", ErrInvalid)
		}
	}()
	plain, err := plainRequest(r, u, s.Headers, func(string) bool { return false })
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	plain.Header.Set("Signature", s.fold(plain))
	verifier, err := httpsig.NewVerifier(plain)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := verifier.Verify(key, algorithm); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// fold writes the Signature header for the library. The library judges created
// and expires by the machine's clock and allows ten seconds; they were judged
// by the caller's in checkDate. So their lines are appended to the line before
// them, and the library does not see that they are any: the text signed is the
// same. Only when one is the very first line is it given to the library as is.
func (s Signature) fold(plain *http.Request) string {
	times := map[string]string{
		pseudoCreated: strconv.FormatInt(s.created, 10),
		pseudoExpires: strconv.FormatInt(s.expires, 10),
	}
	var names []string
	var text strings.Builder // parameters for what could not be folded
	for _, name := range s.Headers {
		value, isTime := times[name]
		switch {
		case !isTime:
			names = append(names, name)
		case len(names) == 0 || slices.Contains([]string{pseudoCreated, pseudoExpires}, names[len(names)-1]):
			names = append(names, name)
			text.WriteString(strings.Trim(name, "()") + "=" + value + ",")
		default:
			appendLine(plain, names[len(names)-1], "\n"+name+": "+value)
		}
	}
	return `keyId="key",` + text.String() + `headers="` + strings.Join(names, " ") +
		`",signature="` + base64.StdEncoding.EncodeToString(s.Value) + `"`
}

// appendLine puts a line behind that of the header name.
func appendLine(plain *http.Request, name, line string) {
	if name != requestTarget {
		values := plain.Header.Values(name)
		values[len(values)-1] = strings.TrimSpace(values[len(values)-1]) + line
		return
	}
	if plain.URL.RawQuery != "" {
		plain.URL.RawQuery += line
		return
	}
	plain.URL.Path += line
}
