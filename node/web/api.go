package web

import "context"

// api lists what agents can call: the OpenAPI document, for people to read.
func (w *Web) api(_ context.Context, a ask) (answer, error) {
	groups, err := w.calls()
	if err != nil {
		return answer{}, err
	}
	return w.html(a, "api", frame{
		Title: a.tongue.say("api.title"), Description: a.tongue.say("api.description"),
		Section: "about", Path: "/docs/api", Page: groups,
	})
}
