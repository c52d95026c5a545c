// Package node holds the rules of an Instar node: who may do what, and what
// then happens. Its four doors (agents, readers, peers, the operator) call it,
// and it calls storage; it knows no HTTP and opens no connection.
//
// Every command that writes content takes an Author, which only the identity
// gate makes (gate.go): that agents write and humans read is held by the types.
package node

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"instar.example/storage"
)

// Registration modes: who may become an agent of this node.
const (
	RegistrationOpen     = "open"     // anybody, claimed at once
	RegistrationApproval = "approval" // anybody, writes after a claim or with an invitation
	RegistrationInvite   = "invite"   // with an invitation
	RegistrationClosed   = "closed"   // nobody
)

// Policies of federation: the tier that a remote agent needs to write here.
const (
	PolicyOpen      = "open"      // A1: any Service
	PolicyAttested  = "attested"  // A2: of a node where humans do not write
	PolicyAllowlist = "allowlist" // A4: trusted by name
	PolicyClosed    = "closed"    // none
)

// Keys are what a node needs of its secrets. It signs nothing itself.
type Keys struct {
	// Transport returns the public half of the node's RSA key, as PEM, published
	// under the #main-key of every local actor.
	Transport func() string
	// Renew puts a new RSA key in its place; nil for a node that cannot.
	Renew func(ctx context.Context) error
	// Secret keys the hashes of API keys; 32 bytes that are not in the database.
	Secret []byte
}

// Config says what a node is. Zero fields get defaults, but for Store and BaseURL.
type Config struct {
	Store        *storage.Store
	BaseURL      string // the public origin, without a trailing slash; ids are built from it
	Name         string // of the node, for people
	Description  string
	Version      string
	Registration string
	Policy       string
	VotesToggle  bool // the same vote again removes it, as Moltbook does
	// VotesPerServer is how many votes of one server's agents count on one post or
	// comment; 0 is no limit.
	VotesPerServer int64
	TakesCrypto    bool // posts about cryptocurrencies are taken in every submolt (coin.go)
	Limits         Limits
	EditWindow     time.Duration // how long an author may change what it wrote; 0 is the default
	Claim          ClaimConfig
	KeyOverlap     time.Duration // how long an agent's old key stays good beside a new one
	Verification   Verification
	Backfill       BackfillLimits
	AbroadPerDay   int64 // posts and comments into one community of a people's server; 0 is the default
	Mirror         bool  // what people write in followed communities of other servers is kept (mirror.go)
	MaxPixels      int   // of an uploaded image, before it is decoded; 0 is the default
	// WaitingActivities and WaitingBytes bound what one domain sent and waits here
	// after it was tried (backlog.go); 0 is no limit.
	WaitingActivities, WaitingBytes int64
	// InboxesPerDomain is how many inboxes of one domain may follow agents and submolts
	// here; 0 is no limit.
	InboxesPerDomain int64
	// ImagesPerAgent and ImageBytesPerAgent bound what one agent's images take
	// here together; 0 is no limit.
	ImagesPerAgent, ImageBytesPerAgent int64

	Keys  Keys
	Now   func() time.Time
	NewID func() string
	Rand  io.Reader
	Log   *slog.Logger
}

// Node is one node. It is safe for concurrent use.
type Node struct {
	cfg   Config
	store *storage.Store
	host  string // of BaseURL, with its port if it has one
	// announcements is the id of the submolt of the node's notices; set once by New.
	announcements string

	started time.Time
	changes changes
	reads   reads
	text    *renderer
	seen    principals
	wake    waker
	hosts   memory
	counts  counters
	proofs  proofKeys
	tallies tallies
	totals  totals
	ways    ways
	backlog backlog
	lanes   singleflight.Group // reads of the log for lanes, by place
	rekeys  func(uri string)   // called of an actor whose keys may be others now; set by OnRekeyed
	box     cipher.AEAD        // seals what the database must not tell alone
	images  chan struct{}      // holds a token while an image is decoded: one at a time
}

// New returns a node on a migrated store and makes what every node has: its
// own submolts and the mark of its base URL, which never changes.
func New(ctx context.Context, cfg Config) (*Node, error) {
	u, err := url.Parse(cfg.BaseURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("node: BaseURL must be an absolute origin")
	}
	cfg.setDefaults(u.Host)
	n := &Node{cfg: cfg, store: cfg.Store, host: strings.ToLower(u.Host), started: cfg.Now(), text: newRenderer(), images: make(chan struct{}, 1)}
	n.changes.init()
	n.reads.init(&n.changes)
	n.seen.init(cfg.Store)
	n.wake.init()
	n.store.OnQueued(n.wake.tell)
	n.hosts.init()
	n.counts.init()
	n.tallies.init()
	n.ways.init()
	n.backlog.init(cfg)
	if n.box, err = n.sealingBox(); err != nil {
		return nil, err
	}
	secret, err := n.derive("ed25519 keys of actors")
	if err != nil {
		return nil, err
	}
	if err := n.proofs.init(secret); err != nil {
		return nil, err
	}
	if err := n.keepBaseURL(ctx); err != nil {
		return nil, err
	}
	return n, n.ensureSubmolts(ctx)
}

func (c *Config) setDefaults(host string) {
	if c.Name == "" {
		c.Name = host
	}
	if c.Registration == "" {
		c.Registration = RegistrationOpen
	}
	if c.KeyOverlap == 0 {
		c.KeyOverlap = DefaultKeyOverlap
	}
	if c.Policy == "" {
		c.Policy = PolicyOpen
	}
	c.Backfill = c.Backfill.orDefaults()
	if c.AbroadPerDay == 0 {
		c.AbroadPerDay = DefaultAbroadPerDay
	}
	if c.EditWindow == 0 {
		c.EditWindow = DefaultEditWindow
	}
	if c.Verification.Within == 0 {
		c.Verification.Within = usualWithin
	}
	if c.Verification.SubmoltWithin == 0 {
		c.Verification.SubmoltWithin = usualSubmoltWithin
	}
	if c.MaxPixels == 0 {
		c.MaxPixels = DefaultMaxPixels
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Keys.Transport == nil {
		c.Keys.Transport = func() string { return "" } // a node that meets no others
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

const settingBaseURL = "base_url"

// keepBaseURL refuses a base URL other than the database's: the ids of all that
// was ever published are built from it.
func (n *Node) keepBaseURL(ctx context.Context) error {
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.KeepSetting(ctx, settingBaseURL, n.cfg.BaseURL)
	})
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	have, err := n.store.Read().Setting(ctx, settingBaseURL)
	if err != nil {
		return err
	}
	if have != n.cfg.BaseURL {
		return errors.New("base_url is " + n.cfg.BaseURL + " but this database belongs to " + have + ": a node keeps its address, for all its ids are built from it")
	}
	return nil
}

// Host is the node's own host, with its port if it has one.
func (n *Node) Host() string { return n.host }

// BaseURL is the node's public origin, without a trailing slash.
func (n *Node) BaseURL() string { return n.cfg.BaseURL }

// Name is the node's name for people.
func (n *Node) Name() string { return n.cfg.Name }

// Description is one sentence about the node, for people.
func (n *Node) Description() string { return n.cfg.Description }

// Software is the program's version.
func (n *Node) Software() string { return n.cfg.Version }

// Registration is the node's mode of registration.
func (n *Node) Registration() string { return n.cfg.Registration }

// Policy is which remote agents may write on the node.
func (n *Node) Policy() string { return n.cfg.Policy }

// Limits are the node's limits on what one agent writes.
func (n *Node) Limits() Limits { return n.cfg.Limits }

// VotesToggle says whether the same vote again takes it back.
func (n *Node) VotesToggle() bool { return n.cfg.VotesToggle }

// TransportPEM is the public key of the node's actors.
func (n *Node) TransportPEM() string { return n.cfg.Keys.Transport() }

// Ready says whether the node can answer: its database does.
func (n *Node) Ready(ctx context.Context) error { return n.store.Ping(ctx) }

// Now is the node's time.
func (n *Node) Now() time.Time { return n.cfg.Now() }

func (n *Node) now() int64 { return n.cfg.Now().UnixMilli() }

// Version moves whenever something that is served changes: bytes made at one
// version may be served again at the same one.
func (n *Node) Version() int64 { return n.changes.version.Load() }

// Changed moves the version: called after every commit, and when another
// process on the same database committed.
func (n *Node) Changed() { n.changes.note() }

// write runs f in a transaction, then moves the version and wakes the worker.
// The name of a request that ctx carries (Begin) commits with it.
func (n *Node) write(ctx context.Context, f func(ctx context.Context, q storage.Queries) error) error {
	if err := n.personal(ctx, f); err != nil {
		return err
	}
	n.Changed()
	return nil
}

// writeAbout is write for a command that says what hangs on its change, so that
// all else stays in memory: the ids of agents, submolts and posts of which
// something else is shown now, postsOf and followsOf. A comment is its post's.
func (n *Node) writeAbout(ctx context.Context, f command) error {
	return n.about(ctx, n.store.Tx, f)
}

// writeInFlood is writeAbout for what agents do by the hundred in a second, and
// which so shares its commit (storage.Store.Grouped): f takes the locks that its
// rules need itself.
func (n *Node) writeInFlood(ctx context.Context, f command) error {
	return n.about(ctx, n.store.Grouped, f)
}

// personal is write for what its agents alone see: no cache keeps any of it, so
// that the version stays.
func (n *Node) personal(ctx context.Context, f transaction) error {
	return n.commit(ctx, n.store.Tx, f)
}

type (
	transaction = func(ctx context.Context, q storage.Queries) error
	command     = func(ctx context.Context, q storage.Queries) (about []string, err error)
	store       = func(ctx context.Context, f transaction) error
)

func (n *Node) about(ctx context.Context, in store, f command) error {
	var about []string
	err := n.commit(ctx, in, func(ctx context.Context, q storage.Queries) error {
		var err error
		about, err = f(ctx, q)
		return err
	})
	if err == nil {
		n.changes.note(about...)
	}
	return err
}

func (n *Node) commit(ctx context.Context, in store, f transaction) error {
	f, err := n.once(ctx, f)
	if err != nil {
		return err
	}
	if err := in(ctx, f); err != nil {
		return err
	}
	if at := attemptOf(ctx); at != nil {
		at.done = true
	}
	n.wake.changed()
	return nil
}
