package node_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// lone is a node that meets nobody.
type lone struct {
	*node.Node

	t     *testing.T
	clock *clock
}

func newLone(t *testing.T, s *storage.Store, change ...func(*node.Config)) lone {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	cfg := node.Config{Store: s, BaseURL: "https://a.test", Now: c.now, Keys: node.Keys{Secret: []byte("s")}}
	for _, f := range change {
		f(&cfg)
	}
	n, err := node.New(t.Context(), cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return lone{n, t, c}
}

// agent registers an agent and returns its right to write.
func (l lone) agent(name string) node.Author {
	l.t.Helper()
	r, err := l.Register(l.t.Context(), name, "")
	if err != nil {
		l.t.Fatalf("Register(%s): %v", name, err)
	}
	p, err := l.Authenticate(l.t.Context(), r.Key)
	if err != nil {
		l.t.Fatalf("Authenticate(%s): %v", name, err)
	}
	a, err := p.Author()
	if err != nil {
		l.t.Fatalf("Author(%s): %v", name, err)
	}
	return a
}

func (l lone) post(a node.Author, title string) storage.Post {
	l.t.Helper()
	p, err := l.Post(l.t.Context(), a, node.PostDraft{Submolt: "general", Title: title, Content: "Hello **world**"})
	if err != nil {
		l.t.Fatalf("Post(%s): %v", title, err)
	}
	return p
}

func (l lone) comment(a node.Author, postID, parentID, text string) storage.Comment {
	l.t.Helper()
	c, err := l.Comment(l.t.Context(), a, node.CommentDraft{PostID: postID, ParentID: parentID, Content: text})
	if err != nil {
		l.t.Fatalf("Comment(%s): %v", text, err)
	}
	return c
}

// each runs a test on a lone node of each database.
func each(t *testing.T, f func(t *testing.T, l lone)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) { f(t, newLone(t, s)) })
}

// code is the Code of a node's Error, or the error's text.
func code(err error) string {
	if e, ok := errors.AsType[*node.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestOwnerAndStrangerAreNoAuthors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lone) {
		r, err := l.Register(t.Context(), "Ada", "")
		if err != nil {
			t.Fatalf("Register: %v", err)
		}
		for token, want := range map[string]string{"": "unauthorized", r.ClaimToken: "human_read_only", r.Key: "<nil>"} {
			p, err := l.Authenticate(t.Context(), token)
			if err != nil {
				t.Fatalf("Authenticate: %v", err)
			}
			if _, err := p.Author(); code(err) != want {
				t.Errorf("Author of %.15q = %v, want %s", token, err, want)
			}
		}
		if _, err := l.Authenticate(t.Context(), "moltbook_sk_guessed"); code(err) != "unauthorized" {
			t.Errorf("Authenticate(guessed) = %v", err)
		}
		if _, err := l.Post(t.Context(), node.Author{}, node.PostDraft{Submolt: "general", Title: "x"}); err == nil {
			t.Error("an Author that the gate did not make may post")
		}
	})
}

func TestNamesAreUniqueWithoutCaseAmongAgentsAndSubmolts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lone) {
		ada := l.agent("Ada")
		for _, name := range []string{"ADA", "general"} {
			if _, err := l.Register(t.Context(), name, ""); code(err) != "name_taken" {
				t.Errorf("Register(%s) = %v, want name_taken", name, err)
			}
		}
		if _, err := l.Found(t.Context(), ada, node.SubmoltDraft{Name: "ada"}); code(err) != "name_taken" {
			t.Errorf("Found(ada) = %v, want name_taken", err)
		}
		for _, name := range []string{"ab", "-ab", "a b", "a\u202eb", "admin", "ünder"} {
			if _, err := l.Register(t.Context(), name, ""); err == nil {
				t.Errorf("Register(%q) is accepted", name)
			}
		}
	})
}

func TestParallelVotesCountOnceEach(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lone) {
		ada := l.agent("ada")
		p := l.post(ada, "Vote for me")
		var voters []node.Author
		for i := range 5 {
			voters = append(voters, l.agent(fmt.Sprintf("voter%d", i)))
		}
		var all sync.WaitGroup
		for range 10 {
			for _, v := range voters {
				all.Go(func() {
					if _, err := l.Vote(t.Context(), v, node.VoteTarget{PostID: p.ID}, 1); err != nil {
						t.Errorf("Vote: %v", err)
					}
				})
			}
		}
		all.Wait()
		if got, _ := l.PostByID(t.Context(), p.ID, ""); got.Score != 5 || got.Up != 5 || got.Author.Karma != 5 {
			t.Errorf("score %d, up %d, karma %d after 5 agents voted 10 times each", got.Score, got.Up, got.Author.Karma)
		}
		res, err := l.Vote(t.Context(), voters[0], node.VoteTarget{PostID: p.ID}, -1)
		if err != nil || res.Action != node.VoteChanged {
			t.Errorf("Vote = %+v, %v, want changed", res, err)
		}
		res, err = l.Vote(t.Context(), voters[1], node.VoteTarget{PostID: p.ID}, 0)
		if err != nil || res.Action != node.VoteRemoved {
			t.Errorf("Vote = %+v, %v, want removed", res, err)
		}
		if got, _ := l.PostByID(t.Context(), p.ID, ""); got.Score != 2 || got.Down != 1 {
			t.Errorf("score %d, down %d, want 2 and 1", got.Score, got.Down)
		}
		if _, err := l.Vote(t.Context(), ada, node.VoteTarget{PostID: p.ID}, 1); code(err) != "own_content" {
			t.Errorf("vote on own content = %v", err)
		}
	})
}

func TestRepliesNestAndDeletedOnesKeepTheirPlace(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{} })
		ada, bob := l.agent("ada"), l.agent("bob")
		p := l.post(ada, "Talk")
		one := l.comment(bob, p.ID, "", "one")
		two := l.comment(ada, p.ID, one.ID, "two")
		l.comment(bob, p.ID, two.ID, "three")
		l.comment(ada, p.ID, "", "four")
		if err := l.DeleteComment(t.Context(), bob, two.ID); code(err) != "forbidden" {
			t.Errorf("DeleteComment of another = %v", err)
		}
		if err := l.DeleteComment(t.Context(), ada, two.ID); err != nil {
			t.Fatalf("DeleteComment: %v", err)
		}
		th, err := l.Thread(t.Context(), node.ThreadQuery{PostID: p.ID, Sort: storage.SortOld, Window: node.Window{Limit: 1}})
		if err != nil || len(th.Replies) != 1 || th.Next == "" {
			t.Fatalf("Thread = %+v, %v", th, err)
		}
		first := th.Replies[0]
		if first.Content != "one" || first.Replies[0].Content != "[deleted]" || first.Replies[0].Replies[0].Content != "three" {
			t.Errorf("tree of the first page is wrong: %+v", first)
		}
		th, err = l.Thread(t.Context(), node.ThreadQuery{PostID: p.ID, Sort: storage.SortOld, Window: node.Window{Limit: 1, Cursor: th.Next}})
		if err != nil || len(th.Replies) != 1 || th.Replies[0].Content != "four" || th.Next != "" {
			t.Errorf("second page = %+v, %v", th, err)
		}
		if th.Post.CommentCount != 3 {
			t.Errorf("comment_count = %d, want 3", th.Post.CommentCount)
		}
	})
}

func TestLimitsHoldUnderParallelPosts(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.DefaultLimits() })
		ada := l.agent("ada")
		var mu sync.Mutex
		done := 0
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := l.Post(context.WithoutCancel(t.Context()), ada, node.PostDraft{Submolt: "general", Title: "again"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if code(err) != "post_cooldown" {
					t.Errorf("Post = %v, want post_cooldown", err)
				}
			})
		}
		all.Wait()
		if done != 1 {
			t.Errorf("%d of 8 parallel posts went through, want 1", done)
		}
		l.clock.add(2*time.Hour + time.Minute) // it is new: one in two hours
		l.post(ada, "later")
	})
}

func TestSearchFindsWordsInEachScriptAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{} })
		ada := l.agent("ada")
		l.post(ada, "Distributed caching for agents")
		l.post(ada, "人工智能的记忆")
		l.post(ada, "에이전트의 기억")
		p := l.post(ada, "Catatan tentang ingatan")
		l.comment(ada, p.ID, "", "Ingatan yang panjang")
		for q, want := range map[string]int{"CACHING": 1, "智能": 1, "기억": 1, "ingatan": 2, "nothing": 0, "agents caching": 1, "' OR \"": 0} {
			r, err := l.Search(t.Context(), node.SearchQuery{Q: q})
			if err != nil || len(r.Results) != want {
				t.Errorf("Search(%q) found %d, %v, want %d", q, len(r.Results), err, want)
			}
		}
		if err := l.DeletePost(t.Context(), ada, p.ID); err != nil {
			t.Fatalf("DeletePost: %v", err)
		}
		if r, err := l.Search(t.Context(), node.SearchQuery{Q: "catatan"}); err != nil || len(r.Results) != 0 {
			t.Errorf("a deleted post is found: %+v, %v", r, err)
		}
	})
}

func TestFeedMergesSubscriptionsAndFollows(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{} })
		ada, bob, eve := l.agent("ada"), l.agent("bob"), l.agent("eve")
		if _, err := l.Found(t.Context(), bob, node.SubmoltDraft{Name: "lab"}); err != nil {
			t.Fatalf("Found: %v", err)
		}
		l.post(eve, "unrelated")
		l.clock.add(time.Second)
		l.post(bob, "by bob")
		l.clock.add(time.Second)
		if _, err := l.Post(t.Context(), eve, node.PostDraft{Submolt: "lab", Title: "in lab"}); err != nil {
			t.Fatalf("Post: %v", err)
		}
		for name, kind := range map[string]string{"bob": storage.KindAgent, "lab": storage.KindSubmolt} {
			if action, _, err := l.Follow(t.Context(), ada, name, kind); err != nil || action != node.Followed {
				t.Fatalf("Follow(%s) = %s, %v", name, action, err)
			}
		}
		for filter, want := range map[string]string{node.FeedAll: "[in lab by bob]", node.FeedFollowing: "[by bob]"} {
			f, err := l.Feed(t.Context(), ada.ID(), node.FeedQuery{Sort: storage.SortNew, Filter: filter})
			var got []string
			for _, p := range f.Posts.Posts {
				got = append(got, p.Title)
			}
			if err != nil || fmt.Sprint(got) != want {
				t.Errorf("Feed(%s) = %v, %v, want %s", filter, got, err, want)
			}
		}
	})
}

func TestBaseURLIsKept(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		newLone(t, s)
		if _, err := node.New(t.Context(), node.Config{Store: s, BaseURL: "https://b.test"}); err == nil {
			t.Error("another base URL on the same database is accepted")
		}
	})
}
