package signature

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
)

// This file reads signatures of RFC 9421, HTTP Message Signatures:
//
//	Content-Digest: sha-256=:...:
//	Signature-Input: sig1=("@method" "@target-uri" "content-digest");created=1755950400;keyid="https://..."
//	Signature: sig1=:...:
//
// The text that is signed has a line for each component and one for the list
// itself; message_verify.go makes it.

// The components that stand for no header (RFC 9421 §2.2). Those that are not
// here (@query-param, @status) nobody needs to sign an activity.
const (
	componentMethod        = "@method"
	componentTargetURI     = "@target-uri"
	componentAuthority     = "@authority"
	componentScheme        = "@scheme"
	componentRequestTarget = "@request-target"
	componentPath          = "@path"
	componentQuery         = "@query"
	componentDigest        = "content-digest"
)

const maxLabels = 8 // signatures in one message

// parseMessage reads a request signed by RFC 9421. Of several signatures it
// takes the first that covers what must be covered; when none does, the first.
// Names that stand twice are read as RFC 8941 §3.2 says, the last counts:
// what is verified is what was read.
func parseMessage(r *http.Request) (Signature, error) {
	inputs, err := parseDictionary(r, "Signature-Input")
	if err != nil {
		return Signature{}, err
	}
	values, err := parseDictionary(r, "Signature")
	if err != nil {
		return Signature{}, err
	}
	var first Signature
	var firstErr error
	for i, label := range inputs.Names() {
		s, err := parseLabel(inputs, values, label)
		if err == nil && s.checkMessageCovers(r, nil) == nil && s.knownAlgorithm() {
			return s, nil
		}
		if i == 0 {
			first, firstErr = s, err
		}
	}
	return first, firstErr
}

// parseDictionary reads a header that may stand once only [SIG-18].
func parseDictionary(r *http.Request, name string) (*httpsfv.Dictionary, error) {
	lines := r.Header.Values(name)
	switch {
	case len(lines) == 0:
		return nil, fmt.Errorf("%w: no %s", ErrMalformed, name)
	case len(lines) > 1:
		return nil, fmt.Errorf("%w: %d %s headers", ErrMalformed, len(lines), name)
	case len(lines[0]) > maxHeader:
		return nil, fmt.Errorf("%w: %s of %d bytes", ErrMalformed, name, len(lines[0]))
	}
	d, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil || len(d.Names()) == 0 || len(d.Names()) > maxLabels {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, name)
	}
	return d, nil
}

func parseLabel(inputs, values *httpsfv.Dictionary, label string) (Signature, error) {
	member, _ := inputs.Get(label)
	list, ok := member.(httpsfv.InnerList)
	if !ok || len(list.Items) > maxSigned || len(list.Params.Names()) > maxParameters {
		return Signature{}, fmt.Errorf("%w: Signature-Input", ErrMalformed)
	}
	signed, _ := values.Get(label)
	item, ok := signed.(httpsfv.Item)
	if !ok {
		return Signature{}, fmt.Errorf("%w: no signature of that label", ErrMalformed)
	}
	s := Signature{Scheme: Message, input: list}
	if s.Value, ok = item.Value.([]byte); !ok || len(s.Value) == 0 || len(s.Value) > maxValue {
		return Signature{}, fmt.Errorf("%w: signature", ErrMalformed)
	}
	if err := s.readComponents(); err != nil {
		return Signature{}, err
	}
	return s, s.readParameters()
}

// readComponents takes the names of the list. Their parameters would change
// what a name means; no sender of activities uses any.
func (s *Signature) readComponents() error {
	for _, item := range s.input.Items {
		name, ok := item.Value.(string)
		if !ok || slices.Contains(s.Headers, name) {
			return fmt.Errorf("%w: components", ErrMalformed)
		}
		if len(item.Params.Names()) > 0 {
			return fmt.Errorf("%w: parameters of component %.40q", ErrUnsupported, name)
		}
		switch {
		case strings.HasPrefix(name, "@"):
			if !isDerived(name) {
				return fmt.Errorf("%w: component %.40q", ErrUnsupported, name)
			}
		case !isToken(name) || name != strings.ToLower(name):
			return fmt.Errorf("%w: components", ErrMalformed)
		}
		s.Headers = append(s.Headers, name)
	}
	return nil
}

func isDerived(name string) bool {
	switch name {
	case componentMethod, componentTargetURI, componentAuthority, componentScheme, componentRequestTarget, componentPath, componentQuery:
		return true
	default:
		return false
	}
}

// readParameters takes those of the list (RFC 9421 §2.3). nonce and tag are
// signed with the rest and mean nothing here.
func (s *Signature) readParameters() error {
	text := map[string]*string{"keyid": &s.KeyID, "alg": &s.Algorithm}
	times := map[string]*int64{"created": &s.created, "expires": &s.expires}
	for _, name := range s.input.Params.Names() {
		value, _ := s.input.Params.Get(name)
		if to := text[name]; to != nil {
			v, ok := value.(string)
			if !ok {
				return fmt.Errorf("%w: %s", ErrMalformed, name)
			}
			*to = v
		}
		if to := times[name]; to != nil {
			v, ok := value.(int64)
			if !ok || v <= 0 || v > maxTime {
				return fmt.Errorf("%w: %s", ErrMalformed, name)
			}
			*to = v
		}
	}
	if s.KeyID == "" || len(s.KeyID) > maxKeyID || strings.ContainsFunc(s.KeyID, func(c rune) bool { return c == ' ' || notPlain(c) }) {
		return fmt.Errorf("%w: keyid", ErrMalformed)
	}
	return nil
}
