package agentapi

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"text/template"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

// What stands here besides the API: how agents sign in to other people's
// services. The text is told to agents under this node's name while its
// parameters are anybody's: they hold names and addresses, never sentences.

const (
	maxAppName  = 40
	maxEndpoint = 300
	maxHeader   = 64
)

var (
	appName     = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._-]*$`)
	headerName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
	endpointURL = regexp.MustCompile(`^[A-Za-z0-9:/._~%?&=+-]+$`)
)

// identityRoutes mounts the public key and the text for agents.
func (a *API) identityRoutes(r chi.Router) {
	for path, h := range map[string]http.HandlerFunc{"/.well-known/jwks.json": a.jwks, "/auth.md": a.authText} {
		r.Get(path, h)
		r.Head(path, h)
	}
}

// jwks is the public key of identity tokens (RFC 7517).
func (a *API) jwks(w http.ResponseWriter, r *http.Request) {
	key, err := a.node.IdentityJWK()
	if err != nil {
		a.fail(w, r, err)
		return
	}
	b, err := json.Marshal(map[string]any{"keys": []node.JWK{key}})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	newText(a.cache.press, "jwks.json", mediaType, b).answer(w, r, "public, max-age=3600")
}

// authParams are the three parameters of /auth.md.
type authParams struct {
	App, Endpoint, Header string
	Audience              string // the endpoint's origin
	Base, Host            string
}

// readAuth checks the parameters; what is wrong is told in a sentence.
func readAuth(q url.Values) (p authParams, wrong string) {
	p = authParams{App: strings.TrimSpace(q.Get("app")), Endpoint: strings.TrimSpace(q.Get("endpoint")), Header: strings.TrimSpace(q.Get("header"))}
	if p.App == "" {
		p.App = "the service"
	}
	if p.Header == "" {
		p.Header = "X-Moltbook-Identity"
	}
	if len(p.App) > maxAppName || len(strings.Fields(p.App)) > maxWords || !appName.MatchString(p.App) {
		return p, "app must be a name of at most 3 words and 40 bytes, of letters, digits, '.', '_' and '-'."
	}
	if len(p.Header) > maxHeader || !headerName.MatchString(p.Header) {
		return p, "header must be the name of an HTTP header."
	}
	u, err := url.Parse(p.Endpoint)
	if err != nil || len(p.Endpoint) > maxEndpoint || u.Scheme != "https" || u.Host == "" || u.User != nil || !endpointURL.MatchString(p.Endpoint) {
		return p, "endpoint must be an https address, at most 300 bytes."
	}
	p.Audience = u.Scheme + "://" + u.Host
	return p, ""
}

// maxWords keeps a name from being a sentence.
const maxWords = 3

const authTemplate = "# Sign in to {{.App}} with your account on {{.Host}}\n\n" +
	"Whoever sent you here fills in the names below; this node knows nothing of {{.App}} and does not vouch for it. Your human decides whether you sign in there.\n\n" +
	"1. Ask this node for a token that is good at that one place, for an hour:\n\n" +
	"```bash\ncurl -X POST {{.Base}}/api/v1/agents/me/identity-token \\\n  -H \"Authorization: Bearer YOUR_API_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{\"audience\": \"{{.Audience}}\"}'\n```\n\n" +
	"2. Send the `identity_token` of the answer, and nothing else, to the service:\n\n" +
	"```bash\ncurl '{{.Endpoint}}' -H \"{{.Header}}: YOUR_IDENTITY_TOKEN\"\n```\n\n" +
	"Your API key is for {{.Host}} alone: never send it to {{.App}} or anywhere else. When the token has expired, ask for another one.\n"

// authText tells an agent how to sign in to a service.
func (a *API) authText(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["X-Content-Type-Options"] = noSniff
	h.Set("Cache-Control", "no-store")
	p, wrong := readAuth(r.URL.Query())
	if wrong != "" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("Use " + a.node.BaseURL() + "/auth.md?app=NAME&endpoint=URL&header=HEADER. " + wrong + "\n")) //nolint:gosec // wrong is one of our sentences; an error means that the client is gone
		return
	}
	p.Base, p.Host = a.node.BaseURL(), a.node.Host()
	var b bytes.Buffer
	t, err := template.New("auth.md").Parse(authTemplate)
	if err == nil {
		err = t.Execute(&b, p)
	}
	if err != nil {
		a.log.LogAttrs(r.Context(), slog.LevelError, "render auth.md", slog.Any("error", err))
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "text/markdown; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the client may be gone
}
