package server

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

const (
	secretBytes = 32
	rsaBits     = 2048

	settingTransportKey = "transport_key"
)

// secret is the node's master secret: it is in its file and never in the database.
type secret []byte

// loadSecret reads the secret file, or makes it when there is none yet: with
// an exclusive create, so that two processes starting at once agree.
func loadSecret(path string) (secret, error) {
	b, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		s := make([]byte, secretBytes)
		if _, err := rand.Read(s); err != nil {
			return nil, fmt.Errorf("make a secret: %w", err)
		}
		if err := writeSecret(path, s); !errors.Is(err, fs.ErrExist) {
			return s, err
		}
		b, err = os.ReadFile(filepath.Clean(path))
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret file: %w", err)
	}
	if err := checkSecretMode(path); err != nil {
		return nil, err
	}
	s, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(s) != secretBytes {
		return nil, fmt.Errorf("the secret file %s is not one of ours: restore it from the backup", path)
	}
	return s, nil
}

// othersMayRead are the bits of a file's mode by which everybody on the machine has it.
const othersMayRead = 0o007

// checkSecretMode refuses a secret that everybody on the machine can read or replace. Its
// group may: a service manager gives it so.
func checkSecretMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the secret file: %w", err)
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&othersMayRead == 0 {
		return nil
	}
	return fmt.Errorf("the secret file %s is open to everybody on this machine (its mode is %04o): chmod 600 %s, and if others may have read it, rotate keys (instar keys rotate)", path, info.Mode().Perm(), path)
}

func writeSecret(path string, s secret) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(s))
	return errors.Join(err, f.Sync(), f.Close())
}

// derive makes a key of its own for each purpose (RFC 5869).
func (s secret) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, s, nil, "instar "+purpose, secretBytes)
}

func (s secret) box() (cipher.AEAD, error) {
	key, err := s.derive("wrap private keys")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// wrappedKey returns the node's RSA key as the database holds it, and makes it
// at the first start.
func (s secret) wrappedKey(ctx context.Context, store *storage.Store) (string, error) {
	wrapped, err := store.Read().Setting(ctx, settingTransportKey)
	if errors.Is(err, storage.ErrNotFound) {
		if wrapped, err = s.newTransportKey(); err != nil {
			return "", err
		}
		err = store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			return q.KeepSetting(ctx, settingTransportKey, wrapped)
		})
		if errors.Is(err, storage.ErrExists) { // another process was first
			wrapped, err = store.Read().Setting(ctx, settingTransportKey)
		}
	}
	if err != nil {
		return "", fmt.Errorf("transport key: %w", err)
	}
	return wrapped, nil
}

// unwrap opens a wrapped key. A secret that does not open it belongs to another
// database.
func (s secret) unwrap(wrapped string) (*rsa.PrivateKey, error) {
	box, err := s.box()
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(wrapped)
	if err != nil || len(b) < box.NonceSize() {
		return nil, errors.New("transport key: the database holds something else in its place")
	}
	der, err := box.Open(nil, b[:box.NonceSize()], b[box.NonceSize():], []byte(settingTransportKey))
	if err != nil {
		return nil, errors.New("the secret file is not that of this database: restore the one from its backup")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("transport key: %w", err)
	}
	return key.(*rsa.PrivateKey), nil
}

func (s secret) newTransportKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	box, err := s.box()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(box.Seal(nonce, nonce, der, []byte(settingTransportKey))), nil
}

// nodeKeys are what package node needs of the secrets.
func (s secret) nodeKeys(ring *keyring) (node.Keys, error) {
	key, err := s.derive("api keys")
	if err != nil {
		return node.Keys{}, err
	}
	return node.Keys{Transport: ring.publicPEM, Renew: ring.renew, Secret: key}, nil
}
