package proof

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/big"
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

// The letters of base58btc (no 0, O, I or l) and those that math/big writes for
// the same digits.
const (
	alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	digits   = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
)

// multibase writes bytes in base58btc, marked by a z.
func multibase(b []byte) string {
	zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
	out := append([]byte("z"), bytes.Repeat([]byte(alphabet[:1]), zeros)...)
	if zeros == len(b) {
		return string(out)
	}
	for _, digit := range new(big.Int).SetBytes(b).Append(nil, len(alphabet)) {
		out = append(out, alphabet[strings.IndexByte(digits, digit)])
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
	number := make([]byte, len(encoded))
	for i := range number {
		place := strings.IndexByte(alphabet, encoded[i])
		if place < 0 {
			return nil, errors.New("not base58btc")
		}
		number[i] = digits[place]
	}
	zeros := len(encoded) - len(strings.TrimLeft(encoded, alphabet[:1]))
	n, _ := new(big.Int).SetString("0"+string(number), len(alphabet))
	return append(make([]byte, zeros), n.Bytes()...), nil
}
