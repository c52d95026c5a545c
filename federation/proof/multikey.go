package proof

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrKey says that a text is no Multikey of an Ed25519 key.
var ErrKey = errors.New("not an Ed25519 Multikey")

// What stands before the 32 bytes of an Ed25519 public key (multicodec 0xed).
const (
	multicodecFirst, multicodecSecond = 0xed, 0x01
	multicodecBytes                   = 2
)

// Multikey writes a public key as publicKeyMultibase (FEP-521a).
func Multikey(key ed25519.PublicKey) string {
	return multibase(append([]byte{multicodecFirst, multicodecSecond}, key...))
}

// ParseMultikey reads publicKeyMultibase: an Ed25519 key, in base58btc. Keys of
// other kinds are ErrKey like whatever else cannot be read.
func ParseMultikey(text string) (ed25519.PublicKey, error) {
	const size = multicodecBytes + ed25519.PublicKeySize
	b, err := parseMultibase(text, size)
	if err != nil || len(b) != size || b[0] != multicodecFirst || b[1] != multicodecSecond {
		return nil, fmt.Errorf("%w: %.80q", ErrKey, text)
	}
	return ed25519.PublicKey(b[multicodecBytes:]), nil
}

// The letters of base58btc: no 0, O, I or l.
const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// multibase writes bytes in base58btc, marked by a z.
func multibase(b []byte) string {
	var digits []byte // of base 58, the lowest first
	for _, c := range b {
		carry := int(c)
		for i := range digits {
			carry += int(digits[i]) << 8
			digits[i], carry = byte(carry%len(alphabet)&0xff), carry/len(alphabet)
		}
		for ; carry > 0; carry /= len(alphabet) {
			digits = append(digits, byte(carry%len(alphabet)))
		}
	}
	zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
	out := append([]byte("z"), bytes.Repeat([]byte(alphabet[:1]), zeros)...)
	for _, digit := range slices.Backward(digits) {
		out = append(out, alphabet[digit])
	}
	return string(out)
}

// parseMultibase is the inverse of multibase, for at most so many bytes: the
// work grows with the square of the length.
func parseMultibase(text string, most int) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, "z")
	if !ok || len(encoded) > 2*most {
		return nil, errors.New("not base58btc")
	}
	var out []byte // the lowest byte first
	for i := range len(encoded) {
		carry := strings.IndexByte(alphabet, encoded[i])
		if carry < 0 {
			return nil, errors.New("not base58btc")
		}
		for j := range out {
			carry += int(out[j]) * len(alphabet)
			out[j], carry = byte(carry&0xff), carry>>8
		}
		for ; carry > 0; carry >>= 8 {
			out = append(out, byte(carry&0xff))
		}
	}
	zeros := len(encoded) - len(strings.TrimLeft(encoded, alphabet[:1]))
	out = append(out, make([]byte, zeros)...)
	slices.Reverse(out)
	return out, nil
}
