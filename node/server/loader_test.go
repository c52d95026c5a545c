package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A loader is this program once more, in a process of its own: what the clients
// of a benchmark cost is not counted as the node's.
const loaderVariable = "INSTAR_BENCH_LOADER"

func TestMain(m *testing.M) {
	settings := os.Getenv(serverVariable)
	if os.Getenv(loaderVariable) == "" && settings == "" {
		os.Exit(m.Run())
	}
	work := func() error { return answerLoad(os.Stdin, os.Stdout) }
	if settings != "" {
		work = func() error { return serveAlone(settings, os.Stdin) }
	}
	if err := work(); err != nil {
		_, _ = io.WriteString(os.Stderr, err.Error())
		os.Exit(1)
	}
}

// call is one request of an agent; Want 0 takes what its kind is answered with.
type call struct {
	Key, Method, Path, Body string
	Want                    int
}

// load is what a loader is to send, with so many clients at once.
type load struct {
	URL     string
	Clients int
	Calls   []call
	// PerSecond, when not 0, is when calls are due: who waits for a client
	// waits for its answer.
	PerSecond float64
}

// loaded is what came of it.
type loaded struct {
	PerSecond float64
	Took      []time.Duration // of each call, in the order of their ends
	Failed    string          // the first failure
}

// send has a loader send the calls.
func (l load) send(b *testing.B) loaded {
	b.Helper()
	name, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	in, err := json.Marshal(l)
	if err != nil {
		b.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(b.Context(), name)
	cmd.Env = append(os.Environ(), loaderVariable+"=1")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("loader: %v: %s", err, stderr.String())
	}
	var done loaded
	if err := json.Unmarshal(out, &done); err != nil {
		b.Fatal(err)
	}
	if done.Failed != "" {
		b.Fatal(done.Failed)
	}
	return done
}

// answerLoad is the loader's side.
func answerLoad(in io.Reader, out io.Writer) error {
	var l load
	if err := json.NewDecoder(in).Decode(&l); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: l.Clients, MaxConnsPerHost: l.Clients, DisableCompression: true,
	}}
	done := loaded{Took: make([]time.Duration, len(l.Calls))}
	var mu sync.Mutex
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range l.Clients {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(l.Calls); i = int(next.Add(1)) - 1 {
				began := time.Now()
				if l.PerSecond > 0 {
					began = start.Add(time.Duration(float64(i) / l.PerSecond * float64(time.Second)))
					<-time.After(time.Until(began))
				}
				err := l.Calls[i].ask(context.Background(), client, l.URL)
				done.Took[i] = time.Since(began)
				if err != nil {
					mu.Lock()
					done.Failed = err.Error()
					mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
	done.PerSecond = float64(len(l.Calls)) / time.Since(start).Seconds()
	return json.NewEncoder(out).Encode(done)
}

func (c call) ask(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, c.Method, url+c.Path, strings.NewReader(c.Body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	if c.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Want == 0 {
		c.Want = http.StatusOK
		if c.Body != "" {
			c.Want = http.StatusCreated
		}
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != c.Want {
		return fmt.Errorf("%s %s: status %d, want %d", c.Method, c.Path, res.StatusCode, c.Want)
	}
	return nil
}
