package signature_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/signature"
)

// edit changes the Signature header of a request that is otherwise right.
func edit(t *testing.T, change func(header string) string) *http.Request {
	t.Helper()
	r := signedPOST(t, inbox)
	r.Header.Set("Signature", change(r.Header.Get("Signature")))
	return r
}

func replaced(t *testing.T, old, with string) *http.Request {
	t.Helper()
	return edit(t, func(header string) string {
		if !strings.Contains(header, old) {
			t.Fatalf("%q is not in %s", old, header)
		}
		return strings.Replace(header, old, with, 1)
	})
}

// byHand signs a letter that was changed before.
func byHand(t *testing.T, change func(*letter)) *http.Request {
	t.Helper()
	l := newLetter(note())
	change(l)
	return l.request(t, rsaKey(), crypto.SHA256)
}

func changed(t *testing.T, change func(*http.Request)) *http.Request {
	t.Helper()
	r := signedPOST(t, inbox)
	change(r)
	return r
}

func without(name string) func(*letter) {
	return func(l *letter) {
		for i, n := range l.covered {
			if n == name {
				l.covered = append(l.covered[:i], l.covered[i+1:]...)
				return
			}
		}
	}
}

func dated(after time.Duration) func(*letter) {
	return func(l *letter) { l.header.Set("Date", now().Add(after).Format(http.TimeFormat)) }
}

func TestWrongRequestsAreRefused(t *testing.T) {
	t.Parallel()
	other := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, c := range map[string]struct {
		r    *http.Request
		want error
	}{
		"no signature": {changed(t, func(r *http.Request) { r.Header.Del("Signature") }), signature.ErrMissing},
		"in Authorization": {changed(t, func(r *http.Request) {
			r.Header.Set("Authorization", "Signature "+r.Header.Get("Signature"))
			r.Header.Del("Signature")
		}), signature.ErrMissing},
		"RFC 9421": {changed(t, func(r *http.Request) { r.Header.Set("Signature-Input", "sig1=()") }), signature.ErrMalformed},
		"two signatures": {changed(t, func(r *http.Request) {
			r.Header.Add("Signature", r.Header.Get("Signature"))
		}), signature.ErrMalformed},
		"no key id":            {replaced(t, "keyId=", "x="), signature.ErrMalformed},
		"no signature value":   {replaced(t, "signature=", "x="), signature.ErrMalformed},
		"signature not base64": {replaced(t, `signature="`, `signature="?`), signature.ErrMalformed},
		"two key ids":          {replaced(t, "keyId=", `keyId="https://c.example/",keyId=`), signature.ErrMalformed},
		"two in another case":  {replaced(t, "keyId=", `KEYID="https://c.example/",keyId=`), signature.ErrMalformed},
		"header signed twice":  {replaced(t, "date digest", "date digest host"), signature.ErrMalformed},

		"target not signed":      {byHand(t, without("(request-target)")), signature.ErrUnsigned},
		"host not signed":        {byHand(t, without("host")), signature.ErrUnsigned},
		"date not signed":        {byHand(t, without("date")), signature.ErrUnsigned},
		"digest not signed":      {byHand(t, without("digest")), signature.ErrUnsigned},
		"no list":                {replaced(t, "headers=", "x="), signature.ErrUnsigned},
		"created without a time": {byHand(t, func(l *letter) { l.covered = append(l.covered, "(created)") }), signature.ErrMalformed},
		"expires without a time": {byHand(t, func(l *letter) { l.covered = append(l.covered, "(expires)") }), signature.ErrMalformed},

		"no digest":         {changed(t, func(r *http.Request) { r.Header.Del("Digest") }), signature.ErrDigest},
		"two digests":       {changed(t, func(r *http.Request) { r.Header.Add("Digest", r.Header.Get("Digest")) }), signature.ErrDigest},
		"digest of nothing": {byHand(t, func(l *letter) { l.header.Set("Digest", "SHA-256="+other) }), signature.ErrDigest},
		"digest of another kind": {byHand(t, func(l *letter) {
			l.header.Set("Digest", "SHA-512="+other)
		}), signature.ErrDigest},
		"one digest wrong": {byHand(t, func(l *letter) {
			l.header.Set("Digest", l.header.Get("Digest")+",SHA-256="+other)
		}), signature.ErrDigest},
		"one digest of another kind": {byHand(t, func(l *letter) {
			l.header.Set("Digest", l.header.Get("Digest")+",MD5=AAAA")
		}), signature.ErrDigest},
		"digest not base64": {byHand(t, func(l *letter) { l.header.Set("Digest", "SHA-256=!") }), signature.ErrDigest},

		"two hours old":   {byHand(t, dated(-2*time.Hour)), signature.ErrStale},
		"just too old":    {byHand(t, dated(-time.Hour-time.Second)), signature.ErrStale},
		"two hours ahead": {byHand(t, dated(2*time.Hour)), signature.ErrStale},
		"just too early":  {byHand(t, dated(time.Hour+time.Second)), signature.ErrStale},
		"date is no date": {byHand(t, func(l *letter) { l.header.Set("Date", "today") }), signature.ErrStale},
		"old created beside a good date": {byHand(t, func(l *letter) {
			l.covered = append(l.covered, "(created)")
			l.created, l.createdLine = "created=1402170695,", "1402170695"
		}), signature.ErrStale},

		"other method": {changed(t, func(r *http.Request) { r.Method = http.MethodPut }), signature.ErrInvalid},
		"other path":   {changed(t, func(r *http.Request) { r.URL.Path = "/u/bob/inbox" }), signature.ErrInvalid},
		"path encoded": {byHand(t, func(l *letter) { l.target = "/%69nbox" }), signature.ErrInvalid},
		"other host":   {changed(t, func(r *http.Request) { r.Host = "c.example" }), signature.ErrInvalid},
		"host by a header": {changed(t, func(r *http.Request) {
			r.Host = "c.example"
			r.Header.Set("Host", "b.example")
		}), signature.ErrInvalid},
		"other date": {changed(t, func(r *http.Request) {
			r.Header.Set("Date", now().Add(time.Minute).Format(http.TimeFormat))
		}), signature.ErrInvalid},
		"two dates, both signed": {byHand(t, func(l *letter) {
			l.header.Add("Date", now().Add(time.Minute).Format(http.TimeFormat))
		}), signature.ErrInvalid},
		"two dates": {changed(t, func(r *http.Request) { r.Header.Add("Date", r.Header.Get("Date")) }), signature.ErrInvalid},
		"other content type": {changed(t, func(r *http.Request) {
			r.Header.Set("Content-Type", "text/html")
		}), signature.ErrInvalid},
		"header signed but absent": {byHand(t, func(l *letter) { l.covered = append(l.covered, "x-absent") }), signature.ErrInvalid},
		"truncated":                {edit(t, func(h string) string { return h[:len(h)-5] + `"` }), signature.ErrInvalid},
		"garbage":                  {edit(t, func(h string) string { return h[:strings.LastIndex(h, "signature=")] + `signature="AAAA"` }), signature.ErrInvalid},
		"headers in another order": {replaced(t, "host date", "date host"), signature.ErrInvalid},
		"newline in the path":      {changed(t, func(r *http.Request) { r.URL.RawQuery = "a\nhost: b.example" }), signature.ErrInvalid},
		"newline in a header":      {changed(t, func(r *http.Request) { r.Header.Set("Content-Type", "a\nb: c") }), signature.ErrInvalid},
		"tab in the host":          {changed(t, func(r *http.Request) { r.Host = "b.example\t" }), signature.ErrInvalid},

		"algorithm unknown":        {replaced(t, "hs2019", "hmac-sha256"), signature.ErrUnsupported},
		"algorithm of another key": {replaced(t, "hs2019", "ed25519"), signature.ErrUnsupported},
		"algorithm misspelt":       {replaced(t, "hs2019", "rsa-sha256x"), signature.ErrUnsupported},
		"hash of another name":     {replaced(t, "hs2019", "rsa-sha512"), signature.ErrInvalid},
	} {
		err := verify(c.r, note(), rsaKey().Public())
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		want := http.StatusUnauthorized
		if errors.Is(c.want, signature.ErrMalformed) {
			want = http.StatusBadRequest
		}
		if e, ok := errors.AsType[*signature.Error](err); !ok || e.Status() != want || e.Reason() == "" {
			t.Errorf("%s: %v is no *Error of status %d with a reason", name, err, want)
		}
	}
}

// The library signs the path decoded: %2F and a slash would have one signature,
// and %0A would end the line. Signed by hand, so that Sign and Verify cannot
// be wrong together.
func TestTheTargetIsWhatStandsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		signed, sent string
		good         bool
	}{
		{"/u/%2Fadmin", "/u/%2Fadmin", true},
		{"/u//admin", "/u//admin", true},
		{"/u//admin", "/u/%2Fadmin", false},
		{"/u/%2Fadmin", "/u//admin", false},
		{"/a%20b", "/a%20b", true},
		{"/a b", "/a%20b", false},
		{"/u/%0Ahost:%20evil", "/u/%0Ahost:%20evil", true},
		{"/u/\nhost: evil", "/u/%0Ahost:%20evil", false},
		{"/", "", true},
		{"", "", false},
	} {
		l := newLetter(note())
		l.target = c.signed
		r := newRequest(t, http.MethodPost, "https://b.example"+c.sent, note())
		r.Header = l.request(t, rsaKey(), crypto.SHA256).Header
		if err := verify(received(t, r), note(), rsaKey().Public()); (err == nil) != c.good || err != nil && !errors.Is(err, signature.ErrInvalid) {
			t.Errorf("signed %q, sent %q: %v, want good = %v", c.signed, c.sent, err, c.good)
		}
		// What we sign is the same text.
		if err := signature.Sign(r, note(), key(), now()); err != nil {
			t.Fatal(err)
		}
		s, err := signature.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		l.covered = append(l.covered, "content-type")
		sum := sha256.Sum256([]byte(l.text()))
		if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, sum[:], s.Value); (err == nil) != c.good {
			t.Errorf("Sign for %q signs %q: %v, want %v", c.sent, c.signed, err == nil, c.good)
		}
	}
}

// An algorithm is quoted in the error, which is answered and logged.
func TestErrorsQuoteLittle(t *testing.T) {
	t.Parallel()
	r := replaced(t, "hs2019", strings.Repeat("x", 7000))
	if err := verify(r, note(), rsaKey().Public()); !errors.Is(err, signature.ErrUnsupported) || len(err.Error()) > 300 {
		t.Errorf("verify = %.100v, want ErrUnsupported in few words", err)
	}
	kind := strings.Repeat("X", 3500)
	block := "-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n"
	if _, err := signature.ParsePublicKey(block); !errors.Is(err, signature.ErrKey) || len(err.Error()) > 300 {
		t.Errorf("ParsePublicKey = %.100v, want ErrKey in few words", err)
	}
}

func TestASwappedBodyIsRefused(t *testing.T) {
	t.Parallel()
	r := signedPOST(t, inbox)
	if err := verify(r, []byte(`{"type":"Delete"}`), rsaKey().Public()); !errors.Is(err, signature.ErrDigest) {
		t.Errorf("another body: %v, want ErrDigest", err)
	}
	// with a digest that fits it
	swapped := newLetter([]byte(`{"type":"Delete"}`))
	r.Header.Set("Digest", swapped.header.Get("Digest"))
	if err := verify(r, []byte(`{"type":"Delete"}`), rsaKey().Public()); !errors.Is(err, signature.ErrInvalid) {
		t.Errorf("another body and digest: %v, want ErrInvalid", err)
	}
	if err := verify(signedPOST(t, inbox), nil, rsaKey().Public()); !errors.Is(err, signature.ErrDigest) {
		t.Errorf("no body: %v, want ErrDigest", err)
	}
}

func TestAnotherKeyDoesNotVerify(t *testing.T) {
	t.Parallel()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.PublicKey{stranger.Public(), pub} {
		if err := verify(signedPOST(t, inbox), note(), key); !errors.Is(err, signature.ErrInvalid) {
			t.Errorf("verify with a stranger's %T = %v, want ErrInvalid", key, err)
		}
	}
}

func TestTheWindowIsOneHourEachWay(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{-time.Hour, -time.Minute, 0, time.Minute, time.Hour} {
		if err := verify(byHand(t, dated(after)), note(), rsaKey().Public()); err != nil {
			t.Errorf("dated %v: %v", after, err)
		}
	}
}

func TestAZeroSignatureIsRefused(t *testing.T) {
	t.Parallel()
	err := signature.Verify(signedPOST(t, inbox), note(), signature.Signature{}, rsaKey().Public(), now())
	if !errors.Is(err, signature.ErrUnsigned) {
		t.Errorf("Verify = %v, want ErrUnsigned", err)
	}
}

func BenchmarkBareRSA(b *testing.B) {
	sum := make([]byte, 32)
	rsaKey()
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, rsaKey(), crypto.SHA256, sum); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	k, body := key(), make([]byte, 3200)
	for b.Loop() {
		r := newRequest(b, http.MethodPost, inbox, body)
		if err := signature.Sign(r, body, k, now()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	r := signedPOST(b, inbox)
	for b.Loop() {
		if err := verify(r, note(), rsaKey().Public()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareVerify(b *testing.B) {
	sum := make([]byte, 32)
	sig, err := rsa.SignPKCS1v15(nil, rsaKey(), crypto.SHA256, sum)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, sum, sig); err != nil {
			b.Fatal(err)
		}
	}
}
