package peerapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/time/rate"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/storage"
)

// Bounds of what strangers can make us remember and ask.
const (
	cachedSigners = 20_000
	cachedFor     = 10 * time.Minute
	// signerBudget is how long a request to an inbox waits for its signer's document.
	signerBudget = 4 * time.Second
	// refreshPause is how often one key is asked for again after it failed.
	refreshPause = 5 * time.Minute
	// keyBurst and keysPerSecond bound how many documents of keys one domain makes
	// us ask for: whoever invents key ids must not have us ask without end.
	keyBurst      = 100
	keysPerSecond = 5
	domains       = 10_000 // that are remembered
)

// keys knows signers by their key: from memory, from the database, or by
// asking once. It is an inbox.Keys.
type keys struct {
	node      *node.Node
	fetch     *fetch.Client
	signers   *expirable.LRU[string, inbox.Signer]
	refreshed *expirable.LRU[string, struct{}]
	budgets   *expirable.LRU[string, *rate.Limiter] // by domain
	now       func() time.Time
}

func newKeys(c Config) *keys {
	return &keys{
		node: c.Node, fetch: c.Fetch,
		signers:   expirable.NewLRU[string, inbox.Signer](cachedSigners, nil, cachedFor),
		refreshed: expirable.NewLRU[string, struct{}](cachedSigners, nil, refreshPause),
		budgets:   expirable.NewLRU[string, *rate.Limiter](domains, nil, cachedFor),
		now:       c.Now,
	}
}

// spend takes one of the fetches that an address's domain has; false when none is left.
func (k *keys) spend(address string) bool {
	domain := domainOf(address)
	l, known := k.budgets.Get(domain)
	if !known {
		l = rate.NewLimiter(keysPerSecond, keyBurst)
		k.budgets.Add(domain, l)
	}
	return l.AllowN(k.now(), 1)
}

// domainOf is what one owner registered: all names below it are free to invent.
// An address by number is its own domain, with its port.
func domainOf(address string) string {
	host := node.HostOf(address)
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil && net.ParseIP(name) == nil {
		return domain
	}
	return host
}

// Key returns a key's signer.
func (k *keys) Key(ctx context.Context, keyID string) (inbox.Signer, error) {
	if s, ok := k.signers.Get(keyID); ok {
		return s, nil
	}
	a, fresh, err := k.node.SignerByKey(ctx, keyID)
	if err != nil {
		return inbox.Signer{}, err
	}
	if fresh {
		if s, err := known(a); err == nil {
			k.signers.Add(keyID, s)
			return s, nil
		}
	}
	return k.ask(ctx, keyID)
}

// Refresh asks again for a key that did not fit, at most once in refreshPause.
func (k *keys) Refresh(ctx context.Context, keyID string) (inbox.Signer, error) {
	if _, lately := k.refreshed.Get(keyID); lately {
		return k.Key(ctx, keyID)
	}
	k.refreshed.Add(keyID, struct{}{})
	return k.ask(ctx, keyID)
}

// stored notes that a signer's document is in the database now.
func (k *keys) stored(s inbox.Signer) {
	if s.Actor.Raw == nil {
		return
	}
	kept := *s.Actor
	kept.Raw = nil
	s.Actor = &kept
	k.signers.Add(s.KeyID, s)
}

// known makes a signer of a stored actor; its document is not kept.
func known(a storage.Actor) (inbox.Signer, error) {
	key, err := signature.ParsePublicKey(a.KeyPEM)
	return inbox.Signer{KeyID: a.KeyID, Key: key, Actor: &activity.Actor{
		ID: a.URI, Type: a.WireType, PreferredUsername: a.Name, Inbox: a.Inbox,
		Keys: []activity.PublicKey{{ID: a.KeyID, Owner: a.URI, PEM: a.KeyPEM}},
	}}, err
}

// ask fetches the key's document and, where that is not the actor's own, the
// actor's, and checks that each names the other (FEP-fe34).
func (k *keys) ask(ctx context.Context, keyID string) (inbox.Signer, error) {
	ctx, cancel := context.WithTimeout(ctx, signerBudget)
	defer cancel()
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
	if err != nil || actor.ID != key.Owner {
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
	public, err := signature.ParsePublicKey(key.PEM)
	if err != nil {
		return inbox.Signer{}, err
	}
	s := inbox.Signer{KeyID: keyID, Actor: actor, Key: public}
	k.signers.Add(keyID, s)
	return s, nil
}

// document fetches, and sorts the errors: gone, not to be had now, or refused.
func (k *keys) document(ctx context.Context, address string) (fetch.Document, error) {
	if node.HostOf(address) == k.node.Host() {
		return fetch.Document{}, fmt.Errorf("%w: it is one of ours", inbox.ErrKeyRefused)
	}
	if !k.spend(address) {
		return fetch.Document{}, inbox.ErrKeyBudget
	}
	doc, err := k.fetch.Object(ctx, address)
	switch {
	case err == nil && fetch.SameOrigin(doc.URL, address):
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
