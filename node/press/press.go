// Package press makes answers small, and not sent twice: it compresses a body in
// the coding that a client wants most, and answers 304 to one that has it. It is
// not a cache: what is kept, and for how long, its callers know.
package press

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// From is the size below which compression does not pay.
	From = 1 << 10
	// brotliLevel is as dear as gzip's middle levels, and smaller than its best.
	brotliLevel = 4
)

// The codings that are offered (RFC 9659, RFC 7932, RFC 1952).
const (
	codingZstd   = "zstd"
	codingBrotli = "br"
	codingGzip   = "gzip"
)

// Press compresses fast: under writes an answer may be made for one client only.
// It is safe for concurrent use.
type Press struct {
	zstd   *zstd.Encoder // its EncodeAll is safe for concurrent use
	brotli sync.Pool     // of *brotli.Writer
	gzip   sync.Pool     // of *gzip.Writer
}

// New returns a Press. What takes memory is made when it is first needed.
func New() *Press {
	p := &Press{}
	// These options are sound, so that there is no error.
	p.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(1<<19), zstd.WithLowerEncoderMem(true))
	p.brotli.New = func() any { return brotli.NewWriterLevel(io.Discard, brotliLevel) }
	p.gzip.New = func() any {
		z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // a level that exists
		return z
	}
	return p
}

// resetter is what the writers have in common.
type resetter interface {
	io.WriteCloser
	Reset(w io.Writer)
}

func (p *Press) encode(coding string, body []byte) []byte {
	switch coding {
	case codingZstd:
		return p.zstd.EncodeAll(body, make([]byte, 0, len(body)/3))
	case codingBrotli:
		return through(&p.brotli, body)
	default:
		return through(&p.gzip, body)
	}
}

func through(pool *sync.Pool, body []byte) []byte {
	z, _ := pool.Get().(resetter)
	defer pool.Put(z)
	var b bytes.Buffer
	z.Reset(&b)
	_, _ = z.Write(body) // a Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// Forms holds the compressed forms of one body; each is made for the first
// client that can read it.
type Forms struct {
	by                  *Press
	plain               []byte
	zstd, brotli, gzip  []byte
	zstd1, brotli1, gz1 sync.Once
}

// Forms are the forms of a body, of which none is made yet; nil for one that compression does not pay for.
func (p *Press) Forms(body []byte) *Forms {
	if len(body) < From {
		return nil
	}
	return &Forms{by: p, plain: body}
}

// As returns the body in a coding that Coding chose.
func (f *Forms) As(coding string) []byte {
	form, once := &f.gzip, &f.gz1
	switch coding {
	case codingZstd:
		form, once = &f.zstd, &f.zstd1
	case codingBrotli:
		form, once = &f.brotli, &f.brotli1
	}
	once.Do(func() { *form = f.by.encode(coding, f.plain) })
	return *form
}

// Serve answers 200 with the body that the forms are of, or 304 where the client
// has it (RFC 9110 §13.1.2). Nil forms are those of a body that is too small.
// Other headers, Vary among them, are its caller's.
func (f *Forms) Serve(w http.ResponseWriter, r *http.Request, body []byte, etag string) {
	h := w.Header()
	h["Etag"] = []string{etag}
	if Matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if coding := Coding(r.Header.Get("Accept-Encoding")); f != nil && coding != "" {
		h["Content-Encoding"] = []string{coding}
		h["Etag"] = []string{"W/" + strings.TrimPrefix(etag, "W/")} // not the very bytes that a strong one names
		body = f.As(coding)
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone
	}
}

// ETag names a body. It is weak: the compressed forms are the same answer.
func ETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// Matches compares weakly, as If-None-Match wants it.
func Matches(header, etag string) bool {
	if header == "" {
		return false
	}
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// Coding reads Accept-Encoding (RFC 9110 §12.5.3): the coding that is wanted
// most, and of those that are as welcome the one that is made fastest; "" for
// the body as it is.
func Coding(header string) string {
	best, bestQ, bestRank := "", 0.0, 0
	for one := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(one, ";")
		name, rank := ranked(strings.ToLower(strings.TrimSpace(name)))
		if q := Quality(params); rank > 0 && q > 0 && (q > bestQ || q == bestQ && rank > bestRank) {
			best, bestQ, bestRank = name, q, rank
		}
	}
	return best
}

func ranked(name string) (coding string, rank int) {
	switch name {
	case codingZstd:
		return codingZstd, 3
	case codingBrotli:
		return codingBrotli, 2
	case codingGzip, "x-gzip":
		return codingGzip, 1
	default:
		return "", 0
	}
}

// Quality reads the q among parameters; 1 when there is none, 0 when it is not a number.
func Quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}
