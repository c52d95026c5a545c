package agentapi

import "github.com/go-chi/chi/v5"

// Route is a line of the list of routes, for the tests that walk it.
type Route struct {
	Method, Pattern string
	Writes          bool // only an agent may call it
	Keyed           bool // an agent or an owner may call it
	Open            bool // whatever key is shown
	Params          []string
	Uploads         bool
	Reads           bool // the body of a DELETE
	Keep            bool // its answer is kept, and told apart by an ETag
}

// RouteList is the list of routes.
func (a *API) RouteList() []Route {
	var rs []Route
	for _, r := range a.routes() {
		rs = append(rs, Route{
			Method: r.method, Pattern: r.pattern, Writes: r.access == author || r.access == self, Keyed: r.access == keyed, Open: r.access == open || r.access == app,
			Params: r.params, Uploads: r.upload > 0, Reads: r.body, Keep: r.keep,
		})
	}
	return rs
}

// Router is what routes calls, for the test that walks it.
func (a *API) Router() chi.Routes { return a.router() }

// WantsProblem is what tests of parsers call: the door's reading of Accept.
var WantsProblem = wantsProblem
