package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

const (
	fanHosts     = 1_000
	fanFollowers = 10 // of each host
	// slowFor is how long a slow host takes to answer.
	slowFor = 8 * time.Second
)

// sinks are many hosts on one listener: each is an address of loopback.
type sinks struct {
	*httptest.Server

	port string
	got  atomic.Int64
	last atomic.Int64  // when a healthy one got something
	quit chan struct{} // the slow ones end their waiting
}

func newSinks(b testing.TB) *sinks {
	b.Helper()
	s := &sinks{quit: make(chan struct{})}
	s.Server, s.port = listenEverywhere(b, s.serve)
	b.Cleanup(func() { close(s.quit) })
	return s
}

// listenEverywhere serves every address of loopback on one port.
func listenEverywhere(b testing.TB, h http.HandlerFunc) (s *httptest.Server, port string) {
	b.Helper()
	l, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "0.0.0.0:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	s = httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	b.Cleanup(s.Close)
	return s, port
}

func (s *sinks) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	if strings.HasPrefix(r.Host, "127.3.") {
		select {
		case <-time.After(slowFor):
		case <-s.quit:
		case <-r.Context().Done():
		}
	} else {
		s.last.Store(time.Now().UnixNano())
		s.got.Add(1)
	}
	w.WriteHeader(http.StatusAccepted)
}

// fan is who gets a post: hosts that are well, dead ones and slow ones.
type fan struct {
	scheme     string
	dead, slow int
}

// host names the i-th host.
func (f fan) host(s *sinks, i int) string {
	network, port := 1, s.port
	switch {
	case i < f.dead:
		network, port = 2, "1" // nobody listens there
	case i < f.dead+f.slow:
		network = 3
	}
	return fmt.Sprintf("127.%d.%d.%d:%s", network, i/250, 1+i%250, port)
}

// follow gives m/general followers on all hosts.
func (f fan) follow(b testing.TB, s *Server, to *sinks) {
	b.Helper()
	general, err := s.Node.Submolt(b.Context(), "general")
	if err != nil {
		b.Fatal(err)
	}
	err = s.store.Tx(b.Context(), func(ctx context.Context, q storage.Queries) error {
		for i := range fanHosts {
			host := f.host(to, i)
			inbox := "http://" + host + "/inbox"
			if err := q.OpenLane(ctx, inbox, host, host); err != nil {
				return err
			}
			if err := q.AddMember(ctx, general.URI, inbox, fanFollowers); err != nil {
				return err
			}
			if err := q.PutHost(ctx, storage.Host{Host: host, CheckedAt: time.Now().UnixMilli(), CreatedAt: time.Now().UnixMilli()}); err != nil {
				return err
			}
			if err := q.PutHostScheme(ctx, storage.HostScheme{Host: host, Scheme: f.scheme, LearnedAt: time.Now().UnixMilli()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFanOut delivers one post to 10,000 followers on 1,000 hosts. The
// healthy ones of a fan with 10 % dead and 10 % slow hosts are compared with
// those of one without; the processor's time with that of bare RSA signing.
func BenchmarkFanOut(b *testing.B) {
	key := newBenchPeer(b).key
	eachDatabase(b, func(b *testing.B, database string) {
		used := cpu()
		bareSigning(b, key)
		signing := float64((cpu() - used).Microseconds()) / bareSignings
		well := map[string]float64{}
		for _, c := range []struct {
			name string
			fan  fan
		}{
			{"rsa", fan{scheme: node.SchemeCavage}},
			{"rsa_sick", fan{scheme: node.SchemeCavage, dead: fanHosts / 10, slow: fanHosts / 10}},
			{"ed25519", fan{scheme: node.SchemeEd25519}},
			{"ed25519_sick", fan{scheme: node.SchemeEd25519, dead: fanHosts / 10, slow: fanHosts / 10}},
		} {
			b.Run(c.name, func(b *testing.B) {
				healthy := int64(fanHosts - c.fan.dead - c.fan.slow)
				var last, cost, answered float64
				for b.Loop() {
					b.StopTimer()
					s, to := benchNode(b, database), newSinks(b)
					author := benchAuthor(b, s, "writer")
					c.fan.follow(b, s, to)
					b.StartTimer()
					used, start := cpu(), time.Now()
					benchPost(b, s, author, "To everybody")
					answered = float64(time.Since(start).Microseconds()) / 1e3
					to.wait(b, healthy)
					last = time.Unix(0, to.last.Load()).Sub(start).Seconds()
					cost = float64((cpu() - used).Microseconds()) / float64(healthy)
				}
				kind, _, sick := strings.Cut(c.name, "_")
				perHost := last / float64(healthy)
				if sick {
					b.ReportMetric(perHost/well[kind], "of_healthy")
				}
				well[kind] = perHost
				b.ReportMetric(last, "last_s")
				b.ReportMetric(answered, "answer_ms")
				b.ReportMetric(cost, "cpu_us/delivery")
				b.ReportMetric(cost/signing, "of_rsa_signing")
				b.ReportMetric(0, "ns/op")
			})
		}
	})
}

func benchPost(b testing.TB, s *Server, author node.Author, title string) {
	b.Helper()
	if _, err := s.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: title, Content: strings.Repeat("text ", 200)}); err != nil {
		b.Fatal(err)
	}
}

// wait waits until the healthy hosts have so much.
func (s *sinks) wait(b testing.TB, count int64) {
	b.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for tick := time.Tick(time.Millisecond); s.got.Load() < count; <-tick {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d deliveries after two minutes", s.got.Load(), count)
		}
	}
}

// BenchmarkQueue tells how the cost of one post grows while nobody delivers, up
// to 10^6 deliveries that wait.
func BenchmarkQueue(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const posts, part = 1_000, 100
		s, to := launchNode(b, database, Options{Idle: true}), newSinks(b)
		author := benchAuthor(b, s, "writer")
		fan{scheme: node.SchemeEd25519}.follow(b, s, to)
		write := func(from int) float64 {
			start := time.Now()
			for i := range part {
				benchPost(b, s, author, "Number "+strconv.Itoa(from+i))
				if i%10 == 9 {
					work(b, s.Worker.Expand)
				}
			}
			return float64(time.Since(start).Microseconds()) / part
		}
		var first, last float64
		for b.Loop() {
			write(-part) // prepares the statements
			for from := 0; from < posts; from += part {
				if last = write(from); from == 0 {
					first = last
				}
			}
		}
		b.ReportMetric(float64(posts+part)*fanHosts, "waiting")
		b.ReportMetric(first, "first_us/post")
		b.ReportMetric(last, "last_us/post")
		b.ReportMetric(last/first, "growth")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkBacklog has a node that was away get what was written meanwhile from
// another one, in batches and one by one: both on this machine. Meanwhile agents
// of the node look in and write, a hundred times a second.
func BenchmarkBacklog(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		whole, count := 550_000, 4_000
		if os.Getenv("INSTAR_BENCH_LARGE") != "" {
			count = whole
		}
		from, to := launchNode(b, database, Options{Idle: true}), benchNode(b, database)
		author, reader := benchAuthor(b, from, "writer"), benchAuthor(b, to, "reader")
		host := strings.TrimPrefix(from.URL(), "http://")
		submolt := "general@" + host
		meet(b, from, func() error {
			_, _, err := to.Node.Follow(b.Context(), reader, submolt, storage.KindSubmolt)
			return err
		})
		benchPost(b, from, author, "The first")
		arrived(b, from, to, submolt, 1)
		asker, err := to.Node.Register(b.Context(), "asker", "", "")
		if err != nil {
			b.Fatal(err)
		}
		posted := int64(1)
		drain := func(count int) (perSecond float64, agents loaded) {
			rate(b, count, func(i int) error {
				_, err := from.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: "Number " + strconv.Itoa(i), Content: strings.Repeat("text ", 200)})
				return err
			})
			for n := 1; n > 0; {
				n = work(b, from.Worker.Expand)
			}
			posted += int64(count)
			var looking sync.WaitGroup
			looking.Go(func() { agents = lookIn(to, asker.Key, count/4_000).send(b) }) // over before all is there
			start := time.Now()
			arrived(b, from, to, submolt, posted)
			perSecond = float64(count) / time.Since(start).Seconds()
			looking.Wait()
			slices.Sort(agents.Took)
			return perSecond, agents
		}
		var batched, alone float64
		var agents loaded
		for b.Loop() {
			batched, agents = drain(count)
			if err := from.Node.KeepBatchInbox(b.Context(), strings.TrimPrefix(to.URL(), "http://"), ""); err != nil {
				b.Fatal(err)
			}
			alone, _ = drain(min(count, 4_000))
		}
		b.ReportMetric(batched, "batched/s")
		b.ReportMetric(alone, "alone/s")
		b.ReportMetric(batched/alone, "of_alone")
		b.ReportMetric(float64(whole)/batched, "s_for_550000")
		b.ReportMetric(milliseconds(agents.Took, 50), "agents_p50_ms")
		b.ReportMetric(milliseconds(agents.Took, 99), "agents_p99_ms")
		b.ReportMetric(0, "ns/op")
	})
}

// meet repeats a command that needs the other node until that has answered.
func meet(b *testing.B, other *Server, try func() error) {
	b.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); ; <-tick {
		err := try()
		for _, batch := range other.Worker.Batches() {
			work(b, batch)
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
}

// arrived has a node deliver until the other one has so many posts.
func arrived(b *testing.B, from, to *Server, submolt string, posts int64) {
	b.Helper()
	deadline := time.Now().Add(10 * time.Minute)
	for tick := time.Tick(20 * time.Millisecond); ; {
		n := work(b, from.Worker.Receive) + work(b, from.Worker.Hosts) + work(b, from.Worker.Expand) + work(b, from.Worker.Deliver)
		m, err := to.Node.Submolt(b.Context(), submolt)
		if err == nil && m.PostCount >= posts {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d posts: %v", m.PostCount, posts, err)
		}
		if n == 0 {
			<-tick
		}
	}
}

// lookIn is what agents ask and write for so many seconds, a hundred times in each.
func lookIn(n *Server, key string, seconds int) load {
	l := load{URL: n.URL(), Clients: benchClients, PerSecond: 100}
	for i := range 100 * seconds {
		c := call{Key: key, Method: http.MethodGet, Path: []string{"/api/v1/posts?sort=hot", "/api/v1/home", "/api/v1/feed?sort=new", "/api/v1/posts?sort=new"}[i%4]}
		if i%5 == 4 {
			c = call{key, http.MethodPost, "/api/v1/posts", `{"submolt_name":"general","title":"Meanwhile ` + strconv.Itoa(i) + `","content":"Something else."}`, http.StatusCreated}
		}
		l.Calls = append(l.Calls, c)
	}
	return l
}
