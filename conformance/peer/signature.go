package peer

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ErrSignature is wrapped by every reason why a signature is not believed.
var ErrSignature = errors.New("signature is not valid")

// MaxSkew is how old or how far ahead a signed request may be [SIG-4].
const MaxSkew = time.Hour

// Covered lists what a POST must sign [SIG-2]; content-type is signed besides.
func Covered() []string {
	return []string{"(request-target)", "host", "date", "digest", "content-type"}
}

// Signing says how a POST is signed. Sign of Actor fills in the truth; a check
// changes one thing to make it wrong.
type Signing struct {
	KeyID, Algorithm string
	Key              crypto.Signer
	Covered          []string
	Date             time.Time
	Digest           string // header value; empty sends none
	ContentType      string
	Method           string                // signed in place of the request's own
	Target           string                // signed in place of the request's own
	Host             string                // signed in place of the request's own
	Header           func(string) []string // last change to the Signature header's values
}

// SignedPOST builds a POST signed by the actor (draft-cavage-12), after change,
// which may be nil, has had its way with the signing.
func (a *Actor) SignedPOST(ctx context.Context, target string, body []byte, change func(*Signing)) (*http.Request, error) {
	s := Signing{
		KeyID: a.KeyID, Algorithm: "hs2019", Key: a.Key, Covered: Covered(), Date: a.node.now(),
		Digest: Digest(body), ContentType: ActivityJSON,
	}
	return s.changed(ctx, http.MethodPost, target, body, change)
}

// SignedGET builds an ActivityPub read signed by the actor.
func (a *Actor) SignedGET(ctx context.Context, target string, change func(*Signing)) (*http.Request, error) {
	s := Signing{
		KeyID: a.KeyID, Algorithm: "hs2019", Key: a.Key, Date: a.node.now(),
		Covered: []string{"(request-target)", "host", "date"},
	}
	return s.changed(ctx, http.MethodGet, target, nil, change)
}

func (s Signing) changed(ctx context.Context, method, target string, body []byte, change func(*Signing)) (*http.Request, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("sign for %q: %w", target, err)
	}
	s.Method, s.Target, s.Host = method, requestTarget(u), u.Host
	if change != nil {
		change(&s)
	}
	return s.Request(ctx, method, target, body)
}

// Request builds a request and signs what s says, whether that is true or not.
// An empty Method, Target or Host means the request's own.
func (s Signing) Request(ctx context.Context, method, target string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("build a request: %w", err)
	}
	if method == http.MethodGet {
		r.Body = http.NoBody
		r.Header.Set("Accept", ActivityJSON)
	}
	s.Method = cmp.Or(s.Method, method)
	s.Target = cmp.Or(s.Target, requestTarget(r.URL))
	s.Host = cmp.Or(s.Host, r.URL.Host)
	return r, s.apply(r)
}

// Digest returns the value of the Digest header for a body.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}

func requestTarget(u *url.URL) string {
	if target := u.RequestURI(); target != "" {
		return target
	}
	return "/"
}

func (s Signing) apply(r *http.Request) error {
	r.Header.Set("Date", s.Date.UTC().Format(http.TimeFormat))
	if s.Digest != "" {
		r.Header.Set("Digest", s.Digest)
	}
	if s.ContentType != "" {
		r.Header.Set("Content-Type", s.ContentType)
	}
	text, err := signingString(s.Covered, s.Method, s.Target, s.Host, r.Header)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := s.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	value := `keyId="` + s.KeyID + `"`
	if s.Algorithm != "" {
		value += `,algorithm="` + s.Algorithm + `"`
	}
	value += `,headers="` + strings.Join(s.Covered, " ") + `",signature="` + base64.StdEncoding.EncodeToString(sig) + `"`
	values := []string{value}
	if s.Header != nil {
		values = s.Header(value)
	}
	for _, v := range values {
		r.Header.Add("Signature", v)
	}
	return nil
}

func signingString(covered []string, method, target, host string, h http.Header) (string, error) {
	lines := make([]string, 0, len(covered))
	for _, name := range covered {
		switch name {
		case "(request-target)":
			lines = append(lines, name+": "+strings.ToLower(method)+" "+target)
		case "host":
			lines = append(lines, name+": "+host)
		default:
			values := h.Values(name)
			if len(values) == 0 {
				return "", fmt.Errorf("header %q is signed but absent: %w", name, ErrSignature)
			}
			lines = append(lines, name+": "+strings.Join(values, ", "))
		}
	}
	return strings.Join(lines, "\n"), nil
}

// Signature is a parsed Signature header.
type Signature struct {
	KeyID, Algorithm string
	Covered          []string
	Bytes            []byte
}

// ParseSignature reads one value of the Signature header. Unknown parameters
// are passed over; a parameter that stands twice is an error [SIG-6].
func ParseSignature(value string) (Signature, error) {
	params := map[string]string{}
	for rest := strings.TrimSpace(value); rest != ""; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return Signature{}, fmt.Errorf("parameter %.20q without a value: %w", rest, ErrSignature)
		}
		if _, twice := params[name]; twice {
			return Signature{}, fmt.Errorf("parameter %q stands twice: %w", name, ErrSignature)
		}
		var err error
		if params[name], rest, err = parameterValue(after); err != nil {
			return Signature{}, err
		}
	}
	raw, err := base64.StdEncoding.DecodeString(params["signature"])
	if err != nil || len(raw) == 0 || params["keyId"] == "" {
		return Signature{}, fmt.Errorf("no keyId, or no signature in base64: %w", ErrSignature)
	}
	covered := strings.Fields(strings.ToLower(params["headers"]))
	if len(covered) == 0 {
		covered = []string{"date"}
	}
	return Signature{KeyID: params["keyId"], Algorithm: params["algorithm"], Covered: covered, Bytes: raw}, nil
}

func parameterValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ",")
		return value, strings.TrimSpace(rest), nil
	}
	value, rest, ok := strings.Cut(text[1:], `"`)
	if !ok {
		return "", "", fmt.Errorf("a quote that does not end: %w", ErrSignature)
	}
	rest = strings.TrimSpace(rest)
	if rest != "" && !strings.HasPrefix(rest, ",") {
		return "", "", fmt.Errorf("no comma before %.20q: %w", rest, ErrSignature)
	}
	return value, strings.TrimSpace(strings.TrimPrefix(rest, ",")), nil
}

// Check verifies the signature alone, over the request as it came. An empty
// target means the request's own.
func (s Signature) Check(r Received, target string, key *rsa.PublicKey) error {
	if target == "" {
		target = r.Target
	}
	text, err := signingString(s.Covered, r.Method, target, r.Host, r.Header)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.Bytes); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

// Verify judges a request that a node sent: one signature over what it must
// cover, a fresh date, the body's digest, and the key [SIG-16] [SIG-17]. A node
// that has seen its peer sign by RFC 9421 may do so, too.
func Verify(r Received, key *rsa.PublicKey) (Signature, error) {
	values := r.Header.Values("Signature")
	if len(values) != 1 {
		return Signature{}, fmt.Errorf("%d Signature headers: %w", len(values), ErrSignature)
	}
	if r.Header.Get("Signature-Input") != "" {
		return verifyMessage(r, key)
	}
	s, err := ParseSignature(values[0])
	if err != nil {
		return Signature{}, err
	}
	need := []string{"(request-target)", "host", "date"}
	if r.Method == http.MethodPost {
		need = append(need, "digest")
		if got, want := r.Header.Get("Digest"), Digest(r.Body); got != want {
			return s, fmt.Errorf("digest %q is not that of the body: %w", got, ErrSignature)
		}
	}
	for _, name := range need {
		if !slices.Contains(s.Covered, name) {
			return s, fmt.Errorf("%s is not signed: %w", name, ErrSignature)
		}
	}
	if a := s.Algorithm; a != "hs2019" && a != "rsa-sha256" {
		return s, fmt.Errorf("algorithm %q is not understood everywhere: %w", a, ErrSignature)
	}
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil || r.At.Sub(date).Abs() > MaxSkew {
		return s, fmt.Errorf("date %q: %w", r.Header.Get("Date"), ErrSignature)
	}
	return s, s.Check(r, "", key)
}
