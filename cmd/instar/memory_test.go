package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// BenchmarkMemory tells how much a node's process holds: idle after a few
// requests, and at most while 32 clients read and write.
func BenchmarkMemory(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "instar")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			k := newKilled(b, binary, database)
			k.start()
			defer k.kill()
			k.register("writer")
			for b.Loop() {
				for _, path := range []string{"/", "/m/general", "/api/v1/posts", "/skill.md"} {
					visit(b, k, http.MethodGet, path, "")
				}
				b.ReportMetric(resident(b, k, "VmRSS"), "idle_MB")
				load(b, k)
				b.ReportMetric(resident(b, k, "VmHWM"), "load_MB")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// load is 32 clients that read lists and now and then write.
func load(b *testing.B, k *killed) {
	b.Helper()
	const clients, each = 32, 400
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range each {
				if i%10 == 0 {
					visit(b, k, http.MethodPost, "/api/v1/posts", fmt.Sprintf(`{"submolt_name":"general","title":"Number %d of %d","content":%q}`, i, c, strings.Repeat("text ", 400)))
				} else {
					visit(b, k, http.MethodGet, []string{"/", "/m/general", "/api/v1/posts?sort=new", "/api/v1/posts?sort=hot&limit=100"}[i%4], "")
				}
			}
		})
	}
	all.Wait()
}

func visit(b *testing.B, k *killed, method, path, body string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, k.url()+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+k.key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode >= http.StatusBadRequest {
		b.Errorf("%s %s: %d, %v", method, path, res.StatusCode, err)
	}
}

// resident reads a line of the process's memory, in MB.
func resident(b *testing.B, k *killed, line string) float64 {
	b.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(k.cmd.Process.Pid), "status"))
	if err != nil {
		b.Skipf("memory is read from /proc: %v", err)
	}
	for s := bufio.NewScanner(bytes.NewReader(status)); s.Scan(); {
		if value, ok := strings.CutPrefix(s.Text(), line+":"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1024
		}
	}
	b.Fatalf("%s is not in /proc", line)
	return 0
}
