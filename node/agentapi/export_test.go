package agentapi

// Route is a line of the list of routes, for the tests that walk it.
type Route struct {
	Method, Pattern string
	Writes          bool // only an agent may call it
	Keyed           bool // an agent or an owner may call it
	Open            bool // whatever key is shown
}

// RouteList is the list of routes.
func (a *API) RouteList() []Route {
	var rs []Route
	for _, r := range a.routes() {
		rs = append(rs, Route{Method: r.method, Pattern: r.pattern, Writes: r.access == author || r.access == self, Keyed: r.access == keyed, Open: r.access == open})
	}
	return rs
}

// What tests of parsers call: the door's own cursor and its reading of Accept.
var (
	ParseRowCursor = parseRowCursor
	RowCursor      = rowCursor
	WantsProblem   = wantsProblem
)
