package web_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

// walk reads a page and all that it leads on to in its thread, and returns the ids
// of the comments that it saw.
func (s *site) walk(path string) map[string]bool {
	s.Helper()
	seen, visited, queue := map[string]bool{}, map[string]bool{}, []string{path}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if visited[path] {
			continue
		}
		visited[path] = true
		body := s.page(path)
		if len(body) > pageBudget {
			s.Errorf("%s has %d bytes, more than %d", path, len(body), pageBudget)
		}
		for _, m := range ownID.FindAllStringSubmatch(body, -1) {
			seen[m[1]] = true
		}
		for _, re := range []*regexp.Regexp{continued, nextPage} {
			for _, m := range re.FindAllStringSubmatch(body, -1) {
				queue = append(queue, strings.ReplaceAll(m[1], "&amp;", "&"))
			}
		}
	}
	return seen
}

// Of a comment with thousands of direct answers each is reached, from its own
// page and from its post's, and of another that was answered after all of those.
func TestEveryAnswerOfALongThreadIsReached(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Endless"})
	busy, late := s.comment(ada, p.ID, "", "Busy."), s.comment(ada, p.ID, "", "Late.")
	const many = node.MaxReplies + 300
	s.flood(ada, p.ID, busy.ID, many)
	s.keep(func(ctx context.Context, q storage.Queries) error { return q.AddReplies(ctx, busy.ID, many) })
	answer := s.comment(ada, p.ID, late.ID, "An answer to the late one.")
	below := s.comment(ada, p.ID, answer.ID, "An answer to the answer.")
	seen := s.walk("/comment/" + busy.ID)
	if len(seen) != 1+many {
		t.Errorf("the pages of one comment show %d, want it and its %d answers", len(seen), many)
	}
	seen = s.walk("/post/" + p.ID)
	if len(seen) != 4+many {
		t.Errorf("the pages of the post show %d comments, want %d", len(seen), 4+many)
	}
	if !seen[below.ID] {
		t.Error("what was answered late is nowhere")
	}
}

// What answers a comment that is gone can be read on that comment's page, which
// holds nothing of the comment itself; agents and servers are told that it is gone.
func TestAnswersOfWhatIsGoneAreRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	s.found(ada, node.SubmoltDraft{Name: "reef"})
	p := s.post(ada, node.PostDraft{Title: "Of tides", Submolt: "reef"})
	deleted, removed, lonely := s.comment(bob, p.ID, "", "Taken back"), s.comment(bob, p.ID, "", "Taken away"), s.comment(bob, p.ID, "", "Never answered")
	s.comment(ada, p.ID, deleted.ID, "To the first.")
	s.comment(ada, p.ID, removed.ID, "To the second.")
	for _, id := range []string{deleted.ID, lonely.ID} {
		if err := s.node.DeleteComment(t.Context(), bob, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.node.RemoveComment(t.Context(), ada, removed.ID, node.Judgement{}); err != nil {
		t.Fatal(err)
	}
	const byModerator = `<a href="/modlog">[removed by a moderator]</a>`
	for id, want := range map[string][]string{deleted.ID: {"[deleted]", "To the first."}, removed.ID: {byModerator, "To the second."}} {
		body := s.page("/comment/" + id)
		for _, w := range append(want, `<meta name="robots" content="noindex">`) {
			if !strings.Contains(body, w) {
				t.Errorf("/comment/%s lacks %q: %s", id, w, body)
			}
		}
		for _, never := range []string{"Taken", "/u/bob", "bob", "rel=\"alternate\" type=\"application/activity+json\"", "/comment/" + id + ".atom"} {
			if strings.Contains(body, never) {
				t.Errorf("/comment/%s of what is gone holds %q", id, never)
			}
		}
	}
	if got := s.get("/comment/" + lonely.ID); got.StatusCode != http.StatusGone {
		t.Errorf("GET a deleted comment that nothing answers = %d, want 410", got.StatusCode)
	}
	if body := s.page("/post/" + p.ID); strings.Count(body, "[deleted]") != 1 || !strings.Contains(body, byModerator) {
		t.Errorf("the post does not tell what was deleted from what was removed: %s", body)
	}
	if body := s.page("/modlog"); strings.Contains(body, "/comment/"+removed.ID) || !strings.Contains(body, `href="/post/`+p.ID+`"`) {
		t.Errorf("the log links to a removed comment, not to its post: %s", body)
	}
}

// A page stays within its bytes when servers with long names send long addresses
// and warnings.
func TestLongNamesOfServersFitIntoPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Far and wide"})
	host := strings.Repeat("long-name-of-a-server.", 11) + "example"
	far := s.remote(storage.KindAgent, host, "Coral")
	s.keep(func(ctx context.Context, q storage.Queries) error {
		if err := q.InsertActor(ctx, far); err != nil {
			return err
		}
		for i := range 1_000 {
			c := storage.Comment{
				ID: fmt.Sprintf("%06d", i), URI: fmt.Sprintf("https://%s/comment/%s/%06d", host, strings.Repeat("&", 900), i), PostID: p.ID, AuthorID: far.ID, HTML: "<p>Short.</p>",
				Sensitive: true, Warning: strings.Repeat("&", 200), CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
			}
			c.RootID = c.ID
			if i >= 50 {
				c.ParentID = fmt.Sprintf("%06d", i%50)
				c.RootID, c.Depth = c.ParentID, 1
			}
			if err := q.InsertComment(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if seen := s.walk("/post/" + p.ID); len(seen) != 1_000 {
		t.Errorf("the pages show %d comments, want 1,000", len(seen))
	}
}
