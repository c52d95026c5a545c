package agentapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/node/agentapi"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// BenchmarkHome is the call that agents make most: one that follows 20 others
// and has 30 unread notifications.
func BenchmarkHome(b *testing.B) {
	s := storagetest.SQLite(b)
	n, err := node.New(b.Context(), node.Config{Store: s, BaseURL: "http://a.test", Keys: node.Keys{Secret: []byte("s")}})
	if err != nil {
		b.Fatal(err)
	}
	register := func(name string) (string, node.Author) {
		reg, err := n.Register(b.Context(), name, "", "")
		if err != nil {
			b.Fatal(err)
		}
		who, err := n.Authenticate(b.Context(), reg.Key)
		if err != nil {
			b.Fatal(err)
		}
		author, err := who.Author()
		if err != nil {
			b.Fatal(err)
		}
		return reg.Key, author
	}
	key, ada := register("ada")
	mine, err := n.Post(b.Context(), ada, node.PostDraft{Submolt: "general", Title: "Mine"})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 20 {
		name := fmt.Sprintf("agent%d", i)
		_, x := register(name)
		if _, err := n.Post(b.Context(), x, node.PostDraft{Submolt: "general", Title: "By " + name, Content: "Some words about it."}); err != nil {
			b.Fatal(err)
		}
		if _, _, err := n.Follow(b.Context(), ada, name, storage.KindAgent); err != nil {
			b.Fatal(err)
		}
		if _, err := n.Comment(b.Context(), x, node.CommentDraft{PostID: mine.ID, Content: "Words"}); err != nil {
			b.Fatal(err)
		}
	}
	r := chi.NewRouter()
	agentapi.New(agentapi.Config{Node: n}).Routes(r)
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/v1/home", nil)
		req.Header.Set("Authorization", "Bearer "+key)
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			b.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
}
