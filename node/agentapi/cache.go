package agentapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"instar.example/node"
	"instar.example/node/bounded"
	"instar.example/node/press"
)

// Bounds of the cache.
const (
	cacheBytes   = 64 << 20
	cacheEntries = 1 << 16
	// entryAge is how old an answer may be: "rising" looks at the time.
	entryAge = 60 * time.Second

	aliasEntries = 1 << 14
	aliasBytes   = 512 // longer addresses are parsed each time
)

// cache keeps the bytes of answers that are the same for everybody. An entry
// is served for as long as the node's version is the one that it was made at.
type cache struct {
	flight singleflight.Group
	// aliases leads from a request's address as it came to the key of its
	// answer, so that a hit parses nothing.
	aliases *lru.Cache[string, alias]
	press   *press.Press

	kept *bounded.Cache[string, *entry]
}

// alias is what an address means.
type alias struct {
	key string
	// keyless answers are for those who show no key.
	keyless bool
}

// entry is an answer, ready to be sent. It never changes.
type entry struct {
	version int64
	madeAt  time.Time
	etag    string
	body    []byte
	forms   *press.Forms // nil where compression does not pay
}

func newCache() *cache {
	c := &cache{press: press.New(), kept: bounded.New(cacheBytes, cacheEntries, cost)}
	// The only error is a size below 1.
	c.aliases, _ = lru.New[string, alias](aliasEntries)
	return c
}

// entryOverhead is about what an entry takes besides its bytes.
const entryOverhead = 512

// cost is what an entry takes when it is compressed, too, in two ways.
func cost(key string, e *entry) int { return len(key) + len(e.body) + len(e.body)/2 + entryOverhead }

func (c *cache) fresh(key string, version int64, now time.Time) *entry {
	e, found := c.kept.Get(key)
	if !found || e.version != version || now.Sub(e.madeAt) >= entryAge {
		return nil
	}
	return e
}

func (c *cache) keep(key string, e *entry) {
	c.kept.Put(key, e, func(old *entry) bool { return old.version > e.version })
}

// entry returns the answer under a key, made by render unless a fresh one is
// kept. Those who ask for the same at the same version wait for one rendering;
// the caller took the version before anything was read.
func (c *cache) entry(key string, version int64, now time.Time, render func() ([]byte, error)) (*entry, error) {
	if e := c.fresh(key, version, now); e != nil {
		return e, nil
	}
	made, err, _ := c.flight.Do(strconv.FormatInt(version, 36)+" "+key, func() (any, error) {
		if e := c.fresh(key, version, now); e != nil {
			return e, nil
		}
		body, err := render()
		if err != nil {
			return nil, err
		}
		e := newEntry(body, version, now, c.press)
		c.keep(key, e)
		return e, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*entry), nil
}

func newEntry(body []byte, version int64, now time.Time, p *press.Press) *entry {
	return &entry{
		version: version, madeAt: now, body: body, forms: p.Forms(body), etag: press.ETag(body),
	}
}

// Values of headers, made once; nobody changes them.
var (
	typeJSON = []string{mediaType}
	askAgain = []string{"no-cache"} // may be kept, and is asked about each time
	varies   = []string{"Accept-Encoding, Authorization, X-API-Key"}
)

// write answers with the entry, or with 304 when the client has it (RFC 9110 §13.1.2).
func (e *entry) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Vary"] = typeJSON, askAgain, varies
	e.forms.Serve(w, r, e.body, e.etag)
}

// serveKept answers from what is kept, by the address as it came, and says
// whether it did. Who asks is checked and counted as ever.
func (a *API) serveKept(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	to, found := a.cache.aliases.Get(r.RequestURI)
	if !found || (to.keyless && token(r.Header) != "") {
		return false
	}
	e := a.cache.fresh(to.key, a.node.Version(), a.now())
	if e == nil {
		return false
	}
	if _, err := a.admit(w, r, anyone); err != nil {
		a.fail(w, r, err)
		return true
	}
	e.write(w, r)
	return true
}

// serveShared answers with what is the same for everybody, and keeps it.
func (a *API) serveShared(w http.ResponseWriter, r *http.Request, rt route, c *call) error {
	c.who = node.Principal{} // nothing of who asks may get into the answer
	key := c.key(rt)
	version, now := a.node.Version(), a.now() // before anything is read
	e, err := a.cache.entry(key, version, now, func() ([]byte, error) {
		// Others may wait for it when this client has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), timeout)
		defer cancel()
		rep, err := rt.do(ctx, c)
		if err != nil {
			return nil, err
		}
		return encode(rep.body)
	})
	if err != nil {
		return err
	}
	if r.RequestURI != "" && len(r.RequestURI) <= aliasBytes {
		a.cache.aliases.Add(r.RequestURI, alias{key: key, keyless: rt.personal != nil})
	}
	e.write(w, r)
	return nil
}

// key tells answers apart: the path and the parameters that the route knows,
// none of which can run into the next.
func (c *call) key(rt route) string {
	var b strings.Builder
	b.WriteString(c.path)
	for _, name := range rt.params {
		b.WriteByte(0)
		b.WriteString(strconv.Quote(c.value(name)))
	}
	return b.String()
}
