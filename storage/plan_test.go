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
	for _, sort := range []string{storage.SortHot, storage.SortNew, storage.SortTop, storage.SortScaled, storage.SortDiscussed, storage.SortControversial} {
		for _, after := range []storage.After{{}, {Key: 5, ID: "x"}} {
			for _, l := range []storage.PostList{
				{},
				{SubmoltID: "lab"},
				{Local: true},
				{Lang: "zh"},
				{Since: 1_000, Now: 1_001},
				{Since: 1, Now: 30 * 86_400_000},
				{Since: 1, Now: 365 * 86_400_000},
				{Since: 5, Now: 9, SubmoltID: "lab"},
			} {
				l.Sort, l.After, l.Limit = sort, after, 25
				try(q.Posts(ctx, l))
				try(q.PostPlaces(ctx, l))
				try(q.Gains(ctx, l))
			}
		}
	}
	for _, sort := range []string{storage.SortHot, storage.SortTop} {
		try(q.PostPlaces(ctx, storage.PostList{Sort: sort, AuthorID: "ada", Limit: 25}))
		try(q.PostPlaces(ctx, storage.PostList{Sort: sort, AuthorID: "ada", After: storage.After{Key: 5, ID: "x"}, Limit: 25}))
	}
	try(q.Languages(ctx))
	try(q.LocalChange(ctx, storage.PostSpan{From: 1, To: 9, Limit: 25, Offset: 25}))
	try(q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: "ada", Limit: 25}))
	try(q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: "ada", Waiting: true, After: storage.After{Key: 5, ID: "x"}, Limit: 25}))
	try(q.SharedFollowers(ctx, "ada", "bob"))
	try(q.PendingPosts(ctx, "lab", 25))
	try(q.Pinned(ctx, "lab"))
	try(q.LastPostAt(ctx, "ada"))
	try(q.LastFounded(ctx, "ada"))
	try(q.FoundedCount(ctx, "ada"))
	try(q.FirstCommentAfter(ctx, "ada", 1))
	try(q.Counter(ctx, "reads ada"))
	try(q.Credential(ctx, "x", 1))
	try(q.Acts(ctx, 50))
	try(q.Challenge(ctx, "x"))
	try(q.ChallengeOf(ctx, "x"))
	try(q.Outcome(ctx, "agent ada", "x"))
	for _, sort := range []string{storage.SortBest, storage.SortNew, storage.SortOld} {
		for _, after := range []storage.After{{}, {Key: 5, ID: "x"}} {
			try(q.Replies(ctx, storage.CommentList{PostID: "p", Sort: sort, After: after, Limit: 35}))
			try(q.Replies(ctx, storage.CommentList{PostID: "p", ParentID: "c", Sort: sort, After: after, Limit: 51}))
		}
	}
	try(q.Below(ctx, []string{"a", "b", "c"}, 100))
	try(q.Above(ctx, "c", 100))
	try(q.Under(ctx, []string{"c"}, 100))
	try(q.Under(ctx, []string{"c", "d", "e"}, 100))
	try(q.LatestComments(ctx, "p", "", 50))
	try(q.LatestComments(ctx, "p", "x", 50))
	try(q.CommentsBy(ctx, "ada", storage.After{}, 10))
	try(q.CommentsBy(ctx, "ada", storage.After{Key: 5, ID: "x"}, 10))
	try(q.Revisions(ctx, "p", 50))
	try(q.LastVersion(ctx, "p"))
	try(q.Reports(ctx, "lab", storage.Span{Offset: 50, Limit: 50}))
	try(q.Reports(ctx, "lab", storage.Span{After: "x", Limit: 50}))
	try(q.ReportsBy(ctx, "ada", 1))
	try(q.OpenReports(ctx, 50))
	try(q.OpenReport(ctx, "x"))
	try(q.Report(ctx, "lab", "x"))
	try(q.ReportsOf(ctx, "x", 50))
	try(q.OthersTake(ctx, "b.example", "https://b.example/inbox", 1))
	try(q.Charter(ctx, "lab"))
	try(q.Label(ctx, "x"))
	try(q.HostBatch(ctx, "x"))
	try(q.LabelByKey(ctx, "lab", "x"))
	try(q.Labels(ctx, "lab"))
	try(q.Attachment(ctx, "x"))
	try(q.AttachmentOf(ctx, "x", "p"))
	try(q.LabelsOn(ctx, "p", 50))
	try(q.Offices(ctx, "ada", 50))
	try(q.Holders(ctx, "x", 50))
	try(nil, q.DeleteStatuses(ctx, "p", "x"))
	try(nil, q.DeleteLabel(ctx, "x"))
	try(q.Media(ctx, "x"))
	try(q.Ban(ctx, "lab", "ada"))
	try(q.Bans(ctx, "lab", storage.Span{After: "x", Offset: 50, Limit: 50}))
	for _, submolt := range []string{"", "lab"} {
		for _, after := range []string{"", "x"} {
			try(q.ModActs(ctx, submolt, storage.Span{After: after, Limit: 25}))
			try(q.ModActs(ctx, submolt, storage.Span{After: after, Offset: 25, Limit: 25}))
		}
	}
	for _, w := range []storage.Written{{SubmoltID: "lab"}, {Host: "b.example"}, {}, {SubmoltID: "lab", Hidden: storage.Removed, TakenBy: "lab"}, {Hidden: storage.Removed, TakenBy: "https://b.example/"}} {
		w.AuthorID, w.Limit = "ada", 100
		_, _, err := q.WrittenIn(ctx, w)
		try(nil, err)
	}
	try(nil, q.Taken(ctx, storage.DocPost, "x", "lab"))
	try(nil, q.Taken(ctx, storage.DocComment, "x", "lab"))
	try(nil, q.ForgetReceived(ctx, "x", "Follow", "ada"))
	try(q.ServerRules(ctx))
	try(nil, q.PutServerRule(ctx, storage.ServerRule{Domain: "b.example", Rule: "block"}))
	try(nil, q.DeleteServerRule(ctx, "x.example"))
	try(q.ActorsOf(ctx, "b.example", storage.Actor{Handle: "a", Kind: "agent"}, 100))
	try(q.IsFollower(ctx, "ada"))
	try(nil, q.SetTierOf(ctx, "b.example", 4))
	try(nil, q.DropLanes(ctx, "b.example"))
	try(q.LanesOf(ctx, "b.example", 100))
	try(q.HeldMedia(ctx, "ada", 100))
	try(nil, q.RefuseMedia(ctx, "x", 1))
	try(q.PruneBackfills(ctx, 1, 100))
	try(q.SkillFile(ctx, "x", "skill.md"))
	try(q.SkillFiles(ctx, 500))
	try(q.MediaUses(ctx, "ada", "avatar", 50))
	try(nil, q.DropMediaUse(ctx, "x", "ada", "avatar"))
	_, _, err := q.UploadedBy(ctx, "ada")
	try(nil, err)
	try(q.ThreadURIs(ctx, "p", "", 100))
	try(q.ReplyURIs(ctx, "p", "", 100))
	for _, sort := range []string{storage.ByPopular, storage.ByNew, storage.ByAlphabetical, storage.ByActive} {
		try(q.Actors(ctx, storage.Directory{Kind: storage.KindSubmolt, Sort: sort, Local: true, Limit: 25}))
		try(q.Actors(ctx, storage.Directory{Kind: storage.KindSubmolt, Sort: sort, Remote: true, Limit: 25}))
		try(q.Actors(ctx, storage.Directory{Kind: storage.KindSubmolt, Sort: sort, Limit: 25}))
		try(q.Actors(ctx, storage.Directory{Kind: storage.KindSubmolt, Sort: sort, After: storage.After{Key: 5, ID: "b"}, Limit: 25}))
	}
	for _, get := range []func(context.Context, string) (storage.Actor, error){q.Actor, q.ActorByURI, q.ActorByKeyID} {
		try(get(ctx, "x"))
	}
	try(q.ActorKey(ctx, "x"))
	try(nil, q.PutActorKeys(ctx, "ada", nil))
	try(q.HostScheme(ctx, "x"))
	try(q.ActorByHandle(ctx, "h", "x", ""))
	try(q.Moderators(ctx, "lab"))
	try(q.Followers(ctx, "ada", storage.Span{Offset: 25, Limit: 25}))
	try(q.Following(ctx, "ada", storage.KindSubmolt, storage.Span{Offset: 25, Limit: 25}))
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
	try(q.LanesOfHosts(ctx, []string{"b.test", "c.test"}))
	try(q.ReceivedBefore(ctx, "x", "y"))
	try(q.ReceivedDue(ctx, 1))
	try(q.WaitingLookups(ctx, 10))
	try(q.HasAcceptedFollower(ctx, "ada"))
	try(q.LocalFollowers(ctx, "ada", 50))
	try(q.VoteByURI(ctx, "ada", "x"))
	try(q.URIOf(ctx, "x"))
	try(q.Erasures(ctx, 5))
	try(q.Community(ctx, "x"))
	try(q.Communities(ctx, 5))
	try(q.HostsDue(ctx, 1, 5))
	try(q.PruneActors(ctx, 1, 5))
	try(q.HasActors(ctx, "h"))
	try(q.MembersOf(ctx, "h", 5))
	try(q.HasMembers(ctx, "x"))
	try(q.Backfill(ctx, "x"))
	try(q.BackfillsDue(ctx, 1))
	try(q.NextStep(ctx, "x"))
	try(q.StepHosts(ctx, "x"))
	try(q.Unindexed(ctx, 10))
	for _, after := range []storage.After{{}, {Key: 5, ID: "x"}} {
		try(q.Notifications(ctx, storage.NotificationList{AgentID: "ada", After: after, Offset: 25, Limit: 25}))
		try(q.Notifications(ctx, storage.NotificationList{AgentID: "ada", Unread: true, Talk: true, After: after, Limit: 25}))
		for _, part := range []string{storage.ChatsTalking, storage.ChatsUnread, storage.ChatsIncoming, storage.ChatsOutgoing} {
			try(q.Conversations(ctx, storage.ConversationList{AgentID: "ada", Part: part, After: after, Offset: 25, Limit: 25}))
		}
		try(q.Messages(ctx, storage.MessageList{ConversationID: "c", After: after, Offset: 25, Limit: 25}))
	}
	try(q.CountFollowing(ctx, "ada", storage.KindAgent))
	try(q.Desk(ctx, "ada"))
	try(q.CommentsOf(ctx, "p", 36))
	try(q.Shown(ctx, "x", 1))
	try(q.UnreadNotifications(ctx, "ada"))
	try(q.Conversation(ctx, "c", "ada"))
	try(q.ConversationOf(ctx, "c", "ada"))
	try(q.ConversationWith(ctx, "ada", "bob"))
	try(q.ChatCounts(ctx, "ada"))
	try(q.IsBlocked(ctx, "ada", "bob"))
	try(q.Blocked(ctx, "ada", storage.Span{Offset: 25, Limit: 25}))
	try(q.MessageByURI(ctx, "x"))
	try(q.Credential(ctx, "x", 1))
	try(q.GoodCredentials(ctx, "ada", storage.CredentialAgent, 1))
	try(q.Identity(ctx, "x"))
	try(q.IdentitiesOf(ctx, "x"))
	try(q.Ownership(ctx, "ada"))
	try(q.CountOwned(ctx, "x"))
	try(q.OwnedAgents(ctx, "x", 50))
	try(q.LocalAgents(ctx, storage.ActorUnclaimed, storage.After{Key: 1, ID: "x"}, 50))
	try(q.Session(ctx, "x", 1))
	try(q.Link(ctx, "x", 1))
	try(q.LinksSince(ctx, "x", "ada", 1))
	try(q.ClaimsOf(ctx, "ada", 5))
	try(q.ClaimsDue(ctx, 1))
	try(q.LeaseClaims(ctx, "me", 1, 2, 5))
	try(q.MailsDue(ctx, 1))
	try(q.LeaseMails(ctx, "me", 1, 2, 5))
	try(q.Invites(ctx, 50))
	try(q.Apps(ctx, 50))
	try(q.App(ctx, "x"))
	try(q.Queued(ctx, []string{"a", "b"}))
	try(q.Texts(ctx, []storage.Document{{ID: "a", Kind: storage.DocPost}, {ID: "b", Kind: storage.DocComment}, {ID: "c", Kind: storage.DocActor}}))
	try(q.Search(ctx, storage.SearchQuery{Terms: []string{"abc"}, Before: math.MaxInt64, Limit: 10}))
	try(q.WholeTexts(ctx, []int64{1, 2, 3}))
	for _, sort := range []string{storage.SortHot, storage.SortNew, storage.SortTop} {
		sources := []storage.Source{{ID: "ada", Kind: storage.KindAgent}, {ID: "lab", Kind: storage.KindSubmolt}, {ID: "bob", Kind: storage.KindAgent}}
		try(q.FeedKeys(ctx, sources, sort, 26))
		try(q.FirstPlaces(ctx, sources, sort, 26))
	}
	for _, submolt := range []string{"", "lab"} {
		try(q.CountPosts(ctx, storage.PostSpan{SubmoltID: submolt, From: 1, To: 2, Limit: 10}))
	}
	try(q.LocalPosts(ctx, storage.PostSpan{From: 1, To: 2, Limit: 10, Offset: 10}))
	try(q.FirstPostAt(ctx))
	try(q.LanguageShares(ctx, 10))
	try(q.Homes(ctx, 10))
	try(q.Sources(ctx, "ada", storage.KindSubmolt, 200))
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
	if step == "SCAN branch" || step == "SCAN source" || step == "SCAN merged" || step == "SCAN ranked" || step == "SCAN recent" {
		return "" // the rows that the walk itself has found, or the bounded ones of a source
	}
	switch {
	case database == "sqlite" && strings.HasPrefix(step, "SCAN") && strings.Contains(step, "USING") && !strings.Contains(query, "LIMIT"):
		return "a scan of an index"
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
// first posts of some sources, the follows and blocks of one actor, the agents of one owner, the moderators of one submolt, the steps of one backfill, the same name elsewhere.
func bounded(query string) bool {
	return strings.Contains(query, "AS merged") || strings.Contains(query, "AS source") || strings.Contains(query, "FROM follows") || strings.Contains(query, "FROM blocks") || strings.Contains(query, "FROM ownerships") ||
		strings.Contains(query, "FROM moderators") || strings.Contains(query, "FROM backfill_steps") ||
		strings.Contains(query, "ORDER BY kind") || strings.Contains(query, "c.root_id IN")
}
