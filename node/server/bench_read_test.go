package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
