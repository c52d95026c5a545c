package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// pressFrom is the size below which compression does not pay.
	pressFrom = 1 << 10
	// brotliLevel is as dear as gzip's middle levels, and smaller than its best.
	brotliLevel = 4
)

// The codings that are offered (RFC 9659, RFC 7932, RFC 1952).
const (
	codingZstd   = "zstd"
	codingBrotli = "br"
	codingGzip   = "gzip"
)

// press compresses fast: under writes a page may be made for one reader only.
// It is safe for concurrent use.
type press struct {
	zstd   *zstd.Encoder // its EncodeAll is safe for concurrent use
	brotli sync.Pool     // of *brotli.Writer
	gzip   sync.Pool     // of *gzip.Writer
}

func newPress() *press {
	p := &press{}
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

func (p *press) encode(coding string, body []byte) []byte {
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

// pressed holds the compressed forms of one body; each is made for the first
// reader who can read it.
type pressed struct {
	by                  *press
	zstd, brotli, gzip  []byte
	zstd1, brotli1, gz1 sync.Once
}

// as returns the body in a coding.
func (p *pressed) as(coding string, body []byte) []byte {
	form, once := &p.gzip, &p.gz1
	switch coding {
	case codingZstd:
		form, once = &p.zstd, &p.zstd1
	case codingBrotli:
		form, once = &p.brotli, &p.brotli1
	}
	once.Do(func() { *form = p.by.encode(coding, body) })
	return *form
}

// coding reads Accept-Encoding (RFC 9110 §12.5.3): the coding that is wanted
// most, and of those that are as welcome the one that is made fastest; "" for
// the body as it is.
func coding(header string) string {
	best, bestQ, bestRank := "", 0.0, 0
	for one := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(one, ";")
		name, rank := ranked(strings.ToLower(strings.TrimSpace(name)))
		if q := quality(params); rank > 0 && q > 0 && (q > bestQ || q == bestQ && rank > bestRank) {
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
