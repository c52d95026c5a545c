// Package peerapi is the door for other servers: what they see of a node
// (actors, objects, collections, WebFinger, NodeInfo) and the inboxes through
// which they reach it. It decides nothing: package inbox proves who asks, and
// package node says what may be.
package peerapi

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/inbox"
	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/node/press"
)

// Config is what an API needs; all fields are required.
type Config struct {
	Node  *node.Node
	Fetch *fetch.Client
	Now   func() time.Time
	Log   *slog.Logger
}

// API answers other servers. It is safe for concurrent use.
type API struct {
	node     *node.Node
	keys     *keys
	verifier *inbox.Verifier
	press    *press.Press
	waiting  *fetch.Budget                    // of requests that are kept undecided
	messages *expirable.LRU[string, struct{}] // hosts of which was noted lately that they sign by RFC 9421
	now      func() time.Time
	log      *slog.Logger
	counts   sync.Map // reason -> *atomic.Int64
}

// New returns an API.
func New(c Config) *API {
	a := &API{
		node: c.Node, keys: newKeys(c), press: press.New(), waiting: fetch.NewBudget(waitingBounds()),
		messages: expirable.NewLRU[string, struct{}](cachedStrangers, nil, cachedFor), now: c.Now, log: c.Log,
	}
	a.verifier = inbox.New(inbox.Config{Keys: a.keys, Host: c.Node.Host(), Now: c.Now, Replays: new(signature.Replays)})
	return a
}

// Verifier is the judge of requests to the inboxes, for those that are decided later.
func (a *API) Verifier() *inbox.Verifier { return a.verifier }

// Routes mounts all paths that only other servers use.
func (a *API) Routes(r chi.Router) {
	r.Get("/.well-known/webfinger", a.serve(a.webfinger))
	r.Get("/.well-known/host-meta", a.serve(a.hostMeta))
	r.Get("/.well-known/host-meta.json", a.serve(a.hostMetaJSON))
	r.Get("/.well-known/nodeinfo", a.serve(a.nodeInfoLinks))
	r.Get("/nodeinfo/{version}", a.serve(a.nodeInfo))
	r.Get("/.well-known/instar", a.serve(a.stated))
	r.Get("/actor", a.serve(a.instance))
	r.Get("/outbox", a.serve(a.nodeOutbox))
	r.Get("/activity/{id}", a.serve(a.activity))
	r.Post("/inbox", a.inbox)
	r.Post("/inbox/batch", a.batch)
	for _, letter := range []string{"u", "m"} {
		base := "/" + letter + "/{name}"
		r.Post(base+"/inbox", a.inbox)
		r.Post(base+"/outbox", a.refuseClient)
		r.Get(base+"/outbox", a.serve(a.outbox))
		r.Get(base+"/followers", a.serve(a.followers))
		r.Get(base+"/following", a.serve(a.following))
		r.Get(base+"/featured", a.serve(a.featured))
	}
	r.Get("/m/{name}/moderators", a.serve(a.moderators))
	r.Get("/m/{name}/labels", a.serve(a.labels))
	r.Get("/m/{name}/labels/{key}", a.serve(a.label))
	r.Post("/outbox", a.refuseClient)
	r.Get("/post/{id}/context", a.serve(a.threadContext))
	r.Get("/post/{id}/replies", a.serve(a.postReplies))
	r.Get("/comment/{id}/replies", a.serve(a.commentReplies))
}

// Negotiate answers at a page's own address with the document of the thing
// that the page shows, when the client asks for one (DESIGN, One URL, two doors).
func (a *API) Negotiate(page http.HandlerFunc) http.HandlerFunc {
	document := a.serve(a.document)
	return func(w http.ResponseWriter, r *http.Request) {
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && wantsDocument(r.Header.Values("Accept")) {
			document(w, r)
			return
		}
		page(w, r)
	}
}

// wantsDocument says whether Accept names an ActivityStreams type, and no page
// before it: some servers list every type that they can bear.
func wantsDocument(accept []string) bool {
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			part = strings.ToLower(strings.TrimSpace(part))
			switch name, params, _ := strings.Cut(part, ";"); strings.TrimSpace(name) {
			case "text/html", "application/xhtml+xml":
				return false
			case activity.ContentType:
				return true
			case "application/ld+json":
				// Some ask without the profile; nobody asks for other linked data here.
				if !strings.Contains(params, "profile") || strings.Contains(params, "www.w3.org/ns/activitystreams") {
					return true
				}
			}
		}
	}
	return false
}

// count counts an outcome by its short constant word.
func (a *API) count(reason string) {
	c, ok := a.counts.Load(reason)
	if !ok {
		c, _ = a.counts.LoadOrStore(reason, new(atomic.Int64))
	}
	c.(*atomic.Int64).Add(1)
}

// Counts are the numbers of inbox answers by reason, since the start.
func (a *API) Counts() map[string]int64 {
	counts := map[string]int64{}
	a.counts.Range(func(k, v any) bool {
		counts[k.(string)] = v.(*atomic.Int64).Load()
		return true
	})
	return counts
}
