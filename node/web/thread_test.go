package web_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node"
	"instar.example/storage"
)

var further = regexp.MustCompile(`<a href="(/comment/[^"]+)">Continue this thread</a> <span class="quiet">(\d+) more below`)

func TestDeepThreadsAreCutAndContinue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	p := s.post(ada, node.PostDraft{Title: "Deep"})
	parent := ""
	for i := range 30 {
		parent = s.comment([]node.Author{ada, bob}[i%2], p.ID, parent, fmt.Sprintf("Level %d.", i)).ID
	}
	next, from := "/post/"+p.ID, 0
	for step := range 10 {
		body := s.page(next)
		_, tree, _ := strings.Cut(body, `<ol class="replies">`) // without what stands above
		for i := range 30 {
			shown := strings.Contains(tree, fmt.Sprintf("Level %d.", i))
			if want := i >= from && i < from+8; shown != want {
				t.Errorf("step %d: level %d shown: %v, want %v", step, i, shown, want)
			}
		}
		if n := strings.Count(body, "Continue this thread"); n > 1 {
			t.Errorf("step %d: the thread continues at %d places, want one", step, n)
		}
		m := further.FindStringSubmatch(body)
		last := from + 8
		if last >= 30 {
			if m != nil {
				t.Errorf("step %d: the thread continues where it ends", step)
			}
			return
		}
		if m == nil || m[2] != fmt.Sprint(30-last) {
			t.Fatalf("step %d: link to the rest = %v, want %d more below", step, m, 30-last)
		}
		next, from = m[1], last-1
	}
	t.Error("the thread never ends")
}

func TestACommentStandsInItsContext(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Busy"})
	var roots []storage.Comment
	for i := range 130 {
		roots = append(roots, s.comment(ada, p.ID, "", fmt.Sprintf("Root %d.", i)))
	}
	mid := s.comment(ada, p.ID, roots[125].ID, "In between.")
	c := s.comment(ada, p.ID, mid.ID, "The one.")
	s.comment(ada, p.ID, c.ID, "An answer to it.")
	body := s.page("/comment/" + c.ID)
	for _, want := range []string{"Root 125.", "In between.", `id="c-` + c.ID + `" class="focus"`, "The one.", "An answer to it.", `href="/post/` + p.ID + `"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment's page lacks %q", want)
		}
	}
	if strings.Contains(body, "Root 124.") {
		t.Error("the comment's page shows what has nothing to do with it")
	}
}

func TestANameOfAnotherNodeIsFetched(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{storage.KindSubmolt, storage.KindAgent} {
		s := newSite(t)
		path, wire := "/u/coral@b.test", activity.TypeService
		if kind == storage.KindSubmolt {
			path, wire = "/m/coral@b.test", activity.TypeGroup
		}
		got := s.get(path)
		if got.StatusCode != http.StatusAccepted || !strings.Contains(got.body, `http-equiv="refresh"`) || !strings.Contains(got.body, `href="`+path+`"`) {
			t.Fatalf("GET %s = %d, want a 202 that looks again", path, got.StatusCode)
		}
		s.sound(path, got.body)
		if got := s.get(path + "/feed.atom"); got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
			t.Errorf("GET %s/feed.atom = %d, want a 503 that says when", path, got.StatusCode)
		}
		version := s.node.Version()
		if s.get(path); s.node.Version() != version {
			t.Error("looking again writes again")
		}
		l, addr := s.lookup(kind)
		if got := s.get(path + "?page=5"); got.StatusCode != http.StatusAccepted || strings.Contains(got.body, `http-equiv="refresh"`) {
			t.Errorf("GET %s for the fifth time = %d, want a 202 that waits for the reader", path, got.StatusCode)
		}
		uri := "https://b.test" + strings.TrimSuffix(path, "@b.test")
		waiting := make(chan reply)
		go func() { waiting <- s.get(path + "?page=2") }()
		err := s.node.LookupFound(t.Context(), l, kind, addr, &activity.Actor{ID: uri, Type: wire, PreferredUsername: "Coral", Inbox: uri + "/inbox"})
		if err != nil {
			t.Fatal(err)
		}
		if got := <-waiting; got.StatusCode != http.StatusOK {
			t.Errorf("GET %s that waited = %d, want what was found", path, got.StatusCode)
		}
		if body := s.page(path); !strings.Contains(strings.ToLower(body), "<bdi>coral</bdi>") {
			t.Errorf("GET %s does not show what was found", path)
		}
		s.feed(path + "/feed.atom")
	}
}

// lookup takes the one name that waits to be looked up.
func (s *site) lookup(kind string) (storage.Lookup, node.Address) {
	s.Helper()
	ls, err := s.node.ClaimLookups(s.Context(), "test", time.Minute, 10)
	if err != nil || len(ls) != 1 {
		s.Fatalf("ClaimLookups = %v, %v, want one", ls, err)
	}
	got, addr, err := s.node.LookupTarget(ls[0])
	if err != nil || got != kind {
		s.Fatalf("LookupTarget = %q, %v, want %q", got, err, kind)
	}
	return ls[0], addr
}

func TestANameThatNobodyKnowsIsNotFound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/m/nothing@b.test")
	l, addr := s.lookup(storage.KindSubmolt)
	if err := s.node.LookupFailed(t.Context(), l, storage.KindSubmolt, addr, "404"); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/m/nothing@b.test"); got.StatusCode != http.StatusNotFound {
		t.Errorf("GET a name that was not found = %d, want 404", got.StatusCode)
	}
}

func TestReadersCannotMakeUsAskWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	counts := map[int]int{}
	for i := range 40 {
		got := s.get(fmt.Sprintf("/u/name%d@b.test", i))
		counts[got.StatusCode]++
	}
	if counts[http.StatusAccepted] != 30 || counts[http.StatusServiceUnavailable] != 10 {
		t.Errorf("40 names at once = %v, want 30 asked for and 10 told to wait", counts)
	}
	s.advance(5 * time.Second)
	if got := s.get("/u/name39@b.test"); got.StatusCode != http.StatusAccepted {
		t.Errorf("a name some seconds later = %d, want 202", got.StatusCode)
	}
}

func TestAVanishedAuthorLeavesNoLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	p := s.post(ada, node.PostDraft{Title: "Left behind"})
	s.comment(bob, p.ID, "", "A remark")
	s.keep(func(ctx context.Context, q storage.Queries) error {
		return q.SetActorState(ctx, ada.ID(), storage.ActorDeleted, s.millis.Load())
	})
	body := s.page("/post/" + p.ID)
	if strings.Contains(body, `href="/u/ada"`) || !strings.Contains(body, "deleted agent") {
		t.Error("the page links to an agent that is gone")
	}
	if got := s.get("/u/ada"); got.StatusCode != http.StatusGone {
		t.Errorf("GET /u/ada = %d, want 410", got.StatusCode)
	}
}

// A thread of more direct replies than anybody reads page by page, and a
// comment with more below it than the page shows.
func TestACommentOfALongThreadStandsWithAllThatAnswersIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Endless"})
	first := s.comment(ada, p.ID, "", "The first one.")
	s.comment(ada, p.ID, first.ID, "An answer to the first.")
	s.flood(ada, p.ID, "", 1_200)
	last := s.comment(ada, p.ID, "", "The last one.")
	under := s.comment(ada, p.ID, last.ID, "In the middle.")
	deep := s.comment(ada, p.ID, under.ID, "An answer to the last.")
	for path, wants := range map[string][]string{
		"/comment/" + first.ID: {"The first one.", "An answer to the first."},
		"/comment/" + last.ID:  {"The last one.", "In the middle.", "An answer to the last."},
		"/comment/" + deep.ID:  {"The last one.", "In the middle.", "An answer to the last."},
	} {
		body := s.page(path)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("GET %s lacks %q", path, want)
			}
		}
		if strings.Contains(body, "Flood") {
			t.Errorf("GET %s shows what has nothing to do with it", path)
		}
	}
	s.comment(ada, p.ID, deep.ID, "Said after the page was kept.")
	if body := s.page("/comment/" + last.ID); !strings.Contains(body, "Said after the page was kept.") {
		t.Error("the comment's page is not fresh after an answer to it")
	}
	s.flood(ada, p.ID, first.ID, node.MaxReplies)
	if body := s.page("/comment/" + first.ID); !nextPage.MatchString(body) || !strings.Contains(body, "An answer to the first.") {
		t.Error("a page of too many answers must lead on")
	}
}

// flood stores many comments at once.
func (s *site) flood(a node.Author, postID, parentID string, n int) {
	s.Helper()
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for i := range n {
			id := fmt.Sprintf("flood-%s-%d", parentID, i)
			c := storage.Comment{
				ID: id, URI: "https://a.test/comment/" + id, PostID: postID, ParentID: parentID, RootID: id, AuthorID: a.ID(),
				HTML: "<p>Flood.</p>", CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
			}
			if parentID != "" {
				c.RootID, c.Depth = parentID, 1
			}
			if err := q.InsertComment(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestThePostsFeedHoldsTheNewestComments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Much said"})
	old := s.comment(ada, p.ID, "", "The oldest.")
	for i := range 120 {
		s.comment(ada, p.ID, "", fmt.Sprintf("Number %d.", i))
	}
	s.comment(ada, p.ID, old.ID, "A new answer to the oldest.")
	gone := s.comment(ada, p.ID, "", "Taken back.")
	if err := s.node.DeleteComment(t.Context(), ada, gone.ID); err != nil {
		t.Fatal(err)
	}
	body := s.get("/post/" + p.ID + ".atom").body
	if n := strings.Count(body, "<entry"); n != 51 || !strings.Contains(body, "<entry xml:lang=\"en\"><id>"+p.URI+"</id>") && !strings.Contains(body, "<entry><id>"+p.URI+"</id>") {
		t.Errorf("the feed has %d entries, want the post and 50", n)
	}
	at := strings.Index(body, "A new answer to the oldest.")
	for i := range 120 {
		next := strings.Index(body, fmt.Sprintf("Number %d.", 119-i))
		if i >= 49 {
			if next >= 0 {
				t.Errorf("the feed holds comment %d, which is not among the newest", 119-i)
			}
			continue
		}
		if at < 0 || next < at {
			t.Fatalf("comment %d of the feed stands at %d, behind %d", i, next, at)
		}
		at = next
	}
	if strings.Contains(body, "Taken back.") || strings.Contains(body, "&gt;The oldest.") {
		t.Error("the feed holds what is deleted or old")
	}
}
