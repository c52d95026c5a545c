package server_test

import (
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/html"

	"instar.example/node/nodetest"
	"instar.example/node/press"
)

// machineAddresses are what programs read of a node and no page links to.
func machineAddresses(host, post string) []string {
	return []string{
		"/openapi.json", "/openapi.yaml", "/skill.md", "/heartbeat.md", "/messaging.md", "/skill.json", "/package.json", "/llms.txt",
		"/skill/index.json", "/skill/changelog.md", "/robots.txt", "/sitemap.xml", "/favicon.ico", "/actor", "/outbox",
		"/.well-known/nodeinfo", "/nodeinfo/2.0", "/nodeinfo/2.1", "/.well-known/host-meta", "/.well-known/host-meta.json",
		"/.well-known/webfinger?resource=acct:ada@" + host, "/.well-known/instar", "/.well-known/jwks.json", "/.well-known/agent-skills/index.json",
		"/u/ada/outbox", "/u/ada/followers", "/m/general/outbox", "/m/general/moderators", "/post/" + post + "/context",
		"/api/v1/posts", "/api/v1/submolts",
	}
}

// TestEverythingPublicIsSmallAndNotSentTwice walks a node that another one sends
// posts to, from its first page along every link, and what programs read of it:
// everything answers, no page weighs more than 500 KB, who has an answer is told
// so by 304, and what is larger than press.From comes in three codings.
func TestEverythingPublicIsSmallAndNotSentTwice(t *testing.T) {
	t.Parallel()
	nodes := nodetest.Cluster(t, 2)
	a, b := nodes[0], nodes[1]
	ada, bob := a.Agent("ada"), b.Agent("bob")
	ada.Do(http.MethodPost, "/submolts/general@"+b.Host+"/subscribe", nil).Want(http.StatusOK)
	nodetest.Settle(t, a, b)
	bob.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "From afar", "content": "Tides."}).Want(http.StatusCreated)
	made := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Near", "content": strings.Repeat("The sea. ", 200)}).Want(http.StatusCreated)
	post := made.String("post", "id")
	ada.Do(http.MethodPost, "/posts/"+post+"/comments", map[string]any{"content": "It is wet."}).Want(http.StatusCreated)
	nodetest.Settle(t, a, b)
	w := walker{T: t, base: "http://" + a.Host, client: &http.Client{Transport: &http.Transport{DisableCompression: true}}, seen: map[string]bool{}}
	w.walk(append([]string{"/"}, machineAddresses(a.Host, post)...))
	for _, must := range []string{"/m/general@" + b.Host, "/u/bob@" + b.Host, "/docs/api", "/skill.md", "/post/" + post + ".rss", "/modlog.json"} {
		if !w.seen[must] {
			t.Errorf("the walk did not come to %s", must)
		}
	}
	if len(w.seen) < 150 {
		t.Errorf("the walk saw %d addresses only", len(w.seen))
	}
	for _, path := range []string{"/", "/u/ada", "/m/general", "/post/" + post} { // as programs of other servers ask
		w.look(path, "Accept", "application/activity+json")
	}
}

// walker reads a node as programs do.
type walker struct {
	*testing.T

	base   string
	client *http.Client
	seen   map[string]bool
}

type received struct {
	status int
	header http.Header
	body   []byte
}

func (w *walker) get(path string, headers ...string) received {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.base+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.client.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatalf("GET %s: %v", path, err)
	}
	return received{res.StatusCode, res.Header, body}
}

// walk follows every link, but for those that show a page in another language or theme.
func (w *walker) walk(queue []string) {
	w.Helper()
	for ; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		if w.seen[path] || strings.Contains(path, "ui=") || strings.Contains(path, "theme=") {
			continue
		}
		w.seen[path] = true
		if got := w.look(path); strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			queue = append(queue, w.links(path, got.body)...)
		}
	}
}

// look reads an address in every way.
func (w *walker) look(path string, headers ...string) received {
	w.Helper()
	plain := w.get(path, headers...)
	if plain.status != http.StatusOK {
		w.Errorf("GET %s %v = %d", path, headers, plain.status)
		return plain
	}
	if n := len(plain.body); n > 500<<10 && strings.HasPrefix(plain.header.Get("Content-Type"), "text/html") {
		w.Errorf("%s has %d bytes", path, n)
	}
	if strings.Contains(plain.header.Get("Cache-Control"), "no-store") { // what nobody may keep has no name
		return plain
	}
	tag := plain.header.Get("ETag")
	again := w.get(path, append(headers, "If-None-Match", tag)...)
	if tag == "" || again.status != http.StatusNotModified || len(again.body) > 0 {
		w.Errorf("GET %s %v with its ETag %q = %d and %d bytes, want 304", path, headers, tag, again.status, len(again.body))
	}
	if len(plain.body) < press.From || strings.HasPrefix(plain.header.Get("Content-Type"), "image/png") {
		return plain
	}
	for _, coding := range []string{"gzip", "br", "zstd"} {
		packed := w.get(path, append(headers, "Accept-Encoding", coding)...)
		got := packed.header.Get("Content-Encoding")
		body := w.unpack(got, packed.body)
		same := string(body) == string(plain.body) || strings.Contains(string(body), `"proofValue"`) // which is made each time
		if got != coding || !same || !strings.Contains(packed.header.Get("Vary"), "Accept-Encoding") {
			w.Errorf("GET %s %v in %s comes in %q, the same: %v, Vary %q", path, headers, coding, got, same, packed.header.Get("Vary"))
		}
		if still := w.get(path, append(headers, "Accept-Encoding", coding, "If-None-Match", packed.header.Get("ETag"))...); still.status != http.StatusNotModified {
			w.Errorf("GET %s %v in %s with its ETag = %d, want 304", path, headers, coding, still.status)
		}
	}
	return plain
}

func (w *walker) unpack(coding string, body []byte) []byte {
	w.Helper()
	var in io.Reader = strings.NewReader(string(body))
	var err error
	switch coding {
	case "gzip":
		in, err = gzip.NewReader(in)
	case "br":
		in = brotli.NewReader(in)
	case "zstd":
		in, err = zstd.NewReader(in)
	}
	if err != nil {
		w.Fatal(err)
	}
	plain, err := io.ReadAll(in)
	if err != nil {
		w.Fatalf("%s: %v", coding, err)
	}
	return plain
}

// links are the addresses of this node that a page holds.
func (w *walker) links(path string, body []byte) []string {
	w.Helper()
	here, err := url.Parse(w.base + path)
	if err != nil {
		w.Fatal(err)
	}
	var found []string
	z := html.NewTokenizer(strings.NewReader(string(body)))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		attr := map[string]string{}
		for _, a := range z.Token().Attr {
			attr[a.Key] = a.Val
		}
		to := cmp.Or(attr["href"], attr["src"])
		if to == "" || kind == html.EndTagToken {
			continue
		}
		u, err := here.Parse(to)
		if err != nil {
			w.Errorf("%s links to %q: %v", path, to, err)
			continue
		}
		if u.Host == here.Host {
			found = append(found, u.RequestURI())
		}
	}
	return found
}
