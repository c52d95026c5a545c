package server

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"sync/atomic"

	"instar.example/storage"
)

// keyring holds the node's RSA key as it is now. Processes on one database share
// it: who changes it tells the others as of any change, and they look.
type keyring struct {
	secret secret
	store  *storage.Store
	held   atomic.Pointer[heldKey]
}

// heldKey is a key and the text of it in the database.
type heldKey struct {
	wrapped string
	private *rsa.PrivateKey
	pem     string // of its public half
}

// load reads the key from the database, where it lies wrapped by the secret, and
// makes it at the first start.
func (k *keyring) load(ctx context.Context) error {
	wrapped, err := k.secret.wrappedKey(ctx, k.store)
	if err != nil {
		return err
	}
	if held := k.held.Load(); held != nil && held.wrapped == wrapped {
		return nil
	}
	private, err := k.secret.unwrap(wrapped)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return err
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	k.held.Store(&heldKey{wrapped: wrapped, private: private, pem: text})
	return nil
}

// renew puts a new key in the place of the old one, at once: an actor's document
// has room for one (federation: key rotation).
func (k *keyring) renew(ctx context.Context) error {
	wrapped, err := k.secret.newTransportKey()
	if err != nil {
		return err
	}
	if err := k.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.PutSetting(ctx, settingTransportKey, wrapped)
	}); err != nil {
		return err
	}
	return k.load(ctx)
}

func (k *keyring) private() crypto.Signer { return k.held.Load().private }

func (k *keyring) publicPEM() string { return k.held.Load().pem }
