package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// fillSearch adds posts whose words are as unevenly frequent as those of people:
// "agent" and 智能 stand in each, "w0" in most, "w9000" in few, "even" and "odd"
// in one half each and never together, "needle" in one.
func fillSearch(b *testing.B, s *Server, posts int) {
	b.Helper()
	ctx := b.Context()
	general, err := s.Node.Submolt(ctx, "general")
	if err != nil {
		b.Fatal(err)
	}
	var authors []node.Author
	for i := range 100 {
		authors = append(authors, benchAuthor(b, s, "author"+strconv.Itoa(i)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	words := rand.NewZipf(random, 1.1, 4, 20_000)
	text := func(i int) string {
		var t strings.Builder
		fmt.Fprintf(&t, "The agent %s 人工智能的记忆%c%c ", []string{"even", "odd"}[i%2], 0x4e00+random.IntN(2000), 0x4e00+random.IntN(2000))
		for range 20 + random.IntN(100) {
			fmt.Fprintf(&t, "w%d ", words.Uint64())
		}
		return t.String()
	}
	now := time.Now().UnixMilli()
	const batch = 1_000
	for from := 0; from < posts; from += batch {
		err := s.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			for i := from; i < min(from+batch, posts); i++ {
				id := fmt.Sprintf("019a0000-0000-7000-8000-%012d", i)
				at := now - int64(posts-i)*60_000
				p := storage.Post{
					ID: id, URI: s.URL() + "/post/" + id, AuthorID: authors[i%len(authors)].ID(), SubmoltID: general.ID, Type: "text",
					Title: "Post " + strconv.Itoa(i), Content: text(i), Lang: "en", CreatedAt: at, UpdatedAt: at,
				}
				if i == posts/2 {
					p.Content += " needle"
				}
				if err := q.InsertPost(ctx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for {
		n, err := s.Node.IndexBatch(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	s.Node.Changed()
}

// BenchmarkSearch times the worst queries at 100,000 posts, over HTTP: the
// goal is that none takes more than 20 ms.
func BenchmarkSearch(b *testing.B) {
	queries := []struct{ name, query string }{
		{"rare_word", "q=needle"},
		{"frequent_word", "q=agent"},
		{"frequent_word_50_results", "q=agent&limit=50"},
		{"frequent_pair", "q=智能"},
		{"frequent_letter", "q=智"},
		{"frequent_run", "q=人工智能的记忆"},
		{"frequent_phrase", "q=\"the agent\""},
		{"impossible_phrase", "q=\"agent the\""},
		{"many_words", "q=the agent w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 人工智能"},
		{"frequent_words_never_together", "q=even odd"},
		{"middling_word", "q=w300"},
		{"rare_words", "q=w9000 w9001"},
		{"agents", "q=agent&type=agents"},
		{"agents_of_a_rare_word", "q=w9000&type=agents"},
		{"one_author", "q=agent&author=author7"},
		{"no_match_by_host", "q=agent&host=nowhere.test"},
		{"last_hour", "q=agent&time=hour"},
		{"long_ago", "q=agent&until=2001-01-01"},
		{"old_month", "q=agent&until=" + time.Now().Add(-50*24*time.Hour).UTC().Format(time.DateOnly)},
	}
	eachDatabase(b, func(b *testing.B, database string) {
		s, client := benchNode(b, database), benchClient()
		fillSearch(b, s, 100_000)
		for _, q := range queries {
			b.Run(q.name, func(b *testing.B) {
				key, value, _ := strings.Cut(q.query, "=")
				value, filters, _ := strings.Cut(value, "&")
				target := s.URL() + "/api/v1/search?" + key + "=" + url.QueryEscape(value) + "&" + filters
				const count = 50
				fetchAll(b, client, target)
				var took []time.Duration
				used := cpu()
				for b.Loop() {
					for range count {
						start := time.Now()
						fetchAll(b, client, target)
						took = append(took, time.Since(start))
					}
				}
				used = cpu() - used
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50_ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99_ms")
				b.ReportMetric(float64(used.Microseconds())/1000/float64(len(took)), "cpu_ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	})
}
