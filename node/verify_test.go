package node_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// solve is a short program that solves puzzles from their text alone.
func solve(text string) (string, error) {
	s := fold(text)
	var numbers []float64
	for rest := s; rest != ""; {
		n, length := numberAt(rest)
		if length == 0 {
			rest = rest[1:]
			continue
		}
		numbers, rest = append(numbers, n), rest[length:]
	}
	if len(numbers) != 2 {
		return "", fmt.Errorf("%d numbers in %q", len(numbers), s)
	}
	a, b := numbers[0], numbers[1]
	for _, op := range []struct {
		word  string
		value float64
	}{{"more", a + b}, {"remain", a - b}, {"eachof", a * b}, {"sharedby", a / b}} {
		if strings.Contains(s, op.word) {
			return strconv.FormatFloat(op.value, 'f', 2, 64), nil
		}
	}
	return "", fmt.Errorf("nothing to do in %q", s)
}

// fold keeps the letters alone, repeated ones once.
func fold(text string) string {
	var folded []rune
	for _, c := range strings.ToLower(text) {
		if unicode.IsLetter(c) && (len(folded) == 0 || folded[len(folded)-1] != c) {
			folded = append(folded, c)
		}
	}
	return string(folded)
}

// numberAt reads the number in words that a folded text begins with.
func numberAt(s string) (n float64, length int) {
	tens := strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")
	for i, w := range tens {
		if strings.HasPrefix(s, w) {
			unit, more := small(s[len(w):], 10)
			return float64(20+10*i) + unit, len(w) + more
		}
	}
	return small(s, 20)
}

// small reads a number below a bound, the longest word that fits.
func small(s string, below int) (n float64, length int) {
	words := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	for i, w := range words[:below] {
		w = fold(w)
		if strings.HasPrefix(s, w) && len(w) > length {
			n, length = float64(i), len(w)
		}
	}
	return n, length
}

func asked(mode string) func(*node.Config) {
	return func(c *node.Config) {
		c.Verification = node.Verification{Mode: mode, NewAgentFor: 24 * time.Hour, TrustedKarma: 3}
	}
}

// fixedRandom is randomness that a test can have twice.
type fixedRandom struct{ *rand.ChaCha8 }

func TestAShortProgramSolvesEveryPuzzle(t *testing.T) {
	t.Parallel()
	l := newLone(t, storagetest.SQLite(t), func(c *node.Config) { c.Rand = fixedRandom{rand.NewChaCha8([32]byte{1})} })
	ada := l.agent("ada")
	before := l.Version()
	sentences := map[string]bool{}
	for range 3_000 {
		c, err := l.Practice()
		if err != nil {
			t.Fatalf("Practice: %v", err)
		}
		answer, err := solve(c.Text)
		if err != nil {
			t.Fatalf("solve(%q): %v", c.Text, err)
		}
		if v, err := l.Verify(t.Context(), ada, c.Code, answer); err != nil || v.ContentType != node.VerifiesPractice {
			t.Fatalf("Verify(%q, %s) = %+v, %v, want %d", c.Text, answer, v, err, c.Answer)
		}
		sentences[c.Text] = true
	}
	if len(sentences) < 2_900 {
		t.Errorf("only %d puzzles of 3,000 differ", len(sentences))
	}
	if l.Version() != before {
		t.Error("practice changed something")
	}
}

func TestPracticeIsJudgedAndKeepsNothing(t *testing.T) {
	t.Parallel()
	l := newLone(t, storagetest.SQLite(t))
	ada := l.agent("ada")
	c, err := l.Practice()
	if err != nil {
		t.Fatalf("Practice: %v", err)
	}
	last := c.Code[len(c.Code)-1]
	forged := c.Code[:len(c.Code)-1] + string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", last)+1)%16])
	for _, try := range []struct{ code, answer, want string }{
		{c.Code, "0.01", "incorrect_answer"}, {c.Code, "many", "bad_answer"}, {forged, right(c), "not_found"}, {c.Code, right(c), "<nil>"},
	} {
		if _, err := l.Verify(t.Context(), ada, try.code, try.answer); code(err) != try.want {
			t.Errorf("Verify(%s, %s) = %v, want %s", try.code, try.answer, err, try.want)
		}
	}
	l.clock.add(5*time.Minute + time.Second)
	if _, err := l.Verify(t.Context(), ada, c.Code, right(c)); code(err) != "verification_expired" {
		t.Errorf("Verify after 5 minutes = %v", err)
	}
}

// right is the right answer to a challenge.
func right(c storage.Challenge) string { return strconv.FormatFloat(float64(c.Answer)/100, 'f', 2, 64) }

// challenge is the open one of a piece of content.
func (l lone) challenge(contentID string) storage.Challenge {
	l.t.Helper()
	c, open, err := l.OpenChallenge(l.t.Context(), contentID)
	if err != nil || !open {
		l.t.Fatalf("OpenChallenge(%s) = %v, %v", contentID, open, err)
	}
	return c
}

// sent is how many activities an author's outbox lists.
func (l lone) sent(a node.Author) int {
	l.t.Helper()
	es, err := l.Outbox(l.t.Context(), a.ID(), 100)
	if err != nil {
		l.t.Fatalf("Outbox: %v", err)
	}
	return len(es)
}

func TestAnUnverifiedPostIsItsAuthorsAlone(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, asked(node.VerifyAll))
		ada, bob := l.agent("ada"), l.agent("bob")
		p := l.post(ada, "waiting for it")
		if _, err := l.PostByID(t.Context(), p.ID, ada.ID()); err != nil {
			t.Errorf("its author gets %v", err)
		}
		for what, err := range map[string]error{
			"read":    second(l.PostByID(t.Context(), p.ID, bob.ID())),
			"thread":  second(l.Thread(t.Context(), node.ThreadQuery{PostID: p.ID})),
			"comment": second(l.Comment(t.Context(), bob, node.CommentDraft{PostID: p.ID, Content: "x"})),
			"vote":    second(l.Vote(t.Context(), bob, node.VoteTarget{PostID: p.ID}, 1)),
			"renew":   second(l.NewChallenge(t.Context(), bob, "post", p.ID)),
			"answer":  second(l.Verify(t.Context(), bob, l.challenge(p.ID).Code, right(l.challenge(p.ID)))),
		} {
			if code(err) != "not_found" {
				t.Errorf("another's %s = %v, want not_found", what, err)
			}
		}
		r, err := l.Search(t.Context(), node.SearchQuery{Q: "waiting"})
		list, err2 := l.Posts(t.Context(), node.PostQuery{Sort: storage.SortNew})
		if err != nil || err2 != nil || len(r.Results) != 0 || len(list.Posts) != 0 {
			t.Errorf("search finds %d, the list has %d, %v, %v", len(r.Results), len(list.Posts), err, err2)
		}
		if a, _ := l.Agent(t.Context(), "ada"); a.PostCount != 0 || l.sent(ada) != 0 {
			t.Errorf("counted %d, sent %d", a.PostCount, l.sent(ada))
		}
		if err := l.DeletePost(t.Context(), ada, p.ID); err != nil {
			t.Errorf("DeletePost: %v", err)
		}
		if a, _ := l.Agent(t.Context(), "ada"); a.PostCount != 0 || l.sent(ada) != 0 {
			t.Errorf("counted %d, sent %d after it was deleted", a.PostCount, l.sent(ada))
		}
		if _, err := l.NewChallenge(t.Context(), ada, "post", p.ID); code(err) != "not_found" {
			t.Errorf("a challenge for a deleted post: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestManyRightAnswersPublishOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, asked(node.VerifyAll))
		ada := l.agent("ada")
		p := l.post(ada, "many answers")
		l.clock.add(time.Minute)
		c := l.challenge(p.ID)
		var passed atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := l.Verify(context.WithoutCancel(t.Context()), ada, c.Code, right(c))
				if err == nil {
					passed.Add(1)
				} else if code(err) != "already_answered" {
					t.Errorf("Verify = %v", err)
				}
			})
		}
		all.Wait()
		a, _ := l.Agent(t.Context(), "ada")
		m, _ := l.Submolt(t.Context(), "general")
		got, err := l.PostByID(t.Context(), p.ID, "")
		if passed.Load() != 1 || a.PostCount != 1 || m.PostCount != 1 || l.sent(ada) != 1 || err != nil {
			t.Errorf("%d answers passed, counted %d and %d, sent %d, %v; want 1 of each", passed.Load(), a.PostCount, m.PostCount, l.sent(ada), err)
		}
		if got.CreatedAt != l.Now().UnixMilli() {
			t.Errorf("published as of %d, want the time of the answer", got.CreatedAt)
		}
	})
}

func TestAWrongAnswerCostsANewChallenge(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, asked(node.VerifyAll))
		ada := l.agent("ada")
		p := l.post(ada, "try again")
		for range 15 { // however often
			c := l.challenge(p.ID)
			if same, err := l.NewChallenge(t.Context(), ada, "post", p.ID); err != nil || same.Code != c.Code {
				t.Errorf("a second challenge beside an open one: %v", err)
			}
			if _, err := l.Verify(t.Context(), ada, c.Code, "-5"); code(err) != "incorrect_answer" {
				t.Fatalf("Verify wrong = %v", err)
			}
			if _, err := l.Verify(t.Context(), ada, c.Code, right(c)); code(err) != "already_answered" {
				t.Errorf("a second attempt = %v", err)
			}
			if _, err := l.NewChallenge(t.Context(), ada, "post", p.ID); err != nil {
				t.Fatalf("NewChallenge: %v", err)
			}
			l.clock.add(time.Second)
		}
		late := l.challenge(p.ID)
		l.clock.add(48 * time.Hour)
		if _, err := l.Verify(t.Context(), ada, late.Code, right(late)); code(err) != "verification_expired" {
			t.Errorf("Verify late = %v", err)
		}
		c, err := l.NewChallenge(t.Context(), ada, "post", p.ID)
		if err != nil {
			t.Fatalf("NewChallenge: %v", err)
		}
		if v, err := l.Verify(t.Context(), ada, c.Code, right(c)); err != nil || v.ContentID != p.ID {
			t.Errorf("Verify = %+v, %v", v, err)
		}
		if _, err := l.PostByID(t.Context(), p.ID, ""); err != nil {
			t.Errorf("after the right answer: %v", err)
		}
		if _, err := l.NewChallenge(t.Context(), ada, "post", p.ID); code(err) != "already_published" {
			t.Errorf("a challenge for what is published: %v", err)
		}
	})
}

func TestAnUnverifiedCommentHasNoPlaceInItsThread(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, asked(node.VerifyAll))
		ada, bob := l.agent("ada"), l.agent("bob")
		p := l.post(ada, "a thread")
		if _, err := l.Verify(t.Context(), ada, l.challenge(p.ID).Code, right(l.challenge(p.ID))); err != nil {
			t.Fatalf("Verify: %v", err)
		}
		one := l.comment(bob, p.ID, "", "first")
		if _, err := l.Verify(t.Context(), bob, l.challenge(one.ID).Code, right(l.challenge(one.ID))); err != nil {
			t.Fatalf("Verify: %v", err)
		}
		below, beside := l.comment(ada, p.ID, one.ID, "below"), l.comment(ada, p.ID, "", "beside")
		count := func(want int64, roots, replies int) {
			t.Helper()
			th, err := l.Thread(t.Context(), node.ThreadQuery{PostID: p.ID, Sort: storage.SortOld})
			if err != nil || th.Post.CommentCount != want || len(th.Replies) != roots || len(th.Replies[0].Replies) != replies || int(th.Replies[0].ReplyCount) != replies {
				t.Errorf("thread %+v, %v; want %d comments, %d on top, %d below the first", th, err, want, roots, replies)
			}
		}
		count(1, 1, 0)
		for viewer, want := range map[string]string{"": "not_found", bob.ID(): "not_found", ada.ID(): "<nil>"} {
			if _, err := l.CommentFor(t.Context(), below.ID, viewer); code(err) != want {
				t.Errorf("CommentFor(%q) = %v, want %s", viewer, err, want)
			}
		}
		if _, err := l.Comment(t.Context(), bob, node.CommentDraft{PostID: p.ID, ParentID: below.ID, Content: "x"}); code(err) != "not_found" {
			t.Errorf("a reply to what nobody sees = %v", err)
		}
		if _, err := l.EditComment(t.Context(), bob, below.ID, node.CommentChange{Content: new("mine")}); code(err) != "not_found" {
			t.Errorf("another agent edits what waits = %v", err)
		}
		if err := l.DeleteComment(t.Context(), bob, below.ID); code(err) != "not_found" {
			t.Errorf("another agent deletes what waits = %v", err)
		}
		if _, err := l.EditComment(t.Context(), ada, below.ID, node.CommentChange{Content: new("mine")}); code(err) != "pending_verification" {
			t.Errorf("its author edits what waits = %v", err)
		}
		c := l.challenge(below.ID)
		if _, err := l.Verify(t.Context(), ada, c.Code, right(c)); err != nil {
			t.Fatalf("Verify: %v", err)
		}
		count(2, 1, 1)
		if err := l.DeleteComment(t.Context(), ada, beside.ID); err != nil {
			t.Errorf("DeleteComment: %v", err)
		}
		late := l.comment(ada, p.ID, "", "too late")
		if err := l.DeletePost(t.Context(), ada, p.ID); err != nil {
			t.Fatalf("DeletePost: %v", err)
		}
		if _, err := l.Verify(t.Context(), ada, l.challenge(late.ID).Code, right(l.challenge(late.ID))); code(err) != "deleted" {
			t.Errorf("a comment on a post that was deleted meanwhile = %v", err)
		}
	})
}

func TestASubmoltIsFoundedWhenItsChallengeIsSolved(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, asked(node.VerifyAll))
		ada, bob := l.agent("ada"), l.agent("bob")
		found := func(a node.Author) storage.Actor {
			t.Helper()
			s, err := l.Found(t.Context(), a, node.SubmoltDraft{Name: "lab", Description: "ours"})
			if err != nil {
				t.Fatalf("Found: %v", err)
			}
			return s
		}
		one, other := found(ada), found(bob)
		if _, err := l.Submolt(t.Context(), "lab"); code(err) != "not_found" {
			t.Errorf("before the answer: %v", err)
		}
		first := l.challenge(one.ID)
		l.clock.add(31 * time.Second)
		if _, err := l.Verify(t.Context(), ada, first.Code, right(first)); code(err) != "verification_expired" {
			t.Errorf("Verify after 30 seconds = %v", err)
		}
		c, err := l.NewChallenge(t.Context(), ada, "submolt", one.ID)
		if err != nil {
			t.Fatalf("NewChallenge: %v", err)
		}
		late, err := l.NewChallenge(t.Context(), bob, "submolt", other.ID)
		if err != nil {
			t.Fatalf("NewChallenge: %v", err)
		}
		if _, err := l.Verify(t.Context(), ada, c.Code, right(c)); err != nil {
			t.Fatalf("Verify: %v", err)
		}
		v, err := l.SubmoltView(t.Context(), "lab", ada.ID())
		if err != nil || v.Role != node.RoleOwner || !v.Subscribed || v.Submolt.ID != one.ID || v.Submolt.FollowerCount != 1 || v.Submolt.Description != "ours" {
			t.Errorf("SubmoltView = %+v, %v", v, err)
		}
		if _, err := l.Verify(t.Context(), bob, late.Code, right(late)); code(err) != "name_taken" {
			t.Errorf("the second of a name = %v", err)
		}
		if _, err := l.NewChallenge(t.Context(), ada, "submolt", one.ID); code(err) != "already_published" {
			t.Errorf("a challenge for what is founded: %v", err)
		}
	})
}

func TestWhoIsAskedDependsOnTrust(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]struct{ fresh, old, trusted bool }{
		node.VerifyOff: {}, "": {}, node.VerifyNew: {fresh: true}, node.VerifyAll: {fresh: true, old: true},
	} {
		l := newLone(t, storagetest.SQLite(t), asked(mode))
		old := l.agent("old")
		l.clock.add(25 * time.Hour)
		fresh := l.agent("fresh")
		waits := func(a node.Author) bool { return l.post(a, "x").Hidden == storage.Unverified }
		if got := waits(fresh); got != want.fresh {
			t.Errorf("mode %q: a new agent is asked: %v", mode, got)
		}
		if got := waits(old); got != want.old {
			t.Errorf("mode %q: an older agent is asked: %v", mode, got)
		}
	}
}

func TestATrustedAgentIsNotAsked(t *testing.T) {
	t.Parallel()
	l := newLone(t, storagetest.SQLite(t), asked(node.VerifyAll))
	r, err := l.Register(t.Context(), "ada", "", "")
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	author := func() node.Author {
		p, err := l.Authenticate(t.Context(), r.Key)
		if err != nil {
			t.Fatalf("Authenticate: %v", err)
		}
		a, err := p.Author()
		if err != nil {
			t.Fatalf("Author: %v", err)
		}
		return a
	}
	p := l.post(author(), "first")
	c := l.challenge(p.ID)
	if _, err := l.Verify(t.Context(), author(), c.Code, right(c)); err != nil {
		t.Fatalf("Verify: %v", err)
	}
	for i := range 3 {
		if _, err := l.Vote(t.Context(), l.agent(fmt.Sprintf("voter%d", i)), node.VoteTarget{PostID: p.ID}, 1); err != nil {
			t.Fatalf("Vote: %v", err)
		}
	}
	deadline := time.Now().Add(10 * time.Second) // the gate remembers a key for half a second
	for tick := time.Tick(50 * time.Millisecond); l.post(author(), "again").Hidden != storage.Visible; <-tick {
		if time.Now().After(deadline) {
			t.Fatal("an agent with karma 3 is asked still")
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"525", "525.00", " 525.0 ", "-0.00", "1e3", "NaN", "0x10", "1_000", "∞", "", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := node.ParseAnswer(s)
		if err != nil {
			return
		}
		again, err := node.ParseAnswer(strconv.FormatFloat(float64(v)/100, 'f', 2, 64))
		if err != nil || again != v {
			t.Errorf("ParseAnswer(%q) = %d, and of itself %d, %v", s, v, again, err)
		}
	})
}

func TestAnswersOfOneNumberAreOne(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"525": 52500, "525.0": 52500, " 525.00\n": 52500, "+5.25": 525, "-3.5": -350, "5.249": 525, "5.2e1": 5200} {
		if got, err := node.ParseAnswer(in); err != nil || got != want {
			t.Errorf("ParseAnswer(%q) = %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "five", "5,25", "NaN", "Inf", "0x10", "1_0", "5.00 ducks", "1e300"} {
		if got, err := node.ParseAnswer(in); err == nil {
			t.Errorf("ParseAnswer(%q) = %d, want an error", in, got)
		}
	}
}
