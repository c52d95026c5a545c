package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A node's start and memory are measured on a process of its own: this program
// once more, told by serverVariable what to serve.
const serverVariable = "INSTAR_BENCH_SERVER"

// serveAlone is that process: it serves until its input ends.
func serveAlone(settings string, in io.Reader) error {
	var keys map[string]string
	if err := json.Unmarshal([]byte(settings), &keys); err != nil {
		return err
	}
	cfg, err := LoadConfig(keys, nil, nil)
	if err != nil {
		return err
	}
	s, err := New(context.Background(), cfg, Options{})
	if err != nil {
		return err
	}
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in)
	return s.Stop(context.Background())
}

// alone is a full node in a process of its own.
type alone struct {
	*full

	cmd  *exec.Cmd
	quit io.Closer
	took time.Duration // from its start to its first answer
}

// standAlone starts a stopped node again, in a process of its own.
func (f *full) standAlone(b *testing.B) *alone {
	b.Helper()
	name, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	settings, err := json.Marshal(map[string]string{
		"listen": strings.TrimPrefix(f.URL(), "http://"), "data_dir": f.cfg.DataDir, "limits.enabled": "false", "database_url": f.cfg.DatabaseURL,
	})
	if err != nil {
		b.Fatal(err)
	}
	a := &alone{full: f, cmd: exec.CommandContext(b.Context(), name)}
	a.cmd.Env, a.cmd.Stderr = append(os.Environ(), serverVariable+"="+string(settings)), os.Stderr
	if a.quit, err = a.cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := a.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	client := benchClient()
	for tick := time.Tick(time.Millisecond); ; <-tick {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, f.URL()+"/api/v1/posts?sort=hot", http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		if send(client, r, http.StatusOK) == nil {
			break
		}
		if time.Since(start) > time.Minute {
			b.Fatal("the node did not answer within a minute")
		}
	}
	a.took = time.Since(start)
	return a
}

func (a *alone) stop(b *testing.B) {
	b.Helper()
	_ = a.quit.Close()
	if err := a.cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}

// memory is a figure of /proc about the process, in MB.
func (a *alone) memory(b *testing.B, name string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	b.Fatalf("no %s", name)
	return 0
}

// mix draws what agents who look in ask for, or one post for each twenty reads.
func (f *full) mix(name string, round, count int) []call {
	op := operation{name: name, request: heartbeat}
	if name == "steady" {
		op.request = func(f *full, random *rand.Rand, i int) (string, string, string) {
			paths := []string{"/api/v1/posts?sort=hot", "/api/v1/posts?sort=new", "/api/v1/submolts/SUBMOLT/feed", "/api/v1/feed"}
			if i%21 == 20 {
				return http.MethodPost, "/api/v1/posts", `{"submolt_name":"general","title":"Number ` + strconv.Itoa(i) + `","content":"` + strings.Repeat("text ", 100) + `"}`
			}
			return reads(paths[random.IntN(len(paths))])(f, random, i)
		}
	}
	return f.calls(op, round, count)
}

// BenchmarkProcess measures a node's start up to its first answer, its memory
// when nobody asks and at its most in a crowd of heartbeats, and how long
// answers take at a steady rate: 2,000 requests a second, or as many as
// INSTAR_BENCH_RATE says, for ten seconds or as long as INSTAR_BENCH_SOAK says.
func BenchmarkProcess(b *testing.B) {
	eachDatabase(b, func(b *testing.B, database string) {
		f := newFull(b, database)
		if err := f.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Fatal(err)
		}
		b.Run("start", func(b *testing.B) {
			var took []time.Duration
			var idle, loaded float64
			for b.Loop() {
				for range 5 {
					a := f.standAlone(b)
					took = append(took, a.took)
					if len(took)%5 == 0 {
						<-time.After(3 * time.Second)
						idle = a.memory(b, "VmRSS")
						load{URL: f.URL(), Clients: agents, Calls: f.mix("heartbeat", len(took), 10_000)}.send(b)
						loaded = a.memory(b, "VmHWM")
					}
					a.stop(b)
				}
			}
			slices.Sort(took)
			b.ReportMetric(milliseconds(took, 50), "start_ms")
			b.ReportMetric(idle, "idle_MB")
			b.ReportMetric(loaded, "loaded_MB")
			b.ReportMetric(0, "ns/op")
		})
		b.Run("steady", func(b *testing.B) { f.steady(b) })
	})
}

// steady asks at a rate, whether answers come or not, in slices of at most a
// minute, and compares the first one with the last.
func (f *full) steady(b *testing.B) {
	b.Helper()
	perSecond, whole := 2_000, 10*time.Second
	if n, err := strconv.Atoi(os.Getenv("INSTAR_BENCH_RATE")); err == nil {
		perSecond = n
	}
	if d, err := time.ParseDuration(os.Getenv("INSTAR_BENCH_SOAK")); err == nil {
		whole = d
	}
	slice := min(whole, time.Minute)
	var first, last, settled, rss float64
	for b.Loop() {
		a := f.standAlone(b)
		load{URL: f.URL(), Clients: agents, Calls: f.mix("steady", 0, perSecond)}.send(b)
		parts := int(whole / slice)
		for i := range parts {
			done := load{URL: f.URL(), Clients: 64, PerSecond: float64(perSecond), Calls: f.mix("steady", 1+i, int(float64(perSecond)*slice.Seconds()))}.send(b)
			last = done.percentile(99)
			if i == 0 {
				first = last
				b.ReportMetric(done.percentile(50), "p50_ms")
			}
			if rss = a.memory(b, "VmRSS"); i == min(5, parts-1) {
				settled = rss
			}
		}
		if minutes := float64(parts - 6); minutes > 0 {
			b.ReportMetric((rss-settled)/minutes, "MB/min")
		}
		a.stop(b)
	}
	b.ReportMetric(float64(perSecond), "asked/s")
	b.ReportMetric(first, "p99_ms")
	b.ReportMetric(last, "last_p99_ms")
	b.ReportMetric(rss, "RSS_MB")
	b.ReportMetric(0, "ns/op")
}

// percentile is the time that so many of a hundred stayed below, in milliseconds.
func (l loaded) percentile(percent int) float64 {
	slices.Sort(l.Took)
	return milliseconds(l.Took, percent)
}
