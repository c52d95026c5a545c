package signature_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/federation/signature"
)

func edKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

// messageKeys are the two kinds of key that RFC 9421 is read and written with.
func messageKeys() map[string]signature.Key {
	return map[string]signature.Key{
		"RSA":     {ID: keyID, Private: rsaKey(), Scheme: signature.Message},
		"Ed25519": {ID: "https://a.example/u/ada#ed25519-key", Private: edKey(), Scheme: signature.Message},
	}
}

func publicOf(k signature.Key) crypto.PublicKey { return k.Private.Public() }

func TestSignedMessagesVerify(t *testing.T) {
	t.Parallel()
	for name, k := range messageKeys() {
		for _, url := range []string{
			inbox, "https://b.example", "http://127.0.0.1:8081/inbox", "https://b.example/u/%2Fadmin",
			"https://b.example/a%20b?x=%20y&z", "https://b.example//inbox", "https://b.example/é", "https://[::1]:8080/inbox",
			"http://b.example/inbox", "https://B.example/inbox",
		} {
			r := newRequest(t, http.MethodPost, url, note())
			r.Header.Set("Content-Type", "application/activity+json")
			if err := signature.Sign(r, note(), k, now()); err != nil {
				t.Fatal(err)
			}
			if err := verify(received(t, r), note(), publicOf(k)); err != nil {
				t.Errorf("%s to %s: %v", name, url, err)
			}
		}
		r := newRequest(t, http.MethodGet, "https://b.example/u/bob?page=1", nil)
		if err := signature.Sign(r, nil, k, now()); err != nil {
			t.Fatal(err)
		}
		if err := verify(received(t, r), nil, publicOf(k)); err != nil {
			t.Errorf("%s GET: %v", name, err)
		}
	}
}

// note9421 is a message signed by hand, so that Sign and Verify cannot be
// wrong together; a test changes one thing.
type note9421 struct {
	components []string // with what each says
	params     string
	header     http.Header
	url        string
	body       []byte
	more       string // further signatures: in front
	moreInput  string
}

func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func newMessage() *note9421 {
	m := &note9421{
		header: http.Header{"Content-Type": {"application/activity+json"}, "Content-Digest": {contentDigest(note())}},
		url:    inbox, body: note(), params: `;created=` + strconv.FormatInt(now().Unix(), 10) + `;keyid="` + keyID + `"`,
	}
	m.components = []string{`"@method": POST`, `"@target-uri": ` + inbox, `"content-digest": ` + contentDigest(note())}
	return m
}

func (m *note9421) request(t testing.TB) *http.Request {
	t.Helper()
	var names []string
	for _, c := range m.components {
		name, _, _ := strings.Cut(c, ": ")
		names = append(names, name)
	}
	list := "(" + strings.Join(names, " ") + ")" + m.params
	base := strings.Join(append(append([]string{}, m.components...), `"@signature-params": `+list), "\n")
	value := ed25519.Sign(edKey(), []byte(base))
	r := newRequest(t, http.MethodPost, m.url, m.body)
	r.Header = m.header.Clone()
	r.Header.Set("Signature-Input", m.moreInput+"sig1="+list)
	r.Header.Set("Signature", m.more+"sig1=:"+base64.StdEncoding.EncodeToString(value)+":")
	return received(t, r)
}

func verifyEd(r *http.Request, body []byte) error { return verify(r, body, edKey().Public()) }

func TestMessagesOfOthersVerify(t *testing.T) {
	t.Parallel()
	created := strconv.FormatInt(now().Unix(), 10)
	for name, change := range map[string]func(*note9421){
		"the least": func(*note9421) {},
		"by path, authority and no query": func(m *note9421) {
			m.components = []string{m.components[0], `"@path": /inbox`, `"@authority": b.example`, m.components[2]}
		},
		"by path, query and host": func(m *note9421) {
			m.url += "?a=b"
			m.components = []string{m.components[0], `"@path": /inbox`, `"@query": ?a=b`, `"host": b.example`, m.components[2]}
		},
		"by request target": func(m *note9421) {
			m.url += "?a=b"
			m.components = []string{m.components[0], `"@request-target": /inbox?a=b`, `"@authority": b.example`, m.components[2]}
		},
		"with http": func(m *note9421) { m.components[1] = `"@target-uri": http://b.example/inbox` },
		"scheme":    func(m *note9421) { m.components = append(m.components, `"@scheme": https`) },
		"more headers": func(m *note9421) {
			m.header["X-A"] = []string{" 1", "2 "}
			m.components = append(m.components, `"x-a": 1, 2`, `"content-type": application/activity+json`)
		},
		"alg, nonce, tag, expires": func(m *note9421) {
			m.params = `;alg="ed25519";nonce="b3k2";created=` + created + `;tag="ap";expires=` + strconv.FormatInt(now().Add(time.Minute).Unix(), 10) + `;keyid="` + keyID + `";x`
		},
		"both digests": func(m *note9421) {
			m.header.Set("Content-Digest", m.header.Get("Content-Digest")+", sha-256="+strings.TrimPrefix(contentDigest(note()), "sha-256="))
			m.components[2] = `"content-digest": ` + m.header.Get("Content-Digest")
		},
		"another signature first": func(m *note9421) {
			m.moreInput, m.more = `proxy=("@status");created=1;keyid="p", `, `proxy=:AAAA:, `
		},
		"one of too little first": func(m *note9421) {
			m.moreInput, m.more = `proxy=("@method");created=1;keyid="p", `, `proxy=:AAAA:, `
		},
		"one of another algorithm first": func(m *note9421) {
			m.moreInput, m.more = `p=("@method" "@target-uri" "content-digest");created=1;keyid="p";alg="ecdsa-p256-sha256", `, `p=:AAAA:, `
		},
	} {
		m := newMessage()
		change(m)
		r := m.request(t)
		if s, err := signature.Parse(r); err != nil || s.KeyID != keyID || s.Scheme != signature.Message {
			t.Errorf("%s: Parse = %+v, %v", name, s, err)
		}
		if err := verifyEd(r, m.body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongMessagesAreRefused(t *testing.T) {
	t.Parallel()
	created := func(after time.Duration) string { return ";created=" + strconv.FormatInt(now().Add(after).Unix(), 10) }
	id := `;keyid="` + keyID + `"`
	drop := func(i int) func(*note9421) {
		return func(m *note9421) { m.components = append(m.components[:i], m.components[i+1:]...) }
	}
	digest := func(value string) func(*note9421) {
		return func(m *note9421) {
			m.header.Set("Content-Digest", value)
			m.components[2] = `"content-digest": ` + value
		}
	}
	for name, c := range map[string]struct {
		change func(*note9421)
		want   error
	}{
		"method not covered":     {drop(0), signature.ErrUnsigned},
		"target not covered":     {drop(1), signature.ErrUnsigned},
		"digest not covered":     {drop(2), signature.ErrUnsigned},
		"path without authority": {func(m *note9421) { m.components[1] = `"@path": /inbox` }, signature.ErrUnsigned},
		"authority without path": {func(m *note9421) { m.components[1] = `"@authority": b.example` }, signature.ErrUnsigned},
		"query not covered": {func(m *note9421) {
			m.url += "?x"
			m.components[1] = `"@path": /inbox`
			m.components = append(m.components, `"@authority": b.example`)
		}, signature.ErrUnsigned},
		"no created": {func(m *note9421) { m.params = id }, signature.ErrUnsigned},
		"too old":    {func(m *note9421) { m.params = created(-time.Hour-time.Second) + id }, signature.ErrStale},
		"too early":  {func(m *note9421) { m.params = created(time.Hour+time.Second) + id }, signature.ErrStale},
		"expired": {func(m *note9421) {
			m.params = created(-30*time.Minute) + ";expires=" + strconv.FormatInt(now().Add(-6*time.Minute).Unix(), 10) + id
		}, signature.ErrStale},
		"created is a text":         {func(m *note9421) { m.params = `;created="1"` + id }, signature.ErrMalformed},
		"created is negative":       {func(m *note9421) { m.params = `;created=-1` + id }, signature.ErrMalformed},
		"created is broken":         {func(m *note9421) { m.params = `;created=1.5` + id }, signature.ErrMalformed},
		"no key id":                 {func(m *note9421) { m.params = created(0) }, signature.ErrMalformed},
		"key id with a space":       {func(m *note9421) { m.params = created(0) + `;keyid="a b"` }, signature.ErrMalformed},
		"key id is a token":         {func(m *note9421) { m.params = created(0) + `;keyid=abc` }, signature.ErrMalformed},
		"a component twice":         {func(m *note9421) { m.components = append(m.components, m.components[0]) }, signature.ErrMalformed},
		"a component in upper case": {func(m *note9421) { m.components = append(m.components, `"Date": x`) }, signature.ErrMalformed},
		"a component with a newline": {func(m *note9421) {
			m.components = append(m.components, "\"a\n\": x")
		}, signature.ErrMalformed},
		"a component of a key":     {func(m *note9421) { m.components = append(m.components, `"@query-param";name="a": b`) }, signature.ErrUnsupported},
		"a component of a request": {func(m *note9421) { m.components = append(m.components, `"@status": 200`) }, signature.ErrUnsupported},
		"a component re-encoded":   {func(m *note9421) { m.components = append(m.components, `"x";sf: 1`) }, signature.ErrUnsupported},
		"a header that is absent":  {func(m *note9421) { m.components = append(m.components, `"x-absent": `) }, signature.ErrInvalid},
		"algorithm of another key": {func(m *note9421) { m.params += `;alg="rsa-v1_5-sha256"` }, signature.ErrUnsupported},
		"unknown algorithm":        {func(m *note9421) { m.params += `;alg="hmac-sha256"` }, signature.ErrUnsupported},
		"digest of another body":   {digest(contentDigest([]byte("x"))), signature.ErrDigest},
		"digest of another kind":   {digest("md5=:AAAA:"), signature.ErrDigest},
		"one more digest, of another kind": {func(m *note9421) {
			digest(m.header.Get("Content-Digest") + ", md5=:AAAA:")(m)
		}, signature.ErrDigest},
		"two digests, one wrong": {func(m *note9421) {
			digest(m.header.Get("Content-Digest") + ", sha-512=:AAAA:")(m)
		}, signature.ErrDigest},
		"digest is no bytes":      {digest("sha-256=abc"), signature.ErrDigest},
		"digest is a list":        {digest("sha-256=(1)"), signature.ErrDigest},
		"digest is nothing":       {digest(""), signature.ErrDigest},
		"two digest headers":      {func(m *note9421) { m.header.Add("Content-Digest", m.header.Get("Content-Digest")) }, signature.ErrDigest},
		"another method":          {func(m *note9421) { m.components[0] = `"@method": PUT` }, signature.ErrInvalid},
		"another target":          {func(m *note9421) { m.url = "https://b.example/u/bob/inbox" }, signature.ErrInvalid},
		"another host":            {func(m *note9421) { m.url = "https://c.example/inbox" }, signature.ErrInvalid},
		"a query that is not its": {func(m *note9421) { m.url += "?x" }, signature.ErrInvalid},
		"nothing but a proxy's":   {func(m *note9421) { m.components = []string{`"forwarded": x`} }, signature.ErrUnsigned},
	} {
		m := newMessage()
		c.change(m)
		if err := verifyEd(m.request(t), m.body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestBrokenSignatureInputIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(h http.Header){
		"two inputs":            func(h http.Header) { h.Add("Signature-Input", h.Get("Signature-Input")) },
		"two signatures":        func(h http.Header) { h.Add("Signature", h.Get("Signature")) },
		"no signature":          func(h http.Header) { h.Del("Signature") },
		"one of the draft":      func(h http.Header) { h.Set("Signature", `keyId="x",signature="AAAA"`) },
		"another label":         func(h http.Header) { h.Set("Signature", "sig2=:AAAA:") },
		"no bytes":              func(h http.Header) { h.Set("Signature", `sig1="AAAA"`) },
		"empty":                 func(h http.Header) { h.Set("Signature", "sig1=::") },
		"a list":                func(h http.Header) { h.Set("Signature", "sig1=(1)") },
		"large":                 func(h http.Header) { h.Set("Signature", "sig1=:"+strings.Repeat("AAAA", 1000)+":") },
		"input is an item":      func(h http.Header) { h.Set("Signature-Input", "sig1=1") },
		"input is empty":        func(h http.Header) { h.Set("Signature-Input", "") },
		"input breaks off":      func(h http.Header) { h.Set("Signature-Input", `sig1=("@method"`) },
		"input of many":         func(h http.Header) { h.Set("Signature-Input", strings.Repeat(`a,b,c,d,e,f,g,h,i,`, 1)+"j") },
		"input of many names":   func(h http.Header) { h.Set("Signature-Input", `sig1=(`+strings.Repeat(`"a" `, 40)+`)`) },
		"input is a megabyte":   func(h http.Header) { h.Set("Signature-Input", strings.Repeat("a", 1<<20)) },
		"component is a number": func(h http.Header) { h.Set("Signature-Input", `sig1=(1);keyid="a";created=1`) },
	} {
		r := newMessage().request(t)
		change(r.Header)
		if err := verifyEd(r, note()); !errors.Is(err, signature.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

// Signed by RFC 9421, a request has no other signature.
func TestSignLeavesNothingOfTheOtherScheme(t *testing.T) {
	t.Parallel()
	r := signedPOST(t, inbox)
	if err := signature.Sign(r, note(), messageKeys()["Ed25519"], now()); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Digest") != "" || !strings.HasPrefix(r.Header.Get("Signature"), "sig1=:") {
		t.Errorf("signed by RFC 9421 after the draft: %v", r.Header)
	}
	if err := signature.Sign(r, note(), key(), now()); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Content-Digest") != "" || r.Header.Get("Signature-Input") != "" {
		t.Errorf("signed by the draft after RFC 9421: %v", r.Header)
	}
	if err := verify(received(t, r), note(), rsaKey().Public()); err != nil {
		t.Errorf("verify = %v", err)
	}
	for name, k := range map[string]signature.Key{
		"Ed25519 by the draft":  {ID: keyID, Private: edKey()},
		"a key id with a quote": {ID: `a"b`, Private: edKey(), Scheme: signature.Message},
		"no key":                {ID: keyID, Scheme: signature.Message},
	} {
		if err := signature.Sign(r, note(), k, now()); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func TestAMessageIsKnownWhenItComesAgain(t *testing.T) {
	t.Parallel()
	var seen signature.Replays
	m := newMessage()
	r := m.request(t)
	s, err := signature.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seen.Seen(s, signature.NewFingerprint(r, m.body), now()); again || err != nil {
		t.Errorf("the first time: %v, %v", again, err)
	}
	if again, err := seen.Seen(s, signature.NewFingerprint(r, m.body), now()); !again || err != nil {
		t.Errorf("the second time: %v, %v", again, err)
	}
	if _, err := seen.Seen(s, signature.NewFingerprint(r, []byte("x")), now()); !errors.Is(err, signature.ErrReplayed) {
		t.Errorf("with another body: %v, want ErrReplayed", err)
	}
}

func FuzzMessage(f *testing.F) {
	r := newMessage().request(f)
	f.Add(r.Header.Get("Signature-Input"), r.Header.Get("Signature"), r.Header.Get("Content-Digest"))
	f.Add(`a=("@method" "x";sf);created=1;keyid="a", b=("@target-uri")`, `a=:AAAA:, b=:AAAA:`, `sha-512=:AAAA:`)
	f.Add(`sig1=("@signature-params");created=1;keyid="a"`, `sig1=:AAAA:`, ``)
	f.Fuzz(func(t *testing.T, input, value, digest string) {
		r := newRequest(t, http.MethodPost, inbox, note())
		r.Header = http.Header{"Signature-Input": {input}, "Signature": {value}, "Content-Digest": {digest}}
		s, err := signature.Parse(r)
		if err == nil {
			err = signature.Verify(r, note(), s, edKey().Public(), now())
		}
		if _, ok := errors.AsType[*signature.Error](err); err != nil && !ok {
			t.Errorf("%v is no error of the package", err)
		}
	})
}

func BenchmarkSignMessageEd25519(b *testing.B) {
	k, body := messageKeys()["Ed25519"], make([]byte, 3200)
	for b.Loop() {
		r := newRequest(b, http.MethodPost, inbox, body)
		r.Header.Set("Content-Type", "application/activity+json")
		if err := signature.Sign(r, body, k, now()); err != nil {
			b.Fatal(err)
		}
	}
}
