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

// The directory of submolts goes on as long as there are some, in every order.
func TestTheDirectoryIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const many = node.MaxOffset + 130
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for i := range many {
			reef := s.remote(storage.KindSubmolt, "b.test", fmt.Sprintf("reef%04d", i))
			reef.ID, reef.FollowerCount = fmt.Sprintf("reef%04d", i), int64(1+i%7)
			if err := q.InsertActor(ctx, reef); err != nil {
				return err
			}
		}
		return nil
	})
	name := regexp.MustCompile(`<h2><a class="where" href="(/m/reef[0-9]+@b\.test)"`)
	for _, at := range []string{"/m?show=remote", "/m?sort=alphabetical"} {
		seen, pages := map[string]bool{}, 0
		for to := at; to != "" && pages < 40; pages++ {
			body := s.page(to)
			if first := strings.Contains(body, `rel="first">« First page</a>`); first != (pages > 0) {
				t.Errorf("%s: a link to the first page: %v", to, first)
			}
			for _, m := range name.FindAllStringSubmatch(body, -1) {
				if seen[m[1]] {
					t.Errorf("%s: %s stands twice", to, m[1])
				}
				seen[m[1]] = true
			}
			to = ""
			if m := nextPage.FindStringSubmatch(body); m != nil {
				to = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		if len(seen) != many {
			t.Errorf("%s: %d submolts on %d pages, want %d", at, len(seen), pages, many)
		}
	}
}
