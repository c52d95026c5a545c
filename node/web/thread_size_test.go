package web_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

// pageBudget is the most bytes of a page.
const pageBudget = 500_000

var (
	continued = regexp.MustCompile(`<a href="(/comment/[^"]+)">Continue this thread</a>`)
	nextPage  = regexp.MustCompile(`<a class="next" href="([^"]+)" rel="next">`)
	ownID     = regexp.MustCompile(`<li id="c-([^"]+)"`)
)

// A thread of 5,000 comments, wide, deep and long-winded, is read to its end
// over pages that are small enough each.
func TestThousandsOfCommentsFitIntoPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Busy", Content: strings.Repeat("<&> ", 9_000)})
	const total = 5_000
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for i := range total {
			c := storage.Comment{
				ID: fmt.Sprintf("%06d", i), URI: fmt.Sprintf("https://a.test/comment/%06d", i), PostID: p.ID, AuthorID: p.AuthorID,
				HTML: "<p>" + strings.Repeat("word ", i%700) + "</p>", CreatedAt: s.millis.Load(), UpdatedAt: s.millis.Load(),
			}
			if i%100 == 7 {
				c.HTML = "<p>" + strings.Repeat("&amp;", 10_000) + "</p>"
			}
			switch {
			case i%4 == 1 && i > 2_000: // many answers to a few
				c.ParentID = fmt.Sprintf("%06d", 4*(i%3))
			case i%4 >= 2: // chains
				c.ParentID = fmt.Sprintf("%06d", i-1)
			}
			c.RootID = c.ID
			if c.ParentID != "" {
				parent, err := q.Comment(ctx, c.ParentID)
				if err != nil {
					return err
				}
				c.RootID, c.Depth = parent.RootID, parent.Depth+1
			}
			if err := q.InsertComment(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	seen, visited, queue := map[string]bool{}, map[string]bool{}, []string{"/post/" + p.ID}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if visited[path] {
			continue
		}
		visited[path] = true
		body := s.page(path)
		if len(body) > pageBudget {
			t.Errorf("%s has %d bytes, more than %d", path, len(body), pageBudget)
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
	if len(seen) != total {
		t.Errorf("the pages of the thread, %d of them, show %d comments, want all %d", len(visited), len(seen), total)
	}
}
