package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"instar.example/federation/activity"
	"instar.example/federation/discover"
	"instar.example/federation/fetch"
	"instar.example/node"
	"instar.example/storage"
)

// hostsAtOnce bounds how many servers are asked about themselves at a time.
const hostsAtOnce = 8

// Hosts asks servers, a day after the last time, what they run and whether
// they live, and returns how many. One that failed and answers gets what waits
// for it.
func (w *Worker) Hosts(ctx context.Context) (int, error) {
	var all sync.WaitGroup
	defer all.Wait()
	for taken := range hostsAtOnce {
		h, found, err := w.cfg.Node.DueHost(ctx)
		if err != nil || !found {
			return taken, err
		}
		if node.Forgotten(h) {
			continue
		}
		all.Go(func() {
			if err := w.revisit(ctx, h); err != nil && ctx.Err() == nil {
				w.cfg.Log.LogAttrs(ctx, slog.LevelError, "ask a server about itself", slog.String("host", h.Host), slog.Any("error", err))
			}
		})
	}
	return hostsAtOnce, nil
}

func (w *Worker) revisit(ctx context.Context, h storage.Host) error {
	var word word
	for _, origin := range w.origins(h.Host) {
		if word, _ = w.describe(ctx, origin); word.actor || word.info {
			break
		}
	}
	if !word.actor && !word.info {
		return w.cfg.Node.HostSilent(ctx, h) // what it said last time is believed until it says otherwise
	}
	if !word.actor {
		word.host.AgentsOnly = h.AgentsOnly
	}
	if !word.info {
		word.host.Software, word.host.Version = h.Software, h.Version
	}
	if err := w.keepHost(ctx, word); err != nil || h.Failures == 0 {
		return err
	}
	return w.cfg.Node.HostAnswered(ctx, h.Host)
}

// origins are where a host may answer: one with a port speaks http or https in
// development, where nothing but asking tells which.
func (w *Worker) origins(host string) []string {
	if w.cfg.PlainHTTP && strings.Contains(host, ":") {
		return []string{"http://" + host, "https://" + host}
	}
	return []string{"https://" + host}
}

// errNewcomers says that no more servers of a domain are met today.
var errNewcomers = errors.New("too many servers of that domain were met lately")

// askHost learns what a server says of itself. Of one that says nothing, nothing
// is known; but one that cannot answer now is asked again before anything is
// held against its agents: attempts says how often it was asked in vain.
func (w *Worker) askHost(ctx context.Context, origin string, attempts int64) error {
	if !w.met.Room(origin) {
		if known, err := w.cfg.Node.KnowsHost(ctx, node.HostOf(origin)); err != nil || !known {
			return errors.Join(err, errNewcomers)
		}
	}
	w.met.Note(origin)
	said, err := w.describe(ctx, origin)
	if err != nil && !fetch.Lasting(err) && attempts < hostTries {
		return fmt.Errorf("ask %s who it is: %w", origin, err)
	}
	return w.keepHost(ctx, said)
}

// hostTries is how often a server is asked who it is on behalf of one activity:
// for about ten minutes.
const hostTries = 6

// word is what a server says of itself.
type word struct {
	host   storage.Host
	scheme string
	batch  string // its batch inbox, "" for none
	actor  bool   // its own actor answered
	info   bool   // its NodeInfo did
}

// describe asks a server's own actor and its NodeInfo. The error tells why its
// actor could not be had.
func (w *Worker) describe(ctx context.Context, origin string) (word, error) {
	said := word{host: storage.Host{Host: node.HostOf(origin)}, scheme: node.SchemeUnknown}
	doc, failed := w.cfg.Fetch.Object(ctx, origin+"/")
	if failed == nil && fetch.SameOrigin(doc.URL, origin) {
		if a, err := activity.ParseActor(doc.Body); err == nil && fetch.SameOrigin(a.ID, origin) {
			said.actor, said.scheme = true, schemeOf(a.Implements)
			for _, i := range a.Implements {
				said.host.AgentsOnly = said.host.AgentsOnly || i == activity.HumanWritesNone
				if i == activity.ImplementsBatches && fetch.SameOrigin(a.BatchInbox, origin) {
					said.batch = a.BatchInbox
				}
			}
		}
	}
	if info, err := discover.FetchNodeInfo(ctx, w.cfg.Fetch, said.host.Host); err == nil {
		said.info = true
		said.host.Software, said.host.Version = info.Software.Name, info.Software.Version
	}
	return said, failed
}

func (w *Worker) keepHost(ctx context.Context, said word) error {
	if said.scheme != node.SchemeUnknown {
		if err := w.cfg.Node.KeepScheme(ctx, said.host.Host, said.scheme); err != nil {
			return err
		}
	}
	if said.actor {
		if err := w.cfg.Node.KeepBatchInbox(ctx, said.host.Host, said.batch); err != nil {
			return err
		}
	}
	return w.cfg.Node.KeepHost(ctx, said.host)
}
