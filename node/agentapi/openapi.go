package agentapi

import (
	"net/http"
	"sync"

	"github.com/go-chi/chi/v5"

	"instar.example/node/press"
	"instar.example/specs"
)

// openapi is the description of the API with this node as its server, in both forms.
type openapi struct{ yaml, json text }

// describedAt makes the description for the node at base, once.
func describedAt(base string, p *press.Press) func() (openapi, error) {
	return sync.OnceValues(func() (openapi, error) {
		asJSON, err := specs.AgentAPIJSON(base)
		return openapi{
			yaml: newText(p, "openapi.yaml", "application/yaml", specs.AgentAPI(base)), // RFC 9512
			json: newText(p, "openapi.json", mediaType, asJSON),
		}, err
	})
}

// openapiRoutes mounts the description (specs/openapi/agent.yaml).
func (a *API) openapiRoutes(r chi.Router) {
	for path, form := range map[string]func(openapi) text{
		"/openapi.json": func(o openapi) text { return o.json },
		"/openapi.yaml": func(o openapi) text { return o.yaml },
	} {
		h := func(w http.ResponseWriter, r *http.Request) {
			o, err := a.openapi()
			if err != nil {
				a.fail(w, r, err)
				return
			}
			form(o).serve(w, r)
		}
		r.Get(path, h)
		r.Head(path, h)
	}
}
