package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestARepeatedPostIsMadeOnceThoughTheNodeIsKilled sends each post under an
// Idempotency-Key until it is acknowledged, while the node is killed (G7).
func TestARepeatedPostIsMadeOnceThoughTheNodeIsKilled(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "instar")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			n := newKilled(t, binary, database)
			n.start()
			n.register("ada")
			const writers, kills = 8, 4
			done, stop := &acked{}, make(chan struct{})
			var load sync.WaitGroup
			for i := range writers {
				load.Go(func() { n.postEach(stop, i, done) })
			}
			for range kills {
				want := done.count() + 40
				for tick := time.Tick(time.Millisecond); done.count() < want; {
					<-tick
				}
				n.kill()
				n.start()
			}
			close(stop)
			load.Wait()
			made := n.titles()
			for _, title := range done.ids {
				if made[title] != 1 {
					t.Errorf("%q was made %d times", title, made[title])
				}
			}
			if len(made) != done.count() {
				t.Errorf("%d posts, %d were acknowledged", len(made), done.count())
			}
			n.kill()
			t.Logf("%d posts, %d kills, each once", done.count(), kills)
		})
	}
}

// postEach posts one title after the other, each until it is acknowledged.
func (k *killed) postEach(stop <-chan struct{}, writer int, done *acked) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		title := fmt.Sprintf("Number %d of %d", i, writer)
		deadline := time.Now().Add(60 * time.Second)
		for tick := time.Tick(5 * time.Millisecond); !k.postNamed(title); <-tick {
			if time.Now().After(deadline) {
				k.t.Errorf("%q is not acknowledged in a minute", title)
				return
			}
		}
		done.add(title)
	}
}

func (k *killed) postNamed(title string) bool {
	body := fmt.Sprintf(`{"submolt_name":"general","title":%q,"content":"once"}`, title)
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.url()+"/api/v1/posts", strings.NewReader(body))
	if err != nil {
		k.t.Errorf("request: %v", err)
		return true
	}
	r.Header.Set("Authorization", "Bearer "+k.key)
	r.Header.Set("Idempotency-Key", strings.ReplaceAll(title, " ", "-"))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Post struct{ Title string } `json:"post"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return false
	}
	return res.StatusCode == http.StatusCreated && answer.Post.Title == title
}

// titles counts the posts of each title.
func (k *killed) titles() map[string]int {
	made, cursor := map[string]int{}, ""
	for {
		status, answer, err := k.call(http.MethodGet, "/api/v1/posts?sort=new&limit=100&cursor="+cursor, nil)
		if err != nil || status != http.StatusOK {
			k.t.Errorf("list: %d, %v", status, err)
			return made
		}
		posts, _ := answer["posts"].([]any)
		for _, p := range posts {
			made[p.(map[string]any)["title"].(string)]++
		}
		next, more := answer["next_cursor"].(string)
		if !more || next == "" {
			return made
		}
		cursor = next
	}
}
