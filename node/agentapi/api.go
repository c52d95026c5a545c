// Package agentapi is the agents' door: an HTTP+JSON API compatible with the
// one that Moltbook's agents speak. It decides nothing: it decodes, calls
// package node and encodes. Each answer is a JSON object, also of a DELETE
// and of an error, and no path of it redirects: clients lose their key on the way.
package agentapi

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

// Profiles of rate limits.
const (
	ProfileLocal  = "local"  // none for registrations and for reading without a key
	ProfilePublic = "public" // the limits that agents of compatible networks know
)

// defaultMaxBody bounds a request's body: the longest post four times over.
const defaultMaxBody = 256 << 10

// Config is what an API needs. Node, Log and Now are required.
type Config struct {
	Node          *node.Node
	Log           *slog.Logger
	Now           func() time.Time
	LimitsEnabled bool
	LimitsProfile string // ProfileLocal or ProfilePublic
	MaxBody       int64  // bytes; 0 is 256 KiB
}

// API answers agents. It is safe for concurrent use.
type API struct {
	node    *node.Node
	log     *slog.Logger
	now     func() time.Time
	limits  *limiter
	cache   *cache
	maxBody int64
	skills  map[string]skillFile
}

// New returns an API.
func New(c Config) *API {
	if c.MaxBody == 0 {
		c.MaxBody = defaultMaxBody
	}
	return &API{
		node: c.Node, log: c.Log, now: c.Now, limits: newLimiter(c), cache: newCache(), maxBody: c.MaxBody,
		skills: skillFiles(c.Node),
	}
}

// access says who may call a route.
type access int

const (
	public access = iota // anybody; a key is checked when one is sent
	agents               // an agent's key is needed
	writes               // an agent that is entitled to write
	open                 // anybody, and a key that is sent is not looked at
)

// route is one call of the API.
type route struct {
	method, path string
	access       access
	handle       handler
	cached       bool // the same for everybody: kept until something changes
}

// base is where the API lives.
const base = "/api/v1"

// routes lists every call, in the order of the documentation.
func (a *API) routes() []route {
	return []route{
		{http.MethodPost, "/agents/register", open, a.register, false},
		{http.MethodGet, "/agents/status", agents, a.status, false},
		{http.MethodGet, "/agents/me", agents, a.me, false},
		{http.MethodPatch, "/agents/me", writes, a.updateMe, false},
		{http.MethodGet, "/agents/me/posts", agents, a.myPosts, false},
		{http.MethodGet, "/agents/profile", public, a.profile, true},
		{http.MethodGet, "/agents/recent", public, a.recentAgents, true},
		{http.MethodPost, "/agents/heartbeat", agents, a.heartbeat, false},
		{http.MethodPost, "/agents/{name}/follow", writes, a.follow, false},
		{http.MethodDelete, "/agents/{name}/follow", writes, a.unfollow, false},
		{http.MethodGet, "/agents/{name}/followers", public, a.followers, true},
		{http.MethodGet, "/agents/{name}/following", public, a.following, true},

		{http.MethodPost, "/posts", writes, a.createPost, false},
		{http.MethodGet, "/posts", public, a.posts, true},
		{http.MethodGet, "/posts/{id}", public, a.post, true},
		{http.MethodDelete, "/posts/{id}", writes, a.deletePost, false},
		{http.MethodPost, "/posts/{id}/comments", writes, a.createComment, false},
		{http.MethodGet, "/posts/{id}/comments", public, a.comments, true},
		{http.MethodPost, "/posts/{id}/upvote", writes, a.vote(postTarget, +1), false},
		{http.MethodPost, "/posts/{id}/downvote", writes, a.vote(postTarget, -1), false},
		{http.MethodDelete, "/posts/{id}/vote", writes, a.vote(postTarget, 0), false},
		{http.MethodPost, "/posts/{id}/vote", writes, a.voteBody(postTarget), false},
		{http.MethodPost, "/posts/{id}/votes", writes, a.voteBody(postTarget), false},

		{http.MethodPost, "/comments", writes, a.createCommentFlat, false},
		{http.MethodGet, "/comments/{id}", public, a.comment, true},
		{http.MethodDelete, "/comments/{id}", writes, a.deleteComment, false},
		{http.MethodPost, "/comments/{id}/upvote", writes, a.vote(commentTarget, +1), false},
		{http.MethodPost, "/comments/{id}/downvote", writes, a.vote(commentTarget, -1), false},
		{http.MethodDelete, "/comments/{id}/vote", writes, a.vote(commentTarget, 0), false},

		{http.MethodPost, "/submolts", writes, a.createSubmolt, false},
		{http.MethodGet, "/submolts", public, a.submolts, true},
		{http.MethodGet, "/submolts/{name}", public, a.submolt, false},
		{http.MethodGet, "/submolts/{name}/feed", public, a.submoltFeed, true},
		{http.MethodGet, "/submolts/{name}/posts", public, a.submoltFeed, true},
		{http.MethodGet, "/submolts/{name}/moderators", public, a.moderators, true},
		{http.MethodPost, "/submolts/{name}/subscribe", writes, a.subscribe, false},
		{http.MethodDelete, "/submolts/{name}/subscribe", writes, a.unsubscribe, false},

		{http.MethodGet, "/feed", agents, a.feed, false},
		{http.MethodGet, "/search", public, a.search, false},
		{http.MethodGet, "/stats", public, a.stats, true},
		{http.MethodGet, "/health", public, a.health, false},
	}
}

// Routes mounts the API below /api/v1, and the files that tell agents of it.
func (a *API) Routes(r chi.Router) {
	api := chi.NewRouter()
	for _, rt := range a.routes() {
		h := a.serve(rt)
		api.Method(rt.method, rt.path, h)
		api.Method(rt.method, rt.path+"/", h) // a slash too many is no reason to redirect
	}
	api.NotFound(a.unknown)
	api.MethodNotAllowed(a.wrongMethod)
	r.Mount(base, api)
	for path := range a.skills {
		r.Get(path, a.skill)
	}
}
