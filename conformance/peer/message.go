package peer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MessageSigning says how a POST is signed by RFC 9421. SignedMessage fills in
// the truth; a check changes one thing to make it wrong.
type MessageSigning struct {
	KeyID      string
	Key        crypto.Signer // RSA or Ed25519
	Components []string
	Created    time.Time // zero leaves it out
	Digest     string    // value of Content-Digest; empty sends none
	TargetURI  string    // signed in place of the request's own
	Input      func(string) string
}

// MessageComponents are what a POST must sign by RFC 9421 [SIG-19].
func MessageComponents() []string { return []string{"@method", "@target-uri", "content-digest"} }

// ContentDigest returns the value of the Content-Digest header for a body.
func ContentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// SignedMessage builds a POST signed by RFC 9421 with the actor's Ed25519 key,
// after change, which may be nil, has had its way with the signing.
func (a *Actor) SignedMessage(ctx context.Context, target string, body []byte, change func(*MessageSigning)) (*http.Request, error) {
	s := MessageSigning{
		KeyID: a.ProofKeyID(), Key: a.node.proofKey, Components: MessageComponents(),
		Created: a.node.now(), Digest: ContentDigest(body), TargetURI: target,
	}
	if change != nil {
		change(&s)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("build a request: %w", err)
	}
	r.Header.Set("Content-Type", ActivityJSON)
	if s.Digest != "" {
		r.Header.Set("Content-Digest", s.Digest)
	}
	params := ""
	if !s.Created.IsZero() {
		params = ";created=" + strconv.FormatInt(s.Created.Unix(), 10)
	}
	m := Message{Components: s.Components, params: params + `;keyid="` + s.KeyID + `"`}
	base, err := m.base(r.Method, s.TargetURI, r.Header)
	if err != nil {
		return nil, err
	}
	value, err := signMessage(s.Key, []byte(base))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	input := "sig1=" + m.list()
	if s.Input != nil {
		input = s.Input(input)
	}
	r.Header.Set("Signature-Input", input)
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(value)+":")
	return r, nil
}

func signMessage(key crypto.Signer, base []byte) ([]byte, error) {
	if _, isRSA := key.(*rsa.PrivateKey); isRSA {
		sum := sha256.Sum256(base)
		return key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	return key.Sign(rand.Reader, base, crypto.Hash(0))
}

// Message is a parsed signature of RFC 9421.
type Message struct {
	KeyID      string
	Components []string
	Created    time.Time // zero when it is absent
	Bytes      []byte
	params     string
}

var (
	messageInput = regexp.MustCompile(`^([a-z][a-z0-9_-]*)=\(("[a-z@-]+"(?: "[a-z@-]+")*)\)((?:;[a-z]+=(?:"[^"]*"|[0-9]+))*)$`)
	messageValue = regexp.MustCompile(`^([a-z][a-z0-9_-]*)=:([A-Za-z0-9+/]+=*):$`)
	messageParam = regexp.MustCompile(`;([a-z]+)=("[^"]*"|[0-9]+)`)
)

// ParseMessage reads the two headers in the form in which SignedMessage writes
// them: one signature, under any label.
func ParseMessage(h http.Header) (Message, error) {
	input := messageInput.FindStringSubmatch(h.Get("Signature-Input"))
	value := messageValue.FindStringSubmatch(h.Get("Signature"))
	if input == nil || value == nil || input[1] != value[1] {
		return Message{}, fmt.Errorf("no signature of RFC 9421: %w", ErrSignature)
	}
	m := Message{params: input[3]}
	for name := range strings.FieldsSeq(input[2]) {
		m.Components = append(m.Components, strings.Trim(name, `"`))
	}
	for _, p := range messageParam.FindAllStringSubmatch(input[3], -1) {
		switch p[1] {
		case "keyid":
			m.KeyID = strings.Trim(p[2], `"`)
		case "created":
			seconds, err := strconv.ParseInt(p[2], 10, 64)
			if err != nil {
				return Message{}, fmt.Errorf("created: %w", ErrSignature)
			}
			m.Created = time.Unix(seconds, 0)
		}
	}
	var err error
	if m.Bytes, err = base64.StdEncoding.DecodeString(value[2]); err != nil || m.KeyID == "" {
		return Message{}, fmt.Errorf("no keyid, or no base64: %w", ErrSignature)
	}
	return m, nil
}

func (m Message) list() string {
	return `("` + strings.Join(m.Components, `" "`) + `")` + m.params
}

func (m Message) base(method, targetURI string, h http.Header) (string, error) {
	u, err := url.Parse(targetURI)
	if err != nil {
		return "", fmt.Errorf("target %q: %w", targetURI, err)
	}
	var text strings.Builder
	for _, name := range m.Components {
		value, derived := map[string]string{
			"@method": method, "@target-uri": targetURI, "@authority": u.Host, "@path": u.EscapedPath(),
			"@query": "?" + u.RawQuery, "@request-target": u.RequestURI(),
		}[name]
		if !derived {
			values := h.Values(name)
			if len(values) == 0 {
				return "", fmt.Errorf("component %q is signed but absent: %w", name, ErrSignature)
			}
			value = strings.Join(values, ", ")
		}
		text.WriteString(`"` + name + `": ` + value + "\n")
	}
	return text.String() + `"@signature-params": ` + m.list(), nil
}

// Check verifies the signature alone, over the request as it came to origin.
func (m Message) Check(r Received, origin string, key crypto.PublicKey) error {
	base, err := m.base(r.Method, origin+r.Target, r.Header)
	if err != nil {
		return err
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		sum := sha256.Sum256([]byte(base))
		err = rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], m.Bytes)
	case ed25519.PublicKey:
		if !ed25519.Verify(k, []byte(base), m.Bytes) {
			err = ErrSignature
		}
	default:
		err = ErrSignature
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

// Covers says whether a component is signed.
func (m Message) Covers(name string) bool { return slices.Contains(m.Components, name) }

// verifyMessage is Verify for a request that is signed by RFC 9421 [SIG-19] to [SIG-21].
func verifyMessage(r Received, key *rsa.PublicKey) (Signature, error) {
	m, err := ParseMessage(r.Header)
	if err != nil {
		return Signature{}, err
	}
	s := Signature{KeyID: m.KeyID, Covered: m.Components, Bytes: m.Bytes}
	whole := m.Covers("@target-uri")
	parts := m.Covers("@authority") && (m.Covers("@request-target") || m.Covers("@path") && m.Covers("@query"))
	if !m.Covers("@method") || !whole && !parts {
		return s, fmt.Errorf("its method and its target are not both signed: %w", ErrSignature)
	}
	if r.Method == http.MethodPost {
		if !m.Covers("content-digest") {
			return s, fmt.Errorf("content-digest is not signed: %w", ErrSignature)
		}
		if got := r.Header.Get("Content-Digest"); got != ContentDigest(r.Body) {
			return s, fmt.Errorf("content-digest %q is not that of the body: %w", got, ErrSignature)
		}
	}
	if r.At.Sub(m.Created).Abs() > MaxSkew {
		return s, fmt.Errorf("created %s: %w", m.Created, ErrSignature)
	}
	err = m.Check(r, "http://"+r.Host, key)
	if err != nil && whole { // behind a front that ends TLS
		err = m.Check(r, "https://"+r.Host, key)
	}
	return s, err
}
