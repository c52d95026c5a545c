package fetch_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/federation/fetch"
)

func TestDomain(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://node.example/u/ada":            "node.example",
		"https://a.b.Node.Example:8443/x#key":   "node.example",
		"https://x.node.co.uk/":                 "node.co.uk",
		"https://me.github.io/":                 "me.github.io",
		"https://co.uk/":                        "co.uk",
		"http://127.0.0.1:8081/u/ada":           "127.0.0.1:8081",
		"https://[2001:db8::1]/":                "[2001:db8::1]",
		"http://localhost:3000/":                "localhost:3000",
		"https://b\u00fccher.example/":          "xn--bcher-kva.example",
		"ftp://node.example/":                   "",
		"":                                      "",
		"https://user@node.example/":            "",
		"https://node.example.:443/is/the/same": "node.example",
	} {
		if got := fetch.Domain(address); got != want {
			t.Errorf("Domain(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestBudgetIsEachDomainsOwn(t *testing.T) {
	t.Parallel()
	b := fetch.NewBudget(fetch.Bounds{Burst: 3, PerSecond: 1, AllBurst: 5, AllPerSecond: 1})
	now := time.Unix(1_800_000_000, 0)
	take := func(format string, times int) (taken int) {
		for i := range times {
			if b.Take(fmt.Sprintf(format, i), 1, now) {
				taken++
			}
		}
		return taken
	}
	if n := take("https://x%d.one.example/", 1000); n != 3 {
		t.Errorf("one domain took %d, want 3", n)
	}
	if n := take("https://two.example/%d", 1); n != 1 {
		t.Error("another domain has nothing left")
	}
	if n := take("https://domain%d.example/", 1000); n != 1 {
		t.Errorf("all others took %d, want the 1 that all together had left", n)
	}
	now = now.Add(2 * time.Second)
	if n := take("https://x%d.one.example/", 1000); n != 2 {
		t.Errorf("after two seconds one domain took %d, want 2", n)
	}
}

// A node that is led to itself, by an address, a key's owner or a redirect, would
// wait for its own answer.
func TestItselfIsNotAsked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	own := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(activityJSON, "{}")(w, r)
	})
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, own.URL+"/u/ada", http.StatusFound) })
	c := private(t, func(config *fetch.Config) { config.Self = strings.TrimPrefix(own.URL, "http://") })
	key, err := actorKey()
	if err != nil {
		t.Fatal(err)
	}
	_, errObject := c.Object(t.Context(), own.URL+"/u/ada#main-key")
	_, errLed := c.Object(t.Context(), other.URL+"/u/eve")
	_, errJSON := c.JSON(t.Context(), own.URL+"/.well-known/webfinger", "application/json")
	_, errPost := c.Post(t.Context(), own.URL+"/inbox", []byte("{}"), key)
	for what, err := range map[string]error{"Object": errObject, "Object by redirect": errLed, "JSON": errJSON, "Post": errPost} {
		if !errors.Is(err, fetch.ErrForbiddenAddress) {
			t.Errorf("%s of our own: %v", what, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("asked itself %d times", n)
	}
}

// TestBudgetGivesNoTimeOutTwice: callers read the clock before they take their turn.
func TestBudgetGivesNoTimeOutTwice(t *testing.T) {
	t.Parallel()
	b := fetch.NewBudget(fetch.Bounds{Burst: 1, PerSecond: 1, AllBurst: 1_000, AllPerSecond: 1_000})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	taken := 0
	for range 100 {
		for _, at := range []time.Duration{time.Second, 0} {
			if b.Take("https://victim.example/x", 1, start.Add(at)) {
				taken++
			}
		}
	}
	if taken > 2 {
		t.Errorf("took %d in one second, want at most 2", taken)
	}
}
