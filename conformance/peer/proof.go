package peer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"time"
)

// ErrProof is wrapped by every reason why a proof is not believed.
var ErrProof = errors.New("proof is not valid")

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

func multibase(b []byte) string {
	n, mod := new(big.Int).SetBytes(b), new(big.Int)
	var digits []byte
	for n.Sign() > 0 {
		n.DivMod(n, big.NewInt(int64(len(base58))), mod)
		digits = append(digits, base58[mod.Int64()])
	}
	for _, c := range b {
		if c != 0 {
			break
		}
		digits = append(digits, base58[0])
	}
	for i, j := 0, len(digits)-1; i < j; i, j = i+1, j-1 {
		digits[i], digits[j] = digits[j], digits[i]
	}
	return "z" + string(digits)
}

func parseMultibase(text string, size int) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "z")
	if !ok || len(digits) > 2*size {
		return nil, fmt.Errorf("%.40q is not base58btc: %w", text, ErrProof)
	}
	n := new(big.Int)
	for _, c := range digits {
		i := strings.IndexRune(base58, c)
		if i < 0 {
			return nil, fmt.Errorf("%.40q is not base58btc: %w", text, ErrProof)
		}
		n.Add(n.Mul(n, big.NewInt(int64(len(base58)))), big.NewInt(int64(i)))
	}
	if n.BitLen() > 8*size {
		return nil, fmt.Errorf("%.40q is too long: %w", text, ErrProof)
	}
	return n.FillBytes(make([]byte, size)), nil
}

// Multikey writes an Ed25519 key as an actor lists it (FEP-521a).
func Multikey(actor, id string, key ed25519.PublicKey) map[string]any {
	return map[string]any{
		"id": id, "type": "Multikey", "controller": actor, "publicKeyMultibase": multibase(append([]byte{0xed, 0x01}, key...)),
	}
}

// ListedKey returns the Ed25519 key of an id that an actor lists as its
// assertionMethod.
func ListedKey(actor map[string]any, id string) (ed25519.PublicKey, error) {
	for _, v := range List(actor, "assertionMethod") {
		m, ok := v.(map[string]any)
		if !ok || Text(m, "id") != id || Text(m, "controller") != Text(actor, "id") {
			continue
		}
		b, err := parseMultibase(Text(m, "publicKeyMultibase"), ed25519.PublicKeySize+2)
		if err != nil || b[0] != 0xed || b[1] != 0x01 {
			return nil, fmt.Errorf("key %s: %w", id, ErrProof)
		}
		return ed25519.PublicKey(b[2:]), nil
	}
	return nil, fmt.Errorf("%s does not list %s: %w", Text(actor, "id"), id, ErrProof)
}

// canonical writes a document as RFC 8785 asks: of what the suite meets, names
// are ASCII and numbers whole, so that Go's own order and digits are right.
func canonical(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write a document: %w", err)
	}
	text := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(buf.String(), "\n"))
	return []byte(text), nil
}

func proofDigest(doc, config map[string]any) ([]byte, error) {
	unsecured := maps.Clone(doc)
	delete(unsecured, "proof")
	d, err := canonical(unsecured)
	if err != nil {
		return nil, err
	}
	c, err := canonical(config)
	if err != nil {
		return nil, err
	}
	first, second := sha256.Sum256(c), sha256.Sum256(d)
	return append(first[:], second[:]...), nil
}

// Prove gives a document an integrity proof (FEP-8b32) and returns it.
func Prove(doc map[string]any, keyID string, key ed25519.PrivateKey, created string) (map[string]any, error) {
	return prove(doc, key, map[string]any{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": keyID,
		"proofPurpose": "assertionMethod", "created": created,
	})
}

func prove(doc map[string]any, key ed25519.PrivateKey, config map[string]any) (map[string]any, error) {
	if c, ok := doc["@context"]; ok {
		config["@context"] = c
	}
	sum, err := proofDigest(doc, config)
	if err != nil {
		return nil, err
	}
	proven := maps.Clone(doc)
	config["proofValue"] = multibase(ed25519.Sign(key, sum))
	proven["proof"] = config
	return proven, nil
}

// CheckProof verifies a document's proof with the key that its maker lists.
func CheckProof(doc, maker map[string]any) error {
	p := Object(doc, "proof")
	if Text(p, "type") != "DataIntegrityProof" || Text(p, "cryptosuite") != "eddsa-jcs-2022" || Text(p, "proofPurpose") != "assertionMethod" {
		return fmt.Errorf("no eddsa-jcs-2022 proof: %w", ErrProof)
	}
	key, err := ListedKey(maker, Text(p, "verificationMethod"))
	if err != nil {
		return err
	}
	value, err := parseMultibase(Text(p, "proofValue"), ed25519.SignatureSize)
	if err != nil {
		return err
	}
	config := maps.Clone(p)
	delete(config, "proofValue")
	sum, err := proofDigest(doc, config)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, sum, value) {
		return ErrProof
	}
	return nil
}

// ProofKeyID is the id of the actor's Ed25519 key.
func (a *Actor) ProofKeyID() string { return a.ID + "#ed25519-key" }

// Prove gives a document of the actor's an integrity proof.
func (a *Actor) Prove(doc map[string]any) (map[string]any, error) {
	return Prove(doc, a.ProofKeyID(), a.node.proofKey, a.node.now().UTC().Format("2006-01-02T15:04:05Z"))
}

// ProveUntil is Prove with a time at which the proof ends, an hour or more after
// it was made.
func (a *Actor) ProveUntil(doc map[string]any, expires time.Time) (map[string]any, error) {
	const layout = "2006-01-02T15:04:05Z"
	return prove(doc, a.node.proofKey, map[string]any{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": a.ProofKeyID(), "proofPurpose": "assertionMethod",
		"created": expires.Add(-time.Hour).UTC().Format(layout), "expires": expires.UTC().Format(layout),
	})
}

// StrangerProofKey is an Ed25519 key that no actor of the peer lists.
func StrangerProofKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
}
