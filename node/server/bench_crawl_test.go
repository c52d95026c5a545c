package server

import (
	"html"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bounds of a crawl: a node has some addresses more than posts and comments, and
// a small run reads those of the first steps.
const (
	crawlClients = 8
	crawlMost    = 2_000_000 // addresses
	crawlSmall   = 3_000
)

var (
	crawlLinks = regexp.MustCompile(`<a\b[^>]*\bhref="(/[^"#]*)[^>]*>`)
	crawlMaps  = regexp.MustCompile(`<loc>([^<]+)</loc>`)
)

// crawler walks everything that robots.txt lets it walk, from the home page and the map on.
type crawler struct {
	f      *full
	client *http.Client
	closed []string // where robots.txt lets nobody in

	most int

	mu   sync.Mutex
	seen map[string]bool // guarded by mu
	next []string        // guarded by mu
}

// found adds the addresses that a body leads to.
func (c *crawler) found(body string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range crawlLinks.FindAllStringSubmatch(body, -1) {
		if !strings.Contains(m[0], "nofollow") {
			c.add(html.UnescapeString(m[1]))
		}
	}
	for _, m := range crawlMaps.FindAllStringSubmatch(body, -1) {
		c.add(strings.TrimPrefix(html.UnescapeString(m[1]), c.f.Node.BaseURL()))
	}
}

// add is called with mu held.
func (c *crawler) add(path string) {
	for _, prefix := range c.closed {
		if strings.HasPrefix(path, prefix) {
			return
		}
	}
	if !c.seen[path] && strings.HasPrefix(path, "/") && len(c.seen) < c.most {
		c.seen[path] = true
		c.next = append(c.next, path)
	}
}

// walk asks for all that was found, round by round, and returns the bytes that came.
func (c *crawler) walk(b *testing.B) (total int64) {
	b.Helper()
	for {
		c.mu.Lock()
		round := c.next
		c.next = nil
		c.mu.Unlock()
		if len(round) == 0 {
			return total
		}
		var mu sync.Mutex
		rateBy(b, crawlClients, len(round), func(i int) error {
			body := fetchAll(b, c.client, c.f.URL()+round[i]) // fails for any answer but 200
			mu.Lock()
			total += int64(len(body))
			mu.Unlock()
			c.found(string(body))
			return nil
		})
		if b.Failed() {
			return total
		}
	}
}

// BenchmarkCrawl measures a crawler that walks all pages of a full node, each
// once: no page is kept when it comes. All answers are 200.
func BenchmarkCrawl(b *testing.B) {
	f := readersNode(b, "sqlite")
	most := crawlMost
	if os.Getenv("INSTAR_BENCH_LARGE") == "" {
		most = crawlSmall
	}
	var requests, second, bytes float64
	for b.Loop() {
		client := benchClient()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c := &crawler{f: f, client: client, most: most, seen: map[string]bool{}}
		for line := range strings.Lines(string(fetchAll(b, client, f.URL()+"/robots.txt"))) {
			if prefix, ok := strings.CutPrefix(strings.TrimSpace(line), "Disallow: "); ok && !strings.Contains(prefix, "*") {
				c.closed = append(c.closed, prefix)
			}
		}
		c.add("/")
		c.add("/sitemap.xml")
		start := time.Now()
		total := c.walk(b)
		requests = float64(len(c.seen))
		second, bytes = requests/time.Since(start).Seconds(), float64(total)/requests
	}
	b.ReportMetric(requests, "pages")
	b.ReportMetric(second, "pages/s")
	b.ReportMetric(bytes, "bytes/page")
	b.ReportMetric(0, "ns/op")
}
