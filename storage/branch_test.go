package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// addComments stores comments written "id<parent", the parent empty for a reply to post "p".
func addComments(t *testing.T, s *storage.Store, written ...string) {
	t.Helper()
	write(t, s, func(ctx context.Context, q storage.Queries) error {
		for _, w := range written {
			id, parent, _ := strings.Cut(w, "<")
			err := q.InsertComment(ctx, storage.Comment{ID: id, URI: "https://a.test/comment/" + id, PostID: "p", ParentID: parent, RootID: id, AuthorID: "ada"})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ids lists comments in the order of their ids.
func ids(cs []storage.Comment) string {
	var list []string
	for _, c := range cs {
		list = append(list, c.ID)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestABranchIsWhatACommentAnswersAndWhatAnswersIt(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addComments(t, s, "a<", "b<a", "c<b", "d<c", "e<c", "f<d", "x<a", "y<", "z<y")
		write(t, s, func(ctx context.Context, q storage.Queries) error { return q.HideComment(ctx, "d", storage.Deleted, 1) })
		for _, tc := range []struct{ id, above, under string }{
			{"c", "a b c", "d e f"},
			{"a", "a", "b c d e f x"},
			{"f", "a b c d f", ""},
			{"z", "y z", ""},
			{"none", "", ""},
			{"", "", ""},
		} {
			above, err := s.Read().Above(t.Context(), tc.id, 100)
			if err != nil || ids(above) != tc.above {
				t.Errorf("Above(%q) = %q, %v, want %q", tc.id, ids(above), err, tc.above)
			}
			under, err := s.Read().Under(t.Context(), []string{tc.id}, 100)
			if err != nil || ids(under) != tc.under {
				t.Errorf("Under(%q) = %q, %v, want %q", tc.id, ids(under), err, tc.under)
			}
			for _, c := range append(above, under...) {
				if c.Author.Name != "Ada" {
					t.Errorf("comment %s is by %q", c.ID, c.Author.Name)
				}
			}
		}
	})
}

func TestALongBranchIsCutAtItsDeepest(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		written := []string{"root<"}
		for i := range 40 { // a chain, and a wide level
			parent := "root"
			if i > 0 {
				parent = fmt.Sprintf("deep%02d", i-1)
			}
			written = append(written, fmt.Sprintf("deep%02d<%s", i, parent), fmt.Sprintf("wide%02d<root", i))
		}
		addComments(t, s, written...)
		under, err := s.Read().Under(t.Context(), []string{"root"}, 45)
		if err != nil || len(under) != 45 {
			t.Fatalf("Under = %d, %v, want 45", len(under), err)
		}
		got := ids(under)
		if strings.Count(got, "wide") != 40 || !strings.Contains(got, "deep04") || strings.Contains(got, "deep05") {
			t.Errorf("Under = %s, want all of the first level and the chain's first five", got)
		}
		above, err := s.Read().Above(t.Context(), "deep39", 100)
		if err != nil || len(above) != 41 {
			t.Errorf("Above = %d, %v, want 41", len(above), err)
		}
	})
}

func TestTheLatestCommentsComeFirst(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addComments(t, s, "a<", "b<a", "c<", "d<b", "e<")
		write(t, s, func(ctx context.Context, q storage.Queries) error { return q.HideComment(ctx, "e", storage.Deleted, 1) })
		cs, err := s.Read().LatestComments(t.Context(), "p", "", 2)
		if err != nil || len(cs) != 2 || cs[0].ID != "d" || cs[1].ID != "c" {
			t.Errorf("LatestComments = %v, %v, want d and c", ids(cs), err)
		}
		if cs, err = s.Read().LatestComments(t.Context(), "p", "c", 2); err != nil || len(cs) != 2 || cs[0].ID != "b" || cs[1].ID != "a" {
			t.Errorf("LatestComments before c = %v, %v, want b and a", ids(cs), err)
		}
	})
}

// TestDirectRepliesArePaged: the direct replies to one comment come in the order
// that was asked for, each once, and what is below several of them at once.
func TestDirectRepliesArePaged(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addComments(t, s, "a<", "b<a", "c<a", "d<a", "e<b", "f<d", "x<", "y<x", "z<c")
		write(t, s, func(ctx context.Context, q storage.Queries) error { return q.AddCommentVotes(ctx, "c", 3, 0) })
		for sort, want := range map[string]string{storage.SortBest: "c b d", storage.SortOld: "b c d", storage.SortNew: "d c b"} {
			var got []string
			l := storage.CommentList{PostID: "p", ParentID: "a", Sort: sort, Limit: 1}
			for range 5 {
				cs, err := s.Read().Replies(t.Context(), l)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range cs {
					got = append(got, c.ID)
					l.After = storage.After{Key: c.Key(sort), ID: c.ID}
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("by %s: %q, want %q", sort, got, want)
			}
		}
		under, err := s.Read().Under(t.Context(), []string{"b", "d", "x"}, 100)
		if err != nil || ids(under) != "e f y" {
			t.Errorf("Under(b, d, x) = %q, %v, want e f y", ids(under), err)
		}
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			return errors.Join(q.InsertRevision(ctx, storage.Revision{ObjectID: "b", Version: 1}), q.InsertRevision(ctx, storage.Revision{ObjectID: "b", Version: 2}))
		})
		if revised, err := s.Read().Revised(t.Context(), []string{"a", "b", "c"}); err != nil || !slices.Equal(revised, []string{"b"}) {
			t.Errorf("Revised = %q, %v, want b", revised, err)
		}
	})
}
