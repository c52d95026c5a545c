package signature_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.SHA512
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/federation/signature"
)

const (
	inbox = "https://b.example/inbox"
	keyID = "https://a.example/u/ada#main-key"
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func key() signature.Key { return signature.Key{ID: keyID, Private: rsaKey()} }

func note() []byte { return []byte(`{"type":"Create"}`) }

func newRequest(t testing.TB, method, url string, body []byte) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/activity+json")
	}
	return r
}

// received sends a request over the wire's form and reads it as a server does.
func received(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// signedPOST returns a POST as Sign makes it and the inbox's server reads it.
func signedPOST(t testing.TB, url string) *http.Request {
	t.Helper()
	r := newRequest(t, http.MethodPost, url, note())
	if err := signature.Sign(r, note(), key(), now()); err != nil {
		t.Fatal(err)
	}
	return received(t, r)
}

// verify does what an inbox does.
func verify(r *http.Request, body []byte, pub crypto.PublicKey) error {
	s, err := signature.Parse(r)
	if err != nil {
		return err
	}
	return signature.Verify(r, body, s, pub, now())
}

// letter is a signed request that is made by hand, so that it can be wrong,
// and so that Sign and Verify cannot agree on an error.
type letter struct {
	method, target, host string // as signed
	header               http.Header
	covered              []string
	created, expires     string // parameters as written, with their comma
	createdLine          string // value of the line (created)
	expiresLine          string
	algorithm            string // as written, with its comma
}

func newLetter(body []byte) *letter {
	sum := sha256.Sum256(body)
	return &letter{
		method: "post", target: "/inbox", host: "b.example",
		header: http.Header{
			"Date":         {now().Format(http.TimeFormat)},
			"Digest":       {"SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])},
			"Content-Type": {"application/activity+json"},
		},
		covered:   []string{"(request-target)", "host", "date", "digest"},
		algorithm: `algorithm="hs2019",`,
	}
}

// text is what is signed.
func (l *letter) text() string {
	var lines []string
	for _, name := range l.covered {
		value := strings.Join(l.header.Values(name), ", ")
		switch name {
		case "(request-target)":
			value = l.method + " " + l.target
		case "(created)":
			value = l.createdLine
		case "(expires)":
			value = l.expiresLine
		case "host":
			value = l.host
		}
		lines = append(lines, name+": "+value)
	}
	return strings.Join(lines, "\n")
}

func (l *letter) request(t testing.TB, private crypto.Signer, hash crypto.Hash) *http.Request {
	t.Helper()
	digest := []byte(l.text())
	if hash != 0 {
		h := hash.New()
		h.Write(digest)
		digest = h.Sum(nil)
	}
	sig, err := private.Sign(rand.Reader, digest, hash)
	if err != nil {
		t.Fatal(err)
	}
	r := newRequest(t, http.MethodPost, inbox, note())
	r.Header = l.header.Clone()
	r.Header.Set("Signature", `keyId="`+keyID+`",`+l.algorithm+l.created+l.expires+
		`headers="`+strings.Join(l.covered, " ")+`",signature="`+base64.StdEncoding.EncodeToString(sig)+`"`)
	return received(t, r)
}

func TestSignedPOSTVerifies(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		inbox, "https://b.example", "https://b.example/", "http://127.0.0.1:8081/inbox", "https://b.example/u/%2Fadmin",
		"https://b.example/a%20b?x=%20y&z", "https://b.example/inbox?", "https://b.example//inbox", "https://b.example/é",
		"https://[::1]:8080/inbox",
	} {
		if err := verify(signedPOST(t, url), note(), rsaKey().Public()); err != nil {
			t.Errorf("verify(%s) = %v", url, err)
		}
	}
}

func TestSignWritesTheSafeForm(t *testing.T) {
	t.Parallel()
	r := signedPOST(t, inbox)
	got := r.Header.Get("Signature")
	want := `keyId="` + keyID + `",algorithm="hs2019",headers="(request-target) host date digest content-type",signature="`
	if !strings.HasPrefix(got, want) {
		t.Errorf("Signature = %s, want it to begin with %s", got, want)
	}
	if got, want := r.Header.Get("Date"), "Mon, 23 Nov 2026 12:00:00 GMT"; got != want {
		t.Errorf("Date = %q, want %q", got, want)
	}
	if got, want := r.Header.Get("Digest"), newLetter(note()).header.Get("Digest"); got != want {
		t.Errorf("Digest = %q, want %q", got, want)
	}
	if r.Host != "b.example" {
		t.Errorf("Host = %q, want b.example", r.Host)
	}
	// The text that was signed, built here by hand.
	l := newLetter(note())
	l.covered = append(l.covered, "content-type")
	s, err := signature.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(l.text()))
	if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, sum[:], s.Value); err != nil {
		t.Errorf("the signature is of another text: %v", err)
	}
}

func TestSignedGETVerifies(t *testing.T) {
	t.Parallel()
	r := newRequest(t, http.MethodGet, "https://b.example/u/bob?page=1", nil)
	if err := signature.Sign(r, nil, key(), now()); err != nil {
		t.Fatal(err)
	}
	r = received(t, r)
	if err := verify(r, nil, rsaKey().Public()); err != nil {
		t.Errorf("verify = %v", err)
	}
	if r.Header.Get("Digest") != "" || !strings.Contains(r.Header.Get("Signature"), `headers="(request-target) host date"`) {
		t.Errorf("headers of a GET: %v", r.Header)
	}
	if err := verify(r, []byte("smuggled"), rsaKey().Public()); !errors.Is(err, signature.ErrUnsigned) {
		t.Errorf("verify with a body = %v, want ErrUnsigned", err)
	}
}

func TestSignRefusesWhatCannotBeVerified(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := func() *http.Request { return newRequest(t, http.MethodPost, inbox, note()) }
	header := func(name, value string) *http.Request {
		r := good()
		r.Header[name] = []string{value}
		return r
	}
	unicode := good()
	unicode.Host = "bücher.example"
	for name, c := range map[string]struct {
		r   *http.Request
		key signature.Key
	}{
		"no content type":       {newRequest(t, http.MethodPost, inbox, nil), key()},
		"newline in a header":   {header("Content-Type", "a\nhost: evil"), key()},
		"host not in ASCII":     {unicode, key()},
		"small key":             {good(), signature.Key{ID: keyID, Private: small}},
		"another kind of key":   {good(), signature.Key{ID: keyID, Private: ed}},
		"no key":                {good(), signature.Key{ID: keyID}},
		"no key id":             {good(), signature.Key{Private: rsaKey()}},
		"key id ends its quote": {good(), signature.Key{ID: `https://a.example/",x="`, Private: rsaKey()}},
		"key id with a comma":   {good(), signature.Key{ID: `https://a.example/a,b`, Private: rsaKey()}},
		"key id with a newline": {good(), signature.Key{ID: "https://a.example/a\nb", Private: rsaKey()}},
	} {
		if err := signature.Sign(c.r, note(), c.key, now()); err == nil {
			t.Errorf("%s: signed", name)
		}
		if c.r.Header.Get("Signature") != "" {
			t.Errorf("%s: left a signature", name)
		}
	}
}

func TestRequestsSignedByOthersVerify(t *testing.T) {
	t.Parallel()
	pub, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	created := func(quote string) func(*letter) {
		return func(l *letter) { // Discourse
			l.covered = []string{"(request-target)", "(created)", "(expires)", "host", "date", "digest"}
			l.createdLine, l.expiresLine = "1795435190", "1795435220" // ten seconds ago, in twenty
			l.created, l.expires = "created="+quote+"1795435190"+quote+",", "expires="+quote+"1795435220"+quote+","
		}
	}
	for name, change := range map[string]func(*letter){
		"as GoToSocial":   func(*letter) {},
		"as Mastodon":     func(l *letter) { l.covered = []string{"host", "date", "digest", "content-type", "(request-target)"} },
		"as Lemmy":        func(l *letter) { l.covered = []string{"(request-target)", "content-type", "date", "digest", "host"} },
		"rsa-sha256":      func(l *letter) { l.algorithm = `algorithm="rsa-sha256",` },
		"no algorithm":    func(l *letter) { l.algorithm = "" },
		"quoted times":    created(`"`),
		"unquoted times":  created(""),
		"space at commas": func(l *letter) { l.algorithm = `algorithm="hs2019" ,  x="1",` },
		"only created": func(l *letter) {
			l.covered = []string{"(request-target)", "host", "digest", "(created)"}
			l.createdLine, l.created = "1795435190", "created=1795435190,"
			l.header.Del("Date")
		},
		"times behind a header": func(l *letter) {
			l.covered = []string{"(request-target)", "host", "(created)", "date", "digest", "(expires)"}
			l.createdLine, l.created = "1795435190", "created=1795435190,"
			l.expiresLine, l.expires = "1795435220", "expires=1795435220,"
		},
		"expires that is not signed": func(l *letter) { l.expires = "expires=1402170699," },
		"created that is not signed": func(l *letter) { l.created = "created=1402170699," },
		"digest in lower case": func(l *letter) {
			l.header.Set("Digest", strings.Replace(l.header.Get("Digest"), "SHA", "sha", 1))
		},
		"unsigned bearer that says signature": func(l *letter) { l.header.Set("Authorization", "Bearer signature headers keyId") },
	} {
		l := newLetter(note())
		change(l)
		if err := verify(l.request(t, rsaKey(), crypto.SHA256), note(), rsaKey().Public()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	l := newLetter(note())
	l.algorithm = `algorithm="rsa-sha512",`
	if err := verify(l.request(t, rsaKey(), crypto.SHA512), note(), rsaKey().Public()); err != nil {
		t.Errorf("rsa-sha512: %v", err)
	}
	for _, algorithm := range []string{`algorithm="ed25519",`, `algorithm="hs2019",`, ""} {
		l := newLetter(note())
		l.algorithm = algorithm
		if err := verify(l.request(t, ed, crypto.Hash(0)), note(), pub); err != nil {
			t.Errorf("Ed25519 with %q: %v", algorithm, err)
		}
	}
}

// Two clocks: the library allows ten seconds by the machine's own, which is
// not asked here.
func TestCreatedIsJudgedByTheGivenClock(t *testing.T) {
	t.Parallel()
	at := time.Unix(1402170695, 0) // 2014: long expired by any real clock
	l := newLetter(note())
	l.header.Set("Date", at.UTC().Format(http.TimeFormat))
	l.covered = []string{"(request-target)", "(created)", "(expires)", "host", "date", "digest"}
	l.createdLine, l.created = "1402170695", "created=1402170695,"
	l.expiresLine, l.expires = "1402170699", "expires=1402170699,"
	r := l.request(t, rsaKey(), crypto.SHA256)
	s, err := signature.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		want  error
	}{
		{-time.Minute, nil}, // their clock is ahead
		{0, nil},
		{5 * time.Minute, nil},
		{5*time.Minute + 5*time.Second, signature.ErrStale},
		{-time.Hour - time.Second, signature.ErrStale},
	} {
		if err := signature.Verify(r, note(), s, rsaKey().Public(), at.Add(c.after)); !errors.Is(err, c.want) {
			t.Errorf("%v after created: %v, want %v", c.after, err, c.want)
		}
	}
}

func TestTargetWithoutItsQueryVerifies(t *testing.T) {
	t.Parallel()
	for _, signed := range []string{"/inbox", "/inbox?a=b"} {
		l := newLetter(note())
		l.target = signed
		r := l.request(t, rsaKey(), crypto.SHA256)
		r.URL.RawQuery = "a=b"
		if err := verify(r, note(), rsaKey().Public()); err != nil {
			t.Errorf("signed %s: %v", signed, err)
		}
		r.URL.RawQuery = "a=c"
		if err := verify(r, note(), rsaKey().Public()); (err == nil) != (signed == "/inbox") {
			t.Errorf("signed %s, sent with another query: %v", signed, err)
		}
	}
}

// Draft-cavage-12 Appendix C. Its key is too small to be accepted of a peer
// and C.1 and C.2 sign too little; C.3 fits Verify.
func TestAppendixC(t *testing.T) {
	t.Parallel()
	pub, v := publishedKey(t), appendixC(t)
	body := []byte(v.Body)
	request := func(header string) *http.Request {
		r := newRequest(t, v.Method, v.URL, body)
		r.Header.Set("Date", v.Date)
		r.Header.Set("Content-Type", v.ContentType)
		r.Header.Set("Digest", v.Digest)
		r.Header.Set("Signature", header)
		return received(t, r)
	}
	at := time.Date(2014, 1, 5, 21, 31, 40, 0, time.UTC)
	for _, c := range []struct {
		name string
		want error
	}{
		{"C.1", signature.ErrUnsigned},
		{"C.2", signature.ErrUnsigned},
		{"C.3", nil},
	} {
		r := request(v.Signatures[c.name])
		s, err := signature.Parse(r)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := signature.Verify(r, body, s, pub, at); !errors.Is(err, c.want) {
			t.Errorf("%s: Verify = %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAPanicIsARefusal(t *testing.T) {
	t.Parallel()
	r := signedPOST(t, inbox)
	s, err := signature.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, pub := range []crypto.PublicKey{
		nil, ed25519.PublicKey{1, 2}, (*rsa.PublicKey)(nil), &rsa.PublicKey{}, []byte("shared secret"), "key",
	} {
		if err := signature.Verify(r, note(), s, pub, now()); !errors.Is(err, signature.ErrKey) {
			t.Errorf("Verify with key %#v = %v, want ErrKey", pub, err)
		}
	}
}

// Verify and Sign are called from many goroutines with the same key.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	r := signedPOST(t, inbox)
	before := r.Header.Clone()
	for range 8 {
		wg.Go(func() {
			if err := verify(r, note(), rsaKey().Public()); err != nil {
				t.Error(err)
			}
			if err := verify(signedPOST(t, inbox), note(), rsaKey().Public()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for name, values := range r.Header {
		if !slices.Equal(before[name], values) {
			t.Errorf("Verify changed the header %s", name)
		}
	}
	if len(r.Header) != len(before) {
		t.Errorf("Verify changed the headers: %v", r.Header)
	}
}

func TestSigningAgainReplaces(t *testing.T) {
	t.Parallel()
	r := newRequest(t, http.MethodPost, inbox, note())
	for range 2 {
		if err := signature.Sign(r, note(), key(), now()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.Header.Values("Signature")) + len(r.Header.Values("Digest")); n != 2 {
		t.Errorf("%d headers of signature and digest, want 2", n)
	}
	if err := verify(received(t, r), note(), rsaKey().Public()); err != nil {
		t.Error(err)
	}
}
