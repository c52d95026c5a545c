package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/discover"
	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/node"
	"instar.example/storage"
)

// Bounds of what one received activity may cause.
const (
	// MaxFetches is how many documents are asked for on behalf of one activity in one turn.
	MaxFetches = 60
	// Once wholeTurns turns were in vain, a turn asks for fewer: what one activity
	// causes in all is bounded, too, however often a document fails.
	wholeTurns, laterFetches = 2, 10
	// hostFetches is what asking a server who it is may take: its actor, and NodeInfo
	// with the links to it.
	hostFetches = 3
	// MaxFetched is how many bytes they may have together.
	MaxFetched = 4 << 20
	giveUpAge  = 6 * time.Hour
	laterFirst = 10 * time.Second
	laterMost  = time.Hour
)

// fetchBounds bound what all received activities make us ask one domain for: an
// agent may name what it likes, and must not aim us at somebody.
func fetchBounds() fetch.Bounds {
	return fetch.Bounds{Burst: 600, PerSecond: 10, AllBurst: 6_000, AllPerSecond: 200}
}

// errBudget says that a domain is left alone for a while.
var errBudget = errors.New("too many documents of that domain were asked for")

// Receive applies a batch of received activities and returns how many it took
// up, when all of them are done.
func (w *Worker) Receive(ctx context.Context) (int, error) {
	var asking sync.WaitGroup
	defer asking.Wait()
	return w.take(ctx, &asking)
}

// receiveLoop is the loop of Receive that does not wait for those activities
// that wait for other servers.
func (w *Worker) receiveLoop(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	w.loop(ctx, "receive", func(ctx context.Context) (int, error) { return w.take(ctx, &asking) })
}

// take applies a batch of received activities, those that need nothing but the
// database at once. The others go on in asking.
func (w *Worker) take(ctx context.Context, asking *sync.WaitGroup) (int, error) {
	until := w.cfg.Node.Now().Add(lease).UnixMilli()
	batch, err := w.cfg.Node.ClaimReceived(ctx, w.cfg.Owner, until, receivedBatch)
	if err != nil {
		return 0, err
	}
	slots := make(chan struct{}, receivedAtOnce)
	var all sync.WaitGroup
	for _, row := range inOrder(batch) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for _, r := range row {
				w.guard(ctx, r, func() error { return w.receive(ctx, r, asking) })
			}
		})
	}
	all.Wait()
	return len(batch), nil
}

// guard does something with an activity: a bad one must not stop the others.
func (w *Worker) guard(ctx context.Context, r storage.Received, do func() error) {
	defer func() {
		if p := recover(); p != nil {
			w.cfg.Log.LogAttrs(ctx, slog.LevelError, "panic while applying an activity", slog.String("activity", r.ActivityID), slog.Any("panic", p))
		}
	}()
	if err := do(); err != nil && ctx.Err() == nil {
		w.cfg.Log.LogAttrs(ctx, slog.LevelError, "apply a received activity",
			slog.String("activity", r.ActivityID), slog.String("type", r.Type), slog.Any("error", err))
	}
}

// receive applies one activity, or has what it needs asked for.
func (w *Worker) receive(ctx context.Context, r storage.Received, asking *sync.WaitGroup) error {
	if r.Type == node.TypeUndecided {
		return w.aside(ctx, r, asking, func(ctx context.Context) error { return w.decide(ctx, r) })
	}
	missing, err := w.apply(ctx, r, node.Documents{})
	if missing == nil {
		return err
	}
	return w.aside(ctx, r, asking, func(ctx context.Context) error { return w.complete(ctx, r, missing) })
}

// apply applies an activity and finishes it, or puts it off; what it lacks, if
// that is all, it returns.
func (w *Worker) apply(ctx context.Context, r storage.Received, docs node.Documents) (*node.MissingError, error) {
	err := w.cfg.Node.Receive(ctx, r, docs)
	missing, ok := errors.AsType[*node.MissingError](err)
	switch {
	case err == nil:
		return nil, nil //nolint:nilnil // nothing is missing, and nothing went wrong
	case node.IsLater(err):
		return nil, w.later(ctx, r, err)
	case node.IsUnfinished(err):
		return nil, w.cfg.Node.RetryReceived(context.WithoutCancel(ctx), r, short(err), w.cfg.Node.Now().UnixMilli())
	case !ok:
		return nil, errors.Join(err, w.later(ctx, r, err))
	}
	return missing, nil
}

// later gives an activity back with a growing pause, and ends it after giveUpAge.
func (w *Worker) later(ctx context.Context, r storage.Received, why error) error {
	ctx = context.WithoutCancel(ctx) // its turn may be over
	now := w.cfg.Node.Now()
	if now.Sub(time.UnixMilli(r.ReceivedAt)) > giveUpAge {
		return w.cfg.Node.Finish(ctx, r, "gave up: "+short(why))
	}
	pause := min(laterFirst<<min(r.Attempts, 10), laterMost)
	return w.cfg.Node.PutOff(ctx, r, short(why), now.Add(pause).UnixMilli())
}

func short(err error) string {
	s := err.Error()
	return s[:min(len(s), 200)]
}

// obtain asks for a missing document or server.
func (w *Worker) obtain(ctx context.Context, m *node.MissingError, docs node.Documents, attempts int64) error {
	if blocked, err := w.cfg.Node.IsBlockedServer(ctx, node.HostOf(m.URI+m.Origin+"/")); err != nil || blocked {
		docs[m.URI] = nil // nobody is asked there
		return err
	}
	if !w.budget.Take(m.URI+m.Origin, 1, w.cfg.Node.Now()) { // one of the two is set
		return errBudget
	}
	return w.get(ctx, m, docs, attempts)
}

// get fetches a missing document, or asks a server who it is; attempts says how
// often that was tried in vain for the same activity.
func (w *Worker) get(ctx context.Context, m *node.MissingError, docs node.Documents, attempts int64) error {
	if m.Origin != "" {
		return w.askHost(ctx, m.Origin, attempts)
	}
	doc, err := w.cfg.Fetch.Object(ctx, m.URI)
	switch {
	case errors.Is(err, fetch.ErrGone), errors.Is(err, fetch.ErrNotFound), errors.Is(err, fetch.ErrForbiddenAddress):
		docs[m.URI] = nil
		return nil
	case err != nil:
		return err
	case !fetch.SameOrigin(doc.URL, m.URI):
		docs[m.URI] = nil // it led elsewhere: what is there is not it
		return nil
	}
	docs[m.URI] = doc.Body
	return nil
}

// decide verifies a request that was kept because its signer's key could not
// be had in time.
func (w *Worker) decide(ctx context.Context, r storage.Received) error {
	raw, err := inbox.DecodeRawRequest(r.Body)
	if err != nil {
		return w.cfg.Node.Finish(ctx, r, "malformed")
	}
	v, err := w.cfg.Verifier.VerifyRaw(ctx, raw)
	refusal, refused := errors.AsType[*inbox.Refusal](err)
	switch {
	case refused && refusal.Reason == inbox.ReasonKeyBudget:
		return w.later(ctx, r, err)
	case refused:
		return w.cfg.Node.Finish(ctx, r, "refused: "+refusal.Reason)
	case errors.Is(err, inbox.ErrKeyGone):
		return w.cfg.Node.Finish(ctx, r, "refused: key_gone")
	case err != nil:
		return w.later(ctx, r, err)
	}
	verdict, err := w.cfg.Node.Admit(ctx, v.Activity, v.Signer.Actor)
	if e, ok := errors.AsType[*node.Error](err); ok {
		return w.cfg.Node.Finish(ctx, r, "refused: "+e.Code)
	}
	if err != nil {
		return w.later(ctx, r, err)
	}
	if verdict == node.Ignore || v.Undated() {
		return w.cfg.Node.Finish(ctx, r, "ignored")
	}
	return w.cfg.Node.Decided(ctx, r, v.Activity, v.Signer.Actor)
}

// Times of a lookup.
const (
	lookupTries = 5
	lookupPause = 5 * time.Second
	lookupTime  = 20 * time.Second // for all that one look-up asks for; within its lease
	lookupTurn  = 2 * time.Second  // how long a name waits whose domain has its seats taken
)

// LookUp finds out what remote names mean and returns how many it took up, when all of
// them are done.
func (w *Worker) LookUp(ctx context.Context) (int, error) {
	var asking sync.WaitGroup
	defer asking.Wait()
	return w.takeLookups(ctx, &asking)
}

// lookUpLoop is the loop of LookUp that waits for none: a server that lets us wait holds
// up the look-ups of its own names alone.
func (w *Worker) lookUpLoop(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	w.loop(ctx, "look_up", func(ctx context.Context) (int, error) { return w.takeLookups(ctx, &asking) })
}

// takeLookups begins some look-ups, as many of one domain as it has seats.
func (w *Worker) takeLookups(ctx context.Context, asking *sync.WaitGroup) (int, error) {
	ls, err := w.cfg.Node.ClaimLookups(ctx, w.cfg.Owner, lease, lookupsAtOnce)
	if err != nil {
		return 0, err
	}
	for _, l := range ls {
		_, addr, err := w.cfg.Node.LookupTarget(l)
		if err != nil {
			return 0, err
		}
		domain := fetch.Domain("https://" + addr.Host)
		if !w.names.take(domain) {
			if err := w.cfg.Node.HoldLookup(ctx, l, w.cfg.Node.Now().Add(lookupTurn).UnixMilli()); err != nil {
				return 0, err
			}
			continue
		}
		asking.Go(func() {
			defer w.names.leave(domain)
			if err := w.lookUp(ctx, l); err != nil && ctx.Err() == nil {
				w.cfg.Log.LogAttrs(ctx, slog.LevelError, "look up a name", slog.String("name", l.Name), slog.Any("error", err))
			}
		})
	}
	return len(ls), nil
}

func (w *Worker) lookUp(ctx context.Context, l storage.Lookup) error {
	kind, addr, err := w.cfg.Node.LookupTarget(l)
	if err != nil {
		return err
	}
	turn, cancel := context.WithTimeout(ctx, lookupTime)
	doc, err := w.find(turn, addr, kind, l.Attempts)
	cancel()
	if ctx.Err() != nil {
		return ctx.Err() // we stop: the lease runs out
	}
	switch {
	case err == nil:
		return w.cfg.Node.LookupFound(ctx, l, kind, addr, doc)
	case errors.Is(err, fetch.ErrNotFound), errors.Is(err, fetch.ErrGone), errors.Is(err, fetch.ErrForbiddenAddress),
		errors.Is(err, discover.ErrNoActor), errors.Is(err, discover.ErrMalformed),
		errors.Is(err, activity.ErrMalformed), l.Attempts+1 >= lookupTries:
		return w.cfg.Node.LookupFailed(ctx, l, kind, addr, short(err))
	default:
		due := w.cfg.Node.Now().Add(lookupPause << l.Attempts)
		return w.cfg.Node.RetryLookup(ctx, l, short(err), due.UnixMilli())
	}
}

// find asks a server for the actor of a name, and first who the server is;
// attempts says how often that was done in vain. Where a name means several
// actors it is the first of the kind that is looked for.
func (w *Worker) find(ctx context.Context, addr node.Address, kind string, attempts int64) (*activity.Actor, error) {
	ids, err := discover.Actors(ctx, w.cfg.Fetch, discover.Handle{Name: addr.Handle, Host: addr.Host})
	if err != nil {
		return nil, err
	}
	origin := fetch.Origin(ids[0])
	if fresh, err := w.cfg.Node.HostFresh(ctx, node.HostOf(ids[0])); err == nil && !fresh {
		if err := w.askHost(ctx, origin, attempts+1+hostTries-lookupTries); err != nil {
			return nil, err
		}
	}
	var first *activity.Actor
	for _, id := range ids {
		a, err := w.actorAt(ctx, id)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = a
		}
		if (a.Type == activity.TypeGroup) == (kind == storage.KindSubmolt) {
			return a, nil
		}
	}
	return first, nil
}

// actorAt returns the actor that an address leads to, as it stands at its own id:
// what stands elsewhere on the same server may be somebody's file.
func (w *Worker) actorAt(ctx context.Context, address string) (*activity.Actor, error) {
	for range 2 {
		doc, err := w.cfg.Fetch.Object(ctx, address)
		if err != nil {
			return nil, err
		}
		a, err := activity.ParseActor(doc.Body)
		if err != nil {
			return nil, err
		}
		if !fetch.SameOrigin(a.ID, doc.URL) {
			return nil, fmt.Errorf("%w: %s shows another server's actor", activity.ErrMalformed, address)
		}
		if a.ID == address {
			return a, nil
		}
		address = a.ID
	}
	return nil, fmt.Errorf("%w: %s does not show the actor of that id", activity.ErrMalformed, address)
}
