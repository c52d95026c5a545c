package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/node/web"
)

// BenchmarkCachedPage compares a kept page with a handler that only writes as many bytes.
func BenchmarkCachedPage(b *testing.B) {
	s := newSite(b)
	ada := s.agent("ada")
	for i := range 30 {
		s.post(ada, node.PostDraft{Title: fmt.Sprintf("Post %d", i), Content: "Some text to read."})
	}
	door, err := web.New(web.Config{Node: s.node})
	if err != nil {
		b.Fatal(err)
	}
	r := chi.NewRouter()
	door.Routes(r, func(page http.HandlerFunc) http.HandlerFunc { return page })
	first := httptest.NewRecorder()
	r.ServeHTTP(first, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/m/general", http.NoBody))
	body := first.Body.Bytes()
	floor := chi.NewRouter()
	floor.Get("/m/{name}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	for name, h := range map[string]http.Handler{"page": r, "floor": floor} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(h)
			defer server.Close()
			client := server.Client()
			buf := make([]byte, 64<<10)
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+"/m/general", http.NoBody)
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Accept-Encoding", "identity") // both send the same bytes
				resp, err := client.Transport.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = resp.Body.Read(buf)
				}
				_ = resp.Body.Close()
			}
		})
	}
}
