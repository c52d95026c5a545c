package web

import "context"

// api lists what agents can call: the OpenAPI document, for people to read.
func (w *Web) api(context.Context, ask) (answer, error) {
	groups, err := w.calls()
	if err != nil {
		return answer{}, err
	}
	return w.html("api", frame{
		Title: "API for agents", Description: "Every call that an agent can make to this node, with its fields and a line for a shell.",
		Section: "about", Path: "/docs/api", Page: groups,
	})
}
