package discover_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"instar.example/federation/discover"
	"instar.example/federation/fetch"
)

func client(t *testing.T, s *httptest.Server) *fetch.Client {
	t.Helper()
	config := fetch.Config{AllowPrivate: true}
	if s != nil && s.TLS != nil {
		config.ExtraCA = x509.NewCertPool()
		config.ExtraCA.AddCert(s.Certificate())
	}
	c := fetch.New(config)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// host is a server whose paths answer with fixed text; "{host}" stands for its
// own host and port. What is asked is counted.
type host struct {
	*httptest.Server

	asked atomic.Int32
}

func (h *host) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(h.URL, "https://"), "http://")
}

func newHost(t *testing.T, paths map[string]string) *host {
	t.Helper()
	h := new(host)
	h.Server = httptest.NewServer(h.handler(paths))
	t.Cleanup(h.Close)
	return h
}

func (h *host) handler(paths map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		body, ok := paths[r.URL.Path]
		if resource := r.URL.Query().Get("resource"); !ok && resource != "" {
			body, ok = paths[strings.ReplaceAll(resource, r.Host, "{host}")]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "{host}", r.Host))
	}
}

func self(href string) string {
	return `{"subject":"acct:ada@{host}","links":[{"rel":"self","type":"application/activity+json","href":"` + href + `"}]}`
}

func TestWebFingerFindsAnActor(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"plain": self("http://{host}/u/ada"),
		"ld+json": `{"links":[{"rel":"self","type":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
			"href":"http://{host}/u/ada"}]}`,
		"behind others": `{"subject":1,"aliases":[null,"x"],"links":[null,7,{"rel":"self"},{"rel":"self","type":"text/html","href":"http://{host}/@ada"},
			{"rel":"self","type":"application/ld+json","href":"http://{host}/@ada"},
			{"rel":"self","type":"application/activity+json","href":"http://{host}/u/ada","properties":{"x":null}}]}`,
		"plain behind linked data": `{"links":[{"rel":"self","href":"http://{host}/untyped"},{"rel":"self","type":"application/json","href":"http://{host}/json"},
			{"rel":"self","type":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"","href":"http://{host}/linked"},
			{"rel":"self","type":"Application/Activity+JSON; charset=utf-8","href":"http://{host}/u/ada"},
			{"rel":"self","type":"application/activity+json","href":"http://{host}/u/second"}]}`,
	} {
		h := newHost(t, map[string]string{"acct:ada@{host}": body})
		got, err := discover.WebFinger(t.Context(), client(t, nil), discover.Handle{Name: "ada", Host: h.name()})
		if want := h.URL + "/u/ada"; err != nil || got != want {
			t.Errorf("%s: WebFinger = %q, %v; want %q", name, got, err, want)
		}
		if n := h.asked.Load(); n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestWebFingerOverTLSOnLoopback(t *testing.T) {
	t.Parallel()
	h := new(host)
	h.Server = httptest.NewTLSServer(h.handler(map[string]string{"acct:ada@{host}": self("https://{host}/u/ada")}))
	t.Cleanup(h.Close)
	got, err := discover.WebFinger(t.Context(), client(t, h.Server), discover.Handle{Name: "ada", Host: h.name()})
	if err != nil || got != h.URL+"/u/ada" {
		t.Errorf("WebFinger = %q, %v", got, err)
	}
}

func TestWebFingerFollowsHostMeta(t *testing.T) {
	t.Parallel()
	const meta = `<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="http://{host}/wf?q={uri}"/></XRD>`
	h := newHost(t, map[string]string{"/.well-known/host-meta": meta, "/wf": self("http://{host}/u/ada")})
	got, err := discover.WebFinger(t.Context(), client(t, nil), discover.Handle{Name: "ada", Host: h.name()})
	if err != nil || got != h.URL+"/u/ada" {
		t.Errorf("WebFinger = %q, %v", got, err)
	}
}

func TestWebFingerRefusals(t *testing.T) {
	t.Parallel()
	const lrdd = `<XRD><Link rel="lrdd" template="%s"/></XRD>`
	for name, c := range map[string]struct {
		paths map[string]string
		want  error
	}{
		"no such name":                   {nil, fetch.ErrNotFound},
		"host-meta is no XML":            {map[string]string{"/.well-known/host-meta": "{}"}, fetch.ErrNotFound},
		"host-meta without {uri}":        {map[string]string{"/.well-known/host-meta": strings.ReplaceAll(lrdd, "%s", "http://{host}/wf")}, fetch.ErrNotFound},
		"host-meta to a file":            {map[string]string{"/.well-known/host-meta": strings.ReplaceAll(lrdd, "%s", "file:///{uri}")}, fetch.ErrForbiddenAddress},
		"not JSON":                       {map[string]string{"acct:ada@{host}": "<html>"}, discover.ErrMalformed},
		"an array":                       {map[string]string{"acct:ada@{host}": "[]"}, discover.ErrMalformed},
		"no links":                       {map[string]string{"acct:ada@{host}": "{}"}, discover.ErrNoActor},
		"a page only":                    {map[string]string{"acct:ada@{host}": `{"links":[{"rel":"self","type":"text/html","href":"http://{host}/"}]}`}, discover.ErrNoActor},
		"linked data of another profile": {map[string]string{"acct:ada@{host}": `{"links":[{"rel":"self","type":"application/ld+json; profile=\"https://x.example/\"","href":"http://{host}/u/ada"}]}`}, discover.ErrNoActor},
		"no type":                        {map[string]string{"acct:ada@{host}": `{"links":[{"rel":"self","href":"http://{host}/u/ada"}]}`}, discover.ErrNoActor},
		"href is relative":               {map[string]string{"acct:ada@{host}": self("/u/ada")}, discover.ErrNoActor},
		"href is a script":               {map[string]string{"acct:ada@{host}": self("javascript:1")}, discover.ErrNoActor},
	} {
		h := newHost(t, c.paths)
		got, err := discover.WebFinger(t.Context(), client(t, nil), discover.Handle{Name: "ada", Host: h.name()})
		if !errors.Is(err, c.want) || got != "" {
			t.Errorf("%s: WebFinger = %q, %v; want %v", name, got, err, c.want)
		}
	}
}

// An actor on another host counts only if that host agrees.
func TestWebFingerAcrossHosts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resource, body string // what the actor's host answers; {apex} is the handle's host
		good           bool
	}{
		"answers for the handle": {"acct:ada@{apex}", self("http://{host}/u/ada"), true},
		"answers for the actor with the handle": {
			"http://{host}/u/ada",
			strings.Replace(self("http://{host}/u/ada"), "acct:ada@{host}", "acct:Ada@{apex}", 1), true,
		},
		"knows nothing of it":              {"acct:eve@{apex}", self("http://{host}/u/ada"), false},
		"has the actor under its own name": {"http://{host}/u/ada", self("http://{host}/u/ada"), false},
		"has another actor of the name":    {"acct:ada@{apex}", self("http://{host}/u/eve"), false},
		"answers nonsense":                 {"acct:ada@{apex}", "x", false},
	} {
		paths := map[string]string{}
		home := newHost(t, paths)
		apex := newHost(t, map[string]string{"acct:ada@{host}": self(home.URL + "/u/ada")})
		fill := strings.NewReplacer("{apex}", apex.name())
		paths[fill.Replace(c.resource)] = fill.Replace(c.body)

		got, err := discover.WebFinger(t.Context(), client(t, nil), discover.Handle{Name: "ada", Host: apex.name()})
		if c.good && (err != nil || got != home.URL+"/u/ada") || !c.good && (err == nil || got != "") {
			t.Errorf("%s: WebFinger = %q, %v", name, got, err)
		}
		if n := home.asked.Load() + apex.asked.Load(); n > 3 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestAPublicNodeAsksNoPrivateHost(t *testing.T) {
	t.Parallel()
	h := newHost(t, map[string]string{"acct:ada@{host}": self("http://{host}/u/ada")})
	for _, name := range []string{h.name(), "127.0.0.1", "localhost", "[::1]"} {
		_, err := discover.WebFinger(t.Context(), fetch.New(fetch.Config{}), discover.Handle{Name: "ada", Host: name})
		if !errors.Is(err, fetch.ErrForbiddenAddress) {
			t.Errorf("WebFinger at %s: %v, want ErrForbiddenAddress", name, err)
		}
	}
	if n := h.asked.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestActorJRD(t *testing.T) {
	t.Parallel()
	jrd := discover.ActorJRD(discover.Handle{Name: "ada", Host: "b.example"}, "https://b.example/u/ada", "Service", "https://b.example/@ada")
	b, err := json.Marshal(jrd)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	const text = `{"subject":"acct:ada@b.example","aliases":["https://b.example/u/ada","https://b.example/@ada"],"links":[
		{"rel":"http://webfinger.net/rel/profile-page","type":"text/html","href":"https://b.example/@ada"},
		{"rel":"self","type":"application/activity+json","href":"https://b.example/u/ada",
		 "properties":{"https://www.w3.org/ns/activitystreams#type":"Service"}}]}`
	if json.Unmarshal(b, &got) != nil || json.Unmarshal([]byte(text), &want) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ActorJRD = %s, want %s", b, text)
	}
	read, err := discover.ParseJRD(b)
	if err != nil || read.Subject != jrd.Subject || !reflect.DeepEqual(read.Aliases, jrd.Aliases) || read.Self() != "https://b.example/u/ada" {
		t.Errorf("ParseJRD = %+v, %v", read, err)
	}
}

func TestHostMeta(t *testing.T) {
	t.Parallel()
	const want = "https://b.example/.well-known/webfinger?resource={uri}"
	var xrd struct {
		XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
		Link    struct {
			Rel      string `xml:"rel,attr"`
			Template string `xml:"template,attr"`
		}
	}
	if err := xml.Unmarshal(discover.HostMeta("https://b.example"), &xrd); err != nil || xrd.Link.Rel != "lrdd" || xrd.Link.Template != want {
		t.Errorf("HostMeta: %+v, %v", xrd, err)
	}
	jrd := discover.HostMetaJRD("https://b.example")
	if len(jrd.Links) != 1 || jrd.Links[0].Rel != "lrdd" || jrd.Links[0].Template != want {
		t.Errorf("HostMetaJRD = %+v", jrd)
	}
}

// Our own answers are found by our own client, whatever names the node has.
func TestBothHalvesOfWebFingerAgree(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ada", "\u043a\u043b\u044e\u0447", "a.b-c_d~e", "{host}"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			resource, err := discover.ParseResource(r.URL.Query().Get("resource"))
			if err != nil || resource.Handle.Name != strings.ReplaceAll(name, "{host}", r.Host) || resource.Handle.Host != r.Host {
				t.Errorf("ParseResource of %q = %+v, %v", r.URL.RawQuery, resource, err)
			}
			w.Header().Set("Content-Type", discover.JRDType)
			_ = json.NewEncoder(w).Encode(discover.ActorJRD(resource.Handle, "http://"+r.Host+"/x", "Service", ""))
		}))
		own := strings.TrimPrefix(s.URL, "http://")
		h := discover.Handle{Name: strings.ReplaceAll(name, "{host}", own), Host: own}
		if got, err := discover.WebFinger(t.Context(), client(t, nil), h); err != nil || got != s.URL+"/x" {
			t.Errorf("WebFinger(%v) = %q, %v", h, got, err)
		}
		s.Close()
	}
}

func FuzzJRD(f *testing.F) {
	for _, seed := range []string{
		self("https://b.example/u/ada"), `{"links":null}`, `{"subject":{},"aliases":[1],"links":[{"rel":"self","type":";"}]}`, "null", "[]",
		`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"data:,{}"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		jrd, err := discover.ParseJRD(b)
		if err != nil {
			return
		}
		written, err := json.Marshal(jrd)
		if err != nil {
			t.Fatal(err)
		}
		again, err := discover.ParseJRD(written)
		if err != nil || again.Self() != jrd.Self() || again.Subject != jrd.Subject {
			t.Fatalf("ParseJRD(%s) = %+v, %v; want %+v", written, again, err, jrd)
		}
	})
}
