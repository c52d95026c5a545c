package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/net/html"

	"instar.example/node"
	"instar.example/node/web"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// site is a node with its readers' door, over HTTP.
type site struct {
	testing.TB

	node   *node.Node
	store  *storage.Store
	server *httptest.Server
	millis atomic.Int64 // its time
}

// newSite starts a node whose ActivityPub door answers "object" wherever it is asked.
func newSite(tb testing.TB, change ...func(*node.Config)) *site {
	tb.Helper()
	s := &site{TB: tb, store: storagetest.SQLite(tb)}
	s.millis.Store(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).UnixMilli())
	cfg := node.Config{
		Store: s.store, BaseURL: "https://a.test", Name: "A <b>node</b>", Limits: node.Limits{}, Backfill: node.BackfillLimits{Off: true}, // no page waits for another server
		Keys: node.Keys{Secret: []byte(strings.Repeat("k", 32))}, Now: s.now,
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if s.node, err = node.New(tb.Context(), cfg); err != nil {
		tb.Fatalf("node: %v", err)
	}
	door, err := web.New(web.Config{Node: s.node})
	if err != nil {
		tb.Fatalf("web: %v", err)
	}
	s.mount(door)
	return s
}

// mount serves a door in place of the one before.
func (s *site) mount(door *web.Web) {
	s.Helper()
	if s.server != nil {
		s.server.Close()
	}
	r := chi.NewRouter()
	door.Routes(r, func(page http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Accept"), "activity+json") {
				_, _ = io.WriteString(w, "object")
				return
			}
			page(w, r)
		}
	})
	r.NotFound(door.NotFound)
	r.MethodNotAllowed(door.MethodNotAllowed(r))
	r.Post("/written-to", func(http.ResponseWriter, *http.Request) {})
	for _, path := range []string{"/skill.md", "/openapi.json", "/openapi.yaml", "/.well-known/nodeinfo"} { // of other doors
		r.Get(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "# of agents") })
	}
	s.server = httptest.NewServer(r)
	s.Cleanup(s.server.Close)
}

func (s *site) now() time.Time          { return time.UnixMilli(s.millis.Load()) }
func (s *site) advance(d time.Duration) { s.millis.Add(d.Milliseconds()) }

// agent registers an agent and returns its right to write.
func (s *site) agent(name string) node.Author {
	s.Helper()
	reg, err := s.node.Register(s.Context(), name, "An agent named "+name+".", "")
	if err != nil {
		s.Fatalf("Register(%q): %v", name, err)
	}
	p, err := s.node.Authenticate(s.Context(), reg.Key)
	if err != nil {
		s.Fatalf("Authenticate: %v", err)
	}
	a, err := p.Author()
	if err != nil {
		s.Fatalf("Author: %v", err)
	}
	return a
}

func (s *site) post(a node.Author, d node.PostDraft) storage.Post {
	s.Helper()
	if d.Submolt == "" {
		d.Submolt = "general"
	}
	p, err := s.node.Post(s.Context(), a, d)
	if err != nil {
		s.Fatalf("Post(%+v): %v", d, err)
	}
	s.advance(time.Second)
	return p
}

func (s *site) comment(a node.Author, post, parent, text string) storage.Comment {
	s.Helper()
	c, err := s.node.Comment(s.Context(), a, node.CommentDraft{PostID: post, ParentID: parent, Content: text})
	if err != nil {
		s.Fatalf("Comment(%q): %v", text, err)
	}
	s.advance(time.Second)
	return c
}

// keep writes rows as if they had come from another node.
func (s *site) keep(f func(ctx context.Context, q storage.Queries) error) {
	s.Helper()
	if err := s.store.Tx(s.Context(), f); err != nil {
		s.Fatalf("keep: %v", err)
	}
	s.node.Changed()
}

// remote is an actor of another node.
func (s *site) remote(kind, host, name string) storage.Actor {
	letter, wire := "u", "Service"
	switch kind {
	case storage.KindSubmolt:
		letter, wire = "m", "Group"
	case storage.KindHuman:
		wire = "Person"
	}
	uri := "https://" + host + "/" + letter + "/" + strings.ToLower(name)
	return storage.Actor{
		ID: kind + host + name, URI: uri, Kind: kind, WireType: wire, Host: host, Handle: strings.ToLower(name), Name: name, DisplayName: name,
		Inbox: uri + "/inbox", PageURL: uri, State: storage.ActorActive, Tier: node.TierVouched, CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
	}
}

// reply is an answer with its body.
type reply struct {
	*http.Response

	body string
}

func (s *site) do(method, path string, header ...string) reply {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.server.URL+path, http.NoBody)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return s.answer(req)
}

// answer sends a request; it follows no redirect.
func (s *site) answer(req *http.Request) reply {
	s.Helper()
	resp, err := s.server.Client().Transport.RoundTrip(req)
	if err != nil {
		s.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		s.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return reply{resp, string(body)}
}

func (s *site) get(path string, header ...string) reply { return s.do(http.MethodGet, path, header...) }

// page gets a page that must be there, and must be a sound one.
func (s *site) page(path string) string {
	s.Helper()
	got := s.get(path)
	if got.StatusCode != http.StatusOK {
		s.Fatalf("GET %s = %d, want 200: %s", path, got.StatusCode, got.body)
	}
	s.sound(path, got.body)
	return got.body
}

var void = map[string]bool{"meta": true, "link": true, "input": true, "img": true, "br": true, "hr": true, "wbr": true}

// sound fails unless every element of a page is closed in its turn, ids are
// unique, links within the page lead somewhere, and nothing can run or load.
func (s *site) sound(path, body string) {
	s.Helper()
	var open []string
	ids, targets := map[string]bool{}, []string{}
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		t := z.Token()
		if kind == html.StartTagToken && !void[t.Data] {
			open = append(open, t.Data)
		}
		if kind == html.EndTagToken {
			if len(open) == 0 || open[len(open)-1] != t.Data {
				s.Fatalf("%s: </%s> closes %v", path, t.Data, open)
			}
			open = open[:len(open)-1]
		}
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			s.inert(path, t)
			for _, a := range t.Attr {
				if a.Key == "id" && ids[a.Val] {
					s.Errorf("%s: id %q stands twice", path, a.Val)
				}
				if a.Key == "id" {
					ids[a.Val] = true
				}
				if a.Key == "href" && strings.HasPrefix(a.Val, "#") {
					targets = append(targets, a.Val[1:])
				}
			}
		}
	}
	if len(open) > 0 {
		s.Errorf("%s: never closed: %v", path, open)
	}
	for _, target := range targets {
		if !ids[target] {
			s.Errorf("%s: #%s leads nowhere", path, target)
		}
	}
}

// inert fails when an element could run, load or send anything that is not ours.
func (s *site) inert(path string, t html.Token) {
	s.Helper()
	if t.Data == "script" { // the one of ours
		if len(t.Attr) != 1 || t.Attr[0].Key != "src" || !strings.HasPrefix(t.Attr[0].Val, "/static/live-") {
			s.Errorf("%s: a script on the page: %s", path, t)
		}
		return
	}
	switch t.Data {
	case "style", "iframe", "object", "embed", "base", "video", "audio", "math", "template", "foreignobject", "use", "animate":
		s.Errorf("%s: <%s> on the page: %s", path, t.Data, t)
	}
	for _, a := range t.Attr {
		key := strings.ToLower(a.Key)
		if strings.HasPrefix(key, "on") || key == "style" || key == "srcdoc" || key == "formaction" || (key == "src" && (t.Data != "img" || !strings.HasPrefix(a.Val, "/media/"))) {
			s.Errorf("%s: attribute %s on the page: %s", path, key, t)
		}
		if key != "href" && key != "action" {
			continue
		}
		u, err := url.Parse(strings.TrimSpace(a.Val))
		if err != nil || (u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https") || strings.HasPrefix(a.Val, "//") {
			s.Errorf("%s: link to %q", path, a.Val)
		}
		if to, _, _ := strings.Cut(a.Val, "?ui="); key == "action" && to != "/search" && to != "/m" && to != "/report" && to != "/follow" && to != "/list/import" {
			s.Errorf("%s: form to %q", path, a.Val)
		}
	}
}

// links are the addresses on this node that a page links to, without fragments.
func links(body string) []string {
	var found []string
	z := html.NewTokenizer(strings.NewReader(body))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if kind != html.StartTagToken {
			continue
		}
		for _, a := range z.Token().Attr {
			if to, ok := strings.CutPrefix(a.Val, "https://a.test"); a.Key == "href" && (ok || strings.HasPrefix(to, "/")) {
				to, _, _ = strings.Cut(to, "#")
				found = append(found, to)
			}
		}
	}
	return found
}
