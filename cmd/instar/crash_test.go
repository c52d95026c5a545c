package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"instar.example/storage/storagetest"
)

// killed is a node in a process of its own, that the test kills and starts again.
type killed struct {
	t      testing.TB
	binary string
	host   string
	env    []string
	cmd    *exec.Cmd
	key    string
}

func (k *killed) url() string { return "http://" + k.host }

// start runs the program and waits until it is ready.
func (k *killed) start() {
	k.t.Helper()
	k.cmd = exec.CommandContext(context.WithoutCancel(k.t.Context()), k.binary, "serve")
	k.cmd.Env = append(os.Environ(), k.env...)
	var out bytes.Buffer
	k.cmd.Stderr = &out
	if err := k.cmd.Start(); err != nil {
		k.t.Fatalf("start: %v", err)
	}
	deadline := time.Now().Add(time.Minute)
	for tick := time.Tick(20 * time.Millisecond); ; <-tick {
		if status, _, err := k.call(http.MethodGet, "/readyz", nil); err == nil && status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%s is not ready: %s", k.host, out.String())
		}
	}
}

// kill is kill -9: nothing is told, nothing is finished.
func (k *killed) kill() {
	k.t.Helper()
	if err := k.cmd.Process.Kill(); err != nil {
		k.t.Errorf("kill: %v", err)
	}
	_ = k.cmd.Wait() // says that it was killed
}

func (k *killed) call(method, path string, body any) (int, map[string]any, error) {
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		rd = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(k.t.Context(), method, k.url()+path, rd)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if k.key != "" {
		r.Header.Set("Authorization", "Bearer "+k.key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer map[string]any
	err = json.NewDecoder(res.Body).Decode(&answer)
	return res.StatusCode, answer, err
}

// acked is what a node said yes to.
type acked struct {
	mu  sync.Mutex
	ids []string // guarded by mu
}

func (a *acked) add(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = append(a.ids, id)
}

func (a *acked) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.ids)
}

// more waits until so many more posts were acknowledged.
func (a *acked) more(count int) {
	want := a.count() + count
	for tick := time.Tick(5 * time.Millisecond); a.count() < want; {
		<-tick
	}
}

// freeze stops a node as a machine does that is too busy: it is there and says nothing.
func (k *killed) freeze(d time.Duration) {
	k.t.Helper()
	if err := k.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		k.t.Errorf("freeze: %v", err)
	}
	<-time.After(d)
	if err := k.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		k.t.Errorf("thaw: %v", err)
	}
}

func newKilled(t testing.TB, binary, database string) *killed {
	t.Helper()
	address, err := freeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k := &killed{t: t, binary: binary, host: address}
	k.env = []string{"INSTAR_LISTEN=" + k.host, "INSTAR_DATA_DIR=" + t.TempDir(), "INSTAR_LIMITS_ENABLED=false", "INSTAR_LOG_LEVEL=error"}
	if database == "postgres" {
		k.env = append(k.env, "INSTAR_DATABASE_URL="+storagetest.PostgresURL(t))
	}
	return k
}

func (k *killed) register(name string) {
	k.t.Helper()
	status, answer, err := k.call(http.MethodPost, "/api/v1/agents/register", map[string]string{"name": name})
	if err != nil || status != http.StatusCreated {
		k.t.Fatalf("register: %d %v %v", status, answer, err)
	}
	k.key = answer["agent"].(map[string]any)["api_key"].(string)
}

// post posts until stop, into a submolt of another node, and notes what was
// acknowledged. What fails while a node is down is no promise.
func (k *killed) post(stop <-chan struct{}, other string, a *acked) {
	// A pace at which three nodes sign and deliver all of it on two processors.
	pace := time.Tick(20 * time.Millisecond)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-pace:
		}
		status, answer, err := k.call(http.MethodPost, "/api/v1/posts", map[string]string{
			"submolt_name": "general@" + other, "title": fmt.Sprintf("Number %d of %s", i, k.host), "content": "kept",
		})
		if err != nil || (status != http.StatusCreated && status != http.StatusAccepted) {
			continue
		}
		post, _ := answer["post"].(map[string]any)
		if id, ok := post["id"].(string); ok {
			a.add(id)
		}
	}
}

// mustHave asks the node for each post that it acknowledged.
func (k *killed) mustHave(ids []string) {
	k.t.Helper()
	for _, id := range ids {
		if status, _, err := k.call(http.MethodGet, "/api/v1/posts/"+id, nil); err != nil || status != http.StatusOK {
			k.t.Errorf("%s lost post %s: %d, %v", k.host, id, status, err)
		}
	}
}

// mustGet waits until so many posts of an author's node have arrived in general.
func (k *killed) mustGet(from string, count int) {
	k.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	seen := 0
	for tick := time.Tick(300 * time.Millisecond); time.Now().Before(deadline); <-tick {
		if seen = k.postsFrom(from); seen >= count {
			return
		}
	}
	k.t.Errorf("%s has %d posts from %s, %d were acknowledged there", k.host, seen, from, count)
}

// postsFrom counts the posts of another node in general, page by page.
func (k *killed) postsFrom(from string) int {
	n, cursor := 0, ""
	for {
		status, answer, err := k.call(http.MethodGet, "/api/v1/submolts/general/feed?sort=new&limit=50&cursor="+cursor, nil)
		if err != nil || status != http.StatusOK {
			return n
		}
		posts, _ := answer["posts"].([]any)
		for _, p := range posts {
			author, _ := p.(map[string]any)["author"].(map[string]any)
			if name, _ := author["name"].(string); strings.HasSuffix(name, "@"+from) {
				n++
			}
		}
		next, ok := answer["next_cursor"].(string)
		if !ok || next == "" || len(posts) == 0 {
			return n
		}
		cursor = next
	}
}

// TestAStopUnderLoadFinishesWhatItBegan asks a node to stop while it answers
// and delivers: it ends by itself, with 0 and in time, and keeps its word.
func TestAStopUnderLoadFinishesWhatItBegan(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "instar")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			n, other := newKilled(t, binary, database), newKilled(t, binary, database)
			n.start()
			other.start()
			defer other.kill()
			n.register("writer")
			stop, done := make(chan struct{}), &acked{}
			var load sync.WaitGroup
			for range 8 {
				load.Go(func() { n.post(stop, other.host, done) })
			}
			done.more(40)
			asked := time.Now()
			if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := n.cmd.Wait(); err != nil {
				t.Errorf("the stopped node ended with %v", err)
			}
			if took := time.Since(asked); took > 12*time.Second {
				t.Errorf("the stop took %v", took)
			}
			close(stop)
			load.Wait()
			n.start()
			defer n.kill()
			n.mustHave(done.ids)
			other.mustGet(n.host, done.count())
			if got := other.postsFrom(n.host); got != done.count() {
				t.Errorf("%d posts arrived, %d were acknowledged", got, done.count())
			}
		})
	}
}
