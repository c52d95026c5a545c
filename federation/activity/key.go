package activity

import (
	"errors"
	"fmt"
)

// ErrNoKey says that a document holds no key of the id that was asked for.
var ErrNoKey = errors.New("no such key in the document")

// MaxKeysOfActor bounds the keys read from one document; Mastodon's number.
const MaxKeysOfActor = 10

// PublicKey is a key as a document states it. It proves nothing until the
// actor that Owner names lists the same key (inbox.CheckKeyOwner).
type PublicKey struct {
	ID    string
	Owner string // the actor's id, from "owner" or "controller"
	PEM   string // of a publicKey
	// Multibase is the text of a Multikey (FEP-521a), which an actor lists as
	// its assertionMethod; such a key has no PEM.
	Multibase string
}

// ParseKey reads the key of one id from what its address answers: an actor,
// GoToSocial's stub of one (no inbox), or the bare key. The key must name its
// owner (federation: keyId formats).
func ParseKey(b []byte, keyID string) (PublicKey, error) {
	v, err := document(b)
	if err != nil {
		return PublicKey{}, err
	}
	keys := append(v.member("publicKey").publicKeys(), v.member("assertionMethod").multikeys()...)
	keys = append(keys, v.publicKey(), v.multikey())
	for _, k := range keys {
		switch {
		case k.ID != keyID || k.PEM == "" && k.Multibase == "":
		case k.Owner == "":
			return PublicKey{}, fmt.Errorf("%w: key %q names no owner", ErrMalformed, keyID)
		default:
			return k, nil
		}
	}
	return PublicKey{}, fmt.Errorf("%w: %q", ErrNoKey, keyID)
}

func (v value) publicKeys() []PublicKey {
	var keys []PublicKey
	for item := range v.items() {
		if len(keys) == MaxKeysOfActor {
			break
		}
		if k := item.publicKey(); k.PEM != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// multikeys are the keys of an assertionMethod. One that is named by its id
// alone is passed over: nobody is known to keep it elsewhere.
func (v value) multikeys() []PublicKey {
	var keys []PublicKey
	for item := range v.items() {
		if len(keys) == MaxKeysOfActor {
			break
		}
		if k := item.multikey(); k.Multibase != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

func (v value) multikey() PublicKey {
	var k PublicKey
	for name, m := range v.members() {
		switch name {
		case "id":
			k.ID = m.text()
		case "controller":
			k.Owner = m.id()
		case "publicKeyMultibase":
			k.Multibase = m.text()
		}
	}
	return k
}

func (v value) publicKey() PublicKey {
	var k PublicKey
	for name, m := range v.members() {
		switch name {
		case "id":
			k.ID = m.text()
		case "owner":
			k.Owner = m.id()
		case "controller":
			if k.Owner == "" {
				k.Owner = m.id()
			}
		case "publicKeyPem":
			k.PEM = m.text()
		}
	}
	return k
}
