package peer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"math/big"
)

// primeBits is the size of each prime of an OddKey: many small primes are found
// in a moment where two large ones would take minutes.
const primeBits = 512

// OddKey is an RSA key of any multiple of 1,024 bits. Its signatures are valid;
// its size is the lie [SIG-9].
type OddKey struct {
	public rsa.PublicKey
	secret *big.Int
}

// NewOddKey makes a key of the given size.
func NewOddKey(bits int) (*OddKey, error) {
	one := big.NewInt(1)
	n, phi := big.NewInt(1), big.NewInt(1)
	k := &OddKey{public: rsa.PublicKey{E: 65537}}
	for n.BitLen() < bits-primeBits/2 {
		p, err := rand.Prime(rand.Reader, primeBits)
		if err != nil {
			return nil, fmt.Errorf("find a prime: %w", err)
		}
		n.Mul(n, p)
		phi.Mul(phi, p.Sub(p, one))
	}
	k.secret = new(big.Int).ModInverse(big.NewInt(int64(k.public.E)), phi)
	if k.secret == nil {
		return NewOddKey(bits) // e divides phi: once in thousands of keys
	}
	k.public.N = n
	return k, nil
}

// Public returns the *rsa.PublicKey.
func (k *OddKey) Public() crypto.PublicKey { return &k.public }

// sha256Prefix is the DER head of a SHA-256 DigestInfo (RFC 8017 §9.2, note 1).
const sha256Prefix = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

// Sign makes an RSASSA-PKCS1-v1_5 signature over a SHA-256 sum (RFC 8017 §8.2.1).
func (k *OddKey) Sign(_ io.Reader, sum []byte, _ crypto.SignerOpts) ([]byte, error) {
	size := (k.public.N.BitLen() + 7) / 8
	block := make([]byte, size)
	tail := append([]byte(sha256Prefix), sum...)
	if size < len(tail)+11 {
		return nil, fmt.Errorf("a key of %d bytes is too small to sign", size)
	}
	block[1] = 1
	for i := 2; i < size-len(tail)-1; i++ {
		block[i] = 0xff
	}
	copy(block[size-len(tail):], tail)
	m := new(big.Int).SetBytes(block)
	return m.Exp(m, k.secret, k.public.N).FillBytes(make([]byte, size)), nil
}
