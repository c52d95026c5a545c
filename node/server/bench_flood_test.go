package server

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
)

// BenchmarkFlood measures what costs a node nothing but looking: requests that
// came before, activities that are known under a new signature, and forged
// ones. None may write, and of the forged ones but the first may ask for a key.
func BenchmarkFlood(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const count = 2_000
		s, peer, client := launchNode(b, database, Options{Idle: true}), newBenchPeer(b), benchClient()
		inbox, submolt := s.URL()+"/inbox", s.URL()+"/m/general"
		known := peer.creates(b, inbox, submolt, 0, count)
		rate(b, count, func(i int) error { return send(client, known[i], http.StatusAccepted) })
		for work(b, s.Worker.Receive) > 0 { // those that came before their author was known
		}
		forger := &benchPeer{Server: peer.Server}
		var err error
		if forger.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			b.Fatal(err)
		}
		for _, c := range []struct {
			name  string
			goal  float64
			want  int
			drawn func() []*http.Request
		}{
			{"replayed", 6_000, http.StatusAccepted, func() []*http.Request { return again(known) }},
			{"known", 6_000, http.StatusAccepted, func() []*http.Request { return peer.creates(b, inbox, submolt, 0, count) }},
			{"forged", 5_000, http.StatusUnauthorized, func() []*http.Request { return forger.creates(b, inbox, submolt, count, count) }},
		} {
			b.Run(c.name, func(b *testing.B) {
				var perSecond, used float64
				for b.Loop() {
					requests := c.drawn()
					version, written, asked, before := s.Node.Version(), walSize(s), peer.asked.Load(), cpu()
					perSecond = rate(b, count, func(i int) error { return send(client, requests[i], c.want) })
					used = float64((cpu() - before).Microseconds()) / count
					if v, w := s.Node.Version(), walSize(s); v != version || w != written {
						b.Errorf("something was written: version %d to %d, %d to %d bytes", version, v, written, w)
					}
					if n := peer.asked.Load() - asked; n > 1 {
						b.Errorf("the signer's server was asked %d times", n)
					}
				}
				b.ReportMetric(perSecond, "req/s")
				b.ReportMetric(used, "cpu_us/op")
				b.ReportMetric(c.goal, "goal")
				b.ReportMetric(0, "ns/op")
			})
		}
	})
}

// again are requests once more, with bodies that can be read once more.
func again(rs []*http.Request) []*http.Request {
	for _, r := range rs {
		if body, err := r.GetBody(); err == nil {
			r.Body = body
		}
	}
	return rs
}

// walSize is how much SQLite has written since its last checkpoint, 0 for PostgreSQL.
func walSize(s *Server) int64 {
	i, err := os.Stat(filepath.Join(s.cfg.DataDir, databaseFile+"-wal"))
	if err != nil {
		return 0
	}
	return i.Size() ^ i.ModTime().UnixNano()
}

// BenchmarkStrangers has a thousand actors that nobody knows send ten
// activities each, all at once: each of their servers may be asked once.
func BenchmarkStrangers(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const actors, each = 1_000, 10
		s, client := benchNode(b, database), benchClient()
		var asked atomic.Int64
		key := newBenchPeer(b).key
		at := func(host string) *benchPeer {
			return &benchPeer{Server: &httptest.Server{URL: "http://" + host}, key: key}
		}
		_, port := listenEverywhere(b, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/u/writer" {
				asked.Add(1)
			}
			at(r.Host).serve(w, r)
		})
		requests := make([]*http.Request, actors*each)
		rate(b, len(requests), func(i int) error {
			n := i % actors
			p := at(fmt.Sprintf("127.4.%d.%d:%s", n/250, 1+n%250, port))
			requests[i] = p.create(b, s.URL()+"/inbox", s.URL()+"/m/general", i/actors)
			return nil
		})
		var perSecond float64
		for b.Loop() {
			start := time.Now()
			rate(b, len(requests), func(i int) error { return send(client, requests[i], http.StatusAccepted) })
			drained(b, s, actors*each)
			perSecond = float64(len(requests)) / time.Since(start).Seconds()
		}
		if n := asked.Load(); n > actors {
			b.Errorf("%d actors were asked for %d times", actors, n)
		}
		b.ReportMetric(perSecond, "applied/s")
		b.ReportMetric(float64(asked.Load())/actors, "fetches/actor")
		b.ReportMetric(0, "ns/op")
	})
}

// farFor is the time that a request to a far peer and its answer are on their way.
const farFor = 250 * time.Millisecond

// farPeer is a peer that is far away. It looks at the order of what comes: a
// comment behind its post.
type farPeer struct {
	*benchPeer

	mu    sync.Mutex
	posts map[string]bool // guarded by mu
	wrong int             // guarded by mu: comments that came before their post
}

func newFarPeer(b *testing.B) *farPeer {
	b.Helper()
	f := &farPeer{benchPeer: &benchPeer{key: newBenchPeer(b).key}, posts: map[string]bool{}}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return // the node has gone
			}
			f.note(body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			<-time.After(farFor)
		}
		f.serve(w, r)
	}))
	f.Listener = farListener{f.Listener}
	f.Start()
	b.Cleanup(f.Close)
	return f
}

// farListener makes each new connection cost a round trip before its first
// request, so that a sender who does not keep them pays for it.
type farListener struct{ net.Listener }

func (l farListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &farConn{Conn: c}, nil
}

type farConn struct {
	net.Conn
	shook sync.Once
}

func (c *farConn) Read(b []byte) (int, error) {
	c.shook.Do(func() { <-time.After(farFor) })
	return c.Conn.Read(b) //nolint:wrapcheck // a connection's own errors are what the server expects
}

var postURI = regexp.MustCompile(`"(http[^"]*/post/[0-9a-f-]+)"`)

func (f *farPeer) note(body []byte) {
	m := postURI.FindSubmatch(body)
	if m == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch uri := string(m[1]); {
	case bytes.Contains(body, []byte(`"inReplyTo"`)) && !f.posts[uri]:
		f.wrong++
	default:
		f.posts[uri] = true
	}
}

// BenchmarkFar delivers to one inbox that is far away, one request an activity.
func BenchmarkFar(b *testing.B) {
	const count, goal = 1_000, 200
	s, far := launchNode(b, "sqlite", Options{Idle: true}), newFarPeer(b)
	author := benchAuthor(b, s, "writer")
	benchFollower(b, s, far.benchPeer, "general")
	var perSecond float64
	for b.Loop() {
		rate(b, count/2, func(i int) error {
			p, err := s.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: "Number " + strconv.Itoa(i), Content: "text"})
			if err == nil {
				_, err = s.Node.Comment(b.Context(), author, node.CommentDraft{PostID: p.ID, Content: "And a comment."})
			}
			return err
		})
		for n := 1; n > 0; {
			n = work(b, s.Worker.Expand)
		}
		before, start := far.got.Load(), time.Now()
		for far.got.Load()-before < count {
			work(b, s.Worker.Deliver)
		}
		perSecond = count / time.Since(start).Seconds()
	}
	if far.wrong > 0 {
		b.Errorf("%d comments came before their posts", far.wrong)
	}
	b.ReportMetric(perSecond, "delivered/s")
	b.ReportMetric(goal, "goal")
	b.ReportMetric(0, "ns/op")
}
