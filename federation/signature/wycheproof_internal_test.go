package signature

import (
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

type wycheproofGroup struct {
	Key   string
	Tests []struct {
		ID                      int
		Result, Flags, Msg, Sig string
	}
}

func wycheproof(t *testing.T, name string) []wycheproofGroup {
	t.Helper()
	var file struct{ Groups []wycheproofGroup }
	b, err := os.ReadFile("../../specs/vectors/wycheproof/" + name)
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil || len(file.Groups) == 0 {
		t.Fatalf("%s: %d groups, %v", name, len(file.Groups), err)
	}
	return file.Groups
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// judge holds a verifier to a group and returns how many signatures were right.
// "acceptable" ones lack the NULL of the digest's name: what is not written as
// RFC 8017 has it is refused, too.
func (g wycheproofGroup) judge(t *testing.T, key crypto.PublicKey) (right int) {
	t.Helper()
	for _, v := range g.Tests {
		good := checkValue(key, unhex(t, v.Msg), unhex(t, v.Sig)) == nil
		if good != (v.Result == "valid") {
			t.Errorf("vector %d (%s), which is %s: verified %v", v.ID, v.Flags, v.Result, good)
		}
		if good {
			right++
		}
	}
	return right
}

// TestWycheproofRSA: security.md B1.11: forged paddings, BER in the place of DER,
// wrong digests, values near the modulus. Keys with the exponent 3, for which such
// forgeries were found (CVE-2006-4339), are not read at all.
func TestWycheproofRSA(t *testing.T) {
	t.Parallel()
	right, refused := 0, 0
	for _, g := range wycheproof(t, "rsa-2048-sha256.json") {
		key, err := ParsePublicKey(g.Key)
		if err != nil {
			refused++
			continue
		}
		right += g.judge(t, key)
	}
	if right != 7 || refused != 2 {
		t.Errorf("%d signatures verified and %d keys were refused, want 7 and 2", right, refused)
	}
}

// TestWycheproofEd25519: security.md B1.11: malleable, truncated and padded
// signatures, points and numbers out of range.
func TestWycheproofEd25519(t *testing.T) {
	t.Parallel()
	right := 0
	for _, g := range wycheproof(t, "ed25519.json") {
		right += g.judge(t, ed25519.PublicKey(unhex(t, g.Key)))
	}
	if right != 88 {
		t.Errorf("%d signatures verified, want 88", right)
	}
}

// TestAKeyOfAnotherKindVerifiesNothing: a signature never chooses the arithmetic.
func TestAKeyOfAnotherKindVerifiesNothing(t *testing.T) {
	t.Parallel()
	rsaGroup, edGroup := wycheproof(t, "rsa-2048-sha256.json")[0], wycheproof(t, "ed25519.json")[0]
	key, err := ParsePublicKey(rsaGroup.Key)
	if err != nil || !strings.Contains(rsaGroup.Key, "PUBLIC KEY") {
		t.Fatal(err)
	}
	for _, v := range edGroup.Tests {
		if checkValue(key, unhex(t, v.Msg), unhex(t, v.Sig)) == nil {
			t.Errorf("vector %d of Ed25519 verified by an RSA key", v.ID)
		}
	}
	for _, v := range rsaGroup.Tests {
		if checkValue(ed25519.PublicKey(unhex(t, edGroup.Key)), unhex(t, v.Msg), unhex(t, v.Sig)) == nil {
			t.Errorf("vector %d of RSA verified by an Ed25519 key", v.ID)
		}
	}
}
