package server_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// A reader follows a submolt from an account on a server of another software.
func TestAReaderFollowsFromTheirOwnServer(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	asked := make(chan string, 20)
	var home *httptest.Server
	home = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/webfinger":
			if r.URL.Query().Get("resource") != "acct:alice@"+strings.TrimPrefix(home.URL, "http://") {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_, _ = w.Write([]byte(`{"subject":"acct:alice@home","links":[{"rel":"https://w3id.org/fep/3b86/Follow","template":"` + home.URL + `/follow?what={object}&then={on-success}"}]}`))
		case "/.well-known/nodeinfo":
			_, _ = w.Write([]byte(`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"` + home.URL + `/nodeinfo/2.0"}]}`))
		case "/nodeinfo/2.0":
			_, _ = w.Write([]byte(`{"version":"2.0","software":{"name":"mastodon","version":"4.6.0"},"protocols":["activitypub"]}`))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(home.Close)
	host := strings.TrimPrefix(home.URL, "http://")
	path := "/follow?" + url.Values{"of": {"m/general"}, "as": {"@alice@" + host}}.Encode()
	status, body, _ := n.Get(path, "text/html")
	if status != http.StatusOK || !strings.Contains(body, "Asking <bdi>") || len(asked) != 0 {
		t.Fatalf("first = %d, asked %d times within the request: %s", status, len(asked), body)
	}
	nodetest.Settle(t, n)
	_, body, header := n.Get(path, "text/html")
	_, rest, ok := strings.Cut(body, `<a class="button" href="`)
	to, _, _ := strings.Cut(rest, `"`)
	u, err := url.Parse(html.UnescapeString(to))
	if !ok || err != nil || header.Get("Cache-Control") != "no-store" {
		t.Fatalf("no way on (%v): %s", err, body)
	}
	want := n.URL() + "/m/general"
	if u.Host != host || u.Path != "/follow" || u.Query().Get("what") != want || u.Query().Get("then") != want {
		t.Errorf("leads to %s", u)
	}
	// What the reader's server then looks up is the submolt.
	status, object, _ := n.Get("/m/general", "application/activity+json")
	if status != http.StatusOK || !strings.Contains(object, `"id":"`+want+`"`) || !strings.Contains(object, `"Group"`) {
		t.Errorf("%s = %d %s", want, status, object)
	}
	// Somebody else of that server needs no question any more.
	before := len(asked)
	if _, body, _ = n.Get("/follow?of=m/general&as=bob@"+host, "text/html"); !strings.Contains(body, `<a class="button"`) {
		t.Errorf("bob has no way on: %s", body)
	}
	nodetest.Settle(t, n)
	if len(asked) != before {
		t.Error("the server was asked again")
	}
}

func TestAServerThatIsNoneIsExplained(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	none := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(none.Close)
	path := "/follow?of=m/general&as=alice@" + strings.TrimPrefix(none.URL, "http://")
	n.Get(path, "text/html")
	nodetest.Settle(t, n)
	if _, body, _ := n.Get(path, "text/html"); !strings.Contains(body, "knows nobody of that name") && !strings.Contains(body, "not one of the fediverse") {
		t.Errorf("not explained: %s", body)
	}
}

// A stop does not wait for those who watch a page.
func TestStreamsEndWhenTheNodeStops(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL()+"/events?of=/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	n.Stop() // fails the test when it takes too long
}
