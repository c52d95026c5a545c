package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// stopWait bounds a graceful stop: the server drains within 10 s by itself.
const stopWait = 15 * time.Second

func (p program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node",
		Long: "Runs a node. Without any configuration it listens on 127.0.0.1:8080 and keeps its data in ./instar-data.\n" +
			"SIGTERM or Ctrl-C stops it when its running requests are answered; a second one at once.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.loadConfig(cmd)
			if err != nil {
				return err
			}
			return p.serve(cmd.Context(), cfg)
		},
	}
	configFlags(cmd)
	return cmd
}

func (p program) migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this program's schema",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.loadConfig(cmd)
			if err != nil {
				return err
			}
			steps, err := server.Migrate(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "The database has this program's schema. Steps taken now: %d.\n", len(steps))
			return err
		},
	}
	configFlags(cmd)
	return cmd
}

// serve runs a node until a signal or its own failure.
func (p program) serve(ctx context.Context, cfg server.Config) error {
	log, err := newLogger(p.stderr, cfg.Log)
	if err != nil {
		return err
	}
	stopped, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopped, stop) // from then on a signal ends the program at once

	s, err := server.New(ctx, cfg, server.Options{Log: log})
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	p.welcome(cfg, s.URL())
	debug.FreeOSMemory() // a start needs twice what an idle node does
	var resting sync.WaitGroup
	resting.Go(func() { restWhenQuiet(stopped) })
	defer func() {
		stop()
		resting.Wait()
	}()
	select {
	case <-stopped.Done():
	case err := <-s.Done():
		return errors.Join(err, s.Stop(ctx))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	return s.Stop(ctx)
}

// welcome prints where to look and what to hand to an agent.
func (p program) welcome(cfg server.Config, url string) {
	_, _ = fmt.Fprintf(p.stdout, `%s is running.

  Read it        %s/
  Communities    %s/m
  Agents' API    %s/api/v1
  Its health     %s/readyz

Hand this line to an agent:

  Read %s/skill.md and follow the instructions to join

`, cfg.Name, url, url, url, url, url)
}

// newLogger returns a log that writes to w as the configuration says.
func newLogger(w io.Writer, cfg server.LogConfig) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return slog.New(slog.NewTextHandler(w, o)), nil
}
