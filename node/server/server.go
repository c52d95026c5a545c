package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"instar.example/federation/fetch"
	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/node/agentapi"
	"instar.example/node/peerapi"
	"instar.example/node/web"
	"instar.example/node/worker"
	"instar.example/storage"
)

// Bounds of a connection, against slow peers.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10

	stopTimeout = 10 * time.Second // SIGTERM drains within it (G6)
)

// Version is the program's version; releases set it.
const Version = "0.1.0"

// Options are what a program gives a server besides its configuration. The
// zero value is usable.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
	// Listener is used instead of listening on Config.Listen.
	Listener net.Listener
	// LookupTXT asks the DNS for owners' records; nil is the system's resolver.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	// Idle leaves the background work to the caller, who calls Worker's batches.
	Idle bool
}

// Server is a running node.
type Server struct {
	Node   *node.Node
	Worker *worker.Worker
	Peers  *peerapi.API

	cfg      Config
	opts     Options
	store    *storage.Store
	reads    *readQueue
	keys     *keyring
	fetch    *fetch.Client
	http     *http.Server
	admin    *http.Server // nil where there is no operator's socket
	listener net.Listener
	done     chan error
	stopWork context.CancelFunc
	work     sync.WaitGroup
	stopping sync.Once
}

// New opens the database, brings it up to date and puts the node together. It
// does not listen yet.
func New(ctx context.Context, cfg Config, opts Options) (*Server, error) {
	opts.setDefaults()
	store, err := openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s, err := assemble(ctx, cfg, opts, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return s, nil
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// databaseFile is the SQLite database in data_dir.
const databaseFile = "instar.db"

func openStore(ctx context.Context, cfg Config) (*storage.Store, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data_dir: %w", err)
	}
	store, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL, SQLitePath: filepath.Join(cfg.DataDir, databaseFile)})
	if err != nil {
		return nil, err
	}
	pending, err := store.Pending(ctx)
	switch {
	case err != nil:
	case pending > 0 && !cfg.AutoMigrate:
		err = fmt.Errorf("the database is %d steps behind this program and auto_migrate is off: run 'instar migrate'", pending)
	case pending > 0:
		_, err = store.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// Migrate brings the database to this program's schema and returns the steps taken.
func Migrate(ctx context.Context, cfg Config) ([]string, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data_dir: %w", err)
	}
	store, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL, SQLitePath: filepath.Join(cfg.DataDir, databaseFile)})
	if err != nil {
		return nil, err
	}
	steps, err := store.Migrate(ctx)
	return steps, errors.Join(err, store.Close())
}

func assemble(ctx context.Context, cfg Config, opts Options, store *storage.Store) (*Server, error) {
	sec, err := loadSecret(cfg.SecretFile)
	if err != nil {
		return nil, err
	}
	ring := &keyring{secret: sec, store: store}
	if err := ring.load(ctx); err != nil {
		return nil, err
	}
	keys, err := sec.nodeKeys(ring)
	if err != nil {
		return nil, err
	}
	n, err := node.New(ctx, node.Config{
		Store: store, BaseURL: cfg.BaseURL, Name: cfg.Name, Description: cfg.Description, Version: Version,
		Registration: cfg.Registration, Policy: cfg.Federation.Policy, VotesToggle: cfg.Votes.Toggle, VotesPerServer: cfg.Votes.PerServer, TakesCrypto: !cfg.Posts.CryptoFilter,
		Limits: cfg.Limits.limits(), EditWindow: cfg.Posts.EditWindow, Claim: cfg.claims(), KeyOverlap: cfg.Keys.overlap(),
		MaxPixels: int(cfg.Media.MaxPixels), ImagesPerAgent: cfg.Media.PerAgent, ImageBytesPerAgent: cfg.Media.Bytes,
		WaitingActivities: cfg.Federation.WaitingActivities, WaitingBytes: cfg.Federation.WaitingBytes, InboxesPerDomain: cfg.Federation.InboxesPerDomain,
		Backfill: cfg.Backfill.limits(), AbroadPerDay: cfg.Federation.AbroadPerDay, Mirror: cfg.Federation.Mirror, Verification: cfg.Verification.verification(), Keys: keys, Now: opts.Now, Log: opts.Log,
	})
	if err != nil {
		return nil, err
	}
	roots, err := cfg.Federation.roots()
	if err != nil {
		return nil, err
	}
	client := fetch.New(fetch.Config{
		Self: n.Host(), AllowPrivate: cfg.Federation.AllowPrivate, ExtraCA: roots, UserAgent: "instar/" + Version + " (+" + cfg.BaseURL + "/about)", Now: opts.Now, Log: opts.Log,
		Sign: func() (signature.Key, error) {
			return signature.Key{ID: n.NodeURI() + "#main-key", Private: ring.private()}, nil
		},
	})
	peers := peerapi.New(peerapi.Config{Node: n, Fetch: client, Now: opts.Now, Log: opts.Log})
	// On SQLite this is the only process: what a killed one had leased is free.
	owner := store.Name()
	if cfg.DatabaseURL != "" {
		owner = rand.Text()
	}
	if err := n.Release(ctx, owner); err != nil {
		return nil, err
	}
	s := &Server{Node: n, Peers: peers, keys: ring, fetch: client, cfg: cfg, opts: opts, store: store, reads: newReadQueue(), done: make(chan error, 1)}
	s.Worker = worker.New(worker.Config{
		Node: n, Fetch: client, Verifier: peers.Verifier(), Private: ring.private, Owner: owner, Log: opts.Log,
		PlainHTTP: cfg.Federation.AllowPrivate, LookupTXT: opts.LookupTXT, Send: cfg.post(n),
	})
	texts, err := pageTexts(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Node: n, Log: opts.Log, Now: opts.Now, Robots: cfg.Robots, Texts: texts, Queued: s.reads.waiting.Load})
	if err != nil {
		return nil, err
	}
	to, err := newDirected(cfg)
	if err != nil {
		return nil, err
	}
	agents := agentapi.New(agentapi.Config{Node: n, Log: opts.Log, Now: opts.Now, Misdirected: to.misdirected})
	if err := agents.KeepTexts(ctx); err != nil {
		return nil, err
	}
	trusted, err := proxies(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler:           behind(trusted, s.routes(agents, peers, pages)),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	s.http.RegisterOnShutdown(pages.Close)
	return s, nil
}

// Start listens, begins the background work and returns.
func (s *Server) Start(ctx context.Context) error {
	s.listener = s.opts.Listener
	if s.listener == nil {
		var err error
		if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Listen); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	if s.cfg.Limits.Enabled {
		trusted, err := proxies(s.cfg.TrustedProxies)
		if err != nil {
			return err
		}
		s.listener = newCapped(s.listener, s.cfg.Limits.Connections, of(trusted))
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopWork = stop
	if err := s.startAdmin(ctx); err != nil {
		return err
	}
	if !s.opts.Idle {
		s.work.Go(func() { s.Worker.Run(work) })
		s.work.Go(func() { s.watchChanges(work) })
		s.work.Go(func() { s.tellCounts(work) })
	}
	s.work.Go(func() {
		err := s.http.Serve(s.listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.done <- err
	})
	return nil
}

// URL is the node's base URL.
func (s *Server) URL() string { return s.cfg.BaseURL }

// Done gets the reason why the server stopped listening, nil after Stop.
func (s *Server) Done() <-chan error { return s.done }

// Stop takes no new request, finishes those under way and the background
// work, and closes the database. What was acknowledged is on disk.
func (s *Server) Stop(ctx context.Context) error {
	var err error
	s.stopping.Do(func() {
		// A stop that was asked for by ending ctx still drains.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if s.stopWork == nil { // never started
			err = s.store.Close()
			return
		}
		err = s.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, s.http.Close())
		}
		err = errors.Join(err, s.stopAdmin(ctx))
		s.stopWork()
		s.work.Wait()
		err = errors.Join(err, s.fetch.Close(ctx), s.Node.ReturnLeases(ctx), s.store.Close())
	})
	return err
}
