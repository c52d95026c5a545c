package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Tiers of a remote actor: what we, the receiver, know of its being an agent.
const (
	TierHuman    = 0 // a Person, or unknown
	TierService  = 1 // says of itself that it is automated
	TierVouched  = 2 // of a node where only agents write
	TierAttested = 3 // with a valid attestation
	TierTrusted  = 4 // trusted by name; every local agent
)

// actorFreshFor is how long a remote actor is believed before it is asked for again.
const actorFreshFor = 24 * time.Hour

// freshActor says whether a remote actor was asked for lately.
func (n *Node) freshActor(a storage.Actor) bool {
	return a.FetchedAt > n.now()-actorFreshFor.Milliseconds()
}

// remoteActor makes a record of a remote actor's own document, which came from
// its own id. Its tier depends on what its node declares.
func (n *Node) remoteActor(ctx context.Context, q storage.Queries, doc *activity.Actor) (storage.Actor, error) {
	host := HostOf(doc.ID)
	if host == "" || host == n.host {
		return storage.Actor{}, invalid("bad_actor", "The actor is not of another node", "")
	}
	if ownAddress(doc.Inbox, host) == "" || ownAddress(doc.ID, host) == "" { // it would have us send to whomever it likes
		return storage.Actor{}, invalid("bad_actor", "The actor's inbox is not on its server", "")
	}
	now, name := n.now(), nameFrom(doc)
	a := storage.Actor{
		ID: n.cfg.NewID(), URI: doc.ID, WireType: doc.Type, Host: host, Handle: strings.ToLower(name), Name: name,
		DisplayName: visible(textOf(doc.Name), MaxDisplayName), Description: visible(summaryOf(doc), MaxDescription),
		Inbox: doc.Inbox, SharedInbox: ownAddress(doc.SharedInbox, host), Outbox: ownAddress(doc.Outbox, host),
		FollowersURI: ownAddress(doc.Followers, host), PageURL: cmp.Or(ownAddress(doc.URL, host), doc.ID), AvatarURL: pictureFrom(doc.Icon),
		BannerURL: pictureFrom(doc.Image), State: storage.ActorActive, Restricted: doc.RestrictedToMods,
		CreatedAt: now, UpdatedAt: now, FetchedAt: now,
	}
	if a.Kind = kindOf(doc.Type); a.Kind == storage.KindSubmolt {
		a.Description, a.Sensitive = strings.TrimPrefix(a.Description, forPeople), doc.Sensitive
		if doc.Group != nil { // its hint is for people
			a.Restricted, a.AllowCrypto = doc.Group.AgentsRestricted, doc.Group.AllowCrypto
		}
	}
	for _, k := range doc.Keys {
		if k.Owner == doc.ID && originOf(k.ID) == originOf(doc.ID) { // another's key is not taken from it (FEP-fe34)
			a.KeyID, a.KeyPEM = k.ID, k.PEM
			break
		}
	}
	a.Tier = TierHuman
	if a.Kind != storage.KindAgent {
		return a, nil
	}
	var err error
	a.Tier, err = n.tierAt(ctx, q, host)
	return a, err
}

func kindOf(wireType string) string {
	switch wireType {
	case activity.TypeService:
		return storage.KindAgent
	case activity.TypeGroup:
		return storage.KindSubmolt
	case activity.TypeApplication:
		return storage.KindNode
	default:
		return storage.KindHuman
	}
}

func summaryOf(doc *activity.Actor) string {
	if doc.Source != "" {
		return doc.Source
	}
	return textOf(doc.Summary)
}

// ownAddress returns an address that an actor names if it is one of the actor's
// own host, else "": a shared inbox elsewhere would let one host aim us at
// another, and a space would make two addresses of one in the log.
func ownAddress(address, host string) string {
	if HostOf(address) != host || strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return ""
	}
	return address
}

// pictureFrom returns the address of a picture, which may be anywhere on the web.
func pictureFrom(address string) string {
	to, err := webURL("picture", address)
	if err != nil {
		return ""
	}
	return to
}

// nameFrom is the name of a remote actor: what its server calls it, as far as
// that can be a name here; one that looks like an address, or like words, cannot.
func nameFrom(doc *activity.Actor) string {
	for _, name := range []string{doc.PreferredUsername, lastSegment(doc.ID)} {
		name = strings.TrimLeft(strings.Map(func(r rune) rune {
			if r != '_' && r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r) {
				return -1
			}
			return r
		}, visible(name, maxRemoteName)), ".-")
		if name != "" {
			return name
		}
	}
	return "unnamed"
}

// maxRemoteName bounds a remote actor's name, in characters.
const maxRemoteName = 90

func lastSegment(uri string) string { return uri[strings.LastIndexByte(uri, '/')+1:] }

// keepActor stores a remote actor's document, new or newer, and returns the
// record. An actor whose type turned from Person to Service or back keeps
// what its new type grants: the tier is computed anew.
func (n *Node) keepActor(ctx context.Context, q storage.Queries, doc *activity.Actor) (storage.Actor, error) {
	n.forget(doc.ID)
	a, err := n.remoteActor(ctx, q, doc)
	if err != nil {
		return a, err
	}
	have, err := q.ActorByURI(ctx, doc.ID)
	switch {
	case err == nil:
		a.ID, a.Handle = have.ID, have.Handle
		if strings.ToLower(a.Name) != have.Handle {
			a.Name = have.Name // its name was taken when it came: see aside
		}
		a.Karma, a.FollowerCount, a.FollowingCount = have.Karma, have.FollowerCount, have.FollowingCount
		if have.State == storage.ActorSuspended || have.State == storage.ActorDeleted {
			a.State = have.State
		}
		if a, err = makeRoom(ctx, q, a, have.Kind); err != nil {
			return a, err
		}
		return a, n.keepRemote(ctx, q, a, doc, q.UpdateRemoteActor)
	case !errors.Is(err, storage.ErrNotFound):
		return a, err
	}
	stub, err := q.ActorByHandle(ctx, a.Host, a.Handle, a.Kind)
	if err == nil && isNameOnly(stub) {
		a.ID = stub.ID // it came to us before its lookup ended
		if err := n.keepRemote(ctx, q, a, doc, q.UpdateRemoteActor); err != nil {
			return a, err
		}
		return a, n.deliverWaiting(ctx, q, a)
	}
	if err := ignoreNotFound(err); err != nil {
		return a, err
	}
	if stub.ID != "" {
		a = aside(a)
	}
	return a, n.keepRemote(ctx, q, a, doc, q.InsertActor)
}

// makeRoom lets an actor keep its name when it turned into another kind: a name
// that means nobody gives way, and where it is somebody's the actor goes aside.
func makeRoom(ctx context.Context, q storage.Queries, a storage.Actor, was string) (storage.Actor, error) {
	if a.Kind == was {
		return a, nil
	}
	other, err := q.ActorByHandle(ctx, a.Host, a.Handle, a.Kind)
	if err != nil {
		return a, ignoreNotFound(err)
	}
	if isNameOnly(other) {
		other = aside(other)
		return a, q.RenameActor(ctx, other.ID, other.Handle, other.Name)
	}
	a = aside(a)
	return a, q.RenameActor(ctx, a.ID, a.Handle, a.Name)
}

// aside gives an actor another name because its own is taken by another actor
// of its server. The name is made of its id, so that it stays the same.
func aside(a storage.Actor) storage.Actor {
	sum := sha256.Sum256([]byte(a.URI))
	mark := "-" + hex.EncodeToString(sum[:4])
	a.Handle, a.Name = a.Handle+mark, a.Name+mark
	return a
}

// ActorByURI returns a known actor by its ActivityPub id.
func (n *Node) ActorByURI(ctx context.Context, uri string) (storage.Actor, error) {
	a, err := n.store.Read().ActorByURI(ctx, uri)
	return a, orNotFound(err, "Actor", "")
}

// KnowsHost says whether a server was asked about itself before.
func (n *Node) KnowsHost(ctx context.Context, host string) (bool, error) {
	_, err := n.store.Read().Host(ctx, host)
	return err == nil, ignoreNotFound(err)
}

// HostFresh says whether a server was asked about itself lately.
func (n *Node) HostFresh(ctx context.Context, host string) (bool, error) {
	h, err := n.store.Read().Host(ctx, host)
	if err != nil {
		return false, ignoreNotFound(err)
	}
	return h.CheckedAt > n.now()-actorFreshFor.Milliseconds(), nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
