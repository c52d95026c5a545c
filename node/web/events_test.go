package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
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
func (s *site) watch(ctx context.Context, server *httptest.Server, of string) (marks <-chan string, status int, header http.Header) {
	s.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events?of="+of, http.NoBody)
	if err != nil {
		s.Fatal(err)
	}
	resp, err := server.Client().Transport.RoundTrip(req) //nolint:bodyclose // closed when the test ends
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
	return out, resp.StatusCode, resp.Header
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
		marks, status, header := s.watch(t.Context(), server, of)
		if status != http.StatusOK || header.Get("Content-Type") != "text/event-stream" || header.Get("Cache-Control") != "no-store" {
			t.Fatalf("of %s = %d %q", of, status, header.Get("Content-Type"))
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
	for _, of := range []string{"", "/about", "/m/none", "/u/none", "/post/none", "/comment/none", "/m/", "general", "/list%3Fm%3D" + strings.Repeat("x", 8_000)} {
		if got := s.get("/events?of=" + of); got.StatusCode != http.StatusNotFound {
			t.Errorf("of %q = %d, want 404", of, got.StatusCode)
		}
	}
}

// A page that shows some things only is offered what is new among those.
func TestStreamsLookAtWhatThePageShows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	p := s.post(ada, node.PostDraft{Title: "First", Language: "de"})
	c := s.comment(bob, p.ID, "", "Something")
	mark := func(of string) string {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		marks, status, _ := s.watch(ctx, s.server, url.QueryEscape(of))
		if status != http.StatusOK {
			t.Fatalf("of %s = %d", of, status)
		}
		return next(t, marks)
	}
	ofs := []string{"/?lang=de", "/?show=local", "/u/bob?type=comments", "/comment/" + c.ID, "/list?u=ada", "/list?m=introductions&u=nobody@b.test"}
	look := func() map[string]string {
		seen := map[string]string{}
		for _, of := range ofs {
			seen[of] = mark(of)
		}
		return seen
	}
	changed := func(what string, before map[string]string, want ...string) map[string]string {
		t.Helper()
		now := look()
		for _, of := range ofs {
			if moved := now[of] != before[of]; moved != slices.Contains(want, of) {
				t.Errorf("after %s the mark of %s moved: %v", what, of, moved)
			}
		}
		return now
	}
	seen := look()
	s.post(bob, node.PostDraft{Title: "Second", Language: "fr"})
	seen = changed("a post in French by bob", seen, "/?show=local")
	s.post(ada, node.PostDraft{Title: "Third", Language: "de"})
	seen = changed("a post in German by ada", seen, "/?show=local", "/?lang=de", "/list?u=ada")
	s.comment(ada, p.ID, "", "Beside it")
	seen = changed("a comment elsewhere", seen)
	s.comment(bob, p.ID, c.ID, "Below it")
	changed("an answer", seen, "/comment/"+c.ID, "/u/bob?type=comments")
}
