package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/federation/signature"
)

func spki(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// published is draft-cavage-12 Appendix C.
type published struct {
	PublicKeyPem, Method, URL, Date, Digest, Body string

	ContentType string `json:"content_type"`
	Signatures  map[string]string
}

func appendixC(t testing.TB) published {
	t.Helper()
	var v published
	b, err := os.ReadFile("../../specs/vectors/cavage-12/appendix-c.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// publishedKey is that of draft-cavage-12 Appendix C.
func publishedKey(t testing.TB) crypto.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(appendixC(t).PublicKeyPem))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// modulus makes a public key of so many bits that nobody can sign with.
func modulus(bits, exponent int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: exponent}
}

func TestParsePublicKeyReadsKeysInUse(t *testing.T) {
	t.Parallel()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)}))
	for name, c := range map[string]struct {
		text string
		want interface{ Equal(crypto.PublicKey) bool }
	}{
		"SPKI":              {spki(t, rsaKey().Public()), &rsaKey().PublicKey},
		"PKCS #1":           {pkcs1, &rsaKey().PublicKey},
		"Ed25519":           {spki(t, pub), pub},
		"4096 bits":         {spki(t, modulus(4096, 65537)), modulus(4096, 65537)},
		"no last newline":   {strings.TrimSpace(spki(t, rsaKey().Public())), &rsaKey().PublicKey},
		"CRLF":              {strings.ReplaceAll(spki(t, rsaKey().Public()), "\n", "\r\n"), &rsaKey().PublicKey},
		"space around":      {" \n" + spki(t, rsaKey().Public()) + "\n\n ", &rsaKey().PublicKey},
		"one newline extra": {spki(t, rsaKey().Public()) + "\n", &rsaKey().PublicKey},
	} {
		got, err := signature.ParsePublicKey(c.text)
		if err != nil || !c.want.Equal(got) {
			t.Errorf("%s: ParsePublicKey = %v, %v", name, got, err)
		}
	}
}

func TestParsePublicKeyRefusesTheRest(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := spki(t, rsaKey().Public())
	private := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey())}))
	for name, text := range map[string]string{
		"nothing":       "",
		"no PEM":        "ssh-rsa AAAA",
		"garbage":       "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"published key": spki(t, publishedKey(t)),
		"2047 bits":     spki(t, modulus(2047, 65537)),
		"4097 bits":     spki(t, modulus(4097, 65537)),
		"8192 bits":     spki(t, modulus(8192, 65537)),
		"65536 bits":    spki(t, modulus(65536, 65537)),
		"exponent 3":    spki(t, modulus(2048, 3)),
		"ECDSA":         spki(t, ec.Public()),
		"private key":   private,
		"certificate":   strings.ReplaceAll(good, "PUBLIC KEY", "CERTIFICATE"),
		"two keys":      good + good,
		"trailing text": good + "x",
		"a megabyte":    good + strings.Repeat(" ", 1<<20),
	} {
		fastest := time.Hour
		for range 5 { // the machine may be busy with something else
			start := time.Now()
			key, err := signature.ParsePublicKey(text)
			fastest = min(fastest, time.Since(start))
			if !errors.Is(err, signature.ErrKey) {
				t.Errorf("%s: ParsePublicKey = %v, %v; want ErrKey", name, key, err)
			}
		}
		if fastest > 5*time.Millisecond {
			t.Errorf("%s: refused after %v", name, fastest)
		}
	}
}

func TestVerifyDoesNotComputeWithOversizedKeys(t *testing.T) {
	t.Parallel()
	r := signedPOST(t, inbox)
	s, err := signature.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := signature.Verify(r, note(), s, modulus(65536, 65537), now()); !errors.Is(err, signature.ErrKey) {
		t.Errorf("Verify = %v, want ErrKey", err)
	}
}

// The library's own go.mod names an x/crypto of 2020 with known faults.
func TestTheLibraryIsBuiltWithACuredXCrypto(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`golang\.org/x/crypto v0\.(\d+)\.`).FindSubmatch(mod)
	if m == nil {
		t.Fatal("go.mod does not name golang.org/x/crypto")
	}
	if minor, err := strconv.Atoi(string(m[1])); err != nil || minor < 58 {
		t.Errorf("go.mod takes golang.org/x/crypto v0.%s, want v0.58 or later", m[1])
	}
}
