package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"instar.example/federation/proof"
)

const vectors = "../../specs/vectors"

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key() proof.Key {
	return proof.Key{ID: "https://a.example/u/ada#ed25519-key", Private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
}

func public() ed25519.PublicKey { return key().Private.Public().(ed25519.PublicKey) }

func at() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func signed(t testing.TB, doc string) []byte {
	t.Helper()
	b, err := proof.Sign([]byte(doc), key(), at())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const note = `{"@context":["https://www.w3.org/ns/activitystreams",{"x":"as:x"}],"id":"https://a.example/1","type":"Create",` +
	`"actor":"https://a.example/u/ada","object":{"id":"https://a.example/2","content":"<p>hé</p>"}}`

// RFC 8785's vectors hold for what we canonicalise with.
func TestCanonicalFormIsThatOfRFC8785(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join(vectors, "jcs/input/*.json"))
	if err != nil || len(names) < 6 {
		t.Fatalf("vectors: %v, %v", names, err)
	}
	for _, name := range names {
		got := jsontext.Value(read(t, "jcs/input/"+filepath.Base(name)))
		err := got.Canonicalize()
		if want := read(t, "jcs/output/"+filepath.Base(name)); err != nil || !bytes.Equal(got, bytes.TrimSpace(want)) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
		wantHex := strings.Join(strings.Fields(string(read(t, "jcs/outhex/"+strings.TrimSuffix(filepath.Base(name), ".json")+".txt"))), "")
		if hex.EncodeToString(got) != wantHex {
			t.Errorf("%s: %x, want %s", name, got, wantHex)
		}
	}
}

func TestThePublishedProofsVerify(t *testing.T) {
	t.Parallel()
	var fep struct {
		PrivateJwk struct{ X string }
		Signed     json.RawMessage
	}
	var w3c struct{ PublicKeyMultibase string }
	if err := errors.Join(json.Unmarshal(read(t, "fep-8b32/fep-8b32.json"), &fep), json.Unmarshal(read(t, "vc-di-eddsa/keyPair.json"), &w3c)); err != nil {
		t.Fatal(err)
	}
	fepKey, err := base64.RawURLEncoding.DecodeString(fep.PrivateJwk.X)
	if err != nil {
		t.Fatal(err)
	}
	w3cKey, err := proof.ParseMultikey(w3c.PublicKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		doc    []byte
		key    ed25519.PublicKey
		method string
	}{
		"FEP-8b32":    {fep.Signed, fepKey, "https://server.example/users/alice#ed25519-key"},
		"vc-di-eddsa": {read(t, "vc-di-eddsa/signedJCS.json"), w3cKey, "did:key:" + w3c.PublicKeyMultibase + "#" + w3c.PublicKeyMultibase},
	} {
		p, err := proof.Find(v.doc)
		if err != nil || p.Method != v.method {
			t.Errorf("%s: Find = %v, %v", name, p.Method, err)
			continue
		}
		if err := p.Verify(v.doc, v.key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.Verify(v.doc, public()); !errors.Is(err, proof.ErrInvalid) {
			t.Errorf("%s: with another key: %v, want ErrInvalid", name, err)
		}
	}
}

// What we sign is what FEP-8b32's own vector has, byte for byte.
func TestSignMakesThePublishedProof(t *testing.T) {
	t.Parallel()
	var v struct {
		PrivateJwk struct{ D string }
		Signed     map[string]json.RawMessage
	}
	if err := json.Unmarshal(read(t, "fep-8b32/fep-8b32.json"), &v); err != nil {
		t.Fatal(err)
	}
	var want struct{ ProofValue, Created, VerificationMethod string }
	if err := json.Unmarshal(v.Signed["proof"], &want); err != nil {
		t.Fatal(err)
	}
	delete(v.Signed, "proof")
	doc, err := json.Marshal(v.Signed)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := base64.RawURLEncoding.DecodeString(v.PrivateJwk.D)
	if err != nil {
		t.Fatal(err)
	}
	created, err := time.Parse(time.RFC3339, want.Created)
	if err != nil {
		t.Fatal(err)
	}
	got, err := proof.Sign(doc, proof.Key{ID: want.VerificationMethod, Private: ed25519.NewKeyFromSeed(seed)}, created)
	if err != nil || !strings.Contains(string(got), want.ProofValue) {
		t.Errorf("Sign = %s, %v; want the proof %s", got, err, want.ProofValue)
	}
}

func TestMultikeyIsThatOfFEP521a(t *testing.T) {
	t.Parallel()
	var v struct{ PublicKeyHex, PublicKeyMultibase string }
	if err := json.Unmarshal(read(t, "fep-521a/multikey.json"), &v); err != nil {
		t.Fatal(err)
	}
	want, err := hex.DecodeString(v.PublicKeyHex)
	if err != nil {
		t.Fatal(err)
	}
	if got := proof.Multikey(want); got != v.PublicKeyMultibase {
		t.Errorf("Multikey = %s, want %s", got, v.PublicKeyMultibase)
	}
	if got, err := proof.ParseMultikey(v.PublicKeyMultibase); err != nil || !bytes.Equal(got, want) {
		t.Errorf("ParseMultikey = %x, %v", got, err)
	}
	for _, bad := range []string{
		"", "z", "6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do",
		"z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK1", "z0Ol", "u7QEub8zjZwHceRSI4NCxdFzB4zpMHJ_MQcY70", "z" + strings.Repeat("z", 1<<20),
		"z4MXj1wBzi9jUstyPMS4jQqB6KdJaiatPkAtVtGc6bQEQEEsKTic4G7Rou3iBf9vPmT5dbkm9qsZsuVNjq8HCuW1w24nhBFGkRE4cd2Uf2tfrB3N7h4mnyPp1BF3ZttHTYv3DLUPi1zMdkULiow3M1GfXkoC6DoxDUm1jmN6GBj22SjVsr6dxezRVQc7aj9TxE7JLbMH1wh5X3kA58H3DFW8rnYMakFGbca5CB2Jf6CnGQZmL7o5uJAdTwXfy2iiiyPxXEGerMhHwhjTA1mKYobyk2CpeEcmvynADfNZ5MBvcCS7m3XkFCMNUYBS9NQ3fze6vMSUPsNa6GVYmKx2x6JrdEjCk3qRMMmyjnjCMfR4pXbRMZa3i",
	} {
		if got, err := proof.ParseMultikey(bad); !errors.Is(err, proof.ErrKey) {
			t.Errorf("ParseMultikey(%.40q) = %x, %v; want ErrKey", bad, got, err)
		}
	}
}

func TestAProofSurvivesAnotherSpelling(t *testing.T) {
	t.Parallel()
	b := signed(t, note)
	if !bytes.HasPrefix(b, []byte(strings.TrimSuffix(note, "}"))) {
		t.Errorf("Sign changed what stood there: %s", b)
	}
	p, err := proof.Find(b)
	if err != nil || p.Method != key().ID || !p.Created.Equal(at()) {
		t.Fatalf("Find = %+v, %v", p, err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	respelt, err := json.MarshalIndent(v, "", "\t") // other order, other escapes, white space
	if err != nil {
		t.Fatal(err)
	}
	v["signature"] = map[string]any{"type": "RsaSignature2017"} // made by a relay over all of it
	forwarded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range [][]byte{b, respelt, forwarded} {
		if err := p.Verify(doc, public()); err != nil {
			t.Errorf("Verify(%s) = %v", doc, err)
		}
	}
}

func TestAChangedDocumentIsRefused(t *testing.T) {
	t.Parallel()
	b := string(signed(t, note))
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"another word":        {strings.Replace(b, "hé", "he", 1), proof.ErrInvalid},
		"another actor":       {strings.Replace(b, "/u/ada\"", "/u/eve\"", 1), proof.ErrInvalid},
		"one member more":     {strings.Replace(b, `"type":`, `"bto":"x","type":`, 1), proof.ErrInvalid},
		"a member twice":      {strings.Replace(b, `"type":`, `"id":"https://c.example/","type":`, 1), proof.ErrMalformed},
		"another context":     {strings.Replace(b, "as:x", "as:y", 1), proof.ErrInvalid},
		"both contexts":       {strings.ReplaceAll(b, "as:x", "as:y"), proof.ErrInvalid},
		"another time":        {strings.Replace(b, "12:00:00Z", "13:00:00Z", 1), proof.ErrInvalid},
		"another key's name":  {strings.Replace(b, "#ed25519-key", "#other", 1), proof.ErrInvalid},
		"another purpose":     {strings.Replace(b, "assertionMethod", "authentication", 1), proof.ErrMalformed},
		"no time":             {strings.Replace(b, `"created"`, `"begun"`, 1), proof.ErrMalformed},
		"no key":              {strings.Replace(b, `"verificationMethod"`, `"method"`, 1), proof.ErrMalformed},
		"no value":            {strings.Replace(b, `"proofValue"`, `"value"`, 1), proof.ErrMalformed},
		"no proof":            {note, proof.ErrNone},
		"proof is null":       {strings.TrimSuffix(note, "}") + `,"proof":null}`, proof.ErrNone},
		"unknown cryptosuite": {strings.Replace(b, "eddsa-jcs-2022", "eddsa-rdfc-2022", 1), proof.ErrNone},
		"a text":              {strings.TrimSuffix(note, "}") + `,"proof":"x"}`, proof.ErrNone},
		"a list":              {"[]", proof.ErrMalformed},
	} {
		p, err := proof.Find([]byte(c.doc))
		if err == nil {
			err = p.Verify([]byte(c.doc), public())
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Of several proofs the one that can be read counts.
func TestAmongSeveralProofsOursIsFound(t *testing.T) {
	t.Parallel()
	b := string(signed(t, note))
	head, own, _ := strings.Cut(b, `,"proof":`)
	own = strings.TrimSuffix(own, "}")
	doc := []byte(head + `,"proof":[{"type":"DataIntegrityProof","cryptosuite":"mldsa44-jcs-2024"},` + own + `]}`)
	p, err := proof.Find(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(doc, public()); err != nil {
		t.Errorf("Verify = %v", err)
	}
}

func TestSignRefusesWhatItCannotProve(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"", "[]", "{}", "null", "x", `{"a":`} {
		if b, err := proof.Sign([]byte(doc), key(), at()); err == nil {
			t.Errorf("Sign(%s) = %s", doc, b)
		}
	}
	if b, err := proof.Sign([]byte(note), proof.Key{ID: "x"}, at()); err == nil {
		t.Errorf("Sign without a key = %s", b)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(signed(f, note))
	f.Add(read(f, "vc-di-eddsa/signedJCS.json"))
	f.Add([]byte(`{"proof":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofValue":"z1"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := proof.Find(doc)
		if err != nil {
			if !errors.Is(err, proof.ErrNone) && !errors.Is(err, proof.ErrMalformed) {
				t.Errorf("Find: %v is no error of the package", err)
			}
			return
		}
		if err := p.Verify(doc, public()); err != nil && !errors.Is(err, proof.ErrInvalid) && !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("Verify: %v is no error of the package", err)
		}
	})
}

func FuzzParseMultikey(f *testing.F) {
	f.Add(proof.Multikey(public()))
	f.Add("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := proof.ParseMultikey(text)
		if err == nil && proof.Multikey(key) != text {
			t.Errorf("ParseMultikey(%q) and back is %q", text, proof.Multikey(key))
		}
	})
}

func BenchmarkSign(b *testing.B) {
	for b.Loop() {
		if _, err := proof.Sign([]byte(note), key(), at()); err != nil {
			b.Fatal(err)
		}
	}
}
