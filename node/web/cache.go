package web

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"instar.example/node/bounded"
	"instar.example/node/press"
)

// Bounds of the cache.
const (
	cacheBytes   = 64 << 20
	cacheEntries = 1 << 17
	// entryAge is how old a page may be: the times on it say "5 min ago".
	entryAge = 60 * time.Second
	// crowdAge is how old a page may be, whatever has changed since, while crowdOf
	// readers wait for theirs to be made or for their turn: where much is written and
	// many read, nothing would ever be kept, and the making would hold up the writers.
	crowdAge = 2 * time.Second
	crowdOf  = 8
)

// cache keeps the bytes of answers. An entry is served for as long as the
// node's version is the one that it was made at and it is younger than entryAge;
// in a crowd, for crowdAge in any case.
type cache struct {
	flight singleflight.Group
	press  *press.Press

	kept    *bounded.Cache[string, *entry]
	waiting atomic.Int64 // readers whose page is being made
	queued  func() int64 // readers who wait for their turn
}

// entry is an answer, ready to be sent. It never changes.
type entry struct {
	version   int64
	madeAt    time.Time
	mediaType string
	etag      string
	body      []byte
	forms     *press.Forms // nil where it does not pay
}

func newCache(queued func() int64) *cache {
	return &cache{press: press.New(), queued: queued, kept: bounded.New(cacheBytes, cacheEntries, func(_ string, e *entry) int { return e.size() })}
}

// entry returns the answer under a key, made by render unless a fresh one is
// kept. The caller took version and now before it asks. Those who ask for the
// same at the same version wait for one rendering.
func (c *cache) entry(key string, version int64, now time.Time, render func() (answer, error)) (*entry, error) {
	if e := c.fresh(key, version, now); e != nil {
		return e, nil
	}
	defer c.waiting.Add(-1)
	c.waiting.Add(1)
	// The version is part of the flight's key: who comes after a write must
	// not be given what was read before it.
	made, err, _ := c.flight.Do(strconv.FormatInt(version, 36)+" "+key, func() (any, error) {
		if e := c.fresh(key, version, now); e != nil {
			return e, nil
		}
		a, err := render()
		if err != nil {
			return nil, err
		}
		e := newEntry(a, version, now, c.press)
		c.kept.Put(key, e, nil)
		return e, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*entry), nil
}

func (c *cache) fresh(key string, version int64, now time.Time) *entry {
	e, ok := c.kept.Get(key)
	if !ok || now.Sub(e.madeAt) >= entryAge {
		return nil
	}
	if e.version != version && (c.waiting.Load()+c.queued() < crowdOf || now.Sub(e.madeAt) >= crowdAge) {
		return nil
	}
	return e
}

// entryOverhead is about what an entry takes besides its bytes.
const entryOverhead = 512

// size counts half of the body again for its compressed forms, which are made
// when they are asked for.
func (e *entry) size() int { return len(e.body)*3/2 + entryOverhead }

func newEntry(a answer, version int64, now time.Time, p *press.Press) *entry {
	e := &entry{version: version, madeAt: now, mediaType: a.mediaType, body: a.body, etag: press.ETag(a.body)}
	if !strings.HasPrefix(a.mediaType, "image/png") {
		e.forms = p.Forms(a.body)
	}
	return e
}

// write answers a request with the entry, or with 304 when the reader has it (RFC 9110
// §13.1.2). No time is told: a list changes, too, when something is taken out of it.
func (e *entry) write(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	secure(h)
	h.Set("ETag", e.etag)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "public, no-cache") // may be kept, is asked about each time
	}
	if names := r.Header.Get("If-None-Match"); names != "" && press.Matches(names, e.etag) {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", e.mediaType)
	body := e.body
	if coding := press.Coding(r.Header.Get("Accept-Encoding")); e.forms != nil && coding != "" {
		h.Set("Content-Encoding", coding)
		body = e.forms.As(coding)
	}
	write(rw, r, http.StatusOK, body)
}
