package agentapi

import (
	"net/http"
	"sync"

	"github.com/go-chi/chi/v5"

	"instar.example/specs"
)

// openapi is the description of the API with this node as its server, in both forms.
type openapi struct{ yaml, json []byte }

// describedAt makes the description for the node at base, once.
func describedAt(base string) func() (openapi, error) {
	return sync.OnceValues(func() (openapi, error) {
		text, err := specs.AgentAPIJSON(base)
		return openapi{yaml: specs.AgentAPI(base), json: text}, err
	})
}

// openapiRoutes mounts the description (specs/openapi/agent.yaml).
func (a *API) openapiRoutes(r chi.Router) {
	for path, form := range map[string]func(openapi) (mediaType string, body []byte){
		"/openapi.json": func(o openapi) (string, []byte) { return mediaType, o.json },
		"/openapi.yaml": func(o openapi) (string, []byte) { return "application/yaml", o.yaml }, // RFC 9512
	} {
		h := func(w http.ResponseWriter, r *http.Request) {
			o, err := a.openapi()
			if err != nil {
				a.fail(w, r, err)
				return
			}
			media, body := form(o)
			h := w.Header()
			h["Access-Control-Allow-Origin"] = anyOrigin
			h["X-Content-Type-Options"] = noSniff
			h.Set("Cache-Control", "no-cache")
			sendAs(w, media, http.StatusOK, body)
		}
		r.Get(path, h)
		r.Head(path, h)
	}
}
