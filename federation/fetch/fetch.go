// Package fetch is the one HTTP client of the program: whatever is asked of
// another server goes through it.
//
// Other servers and whoever writes to us choose the addresses, so each request
// is bounded: https only, no private networks (judged on the address that is
// connected to, not on a name that may resolve otherwise the next time), no
// proxy, few redirects, and limits on time, bytes and connections. Objects are
// asked for with the signature of the instance actor, once at a time for each
// address, and an address that failed is left alone for a while.
//
// The package does not say whether a document is to be believed: that its id
// has the origin of where it was found is for the caller to check, with
// SameOrigin (FEP-fe34).
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"code.dny.dev/ssrf"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"instar.example/federation/signature"
)

// The bounds of every request.
const (
	MaxBody      = 1 << 20  // bytes of a document, unpacked
	MaxAnswer    = 4 << 10  // bytes kept of the answer to a POST
	MaxHeader    = 64 << 10 // bytes of an answer's headers
	MaxRedirects = 3        // of a GET; a POST follows none

	// DefaultTimeout is the time for everything together, redirects and the
	// last byte of the body included.
	DefaultTimeout = 30 * time.Second

	connectTimeout = 5 * time.Second
	tlsTimeout     = 5 * time.Second
	headerTimeout  = 10 * time.Second
	idleTimeout    = 90 * time.Second
	connsPerHost   = 128 // as many as a lane sends at once to who is far away; between two turns they stay
	idleConns      = 512
	httpsPort      = 443

	messagesMost = 4_096
	messagesKept = 24 * time.Hour
)

// AcceptObject is the Accept header of Object. Mbin answers with the first
// type that it knows, so the plain one stands first.
const AcceptObject = `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams";q=0.9`

// Config says how a Client works. The zero value is good for a public node
// that signs nothing.
type Config struct {
	// AllowPrivate lifts the ban on private addresses, plain http and other
	// ports: for development and tests.
	AllowPrivate bool
	// ExtraCA, when set, holds all authorities that are trusted: to add one to
	// the system's, begin with x509.SystemCertPool.
	ExtraCA   *x509.CertPool
	UserAgent string
	// Self is the host of the node itself, with its port unless that is the
	// scheme's: it is never asked, by a redirect neither. Empty means none.
	Self string
	// Now dates signatures and failures; nil means time.Now.
	Now func() time.Time
	// Sign returns the instance actor's key, which signs what Object asks. nil
	// means unsigned.
	Sign func() (signature.Key, error)
	// Timeout replaces DefaultTimeout when it is not 0.
	Timeout time.Duration
	// FailureTTL replaces DefaultFailureTTL when it is not 0; a negative one
	// forgets every failure at once.
	FailureTTL time.Duration
	Log        *slog.Logger // nil means none
}

// Client asks other servers. It is safe for concurrent use.
type Client struct {
	config   Config // set once by New
	http     *http.Client
	dialer   *net.Dialer // of http; its guard sees the address that is connected to
	failures *failures
	messages *expirable.LRU[string, struct{}] // origins that read RFC 9421 and not the draft
	flights  singleflight.Group
	flying   sync.WaitGroup
}

// New makes a Client. Close ends it.
func New(config Config) *Client {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.FailureTTL == 0 {
		config.FailureTTL = DefaultFailureTTL
	}
	if config.UserAgent == "" {
		config.UserAgent = "instar"
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	if !config.AllowPrivate {
		dialer.Control = ssrf.New(ssrf.WithPorts(httpsPort)).Safe
	}
	return &Client{
		config:   config,
		dialer:   dialer,
		failures: newFailures(config.FailureTTL),
		messages: expirable.NewLRU[string, struct{}](messagesMost, nil, messagesKept),
		http: &http.Client{
			Transport: &http.Transport{
				Proxy:                  nil, // a proxy would connect where the guard does not see
				DialContext:            dialer.DialContext,
				TLSClientConfig:        &tls.Config{RootCAs: config.ExtraCA, MinVersion: tls.VersionTLS12},
				ForceAttemptHTTP2:      true,
				TLSHandshakeTimeout:    tlsTimeout,
				ResponseHeaderTimeout:  headerTimeout,
				MaxResponseHeaderBytes: MaxHeader,
				MaxConnsPerHost:        connsPerHost,
				MaxIdleConnsPerHost:    connsPerHost,
				MaxIdleConns:           idleConns,
				IdleConnTimeout:        idleTimeout,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Document is what a GET brought. It is shared between callers: Body must not
// be written to.
type Document struct {
	URL         string // where it was found in the end, without fragment
	Body        []byte
	ContentType string
	Status      int
}

// Object gets an ActivityPub document: signed, and of the media types of
// ActivityPub and no other, or anyone's uploaded file could pass for an actor
// (CVE-2024-25623). The caller must check that the document's id has the
// origin of Document.URL.
//
// Callers that ask for the same address at the same time share one request,
// which goes on when one of them leaves; one that failed is not repeated for a
// while and its error is returned again.
func (c *Client) Object(ctx context.Context, address string) (Document, error) {
	u, err := c.address(address)
	if err != nil {
		return Document{}, fmt.Errorf("fetch: %w", err)
	}
	key := u.String()
	if err := c.failures.recall(key, c.config.Now()); err != nil {
		return Document{}, err
	}
	c.flying.Add(1)
	done := c.flights.DoChan(key, func() (any, error) {
		doc, err := c.get(context.WithoutCancel(ctx), u, asObject)
		c.failures.note(key, err, c.config.Now())
		return doc, err
	})
	select {
	case <-ctx.Done():
		go func() { <-done; c.flying.Done() }() // Close waits for it
		return Document{}, explain(fmt.Errorf("fetch %s: %w", key, ctx.Err()))
	case result := <-done:
		c.flying.Done()
		if result.Err != nil {
			return Document{}, result.Err
		}
		doc, ok := result.Val.(Document)
		if !ok {
			return Document{}, errors.New("fetch: no document")
		}
		return doc, nil
	}
}

// JSON gets a document of the well-known kind, such as WebFinger's: unsigned,
// and of any media type, since few servers send the right one. Nothing in it
// may be believed beyond the host that was asked.
func (c *Client) JSON(ctx context.Context, address, accept string) (Document, error) {
	u, err := c.address(address)
	if err != nil {
		return Document{}, fmt.Errorf("fetch: %w", err)
	}
	return c.get(ctx, u, request{accept: accept})
}

// Close waits for the requests of Object that nobody waits for any more, at
// most until ctx ends, and closes the connections. No other call may follow.
func (c *Client) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() { c.flying.Wait(); close(done) }()
	select {
	case <-done:
		c.http.CloseIdleConnections()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the fetch client: %w", ctx.Err())
	}
}
