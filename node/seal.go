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

func (n *Node) box() (cipher.AEAD, error) {
	key, err := n.derive("owners' data")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal closes what the database must not tell without the secret file: an
// owner's address, a letter with a link in it. The same purpose opens it.
func (n *Node) seal(purpose, text string) ([]byte, error) {
	box, err := n.box()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := n.cfg.Rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return box.Seal(nonce, nonce, []byte(text), []byte(purpose)), nil
}

func (n *Node) unseal(purpose string, sealed []byte) (string, error) {
	box, err := n.box()
	if err != nil {
		return "", err
	}
	if len(sealed) < box.NonceSize() {
		return "", errors.New("unseal: too short")
	}
	b, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(purpose))
	if err != nil {
		return "", fmt.Errorf("unseal %s: %w", purpose, err)
	}
	return string(b), nil
}
