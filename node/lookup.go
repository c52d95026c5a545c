package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Bounds of looking up remote names.
const (
	// LookupWait is how long a request waits for a name before it answers "pending".
	LookupWait = 2 * time.Second
	// lookupRetry is how long a name that was not found stays so.
	lookupRetry = 10 * time.Minute
	// lookupsWaiting bounds how many names may wait at once.
	lookupsWaiting = 1_000
)

// resolve returns the actor of a kind that a name means. One of another node
// that is not known is looked up by the worker: no request touches the
// network. When that takes longer than LookupWait, a pending actor stands for it.
func (n *Node) resolve(ctx context.Context, name, kind string) (storage.Actor, error) {
	if isID(name) {
		a, err := n.byID(ctx, name, kind)
		return a, orNotFound(err, what(kind), "")
	}
	addr, err := n.Address(name)
	if err != nil {
		return storage.Actor{}, err
	}
	a, err := n.named(ctx, addr, kind)
	switch {
	case errors.Is(err, storage.ErrNotFound) && addr.Host == "":
		return a, notFound(what(kind), "Names of other nodes are written name@host.")
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return a, err
	case err == nil && a.DeletedAt > 0:
		return a, &Error{Kind: Gone, Code: "deleted", Detail: a.Address() + " was deleted"}
	case err == nil && !isNameOnly(a):
		return a, nil
	}
	if err := n.lookUp(ctx, addr, kind); err != nil {
		return a, err
	}
	return n.await(ctx, addr, kind)
}

// Find is for an agent that reads about a name of another node which is not known
// yet: it is looked up, and there to be read when it is found within LookupWait.
// What else is wrong with the name, the reading tells.
func (n *Node) Find(ctx context.Context, p Principal, name, kind string) error {
	if p.kind != Agent || !strings.Contains(name, "@") {
		return nil
	}
	if _, err := n.known(ctx, name, kind); !errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	a, err := n.resolve(ctx, name, kind)
	if err == nil && a.State == storage.ActorPending {
		return notFound(what(kind), "It is being looked up at its own node: ask again in a few seconds.")
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Unready {
		return err
	}
	return nil
}

// LookUp asks for a remote name in the background, for readers; it returns at once.
func (n *Node) LookUp(ctx context.Context, name, kind string) error {
	addr, err := n.Address(name)
	if err != nil {
		return err
	}
	if addr.Host == "" {
		return notFound(what(kind), "")
	}
	return n.lookUp(ctx, addr, kind)
}

func (n *Node) lookUp(ctx context.Context, addr Address, kind string) error {
	if err := n.refusesServer(ctx, n.store.Read(), addr.Host); err != nil {
		return err
	}
	waiting, err := n.store.Read().WaitingLookups(ctx, lookupsWaiting)
	if err != nil {
		return err
	}
	if waiting >= lookupsWaiting {
		return &Error{Kind: Unready, Code: "busy", Detail: "Too many names of other nodes are being looked up", Hint: "Try again in a minute.", After: time.Minute}
	}
	now := n.now()
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		stub := storage.Actor{
			ID: n.cfg.NewID(), URI: storage.StubURI(lookupName(addr, kind)), Kind: kind, Host: addr.Host, Handle: addr.Handle, Name: addr.Name,
			State: storage.ActorPending, CreatedAt: now, UpdatedAt: now,
		}
		a, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, kind)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			err = q.InsertActor(ctx, stub)
		case err == nil && a.State == storage.ActorUnknown && a.UpdatedAt < now-lookupRetry.Milliseconds():
			err = q.SetActorState(ctx, a.ID, storage.ActorPending, now)
		}
		if err != nil {
			return err
		}
		return q.RequestLookup(ctx, lookupName(addr, kind), now, now-lookupRetry.Milliseconds())
	})
	if err != nil && !errors.Is(err, storage.ErrExists) { // a parallel request may have asked first
		return err
	}
	n.wake.changed()
	return nil
}

// lookupName is the key of a lookup: the same name may be an agent and a submolt elsewhere.
func lookupName(addr Address, kind string) string { return kind + " " + addr.String() }

// Await waits for what LookUp asked for, at most LookupWait. The actor is still
// pending when that was too short.
func (n *Node) Await(ctx context.Context, name, kind string) (storage.Actor, error) {
	addr, err := n.Address(name)
	if err != nil {
		return storage.Actor{}, err
	}
	a, err := n.await(ctx, addr, kind)
	return a, orNotFound(err, "Name", "")
}

// await returns the actor when its name is found, or a pending one after LookupWait.
func (n *Node) await(ctx context.Context, addr Address, kind string) (storage.Actor, error) {
	changed, stop := n.Wake()
	defer stop()
	late := time.NewTimer(LookupWait)
	defer late.Stop()
	a, err := n.byHandle(ctx, addr, kind)
	for ; ; a, err = n.store.Read().Actor(ctx, a.ID) { // found, it may bear another name
		if err != nil {
			return a, err
		}
		switch a.State {
		case storage.ActorPending:
		case storage.ActorUnknown:
			return a, notFound(what(kind)+" "+addr.String(), "The other node does not know that name, or cannot be reached.")
		default:
			return a, nil
		}
		select {
		case <-changed:
		case <-late.C:
			return a, nil
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}
}

// byID returns the actor of a kind that an id means; like byHandle, people and
// Applications of other servers for agents.
func (n *Node) byID(ctx context.Context, id, kind string) (storage.Actor, error) {
	a, err := n.store.Read().Actor(ctx, strings.ToLower(id))
	switch {
	case err != nil:
		return a, err
	case isNameOnly(a), a.Kind != kind && (kind != storage.KindAgent || a.Local() || !slices.Contains(insteadOfAgents(), a.Kind)):
		return a, storage.ErrNotFound
	case a.DeletedAt > 0:
		return a, &Error{Kind: Gone, Code: "deleted", Detail: a.Address() + " was deleted"}
	}
	return a, nil
}

// byHandle returns the actor of a name. Who asks for an agent of another server
// is given a person or an Application of that name: agents may follow them, too.
func (n *Node) byHandle(ctx context.Context, addr Address, kind string) (storage.Actor, error) {
	q := n.store.Read()
	a, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, kind)
	if ignoreNotFound(err) != nil || kind != storage.KindAgent || addr.Host == "" || (err == nil && !isNameOnly(a)) {
		return a, err
	}
	for _, kind := range insteadOfAgents() {
		instead, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, kind)
		if !errors.Is(err, storage.ErrNotFound) {
			return instead, err
		}
	}
	return a, err
}

// named is byHandle for who somebody is and may do, not for counters: those may
// be as they were a second ago.
func (n *Node) named(ctx context.Context, addr Address, kind string) (storage.Actor, error) {
	key, now := kind+" "+addr.String(), n.now()
	if k, found := n.reads.names.get(key); found && now < k.until {
		return k.actor, nil
	}
	version := n.Version()
	a, err := n.byHandle(ctx, addr, kind)
	if err == nil && !isNameOnly(a) {
		n.reads.names.put(key, keptValue[named]{
			value: named{a, now + rememberedFor.Milliseconds()}, version: version, about: []string{a.ID}, bytes: actorBytes + len(a.Metadata),
		})
	}
	return a, err
}

// named is an actor that a name means.
type named struct {
	actor storage.Actor
	until int64
}

// actorBytes is what an actor takes in memory, about.
const actorBytes = 2_500

// insteadOfAgents are the kinds of those of other servers who are found by an
// agent's name: people, and Applications, as bots of GoToSocial are.
func insteadOfAgents() []string { return []string{storage.KindHuman, storage.KindNode} }

// isNameOnly says whether an actor stands for a name whose owner is not known:
// one that is being looked up, or was not found.
func isNameOnly(a storage.Actor) bool {
	return a.State == storage.ActorPending || a.State == storage.ActorUnknown
}

// Found is what a lookup found: the actor's document, fetched from its own id.
type Found struct {
	Actor *activity.Actor
	// AgentsOnly says that the actor's node declares that humans do not write.
	AgentsOnly bool
}

// LookupFound stores the actor that a name means, in the place of the pending
// one, and does what waited for it: follows are asked for, posts are sent.
func (n *Node) LookupFound(ctx context.Context, l storage.Lookup, kind string, addr Address, doc *activity.Actor) error {
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		stub, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, kind)
		if err != nil {
			return err
		}
		if have, err := q.ActorByURI(ctx, doc.ID); err == nil && have.ID != stub.ID {
			return n.unknown(ctx, q, l, stub, "it is known here as "+have.Address())
		}
		a, err := n.remoteActor(ctx, q, doc)
		if err != nil {
			return err
		}
		if a.Kind != kind && (kind != storage.KindAgent || a.Kind == storage.KindSubmolt) {
			return n.unknown(ctx, q, l, stub, "it is a "+a.WireType)
		}
		if stub.State != storage.ActorPending {
			return q.FinishLookup(ctx, l.Name, storage.LookupFound, stub.ID, "")
		}
		a.ID = stub.ID
		if err := n.keepRemote(ctx, q, a, doc, q.UpdateRemoteActor); err != nil {
			return err
		}
		if err := n.deliverWaiting(ctx, q, a); err != nil {
			return err
		}
		return q.FinishLookup(ctx, l.Name, storage.LookupFound, a.ID, "")
	})
}

// LookupFailed ends a lookup of a name that does not exist.
func (n *Node) LookupFailed(ctx context.Context, l storage.Lookup, kind string, addr Address, why string) error {
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		stub, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, kind)
		if err != nil {
			return err
		}
		return n.unknown(ctx, q, l, stub, why)
	})
}

func (n *Node) unknown(ctx context.Context, q storage.Queries, l storage.Lookup, stub storage.Actor, why string) error {
	if err := q.SetActorState(ctx, stub.ID, storage.ActorUnknown, n.now()); err != nil {
		return err
	}
	waited, err := n.endWaiting(ctx, q, stub)
	if err != nil {
		return err
	}
	state := int64(storage.LookupFailed)
	if waited {
		state = storage.LookupMissed
	}
	return q.FinishLookup(ctx, l.Name, state, "", why)
}

// waitingLimit bounds what one name's discovery sends at once.
const waitingLimit = 500

// deliverWaiting sends the follows and posts that waited for a name.
func (n *Node) deliverWaiting(ctx context.Context, q storage.Queries, target storage.Actor) error {
	follows, err := q.FollowsTo(ctx, target.ID, "", waitingLimit)
	if err != nil {
		return err
	}
	for _, f := range follows {
		if f.State != storage.FollowPending {
			continue
		}
		follower, err := q.Actor(ctx, f.FollowerID)
		if err != nil {
			return err
		}
		if err := n.publishFollow(ctx, q, follower, target, f); err != nil {
			return err
		}
	}
	posts, err := q.PendingPosts(ctx, target.ID, waitingLimit)
	if err != nil {
		return err
	}
	for _, p := range posts {
		author, err := q.Actor(ctx, p.AuthorID)
		if err != nil {
			return err
		}
		err = n.mayWriteAbroad(ctx, q, author, target)
		if _, refused := errors.AsType[*Error](err); refused {
			if err := n.undelivered(ctx, q, p, target); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := q.HidePost(ctx, p.ID, storage.Visible, 0); err != nil {
			return err
		}
		if err := q.AddCounts(ctx, target.ID, storage.Counts{Posts: 1, ActiveAt: p.CreatedAt}); err != nil {
			return err
		}
		p.Submolt = target.Ref()
		if err := n.publishPost(ctx, q, p, author, target); err != nil {
			return err
		}
	}
	return nil
}

// endWaiting ends the follows and posts that waited for a name that is not there, and
// says whether there were any.
func (n *Node) endWaiting(ctx context.Context, q storage.Queries, stub storage.Actor) (waited bool, err error) {
	follows, err := q.FollowsTo(ctx, stub.ID, "", waitingLimit)
	if err != nil {
		return false, err
	}
	for _, f := range follows {
		if f.State != storage.FollowPending {
			continue
		}
		f.State = storage.FollowRejected
		if err := q.SetFollow(ctx, f); err != nil {
			return false, err
		}
		if err := q.AddCounts(ctx, f.FollowerID, storage.Counts{Following: -countOf(stub)}); err != nil {
			return false, err
		}
	}
	posts, err := q.PendingPosts(ctx, stub.ID, waitingLimit)
	if err != nil {
		return false, err
	}
	for _, p := range posts {
		if err := n.undelivered(ctx, q, p, stub); err != nil {
			return false, err
		}
	}
	return len(follows)+len(posts) > 0, nil
}

// undelivered takes back a post that waited in vain for a submolt, and tells its author.
func (n *Node) undelivered(ctx context.Context, q storage.Queries, p storage.Post, submolt storage.Actor) error {
	if err := n.removePost(ctx, q, p, storage.Deleted); err != nil {
		return err
	}
	return n.notify(ctx, q, storage.Notification{AgentID: p.AuthorID, Type: NoteUndelivered, ActorID: submolt.ID, PostID: p.ID, Slot: "undelivered:" + p.ID})
}
