package storage_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// listings calls every method that lists or looks up rows of tables that grow.
func listings(ctx context.Context, q storage.Queries) error {
	var errs []error
	try := func(_ any, err error) {
		if err != nil && err != storage.ErrNotFound { //nolint:errorlint // the bare sentinel is promised
			errs = append(errs, err)
		}
	}
	for _, sort := range []string{storage.SortHot, storage.SortNew, storage.SortTop} {
		for _, submolt := range []string{"", "lab"} {
			for _, after := range []storage.After{{}, {Key: 5, ID: "x"}} {
				try(q.Posts(ctx, storage.PostList{Sort: sort, SubmoltID: submolt, After: after, Limit: 25}))
			}
		}
	}
	try(q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: "ada", Limit: 25}))
	try(q.PendingPosts(ctx, "lab", 25))
	try(q.Pinned(ctx, "lab"))
	try(q.LastPostAt(ctx, "ada"))
	try(q.LastFounded(ctx, "ada"))
	for _, sort := range []string{storage.SortBest, storage.SortNew, storage.SortOld} {
		for _, after := range []storage.After{{}, {Key: 5, ID: "x"}} {
			try(q.Roots(ctx, storage.CommentList{PostID: "p", Sort: sort, After: after, Limit: 35}))
		}
	}
	try(q.Below(ctx, []string{"a", "b", "c"}, 100))
	try(q.CommentsBy(ctx, "ada", 10))
	try(q.ThreadURIs(ctx, "p", "", 100))
	try(q.ReplyURIs(ctx, "p", "", 100))
	for _, sort := range []string{storage.ByPopular, storage.ByNew, storage.ByAlphabetical} {
		try(q.Actors(ctx, storage.Directory{Kind: storage.KindSubmolt, Sort: sort, Limit: 25}))
	}
	for _, get := range []func(context.Context, string) (storage.Actor, error){q.Actor, q.ActorByURI, q.ActorByKeyID} {
		try(get(ctx, "x"))
	}
	try(q.ActorByHandle(ctx, "h", "x", ""))
	try(q.Moderators(ctx, "lab"))
	try(q.Followers(ctx, "ada", "", 25))
	try(q.Following(ctx, "ada", storage.KindSubmolt, "", 25))
	try(q.FollowsTo(ctx, "ada", "", 25))
	try(q.FollowsAny(ctx, "ada", []string{"a", "b"}))
	try(q.FollowByURI(ctx, "x"))
	try(q.HasLocalFollower(ctx, "ada"))
	try(q.VotesOf(ctx, "ada", []string{"a", "b"}))
	try(q.EntriesBy(ctx, "ada", 50))
	try(q.EntriesAfter(ctx, 1, 9, 50))
	try(q.MarksAfter(ctx, 1, 50))
	try(q.OutboxAhead(ctx, "x"))
	try(q.AudiencesOf(ctx, "x", []string{"a"}))
	try(q.LanesDue(ctx, 1))
	try(q.Lanes(ctx, "", 50))
	try(q.Hosts(ctx, "", 50))
	try(q.ReceivedBefore(ctx, "x", "y"))
	try(q.ReceivedDue(ctx, 1))
	try(q.WaitingLookups(ctx, 10))
	try(q.Unindexed(ctx, 10))
	try(q.Queued(ctx, []string{"a", "b"}))
	try(q.Texts(ctx, []storage.Document{{ID: "a", Kind: storage.DocPost}, {ID: "b", Kind: storage.DocComment}, {ID: "c", Kind: storage.DocActor}}))
	try(q.Search(ctx, storage.SearchQuery{Terms: []string{"abc"}, Before: math.MaxInt64, Limit: 10}))
	try(q.WholeTexts(ctx, []int64{1, 2, 3}))
	try(q.PostsByIDs(ctx, []string{"a", "b"}))
	try(q.CommentsByIDs(ctx, []string{"a", "b"}))
	try(q.ActorsByIDs(ctx, []string{"a", "b"}))
	if len(errs) > 0 {
		return fmt.Errorf("listing: %v", errs)
	}
	return nil
}

func TestNoListingScansOrSortsATable(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		type statement struct {
			query string
			args  []any
		}
		index(t, s, storage.Document{ID: "a", Kind: storage.DocPost, Terms: []string{"abc"}}) // else PostgreSQL's is not searched
		var seen []statement
		q := s.Recorded(func(query string, args []any) { seen = append(seen, statement{query, args}) })
		if err := listings(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		if len(seen) < 40 {
			t.Fatalf("only %d statements were recorded", len(seen))
		}
		for _, st := range seen {
			steps, err := s.Plan(t.Context(), st.query, st.args)
			if err != nil {
				t.Fatalf("plan of %s: %v", st.query, err)
			}
			for _, step := range steps {
				if bad := wasteful(s.Name(), st.query, step); bad != "" {
					t.Errorf("%s in the plan of\n%s\n%s", bad, st.query, strings.Join(steps, "\n"))
				}
			}
		}
	})
}

// wasteful says what is wrong with a step of a plan, "" for nothing.
func wasteful(database, query, step string) string {
	small := strings.Contains(query, "FROM documents") // ordered by time after the index of terms
	switch {
	case database == "sqlite" && strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "USING") && !strings.Contains(step, "VIRTUAL TABLE") && !strings.Contains(step, "CONSTANT"):
		return "a scan"
	case database == "sqlite" && strings.Contains(step, "TEMP B-TREE") && !small && !bounded(query):
		return "a sort"
	case database == "postgres" && strings.Contains(step, "Seq Scan"):
		return "a scan"
	case database == "postgres" && strings.Contains(step, "Sort Key") && !small && !bounded(query):
		return "a sort"
	}
	return ""
}

// bounded says that a query sorts only what another bound keeps few: the
// follows of one actor, the moderators of one submolt, the same name elsewhere.
func bounded(query string) bool {
	return strings.Contains(query, "FROM follows") || strings.Contains(query, "FROM moderators") ||
		strings.Contains(query, "ORDER BY kind") || strings.Contains(query, "c.root_id IN")
}
