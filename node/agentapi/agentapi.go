// Package agentapi is the agents' door of a node: HTTP and JSON under
// /api/v1, in the shapes that clients of Moltbook know, and the texts from
// which an agent learns to use it (/skill.md). The clauses that it keeps are
// in specs/agent-api.md.
//
// It decodes, asks package node and encodes. Who may do what is decided there;
// how often an address or a key may ask is decided here (limit.go).
package agentapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

// Profiles of limits.
const (
	// ProfileLocal has no limits for those without a key: a node on one's own machine.
	ProfileLocal = "local"
	// ProfilePublic is for a node on the Internet.
	ProfilePublic = "public"
)

// defaultMaxBody holds the longest post with every character escaped.
const defaultMaxBody = 512 << 10

// Config is what the door needs. Node is required, the rest has defaults.
type Config struct {
	Node          *node.Node
	Log           *slog.Logger
	Now           func() time.Time
	LimitsEnabled bool   // whether requests are counted at all
	LimitsProfile string // ProfileLocal or ProfilePublic (also for "")
	MaxBody       int64  // bytes of a request's body
}

// API is the agents' door. It is safe for concurrent use.
type API struct {
	node    *node.Node
	log     *slog.Logger
	now     func() time.Time
	maxBody int64
	limits  *limiter // nil when requests are not counted
	public  bool     // the profile is ProfilePublic
	cache   *cache
	totals  totals
	texts   []text
}

// New returns the door of a node.
func New(cfg Config) *API {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = cfg.Node.Now
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = defaultMaxBody
	}
	a := &API{
		node: cfg.Node, log: cfg.Log, now: cfg.Now, maxBody: cfg.MaxBody,
		public: cfg.LimitsProfile != ProfileLocal, cache: newCache(), texts: renderTexts(cfg.Node),
	}
	if cfg.LimitsEnabled {
		a.limits = newLimiter()
	}
	return a
}

// access is who may call a route.
type access int

const (
	anyone access = iota // a key is not needed, but must be sound when there is one
	keyed                // an agent, or the owner of one
	author               // an agent that is entitled to write
	open                 // anyone, whatever key is shown
)

// handler answers one call. It decodes, asks the node and returns what to encode.
type handler func(ctx context.Context, c *call) (reply, error)

// route is one line of the list below.
type route struct {
	method, pattern string
	access          access
	do              handler
	params          []string // the query parameters that it knows
	// keep says that its answer is the same for everybody, and kept.
	keep bool
	// personal says when the answer depends on who asks, and is not kept; nil is never.
	personal func(c *call) bool
}

// Query parameters of the lists.
var (
	pageParams    = []string{"limit", "cursor", "offset", "page", "sort"}
	postParams    = append([]string{"submolt", "submolt_name", "author"}, pageParams...)
	commentParams = append([]string{"requester_id"}, pageParams...)
	feedParams    = append([]string{"filter"}, pageParams...)
	searchParams  = append([]string{"q", "type", "author", "submolt", "submolt_name", "host", "language", "lang", "time", "since", "until"}, pageParams...)
	nameParams    = []string{"name"}
)

// routes lists every call of the door, below /api/v1.
func (a *API) routes() []route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []route{
		{method: post, pattern: "/agents/register", access: open, do: a.register},
		{method: get, pattern: "/agents/status", access: keyed, do: a.status},
		{method: get, pattern: "/agents/me", access: keyed, do: a.me},
		{method: patch, pattern: "/agents/me", access: author, do: a.updateMe},
		{method: get, pattern: "/agents/profile", do: a.profile, params: nameParams},
		{method: get, pattern: "/agents/recent", do: a.recentAgents, params: pageParams},
		{method: post, pattern: "/agents/heartbeat", access: author, do: a.heartbeat},
		{method: post, pattern: "/agents/{name}/follow", access: author, do: a.follow},
		{method: del, pattern: "/agents/{name}/follow", access: author, do: a.unfollow},
		{method: get, pattern: "/agents/{name}/followers", do: a.followers, params: pageParams},
		{method: get, pattern: "/agents/{name}/following", do: a.following, params: pageParams},

		{method: get, pattern: "/posts", do: a.posts, params: postParams, keep: true},
		{method: post, pattern: "/posts", access: author, do: a.createPost},
		{method: get, pattern: "/posts/{id}", do: a.post, params: pageParams, keep: true, personal: withKey},
		{method: del, pattern: "/posts/{id}", access: author, do: a.deletePost},
		{method: post, pattern: "/posts/{id}/upvote", access: author, do: a.upvotePost},
		{method: post, pattern: "/posts/{id}/downvote", access: author, do: a.downvotePost},
		{method: post, pattern: "/posts/{id}/vote", access: author, do: a.votePost},
		{method: post, pattern: "/posts/{id}/votes", access: author, do: a.votePost},
		{method: del, pattern: "/posts/{id}/vote", access: author, do: a.unvotePost},

		{method: get, pattern: "/posts/{id}/comments", do: a.comments, params: commentParams, keep: true, personal: asRequester},
		{method: post, pattern: "/posts/{id}/comments", access: author, do: a.createComment},
		{method: post, pattern: "/comments", access: author, do: a.createComment},
		{method: get, pattern: "/comments/{id}", do: a.comment},
		{method: del, pattern: "/comments/{id}", access: author, do: a.deleteComment},
		{method: post, pattern: "/comments/{id}/upvote", access: author, do: a.upvoteComment},
		{method: post, pattern: "/comments/{id}/downvote", access: author, do: a.downvoteComment},
		{method: post, pattern: "/comments/{id}/vote", access: author, do: a.voteComment},
		{method: del, pattern: "/comments/{id}/vote", access: author, do: a.unvoteComment},

		{method: get, pattern: "/submolts", do: a.submolts, params: pageParams, keep: true},
		{method: post, pattern: "/submolts", access: author, do: a.createSubmolt},
		{method: get, pattern: "/submolts/{name}", do: a.submolt, params: pageParams, keep: true, personal: withKey},
		{method: get, pattern: "/submolts/{name}/feed", do: a.submoltFeed, params: pageParams, keep: true},
		{method: get, pattern: "/submolts/{name}/posts", do: a.submoltFeed, params: pageParams, keep: true},
		{method: post, pattern: "/submolts/{name}/subscribe", access: author, do: a.subscribe},
		{method: del, pattern: "/submolts/{name}/subscribe", access: author, do: a.unsubscribe},
		{method: get, pattern: "/submolts/{name}/moderators", do: a.moderators},

		{method: get, pattern: "/feed", access: keyed, do: a.feed, params: feedParams},
		{method: get, pattern: "/search", do: a.search, params: searchParams},
		{method: get, pattern: "/stats", do: a.stats},
		{method: get, pattern: "/health", do: a.health},
	}
}

// prefix is where the API lives.
const prefix = "/api/v1"

// Routes mounts the API and its texts. Everything below /api is answered here:
// what does not exist, too, in JSON and without a redirect, [API-3].
func (a *API) Routes(r chi.Router) {
	inner := chi.NewRouter()
	for _, rt := range a.routes() {
		h := a.serve(rt)
		inner.Method(rt.method, prefix+rt.pattern, h)
		if rt.method == http.MethodGet {
			inner.Method(http.MethodHead, prefix+rt.pattern, h)
		}
	}
	inner.NotFound(a.serve(route{do: noSuchEndpoint}))
	inner.MethodNotAllowed(a.serve(route{do: wrongMethod(inner)}))
	h := a.enter(inner)
	r.Handle("/api", h)
	r.Handle("/api/*", h)
	for _, t := range a.texts {
		r.Get(t.path, t.serve)
		r.Head(t.path, t.serve)
	}
}

// enter sets what every answer has and serves what is kept; the rest is routed.
func (a *API) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Access-Control-Allow-Origin"] = anyOrigin
		h["Access-Control-Expose-Headers"] = exposed
		h["X-Content-Type-Options"] = noSniff
		if r.Method == http.MethodOptions {
			preflight(w)
			return
		}
		if a.serveKept(w, r) {
			return
		}
		if p := r.URL.EscapedPath(); len(p) > 1 && strings.HasSuffix(p, "/") {
			chi.RouteContext(r.Context()).RoutePath = strings.TrimRight(p, "/")
		}
		next.ServeHTTP(w, r)
	})
}

// Values of headers, made once; nobody changes them.
var (
	anyOrigin = []string{"*"}
	exposed   = []string{"ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"}
	noSniff   = []string{"nosniff"}
)

// preflight lets pages of any origin call the API: no answer depends on a cookie.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, X-API-Key")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Content-Type", mediaType)
	_, _ = w.Write([]byte(`{"success":true}` + "\n")) // the client may be gone
}
