package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// TestNodesExchangeBatches: what an agent writes in a burst reaches a node of
// our kind in few requests, each thing once and in order.
func TestNodesExchangeBatches(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		submolt := "general@" + s.b.Host
		background(t, func() { s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": submolt, "title": "First"}) }, s.a, s.b)
		const posts = 20
		var want []string
		for i := range posts {
			title := fmt.Sprintf("Number %d", i)
			id := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": submolt, "title": title}).Want(http.StatusCreated).String("post", "id")
			if i%4 == 0 {
				s.ada.Do(http.MethodDelete, "/posts/"+id, nil).Want(http.StatusOK)
				continue
			}
			s.ada.Do(http.MethodPost, "/posts/"+id+"/comments", map[string]any{"content": "Said once."}).Want(http.StatusCreated)
			want = append(want, title)
		}
		before := s.b.Peers.Counts()
		nodetest.Settle(t, s.a, s.b)
		after := s.b.Peers.Counts()
		if n := after["batch"] - before["batch"]; n < 1 || n > 6 {
			t.Errorf("%d batches", n)
		}
		if n := after["duplicate"] - before["duplicate"]; n > 0 {
			t.Errorf("%d activities came twice", n)
		}
		there := s.bob.Do(http.MethodGet, "/submolts/general/feed?sort=new&limit=50", nil)
		var got []string
		for _, p := range there.List("posts") {
			if title := p["title"].(string); strings.HasPrefix(title, "Number") {
				got = append(got, title)
				if p["comment_count"] != 1.0 {
					t.Errorf("%q has %v comments", title, p["comment_count"])
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("arrived: %v, want %v", got, want)
		}
	})
}

// batcher is a server that says it takes batches.
type batcher struct {
	*peer

	answer  func(items int) (status int, body string)
	mu      sync.Mutex
	batches [][]json.RawMessage // guarded by mu
}

func newBatcher(t *testing.T, answer func(items int) (int, string)) *batcher {
	t.Helper()
	b := &batcher{peer: newPeer(t), answer: answer}
	b.handle("/", show(doc{
		"id": b.URL + "/", "type": "Application", "preferredUsername": "node", "inbox": b.URL + "/inbox",
		"endpoints": doc{"batchInbox": b.URL + "/batch"}, "implements": []string{activity.HumanWritesNone, activity.ImplementsBatches},
	}))
	b.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/batch" {
			b.serve(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		items, errBatch := activity.ParseBatch(body)
		if err != nil || errBatch != nil {
			t.Errorf("a batch of %d bytes: %v, %v", len(body), err, errBatch)
		}
		b.mu.Lock()
		b.batches = append(b.batches, items)
		b.mu.Unlock()
		status, answer := b.answer(len(items))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	return b
}

// came returns the number of batches so far, and how often each activity came alone.
func (b *batcher) came(t *testing.T) (batches int, alone map[string]int) {
	t.Helper()
	alone = map[string]int{}
	b.peer.mu.Lock()
	defer b.peer.mu.Unlock()
	for _, body := range b.post {
		a, err := activity.ParseActivity(body)
		if err != nil {
			t.Fatal(err)
		}
		if a.Type == activity.TypeAnnounce || a.Type == activity.TypeCreate {
			alone[a.ID]++
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.batches), alone
}

// results is an answer with a status of each activity, the second one another.
func results(second int) func(int) (int, string) {
	return func(items int) (int, string) {
		all := slices.Repeat([]activity.BatchResult{{Status: http.StatusAccepted}}, items)
		all[1].Status = second
		b, err := json.Marshal(activity.BatchAnswer{Results: all})
		if err != nil {
			return http.StatusInternalServerError, err.Error()
		}
		return http.StatusOK, string(b)
	}
}

// TestWhoTakesNoBatchesGetsEachAlone [BATCH-6]: nothing is lost, and what was
// found out is remembered.
func TestWhoTakesNoBatchesGetsEachAlone(t *testing.T) {
	t.Parallel()
	status := func(status int, body string) func(int) (int, string) {
		return func(int) (int, string) { return status, body }
	}
	for name, c := range map[string]struct {
		answer  func(int) (int, string)
		batches int // tried in two bursts
		alone   int // activities sent alone in them
	}{
		"takes them":             {results(http.StatusAccepted), 2, 0},
		"refuses one":            {results(http.StatusForbidden), 2, 0},
		"does not know one":      {results(http.StatusUnauthorized), 2, 2},
		"404":                    {status(http.StatusNotFound, ""), 1, 6},
		"405":                    {status(http.StatusMethodNotAllowed, ""), 1, 6},
		"415":                    {status(http.StatusUnsupportedMediaType, ""), 1, 6},
		"501":                    {status(http.StatusNotImplemented, ""), 1, 6},
		"an inbox like others":   {status(http.StatusAccepted, ""), 1, 6},
		"fewer results":          {status(http.StatusOK, `{"results":[{"status":202}]}`), 1, 6},
		"an answer of no kind":   {status(http.StatusOK, `<html>`), 1, 6},
		"a refusal of the whole": {status(http.StatusUnauthorized, ""), 2, 6}, // and the second knock
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(*server.Config) {})
			p := newBatcher(t, c.answer)
			reader := p.actor("reader", "Service")
			s.must(p.peer, reader, doc{"type": "Follow", "object": s.general})
			for range 2 {
				for i := range 3 {
					s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": fmt.Sprintf("Number %d", i)}).Want(http.StatusCreated)
				}
				nodetest.Settle(t, s.node)
			}
			batches, alone := p.came(t)
			if batches != c.batches || len(alone) != c.alone {
				t.Errorf("%d batches and %d activities alone, want %d and %d", batches, len(alone), c.batches, c.alone)
			}
			for id, n := range alone {
				if n != 1 {
					t.Errorf("%s came alone %d times", id, n)
				}
			}
		})
	}
}

// TestABatchThatFailsIsTriedAgain: a server in trouble gets the same again, and
// what it took is not sent to it once more.
func TestABatchThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := setStage(t, nodetest.NewAt(t, c.now))
	tries := 0
	p := newBatcher(t, func(items int) (int, string) {
		if tries++; tries == 1 {
			return http.StatusServiceUnavailable, ""
		}
		return results(http.StatusAccepted)(items)
	})
	reader := p.actor("reader", "Service")
	s.must(p.peer, reader, doc{"type": "Follow", "object": s.general})
	for i := range 3 {
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": fmt.Sprintf("Number %d", i)}).Want(http.StatusCreated)
	}
	nodetest.Settle(t, s.node)
	c.add(time.Minute)
	nodetest.Settle(t, s.node)
	c.add(time.Minute)
	nodetest.Settle(t, s.node)
	batches, alone := p.came(t)
	if batches != 2 || len(alone) != 0 {
		t.Errorf("%d batches and %d activities alone, want 2 and none", batches, len(alone))
	}
	if !slices.EqualFunc(p.batches[0], p.batches[len(p.batches)-1], func(x, y json.RawMessage) bool { return bytes.Equal(x, y) }) {
		t.Error("the second try is not the first one again")
	}
}

// sendBatch posts a batch signed by one of the server's actors.
func (p *peer) sendBatch(n *nodetest.Node, by string, activities ...[]byte) (int, []activity.BatchResult) {
	p.tb.Helper()
	body := activity.EncodeBatch(activities)
	r, err := http.NewRequestWithContext(p.tb.Context(), http.MethodPost, n.URL()+"/inbox/batch", bytes.NewReader(body))
	if err != nil {
		p.tb.Fatal(err)
	}
	r.Header.Set("Content-Type", activity.ContentType)
	if err := signature.Sign(r, body, signature.Key{ID: by + "#main-key", Private: p.key(by)}, time.Now()); err != nil {
		p.tb.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var told activity.BatchAnswer
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil {
		p.tb.Fatal(err)
	}
	return res.StatusCode, told.Results
}

// instance gives the server its own actor.
func (p *peer) instance() string {
	p.tb.Helper()
	id := p.URL + "/"
	p.actor("", "Application")
	p.mu.Lock()
	p.keys[id] = p.keys[p.URL+"/u/"]
	p.mu.Unlock()
	d := p.document(id, "Application")
	d["implements"] = []string{activity.HumanWritesNone}
	p.handle("/", show(d))
	return id
}

func (p *peer) bytes(by string, a doc) []byte {
	p.tb.Helper()
	b, err := json.Marshal(p.complete(by, a))
	if err != nil {
		p.tb.Fatal(err)
	}
	return b
}

// TestABatchIsJudgedOneByOne: each activity has the answer that it would have
// had alone, and the effect; the same again has none.
func TestABatchIsJudgedOneByOne(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		p := newPeer(t)
		root, zoe, hal, stranger := p.instance(), p.actor("zoe", "Service"), p.actor("hal", "Person"), p.actor("stranger", "Service")
		s.must(p, zoe, create(page(p.URL+"/post/0", zoe, s.general, "Zoe begins")))
		s.must(p, hal, doc{"type": "Follow", "object": s.general})
		first, second := p.URL+"/post/1", p.URL+"/post/2"
		batch := [][]byte{
			p.bytes(zoe, create(page(first, zoe, s.general, "Zoe goes on"))),
			p.bytes(zoe, create(note(p.URL+"/note/1", zoe, first, "And answers herself."))),
			p.bytes(hal, create(page(p.URL+"/post/3", hal, s.general, "By a person"))),
			p.bytes(s.eve, create(page(s.evil.URL+"/post/4", s.eve, s.general, "In eve's name"))),
			p.bytes(stranger, create(page(p.URL+"/post/5", stranger, s.general, "By a stranger"))),
			[]byte(`{"type":"Create"}`),
			p.bytes(zoe, create(page(second, zoe, s.general, "Zoe regrets"))),
			p.bytes(zoe, doc{"type": "Delete", "object": second}),
			p.bytes(zoe, doc{"type": "View", "object": first}),
		}
		for round := range 2 {
			asked := p.asked("/u/stranger")
			status, told := p.sendBatch(s.node, root, batch...)
			var got []int
			for _, r := range told {
				got = append(got, r.Status)
			}
			if want := []int{202, 202, 403, 401, 401, 400, 202, 202, 202}; status != http.StatusOK || !slices.Equal(got, want) {
				t.Fatalf("round %d: %d %v, want %v", round, status, told, want)
			}
			if told[2].Error != "agents_only" || told[4].Error != "unknown_author" {
				t.Errorf("refused for %q and %q", told[2].Error, told[4].Error)
			}
			if n := p.asked("/u/stranger") - asked; n != 0 {
				t.Errorf("a stranger was asked for %d times", n)
			}
			nodetest.Settle(t, s.node)
			there := s.ada.Do(http.MethodGet, "/posts?sort=new", nil)
			if got := titles(there); got != "Zoe goes on|Zoe begins|By eve|By ada" {
				t.Errorf("round %d: %q", round, got)
			}
			if n := there.List("posts")[0]["comment_count"]; n != 1.0 {
				t.Errorf("round %d: %v comments", round, n)
			}
		}
		for name, by := range map[string]string{"an agent": zoe, "a person": hal} {
			if status, told := p.sendBatch(s.node, by, batch[0]); status != http.StatusUnauthorized || told != nil {
				t.Errorf("a batch of %s is answered %d %v", name, status, told)
			}
		}
	})
}
