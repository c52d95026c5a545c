package inbox

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
)

// ErrKeyOwner says that a key and its actor do not name each other.
var ErrKeyOwner = errors.New("key and actor do not name each other")

// MaxID bounds the ids of activities, actors and keys, in bytes.
const MaxID = 2048

// CheckKeyOwner says whether a key is the actor's (federation: key-owner
// checks; FEP-fe34): the key, read from keyID, names the actor as its owner,
// and the actor, read from its own id, lists the same key. Nothing is derived
// from the spelling of keyID: GoToSocial's has a path of its own, lotide's a
// double slash, WordPress' a query, and each is fine when listed.
func CheckKeyOwner(keyID string, key activity.PublicKey, actor *activity.Actor) error {
	if err := checkID(keyID); err != nil {
		return fmt.Errorf("%w: key id %w", ErrKeyOwner, err)
	}
	if err := checkID(actor.ID); err != nil {
		return fmt.Errorf("%w: actor id %w", ErrKeyOwner, err)
	}
	if key.ID != keyID {
		return fmt.Errorf("%w: asked for key %q, got %q", ErrKeyOwner, keyID, key.ID)
	}
	if key.Owner != actor.ID {
		return fmt.Errorf("%w: key %q is of %q, not of %q", ErrKeyOwner, keyID, key.Owner, actor.ID)
	}
	listed, ok := actor.Key(keyID)
	switch {
	case !ok:
		return fmt.Errorf("%w: %q does not list key %q", ErrKeyOwner, actor.ID, keyID)
	case listed.Owner != actor.ID:
		return fmt.Errorf("%w: %q lists key %q as of %q", ErrKeyOwner, actor.ID, keyID, listed.Owner)
	case strings.TrimSpace(listed.PEM) != strings.TrimSpace(key.PEM), listed.Multibase != key.Multibase:
		return fmt.Errorf("%w: %q lists another key as %q", ErrKeyOwner, actor.ID, keyID)
	}
	return nil
}

// checkID says whether an id is an address that could be fetched.
func checkID(id string) error {
	switch {
	case id == "":
		return errors.New("is missing")
	case len(id) > MaxID:
		return fmt.Errorf("is longer than %d bytes", MaxID)
	case strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return errors.New("has spaces or control characters")
	}
	u, err := url.Parse(id)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("is not an http address")
	}
	if origin := fetch.Origin(id); origin == "" || !strings.HasPrefix(id, origin) {
		return errors.New("spells its host in another way than in lower case, without a last dot and the scheme's own port")
	}
	return nil
}
