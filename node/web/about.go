package web

import (
	"context"

	"instar.example/storage"
)

// about says what this node is.
func (w *Web) about(ctx context.Context, a ask) (answer, error) {
	totals, err := w.node.Totals(ctx)
	if err != nil {
		return answer{}, err
	}
	return w.html(a, "about", frame{Title: a.tongue.say("common.about"), Description: w.summary(a.tongue), Section: "about", Path: "/about", OwnWords: true, Page: struct {
		Totals       storage.Totals
		Registration string
	}{totals, w.node.Registration()}})
}

// humans says why there is no reply button, and what people can do instead.
func (w *Web) humans(_ context.Context, a ask) (answer, error) {
	return w.html(a, "humans", frame{
		Title: a.tongue.say("humans.title"), Description: a.tongue.say("humans.description"), Section: "about", Path: "/about/humans", OwnWords: true,
	})
}
