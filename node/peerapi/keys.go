package peerapi

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/federation/proof"
	"instar.example/federation/signature"
	"instar.example/node"
)

// Bounds of what strangers can make us remember and ask.
const (
	cachedSigners = 20_000
	cachedFor     = 10 * time.Minute
	// signerBudget is how long a request to an inbox waits for its signer's document.
	signerBudget = 4 * time.Second
	// refreshPause is how often one key is asked for again after it failed.
	refreshPause = 5 * time.Minute
	// cachedStrangers are signers of whom nothing is stored, with their documents
	// unless those have more than strangerBytes.
	cachedStrangers = 4_000
	strangerBytes   = 16 << 10
)

// keyBounds bound how many documents of keys one domain, and all together, make
// us ask for: whoever invents key ids must not have us ask without end.
func keyBounds() fetch.Bounds {
	return fetch.Bounds{Burst: 250, PerSecond: 5, AllBurst: 500, AllPerSecond: 50}
}

// keys knows signers by their key: from memory, from the database, or by
// asking once. It is an inbox.Keys.
type keys struct {
	node      *node.Node
	fetch     *fetch.Client
	signers   *expirable.LRU[string, inbox.Signer]
	strangers *expirable.LRU[string, inbox.Signer]
	refreshed *expirable.LRU[string, struct{}]
	rekeyed   *expirable.LRU[string, struct{}] // actors that said anew what they are while memory may hold their old keys
	misses    *misses
	newcomers *fetch.Newcomers
	budget    *fetch.Budget
	flights   singleflight.Group
	now       func() time.Time
}

func newKeys(c Config) *keys {
	rekeyed := expirable.NewLRU[string, struct{}](cachedSigners, nil, cachedFor)
	c.Node.OnRekeyed(func(uri string) { rekeyed.Add(uri, struct{}{}) })
	return &keys{
		node: c.Node, fetch: c.Fetch,
		signers:   expirable.NewLRU[string, inbox.Signer](cachedSigners, nil, cachedFor),
		strangers: expirable.NewLRU[string, inbox.Signer](cachedStrangers, nil, cachedFor),
		refreshed: expirable.NewLRU[string, struct{}](cachedSigners, nil, refreshPause),
		rekeyed:   rekeyed,
		misses:    newMisses(), newcomers: fetch.NewNewcomers(), budget: fetch.NewBudget(keyBounds()), now: c.Now,
	}
}

// Key returns a key's signer.
func (k *keys) Key(ctx context.Context, keyID string) (inbox.Signer, error) {
	if s, ok := k.remembered(keyID); ok {
		return s, nil
	}
	a, err := k.node.SignerByKey(ctx, keyID)
	if err != nil {
		return inbox.Signer{}, err
	}
	old, errOld := known(a)
	if a.Fresh && errOld == nil {
		k.signers.Add(keyID, old)
		return old, nil
	}
	s, err := k.ask(ctx, keyID, k.remembered)
	if errOld == nil && a.Actor.DeletedAt == 0 && (errors.Is(err, inbox.ErrKeyUnavailable) || errors.Is(err, inbox.ErrKeyBudget)) {
		return old, nil // what we knew stands until its server says otherwise
	}
	return s, err
}

// Refresh asks again for a key that did not fit, at most once in refreshPause.
func (k *keys) Refresh(ctx context.Context, keyID string) (inbox.Signer, error) {
	if _, lately := k.refreshed.Get(keyID); lately {
		return k.Key(ctx, keyID)
	}
	k.refreshed.Add(keyID, struct{}{})
	return k.ask(ctx, keyID, nothing)
}

// Author returns an actor that is known; nobody is asked.
func (k *keys) Author(ctx context.Context, actorID string) (inbox.Signer, error) {
	a, known, err := k.node.Sender(ctx, actorID)
	if err != nil {
		return inbox.Signer{}, err
	}
	if !known {
		return inbox.Signer{}, inbox.ErrKeyUnavailable
	}
	key := activity.PublicKey{ID: a.KeyID, Owner: a.URI, PEM: a.KeyPEM}
	return inbox.Signer{KeyID: a.KeyID, Actor: brief(a.URI, a.WireType, a.Name, a.Inbox, key)}, nil
}

// Owner returns the owner of a key that is known; nobody is asked.
func (k *keys) Owner(ctx context.Context, keyID string) (inbox.Signer, error) {
	if s, ok := k.remembered(keyID); ok {
		return s, nil
	}
	a, err := k.node.SignerByKey(ctx, keyID)
	if err != nil {
		return inbox.Signer{}, err
	}
	if !a.Fresh {
		return inbox.Signer{}, inbox.ErrKeyUnavailable
	}
	return known(a)
}

// owner returns the stored actor of a key, nil where there is none or it is deleted.
func (k *keys) owner(ctx context.Context, keyID string) (*activity.Actor, error) {
	s, err := k.node.SignerByKey(ctx, keyID)
	if err != nil || s.Actor.URI == "" || s.Actor.DeletedAt != 0 {
		return nil, err
	}
	return brief(s.Actor.URI, s.Actor.WireType, s.Actor.Name, s.Actor.Inbox, s.Key), nil
}

// gone says whether an actor's own address answers that it is gone, which is known
// of the address of its key.
func (k *keys) gone(ctx context.Context, keyID, actorID string) (bool, error) {
	if address, _, _ := strings.Cut(keyID, "#"); address == actorID {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, signerBudget)
	defer cancel()
	_, err := k.document(ctx, actorID)
	return errors.Is(err, inbox.ErrKeyGone), nil
}

// remembered returns a signer that memory holds.
func (k *keys) remembered(keyID string) (inbox.Signer, bool) {
	s, ok := k.signers.Get(keyID)
	if !ok {
		s, ok = k.strangers.Get(keyID)
	}
	if ok && k.rekeyed.Contains(s.Actor.ID) {
		return inbox.Signer{}, false // the database knows its keys as they are now
	}
	return s, ok
}

// nothing is remembered by who asks anew.
func nothing(string) (inbox.Signer, bool) { return inbox.Signer{}, false }

// stored notes that a signer's document is in the database now.
func (k *keys) stored(s inbox.Signer) {
	if s.Actor.Raw == nil {
		return
	}
	key, _ := s.Actor.Key(s.KeyID)
	s.Actor = brief(s.Actor.ID, s.Actor.Type, s.Actor.PreferredUsername, s.Actor.Inbox, key)
	k.signers.Add(s.KeyID, s)
	k.strangers.Remove(s.KeyID)
}

// known makes a signer of a stored actor; its document is not kept.
func known(s node.KnownSigner) (inbox.Signer, error) {
	key, err := publicKey(s.Key)
	a := s.Actor
	return inbox.Signer{KeyID: s.Key.ID, Key: key, Actor: brief(a.URI, a.WireType, a.Name, a.Inbox, s.Key)}, err
}

// publicKey reads a key as its document states it, a PEM or a Multikey.
func publicKey(k activity.PublicKey) (crypto.PublicKey, error) {
	if k.PEM != "" {
		return signature.ParsePublicKey(k.PEM)
	}
	key, err := proof.ParseMultikey(k.Multibase)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", signature.ErrKey, err)
	}
	return key, nil
}

// brief is as much of an actor as its later activities need.
func brief(id, wireType, name, inboxOf string, key activity.PublicKey) *activity.Actor {
	return &activity.Actor{ID: id, Type: wireType, PreferredUsername: name, Inbox: inboxOf, Keys: []activity.PublicKey{key}}
}

// ask finds a key's signer; those who need the same key at the same time share
// one search, one that failed is not repeated for a while, and who comes when a
// search has ended finds its result in held.
func (k *keys) ask(ctx context.Context, keyID string, held func(keyID string) (inbox.Signer, bool)) (inbox.Signer, error) {
	if err := k.misses.recall(keyID, k.now()); err != nil {
		return inbox.Signer{}, err
	}
	found, err, _ := k.flights.Do(keyID, func() (any, error) {
		if s, ok := held(keyID); ok {
			return s, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signerBudget)
		defer cancel()
		s, err := k.find(ctx, keyID)
		k.misses.note(keyID, err, k.now())
		return s, err
	})
	if err != nil {
		return inbox.Signer{}, err
	}
	s, ok := found.(inbox.Signer)
	if !ok {
		return inbox.Signer{}, errors.New("find a signer: none")
	}
	return s, nil
}

// find fetches the key's document and, where that is not the actor's own, the
// actor's, and checks that each names the other (FEP-fe34).
func (k *keys) find(ctx context.Context, keyID string) (inbox.Signer, error) {
	address, _, _ := strings.Cut(keyID, "#")
	doc, err := k.document(ctx, address)
	if err != nil {
		return inbox.Signer{}, err
	}
	key, err := activity.ParseKey(doc.Body, keyID)
	if err != nil {
		return inbox.Signer{}, err
	}
	actor, err := activity.ParseActor(doc.Body)
	if err != nil || actor.ID != key.Owner || actor.ID != address { // else it may be somebody's file
		if !fetch.SameOrigin(key.Owner, keyID) {
			return inbox.Signer{}, fmt.Errorf("%w: %s is not of its origin", inbox.ErrKeyOwner, key.Owner)
		}
		if doc, err = k.document(ctx, key.Owner); err != nil {
			return inbox.Signer{}, err
		}
		if actor, err = activity.ParseActor(doc.Body); err != nil {
			return inbox.Signer{}, err
		}
	}
	if !fetch.SameOrigin(actor.ID, doc.URL) {
		return inbox.Signer{}, fmt.Errorf("%w: %s shows another server's actor", inbox.ErrKeyRefused, doc.URL)
	}
	if err := inbox.CheckKeyOwner(keyID, key, actor); err != nil {
		return inbox.Signer{}, err
	}
	public, err := publicKey(key)
	if err != nil {
		return inbox.Signer{}, err
	}
	s := inbox.Signer{KeyID: keyID, Actor: actor, Key: public}
	k.signers.Remove(keyID) // it may be another than before
	k.strangers.Remove(keyID)
	if len(actor.Raw) <= strangerBytes {
		k.strangers.Add(keyID, s)
	}
	return s, nil
}

// document fetches, and sorts the errors: gone, not to be had now, or refused.
func (k *keys) document(ctx context.Context, address string) (fetch.Document, error) {
	if node.HostOf(address) == k.node.Host() {
		return fetch.Document{}, fmt.Errorf("%w: it is one of ours", inbox.ErrKeyRefused)
	}
	if !k.budget.Take(address, 1, k.now()) {
		return fetch.Document{}, inbox.ErrKeyBudget
	}
	if !k.newcomers.Room(address) {
		if known, err := k.node.KnowsServer(ctx, node.HostOf(address)); err != nil || !known {
			return fetch.Document{}, errors.Join(err, inbox.ErrKeyBudget)
		}
	}
	doc, err := k.fetch.Object(ctx, address)
	switch {
	case err == nil && fetch.SameOrigin(doc.URL, address):
		k.newcomers.Note(address)
		return doc, nil
	case err == nil:
		return doc, fmt.Errorf("%w: %s leads to another server", inbox.ErrKeyRefused, address)
	case errors.Is(err, fetch.ErrGone):
		return doc, fmt.Errorf("%w: %w", inbox.ErrKeyGone, err)
	case errors.Is(err, fetch.ErrNotFound), errors.Is(err, fetch.ErrForbiddenAddress), errors.Is(err, fetch.ErrContentType),
		errors.Is(err, fetch.ErrRedirect), errors.Is(err, fetch.ErrTooLarge):
		return doc, fmt.Errorf("%w: %w", inbox.ErrKeyRefused, err)
	default:
		return doc, fmt.Errorf("%w: %w", inbox.ErrKeyUnavailable, err)
	}
}
