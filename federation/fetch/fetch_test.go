package fetch_test

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/fetch"
	"instar.example/federation/signature"
)

const activityJSON = "application/activity+json"

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func actorKey() (signature.Key, error) {
	return signature.Key{ID: "https://a.example/#main-key", Private: rsaKey()}, nil
}

// serve starts a peer of one handler.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func answer(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

func private(t *testing.T, change func(*fetch.Config)) *fetch.Client {
	t.Helper()
	config := fetch.Config{AllowPrivate: true, Now: now, Sign: actorKey, UserAgent: "instar-test (+https://a.example/)"}
	if change != nil {
		change(&config)
	}
	c := fetch.New(config)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// public makes a client that guards addresses, and places a TLS server at
// https://example.com.
func public(t *testing.T, h http.HandlerFunc) *fetch.Client {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c := fetch.New(fetch.Config{ExtraCA: pool, Now: now, Sign: actorKey})
	c.Place("example.com:443", s.Listener.Addr().String())
	return c
}

func TestObjectIsAskedForAsTheInstanceActor(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sig, err := signature.Parse(r)
		if err == nil {
			err = signature.Verify(r, nil, sig, rsaKey().Public(), now())
		}
		if err != nil {
			t.Errorf("signature: %v", err)
		}
		if sig.KeyID != "https://a.example/#main-key" {
			t.Errorf("keyId = %q", sig.KeyID)
		}
		if got := r.Header.Get("Accept"); got != fetch.AcceptObject {
			t.Errorf("Accept = %q", got)
		}
		if got := r.Header.Get("User-Agent"); got != "instar-test (+https://a.example/)" {
			t.Errorf("User-Agent = %q", got)
		}
		answer(activityJSON+"; charset=utf-8", `{"id":"x"}`)(w, r)
	})
	doc, err := private(t, nil).Object(t.Context(), s.URL+"/u/b%C3%BCcher?x=1#main-key")
	if err != nil {
		t.Fatal(err)
	}
	if string(doc.Body) != `{"id":"x"}` || doc.URL != s.URL+"/u/b%C3%BCcher?x=1" || doc.Status != 200 ||
		doc.ContentType != activityJSON+"; charset=utf-8" {
		t.Errorf("Object = %+v", doc)
	}
}

func TestJSONIsNotSigned(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Signature") != "" || r.Header.Get("Accept") != "application/jrd+json" {
			t.Errorf("headers: %v", r.Header)
		}
		answer("text/plain", "{}")(w, r)
	})
	doc, err := private(t, nil).JSON(t.Context(), s.URL+"/.well-known/webfinger", "application/jrd+json")
	if err != nil || string(doc.Body) != "{}" {
		t.Errorf("JSON = %+v, %v", doc, err)
	}
}

func TestObjectTakesOnlyActivityPubTypes(t *testing.T) {
	t.Parallel()
	for contentType, good := range map[string]bool{
		activityJSON:                       true,
		"Application/Activity+JSON":        true,
		activityJSON + `; charset="utf-8"`: true,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreams"`:                                   true,
		`application/ld+json; charset=utf-8; profile="https://x.example/ https://www.w3.org/ns/activitystreams"`: true,
		"application/ld+json": false,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreamsx"`: false,
		"application/json":             false,
		"text/plain":                   false,
		"image/png":                    false,
		"text/html; x=" + activityJSON: false,
		activityJSON + ", text/html":   false,
		activityJSON + ";;":            true, // the type decides, not how its parameters are written
		activityJSON + "; profile=https://www.w3.org/ns/activitystreams":        true,
		"application/ld+json; profile=https://www.w3.org/ns/activitystreams/v1": false,
	} {
		s := serve(t, answer(contentType, "{}"))
		_, err := private(t, nil).Object(t.Context(), s.URL)
		if good && err != nil || !good && !errors.Is(err, fetch.ErrContentType) {
			t.Errorf("Object of type %q: %v", contentType, err)
		}
	}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{activityJSON, "text/html"}
	})
	if _, err := private(t, nil).Object(t.Context(), s.URL); !errors.Is(err, fetch.ErrContentType) {
		t.Errorf("two types: %v, want ErrContentType", err)
	}
	s = serve(t, answer(strings.Repeat("x", 10_000), "{}"))
	if _, err := private(t, nil).Object(t.Context(), s.URL); !errors.Is(err, fetch.ErrContentType) || len(err.Error()) > 1000 {
		t.Errorf("a long type: %.100v, want ErrContentType in few words", err)
	}
}

func TestStatusesHaveErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{404: fetch.ErrNotFound, 410: fetch.ErrGone} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := private(t, nil).Object(t.Context(), s.URL); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
	}
	for _, status := range []int{202, 204, 304, 400, 401, 403, 418, 429, 500, 503} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(status)
		})
		_, err := private(t, nil).JSON(t.Context(), s.URL, "*/*")
		e, ok := errors.AsType[*fetch.StatusError](err)
		if !ok || e.Status != status || e.RetryAfter != 2*time.Minute {
			t.Errorf("%d: %v (%+v)", status, err, e)
		}
	}
}

func TestAddressesThatAreNeverAsked(t *testing.T) {
	t.Parallel()
	guarded, loose := fetch.New(fetch.Config{}), private(t, nil)
	for _, address := range []string{
		"", "b.example", "/u/ada", "//b.example/", "file:///etc/passwd", "data:application/json,{}", "gopher://b.example/", "ftp://b.example/",
		"https://", "https:b.example", "https://ada:pw@b.example/", "https://b.example/a b", "https://b.example/\r\nX: y",
		"https://b.example/\x00", "https://b.example:99999/", "https://b example/", "https://[::1%25lo]/", "https://exam%70le.com/",
		"https://b.example/" + strings.Repeat("x", fetch.MaxURL),
	} {
		for name, c := range map[string]*fetch.Client{"guarded": guarded, "loose": loose} {
			if _, err := c.Object(t.Context(), address); !errors.Is(err, fetch.ErrForbiddenAddress) {
				t.Errorf("%s Object(%q): %v, want ErrForbiddenAddress", name, address, err)
			}
			if _, err := c.JSON(t.Context(), address, "*/*"); !errors.Is(err, fetch.ErrForbiddenAddress) {
				t.Errorf("%s JSON(%q): %v, want ErrForbiddenAddress", name, address, err)
			}
			key, _ := actorKey()
			if _, err := c.Post(t.Context(), address, []byte("{}"), key); !errors.Is(err, fetch.ErrForbiddenAddress) {
				t.Errorf("%s Post(%q): %v, want ErrForbiddenAddress", name, address, err)
			}
		}
	}
	for _, address := range []string{
		"http://b.example/", "https://b.example:8443/", "https://b.example:80/", "https://127.0.0.1:443/",
		"https://127.0.0.1/", "https://127.1.2.3/", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/",
		"https://169.254.169.254/", "https://100.64.0.1/", "https://0.0.0.0/", "https://192.0.2.1/", "https://198.18.0.1/",
		"https://224.0.0.1/", "https://240.0.0.1/", "https://255.255.255.255/",
		"https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:10.0.0.1]/", "https://[::127.0.0.1]/",
		"https://[fe80::1]/", "https://[fc00::1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001::1]/",
		"https://[ff02::1]/", "https://[100::1]/", "https://0x7f.1/", "https://127.1/", "https://2130706433/", "https://0177.0.0.1/",
		"https://localhost/", "https://LOCALHOST./",
	} {
		if _, err := guarded.JSON(t.Context(), address, "*/*"); !errors.Is(err, fetch.ErrForbiddenAddress) {
			t.Errorf("JSON(%q): %v, want ErrForbiddenAddress", address, err)
		}
	}
}

func TestAPublicNodeNeedsTrustedTLS(t *testing.T) {
	t.Parallel()
	c := public(t, answer(activityJSON, "{}"))
	doc, err := c.Object(t.Context(), "https://EXAMPLE.com:443/u/ada")
	if err != nil || doc.URL != "https://example.com/u/ada" {
		t.Fatalf("Object = %+v, %v", doc, err)
	}
	s := httptest.NewTLSServer(answer(activityJSON, "{}"))
	defer s.Close()
	if _, err := private(t, nil).Object(t.Context(), s.URL); err == nil {
		t.Error("a certificate of nobody's was taken")
	}
}

func TestRedirectsAreBoundedAndGuarded(t *testing.T) {
	t.Parallel()
	var hops atomic.Int32
	c := public(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			hops.Add(1)
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/nowhere":
			w.WriteHeader(http.StatusFound)
		case "/long":
			w.Header().Set("Location", "/"+strings.Repeat("x", fetch.MaxURL))
			w.WriteHeader(http.StatusFound)
		case "/to":
			w.Header().Set("Location", r.URL.Query().Get("u"))
			w.WriteHeader(http.StatusMovedPermanently)
		default:
			answer(activityJSON, "{}")(w, r)
		}
	})
	to := func(u string) string { return "https://example.com/to?u=" + strings.ReplaceAll(u, "&", "%26") }
	for address, want := range map[string]error{
		to("/end"):                         nil,
		to("https://example.com/end"):      nil,
		to("//example.com/end"):            nil,
		"https://example.com/loop":         fetch.ErrRedirect,
		"https://example.com/nowhere":      fetch.ErrRedirect,
		to("http://example.com/end"):       fetch.ErrRedirect,
		to("file:///etc/passwd"):           fetch.ErrRedirect,
		to("data:application/json,%7B%7D"): fetch.ErrRedirect,
		to("gopher://example.com/"):        fetch.ErrRedirect,
		to("https://127.0.0.1/end"):        fetch.ErrForbiddenAddress,
		to("https://[::1]/end"):            fetch.ErrForbiddenAddress,
		to("https://169.254.169.254/end"):  fetch.ErrForbiddenAddress,
		to("https://localhost/end"):        fetch.ErrForbiddenAddress,
		to("https://example.com:8443/end"): fetch.ErrForbiddenAddress,
		to("https://a:b@example.com/end"):  fetch.ErrForbiddenAddress,
		"https://example.com/long":         fetch.ErrRedirect,
	} {
		if _, err := c.Object(t.Context(), address); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("Object(%s): %v, want %v", address, err, want)
		}
	}
	if n := hops.Load(); n != fetch.MaxRedirects+1 {
		t.Errorf("the loop was asked %d times, want %d", n, fetch.MaxRedirects+1)
	}
}

func TestSignaturesDoNotCrossHosts(t *testing.T) {
	t.Parallel()
	var signed sync.Map
	note := func(r *http.Request) {
		s, err := signature.Parse(r)
		if err == nil {
			err = signature.Verify(r, nil, s, rsaKey().Public(), now())
		}
		signed.Store(r.Host+r.URL.Path, err)
	}
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		answer(activityJSON, "{}")(w, r)
	})
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, map[string]string{"/1": "/2", "/2": other.URL + "/3"}[r.URL.Path], http.StatusSeeOther)
	})
	doc, err := private(t, nil).Object(t.Context(), home.URL+"/1")
	if err != nil || doc.URL != other.URL+"/3" {
		t.Fatalf("Object = %+v, %v", doc, err)
	}
	for address, want := range map[string]error{home.URL + "/1": nil, home.URL + "/2": nil, other.URL + "/3": signature.ErrMissing} {
		got, ok := signed.Load(strings.TrimPrefix(address, "http://"))
		if err, _ := got.(error); !ok || !errors.Is(err, want) {
			t.Errorf("%s: signature: %v, want %v", address, got, want)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"declared": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(fetch.MaxBody+1))
			w.WriteHeader(http.StatusOK)
		},
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		},
		"gzip bomb": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("Accept-Encoding = %q", r.Header.Get("Accept-Encoding"))
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				_, _ = z.Write(make([]byte, 1<<20))
			}
			_ = z.Close()
		},
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activityJSON)
			h(w, r)
		})
		if _, err := private(t, nil).Object(t.Context(), s.URL); !errors.Is(err, fetch.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
	s := serve(t, answer(activityJSON, strings.Repeat("x", fetch.MaxBody)))
	if doc, err := private(t, nil).Object(t.Context(), s.URL); err != nil || len(doc.Body) != fetch.MaxBody {
		t.Errorf("exactly MaxBody: %d bytes, %v", len(doc.Body), err)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", fetch.MaxHeader))
		answer(activityJSON, "{}")(w, r)
	})
	if _, err := private(t, nil).Object(t.Context(), s.URL); err == nil {
		t.Error("an endless header was read")
	}
}

// A read deadline that begins anew with each byte would never end
// (CVE-2023-36461).
func TestTheDeadlineIsOfTheWhole(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"slow body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activityJSON)
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-tick.C:
				case <-r.Context().Done():
					return
				}
			}
		},
	} {
		s := serve(t, h)
		c := private(t, func(c *fetch.Config) { c.Timeout = 200 * time.Millisecond })
		start := time.Now()
		if _, err := c.Object(t.Context(), s.URL); !errors.Is(err, fetch.ErrTimeout) {
			t.Errorf("%s: Object: %v, want ErrTimeout", name, err)
		}
		if _, err := c.JSON(t.Context(), s.URL, "*/*"); !errors.Is(err, fetch.ErrTimeout) {
			t.Errorf("%s: JSON: %v, want ErrTimeout", name, err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s: gave up after %v", name, d)
		}
	}
}

func TestCallersShareOneRequest(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	arrived, release := make(chan struct{}, 9), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		arrived <- struct{}{}
		<-release
		answer(activityJSON, "{}")(w, r)
	})
	c := private(t, nil)

	// Each caller leaves before the answer; the request that the first one
	// began goes on, and the others find it.
	for i := range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := c.Object(ctx, fmt.Sprintf("%s/u/ada#key-%d", s.URL, i)); !errors.Is(err, fetch.ErrTimeout) {
			t.Errorf("caller %d: %v, want ErrTimeout", i, err)
		}
		cancel()
	}
	<-arrived
	last := make(chan error, 1)
	go func() { _, err := c.Object(t.Context(), s.URL+"/u/bob"); last <- err }()
	<-arrived
	close(release)
	if err := <-last; err != nil {
		t.Error(err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times for two addresses", n)
	}
}

func TestCloseWaitsForWhatWasBegun(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		answer(activityJSON, "{}")(w, r)
	})
	c := private(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() { _, _ = c.Object(ctx, s.URL); close(left) }()
	<-arrived
	cancel()
	<-left
	if err := c.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close with a request out = %v, want context.Canceled", err)
	}
	close(release)
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestAnUnreachableHostIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	address := s.URL
	s.Close()
	key, _ := actorKey()
	if got, err := private(t, nil).Post(t.Context(), address, []byte("{}"), key); err == nil {
		t.Errorf("Post = %+v", got)
	}
	if _, err := private(t, nil).Object(t.Context(), address); err == nil {
		t.Error("Object of a closed server succeeded")
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	peer := serve(t, answer("application/json", "{}"))
	c := private(t, nil)
	c.Place("b.example:80", peer.Listener.Addr().String())
	if _, err := c.JSON(t.Context(), "http://b.example/", "*/*"); err != nil {
		t.Error(err)
	}
}
