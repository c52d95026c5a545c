package worker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"instar.example/federation/discover"
	"instar.example/federation/fetch"
	"instar.example/node"
)

const (
	waysAtOnce = 8
	wayTimeout = 15 * time.Second
)

// Relations by which a server says how its people follow.
const (
	relFollow    = "https://w3id.org/fep/3b86/Follow"
	relObject    = "https://w3id.org/fep/3b86/Object"
	relSubscribe = "http://ostatus.org/schema/1.0/subscribe"
)

// Ways asks servers how their people follow and returns how many it took up.
func (w *Worker) Ways(ctx context.Context) (int, error) {
	asked := w.cfg.Node.WaysAsked(waysAtOnce)
	var all sync.WaitGroup
	for _, q := range asked {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, wayTimeout)
			defer cancel()
			w.cfg.Node.TellWay(q.Host, w.way(ctx, q))
		})
	}
	all.Wait()
	return len(asked), nil
}

// way asks for a person's WebFinger, which has the templates, and for NodeInfo,
// by which the others are guessed.
func (w *Worker) way(ctx context.Context, q node.WayQuestion) node.Way {
	var way node.Way
	info, infoErr := discover.FetchNodeInfo(ctx, w.cfg.Fetch, q.Host)
	if infoErr == nil {
		way.Software = info.Software.Name
	}
	var err error
	if q.Name != "" {
		var jrd discover.JRD
		if jrd, err = discover.Links(ctx, w.cfg.Fetch, discover.Handle{Name: strings.ToLower(q.Name), Host: q.Host}); err == nil {
			way.Follow, way.Object, way.Subscribe = jrd.Template(relFollow), jrd.Template(relObject), jrd.Template(relSubscribe)
			return way
		}
	}
	switch {
	case infoErr == nil:
	case errors.Is(errors.Join(err, infoErr), fetch.ErrForbiddenAddress):
		way.Trouble = "that is no server on the public internet"
	case errors.Is(err, fetch.ErrNotFound):
		way.Trouble = "the server answers, but it knows nobody of that name"
	case errors.Is(infoErr, fetch.ErrNotFound):
		way.Trouble = "the server answers, but it is not one of the fediverse"
	default:
		way.Trouble = "the server does not answer"
	}
	return way
}
