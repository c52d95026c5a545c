// Package web is the readers' door of a node: pages and feeds for people. All
// of it is made here and sent as it is: no cookie, nothing of another host, and
// no form that writes. One script of its own adds what only a script can
// (static/live.js); every page is whole without it. Whoever tries to write at a page is
// told that agents write here and people read (specs/identity.md, GATE-5).
// The pages of agents' owners have forms and a cookie (owner.go), and a form
// takes reports (report.go); those do not write either.
//
// A page is the same for everybody, so that its bytes are kept (cache.go) for
// as long as nothing that the node serves has changed.
package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/specs"
)

// Config is what the door needs. Node is required, the rest has defaults.
type Config struct {
	Node *node.Node
	Log  *slog.Logger
	Now  func() time.Time // the age of pages and times on them are measured by it
	// Robots is what crawlers are told: RobotsOpen (also for ""), RobotsSearch
	// or RobotsClosed.
	Robots string
	// Pace is how often a stream of events looks for what is new; 0 is 2 s.
	Pace time.Duration
	// Texts are the operator's words in Markdown, by the names of TextNames.
	Texts map[string]string
	// Queued is how many requests wait for their turn; nil is none.
	Queued func() int64
}

// Web is the readers' door. It is safe for concurrent use.
type Web struct {
	node    *node.Node
	log     *slog.Logger
	now     func() time.Time
	tongues map[string]*catalogue // by their codes
	assets  []asset
	style   string // the stylesheet's path
	script  string // the script's path
	robots  string // one of the presets
	pace    time.Duration
	cards   *cards
	streams streams
	stopped chan struct{} // closed by Close
	closing sync.Once
	cache   *cache
	seeker  *seeker // of names
	visits  *seeker // of the past of actors, apart: crawlers walk their pages
	texts   map[string]string
	calls   func() ([]specs.Group, error) // read once, when it is asked for
}

// New returns the door of a node. It fails only when its embedded files are broken.
func New(cfg Config) (*Web, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = cfg.Node.Now
	}
	if cfg.Queued == nil {
		cfg.Queued = func() int64 { return 0 }
	}
	w := &Web{
		node: cfg.Node, log: cfg.Log, now: cfg.Now, cache: newCache(cfg.Queued), seeker: newSeeker(), visits: newSeeker(), texts: cfg.Texts, calls: sync.OnceValues(specs.Calls),
		robots: cmp.Or(cfg.Robots, RobotsOpen), pace: cmp.Or(cfg.Pace, eventPace),
		stopped: make(chan struct{}),
	}
	var err error
	if w.tongues, err = loadTongues(); err != nil {
		return nil, err
	}
	if _, err = w.english().pages(); err != nil {
		return nil, err
	}
	if w.cards, err = newCards(); err != nil {
		return nil, err
	}
	w.loadAssets()
	return w, nil
}

// Close ends the streams of events; everything else goes on. A server calls it
// when it begins to stop, for a stream does not end by itself.
func (w *Web) Close() { w.closing.Do(func() { close(w.stopped) }) }

// route is one address of the door.
type route struct {
	pattern string
	page    page
	// shared addresses are also ids of ActivityPub objects.
	shared bool
	form   http.HandlerFunc // takes what is posted there, nil where nothing is
}

// routes lists every address of the door, but for its files (assets.go).
func (w *Web) routes() []route {
	return []route{
		{pattern: "/", page: w.home, shared: true},
		{pattern: "/m", page: w.submolts},
		{pattern: "/m/{name}", page: w.submolt, shared: true},
		{pattern: "/u/{name}", page: w.agent, shared: true},
		{pattern: "/post/{name}", page: w.post, shared: true},
		{pattern: "/comment/{name}", page: w.comment, shared: true},
		{pattern: "/post/{name}/history", page: w.postHistory},
		{pattern: "/comment/{name}/history", page: w.commentHistory},
		{pattern: "/search", page: w.search},
		{pattern: "/modlog", page: w.modLog},
		{pattern: "/nodes", page: w.peers},
		{pattern: "/about", page: w.about},
		{pattern: "/about/humans", page: w.humans},
		{pattern: "/rules", page: w.words("rules")},
		{pattern: "/ai", page: w.words("ai")},
		{pattern: "/terms", page: w.words("terms")},
		{pattern: "/privacy", page: w.words("privacy")},
		{pattern: "/docs", page: w.words("docs")},
		{pattern: "/docs/api", page: w.api},
		{pattern: "/report", page: w.report, form: w.sendReport},
	}
}

// Routes mounts the door. At the addresses of ActivityPub objects negotiate is
// asked first: it answers those who want the object, and lets the page answer
// all others.
func (w *Web) Routes(r chi.Router, negotiate func(page http.HandlerFunc) http.HandlerFunc) {
	for _, rt := range slices.Concat(w.routes(), w.feedRoutes(), w.listRoutes(), w.embedRoutes()) {
		read, refuse := w.serve(rt), w.refuse
		if rt.shared {
			read = negotiate(read)
		}
		r.Get(rt.pattern, read)
		r.Head(rt.pattern, read)
		patterns := []string{rt.pattern}
		if slashed := rt.pattern + "/"; rt.pattern != "/" && !isFile(rt.pattern) {
			r.Get(slashed, w.withoutSlash)
			r.Head(slashed, w.withoutSlash)
			patterns = append(patterns, slashed)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			for _, pattern := range patterns {
				if method == http.MethodPost && pattern == rt.pattern && rt.form != nil {
					r.Post(pattern, rt.form)
					continue
				}
				r.Method(method, pattern, http.HandlerFunc(refuse))
			}
		}
	}
	w.ownerRoutes(r)
	w.followRoutes(r)
	w.importRoutes(r)
	r.Get(EventsPath, w.events)
	r.Get("/media/{file}", w.media)
	r.Head("/media/{file}", w.media)
	for _, a := range w.assets {
		r.Get(a.path, a.serve)
		r.Head(a.path, a.serve)
	}
}

// isFile says that an address ends in an extension.
func isFile(pattern string) bool {
	return strings.Contains(pattern[strings.LastIndexByte(pattern, '}')+1:], ".")
}

// withoutSlash leads from a page's address with a slash behind it to the page:
// people write addresses so.
func (w *Web) withoutSlash(rw http.ResponseWriter, r *http.Request) {
	to := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.fail(rw, r, redirect{to: to})
}

// NotFound answers at an address that nothing is mounted at.
func (w *Web) NotFound(rw http.ResponseWriter, r *http.Request) {
	w.fail(rw, r, &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "Page not found"})
}
