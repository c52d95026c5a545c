package web

import (
	"context"

	"instar.example/storage"
)

// pastView is what a remote actor's page says of where its posts are.
type pastView struct {
	Host     string
	Fetching bool
	At       *stamp // when they were last asked for
	Failed   bool
	Reload   string // the address to look again at
	again    string // where the page goes by itself, or ""
}

// past asks for the newest posts of a remote actor whom nobody here follows, and
// says how that stands. Like a look-up (seek), it answers the first time at once,
// and waits a moment each time after, for as long as the page goes on by itself.
func (w *Web) past(ctx context.Context, v view, a ask, actor storage.Actor, path string) (*pastView, error) {
	if actor.Local() || a.after != "" {
		return nil, nil //nolint:nilnil // no such line on this page
	}
	p, err := w.node.PastOf(ctx, actor)
	if err == nil && p.Wanted && w.visits.allow(actor.URI, w.now()) {
		if err = w.node.Visit(ctx, actor); err == nil {
			p, err = w.node.PastOf(ctx, actor)
		}
	} else if err == nil && p.Fetching && a.page > 1 && a.page <= seekTries {
		p, err = w.node.AwaitPast(ctx, actor)
	}
	if err != nil {
		return nil, err
	}
	pv := &pastView{Host: actor.Host, Fetching: p.Fetching, At: v.when(p.At), Failed: p.Failed, Reload: a.link(path, func(*ask) {})}
	if p.Fetching && a.page < seekTries {
		number := a.page + 1
		pv.again = a.link(path, func(a *ask) { a.page = number })
	}
	return pv, nil
}

// next is where the page goes by itself: nowhere when it shows something already,
// so that nothing reloads under somebody's eyes.
func (p *pastView) next(shown int) string {
	if p == nil || shown > 0 {
		return ""
	}
	return p.again
}
