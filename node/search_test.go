package node_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// library is a node with texts in five languages, by local and remote agents.
type library struct {
	lone

	store *storage.Store
	names map[string]string // of ids
}

func newLibrary(t *testing.T, s *storage.Store) *library {
	t.Helper()
	l := &library{newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{} }), s, map[string]string{}}
	ada, bob := l.agent("ada"), l.agent("bob_tide")
	if _, err := l.UpdateProfile(t.Context(), bob, node.ProfileChange{Description: new("I measure memory leaks")}); err != nil {
		t.Fatalf("UpdateProfile: %v", err)
	}
	if _, err := l.Found(t.Context(), ada, node.SubmoltDraft{Name: "lab", DisplayName: "Laboratory", Description: "Tides and memory"}); err != nil {
		t.Fatalf("Found: %v", err)
	}
	far := l.remote("coral@far.test")
	for _, p := range []struct {
		author       string
		submolt      string
		title, text  string
		commentAda   string
		commentOther string
	}{
		{ada.ID(), "general", "Memory leaks in long runs", "A memory leak is found by measuring memory. Café.", "leak memory", "A Memory-Leak again"},
		{bob.ID(), "general", "Notes", strings.Repeat("many words about nothing ", 60) + "and at the end a memory leak 终于", "", ""},
		{bob.ID(), "lab", "人工智能的记忆", "智能体怎样记住事情？猫也记得。", "记忆很重要", ""},
		{ada.ID(), "lab", "エージェントの記憶", "サーバーに残る記憶とデータ。", "", "記憶は消える"},
		{far, "general", "에이전트의 기억", "기억은 오래 남는다 memory", "", ""},
		{far, "lab", "Catatan tentang ingatan", "Saya dan kami menyimpan ingatan yang panjang untuk memory", "", ""},
		{ada.ID(), "general", "Tides", "The sea remembers", "", ""},
	} {
		l.clock.add(time.Hour)
		id := l.add(p.author, p.submolt, p.title, p.text)
		for author, text := range map[string]string{ada.ID(): p.commentAda, far: p.commentOther} {
			if text != "" {
				l.reply(author, id, text)
			}
		}
	}
	l.clock.add(time.Minute)
	return l
}

// remote adds an agent of another node.
func (l *library) remote(address string) string {
	l.t.Helper()
	name, host, _ := strings.Cut(address, "@")
	l.tx(func(ctx context.Context, q storage.Queries) error {
		return q.InsertActor(ctx, storage.Actor{
			ID: name, URI: "https://" + host + "/u/" + name, Kind: storage.KindAgent, WireType: "Service", Host: host, Handle: name, Name: name,
			State: storage.ActorActive, CreatedAt: l.clock.now().UnixMilli(), Description: "reads about leaks",
		})
	})
	return name
}

func (l *library) tx(f func(ctx context.Context, q storage.Queries) error) {
	l.t.Helper()
	if err := l.store.Tx(l.t.Context(), f); err != nil {
		l.t.Fatalf("write: %v", err)
	}
}

// add stores a post under an id that is the same in each run.
func (l *library) add(author, submolt, title, text string) string {
	l.t.Helper()
	m, err := l.Submolt(l.t.Context(), submolt)
	if err != nil {
		l.t.Fatalf("Submolt(%s): %v", submolt, err)
	}
	id, at := fmt.Sprintf("post-%d", len(l.names)), l.clock.now().UnixMilli()
	l.names[id] = title
	l.tx(func(ctx context.Context, q storage.Queries) error {
		return q.InsertPost(ctx, storage.Post{
			ID: id, URI: "https://a.test/post/" + id, AuthorID: author, SubmoltID: m.ID, Type: "text", Title: title, Content: text,
			Lang: node.Language(title + " " + text), CreatedAt: at, UpdatedAt: at,
		})
	})
	return id
}

func (l *library) reply(author, post, text string) {
	l.t.Helper()
	id, at := fmt.Sprintf("comment-%d", len(l.names)), l.clock.now().UnixMilli()
	l.names[id] = text
	l.tx(func(ctx context.Context, q storage.Queries) error {
		return q.InsertComment(ctx, storage.Comment{
			ID: id, URI: "https://a.test/comment/" + id, PostID: post, RootID: id, AuthorID: author, Content: text,
			Lang: node.Language(text), CreatedAt: at, UpdatedAt: at,
		})
	})
}

// titles names what was found, in its order.
func (l *library) titles(r node.Results) []string {
	var names []string
	for _, x := range r.Results {
		switch {
		case x.Actor != nil:
			names = append(names, x.Actor.Address())
		case x.Comment != nil:
			names = append(names, l.names[x.Comment.ID])
		default:
			names = append(names, l.names[x.Post.ID])
		}
	}
	return names
}

func (l *library) search(sq node.SearchQuery) []string {
	l.t.Helper()
	r, err := l.Search(l.t.Context(), sq)
	if err != nil {
		l.t.Fatalf("Search(%+v): %v", sq, err)
	}
	for _, x := range r.Results {
		if x.Similarity <= 0 || x.Similarity > 1 {
			l.t.Errorf("Search(%+v): similarity %v", sq, x.Similarity)
		}
	}
	return l.titles(r)
}

// shelf are queries and what they find in a library, in any order.
func shelf() map[node.SearchQuery]string {
	return map[node.SearchQuery]string{
		{Q: "MEMORY leak"}:                                "A Memory-Leak again|Memory leaks in long runs|Notes|leak memory",
		{Q: `"memory leak"`}:                              "A Memory-Leak again|Memory leaks in long runs|Notes",
		{Q: `"leak memory"`}:                              "leak memory",
		{Q: `"leaks in" café`}:                            "Memory leaks in long runs",
		{Q: "cafe"}:                                       "Memory leaks in long runs",
		{Q: "ＬＥＡＫ", Type: "comments"}:                     "A Memory-Leak again|leak memory",
		{Q: "memory", Type: "posts"}:                      "Catatan tentang ingatan|Memory leaks in long runs|Notes|에이전트의 기억",
		{Q: "记忆"}:                                         "人工智能的记忆|记忆很重要",
		{Q: "智能体"}:                                        "人工智能的记忆",
		{Q: "猫"}:                                          "人工智能的记忆",
		{Q: "智能的"}:                                        "人工智能的记忆",
		{Q: "能智"}:                                         "",
		{Q: "记忆智能"}:                                       "",
		{Q: "记忆 智能"}:                                      "人工智能的记忆",
		{Q: "記憶"}:                                         "エージェントの記憶|記憶は消える",
		{Q: "サーバー"}:                                       "エージェントの記憶",
		{Q: "ﾃﾞｰﾀ"}:                                       "エージェントの記憶",
		{Q: "기억"}:                                         "에이전트의 기억",
		{Q: "ingatan"}:                                    "Catatan tentang ingatan",
		{Q: "终于 leak"}:                                    "Notes",
		{Q: `"a memory leak 终于"`}:                         "Notes",
		{Q: "memory", Author: "coral@far.test"}:           "A Memory-Leak again|Catatan tentang ingatan|에이전트의 기억",
		{Q: "memory", Host: "FAR.test"}:                   "A Memory-Leak again|Catatan tentang ingatan|에이전트의 기억",
		{Q: "memory", Host: "a.test"}:                     "Memory leaks in long runs|Notes|leak memory",
		{Q: "memory", Submolt: "lab"}:                     "Catatan tentang ingatan",
		{Q: "记忆", Submolt: "lab"}:                         "人工智能的记忆|记忆很重要",
		{Q: "memory", Language: "id"}:                     "Catatan tentang ingatan",
		{Q: "memory", Language: "KO-kr"}:                  "에이전트의 기억",
		{Q: "memory", Language: "sw"}:                     "",
		{Q: "記憶", Language: "ja"}:                         "エージェントの記憶|記憶は消える",
		{Q: "memory", Since: "2026-11-23T17:00:00Z"}:      "Catatan tentang ingatan|에이전트의 기억",
		{Q: "memory", Until: "2026-11-23T14:00:00+00:00"}: "A Memory-Leak again|Memory leaks in long runs|leak memory",
		{Q: "memory", Since: "2026-11-23", Until: "2026-11-24", Type: "comments"}: "A Memory-Leak again|leak memory",
		{Q: "memory", Time: "hour"}: "",
		{Q: "sea", Time: "hour"}:    "Tides",
		{Q: "memory", Time: "year", Type: "posts", Author: "ada", Submolt: "general"}: "Memory leaks in long runs",
		{Q: "memory", Type: "submolts"}:                                               "lab",
		{Q: "laboratory", Type: "submolts"}:                                           "lab",
		{Q: "tide", Type: "agents"}:                                                   "bob_tide",
		{Q: "leak", Type: "agents"}:                                                   "ada|bob_tide|coral@far.test",
		{Q: "leaks", Type: "agents"}:                                                  "ada|bob_tide|coral@far.test",
		{Q: "ingatan", Type: "agents"}:                                                "coral@far.test",
		{Q: "记忆", Type: "agents", Host: "a.test"}:                                     "ada|bob_tide",
		{Q: "memory", Type: "agents", Submolt: "lab"}:                                 "coral@far.test",
		{Q: "?!"}: "",
	}
}

func TestSearchFindsTheSameInTheSameOrderOnBothDatabases(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	orders := map[string]map[node.SearchQuery]string{} // of each database, guarded by mu
	t.Run("each", func(t *testing.T) {
		storagetest.Each(t, func(t *testing.T, s *storage.Store) {
			l := newLibrary(t, s)
			order := map[node.SearchQuery]string{}
			for q, want := range shelf() {
				got := l.search(q)
				order[q] = strings.Join(got, "|")
				slices.Sort(got)
				if strings.Join(got, "|") != want {
					t.Errorf("Search(%+v) = %q, want %q", q, got, want)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			orders[s.Name()] = order
		})
	})
	if len(orders) < 2 {
		t.Skip("searched one database only")
	}
	for q, order := range orders["sqlite"] {
		if orders["postgres"][q] != order {
			t.Errorf("Search(%+v): %q on SQLite, %q on PostgreSQL", q, order, orders["postgres"][q])
		}
	}
}

func TestSearchRanksByTitleNearnessAndAge(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLibrary(t, s)
		want := "Memory leaks in long runs"
		if got := l.search(node.SearchQuery{Q: "memory leaks"}); len(got) == 0 || got[0] != want {
			t.Errorf("the title does not come first: %q", got)
		}
		if got := l.search(node.SearchQuery{Q: "memory leak", Type: "posts"}); strings.Join(got, "|") != want+"|Notes" {
			t.Errorf("a mention at the end of a long text comes first: %q", got)
		}
		old := l.add("coral", "general", "Equal words", "the same")
		l.clock.add(time.Minute)
		l.add("coral", "general", "Equal words", "the same")
		l.names[old] = "older"
		if got := l.search(node.SearchQuery{Q: "equal"}); strings.Join(got, "|") != "Equal words|older" {
			t.Errorf("of equals the older comes first: %q", got)
		}
		l.clock.add(3 * 365 * 24 * time.Hour)
		l.add("coral", "general", "Much later", "equal to the others")
		if got := l.search(node.SearchQuery{Q: "equal"}); got[0] != "Much later" {
			t.Errorf("years do not count: %q", got)
		}
	})
}

func TestSearchPagesHoldEachResultOnceWhileOthersWrite(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLibrary(t, s)
		const n = 1_100 // more than two windows
		want := map[string]bool{}
		for i := range n {
			l.clock.add(time.Second)
			want[l.add("coral", "general", fmt.Sprintf("Page %d", i), strings.Repeat("paged ", i%7+1))] = true
		}
		for indexed := 1; indexed > 0; {
			var err error
			if indexed, err = l.IndexBatch(t.Context()); err != nil {
				t.Fatalf("IndexBatch: %v", err)
			}
		}
		sq := node.SearchQuery{Q: "paged", Window: node.Window{Limit: 47}}
		for pages := 0; ; pages++ {
			r, err := l.Search(t.Context(), sq)
			if err != nil {
				t.Fatalf("Search: %v", err)
			}
			for _, x := range r.Results {
				if !want[x.Post.ID] {
					t.Errorf("%s came twice, or is new", x.Post.Title)
				}
				delete(want, x.Post.ID)
			}
			if r.Next == "" {
				break
			}
			if pages%5 == 0 { // a new post and votes on old ones move nothing
				l.clock.add(time.Second)
				l.add("coral", "general", "new and paged", "paged")
			}
			if pages > 40 {
				t.Fatal("there is no end")
			}
			sq.Cursor = r.Next
		}
		if len(want) > 0 {
			t.Errorf("%d were not found", len(want))
		}
		r, err := l.Search(t.Context(), node.SearchQuery{Q: "paged", Window: node.Window{Limit: 5, Offset: 3}})
		first, firstErr := l.Search(t.Context(), node.SearchQuery{Q: "paged", Window: node.Window{Limit: 8}})
		if err != nil || firstErr != nil || fmt.Sprint(l.titles(r)) != fmt.Sprint(l.titles(first)[3:]) {
			t.Errorf("rows 3 to 7: %q, %v, of %q, %v", l.titles(r), err, l.titles(first), firstErr)
		}
	})
}

func TestWhatIsNotShownIsNotFound(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLibrary(t, s)
		secret := l.add("coral", "general", "Secret", "zebra")
		l.reply("coral", secret, "zebra too")
		changed := l.add("coral", "general", "Changed", "zebra")
		count := func(q, kind string) int { return len(l.search(node.SearchQuery{Q: q, Type: kind})) }
		if got := count("zebra", ""); got != 3 {
			t.Fatalf("found %d of 3", got)
		}
		for _, why := range []int64{storage.Deleted, storage.Removed, storage.Pending} {
			l.tx(func(ctx context.Context, q storage.Queries) error { return q.HidePost(ctx, secret, why, 5) })
			if got := count("zebra", ""); got != 1 {
				t.Errorf("hidden for reason %d, %d are found, want 1", why, got)
			}
		}
		l.tx(func(ctx context.Context, q storage.Queries) error {
			p, err := q.Post(ctx, changed)
			if err != nil {
				return err
			}
			p.Content, p.UpdatedAt = "giraffe", p.UpdatedAt+1
			return q.UpdatePost(ctx, p)
		})
		if z, g := count("zebra", ""), count("giraffe", ""); z != 0 || g != 1 {
			t.Errorf("after a change the old word is found %d times, the new one %d times", z, g)
		}
		if got := count("zebra", "agents"); got != 0 {
			t.Errorf("%d agents are found by what they no longer say", got)
		}
		l.tx(func(ctx context.Context, q storage.Queries) error { return q.HidePost(ctx, secret, storage.Visible, 0) })
		if got := count("zebra", ""); got != 2 {
			t.Errorf("shown again, %d are found, want 2", got)
		}
		l.tx(func(ctx context.Context, q storage.Queries) error {
			return q.SetActorState(ctx, "coral", storage.ActorDeleted, 9)
		})
		if got := l.search(node.SearchQuery{Q: "leak", Type: "agents"}); slices.Contains(got, "coral@far.test") {
			t.Errorf("a deleted agent is found: %q", got)
		}
	})
}

func TestSearchRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s)
		for want, sq := range map[string]node.SearchQuery{
			"missing_fields": {Q: " \n"},
			"too_long":       {Q: strings.Repeat("智", 501)},
			"bad_text":       {Q: "a\x00"},
			"bad_type":       {Q: "x", Type: "dreams"},
			"bad_time":       {Q: "x", Time: "soon"},
			"bad_since":      {Q: "x", Since: "31/01/2026"},
			"bad_until":      {Q: "x", Until: "now"},
			"bad_host":       {Q: "x", Host: "a b"},
			"bad_language":   {Q: "x", Language: "en'"},
			"bad_name":       {Q: "x", Author: "a b"},
			"not_found":      {Q: "x", Submolt: "nowhere"},
			"bad_cursor":     {Q: "x", Window: node.Window{Cursor: "MSBh"}},
		} {
			if _, err := l.Search(t.Context(), sq); code(err) != want {
				t.Errorf("Search(%+v) = %v, want %s", sq, err, want)
			}
		}
	})
}

// Searches index what waits, too, each on its own, while texts change.
func TestManyIndexAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLibrary(t, s)
		var ids []string
		for i := range 20 {
			ids = append(ids, l.add("coral", "general", fmt.Sprintf("Shared %d", i), "indexed by many"))
		}
		var all errgroup.Group
		for range 6 {
			all.Go(func() error {
				for i := range 40 {
					if err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
						if err := q.HidePost(ctx, ids[i%len(ids)], storage.Pending, 7); err != nil {
							return err
						}
						return q.HidePost(ctx, ids[i%len(ids)], storage.Visible, 0)
					}); err != nil {
						return err
					}
					if _, err := l.IndexBatch(t.Context()); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := l.search(node.SearchQuery{Q: "indexed", Window: node.Window{Limit: 50}}); len(got) != len(ids) {
			t.Errorf("%d texts are found, want %d: %q", len(got), len(ids), got)
		}
	})
}
