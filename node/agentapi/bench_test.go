package agentapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/node/agentapi"
	"instar.example/storage/storagetest"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// benchHandler is a door with posts, and the size of its list of them.
func benchHandler(b *testing.B, limits node.Limits) (h http.Handler, key string, size int) {
	b.Helper()
	n, err := node.New(b.Context(), node.Config{Store: storagetest.SQLite(b), BaseURL: "http://a.test", Keys: node.Keys{Secret: []byte("s")}, Limits: limits})
	if err != nil {
		b.Fatalf("node: %v", err)
	}
	reg, err := n.Register(b.Context(), "ada", "", "")
	if err != nil {
		b.Fatalf("register: %v", err)
	}
	who, err := n.Authenticate(b.Context(), reg.Key)
	if err != nil {
		b.Fatalf("authenticate: %v", err)
	}
	author, err := who.Author()
	if err != nil {
		b.Fatalf("author: %v", err)
	}
	for i := range 30 {
		if _, err := n.Post(b.Context(), author, node.PostDraft{Submolt: "general", Title: fmt.Sprintf("Post %d", i), Content: "Some words about it."}); err != nil {
			b.Fatalf("post: %v", err)
		}
	}
	r := chi.NewRouter()
	agentapi.New(agentapi.Config{Node: n}).Routes(r)
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/v1/posts?sort=hot", nil))
	return r, reg.Key, rec.Body.Len()
}

// hello is a handler that answers with bytes that it has, behind the same router.
func hello(size int) http.Handler {
	body := make([]byte, size)
	r := chi.NewRouter()
	r.Get("/api/v1/posts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	return r
}

// BenchmarkKeptPosts compares a list that is kept with a handler that has
// nothing to do: without a key, with one, and counted by address.
func BenchmarkKeptPosts(b *testing.B) {
	free, key, size := benchHandler(b, node.Limits{})
	counting, _, _ := benchHandler(b, node.Limits{Enabled: true, Reads: 1 << 40, Address: 1 << 40})
	for _, c := range []struct {
		name, key string
		addresses int
		h         http.Handler
	}{{"hello", "", 1, hello(size)}, {"anonymous", "", 1, free}, {"keyed", key, 1, free}, {"counted", "", 50_000, counting}} {
		b.Run("handler/"+c.name, func(b *testing.B) {
			addresses := make([]string, c.addresses)
			for i := range addresses {
				addresses[i] = fmt.Sprintf("10.0.%d.%d:80", i>>8, i&255)
			}
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/v1/posts?sort=hot", nil)
			if c.key != "" {
				r.Header.Set("Authorization", "Bearer "+c.key)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.RemoteAddr = addresses[i%len(addresses)]
				c.h.ServeHTTP(discard{http.Header{}}, r)
			}
		})
		if c.addresses > 1 {
			continue // over loopback all have one
		}
		b.Run("http/"+c.name, func(b *testing.B) {
			srv := httptest.NewServer(c.h)
			defer srv.Close()
			client := srv.Client()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					getOnce(b, client, srv.URL+"/api/v1/posts?sort=hot", c.key)
				}
			})
		})
	}
}

func getOnce(b *testing.B, client *http.Client, url, key string) {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Errorf("request: %v", err)
		return
	}
	r.Header.Set("Accept-Encoding", "identity")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := client.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		b.Errorf("status %d, %v", res.StatusCode, err)
	}
}
