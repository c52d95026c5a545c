package node

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// derive makes a key of its own for each purpose from the node's secret (RFC 5869).
func (n *Node) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, n.cfg.Keys.Secret, nil, "instar "+purpose, sha256.Size)
}

// sealingBox makes the key that closes what the database must not tell without
// the secret file.
func (n *Node) sealingBox() (cipher.AEAD, error) {
	key, err := n.derive("sealed data")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal closes an owner's address, a letter with a link in it, an answer with a
// key. The same purpose opens it.
func (n *Node) seal(purpose, text string) ([]byte, error) {
	nonce := make([]byte, n.box.NonceSize(), n.box.NonceSize()+len(text)+n.box.Overhead())
	if _, err := n.cfg.Rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return n.box.Seal(nonce, nonce, []byte(text), []byte(purpose)), nil
}

func (n *Node) unseal(purpose string, sealed []byte) (string, error) {
	size := n.box.NonceSize()
	if len(sealed) < size {
		return "", errors.New("unseal: too short")
	}
	b, err := n.box.Open(nil, sealed[:size], sealed[size:], []byte(purpose))
	if err != nil {
		return "", fmt.Errorf("unseal: %w", err)
	}
	return string(b), nil
}
