package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// slowPeer stands in front of a node and is what others know of it. Once told
// to hold, it passes on what comes to the inbox and keeps the answer back.
type slowPeer struct {
	*httptest.Server

	held chan string   // the ids of activities whose answer is kept back
	free chan struct{} // closed to keep nothing back any more

	mu      sync.Mutex
	holding bool           // guarded by mu
	came    map[string]int // how often an activity came; guarded by mu
}

func newSlowPeer(t *testing.T, behind string) *slowPeer {
	t.Helper()
	p := &slowPeer{held: make(chan string, 16), free: make(chan struct{}), came: map[string]int{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: behind})
		r.Out.Host = r.In.Host
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			proxy.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		if id, hold := p.note(body); hold {
			p.held <- id
			select {
			case <-p.free:
			case <-r.Context().Done():
			}
		}
		w.WriteHeader(answer.Code)
	}))
	t.Cleanup(p.Close)
	return p
}

// note counts an activity and says whether its answer is to be kept back.
func (p *slowPeer) note(body []byte) (id string, hold bool) {
	var activity struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(body, &activity) // what is none has no id
	p.mu.Lock()
	defer p.mu.Unlock()
	p.came[activity.ID]++
	return activity.ID, p.holding
}

func (p *slowPeer) hold(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holding = on
}

// halfPost is a request to post that a node has begun to answer and whose body
// has come by half.
type halfPost struct {
	conn net.Conn
	read *bufio.Reader
	rest string
}

func (k *killed) halfPost(title string) halfPost {
	k.t.Helper()
	conn, err := new(net.Dialer).DialContext(k.t.Context(), "tcp", k.host)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		k.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"submolt_name":"general","title":%q,"content":"half of it came after the stop"}`, title)
	h := halfPost{conn: conn, read: bufio.NewReader(conn), rest: body[20:]}
	_, err = fmt.Fprintf(conn, "POST /api/v1/posts HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", k.host, k.key, len(body))
	if err != nil {
		k.t.Fatal(err)
	}
	// The node asks for the body: its handler runs.
	if line, err := h.read.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		k.t.Fatalf("instead of asking for the body: %q, %v", line, err)
	}
	if _, err := h.read.ReadString('\n'); err != nil {
		k.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, body[:20]); err != nil {
		k.t.Fatal(err)
	}
	return h
}

// finish sends the other half and returns the id of the post.
func (h halfPost) finish(t *testing.T) string {
	t.Helper()
	defer func() { _ = h.conn.Close() }()
	if _, err := io.WriteString(h.conn, h.rest); err != nil {
		t.Fatalf("the other half: %v", err)
	}
	res, err := http.ReadResponse(h.read, nil)
	if err != nil {
		t.Fatalf("a request under way has no answer: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Post struct{ ID string } }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusCreated || answer.Post.ID == "" {
		t.Fatalf("a request under way is answered %d %+v, %v", res.StatusCode, answer, err)
	}
	return answer.Post.ID
}

// refuses waits until the node takes no connection any more.
func (k *killed) refuses() {
	k.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for tick := time.Tick(10 * time.Millisecond); time.Now().Before(deadline); <-tick {
		conn, err := new(net.Dialer).DialContext(k.t.Context(), "tcp", k.host)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	k.t.Fatal("the node takes connections though it was told to stop")
}

// postTo posts into a submolt and returns the post's id.
func (k *killed) postTo(submolt, title string) string {
	k.t.Helper()
	status, answer, err := k.call(http.MethodPost, "/api/v1/posts", map[string]string{"submolt_name": submolt, "title": title, "content": "kept"})
	post, _ := answer["post"].(map[string]any)
	id, ok := post["id"].(string)
	if err != nil || !ok {
		k.t.Fatalf("post: %d %v %v", status, answer, err)
	}
	return id
}

// TestAStopFinishesWhatIsUnderWay stops a node in the middle of a request, and
// of a delivery that has come and whose answer has not.
func TestAStopFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "instar")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			n, other := newKilled(t, binary, database), newKilled(t, binary, database)
			peer := newSlowPeer(t, other.host)
			other.env = append(other.env, "INSTAR_BASE_URL="+peer.URL)
			n.start()
			defer n.kill()
			other.start()
			defer other.kill()
			n.register("writer")
			abroad := "general@" + strings.TrimPrefix(peer.URL, "http://")
			ids := []string{n.postTo(abroad, "Before")}
			other.mustGet(n.host, 1)

			peer.hold(true)
			ids = append(ids, n.postTo(abroad, "Under way"))
			var first string
			select {
			case first = <-peer.held:
			case <-time.After(30 * time.Second):
				t.Fatal("nothing was delivered")
			}
			half := n.halfPost("By half")
			asked := time.Now()
			if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			n.refuses()
			ids = append(ids, half.finish(t))
			if err := n.cmd.Wait(); err != nil {
				t.Errorf("the stopped node ended with %v", err)
			}
			if took := time.Since(asked); took > 10*time.Second {
				t.Errorf("the stop took %v", took)
			}
			peer.hold(false)
			close(peer.free)

			n.start()
			n.mustHave(ids)
			n.postTo(abroad, "After")
			other.mustGet(n.host, 3)
			if got := other.postsFrom(n.host); got != 3 {
				t.Errorf("%d posts arrived, want 3", got)
			}
			peer.mu.Lock()
			defer peer.mu.Unlock()
			if times := peer.came[first]; times < 2 {
				t.Errorf("the delivery without an answer came %d times: it was given up", times)
			}
		})
	}
}
