package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// EventsPath streams what is new on a page. A server must not end its requests
// after the time of others.
const EventsPath = "/events"

// Bounds of streams.
const (
	eventPace    = 2 * time.Second  // how often a stream looks
	eventBeat    = 25 * time.Second // how often it says that it lives
	eventAge     = 15 * time.Minute // then the browser asks again
	eventWrite   = 10 * time.Second // how long one event may take
	eventStreams = 2_000            // at once
	// eventStreamsOfOne are those of one address, behind which a whole office may be.
	eventStreamsOfOne = 200
	eventRetry        = 5_000 // ms until a browser asks again
	eventOf           = 8_000 // bytes of a page's address: a reading list is one
)

// events streams the mark of a page (WHATWG HTML §9.2, server-sent events): at
// once, and whenever it is another one. A page looks the same for as long as
// its mark does.
func (w *Web) events(rw http.ResponseWriter, r *http.Request) {
	of := r.URL.Query().Get("of")
	mark, err := w.mark(r.Context(), of)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	from := node.AddressOf(r.RemoteAddr)
	if !w.streams.take(from) {
		w.fail(rw, r, &node.Error{Kind: node.Unready, Code: "busy", Detail: "Too many pages are being watched", After: time.Minute})
		return
	}
	defer w.streams.leave(from)
	h := rw.Header()
	secure(h)
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	s := stream{rw: rw, rc: http.NewResponseController(rw)}
	if err := s.send(fmt.Sprintf("retry: %d\nevent: mark\ndata: %s\n\n", eventRetry, mark)); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), eventAge)
	defer cancel()
	w.watch(ctx, s, of, mark)
}

// watch tells a stream of new marks until it ends.
func (w *Web) watch(ctx context.Context, s stream, of, mark string) {
	look, beat := time.NewTicker(w.pace), time.NewTicker(eventBeat)
	defer look.Stop()
	defer beat.Stop()
	seen := w.node.Version()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-w.stopped:
			return
		case <-beat.C:
			err = s.send(": still here\n\n")
		case <-look.C:
			version := w.node.Version()
			if version == seen {
				continue
			}
			seen = version
			now, markErr := w.mark(ctx, of)
			if markErr != nil {
				return // deleted meanwhile, or ours: the browser asks again
			}
			if now != mark {
				mark = now
				err = s.send("event: mark\ndata: " + mark + "\n\n")
			}
		}
		if err != nil {
			return
		}
	}
}

// streams counts the streams of events: in all, and of one address, so that one
// reader cannot take those of all others.
type streams struct {
	mu  sync.Mutex
	all int            // guarded by mu
	of  map[string]int // by address; guarded by mu; none is 0
}

func (s *streams) take(from string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= eventStreams || s.of[from] >= eventStreamsOfOne {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.all++
	s.of[from]++
	return true
}

func (s *streams) leave(from string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[from]--; s.of[from] == 0 {
		delete(s.of, from)
	}
}

// stream writes events.
type stream struct {
	rw http.ResponseWriter
	rc *http.ResponseController
}

func (s stream) send(event string) error {
	// Where a deadline cannot be set, the server's own stands.
	if err := s.rc.SetWriteDeadline(time.Now().Add(eventWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.rw.Write([]byte(event)); err != nil { //nolint:gosec // words of ours, ids and numbers, as text/event-stream
		return err
	}
	return s.rc.Flush()
}

// mark tells whether a page shows something new: the ids of a list's first
// posts, or of a thread how much it holds. Those who watch the same page share
// the reading.
func (w *Web) mark(ctx context.Context, of string) (string, error) {
	version, now := w.node.Version(), w.now()
	e, err := w.cache.entry("mark "+url.QueryEscape(of), version, now, func() (answer, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renderTimeout)
		defer cancel()
		mark, err := w.newMark(ctx, of)
		return answer{body: []byte(mark)}, err
	})
	if err != nil {
		return "", err
	}
	return string(e.body), nil
}

func (w *Web) newMark(ctx context.Context, of string) (string, error) {
	path, query, _ := strings.Cut(of, "?")
	asked, err := url.ParseQuery(query)
	section, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	nothing := &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "Nothing happens on that page"}
	switch {
	case err != nil || len(of) > eventOf || (path != "/" && path != listPath && name == ""):
		return "", nothing
	case path == "/":
		here := asked.Get("show") == node.PlaceHere
		pq := node.PostQuery{Local: here}
		if !here {
			pq.Lang = language(asked.Get("lang"))
		}
		return w.newestPost(ctx, pq)
	case path == listPath:
		return w.newestListed(ctx, asked)
	case section == "m":
		return w.newestPost(ctx, node.PostQuery{Submolt: name})
	case section == "u" && asked.Get("type") == kindComments:
		return w.newestSaid(ctx, name)
	case section == "u":
		return w.newestPost(ctx, node.PostQuery{Author: name})
	case section == "post":
		p, err := w.node.PostByID(ctx, name, "")
		return strconv.FormatInt(p.CommentCount, 10) + "-" + strconv.FormatInt(p.UpdatedAt, 36), err
	case section == "comment":
		return w.branchMark(ctx, name)
	}
	return "", nothing
}

// noMark is that of an empty list.
const noMark = "none"

func markOf(ps node.Posts, err error) (string, error) {
	if err != nil || len(ps.Posts) == 0 {
		return noMark, err
	}
	return ps.Posts[0].ID, nil
}

func (w *Web) newestPost(ctx context.Context, pq node.PostQuery) (string, error) {
	pq.Window, pq.Sort = node.Window{Limit: 1}, storage.SortNew
	return markOf(w.node.Posts(ctx, pq))
}

// newestSaid is the mark of the comments of an agent.
func (w *Web) newestSaid(ctx context.Context, name string) (string, error) {
	a, err := w.node.Agent(ctx, name)
	if err != nil {
		return "", err
	}
	cs, err := w.node.CommentsOf(ctx, a.ID, node.Window{Limit: 1})
	if err != nil || len(cs.Comments) == 0 {
		return noMark, err
	}
	return cs.Comments[0].ID, nil
}

// newestListed is the mark of a reading list; what is not known here is not
// looked up for it.
func (w *Web) newestListed(ctx context.Context, asked url.Values) (string, error) {
	r := w.newReading(asked.Encode())
	var sources []storage.Source
	for _, part := range []struct {
		names []string
		find  func(ctx context.Context, name string) (storage.Actor, error)
	}{{r.submolts, w.node.Submolt}, {r.agents, w.node.Agent}} {
		for _, name := range part.names {
			a, err := part.find(ctx, name)
			if _, isOurs := asNodeError(err); err != nil && !isOurs {
				return "", err
			}
			if err == nil {
				sources = append(sources, storage.Source{ID: a.ID, Kind: a.Kind})
			}
		}
	}
	return markOf(w.node.List(ctx, node.ListQuery{Window: node.Window{Limit: 1}, Sources: sources}))
}

// branchMark tells how much answers a comment, at whatever depth, and when it changed.
func (w *Web) branchMark(ctx context.Context, id string) (string, error) {
	b, err := w.node.Branch(ctx, id, "")
	if err != nil {
		return "", err
	}
	var count, changed int64
	for open := []*node.Reply{b.Comment}; len(open) > 0; {
		r := open[len(open)-1]
		open = append(open[:len(open)-1], r.Replies...)
		count, changed = count+1, max(changed, r.UpdatedAt)
	}
	return strconv.FormatInt(count, 10) + "-" + strconv.FormatInt(changed, 36), nil
}
