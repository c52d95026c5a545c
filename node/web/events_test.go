package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/node/web"
)

// door mounts a door of its own for the node of a site.
func (s *site) door(w *web.Web) *httptest.Server {
	s.Helper()
	r := chi.NewRouter()
	w.Routes(r, func(page http.HandlerFunc) http.HandlerFunc { return page })
	server := httptest.NewServer(r)
	s.Cleanup(server.Close)
	return server
}

func robotsOf(t *testing.T, w *web.Web) string {
	t.Helper()
	s := site{TB: t}
	s.server = s.door(w)
	return s.get("/robots.txt").body
}

// watch opens a stream and returns the data of its marks.
func (s *site) watch(ctx context.Context, server *httptest.Server, of string) (marks <-chan string, resp *http.Response) {
	s.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events?of="+of, http.NoBody)
	if err != nil {
		s.Fatal(err)
	}
	resp, err = server.Client().Transport.RoundTrip(req)
	if err != nil {
		s.Fatal(err)
	}
	out := make(chan string, 16)
	go func() {
		defer close(out)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				out <- data
			}
		}
	}()
	s.Cleanup(func() { _ = resp.Body.Close() })
	return out, resp
}

// next waits for a mark; "" at the end of the stream.
func next(t *testing.T, marks <-chan string) string {
	t.Helper()
	select {
	case m := <-marks:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("no mark came")
		return ""
	}
}

func TestStreamsTellWhatIsNew(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "First"})
	door, err := web.New(web.Config{Node: s.node, Pace: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	server := s.door(door)
	streams := map[string]<-chan string{}
	seen := map[string]string{}
	for _, of := range []string{"/", "/m/general", "/u/ada", "/post/" + p.ID, "/m/introductions"} {
		marks, resp := s.watch(t.Context(), server, of)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("of %s = %d %q", of, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		streams[of], seen[of] = marks, next(t, marks)
	}
	s.comment(ada, p.ID, "", "Something new")
	if m := next(t, streams["/post/"+p.ID]); m == seen["/post/"+p.ID] || m == "" {
		t.Errorf("a comment left the mark at %q", m)
	}
	s.post(ada, node.PostDraft{Title: "Second"})
	for _, of := range []string{"/", "/m/general", "/u/ada"} {
		if m := next(t, streams[of]); m == seen[of] || m == "" {
			t.Errorf("a post left the mark of %s at %q", of, m)
		}
	}
	door.Close()
	door.Close() // as often as one likes
	for of, marks := range streams {
		for m := range marks {
			if of == "/m/introductions" {
				t.Errorf("%s was told %q, and nothing happened there", of, m)
			}
		}
	}
}

func TestStreamsAreOfPagesThatExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, of := range []string{"", "/about", "/m/none", "/u/none", "/post/none", "/m/", "general"} {
		if got := s.get("/events?of=" + of); got.StatusCode != http.StatusNotFound {
			t.Errorf("of %q = %d, want 404", of, got.StatusCode)
		}
	}
}
