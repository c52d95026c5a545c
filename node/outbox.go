package node

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file is the node's half of delivery: what is to be sent to whom. The
// worker sends it.

const (
	expandBatch = 500
	laneWindow  = 256 // entries that one turn of a lane reads
)

// Expand tells the lanes about new entries of the log and returns how many it
// went through. On PostgreSQL it also numbers them: the row of its cursor is
// locked meanwhile, so that one process does it at a time.
func (n *Node) Expand(ctx context.Context, owner string) (int, error) {
	ahead, err := n.store.Read().OutboxAhead(ctx, storage.CursorExpand)
	if err != nil || !ahead {
		return 0, err
	}
	count := 0
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		now := n.now()
		position, err := q.Lease(ctx, storage.CursorExpand, owner, now, now)
		if err != nil {
			return ignoreNotFound(err)
		}
		if _, err := q.Stamp(ctx, expandBatch); err != nil {
			return err
		}
		marks, err := q.MarksAfter(ctx, position, expandBatch)
		if err != nil || len(marks) == 0 {
			return err
		}
		if err := raise(ctx, q, marks); err != nil {
			return err
		}
		count = len(marks)
		return q.MoveCursor(ctx, storage.CursorExpand, owner, marks[len(marks)-1].Seq)
	})
	return count, err
}

// raise moves the heads of all lanes that the entries are for, with one
// statement an audience however many entries there are. They go in the order of
// their first entries: an idle lane begins where it is raised first. Most agents
// have nobody elsewhere who follows them.
func raise(ctx context.Context, q storage.Queries, marks []storage.AudienceMark) error {
	type span struct{ first, last int64 }
	spans := map[string]span{}
	var order []string
	for _, m := range marks {
		for a := range strings.FieldsSeq(m.Audience) {
			s, ok := spans[a]
			if !ok {
				s.first = m.Seq
				order = append(order, a)
			}
			s.last = m.Seq
			spans[a] = s
		}
	}
	peopled, err := q.Peopled(ctx, order)
	if err != nil {
		return err
	}
	for _, a := range order {
		s := spans[a]
		if inbox, ok := strings.CutPrefix(a, storage.InboxAudience("")); ok {
			err = q.RaiseLane(ctx, inbox, s.first, s.last)
		} else if slices.Contains(peopled, a) {
			err = q.RaiseAudience(ctx, a, s.first, s.last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ClaimLanes leases lanes that are behind and due.
func (n *Node) ClaimLanes(ctx context.Context, owner string, lease time.Duration, limit int) ([]storage.Lane, error) {
	due, err := n.store.Read().LanesDue(ctx, n.now())
	if err != nil || !due {
		return nil, err
	}
	var lanes []storage.Lane
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		now := n.now()
		lanes, err = q.ClaimLanes(ctx, owner, now, now+lease.Milliseconds(), limit)
		return err
	})
	return lanes, err
}

// LaneEntries returns the next entries for a lane, still without their proofs, and
// how far in the log they reach: what lies between them is for others.
func (n *Node) LaneEntries(ctx context.Context, l storage.Lane) (entries []storage.Entry, reached int64, err error) {
	q := n.store.Read()
	all, err := n.entriesAfter(ctx, l.Position, l.Head)
	if err != nil {
		return nil, 0, err
	}
	if len(all) < laneWindow {
		reached = l.Head
	} else {
		reached = all[len(all)-1].Seq
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Audiences()...)
	}
	slices.Sort(names)
	member, err := q.AudiencesOf(ctx, l.Inbox, slices.Compact(names))
	if err != nil {
		return nil, 0, err
	}
	member = append(member, storage.InboxAudience(l.Inbox))
	for _, e := range all {
		if slices.ContainsFunc(e.Audiences(), func(a string) bool { return slices.Contains(member, a) }) {
			entries = append(entries, e)
		}
	}
	return entries, reached, nil
}

// entriesAfter reads a part of the log, once for all lanes that ask at the same
// time: those of one post's followers stand at the same place. The entries are
// not the caller's to change.
func (n *Node) entriesAfter(ctx context.Context, after, upTo int64) ([]storage.Entry, error) {
	place := strconv.FormatInt(after, 10) + " " + strconv.FormatInt(upTo, 10)
	all, err, _ := n.lanes.Do(place, func() (any, error) {
		return n.store.Read().EntriesAfter(context.WithoutCancel(ctx), after, upTo, laneWindow)
	})
	es, _ := all.([]storage.Entry)
	return es, err
}

// ErrHostWoke says that a host took something elsewhere after a failure of one of
// its inboxes was judged, which may now be that inbox's alone.
var ErrHostWoke = errors.New("the host took something meanwhile")

// FinishLane gives a lane back after its turn. A failure that is not the inbox's
// alone opens its host's breaker until r.NextAt; a success closes it. The host is
// told as it was when the failure was judged: where that is no longer so, nothing
// is stored and ErrHostWoke returned.
func (n *Node) FinishLane(ctx context.Context, host string, judged storage.Host, r storage.LaneReport) error {
	write := n.store.Grouped // what goes to many ends at the same time
	if r.NextAt > 0 {
		defer n.hosts.woke.Remove(host) // the next sign of life counts
		write = n.store.Tx
	}
	return write(ctx, func(ctx context.Context, q storage.Queries) error {
		err := q.FinishLane(ctx, r)
		if err != nil {
			return ignoreNotFound(err) // its lease ran out: another process has it
		}
		if r.NextAt > 0 && !r.InboxOnly {
			h, err := q.HostForUpdate(ctx, host)
			if err := ignoreNotFound(err); err != nil {
				return err
			}
			if judged.Failures > 0 && h.Failures == 0 {
				return ErrHostWoke
			}
			return q.FailHost(ctx, storage.HostFailure{Host: host, Inbox: r.Inbox, At: n.now(), OpenUntil: r.NextAt})
		}
		if r.Delivered > 0 {
			return q.WakeHost(ctx, host, n.now())
		}
		return nil
	})
}

// FailsAlone says of a lane that failed whether its inbox does so while its host
// works: it failed last time, too, and another inbox of the host took something since.
func (n *Node) FailsAlone(ctx context.Context, l storage.Lane, h storage.Host) (bool, error) {
	if h.Failures > 0 || l.LastStatus/100 == 2 || l.LastStatus == 0 && l.LastError == "" {
		return false, nil
	}
	return n.store.Read().OthersTake(ctx, l.Host, l.Inbox, l.LastSuccessAt)
}

// HostOfLane returns the breaker of a lane's host; a new host has none.
func (n *Node) HostOfLane(ctx context.Context, host string) (storage.Host, error) {
	h, err := n.store.Read().Host(ctx, host)
	return h, ignoreNotFound(err)
}

// Release ends the leases of an owner that stopped, or that stops.
func (n *Node) Release(ctx context.Context, owner string) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return errors.Join(q.ReleaseLanes(ctx, owner), q.ReleaseReceived(ctx, owner), q.ReleaseBackfills(ctx, owner))
	})
}

// Entry returns an activity of this node by the last segment of its id. What
// was sent in a conversation is shown to nobody [DM-4].
func (n *Node) Entry(ctx context.Context, id string) (storage.Entry, error) {
	q := n.store.Read()
	if strings.HasPrefix(id, pastCreate) || strings.HasPrefix(id, pastAnnounce) {
		return n.pastByID(ctx, id)
	}
	e, err := q.Entry(ctx, id)
	if err != nil || isPrivate(e) {
		return storage.Entry{}, orNotFound(cmp.Or(err, storage.ErrNotFound), "Activity", "")
	}
	if gone, err := withdrawn(ctx, q, e); err != nil || gone {
		return storage.Entry{}, cmp.Or(err, error(&Error{Kind: Gone, Code: "deleted", Detail: "What this activity was about was deleted"}))
	}
	a, err := q.Actor(ctx, e.ActorID)
	if err != nil {
		return e, err
	}
	return n.provenEntry(ctx, e, a)
}

// Outbox returns the newest entries of an actor's outbox collection, and for posts
// that are older than the log what it held of them.
func (n *Node) Outbox(ctx context.Context, actorID string, limit int) ([]storage.Entry, error) {
	q := n.store.Read()
	es, err := q.EntriesBy(ctx, actorID, limit)
	if err != nil {
		return nil, err
	}
	a, err := q.Actor(ctx, actorID)
	if err != nil {
		return nil, err
	}
	shown := es[:0]
	for _, e := range es {
		if gone, err := withdrawn(ctx, q, e); err != nil || gone {
			if err != nil {
				return nil, err
			}
			continue
		}
		if e, err = n.provenEntry(ctx, e, a); err != nil {
			return nil, err
		}
		shown = append(shown, e)
	}
	if len(es) >= limit {
		return shown, nil
	}
	past, err := n.pastEntries(ctx, q, a, shown, limit-len(shown))
	return append(shown, past...), err
}

// withdrawn says whether an entry shows what was deleted or removed since: its
// text is shown to nobody who comes later.
func withdrawn(ctx context.Context, q storage.Queries, e storage.Entry) (bool, error) {
	a, err := activity.ParseActivity(e.Body)
	if err != nil {
		return false, err
	}
	if inner, err := activity.ParseActivity(a.Object().Raw); a.Type == activity.TypeAnnounce && err == nil {
		a = inner
	}
	switch a.Type {
	case activity.TypeCreate, activity.TypeUpdate, activity.TypeAnnounce:
		return q.IsTombstone(ctx, a.Object().ID, "")
	default:
		return false, nil
	}
}

// ThreadURIs returns the ids of a post's comments, in the order of writing, behind a local id.
func (n *Node) ThreadURIs(ctx context.Context, postID string, limit int) ([]string, error) {
	return n.store.Read().ThreadURIs(ctx, postID, "", limit)
}

// ReplyURIs returns the ids of the replies to a post, or to a comment of it.
func (n *Node) ReplyURIs(ctx context.Context, postID, parentID string, limit int) ([]string, error) {
	return n.store.Read().ReplyURIs(ctx, postID, parentID, limit)
}

// ClaimLookups leases names that are to be looked up.
func (n *Node) ClaimLookups(ctx context.Context, owner string, lease time.Duration, limit int) ([]storage.Lookup, error) {
	waiting, err := n.store.Read().WaitingLookups(ctx, 1)
	if err != nil || waiting == 0 {
		return nil, err
	}
	var ls []storage.Lookup
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		now := n.now()
		ls, err = q.ClaimLookups(ctx, owner, now, now+lease.Milliseconds(), limit)
		return err
	})
	return ls, err
}

// RetryLookup gives a lookup back, to be tried again at dueAt.
func (n *Node) RetryLookup(ctx context.Context, l storage.Lookup, why string, dueAt int64) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.RetryLookup(ctx, l.Name, why, dueAt)
	})
}

// HoldLookup gives a lookup back untried, to be taken up at dueAt.
func (n *Node) HoldLookup(ctx context.Context, l storage.Lookup, dueAt int64) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.HoldLookup(ctx, l.Name, dueAt)
	})
}

// LookupTarget reads what a lookup asks for.
func (n *Node) LookupTarget(l storage.Lookup) (kind string, addr Address, err error) {
	kind, name, _ := strings.Cut(l.Name, " ")
	addr, err = n.Address(name)
	return kind, addr, err
}

// KnownSigner is the stored actor of a key, and the key.
type KnownSigner struct {
	Actor storage.Actor
	Key   activity.PublicKey
	Fresh bool // it was asked for lately
}

// SignerByKey returns the stored actor of a key; a zero one when there is none.
func (n *Node) SignerByKey(ctx context.Context, keyID string) (KnownSigner, error) {
	q := n.store.Read()
	a, err := q.ActorByKeyID(ctx, keyID)
	key := activity.PublicKey{ID: a.KeyID, Owner: a.URI, PEM: a.KeyPEM}
	if errors.Is(err, storage.ErrNotFound) {
		var k storage.ActorKey
		if k, err = q.ActorKey(ctx, keyID); err == nil {
			a, err = q.Actor(ctx, k.ActorID)
			key = activity.PublicKey{ID: k.KeyID, Owner: a.URI, Multibase: k.Multibase}
		}
	}
	if err != nil {
		return KnownSigner{}, ignoreNotFound(err)
	}
	return KnownSigner{Actor: a, Key: key, Fresh: n.freshActor(a) && a.DeletedAt == 0}, nil
}

// Kept bounds how long what is done is remembered.
const (
	keptReceived   = 30 * 24 * time.Hour
	keptTombstones = 300 * 24 * time.Hour
	keptOutbox     = 45 * 24 * time.Hour
	keptBackfills  = 365 * 24 * time.Hour // of what is followed, or shown, the past is here
	pruneBatch     = 1_000
	keptActors     = 100 * 24 * time.Hour // of people elsewhere who have nothing to do with us: longer than what tells of them
	keptClaims     = 7 * 24 * time.Hour
	keptLookups    = 24 * time.Hour
)

// Prune forgets a batch of what is too old to matter and returns how much.
func (n *Node) Prune(ctx context.Context) (int, error) {
	var total int64
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		for _, old := range []struct {
			prune func(ctx context.Context, before int64, limit int) (int64, error)
			kept  time.Duration
		}{
			{q.PruneReceived, keptReceived},
			{q.PruneTombstones, keptTombstones},
			{q.PruneNotifications, keptNotificationAge},
			{q.PruneOutbox, keptOutbox},
			{q.PruneBackfills, keptBackfills},
			{q.PruneActors, keptActors},
			{q.PruneLookups, keptLookups},
			{q.PruneOwners, keptClaims},
			{q.PruneCounters, 0},
			{q.PruneOutcomes, keptOutcomes},
			{q.PruneChallenges, keptChallenges},
		} {
			count, err := old.prune(ctx, n.now()-old.kept.Milliseconds(), pruneBatch)
			if err != nil {
				return err
			}
			total += count
		}
		return nil
	})
	return int(total), err
}
