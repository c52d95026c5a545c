package web

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"instar.example/node"
	"instar.example/storage"
)

// findSubmolt returns the submolt that a page's address names.
func (w *Web) findSubmolt(ctx context.Context, a ask) (storage.Actor, error) {
	addr, err := w.address(a.name, "Submolt")
	if err != nil {
		return storage.Actor{}, err
	}
	s, missing := w.node.Submolt(ctx, addr.String())
	if !isNotFound(missing) || addr.Host == "" {
		return s, missing
	}
	if s, err = w.seek(ctx, a, addr, storage.KindSubmolt, missing); err == nil && s.Kind != storage.KindSubmolt {
		err = missing
	}
	return s, err
}

// findAgent returns the agent that a page's address names. People of other
// servers, who follow from there, have no page here.
func (w *Web) findAgent(ctx context.Context, a ask) (storage.Actor, error) {
	addr, err := w.address(a.name, "Agent")
	if err != nil {
		return storage.Actor{}, err
	}
	found, err := w.node.Agent(ctx, addr.String())
	if isNotFound(err) && addr.Host != "" {
		found, err = w.seek(ctx, a, addr, storage.KindAgent, err)
	}
	if err == nil && found.Kind != storage.KindAgent {
		err = &node.Error{Kind: node.NotFound, Code: "not_found", Detail: addr.String() + " is not an agent"}
	}
	return found, err
}

// address reads a name in a path; what cannot be a name is not found.
func (w *Web) address(name, what string) (node.Address, error) {
	addr, err := w.node.Address(name)
	if _, ok := errors.AsType[*node.Error](err); ok {
		return addr, &node.Error{Kind: node.NotFound, Code: "not_found", Detail: what + " not found"}
	}
	return addr, err
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*node.Error](err)
	return ok && e.Kind == node.NotFound
}

// seek asks for a name of another node and returns what was found, or how that
// stands: pending, or missing. The first page answers at once and asks again by
// itself, at once and a few times only, so that nothing reloads under somebody's
// eyes; those that follow wait for the answer, a moment each.
func (w *Web) seek(ctx context.Context, a ask, addr node.Address, kind string, missing error) (storage.Actor, error) {
	asked := w.seeker.allow(kind+" "+addr.String(), w.now())
	if asked {
		if err := w.node.LookUp(ctx, addr.String(), kind); err != nil {
			return storage.Actor{}, err
		}
	}
	// A name that was asked for has an actor in its place (storage.Actor.URI).
	found, err := w.node.ActorByURI(ctx, "acct:"+kind+":"+addr.String())
	switch {
	case isNotFound(err) && !asked:
		if found, err = w.node.Await(ctx, addr.String(), kind); !isNotFound(err) {
			return found, err // it was found since it was missed
		}
		return found, &node.Error{Kind: node.Unready, Code: "busy", Detail: "Too many names of other nodes are being looked up", After: time.Minute}
	case err != nil && !isNotFound(err):
		return found, err
	case err == nil && found.State == storage.ActorUnknown:
		return found, missing
	case a.page > 1 && !asked:
		if found, err = w.node.Await(ctx, addr.String(), kind); err != nil {
			return found, err
		}
		if found.State != storage.ActorPending {
			return found, nil
		}
	}
	return found, pending{address: addr.String(), host: addr.Host, try: a.page}
}

// seekTries is how often a page that waits for another node asks again by itself.
const seekTries = 5

// Bounds of what readers, whom nobody knows, can make this node ask others: of
// names, and as much again of what somebody wrote (past).
const (
	seekAgain  = 10 * time.Minute // the same name
	seekNames  = 4_096            // remembered
	seekPerSec = 1                // names in all
	seekBurst  = 30
)

// seeker lets a look-up of a name, or a visit, through now and then.
type seeker struct {
	mu    sync.Mutex
	asked *simplelru.LRU[string, time.Time] // guarded by mu
	pace  *rate.Limiter
}

func newSeeker() *seeker {
	// The only error is a size below 1.
	asked, _ := simplelru.NewLRU[string, time.Time](seekNames, nil)
	return &seeker{asked: asked, pace: rate.NewLimiter(seekPerSec, seekBurst)}
}

func (s *seeker) allow(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.asked.Get(name); ok && now.Sub(at) < seekAgain {
		return false
	}
	if !s.pace.AllowN(now, 1) {
		return false
	}
	s.asked.Add(name, now)
	return true
}
