package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// The algorithms of RFC 9421 §3.3 that are read and written here.
const (
	algorithmRSA     = "rsa-v1_5-sha256"
	algorithmEd25519 = "ed25519"
)

func (s Signature) knownAlgorithm() bool {
	return s.Algorithm == "" || s.Algorithm == algorithmRSA || s.Algorithm == algorithmEd25519
}

// verifyMessage is Verify for RFC 9421.
func verifyMessage(r *http.Request, body []byte, s Signature, key crypto.PublicKey, now time.Time) error {
	if err := s.checkMessageCovers(r, body); err != nil {
		return err
	}
	if err := s.checkMessageTimes(now); err != nil {
		return err
	}
	if s.Covers(componentDigest) {
		if err := checkContentDigest(r.Header.Values("Content-Digest"), body); err != nil {
			return err
		}
	}
	if err := s.checkMessageKey(key); err != nil {
		return err
	}
	var err error
	for _, scheme := range s.schemes(r) {
		var base string
		if base, err = s.base(r, scheme); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		if err = checkValue(key, []byte(base), s.Value); err == nil {
			return nil
		}
	}
	return err
}

// checkMessageCovers demands what binds a signature to one request: its method,
// its whole target with the host, and its body [SIG-19].
func (s Signature) checkMessageCovers(r *http.Request, body []byte) error {
	required := []string{componentMethod}
	if r.Method != http.MethodGet && r.Method != http.MethodHead || len(body) > 0 {
		required = append(required, componentDigest)
	}
	if !s.Covers(componentTargetURI) {
		if !s.Covers("host") {
			required = append(required, componentAuthority)
		}
		if !s.Covers(componentRequestTarget) {
			required = append(required, componentPath)
			if r.URL.RawQuery != "" {
				required = append(required, componentQuery)
			}
		}
	}
	for _, name := range required {
		if !s.Covers(name) {
			return fmt.Errorf("%w: %s", ErrUnsigned, name)
		}
	}
	return nil
}

// checkMessageTimes demands created, which the list of components signs by
// itself, and judges expires where it stands [SIG-20].
func (s Signature) checkMessageTimes(now time.Time) error {
	switch {
	case s.created == 0:
		return fmt.Errorf("%w: created", ErrUnsigned)
	case now.Sub(time.Unix(s.created, 0)).Abs() > Window:
		return fmt.Errorf("%w: created", ErrStale)
	case s.expires != 0 && now.Sub(time.Unix(s.expires, 0)) > expirySlack:
		return fmt.Errorf("%w: expires", ErrStale)
	}
	return nil
}

// checkContentDigest demands that each digest of the header (RFC 9530 §2) is
// the body's, and none of a kind that we do not compute [SIG-21].
func checkContentDigest(values []string, body []byte) error {
	if len(values) != 1 || len(values[0]) > maxHeader {
		return fmt.Errorf("%w: %d Content-Digest headers", ErrDigest, len(values))
	}
	digests, err := httpsfv.UnmarshalDictionary(values)
	if err != nil || len(digests.Names()) == 0 {
		return fmt.Errorf("%w: Content-Digest cannot be read", ErrDigest)
	}
	for _, name := range digests.Names() {
		member, _ := digests.Get(name)
		item, ok := member.(httpsfv.Item)
		if !ok {
			return fmt.Errorf("%w: Content-Digest cannot be read", ErrDigest)
		}
		digest, _ := item.Value.([]byte)
		var sum []byte
		switch name {
		case "sha-256":
			s := sha256.Sum256(body)
			sum = s[:]
		case "sha-512":
			s := sha512.Sum512(body)
			sum = s[:]
		default:
			return fmt.Errorf("%w: neither SHA-256 nor SHA-512", ErrDigest)
		}
		if !bytes.Equal(digest, sum) {
			return ErrDigest
		}
	}
	return nil
}

// checkMessageKey goes by the key's type; alg must not contradict it.
func (s Signature) checkMessageKey(key crypto.PublicKey) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, isRSA := key.(*rsa.PublicKey)
	if s.Algorithm == "" || isRSA && s.Algorithm == algorithmRSA || !isRSA && s.Algorithm == algorithmEd25519 {
		return nil
	}
	return fmt.Errorf("%w: algorithm %.40q for %T", ErrUnsupported, s.Algorithm, key)
}

func checkValue(key crypto.PublicKey, base, value []byte) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		sum := sha256.Sum256(base)
		if err := rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], value); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return nil
	case ed25519.PublicKey:
		if ed25519.Verify(k, base, value) {
			return nil
		}
	}
	return ErrInvalid
}

// schemes are those that the sender may have meant. A node behind a proxy does
// not see which it was, and it changes nothing: the host is the same. A port
// tells of a node without a proxy, in development.
func (s Signature) schemes(r *http.Request) []string {
	switch {
	case !s.Covers(componentTargetURI) && !s.Covers(componentScheme), r.TLS != nil:
		return []string{"https"}
	case strings.Contains(r.Host, ":"):
		return []string{"http", "https"}
	default:
		return []string{"https", "http"}
	}
}

// paramsLine begins the last line of what is signed.
const paramsLine = `"@signature-params": `

var errComponent = errors.New("a signed component is absent or not one plain line")

// base is the text that is signed (RFC 9421 §2.5).
func (s Signature) base(r *http.Request, scheme string) (string, error) {
	u := target(r.URL, r.URL.RawQuery)
	if !isToken(r.Method) || strings.ContainsFunc(u.Path+u.RawQuery+r.Host, isControl) {
		return "", errComponent
	}
	var text strings.Builder
	for _, name := range s.Headers {
		value, err := component(r, name, scheme)
		if err != nil {
			return "", err
		}
		text.WriteString(`"` + name + `": ` + value + "\n")
	}
	list, err := httpsfv.Marshal(httpsfv.List{s.input})
	if err != nil {
		return "", fmt.Errorf("%w: %w", errComponent, err)
	}
	text.WriteString(paramsLine + list)
	return text.String(), nil
}

// component returns what one line says (RFC 9421 §2.1, §2.2).
func component(r *http.Request, name, scheme string) (string, error) {
	u := target(r.URL, r.URL.RawQuery)
	requestTarget := u.Path
	if u.RawQuery != "" {
		requestTarget += "?" + u.RawQuery
	}
	switch name {
	case componentMethod:
		return r.Method, nil
	case componentScheme:
		return scheme, nil
	case componentAuthority:
		return authority(r, scheme), nil
	case componentPath:
		return u.Path, nil
	case componentQuery:
		return "?" + u.RawQuery, nil
	case componentRequestTarget:
		return requestTarget, nil
	case componentTargetURI:
		return scheme + "://" + authority(r, scheme) + requestTarget, nil
	default:
		return field(r, name)
	}
}

// authority is the host in lower case, without the scheme's own port.
func authority(r *http.Request, scheme string) string {
	host := strings.ToLower(r.Host)
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// field is a header's value, its lines joined.
func field(r *http.Request, name string) (string, error) {
	values := r.Header.Values(name)
	if name == "host" { // net/http keeps it out of Header
		values = []string{r.Host}
	}
	if len(values) == 0 || len(values) > 1 && isSingle(name) {
		return "", fmt.Errorf("%w: %s", errComponent, name)
	}
	trimmed := make([]string, len(values))
	for i, value := range values {
		if strings.ContainsFunc(value, isControl) {
			return "", fmt.Errorf("%w: %s", errComponent, name)
		}
		trimmed[i] = strings.TrimSpace(value)
	}
	return strings.Join(trimmed, ", "), nil
}
