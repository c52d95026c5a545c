package server

import (
	"context"
	"crypto/rand"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// BenchmarkGrowth tells how what a node does grows from 10^4 posts to 10^5 (10^6
// with INSTAR_BENCH_LARGE), and from 1 follower to 10,000 on one host: nothing
// may cost more than 1.3 times as much.
func BenchmarkGrowth(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		posts := 100_000
		if os.Getenv("INSTAR_BENCH_LARGE") != "" {
			posts = 1_000_000
		}
		small, large := benchNode(b, database), benchNode(b, database)
		fill(b, small, 10_000)
		fill(b, large, posts)
		growAll(b, small, large)
	})
	eachDatabase(b, func(b *testing.B, database string) {
		few, many := benchNode(b, database), benchNode(b, database)
		addFollowers(b, few, 1)
		addFollowers(b, many, 10_000)
		growth(b, "followers_write", few, many, costOfPost(b))
		growth(b, "followers_inbound", few, many, costOfInbound(b))
	})
}

func growAll(b *testing.B, small, large *Server) {
	b.Helper()
	for _, sort := range []string{"hot", "new", "top"} {
		growth(b, "feed_"+sort, small, large, func(b *testing.B, s *Server, count int) {
			for range count {
				if _, err := s.Node.Posts(b.Context(), node.PostQuery{Sort: sort}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	growth(b, "page", small, large, costOfPage)
	growth(b, "write", small, large, costOfPost(b))
	growth(b, "inbound", small, large, costOfInbound(b))
}

// growth compares what something costs on two nodes, by turns, and takes the
// best of each: others work on the same machine. cpu_growth leaves out
// PostgreSQL's own work.
func growth(b *testing.B, name string, small, large *Server, do func(b *testing.B, s *Server, count int)) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		const turns, count = 12, 25
		us := [2]float64{math.Inf(1), math.Inf(1)}
		cpuUS := us
		for range 2 {
			do(b, small, count) // prepares the statements
			do(b, large, count)
		}
		for b.Loop() {
			for range turns {
				for i, s := range []*Server{small, large} {
					used, start := cpu(), time.Now()
					do(b, s, count)
					us[i] = min(us[i], float64(time.Since(start).Microseconds())/count)
					cpuUS[i] = min(cpuUS[i], float64((cpu()-used).Microseconds())/count)
				}
			}
		}
		b.ReportMetric(us[0], "small_us")
		b.ReportMetric(us[1], "large_us")
		b.ReportMetric(us[1]/us[0], "growth")
		b.ReportMetric(cpuUS[1]/cpuUS[0], "cpu_growth")
		b.ReportMetric(0, "ns/op")
	})
}

// costOfPage asks for a page of a submolt that is not kept.
func costOfPage(b *testing.B, s *Server, count int) {
	b.Helper()
	for range count {
		s.Node.Changed()
		answer := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(answer, httptest.NewRequestWithContext(b.Context(), http.MethodGet, s.URL()+"/m/general", nil))
		if answer.Code != http.StatusOK {
			b.Fatalf("the page is answered %d", answer.Code)
		}
	}
}

// costOfPost writes posts, one after the other.
func costOfPost(b *testing.B) func(b *testing.B, s *Server, count int) {
	b.Helper()
	authors := map[*Server]node.Author{}
	return func(b *testing.B, s *Server, count int) {
		b.Helper()
		author, known := authors[s]
		if !known {
			author = benchAuthor(b, s, "w"+strings.ToLower(rand.Text()))
			authors[s] = author
		}
		for i := range count {
			if _, err := s.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: strconv.Itoa(i), Content: "x"}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// costOfInbound takes signed Creates from another server, one after the other;
// that they are signed by it is part of the cost, the same on both nodes.
func costOfInbound(b *testing.B) func(b *testing.B, s *Server, count int) {
	b.Helper()
	peer, next := newBenchPeer(b), 0
	return func(b *testing.B, s *Server, count int) {
		b.Helper()
		m, err := s.Node.Submolt(b.Context(), "general")
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range peer.creates(b, s.URL()+"/inbox", s.URL()+"/m/general", next, count) {
			if err := send(http.DefaultClient, r, http.StatusAccepted); err != nil {
				b.Fatal(err)
			}
		}
		next += count
		drained(b, s, m.PostCount+int64(count))
	}
}

// addFollowers writes followers of m/general, all behind one inbox that nobody serves.
func addFollowers(b *testing.B, s *Server, count int) {
	b.Helper()
	general, err := s.Node.Submolt(b.Context(), "general")
	if err != nil {
		b.Fatal(err)
	}
	err = s.store.Tx(b.Context(), func(ctx context.Context, q storage.Queries) error {
		for i := range count {
			id := "f" + strconv.Itoa(i)
			a := storage.Actor{ID: id, URI: "https://far.test/u/" + id, Kind: storage.KindHuman, Host: "far.test", Handle: id, Name: id, State: storage.ActorActive}
			if err := q.InsertActor(ctx, a); err != nil {
				return err
			}
			if err := q.InsertFollow(ctx, storage.Follow{FollowerID: id, TargetID: general.ID, State: storage.FollowAccepted}); err != nil {
				return err
			}
			if err := q.AddMember(ctx, general.URI, "https://far.test/inbox", 1); err != nil {
				return err
			}
		}
		return q.AddCounts(ctx, general.ID, storage.Counts{Followers: int64(count)})
	})
	if err != nil {
		b.Fatal(err)
	}
}
