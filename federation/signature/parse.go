package signature

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dunglas/httpsfv"
)

// Bounds on a Signature header.
const (
	maxHeader     = 8192 // bytes of the header
	maxKeyID      = 2048 // bytes of keyId
	maxSigned     = 32   // names in headers
	maxParameters = 16
	maxValue      = 1024    // bytes of the signature itself: of a key too large too, which is then refused as a key
	maxTime       = 1 << 40 // created and expires, in Unix seconds
)

// The names that stand for no header in a list of signed headers
// (draft-cavage-12 §2.3).
const (
	requestTarget = "(request-target)"
	pseudoCreated = "(created)"
	pseudoExpires = "(expires)"
)

// Signature is a parsed Signature header. Nothing in it is believed before
// Verify.
type Signature struct {
	// KeyID is as it stands on the wire: not empty, at most 2048 bytes, no
	// spaces or control characters. Whether it is an address that may be
	// fetched is for the caller to say.
	KeyID     string
	Scheme    Scheme
	Algorithm string   // empty when absent
	Headers   []string // what is signed, lower-case, each name once
	Value     []byte   // the signature's bytes

	created, expires int64             // Unix seconds, meaningful only when signed
	input            httpsfv.InnerList // of a Message: the signed list itself
}

// Covers says whether name, lower-case, is among the signed headers.
func (s Signature) Covers(name string) bool { return slices.Contains(s.Headers, name) }

// Parse reads the signature of a request: one of RFC 9421 where there is a
// Signature-Input, else the draft's header, by a grammar of our own that is
// stricter than the library's: one header, parameters name=value separated by
// commas, values quoted without escapes or plain integers, no name twice.
// Parameters that nobody knows are read over. The errors are ErrMissing,
// ErrMalformed, and ErrUnsupported for what of RFC 9421 is not read here.
func Parse(r *http.Request) (Signature, error) {
	values := r.Header.Values("Signature")
	switch {
	case len(r.Header.Values("Signature-Input")) > 0:
		return parseMessage(r)
	case len(values) == 0:
		return Signature{}, ErrMissing
	case len(values) > 1: // proxies disagree about which one counts [SIG-18]
		return Signature{}, fmt.Errorf("%w: %d Signature headers", ErrMalformed, len(values))
	}
	return parseHeader(values[0])
}

func parseHeader(header string) (Signature, error) {
	parameters, err := parseParameters(header)
	if err != nil {
		return Signature{}, err
	}
	s := Signature{Scheme: Cavage, KeyID: parameters["keyId"], Algorithm: parameters["algorithm"]}
	if s.KeyID == "" || len(s.KeyID) > maxKeyID || strings.Contains(s.KeyID, " ") {
		return Signature{}, fmt.Errorf("%w: keyId", ErrMalformed)
	}
	encoded := parameters["signature"]
	s.Value, err = base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(s.Value) == 0 || len(s.Value) > maxValue || strings.ContainsAny(encoded, "\r\n") {
		return Signature{}, fmt.Errorf("%w: signature", ErrMalformed)
	}
	if s.Headers, err = parseHeaders(parameters); err != nil {
		return Signature{}, err
	}
	if s.created, err = parseTime(parameters, "created"); err != nil {
		return Signature{}, err
	}
	s.expires, err = parseTime(parameters, "expires")
	return s, err
}

// parseHeaders reads the list of signed headers. An absent list means
// "(created)" (draft-cavage-12 §2.1.6), an empty one is an error.
func parseHeaders(parameters map[string]string) ([]string, error) {
	list, ok := parameters["headers"]
	if !ok {
		return []string{pseudoCreated}, nil
	}
	names := strings.Split(strings.ToLower(list), " ")
	if len(names) > maxSigned {
		return nil, fmt.Errorf("%w: %d signed headers", ErrMalformed, len(names))
	}
	for i, name := range names {
		known := name == requestTarget || name == pseudoCreated || name == pseudoExpires
		if !known && !isToken(name) || slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("%w: headers", ErrMalformed)
		}
	}
	return names, nil
}

// parseTime reads created or expires, which Discourse quotes and others do
// not.
func parseTime(parameters map[string]string, name string) (int64, error) {
	text, ok := parameters[name]
	if !ok {
		return 0, nil
	}
	t, err := strconv.ParseInt(text, 10, 64)
	if err != nil || t <= 0 || t > maxTime || text != strconv.FormatInt(t, 10) {
		return 0, fmt.Errorf("%w: %s", ErrMalformed, name)
	}
	return t, nil
}

// parseParameters reads name=value pairs. Names are compared without case for
// the sake of duplicates, and else as they are written.
func parseParameters(header string) (map[string]string, error) {
	if len(header) > maxHeader {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(header))
	}
	parameters := map[string]string{}
	seen := map[string]bool{}
	for rest, more := header, true; more; {
		p, after, ok := cutParameter(strings.Trim(rest, " \t"))
		if !ok || seen[strings.ToLower(p.name)] || len(seen) == maxParameters {
			return nil, fmt.Errorf("%w: parameter %d", ErrMalformed, len(seen)+1)
		}
		seen[strings.ToLower(p.name)] = true
		parameters[p.name] = p.value
		after = strings.TrimLeft(after, " \t")
		if rest, more = strings.CutPrefix(after, ","); !more && after != "" {
			return nil, fmt.Errorf("%w: no comma after parameter %d", ErrMalformed, len(seen))
		}
	}
	return parameters, nil
}

type parameter struct{ name, value string }

// cutParameter splits the first name=value off s and returns what follows.
func cutParameter(s string) (p parameter, rest string, ok bool) {
	p.name, rest, ok = strings.Cut(s, "=")
	if !ok || !isToken(p.name) {
		return parameter{}, "", false
	}
	if quoted, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
		p.value, rest, ok = strings.Cut(quoted, `"`)
		return p, rest, ok && !strings.ContainsFunc(p.value, notPlain)
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	p.value = rest[:digits]
	return p, rest[digits:], digits > 0
}

// notPlain says of a character that it may not stand in a quoted value. No
// sender needs escapes, and readers disagree about them.
func notPlain(c rune) bool { return c < ' ' || c > '~' || c == '\\' }

// isToken says whether s is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		alphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}
