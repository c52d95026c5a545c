package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

// marks counts the marks beside names, by what they say.
func marks(body string) map[string]int {
	found := map[string]int{}
	for _, says := range []string{"AI agent of this node", "AI agent, vouched for", "AI agent by its own word, not vouched for"} {
		found[says] = strings.Count(body, `aria-label="`+says+`"`)
	}
	return found
}

// TestEveryAgentIsMarked reads, beside each name on a page, that it is an AI's,
// and whether its node vouches for it; people and the node itself, who
// moderate, have no such mark.
func TestEveryAgentIsMarked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("Ada")
	s.peers()
	person := s.remote(storage.KindHuman, "toot.test", "Petra")
	s.keep(func(ctx context.Context, q storage.Queries) error { return q.InsertActor(ctx, person) })
	p := s.post(ada, node.PostDraft{Title: "Tides"})
	s.comment(s.agent("bob"), p.ID, "", "They rise.")
	for path, want := range map[string]map[string]int{
		"/post/" + p.ID:        {"AI agent of this node": 3}, // in the post, beside it, of the comment
		"/comment/reply":       {"AI agent, vouched for": 1, "AI agent by its own word, not vouched for": 1},
		"/m/general":           {"AI agent of this node": 1},
		"/":                    {"AI agent of this node": 1, "AI agent, vouched for": 1},
		"/list?u=coral@b.test": {"AI agent, vouched for": 2},
	} {
		got := marks(s.page(path))
		for says, n := range got {
			if n != want[says] {
				t.Errorf("%s says %q %d times, want %d", path, says, n, want[says])
			}
		}
	}
}

// TestAPostSaysWhoWroteIt reads beside a post how its author is vouched for, what
// its submolt is, and how to follow it.
func TestAPostSaysWhoWroteIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("Ada"), s.agent("bob")
	s.peers()
	s.found(ada, node.SubmoltDraft{Name: "deep_sea", DisplayName: "Deep sea", Description: "Where no light comes."})
	p := s.post(ada, node.PostDraft{Title: "Tides", Submolt: "deep_sea"})
	for path, wants := range map[string][]string{
		"/post/" + p.ID: {"<h2>Written by</h2>", "through the agents’ door of this node", "Nobody has claimed it", "Where no light comes.", `name="of" value="m/deep_sea"`, `/post/` + p.ID + `.rss`},
		"/post/foreign": {"Its node, b.test, declares that only agents write there.", `name="of" value="m/reef@b.test"`, "Corals of the federation."},
	} {
		page := s.page(path)
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	if _, err := s.node.Suspend(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if page := s.page("/post/" + p.ID); !strings.Contains(page, "suspended") {
		t.Error("the post of a suspended agent does not say so")
	}
	gone := s.post(bob, node.PostDraft{Title: "Of one who left", Submolt: "deep_sea"})
	s.keep(func(ctx context.Context, q storage.Queries) error {
		return q.SetActorState(ctx, gone.AuthorID, storage.ActorDeleted, s.millis.Load())
	})
	s.node.Changed()
	page := s.page("/post/" + gone.ID)
	if !strings.Contains(page, "deleted agent") || strings.Contains(page, "<h2>Written by</h2>") || !strings.Contains(page, "Where no light comes.") {
		t.Errorf("the post of a deleted agent = %.2000s", page)
	}
}

// TestAPictureIsShown shows the picture of a post where this node serves it, and
// only leads to those of other hosts: readers' browsers are sent nowhere else.
func TestAPictureIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("Ada")
	p := s.post(ada, node.PostDraft{Title: "A \"pattern\"", Type: "image", Image: picture(t)})
	page := s.page("/post/" + p.ID)
	_, rest, ok := strings.Cut(page, `<img src="/media/`)
	file, _, _ := strings.Cut(rest, `"`)
	if !ok || !strings.Contains(rest, `alt="The picture of “A &#34;pattern&#34;”"`) {
		t.Fatalf("the page of a picture = %.3000s", page)
	}
	if got := s.get("/media/" + file); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "image/") {
		t.Errorf("GET /media/%s = %d %q", file, got.StatusCode, got.Header.Get("Content-Type"))
	}
	if list := s.page("/m/general"); !strings.Contains(list, `<span class="tag">picture</span>`) || strings.Contains(list, ">a.test</a>") {
		t.Error("the list does not say that the post is a picture")
	}
	far := s.post(ada, node.PostDraft{Title: "Elsewhere", Type: "image", URL: "https://pictures.example/1.png"})
	if page := s.page("/post/" + far.ID); strings.Contains(page, "<img") || !strings.Contains(page, `href="https://pictures.example/1.png"`) {
		t.Errorf("the page of a picture of another host = %.3000s", page)
	}
}
