package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// The benchmarks measure the node against a floor of the same run: the least
// that any server must do for the same answer, on the same store and by the
// same clients. Run them with "make bench"; ratios hold where times do not.

const benchClients = 32

// benchNode starts a node without limits; background work runs.
func benchNode(b testing.TB, database string) *Server {
	b.Helper()
	return launchNode(b, database, Options{})
}

func launchNode(b testing.TB, database string, o Options) *Server {
	b.Helper()
	l, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	cfg, err := LoadConfig(map[string]string{
		"listen": l.Addr().String(), "data_dir": dir, "limits.enabled": "false", "database_url": benchDatabase(b, database),
	}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	o.Listener = l
	s, err := New(b.Context(), cfg, o)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	})
	return s
}

func benchDatabase(b testing.TB, database string) string {
	b.Helper()
	if database == "postgres" {
		return storagetest.PostgresURL(b)
	}
	return ""
}

// eachDatabase runs a benchmark on both.
func eachDatabase(b *testing.B, f func(b *testing.B, database string)) {
	b.Helper()
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) { f(b, name) })
	}
}

func benchClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchClients, MaxConnsPerHost: benchClients}}
}

// rate runs count calls with benchClients in parallel and returns how many a second.
func rate(b *testing.B, count int, call func(i int) error) float64 {
	b.Helper()
	return rateBy(b, benchClients, count, call)
}

// rateBy is rate with so many calls in parallel.
func rateBy(b *testing.B, clients, count int, call func(i int) error) float64 {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(count) / time.Since(start).Seconds()
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// used is processor time in microseconds: of this process, clients and all, and
// of the database's where that is another one.
type used struct{ here, database float64 }

func usedBy(database string) used {
	return used{float64(cpu().Microseconds()), float64(databaseCPU(database).Microseconds())}
}

// since is what each of so many operations has used since.
func (u used) since(before used, count float64) used {
	return used{(u.here - before.here) / count, (u.database - before.database) / count}
}

// benchPeer is a server with one agent that posts, and an inbox that answers 202.
type benchPeer struct {
	*httptest.Server

	key   *rsa.PrivateKey
	got   atomic.Int64 // activities, alone and in batches
	asked atomic.Int64 // how often for an actor
}

func newBenchPeer(b *testing.B) *benchPeer {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	p := &benchPeer{key: key}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	b.Cleanup(p.Close)
	return p
}

func (p *benchPeer) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/batch") {
		p.serveBatch(w, r)
		return
	}
	if r.Method == http.MethodPost {
		_, _ = io.Copy(io.Discard, r.Body)
		p.got.Add(1)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	p.asked.Add(1)
	kind := "Service"
	switch {
	case r.URL.Path == "/":
		kind = "Application"
	case !strings.HasPrefix(r.URL.Path, "/u/"):
		http.NotFound(w, r)
		return
	}
	der, _ := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
	id := p.URL + r.URL.Path
	w.Header().Set("Content-Type", "application/activity+json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": kind,
		"preferredUsername": strings.TrimPrefix(r.URL.Path, "/u/"), "inbox": id + "/inbox", "outbox": id + "/outbox",
		"endpoints": map[string]string{"sharedInbox": p.URL + "/inbox"},
		"publicKey": map[string]string{
			"id": id + "#main-key", "owner": id,
			"publicKeyPem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		},
	})
}

// create is a signed Create of a 3 KB post to a submolt.
func (p *benchPeer) create(b *testing.B, target, submolt string, i int) *http.Request {
	b.Helper()
	return p.signed(b, target, p.URL+"/u/writer", p.activity(b, submolt, i))
}

// activity is a Create of a 3 KB post to a submolt.
func (p *benchPeer) activity(b *testing.B, submolt string, i int) []byte {
	b.Helper()
	actor := p.URL + "/u/writer"
	id := p.URL + "/post/" + strconv.Itoa(i)
	body, err := json.Marshal(map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "id": p.URL + "/activity/" + strconv.Itoa(i), "type": "Create", "actor": actor,
		"to": []string{submolt, "https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{}, "audience": submolt,
		"object": map[string]any{
			"id": id, "type": "Page", "attributedTo": actor, "name": "Post number " + strconv.Itoa(i), "audience": submolt,
			"to": []string{submolt, "https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{},
			"content":   "<p>" + strings.Repeat("Agents write and humans read. ", 35) + "</p>",
			"source":    map[string]string{"content": strings.Repeat("Agents write and humans read. ", 35), "mediaType": "text/markdown"},
			"mediaType": "text/html", "published": "2026-11-23T10:00:00Z",
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// signed is a POST signed by an actor.
func (p *benchPeer) signed(b *testing.B, target, actor string, body []byte) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/activity+json")
	if err := signature.Sign(r, body, signature.Key{ID: actor + "#main-key", Private: p.key}, time.Now()); err != nil {
		b.Fatal(err)
	}
	return r
}

// creates signs many, on all processors.
func (p *benchPeer) creates(b *testing.B, target, submolt string, from, count int) []*http.Request {
	b.Helper()
	rs := make([]*http.Request, count)
	rate(b, count, func(i int) error {
		rs[i] = p.create(b, target, submolt, from+i)
		return nil
	})
	return rs
}

func send(c *http.Client, r *http.Request, want int) error {
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("%s %s: status %d, want %d", r.Method, r.URL, res.StatusCode, want)
	}
	return nil
}

// BenchmarkInbound compares signed Creates, fully applied, with the floor:
// read, digest, verify, one durable grouped insert, 202.
func BenchmarkInbound(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const count, warm = 4_000, 200
		s, peer, client := benchNode(b, database), newBenchPeer(b), benchClient()
		submolt := s.URL() + "/m/general"
		for _, r := range peer.creates(b, s.URL()+"/inbox", submolt, 0, warm) {
			if err := send(client, r, http.StatusAccepted); err != nil {
				b.Fatal(err)
			}
		}
		floorURL := inboundFloor(b, database, &peer.key.PublicKey)
		requests := peer.creates(b, s.URL()+"/inbox", submolt, warm, count)
		floorRequests := peer.creates(b, floorURL+"/inbox", submolt, warm, count)
		var node, floor float64
		var nodeCPU, floorCPU used
		for b.Loop() {
			before := usedBy(database)
			floor = rate(b, count, func(i int) error { return send(client, floorRequests[i], http.StatusAccepted) })
			floorCPU = usedBy(database).since(before, count)
			before, start := usedBy(database), time.Now()
			accepted := rate(b, count, func(i int) error { return send(client, requests[i], http.StatusAccepted) })
			drained(b, s, count+warm)
			node = count / time.Since(start).Seconds()
			nodeCPU = usedBy(database).since(before, count)
			b.ReportMetric(accepted, "accepted/s")
		}
		b.ReportMetric(node, "applied/s")
		b.ReportMetric(floor, "floor/s")
		b.ReportMetric(node/floor, "of_floor")
		b.ReportMetric(nodeCPU.here, "cpu_us/op")
		b.ReportMetric(floorCPU.here, "floor_cpu_us/op")
		b.ReportMetric(nodeCPU.database, "db_us/op")
		b.ReportMetric(floorCPU.database, "floor_db_us/op")
		b.ReportMetric((floorCPU.here+floorCPU.database)/(nodeCPU.here+nodeCPU.database), "of_floor_cpu")
		b.ReportMetric(0, "ns/op")
	})
}

// drained waits until so many posts are there.
func drained(b *testing.B, s *Server, posts int64) {
	b.Helper()
	changed, stop := s.Node.Wake()
	defer stop()
	for {
		m, err := s.Node.Submolt(b.Context(), "general")
		if err != nil {
			b.Fatal(err)
		}
		if m.PostCount >= posts {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			b.Fatalf("%d posts of %d after a minute without change", m.PostCount, posts)
		}
	}
}

func inboundFloor(b *testing.B, database string, key *rsa.PublicKey) string {
	b.Helper()
	store := storagetest.SQLite
	if database == "postgres" {
		store = storagetest.Postgres
	}
	db := store(b)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			var sig signature.Signature
			if sig, err = signature.Parse(r); err == nil {
				err = signature.Verify(r, body, sig, key, time.Now())
			}
		}
		if err == nil {
			id := rand.Text()
			err = db.Grouped(r.Context(), func(ctx context.Context, q storage.Queries) error {
				return q.InsertReceived(ctx, storage.Received{ID: id, ActivityID: id, Type: "Create", Body: body})
			})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	b.Cleanup(srv.Close)
	return srv.URL
}

// BenchmarkOutbound compares the delivery of a backlog to one inbox with bare
// RSA signing on all processors, by the clock and by the processor's time; the
// server that takes it is a part of both.
func BenchmarkOutbound(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const count = 6_000
		s, peer := launchNode(b, database, Options{Idle: true}), newBenchPeer(b)
		author := benchAuthor(b, s, "writer")
		benchFollower(b, s, peer, "general")
		var delivered, floor, cost, floorCost float64
		for b.Loop() {
			rate(b, count, func(i int) error {
				_, err := s.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: "Number " + strconv.Itoa(i), Content: strings.Repeat("text ", 200)})
				return err
			})
			for n := 1; n > 0; {
				n = work(b, s.Worker.Expand)
			}
			used := cpu()
			floor = bareSigning(b, peer.key)
			floorCost = float64((cpu() - used).Microseconds()) / bareSignings
			before, start := peer.got.Load(), time.Now()
			used = cpu()
			for peer.got.Load()-before < count {
				work(b, s.Worker.Deliver)
			}
			delivered = count / time.Since(start).Seconds()
			cost = float64((cpu() - used).Microseconds()) / count
		}
		b.ReportMetric(delivered, "delivered/s")
		b.ReportMetric(floor, "signatures/s")
		b.ReportMetric(delivered/floor, "of_signing")
		b.ReportMetric(floorCost/cost, "of_signing_cpu")
		b.ReportMetric(0, "ns/op")
	})
}

// work does one batch of background work.
func work(b *testing.B, batch func(context.Context) (int, error)) int {
	b.Helper()
	n, err := batch(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return n
}

const bareSignings = 3_000

func bareSigning(b *testing.B, key *rsa.PrivateKey) float64 {
	b.Helper()
	body := bytes.Repeat([]byte("x"), 2_500)
	return rate(b, bareSignings, func(int) error {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://127.0.0.1:1/inbox", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/activity+json")
		return signature.Sign(r, body, signature.Key{ID: "http://127.0.0.1/u/a#main-key", Private: key}, time.Now())
	})
}

// benchFollower makes the peer's agent a follower of a submolt.
func benchFollower(b *testing.B, s *Server, p *benchPeer, submolt string) {
	b.Helper()
	actor := p.URL + "/u/reader"
	body := []byte(`{"@context":"https://www.w3.org/ns/activitystreams","id":"` + p.URL + `/follow/1","type":"Follow","actor":"` + actor + `","object":"` + s.URL() + "/m/" + submolt + `"}`)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL()+"/inbox", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/activity+json")
	if err := signature.Sign(r, body, signature.Key{ID: actor + "#main-key", Private: p.key}, time.Now()); err != nil {
		b.Fatal(err)
	}
	before := p.got.Load()
	if err := send(benchClient(), r, http.StatusAccepted); err != nil {
		b.Fatal(err)
	}
	for p.got.Load() == before { // until the Accept has come
		work(b, s.Worker.Receive)
		work(b, s.Worker.Expand)
		work(b, s.Worker.Deliver)
	}
}

func benchAuthor(b testing.TB, s *Server, name string) node.Author {
	b.Helper()
	r, err := s.Node.Register(b.Context(), name, "", "")
	if err != nil {
		b.Fatal(err)
	}
	p, err := s.Node.Authenticate(b.Context(), r.Key)
	if err != nil {
		b.Fatal(err)
	}
	a, err := p.Author()
	if err != nil {
		b.Fatal(err)
	}
	return a
}
