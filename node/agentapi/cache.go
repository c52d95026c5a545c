package agentapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"instar.example/node"
)

// Bounds of the cache.
const (
	cacheBytes   = 64 << 20
	cacheEntries = 1 << 16
	entryBytes   = cacheBytes / 16 // larger ones are served and not kept
	// entryAge is how old an answer may be: "rising" looks at the time.
	entryAge = 60 * time.Second
	// gzipFrom is the size from which compression pays.
	gzipFrom = 1 << 10

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
	zips    sync.Pool // of *gzip.Writer: a new one takes a megabyte

	mu    sync.Mutex
	lru   *simplelru.LRU[string, *entry] // guarded by mu
	bytes int                            // guarded by mu
}

// alias is what an address means.
type alias struct {
	key string
	// keyless answers are for those who show no key.
	keyless bool
}

// entry is an answer, ready to be sent. It never changes, but for being
// compressed when the first client asks for that.
type entry struct {
	version int64
	madeAt  time.Time
	etag    []string
	body    []byte
	size    []string

	zips   *sync.Pool // of *gzip.Writer
	zip    sync.Once
	zipped []byte // set by zip; nil where it does not pay
	zsize  []string
}

func newCache() *cache {
	c := &cache{}
	// The only error of both is a size below 1.
	c.lru, _ = simplelru.NewLRU(cacheEntries, func(key string, e *entry) { c.bytes -= cost(key, e) })
	c.aliases, _ = lru.New[string, alias](aliasEntries)
	c.zips.New = func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the only error is another level
		return z
	}
	return c
}

// entryOverhead is about what an entry takes besides its bytes.
const entryOverhead = 512

// cost is what an entry takes when it is compressed, too.
func cost(key string, e *entry) int { return len(key) + len(e.body) + len(e.body)/4 + entryOverhead }

func (c *cache) fresh(key string, version int64, now time.Time) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.lru.Get(key)
	if !found || e.version != version || now.Sub(e.madeAt) >= entryAge {
		return nil
	}
	return e
}

func (c *cache) keep(key string, e *entry) {
	n := cost(key, e)
	if n > entryBytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, found := c.lru.Peek(key); found && old.version > e.version {
		return
	}
	c.lru.Remove(key) // so that its bytes are counted off
	for c.bytes += n; c.bytes > cacheBytes; {
		c.lru.RemoveOldest()
	}
	c.lru.Add(key, e)
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
		e := newEntry(body, version, now, &c.zips)
		c.keep(key, e)
		return e, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*entry), nil
}

func newEntry(body []byte, version int64, now time.Time, zips *sync.Pool) *entry {
	sum := sha256.Sum256(body)
	return &entry{
		version: version, madeAt: now, body: body, zips: zips, size: []string{strconv.Itoa(len(body))},
		// Weak: the compressed form is the same answer.
		etag: []string{`W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`},
	}
}

// compressed is the entry's body and size as clients of gzip get it; false where it does not pay.
func (e *entry) compressed() (body []byte, size []string, pays bool) {
	e.zip.Do(func() {
		if len(e.body) < gzipFrom {
			return
		}
		z := e.zips.Get().(*gzip.Writer)
		defer e.zips.Put(z)
		var b bytes.Buffer
		z.Reset(&b)
		_, err := z.Write(e.body)
		if errors.Join(err, z.Close()) == nil { // a buffer refuses nothing
			e.zipped, e.zsize = bytes.Clone(b.Bytes()), []string{strconv.Itoa(b.Len())}
		}
	})
	return e.zipped, e.zsize, e.zipped != nil
}

// Values of headers, made once; nobody changes them.
var (
	typeJSON = []string{mediaType}
	askAgain = []string{"no-cache"} // may be kept, and is asked about each time
	varies   = []string{"Accept-Encoding, Authorization, X-API-Key"}
	zipped   = []string{"gzip"}
)

// write answers with the entry, or with 304 when the client has it (RFC 9110 §13.1.2).
func (e *entry) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Etag"], h["Cache-Control"], h["Vary"] = e.etag, askAgain, varies
	if have := r.Header.Get("If-None-Match"); have != "" && matches(have, e.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = typeJSON
	body, size := e.body, e.size
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if b, n, pays := e.compressed(); pays {
			h["Content-Encoding"] = zipped
			body, size = b, n
		}
	}
	h["Content-Length"] = size
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) //nolint:gosec // JSON and marked so, never a page; the client may be gone
}

// matches compares weakly, as If-None-Match wants it.
func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3).
func acceptsGzip(header string) bool {
	for one := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(one, ";")
		if strings.TrimSpace(coding) != "gzip" {
			continue
		}
		weight, has := strings.CutPrefix(strings.TrimSpace(params), "q=")
		q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		return !has || (err == nil && q > 0)
	}
	return false
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
