package server

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// What is measured here is what agents do on a node that is full. The goals are
// ratios to what the same operation costs on the first network of the kind, in
// processor time (its program and its database, at a million posts, on a
// machine like this).

// crowd is how full a node is.
type crowd struct {
	keyed, agents, submolts, posts, comments int
}

// crowdHere is a tenth of a million posts, or all of it with INSTAR_BENCH_LARGE.
func crowdHere() crowd {
	c := crowd{keyed: 1_000, agents: 10_000, submolts: 1_000, posts: 100_000, comments: 200_000}
	if os.Getenv("INSTAR_BENCH_LARGE") != "" {
		c = crowd{keyed: 5_000, agents: 100_000, submolts: 10_000, posts: 1_000_000, comments: 2_000_000}
	}
	return c
}

// full is a node with a crowd on it.
type full struct {
	*Server

	crowd crowd
	keys  []string // of those agents that ask
}

func postID(i int) string { return fmt.Sprintf("019a0000-0000-7000-8000-%012d", i) }

// newFull fills a node: those agents that ask are registered, all else is
// written straight into the tables, as old as if it had come over a year.
func newFull(b *testing.B, database string) *full {
	b.Helper()
	return newFullOf(b, database, crowdHere())
}

func newFullOf(b *testing.B, database string, c crowd) *full {
	b.Helper()
	f := &full{Server: benchNode(b, database), crowd: c}
	f.keys = make([]string, f.crowd.keyed)
	rate(b, len(f.keys), func(i int) error {
		r, err := f.Node.Register(b.Context(), "asker"+strconv.Itoa(i), "", "")
		f.keys[i] = r.Key
		return err
	})
	now := time.Now().UnixMilli()
	each := func(count int, row func(ctx context.Context, q storage.Queries, i int) error) {
		const batch = 2_000
		for from := 0; from < count; from += batch {
			err := f.store.Grouped(b.Context(), func(ctx context.Context, q storage.Queries) error {
				for i := from; i < min(from+batch, count); i++ {
					if err := row(ctx, q, i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	actor := func(kind, path string) func(ctx context.Context, q storage.Queries, i int) error {
		return func(ctx context.Context, q storage.Queries, i int) error {
			id := kind + strconv.Itoa(i)
			return q.InsertActor(ctx, storage.Actor{
				ID: id, URI: f.URL() + path + id, Kind: kind, WireType: "Service", Handle: id, Name: id, DisplayName: id, State: storage.ActorActive,
				FollowerCount: int64(i % 1_000), PostCount: 1, CreatedAt: now, ClaimedAt: now,
			})
		}
	}
	each(c.agents, actor(storage.KindAgent, "/u/"))
	each(c.submolts, actor(storage.KindSubmolt, "/m/"))
	text := strings.Repeat("What an agent found out today. ", 20)
	each(c.posts, func(ctx context.Context, q storage.Queries, i int) error {
		at := now - int64(c.posts-i)*30_000
		return q.InsertPost(ctx, storage.Post{
			ID: postID(i), URI: f.URL() + "/post/" + postID(i), AuthorID: storage.KindAgent + strconv.Itoa(i%c.agents),
			SubmoltID: storage.KindSubmolt + strconv.Itoa(i%c.submolts), Type: "text", Title: "Post " + strconv.Itoa(i), Content: text,
			HTML: "<p>" + text + "</p>", Lang: "en", Hot: at * 222, Score: int64(i % 97), Up: int64(i % 97), CommentCount: 2, CreatedAt: at, UpdatedAt: at,
		})
	})
	each(c.comments, func(ctx context.Context, q storage.Queries, i int) error {
		id, at := fmt.Sprintf("019b0000-0000-7000-8000-%012d", i), now-int64(c.comments-i)*15_000
		return q.InsertComment(ctx, storage.Comment{
			ID: id, URI: f.URL() + "/comment/" + id, PostID: postID(i / 2), RootID: id, AuthorID: storage.KindAgent + strconv.Itoa(i%c.agents),
			Content: "Well said, and here is why.", HTML: "<p>Well said, and here is why.</p>", Lang: "en", CreatedAt: at, UpdatedAt: at,
		})
	})
	f.follow(b)
	f.forgetQueue(b)
	f.Node.Changed()
	return f
}

// forgetQueue leaves the crowd's texts out of the search index: to index them is
// not what is measured, and would go on meanwhile.
func (f *full) forgetQueue(b *testing.B) {
	b.Helper()
	for n := 1; n > 0; {
		err := f.store.Tx(b.Context(), func(ctx context.Context, q storage.Queries) error {
			waiting, err := q.Unindexed(ctx, 2_000)
			n = len(waiting)
			ids := make([]string, n)
			for i, d := range waiting {
				ids[i] = d.ID
			}
			if err != nil {
				return err
			}
			_, err = q.TakeUnindexed(ctx, ids)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// follow has each agent that asks follow ten agents and ten submolts.
func (f *full) follow(b *testing.B) {
	b.Helper()
	ctx := b.Context()
	for i, key := range f.keys {
		p, err := f.Node.Authenticate(ctx, key)
		if err != nil {
			b.Fatal(err)
		}
		who, _ := p.Actor()
		err = f.store.Grouped(ctx, func(ctx context.Context, q storage.Queries) error {
			for k := range 10 {
				for _, target := range []string{storage.KindAgent + strconv.Itoa((i*7+k*13)%f.crowd.agents), storage.KindSubmolt + strconv.Itoa((i*11+k*17)%f.crowd.submolts)} {
					if err := q.InsertFollow(ctx, storage.Follow{FollowerID: who.ID, TargetID: target, State: storage.FollowAccepted, CreatedAt: 1}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// operation is one thing that agents do, and what it costs elsewhere.
type operation struct {
	name      string
	elsewhere float64 // microseconds of processor time
	goal      float64 // how many times less it shall cost here; 0 for none
	want      int
	request   func(f *full, random *rand.Rand, i int) (method, path, body string)
}

// recent draws a post, the newer the likelier.
func (f *full) recent(random *rand.Rand) string {
	back := int(math.Abs(random.NormFloat64()) * float64(f.crowd.posts) / 20)
	return postID(max(f.crowd.posts-1-back, 0))
}

func reads(path string) func(f *full, random *rand.Rand, i int) (method, target, body string) {
	return func(f *full, random *rand.Rand, _ int) (string, string, string) {
		return http.MethodGet, strings.NewReplacer("POST", f.recent(random), "SUBMOLT", storage.KindSubmolt+strconv.Itoa(random.IntN(50))).Replace(path), ""
	}
}

func operations() []operation {
	const ok, created = http.StatusOK, http.StatusCreated
	return []operation{
		{"posts_hot", 3_540_500, 10_000, ok, reads("/api/v1/posts?sort=hot")},
		{"posts_new", 3_272, 40, ok, reads("/api/v1/posts?sort=new")},
		{"posts_top", 3_527, 40, ok, reads("/api/v1/posts?sort=top")},
		{"posts_rising", 3_272, 40, ok, reads("/api/v1/posts?sort=rising")},
		{"submolt_feed", 3_272, 40, ok, reads("/api/v1/submolts/SUBMOLT/feed")},
		{"post", 2_276, 25, ok, reads("/api/v1/posts/POST")},
		{"comments", 2_268, 15, ok, reads("/api/v1/posts/POST/comments")},
		{"feed_hot", 112_171, 300, ok, reads("/api/v1/feed?sort=hot")},
		{"feed_new", 112_171, 300, ok, reads("/api/v1/feed?sort=new")},
		{"home", 0, 0, ok, reads("/api/v1/home")},
		{"me", 1_223, 0, ok, reads("/api/v1/agents/me")},
		{"page_submolt", 0, 0, ok, reads("/m/SUBMOLT")},
		{"write_post", 2_462, 10, created, func(f *full, _ *rand.Rand, i int) (string, string, string) {
			return http.MethodPost, "/api/v1/posts", `{"submolt_name":"general","title":"Number ` + strconv.Itoa(i) + `","content":"` + strings.Repeat("text ", 100) + `"}`
		}},
		{"write_comment", 3_126, 12, created, func(f *full, random *rand.Rand, i int) (string, string, string) {
			return http.MethodPost, "/api/v1/posts/" + f.recent(random) + "/comments", `{"content":"Comment number ` + strconv.Itoa(i) + `, with something to say."}`
		}},
		{"upvote", 3_901, 15, ok, func(f *full, random *rand.Rand, _ int) (string, string, string) {
			return http.MethodPost, "/api/v1/posts/" + f.recent(random) + "/upvote", ""
		}},
		{"register", 2_050, 10, created, func(_ *full, random *rand.Rand, _ int) (string, string, string) {
			return http.MethodPost, "/api/v1/agents/register", fmt.Sprintf(`{"name":"n%x","description":"new"}`, random.Uint64())
		}},
		{"heartbeat", 0, 0, 0, heartbeat},
	}
}

// heartbeat is what agents do when they look in: much reading, a little writing.
func heartbeat(f *full, random *rand.Rand, i int) (method, path, body string) {
	all := operations()
	named := func(name string) (string, string, string) {
		at := slices.IndexFunc(all, func(o operation) bool { return o.name == name })
		return all[at].request(f, random, i)
	}
	switch n := random.IntN(100); {
	case n < 20:
		return named("posts_hot")
	case n < 35:
		return named("home")
	case n < 55:
		return named("feed_new")
	case n < 65:
		return named("posts_new")
	case n < 85:
		return named("comments")
	case n < 93:
		return named("upvote")
	case n < 98:
		return named("write_comment")
	default:
		return named("write_post")
	}
}

// agents is how many clients ask at once.
const agents = 16

// BenchmarkAgents measures each operation on a full node: what the node and its
// database take, without the clients, who are another process.
func BenchmarkAgents(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		start := time.Now()
		f := newFull(b, database)
		b.Logf("filled in %v", time.Since(start).Round(time.Second))
		for _, op := range operations() {
			b.Run(op.name, func(b *testing.B) {
				const count = 3_000
				load{URL: f.URL(), Clients: agents, Calls: f.calls(op, 0, count)}.send(b) // so that what is measured is not the start
				var done loaded
				var used float64
				for round := 1; b.Loop(); round++ {
					calls := f.calls(op, round, count)
					before := cpu() + databaseCPU(database)
					done = load{URL: f.URL(), Clients: agents, Calls: calls}.send(b)
					used = float64((cpu() + databaseCPU(database) - before).Microseconds()) / count
				}
				done.report(b)
				b.ReportMetric(used, "cpu_us/op")
				if op.goal > 0 {
					b.ReportMetric(op.elsewhere/used, "times_less")
					b.ReportMetric(op.goal, "goal")
				}
			})
		}
		b.Run("storm", func(b *testing.B) { f.storm(b) })
	})
}

func (l loaded) report(b *testing.B) {
	b.Helper()
	slices.Sort(l.Took)
	b.ReportMetric(l.PerSecond, "req/s")
	b.ReportMetric(float64(l.Took[len(l.Took)/2].Microseconds())/1000, "p50_ms")
	b.ReportMetric(float64(l.Took[len(l.Took)*99/100].Microseconds())/1000, "p99_ms")
	b.ReportMetric(0, "ns/op")
}

// calls draws what is asked in a round, and who asks.
func (f *full) calls(op operation, round, count int) []call {
	random := rand.New(rand.NewPCG(uint64(round), uint64(len(op.name))))
	calls := make([]call, count)
	for i := range calls {
		method, path, body := op.request(f, random, i)
		calls[i] = call{f.keys[random.IntN(len(f.keys))], method, path, body, op.want}
	}
	return calls
}

// storm has 37,000 agents look in at once, with four calls each, over 256 connections.
func (f *full) storm(b *testing.B) {
	b.Helper()
	const count = 37_000
	paths := []string{"/api/v1/home", "/api/v1/feed?sort=new", "/api/v1/posts?sort=hot", "/api/v1/posts?sort=new"}
	calls := make([]call, 0, count*len(paths))
	for i := range count {
		for _, path := range paths {
			calls = append(calls, call{f.keys[i%len(f.keys)], http.MethodGet, path, "", http.StatusOK})
		}
	}
	var done loaded
	for b.Loop() {
		done = load{URL: f.URL(), Clients: 256, Calls: calls}.send(b)
	}
	done.report(b)
	b.ReportMetric(float64(len(calls))/done.PerSecond, "s_for_37000_agents")
}

// databaseCPU is the processor time of the PostgreSQL of these tests, which is on
// this machine: of its processes, and of those that have ended. It is read from
// /proc; 0 for SQLite, which is in this process.
func databaseCPU(database string) time.Duration {
	if database != "postgres" {
		return 0
	}
	db, err := sql.Open("postgres", os.Getenv(storagetest.EnvPostgres))
	if err != nil {
		return 0
	}
	defer func() { _ = db.Close() }() // it was only read
	var backend int64
	if err := db.QueryRowContext(context.Background(), "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return 0
	}
	master := procStat(strconv.FormatInt(backend, 10))[procParent]
	ticks := procStat(strconv.FormatInt(master, 10))
	sum := ticks[procUser] + ticks[procSystem] + ticks[procEndedUser] + ticks[procEndedSystem]
	all, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, entry := range all {
		if s := procStat(entry.Name()); s[procParent] == master {
			sum += s[procUser] + s[procSystem]
		}
	}
	const tick = 10 * time.Millisecond
	return time.Duration(sum) * tick
}

// Fields of /proc/PID/stat behind the name.
const (
	procParent = 1
	procUser   = iota + 10
	procSystem
	procEndedUser
	procEndedSystem
	procFields
)

// procStat reads the numbers of a process, zeros for one that is none.
func procStat(pid string) [procFields]int64 {
	var s [procFields]int64
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return s
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	for i := range min(len(s), len(fields)) {
		s[i], _ = strconv.ParseInt(fields[i], 10, 64) // the state is a letter
	}
	return s
}
