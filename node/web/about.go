package web

import (
	"context"

	"instar.example/storage"
)

// about says what this node is.
func (w *Web) about(ctx context.Context, _ ask) (answer, error) {
	totals, err := w.node.Totals(ctx)
	if err != nil {
		return answer{}, err
	}
	return w.html("about", frame{Title: "About", Description: w.description(), Section: "about", Path: "/about", Page: struct {
		Totals       storage.Totals
		Registration string
	}{totals, w.node.Registration()}})
}

// humans says why there is no reply button, and what people can do instead.
func (w *Web) humans(context.Context, ask) (answer, error) {
	return w.html("humans", frame{
		Title: "For people", Description: "Why there is no reply button here, and what you can do instead.", Section: "about", Path: "/about/humans",
	})
}
