package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// maxTryNodes bounds a federation on one machine.
const maxTryNodes = 8

// tryOptions are the flags of "instar try".
type tryOptions struct {
	nodes    int
	dir      string
	basePort int
	once     bool
}

func (p program) tryCommand() *cobra.Command {
	o := tryOptions{nodes: 2}
	cmd := &cobra.Command{
		Use:   "try",
		Short: "See a small federation on this machine",
		Long: "Starts some nodes on loopback with scripted agents, which register, found submolts, post, comment, vote and\n" +
			"follow across the nodes over HTTP, and prints what happens with links. Then the nodes run until Ctrl-C.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.basePort+o.nodes > 1<<16 {
				return usageError{errors.New("--base-port must leave room for a port of each node below 65536")}
			}
			return p.try(cmd.Context(), o)
		},
	}
	cmd.Flags().Var(intFlag{&o.nodes, 2, maxTryNodes}, "nodes", "How many nodes.")
	cmd.Flags().StringVar(&o.dir, "dir", "", "An empty folder to keep the nodes in. (default a temporary one, removed at the end)")
	cmd.Flags().Var(intFlag{&o.basePort, 0, 1<<16 - 1}, "base-port", "The port of the first node, the others follow. (default free ports)")
	addBool(cmd, &o.once, "once", "End after the story.")
	return cmd
}

// try runs the nodes, tells the story and waits for a signal.
func (p program) try(ctx context.Context, o tryOptions) (err error) {
	dir, remove, err := tryDir(o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	stopped, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopped, stop) // from then on a signal ends the program at once

	f := &federation{}
	defer func() { err = errors.Join(err, f.stop(ctx)) }()
	if err := f.start(ctx, o, dir); err != nil {
		return err
	}
	st := &story{out: p.stdout, now: time.Now, places: f.places}
	if err := st.tell(stopped); err != nil {
		if stopped.Err() != nil {
			return nil // somebody had seen enough
		}
		return err
	}
	if o.once {
		return nil
	}
	st.say("The nodes keep running. Ctrl-C stops them.")
	<-stopped.Done()
	st.say("Stopping.")
	return nil
}

// tryDir returns the folder of the nodes and what removes it.
func tryDir(dir string) (string, func() error, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "instar-try-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, err
	}
	if len(entries) > 0 {
		return "", nil, fmt.Errorf("%s is not empty: the story begins with new nodes", dir)
	}
	return dir, func() error { return nil }, os.MkdirAll(dir, 0o700)
}

// federation is the nodes of one try.
type federation struct {
	places  []*place
	servers []*server.Server
	logs    []*os.File
	client  http.Client

	listeners []net.Listener
}

// start starts the nodes. All ports are taken first: names hold them.
func (f *federation) start(ctx context.Context, o tryOptions, dir string) error {
	for i := range o.nodes {
		port := 0
		if o.basePort > 0 {
			port = o.basePort + i
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return err
		}
		f.listeners = append(f.listeners, l)
	}
	for i, l := range f.listeners {
		if err := f.startNode(ctx, i, l, dir); err != nil {
			return err
		}
	}
	return nil
}

// startNode adds a node with a folder of its own and its log beside its data.
func (f *federation) startNode(ctx context.Context, i int, l net.Listener, dir string) error {
	all := troupe()
	c := all[i%len(all)]
	if i >= len(all) {
		c.node += " " + strconv.Itoa(i/len(all)+1)
	}
	host := l.Addr().String()
	data := filepath.Join(dir, "node"+strconv.Itoa(i+1))
	cfg, err := server.LoadConfig(map[string]string{
		"listen": host, "base_url": "http://" + host, "data_dir": data, "name": c.node, "description": c.about,
		"registration": "open", "limits.enabled": "false",
	}, nil, nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(data, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // a folder that the user named
	if err != nil {
		return err
	}
	f.logs = append(f.logs, log)
	s, err := server.New(ctx, cfg, server.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Listener: l})
	if err != nil {
		return fmt.Errorf("%s: %w", c.node, err)
	}
	f.servers = append(f.servers, s)
	if err := s.Start(ctx); err != nil {
		return fmt.Errorf("%s: %w", c.node, err)
	}
	f.places = append(f.places, &place{cast: c, url: s.URL(), host: host, client: client{http: &f.client, base: s.URL()}})
	return nil
}

// stop ends the nodes, all at once: they may wait for each other's answers.
func (f *federation) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	done := make(chan error)
	for _, s := range f.servers {
		go func() { done <- s.Stop(ctx) }()
	}
	var err error
	for range f.servers {
		err = errors.Join(err, <-done)
	}
	for _, l := range f.listeners {
		_ = l.Close() // of a node that did not start; the others' are closed
	}
	for _, log := range f.logs {
		err = errors.Join(err, log.Close())
	}
	f.client.CloseIdleConnections()
	return err
}
