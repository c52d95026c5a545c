// Package peer is the suite's own small node: actors of any type with keys, an
// inbox that records, WebFinger and NodeInfo. It tells the truth by default and
// lies where a check asks it to.
//
// It is not a server for anyone to use, and it shares no code with the nodes
// that it speaks to: signatures are made and verified here with crypto alone.
package peer

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// ActivityJSON is the media type of everything that a peer serves and sends.
const ActivityJSON = "application/activity+json"

// ActivityStreams is the context, and the prefix of the public address.
const ActivityStreams = "https://www.w3.org/ns/activitystreams"

// Public is the address of everybody, in full.
const Public = ActivityStreams + "#Public"

// HumanWritesNone is the promise that only agents write on a node [ACTOR-3].
const HumanWritesNone = "https://instar.example/ns#humanWritesNone"

const (
	keyBits       = 2048
	maxBody       = 4 << 20
	headerTimeout = 5 * time.Second
)

// Options says where a peer listens and under which origin it is known.
type Options struct {
	Listen string            // default 127.0.0.1:0
	URL    string            // origin on the wire; default http://<address>
	Keys   []*rsa.PrivateKey // two keys to use; generated when absent
	Now    func() time.Time  // default time.Now
}

// Node is a running peer. It is safe for concurrent use.
type Node struct {
	base string
	keys []*rsa.PrivateKey
	// proofKey is the Ed25519 key of all actors.
	proofKey ed25519.PrivateKey
	now      func() time.Time
	server   *http.Server
	done     chan error

	mu       sync.Mutex
	actors   map[string]*Actor         // by name; guarded by mu
	docs     map[string]map[string]any // by path; guarded by mu
	received []Received                // guarded by mu
	grown    chan struct{}             // closed and replaced when received grows; guarded by mu
}

// Start listens and serves until Close.
func Start(ctx context.Context, o Options) (*Node, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for len(o.Keys) < 2 {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, fmt.Errorf("make the peer's key: %w", err)
		}
		o.Keys = append(o.Keys, key)
	}
	_, proofKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the peer's key: %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the peer: %w", err)
	}
	if o.URL == "" {
		o.URL = "http://" + l.Addr().String()
	}
	n := &Node{
		base: strings.TrimSuffix(o.URL, "/"), keys: o.Keys, proofKey: proofKey, now: o.Now,
		actors: map[string]*Actor{}, docs: map[string]map[string]any{},
		grown: make(chan struct{}), done: make(chan error, 1),
	}
	n.server = &http.Server{Handler: n.routes(), ReadHeaderTimeout: headerTimeout}
	go func() { n.done <- n.server.Serve(l) }()
	return n, nil
}

// Close stops the peer and waits for it.
func (n *Node) Close() error {
	closed := n.server.Close()
	if err := <-n.done; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the peer: %w", err)
	}
	return closed
}

// URL returns the origin under which the peer is known, without a slash.
func (n *Node) URL() string { return n.base }

// Host returns the host and port of URL.
func (n *Node) Host() string {
	u, err := url.Parse(n.base)
	if err != nil {
		return ""
	}
	return u.Host
}

// Publish serves a document at its own id, which must be on this peer.
func (n *Node) Publish(doc map[string]any) { n.PublishAt(Text(doc, "id"), doc) }

// PublishAt serves a document at an id that need not be its own: a lie, where the
// two are not of one origin [FETCH-1]. A nil document ends what was served there.
func (n *Node) PublishAt(id string, doc map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.docs[n.path(id)] = doc
}

// NewID returns an id on this peer that was never used, e.g. for a kind "note".
func (n *Node) NewID(kind string) string { return n.base + "/" + kind + "/" + Token() }

// Token returns 12 random letters and digits.
func Token() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return hex.EncodeToString(b[:])
}

func (n *Node) path(id string) string { return strings.TrimPrefix(id, n.base) }

func (n *Node) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/webfinger", n.webfinger)
	mux.HandleFunc("GET /.well-known/nodeinfo", n.nodeinfoLinks)
	mux.HandleFunc("GET /nodeinfo/2.1", n.nodeinfo)
	mux.HandleFunc("POST /", n.inbox)
	mux.HandleFunc("GET /", n.document)
	return mux
}

func (n *Node) inbox(w http.ResponseWriter, r *http.Request) {
	if err := n.record(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if a := n.actorByInbox(r.URL.Path); a != nil && a.redirectInbox {
		http.Redirect(w, r, n.base+"/elsewhere/"+a.Name, http.StatusTemporaryRedirect)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (n *Node) document(w http.ResponseWriter, r *http.Request) {
	if err := n.record(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.URL.Path == "/" || r.URL.Path == "/actor" {
		writeJSON(w, ActivityJSON, n.instanceDocument())
		return
	}
	n.mu.Lock()
	doc := n.docs[r.URL.Path]
	n.mu.Unlock()
	if doc == nil {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, ActivityJSON, doc)
}

func (n *Node) webfinger(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Query().Get("resource"), "acct:")
	if !ok {
		name = strings.TrimPrefix(n.path(r.URL.Query().Get("resource")), "/u/")
	}
	name, _, _ = strings.Cut(name, "@")
	n.mu.Lock()
	a := n.actors[name]
	n.mu.Unlock()
	if a == nil {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, "application/jrd+json", map[string]any{
		"subject": "acct:" + name + "@" + n.Host(),
		"links":   []any{map[string]any{"rel": "self", "type": ActivityJSON, "href": a.ID}},
	})
}

func (n *Node) nodeinfoLinks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, "application/json", map[string]any{"links": []any{
		map[string]any{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": n.base + "/nodeinfo/2.1"},
		map[string]any{"rel": ActivityStreams + "#Application", "href": n.base + "/"},
	}})
}

func (n *Node) nodeinfo(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, "application/json", map[string]any{
		"version": "2.1", "software": map[string]any{"name": "instar-conform", "version": "1"},
		"protocols": []any{"activitypub"}, "services": map[string]any{"inbound": []any{}, "outbound": []any{}},
		"openRegistrations": false, "usage": map[string]any{"users": map[string]any{}}, "metadata": map[string]any{},
	})
}

func writeJSON(w http.ResponseWriter, contentType string, doc any) {
	w.Header().Set("Content-Type", contentType)
	_ = json.NewEncoder(w).Encode(doc) // the reader may be gone: nobody to tell
}

func readBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	return body, nil
}
