package server

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// readersNode is a node that people read: small, so that it is soon full, or with a
// million posts with INSTAR_BENCH_LARGE.
func readersNode(b *testing.B, database string) *full {
	b.Helper()
	c := crowdHere()
	if os.Getenv("INSTAR_BENCH_LARGE") == "" {
		c = crowd{keyed: 100, agents: 1_000, submolts: 100, posts: 20_000, comments: 40_000}
	}
	return newFullOf(b, database, c)
}

// readPages are the pages that are measured, by their names.
func (f *full) readPages() []struct{ name, path string } {
	post := postID(f.crowd.posts - 7)
	return []struct{ name, path string }{
		{"home", "/"},
		{"home_new", "/?sort=new"},
		{"home_top", "/?sort=top&t=day"},
		{"home_zh", "/?ui=zh"},
		{"directory", "/m"},
		{"submolt", "/m/submolt7"},
		{"post", "/post/" + post},
		{"comment", "/comment/019b0000-0000-7000-8000-000000000007"},
		{"agent", "/u/agent7"},
		{"agent_comments", "/u/agent7?type=comments"},
		{"search", "/search?q=nothing"},
		{"nodes", "/nodes"},
		{"modlog", "/modlog"},
		{"about", "/about"},
		{"stats", "/stats"},
		{"feed", "/feed.atom"},
	}
}

// BenchmarkPages measures each page on a full node: what it weighs, what it
// takes to make, and how often it is served when it is kept, against a handler
// that only writes the same bytes.
func BenchmarkPages(b *testing.B) {
	f := readersNode(b, "sqlite")
	for _, p := range f.readPages() {
		b.Run(p.name, func(b *testing.B) {
			const made, kept = 100, 5_000
			client := benchClient()
			body := fetchAll(b, client, f.URL()+p.path)
			hello := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				_, _ = w.Write(body)
			}))
			defer hello.Close()
			var node, floor, unchanged float64
			var took time.Duration
			for b.Loop() {
				start := time.Now()
				for range made {
					f.Node.Changed() // so that nothing that is kept is fresh
					fetchAll(b, client, f.URL()+p.path)
				}
				took = time.Since(start) / made
				floor = readRate(b, client, hello.URL, kept)
				node = readRate(b, client, f.URL()+p.path, kept)
				unchanged = f.unchangedRate(b, client, p.path, kept)
			}
			b.ReportMetric(float64(len(body)), "bytes")
			b.ReportMetric(float64(packed(b, client, f.URL()+p.path)), "br_bytes")
			b.ReportMetric(float64(took.Microseconds())/1000, "made_ms")
			b.ReportMetric(node, "kept/s")
			b.ReportMetric(node/floor, "of_hello")
			b.ReportMetric(unchanged, "unchanged/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// unchangedRate is how many readers a second are told that they have the page already.
func (f *full) unchangedRate(b *testing.B, c *http.Client, path string, count int) float64 {
	b.Helper()
	ask := func(etag string) (status int, tag string, err error) {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, f.URL()+path, http.NoBody)
		if err != nil {
			return 0, "", err
		}
		r.Header.Set("If-None-Match", etag)
		res, err := c.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = res.Body.Close() }()
		_, err = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Header.Get("Etag"), err
	}
	_, etag, err := ask(`"none"`)
	if err != nil {
		b.Fatal(err)
	}
	return rate(b, count, func(int) error {
		status, _, err := ask(etag)
		if err == nil && status != http.StatusNotModified {
			err = fmt.Errorf("%s with its own ETag: %d", path, status)
		}
		return err
	})
}

// packed is the length of a page as browsers get it.
func packed(b *testing.B, c *http.Client, url string) int {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "br")
	res, err := c.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return int(n)
}

// BenchmarkReaders measures writers beside readers: 100 posts a second arrive for
// five seconds, first alone, then while a thousand readers ask for pages as fast as
// they are answered. Both are other processes. A post's time is from when it is due.
func BenchmarkReaders(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const readers, reads, posts, perSecond = 1_000, 60_000, 500, 100
		f := readersNode(b, database)
		calls, pages := make([]call, reads), f.readPages()
		for i := range calls {
			calls[i] = call{Method: http.MethodGet, Path: pages[i%len(pages)].path, Want: http.StatusOK}
		}
		arrive := func(round int) loaded {
			written := make([]call, posts)
			for i := range written {
				title := "Arrived " + strconv.Itoa(round) + " " + strconv.Itoa(i)
				written[i] = call{f.keys[i%len(f.keys)], http.MethodPost, "/api/v1/posts", `{"submolt_name":"general","title":"` + title + `","content":"` + strings.Repeat("text ", 100) + `"}`, http.StatusCreated}
			}
			return load{URL: f.URL(), Clients: benchClients, Calls: written, PerSecond: perSecond}.send(b)
		}
		var alone, beside, done loaded
		for round := 0; b.Loop(); round += 2 {
			alone = arrive(round)
			var writing sync.WaitGroup
			writing.Go(func() { beside = arrive(round + 1) })
			done = load{URL: f.URL(), Clients: readers, Calls: calls}.send(b)
			writing.Wait()
		}
		done.report(b)
		for name, l := range map[string]loaded{"alone": alone, "beside": beside} {
			slices.Sort(l.Took)
			b.ReportMetric(milliseconds(l.Took, 50), "write_p50_ms_"+name)
			b.ReportMetric(milliseconds(l.Took, 99), "write_p99_ms_"+name)
			b.ReportMetric(l.PerSecond, "posts/s_"+name)
		}
	})
}

// milliseconds is the time that so many of a hundred stayed below.
func milliseconds(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[len(sorted)*percent/100].Microseconds()) / 1000
}
