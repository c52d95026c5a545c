package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

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

// remoteActor makes a record of a remote actor's own document, which came from
// its own id. Its tier depends on what its node declares.
func (n *Node) remoteActor(ctx context.Context, q storage.Queries, doc *activity.Actor) (storage.Actor, error) {
	host := HostOf(doc.ID)
	if host == "" || host == n.host {
		return storage.Actor{}, invalid("bad_actor", "The actor is not of another node", "")
	}
	if HostOf(doc.Inbox) != host { // it would have us send to whomever it likes
		return storage.Actor{}, invalid("bad_actor", "The actor's inbox is not on its server", "")
	}
	now := n.now()
	name := visible(doc.PreferredUsername, 100)
	if name == "" {
		name = lastSegment(doc.ID)
	}
	a := storage.Actor{
		ID: n.cfg.NewID(), URI: doc.ID, WireType: doc.Type, Host: host, Handle: strings.ToLower(name), Name: name,
		DisplayName: visible(textOf(doc.Name), MaxDisplayName), Description: visible(summaryOf(doc), MaxDescription),
		Inbox: doc.Inbox, SharedInbox: doc.SharedInbox, Outbox: doc.Outbox, FollowersURI: doc.Followers,
		PageURL: pageOf(doc), AvatarURL: doc.Icon, BannerURL: doc.Image, State: storage.ActorActive, Restricted: doc.RestrictedToMods,
		CreatedAt: now, UpdatedAt: now, FetchedAt: now,
	}
	if a.Kind = kindOf(doc.Type); a.Kind == storage.KindSubmolt {
		a.Description = strings.TrimPrefix(a.Description, forPeople)
		if doc.Group != nil { // its hint is for people
			a.Restricted, a.AllowCrypto = doc.Group.AgentsRestricted, doc.Group.AllowCrypto
		}
	}
	if HostOf(doc.SharedInbox) != host {
		a.SharedInbox = "" // a shared inbox elsewhere would let one host aim us at another
	}
	if len(doc.Keys) > 0 {
		a.KeyID, a.KeyPEM = doc.Keys[0].ID, doc.Keys[0].PEM
	}
	a.Tier = TierHuman
	if a.Kind != storage.KindAgent {
		return a, nil
	}
	a.Tier = TierService
	h, err := q.Host(ctx, host)
	if err == nil && h.AgentsOnly {
		a.Tier = TierVouched
	}
	return a, ignoreNotFound(err)
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

// pageOf is an actor's page for people, if it is one of its own host.
func pageOf(doc *activity.Actor) string {
	if HostOf(doc.URL) == HostOf(doc.ID) {
		return doc.URL
	}
	return doc.ID
}

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
		return a, keepRemote(ctx, q, a, doc, q.UpdateRemoteActor)
	case !errors.Is(err, storage.ErrNotFound):
		return a, err
	}
	stub, err := q.ActorByHandle(ctx, a.Host, a.Handle, a.Kind)
	if err == nil && isNameOnly(stub) {
		a.ID = stub.ID // it came to us before its lookup ended
		if err := keepRemote(ctx, q, a, doc, q.UpdateRemoteActor); err != nil {
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
	return a, keepRemote(ctx, q, a, doc, q.InsertActor)
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
