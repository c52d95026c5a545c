package web_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

func TestLanguagesOfThePostsAreOfferedByTheirShare(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	for _, tag := range []string{"ar", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "zh", "zh", "ko", "zh", "ko"} {
		s.post(ada, node.PostDraft{Title: "In " + tag, Language: tag})
	}
	body := s.page("/")
	order := []string{`href="/?lang=zh"`, `href="/?lang=ko"`, `href="/?lang=ar"`}
	for i, link := range order {
		if at := strings.Index(body, link); at < 0 || (i > 0 && at < strings.Index(body, order[i-1])) {
			t.Errorf("%s stands at %d of the home page, want %v in this order", link, at, order)
		}
	}
	if strings.Contains(body, `href="/?lang=hi"`) {
		t.Error("more languages than have room are offered")
	}
}

// The map names what lives here, however many of other nodes are better known.
func TestTheMapIsOfThisNode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	s.found(ada, node.SubmoltDraft{Name: "tidepools"})
	s.millis.Store(time.Date(2026, 9, 10, 12, 0, 0, 0, time.UTC).UnixMilli())
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for _, kind := range []string{storage.KindSubmolt, storage.KindAgent} {
			for i := range 1_001 {
				a := s.remote(kind, "b.test", fmt.Sprintf("famous%d", i))
				if err := errorsOf(q.InsertActor(ctx, a), q.AddCounts(ctx, a.ID, storage.Counts{Followers: 100})); err != nil {
					return err
				}
			}
		}
		return q.InsertPost(ctx, storage.Post{
			ID: "far", URI: "https://b.test/post/1", AuthorID: s.remote(storage.KindAgent, "b.test", "famous1").ID, SubmoltID: s.remote(storage.KindSubmolt, "b.test", "famous1").ID,
			Type: "text", Title: "Far", HTML: "<p>Far.</p>", CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
		})
	})
	pages := s.get("/sitemap/pages.xml").body
	for _, want := range []string{"/m/tidepools<", "/m/general<", "/u/ada<"} {
		if !strings.Contains(pages, want) {
			t.Errorf("the map of pages lacks %s", want)
		}
	}
	s.millis.Store(time.Date(2026, 10, 31, 23, 50, 0, 0, time.UTC).UnixMilli())
	p := s.post(ada, node.PostDraft{Title: "At the end of the month"})
	s.millis.Store(time.Date(2026, 11, 1, 0, 5, 0, 0, time.UTC).UnixMilli())
	if _, err := s.node.EditPost(t.Context(), ada, p.ID, node.PostChange{Content: new("Edited.")}); err != nil {
		t.Fatal(err)
	}
	index := s.get("/sitemap.xml").body
	if strings.Contains(index, "2026-09") {
		t.Errorf("a month of posts of other nodes has a map: %s", index)
	}
	if !strings.Contains(index, "<loc>https://a.test/sitemap/2026-10.xml</loc><lastmod>2026-11-01T00:05:00Z</lastmod>") {
		t.Errorf("the month that a post of was edited after: %s", index)
	}
}

var nextPart = regexp.MustCompile(`<link rel="next"[^>]*href="https://a.test([^"]*)"`)

// parts reads a feed to its end and counts what stands in each part.
func (s *site) parts(at string) (ids []string, sizes []int) {
	s.Helper()
	for at != "" && len(sizes) < 10 {
		items := s.read(at).Items
		for _, i := range items {
			ids = append(ids, i.GUID)
		}
		sizes = append(sizes, len(items))
		m := nextPart.FindStringSubmatch(s.get(at).body)
		if at = ""; m != nil {
			at = strings.NewReplacer("&amp;", "&", "&#38;", "&").Replace(m[1])
		}
	}
	return ids, sizes
}

func TestFeedsOfThreadsBeginWithWhatIsAnsweredAndGoOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Much said"})
	c := s.comment(ada, p.ID, "", "The first.")
	for i := range 119 {
		s.comment(ada, p.ID, c.ID, fmt.Sprintf("Number %d.", i))
	}
	for at, want := range map[string]struct{ first, sizes string }{
		"/post/" + p.ID + ".atom":    {p.URI, "[51 50 20]"},
		"/comment/" + c.ID + ".atom": {c.URI, "[51 50 19]"},
	} {
		ids, sizes := s.parts(at)
		if ids[0] != want.first || fmt.Sprint(sizes) != want.sizes {
			t.Errorf("%s begins with %s and has parts of %v, want %s and %s", at, ids[0], sizes, want.first, want.sizes)
		}
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id] {
				t.Errorf("%s holds %s twice", at, id)
			}
			seen[id] = true
		}
	}
	for _, ext := range []string{".rss", ".json"} {
		if items := s.read("/post/" + p.ID + ext).Items; len(items) != 51 || items[0].GUID != p.URI {
			t.Errorf("%s has %d entries, the first of which is %s", ext, len(items), items[0].GUID)
		}
	}
	if body := s.get("/post/" + p.ID + ".md").body; strings.Count(body, "\n## ") != 51 || !strings.Contains(body, "Next: https://a.test/post/"+p.ID+".md?after=") {
		t.Errorf("as Markdown: %s", body[:500])
	}
}

func TestTheDirectorysFeedIsOfWhatThePageShows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.keep(func(ctx context.Context, q storage.Queries) error {
		reef := s.remote(storage.KindSubmolt, "b.test", "reef")
		return errorsOf(q.InsertActor(ctx, reef), q.AddCounts(ctx, reef.ID, storage.Counts{Followers: 1}))
	})
	if body := s.page("/m"); !strings.Contains(body, `href="/m.opml"`) {
		t.Error("the directory does not lead to its OPML")
	}
	if body := s.page("/m?show=local&sort=alphabetical"); !strings.Contains(body, `href="/m.atom?show=local&amp;sort=alphabetical"`) {
		t.Error("the directory's feed is not of what it shows")
	}
	if all, here := s.get("/m.atom").body, s.get("/m.atom?show=local").body; !strings.Contains(all, "reef@b.test") || strings.Contains(here, "reef@b.test") || !strings.Contains(here, "m/general") {
		t.Errorf("of all %s, of this node %s", all, here)
	}
	list := s.read("/m.atom?sort=alphabetical").Items
	for i := 1; i < len(list); i++ {
		if list[i-1].Title > list[i].Title {
			t.Errorf("%s stands before %s", list[i-1].Title, list[i].Title)
		}
	}
}

func TestProfilesAndListsHaveOrders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	best := s.post(ada, node.PostDraft{Title: "Well liked"})
	s.post(ada, node.PostDraft{Title: "Just written"})
	if _, err := s.node.Vote(t.Context(), bob, node.VoteTarget{PostID: best.ID}, 1); err != nil {
		t.Fatal(err)
	}
	for page, links := range map[string][]string{
		"/u/ada":               {`href="/u/ada?sort=top"`, `href="/u/ada?sort=hot"`},
		"/u/ada?sort=top":      {`href="/u/ada"`},
		"/list?u=ada":          {`href="/list?u=ada&amp;sort=top"`, `href="/list?u=ada&amp;sort=hot"`},
		"/list?u=ada&sort=top": {`href="/list?u=ada"`},
	} {
		body := s.page(page)
		for _, link := range links {
			if !strings.Contains(body, link) {
				t.Errorf("%s lacks %s", page, link)
			}
		}
		if liked := strings.Index(body, "Well liked") < strings.Index(body, "Just written"); liked != strings.Contains(page, "sort=top") {
			t.Errorf("%s has the best post first: %v", page, liked)
		}
	}
}

func TestASearchIsNarrowedByLanguageAndTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	s.post(ada, node.PostDraft{Title: "Plankton alt", Language: "de"})
	s.advance(8 * 24 * time.Hour)
	s.post(ada, node.PostDraft{Title: "Plankton neu", Language: "de"})
	s.post(ada, node.PostDraft{Title: "Plankton new", Language: "en"})
	for path, want := range map[string][3]bool{
		"/search?q=plankton":                {true, true, true},
		"/search?q=plankton&lang=de":        {true, true, false},
		"/search?q=plankton&t=week":         {false, true, true},
		"/search?q=plankton&lang=de&t=week": {false, true, false},
	} {
		body := s.page(path)
		feed := s.get(strings.Replace(path, "/search", "/search.atom", 1)).body
		for i, title := range []string{"Plankton alt", "Plankton neu", "Plankton new"} {
			if shown, fed := strings.Contains(body, ">"+title+"<"), strings.Contains(feed, ">"+title+"<"); shown != want[i] || fed != want[i] {
				t.Errorf("%s shows %q: %v, and its feed %v, want %v", path, title, shown, fed, want[i])
			}
		}
	}
	if body := s.page("/search?q=plankton&t=week"); !strings.Contains(body, `href="/search?lang=de&amp;q=plankton&amp;t=week"`) || !strings.Contains(body, `href="/search?q=plankton"`) {
		t.Error("the filters do not keep each other, or cannot be taken off")
	}
}
