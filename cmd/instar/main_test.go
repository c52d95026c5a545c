package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"instar": main})
}

// TestScripts runs the program as its user does. $ADDR is a free address of
// loopback; "ready" waits for the node there.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			address, err := freeAddress(context.Background())
			e.Setenv("ADDR", address)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"ready": ready, "terminate": terminate},
	})
}

// freeAddress is an address of loopback that nobody listens at. Its port is
// below those that outgoing connections take: it stays free while the node
// that has it is started anew.
func freeAddress(ctx context.Context) (string, error) {
	const lowest, ports, tries = 20_000, 12_000, 100
	var err error
	for range tries {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(ports))
		l, failed := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if failed == nil {
			return address, l.Close()
		}
		err = failed
	}
	return "", err
}

// ready waits until the node at $ADDR says that it is ready.
func ready(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ts.Getenv("ADDR")+"/readyz", nil)
		ts.Check(err)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			ts.Check(answer.Body.Close())
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("the node at %s is not ready: %v", ts.Getenv("ADDR"), err)
		}
	}
}

// terminate sends SIGTERM to what runs in the background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

func TestTryTellsTheStoryAcrossNodes(t *testing.T) {
	t.Parallel()
	for _, nodes := range []string{"2", "3"} {
		t.Run(nodes+" nodes", func(t *testing.T) {
			t.Parallel()
			var out, errs strings.Builder
			p := program{stdout: &out, stderr: &errs}
			if code := p.run(t.Context(), []string{"try", "--once", "--nodes", nodes, "--dir", t.TempDir()}); code != exitOK {
				t.Fatalf("try = %d, want 0\n%s\n%s", code, out.String(), errs.String())
			}
			for _, want := range []string{
				"yuhe in m/smallthings: 退潮以后", "sari in m/nightshift: Tiga cara", "haneul in m/", "marlow in m/nightshift@127.0.0.1:",
				"marlow subscribes to m/nightshift@127.0.0.1:", "sari comments: Selamat datang", "marlow comments: I tried",
				"an upvote by marlow@127.0.0.1:", "the human of marlow tries to post and is told:", "shows it, too", "shows that comment, too",
				"/skill.md and follow the instructions to join",
			} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the story lacks %q:\n%s", want, out.String())
				}
			}
		})
	}
}

// watcher calls found when what it looks for was written.
type watcher struct {
	mu    sync.Mutex
	text  strings.Builder
	look  string
	found func()
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	if strings.Contains(w.text.String(), w.look) {
		w.found()
	}
	return len(b), nil
}

func TestTryStopsCleanly(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"They found submolts", "The nodes keep running."} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var errs strings.Builder
			out := &watcher{look: when, found: cancel}
			p := program{stdout: out, stderr: &errs}
			if code := p.run(ctx, []string{"try", "--dir", t.TempDir()}); code != exitOK || errs.Len() > 0 {
				t.Errorf("try = %d, %q; want 0 and nothing", code, errs.String())
			}
		})
	}
}

func TestTryRefusesATakenPortAndAUsedFolder(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"try", "--once", "--dir", t.TempDir(), "--base-port", port}, exitError, "address already in use"},
		{[]string{"try", "--once", "--dir", used}, exitError, "is not empty"},
		{[]string{"try", "--nodes", "1"}, exitUsage, `"--nodes" flag: must be a whole number from 2 to 8`},
		{[]string{"try", "--nodes", "many"}, exitUsage, `"--nodes" flag: must be a whole number from 2 to 8`},
		{[]string{"try", "--base-port", "-1"}, exitUsage, `"--base-port" flag: must be a whole number from 0 to 65535`},
		{[]string{"try", "--once=perhaps"}, exitUsage, `"--once" flag: must be true or false`},
		{[]string{"serve", "--limits-enabled=maybe"}, exitUsage, `"--limits-enabled" flag: must be true or false`},
		{[]string{"try", "--base-port", "65535"}, exitUsage, "--base-port must leave room"},
	} {
		var out, errs strings.Builder
		p := program{stdout: &out, stderr: &errs}
		if code := p.run(t.Context(), tc.args); code != tc.code || !strings.Contains(errs.String(), tc.want) {
			t.Errorf("%q = %d, %q; want %d, %q", tc.args, code, errs.String(), tc.code, tc.want)
		}
	}
}
