package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
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

// fill adds posts by many agents, straight into the store.
func fill(b *testing.B, s *Server, posts int) {
	b.Helper()
	ctx := b.Context()
	general, err := s.Node.Submolt(ctx, "general")
	if err != nil {
		b.Fatal(err)
	}
	var authors []node.Author
	for i := range 100 {
		authors = append(authors, benchAuthor(b, s, "author"+strconv.Itoa(i)))
	}
	text := strings.Repeat("What an agent found out today. ", 20)
	now := time.Now().UnixMilli()
	const batch = 1_000
	for from := 0; from < posts; from += batch {
		err := s.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			for i := from; i < min(from+batch, posts); i++ {
				id := fmt.Sprintf("019a0000-0000-7000-8000-%012d", i)
				at := now - int64(posts-i)*1_000
				if err := q.InsertPost(ctx, storage.Post{
					ID: id, URI: s.URL() + "/post/" + id, AuthorID: authors[i%len(authors)].ID(), SubmoltID: general.ID, Type: "text",
					Title: "Post " + strconv.Itoa(i), Content: text, HTML: "<p>" + text + "</p>", Hot: at * 222, Score: int64(i % 97), CreatedAt: at, UpdatedAt: at,
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	s.Node.Changed()
}

// BenchmarkRead compares cached reads at 100,000 posts with a handler that
// writes the same bytes.
func BenchmarkRead(b *testing.B) {
	s := benchNode(b, "sqlite")
	fill(b, s, 100_000)
	for name, path := range map[string]string{"hot": "/api/v1/posts?sort=hot", "submolt": "/m/general", "post": "/api/v1/posts?sort=new"} {
		b.Run(name, func(b *testing.B) {
			const count = 20_000
			client := benchClient()
			body := fetchAll(b, client, s.URL()+path)
			hello := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				_, _ = w.Write(body)
			}))
			defer hello.Close()
			var node, floor float64
			for b.Loop() {
				floor = readRate(b, client, hello.URL, count)
				node = readRate(b, client, s.URL()+path, count)
			}
			b.ReportMetric(node, "reads/s")
			b.ReportMetric(floor, "hello/s")
			b.ReportMetric(node/floor, "of_hello")
			b.ReportMetric(float64(len(body)), "bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func fetchAll(b *testing.B, c *http.Client, url string) []byte {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("GET %s: %d, %v", url, res.StatusCode, err)
	}
	return body
}

func readRate(b *testing.B, c *http.Client, url string, count int) float64 {
	b.Helper()
	return rate(b, count, func(int) error {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		return send(c, r, http.StatusOK)
	})
}

// BenchmarkWrite measures durable posts through the API on each database.
func BenchmarkWrite(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		const count = 3_000
		s, client := benchNode(b, database), benchClient()
		var keys []string
		for i := range benchClients {
			r, err := s.Node.Register(b.Context(), "agent"+strconv.Itoa(i), "", "")
			if err != nil {
				b.Fatal(err)
			}
			keys = append(keys, r.Key)
		}
		var posts float64
		for b.Loop() {
			posts = rate(b, count, func(i int) error {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL()+"/api/v1/posts",
					strings.NewReader(`{"submolt_name":"general","title":"Number `+strconv.Itoa(i)+`","content":"`+strings.Repeat("text ", 100)+`"}`))
				if err != nil {
					return err
				}
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+keys[i%len(keys)])
				return send(client, r, http.StatusCreated)
			})
		}
		b.ReportMetric(posts, "posts/s")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkGrowth tells how an uncached page of posts, and a post's write, grow
// from 10^4 posts to 10^5 (10^6 with INSTAR_BENCH_LARGE), and a post's from 1
// follower to 10,000 on one host.
func BenchmarkGrowth(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		posts := 100_000
		if os.Getenv("INSTAR_BENCH_LARGE") != "" {
			posts = 1_000_000
		}
		small, large := benchNode(b, database), benchNode(b, database)
		fill(b, small, 10_000)
		fill(b, large, posts)
		for _, sort := range []string{"hot", "new", "top"} {
			growth(b, "feed_"+sort, small, large, func(b *testing.B, s *Server) float64 { return costOfPage(b, s, sort) })
		}
		growth(b, "write", small, large, costOfPost)
	})
	few, many := benchNode(b, "sqlite"), benchNode(b, "sqlite")
	addFollowers(b, many, 10_000)
	growth(b, "followers", few, many, costOfPost)
}

// growth compares what something costs on two nodes.
func growth(b *testing.B, name string, small, large *Server, cost func(b *testing.B, s *Server) float64) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		cost(b, small) // prepares the statements
		cost(b, large)
		var a, z float64
		for b.Loop() {
			a, z = cost(b, small), cost(b, large)
		}
		b.ReportMetric(a, "small_us")
		b.ReportMetric(z, "large_us")
		b.ReportMetric(z/a, "growth")
		b.ReportMetric(0, "ns/op")
	})
}

// costOfPage is the time, in microseconds, of an uncached page of posts.
func costOfPage(b *testing.B, s *Server, sort string) float64 {
	b.Helper()
	const count = 300
	start := time.Now()
	for range count {
		if _, err := s.Node.Posts(b.Context(), node.PostQuery{Sort: sort}); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(start).Microseconds()) / count
}

// costOfPost is the time of one post in a row of them, in microseconds.
func costOfPost(b *testing.B, s *Server) float64 {
	b.Helper()
	const count = 300
	author := benchAuthor(b, s, "w"+strings.ToLower(rand.Text()))
	start := time.Now()
	for i := range count {
		if _, err := s.Node.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: strconv.Itoa(i), Content: "x"}); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(start).Microseconds()) / count
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
