package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
	"instar.example/storage"
)

// This file is about the Ed25519 keys of actors and the proofs made with them
// (FEP-521a, FEP-8b32). Those of our own are derived from the node's secret, so
// that the database does not hold them and no request waits for one to be made.

const (
	proofKeysKept = 10_000
	entriesKept   = 1_000
	instanceKey   = "instance" // in the place of an actor's id
)

// proofKeys derives the keys of local actors and keeps those in use.
type proofKeys struct {
	secret []byte // set once by init
	kept   *lru.Cache[string, ed25519.PrivateKey]
	// entries are those that were proven lately, by entry and generation of the key.
	entries *lru.Cache[string, []byte]
	flights singleflight.Group // what goes to many is proven once
}

func (k *proofKeys) init(secret []byte) (err error) {
	k.secret = secret
	if k.entries, err = lru.New[string, []byte](entriesKept); err != nil {
		return err
	}
	k.kept, err = lru.New[string, ed25519.PrivateKey](proofKeysKept)
	return err
}

// key returns an actor's key of a generation.
func (k *proofKeys) key(actorID string, generation int64) ed25519.PrivateKey {
	name := actorID + " " + strconv.FormatInt(generation, 10)
	if private, ok := k.kept.Get(name); ok {
		return private
	}
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte(name))
	private := ed25519.NewKeyFromSeed(mac.Sum(nil))
	k.kept.Add(name, private)
	return private
}

// proofKeyID names an actor's key of a generation: a new key has a new name, so
// that both can be listed for a while and nobody takes one for the other.
func proofKeyID(actorURI string, generation int64) string {
	if generation == 0 {
		return actorURI + "#ed25519-key"
	}
	return actorURI + "#ed25519-key-" + strconv.FormatInt(generation+1, 10)
}

// ProofKey is the Ed25519 key of a local actor, for its proofs and for signing
// requests by RFC 9421.
func (n *Node) ProofKey(actorID, actorURI string, generation int64) proof.Key {
	return proof.Key{ID: proofKeyID(actorURI, generation), Private: n.proofs.key(actorID, generation)}
}

// multikeys are the keys that a local actor lists: the one in use and, for a
// while after a change, the one before it.
func (n *Node) multikeys(a storage.Actor) []activity.MultikeyDoc {
	list := []activity.MultikeyDoc{multikey(a.URI, n.ProofKey(a.ID, a.URI, a.KeyGeneration))}
	if a.KeyGeneration > 0 && n.now() < a.KeyOldUntil {
		list = append(list, multikey(a.URI, n.ProofKey(a.ID, a.URI, a.KeyGeneration-1)))
	}
	return list
}

func multikey(actorURI string, k proof.Key) activity.MultikeyDoc {
	public, _ := k.Private.Public().(ed25519.PublicKey)
	return activity.MultikeyDoc{ID: k.ID, Type: "Multikey", Controller: actorURI, Multibase: proof.Multikey(public)}
}

// prove adds a local actor's proof to a document.
func (n *Node) prove(doc []byte, a storage.Actor) ([]byte, error) {
	return proof.Sign(doc, n.ProofKey(a.ID, a.URI, a.KeyGeneration), n.Now())
}

// ProvenEntry is an entry of the log as it goes out: with its proof, and that of
// our own activity inside an Announce. A flood of them is written without waiting
// for signatures, and one that nobody reads needs none. A proof's time is that of
// the activity, so that it is the same each time and wherever it stands.
func (n *Node) ProvenEntry(ctx context.Context, e storage.Entry) (storage.Entry, error) {
	return n.provenEntry(ctx, e, storage.Actor{ID: e.ActorID, URI: e.ActorURI, KeyGeneration: e.KeyGeneration})
}

func (n *Node) provenEntry(ctx context.Context, e storage.Entry, a storage.Actor) (storage.Entry, error) {
	name := e.ID + " " + strconv.FormatInt(a.KeyGeneration, 10)
	if body, ok := n.proofs.entries.Get(name); ok {
		e.Body = body
		return e, nil
	}
	body, err, _ := n.proofs.flights.Do(name, func() (any, error) {
		body, err := n.proven(context.WithoutCancel(ctx), e.Body, a)
		if err == nil {
			n.proofs.entries.Add(name, body)
		}
		return body, err
	})
	if err != nil {
		return e, err
	}
	e.Body, _ = body.([]byte)
	return e, nil
}

// unproven is what proven reads of an activity of ours.
type unproven struct {
	Actor     string         `json:"actor"`
	Type      string         `json:"type"`
	Published time.Time      `json:"published"`
	Object    jsontext.Value `json:"object"`
	Proof     jsontext.Value `json:"proof"`
}

func (n *Node) proven(ctx context.Context, body []byte, a storage.Actor) ([]byte, error) {
	var u unproven
	if err := json.Unmarshal(body, &u); err != nil || u.Proof != nil {
		return body, err
	}
	if u.Type == activity.TypeAnnounce && len(u.Object) > 0 && u.Object[0] == '{' {
		inner, err := n.provenInside(ctx, u.Object)
		if err != nil {
			return nil, err
		}
		if len(inner) > len(u.Object) {
			body = bytes.Replace(body, u.Object, inner, 1)
		}
	}
	return proof.Sign(body, n.ProofKey(a.ID, a.URI, a.KeyGeneration), u.Published)
}

// provenInside proves an announced activity when it is of an actor of ours.
func (n *Node) provenInside(ctx context.Context, inner jsontext.Value) (jsontext.Value, error) {
	var u unproven
	if err := json.Unmarshal(inner, &u); err != nil || u.Proof != nil || !strings.HasPrefix(u.Actor, n.cfg.BaseURL+"/") {
		return inner, nil //nolint:nilerr // another's, whatever it is: it goes on as it came
	}
	a, err := n.recall(ctx, n.store.Read(), u.Actor)
	if err != nil {
		return inner, ignoreNotFound(err)
	}
	return proof.Sign(inner, n.ProofKey(a.ID, a.URI, a.KeyGeneration), u.Published)
}

// ProvenDocument is the encoded document of a local actor, or of what it wrote,
// with its proof.
func (n *Node) ProvenDocument(ctx context.Context, doc any, authorID string) ([]byte, error) {
	b, err := activity.Encode(doc)
	if err != nil {
		return nil, err
	}
	a, err := n.store.Read().Actor(ctx, authorID)
	if err != nil {
		return nil, err
	}
	return n.prove(b, a)
}

// ProvenInstance is the instance actor's document with its own proof.
func (n *Node) ProvenInstance() ([]byte, error) {
	b, err := activity.Encode(n.InstanceActor())
	if err != nil {
		return nil, err
	}
	return n.prove(b, storage.Actor{ID: instanceKey, URI: n.NodeURI()})
}

// prover returns the actor of an activity that a Group passed on, when the
// activity carries the actor's proof: then nobody need be asked whether it is
// true (FEP-1b12, FEP-8b32). A zero actor says that there is no proof that can
// be judged; one that is wrong is a refusal [PROOF-3]. When the key is not among
// those we know, the actor is asked for once: it may be new.
func (in *inbound) prover(ctx context.Context, a *activity.Activity) (storage.Actor, error) {
	p, err := proof.Find(a.Raw)
	if errors.Is(err, proof.ErrNone) || err == nil && !p.Fresh(in.n.Now()) {
		return storage.Actor{}, nil
	}
	if err != nil {
		return storage.Actor{}, &Error{Kind: Invalid, Code: "bad_proof"}
	}
	if HostOf(a.ID) != HostOf(a.Actor) {
		return storage.Actor{}, &Error{Kind: Forbidden, Code: "foreign_activity"}
	}
	actor, err := in.lately(ctx, a.Actor, a.Type == activity.TypeCreate)
	if err != nil {
		return storage.Actor{}, err
	}
	err = in.checkProof(ctx, p, a, actor)
	if _, refused := errors.AsType[*Error](err); refused {
		if actor, err = in.askAnew(ctx, a.Actor); err == nil {
			err = in.checkProof(ctx, p, a, actor)
		}
	}
	return actor, err
}

func (in *inbound) checkProof(ctx context.Context, p proof.Proof, a *activity.Activity, actor storage.Actor) error {
	wrong := &Error{Kind: Invalid, Code: "bad_proof"}
	k, err := in.q.ActorKey(ctx, p.Method)
	if errors.Is(err, storage.ErrNotFound) || err == nil && k.ActorID != actor.ID {
		return wrong
	}
	if err != nil {
		return err
	}
	public, err := proof.ParseMultikey(k.Multibase)
	if err != nil || p.Verify(a.Raw, public) != nil {
		return wrong
	}
	return nil
}

// askAnew reads an actor's document again, once for an activity.
func (in *inbound) askAnew(ctx context.Context, uri string) (storage.Actor, error) {
	body, fetched := in.docs[uri]
	if !fetched {
		return storage.Actor{}, &MissingError{URI: uri}
	}
	doc, err := activity.ParseActor(body)
	if body == nil || err != nil || doc.ID != uri {
		return storage.Actor{}, &Error{Kind: Invalid, Code: "bad_actor"}
	}
	return in.n.keepActor(ctx, in.q, doc)
}

// actorKeys are the keys of a remote actor's document that are kept: Ed25519,
// its own, and of its own server (FEP-fe34).
func actorKeys(doc *activity.Actor) []storage.ActorKey {
	var keys []storage.ActorKey
	for _, k := range doc.Assertions {
		if _, err := proof.ParseMultikey(k.Multibase); err == nil && k.Owner == doc.ID && originOf(k.ID) == originOf(doc.ID) {
			keys = append(keys, storage.ActorKey{KeyID: k.ID, Multibase: k.Multibase})
		}
	}
	return keys
}

// keepRemote stores a remote actor with its keys and, of a submolt, its
// charter; the submolt's labels are asked for.
func (n *Node) keepRemote(ctx context.Context, q storage.Queries, a storage.Actor, doc *activity.Actor, put func(ctx context.Context, a storage.Actor) error) error {
	if err := put(ctx, a); err != nil {
		return err
	}
	if err := q.PutActorKeys(ctx, a.ID, actorKeys(doc)); err != nil || a.Kind != storage.KindSubmolt || doc.Group == nil {
		return err
	}
	if err := q.PutCharter(ctx, remoteCharter(a, doc.Group.Charter)); err != nil || doc.Group.Labels != labelsOf(a.URI) {
		return err
	}
	return n.backfillLabels(ctx, q, a)
}
