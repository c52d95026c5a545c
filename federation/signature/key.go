package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// The bounds of keys that are accepted, of peers and of our own [SIG-9].
const (
	MinRSABits = 2048
	MaxRSABits = 4096
	// RSAExponent is the only one accepted; no server is known to use another.
	RSAExponent = 65537
)

// maxKeyText and maxKeyDER stop a key before any arithmetic is done on it: an
// RSA key of 4096 bits has 550 bytes of DER, while one of 262,144 bits would
// cost seconds of computing for each request that it "signs".
const (
	maxKeyText = 8192
	maxKeyDER  = 1024
)

// ParsePublicKey reads a publicKeyPem: one PEM block, SPKI ("PUBLIC KEY") or
// PKCS #1 ("RSA PUBLIC KEY"). The result is an *rsa.PublicKey within the
// bounds above or an ed25519.PublicKey. The error is ErrKey.
func ParsePublicKey(pemText string) (crypto.PublicKey, error) {
	if len(pemText) > maxKeyText {
		return nil, fmt.Errorf("%w: %d bytes of PEM", ErrKey, len(pemText))
	}
	block, rest := pem.Decode([]byte(pemText))
	switch {
	case block == nil:
		return nil, fmt.Errorf("%w: not PEM", ErrKey)
	case len(block.Bytes) > maxKeyDER:
		return nil, fmt.Errorf("%w: %d bytes of DER", ErrKey, len(block.Bytes))
	case strings.TrimSpace(string(rest)) != "":
		return nil, fmt.Errorf("%w: more than one block", ErrKey)
	}
	key, err := parseBlock(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if k, ok := key.(*rsa.PublicKey); ok && k.N.BitLen() < MinRSABits {
		return nil, fmt.Errorf("%w: RSA of %d bits", ErrKey, k.N.BitLen())
	}
	return key, checkKey(key)
}

func parseBlock(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("PEM block of type %.40q", block.Type)
	}
}

// checkKey refuses what would panic or cost too much when it is used. It lets
// small RSA keys pass, which ParsePublicKey does not: published vectors use
// them, and they harm no one but their owner.
func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k == nil || k.N == nil || k.N.Sign() <= 0 {
			return fmt.Errorf("%w: no RSA key", ErrKey)
		}
		if bits := k.N.BitLen(); bits > MaxRSABits || k.E != RSAExponent {
			return fmt.Errorf("%w: RSA of %d bits with exponent %d", ErrKey, bits, k.E)
		}
		return nil
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize { // the library panics on it
			return fmt.Errorf("%w: Ed25519 of %d bytes", ErrKey, len(k))
		}
		return nil
	default:
		return fmt.Errorf("%w: %T", ErrKey, key)
	}
}
