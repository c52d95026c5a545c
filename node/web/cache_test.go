package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestReadersShareOneRendering(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, release := newCache(alone), make(chan struct{})
		var made atomic.Int64
		render := func() (answer, error) {
			made.Add(1)
			<-release
			return answer{body: []byte("page")}, nil
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				// Half of them come after a write: they must not be given what was read before it.
				if e, err := c.entry("/", int64(i%2), time.Now(), render); err != nil || string(e.body) != "page" {
					t.Errorf("entry = %v, %v", e, err)
				}
			})
		}
		synctest.Wait()
		if got := made.Load(); got != 2 {
			t.Errorf("%d renderings for two versions, want 2", got)
		}
		close(release)
		wg.Wait()
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	c, now := newCache(alone), time.Unix(0, 0)
	if _, err := c.entry("/", 1, now, func() (answer, error) { return answer{}, errors.New("no") }); err == nil {
		t.Fatal("the error is lost")
	}
	e, err := c.entry("/", 1, now, func() (answer, error) { return answer{body: []byte("yes")}, nil })
	if err != nil || string(e.body) != "yes" {
		t.Errorf("after an error: %v, %v", e, err)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	c, now := newCache(alone), time.Unix(0, 0)
	page := func(size int) func() (answer, error) {
		return func() (answer, error) { return answer{body: make([]byte, size)}, nil }
	}
	for i := range 40 {
		if _, err := c.entry(fmt.Sprint(i), 1, now, page(2<<20)); err != nil {
			t.Fatal(err)
		}
		if c.kept.Bytes() > cacheBytes {
			t.Fatalf("%d bytes after %d pages, want at most %d", c.kept.Bytes(), i+1, cacheBytes)
		}
	}
	if c.fresh("0", 1, now) != nil || c.fresh("39", 1, now) == nil {
		t.Error("the newest must stay and the oldest go")
	}
	for range 5 { // the same again takes no more room
		before := c.kept.Bytes()
		if _, err := c.entry("39", 2, now, page(2<<20)); err != nil || c.kept.Bytes() != before {
			t.Fatalf("%d bytes, then %d: %v", before, c.kept.Bytes(), err)
		}
	}
	if _, err := c.entry("huge", 1, now, page(cacheBytes/16+1)); err != nil || c.fresh("huge", 1, now) != nil {
		t.Errorf("a page larger than %d bytes is kept (%v)", cacheBytes/16, err)
	}
}

func TestOnePageHasOneKey(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/m/x": "/m/x", "/m/x?": "/m/x", "/m/x?utm_source=y&sort=nonsense&page=0": "/m/x", "/m/x?page=1": "/m/x",
		"/m/x?sort=top": "/m/x top       1  ", "/search?q=a%20b&type=posts": "/search      a+b posts 1  ", "/search?q=a+b+posts": "/search      a+b+posts  1  ",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
		if got := newAsk(r).key(); got != want {
			t.Errorf("key of %s = %q, want %q", target, got, want)
		}
	}
}

func TestWhoPrefersJSON(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": true, "application/json, text/plain, */*": true, "application/*": true, "TEXT/HTML, application/json": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false, "text/html;q=0.5, application/json": true,
		"application/json;q=0": false, "application/json;q=0.5, text/html;q=0.9": false, "application/json;q=nan, */*": false, "application/json ; q=1": true,
		"application/problem+json": true, "application/activity+json, text/html;q=0.9": true, "application/xhtml+xml": false,
	} {
		if got := prefersJSON(accept); got != want {
			t.Errorf("prefersJSON(%q) = %v, want %v", accept, got, want)
		}
	}
}

func FuzzPrefersJSON(f *testing.F) {
	for _, s := range []string{"application/json;q=0.5,*/*", "text/html, application/json;q=2", ";;,,=", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if prefersJSON(s) && !strings.Contains(strings.ToLower(s), "application/") {
			t.Errorf("prefersJSON(%q)", s)
		}
	})
}

func FuzzExcerpt(f *testing.F) {
	for _, s := range []string{"", "<p>One <em>two</em>.</p><p>Three</p>", "<p", "&amp;&lt;script&gt;", strings.Repeat("<b>x</b> ", 500), "潮\x00\xff<br>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := excerpt(s); utf8.RuneCountInString(got) > excerptLength+1 {
			t.Errorf("excerpt of %d characters", utf8.RuneCountInString(got))
		}
	})
}

func TestExcerptPartsBlocksAndNotWords(t *testing.T) {
	t.Parallel()
	got := excerpt("<h1>Ti<em>d</em>es</h1>\n<ul><li>rise<br>and &amp;</li><li>fall</li></ul>")
	if want := "Tides rise and & fall"; got != want {
		t.Errorf("excerpt = %q, want %q", got, want)
	}
	if got := excerpt("<p>" + strings.Repeat("a", 1000)); got != strings.Repeat("a", excerptLength)+"…" {
		t.Errorf("a long excerpt ends with %q", got[len(got)-10:])
	}
}

func TestTimesAreRounded(t *testing.T) {
	t.Parallel()
	v := view{tongue: tongue{catalogue: catalogues(t)[tongueEnglish]}, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	for before, want := range map[time.Duration]string{
		-time.Hour: "just now", 0: "just now", 59 * time.Second: "just now", time.Minute: "1 min ago", 119 * time.Minute: "1 h ago",
		25 * time.Hour: "yesterday", 49 * time.Hour: "2 days ago", 40 * 24 * time.Hour: "11 Oct 2026",
	} {
		if got := v.stamp(v.now.Add(-before).UnixMilli()).Ago; got != want {
			t.Errorf("%v ago = %q, want %q", before, got, want)
		}
	}
	if got := v.stamp(0).Machine; got != "1970-01-01T00:00:00Z" {
		t.Errorf("machine's time = %q", got)
	}
}

func TestAnIconIsItsOwners(t *testing.T) {
	t.Parallel()
	a, b := identicon("https://a.test/u/ada"), identicon("https://b.test/u/ada")
	if a != identicon("https://a.test/u/ada") || a == b || a.Path == "" {
		t.Errorf("icons %v and %v", a, b)
	}
}

func TestNumbersAreReadable(t *testing.T) {
	t.Parallel()
	c := catalogues(t)[tongueEnglish]
	for n, want := range map[int64]string{0: "0", -7: "-7", 999: "999", 1000: "1\u202f000", -1234567: "-1\u202f234\u202f567"} {
		if got := c.count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

// alone is the number of those who wait for their turn where nobody does.
func alone() int64 { return 0 }

func TestACrowdIsGivenThePageOfAMomentAgo(t *testing.T) {
	t.Parallel()
	var queued int64
	c, now, made := newCache(func() int64 { return queued }), time.Unix(1_700_000_000, 0), 0
	get := func(version int64, now time.Time) string {
		e, err := c.entry("/", version, now, func() (answer, error) {
			made++
			return answer{mediaType: typeHTML, body: []byte(strconv.Itoa(made))}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(e.body)
	}
	if first, second := get(1, now), get(2, now); first != "1" || second != "2" {
		t.Errorf("alone, a reader is given %q and after a write %q", first, second)
	}
	c.waiting.Add(crowdOf)
	if got := get(3, now.Add(crowdAge-time.Millisecond)); got != "2" {
		t.Errorf("in a crowd, a reader is given %q, want the page of a moment ago", got)
	}
	if got := get(3, now.Add(crowdAge)); got != "3" {
		t.Errorf("in a crowd, a reader is given %q, want no page older than %v", got, crowdAge)
	}
	c.waiting.Add(-crowdOf)
	queued = crowdOf
	if got := get(4, now.Add(crowdAge)); got != "3" {
		t.Errorf("where many wait for their turn, a reader is given %q, want the page of a moment ago", got)
	}
	queued = 0
	if got := get(4, now.Add(crowdAge)); got != "4" {
		t.Errorf("after the crowd, a reader is given %q", got)
	}
}
