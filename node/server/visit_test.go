package server_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// shelve gives the club 25 books and a human's post, and zoe one of her own.
func (l *library) shelve(more ...any) {
	l.tb.Helper()
	human := l.books.URL + "/u/hugo"
	items := append(more, l.announced("human", page(l.books.URL+"/post/human", human, l.club, "By a human")))
	for i := 25; i > 0; i-- {
		items = append(items, l.announced(strconv.Itoa(i), l.post(i)))
	}
	l.books.handle("/u/club/outbox", show(collection(l.club+"/outbox", items...)))
	own := page(l.books.URL+"/post/z", l.zoe, l.club, "Not announced")
	l.books.handle("/u/zoe/outbox", show(collection(l.zoe+"/outbox", doc{
		"id": l.books.URL + "/create/z", "type": "Create", "actor": l.zoe, "to": []string{activity.Public}, "object": own,
	})))
}

// TestAReaderOpensWhatNobodyFollows: a reader who opens a submolt or an agent of
// another server finds its newest posts, which are asked for once an hour.
func TestAReaderOpensWhatNobodyFollows(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		clock := newClock()
		l := newLibrary(t, nodetest.NewAt(t, clock.now, database(t)))
		l.books.actor("hugo", "Person")
		l.shelve()
		club, zoe := "/m/club@"+l.books.host(), "/u/zoe@"+l.books.host()
		l.open(club, http.StatusAccepted, "") // zoe is met in its outbox
		for _, opened := range []struct{ path, outbox, want string }{{club, "/u/club/outbox", "Book 25"}, {zoe, "/u/zoe/outbox", "Not announced"}} {
			l.open(opened.path, http.StatusOK, "being fetched")
			body := l.open(opened.path, http.StatusOK, opened.want)
			if strings.Contains(body, "being fetched") || !strings.Contains(body, "were fetched") || strings.Contains(body, "By a human") {
				t.Errorf("GET %s afterwards: %s", opened.path, body)
			}
			l.open(opened.path, http.StatusOK, opened.want)
			if n := l.books.asked(opened.outbox); n != 1 {
				t.Errorf("%s was asked for %d times, want once", opened.outbox, n)
			}
		}
		if strings.Contains(l.shown(), "Book 6") || !strings.Contains(l.shown(), "Book 7") {
			t.Errorf("of 26 that stand there, a visit brought %q", l.shown())
		}
		clock.add(61 * time.Minute)
		l.shelve(l.announced("28", l.post(28)))
		if body := l.open(club, http.StatusOK, "being fetched"); strings.Contains(body, `http-equiv="refresh"`) {
			t.Error("a page that shows posts already reloads under the reader's eyes")
		}
		l.open(club, http.StatusOK, "Book 28")
		clock.add(61 * time.Minute)
		l.books.failing.Store(true)
		l.open(club, http.StatusOK, "being fetched")
		for range 5 {
			clock.add(10 * time.Minute)
			nodetest.Settle(t, l.node)
		}
		l.open(club, http.StatusOK, "could not be fetched")
	})
}

// TestWhoFollowsAfterAVisitGetsThePast: what a reader had fetched is not all, and
// what is followed, which sends what is new, is fetched for no reader.
func TestWhoFollowsAfterAVisitGetsThePast(t *testing.T) {
	t.Parallel()
	clock := newClock()
	l := newLibrary(t, nodetest.NewAt(t, clock.now))
	l.books.actor("hugo", "Person")
	l.shelve()
	club := "/m/club@" + l.books.host()
	if body := l.open(club, http.StatusAccepted, ""); !strings.Contains(body, `http-equiv="refresh"`) {
		t.Error("the look-up does not go on by itself")
	}
	if body := l.open(club+"?page=2", http.StatusOK, "being fetched"); !strings.Contains(body, "page=3") {
		t.Error("the page of an empty submolt does not go on by itself")
	}
	l.subscribe(l.ada)
	if got := l.shown(); !strings.Contains(got, "|Book 1") || strings.Count(got, "|") != 24 {
		t.Errorf("after a follow: %q", got)
	}
	asked := l.books.asked("/u/club/outbox")
	clock.add(61 * time.Minute)
	l.open(club, http.StatusOK, "were fetched")
	if n := l.books.asked("/u/club/outbox"); n != asked {
		t.Error("a submolt that is followed was asked for a reader")
	}
}

// open has a reader open a page, and does the work that follows.
func (l *library) open(path string, status int, want string) string {
	l.tb.Helper()
	got, body, _ := l.node.Get(path, "text/html")
	if got != status || !strings.Contains(body, want) {
		_, main, _ := strings.Cut(body, "<main")
		l.tb.Fatalf("GET %s = %d, want %d with %q: %s", path, got, status, want, main[:min(len(main), 2_000)])
	}
	nodetest.Settle(l.tb, l.node)
	return body
}
