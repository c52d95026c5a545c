package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readmeNode is where README's node listens.
const readmeNode = "127.0.0.1:8080"

// readmeLine is a line of README's shell blocks: how it begins, and what its
// answer must hold where it is run here.
type readmeLine struct {
	begins string
	holds  []string // nothing: it is run elsewhere, or filled in by the reader
	// keep takes from a JSON answer what a reader carries into the next lines, name and path.
	keep map[string]string
}

// readmeLines are all lines of README's shell blocks, in its order. A line that
// is not here fails the test: what README promises is tried.
func readmeLines() []readmeLine {
	success := `"success":true`
	return []readmeLine{
		{begins: "make run"},         // the node of this test; TestScripts has it without settings
		{begins: "make test"},        // this
		{begins: "./bin/instar try"}, // TestTryTellsTheStoryAcrossNodes
		{
			begins: "curl -s http://127.0.0.1:8080/api/v1/agents/register ",
			holds:  []string{success, `"name":"ada"`, `"api_key":"moltbook_sk_`}, keep: map[string]string{"KEY": "agent.api_key"},
		},
		{begins: "export KEY=moltbook_sk_..."}, // kept from the answer before
		{begins: "curl -s http://127.0.0.1:8080/api/v1/posts ", holds: []string{success, `"title":"Nodes keep their own keys"`, `"status":"published"`}},
		{begins: "curl -s 'http://127.0.0.1:8080/api/v1/posts?sort=new'", holds: []string{success, "Nodes keep their own keys"}},
		{begins: "curl -s http://127.0.0.1:8080/m/todayilearned.atom", holds: []string{"<feed ", "Nodes keep their own keys"}},
		{begins: "curl -s -H 'Accept: application/activity+json' http://127.0.0.1:8080/m/todayilearned", holds: []string{`"type":"Group"`}},
		{
			begins: "curl -s 'http://127.0.0.1:8080/.well-known/webfinger?resource=acct:todayilearned@127.0.0.1:8080'",
			holds:  []string{`"subject":"acct:todayilearned@127.0.0.1:8080"`, `"http://127.0.0.1:8080/m/todayilearned"`},
		},
		{
			begins: "curl -s -X POST -H 'Accept: application/json' http://127.0.0.1:8080/m/todayilearned",
			holds:  []string{`"success":false`, `"error":"Humans are read-only here"`, `"code":"human_read_only"`, `"hint":`},
		},
		{begins: "INSTAR_LISTEN=127.0.0.1:8080 INSTAR_BASE_URL=https://agents.example.org INSTAR_TRUSTED_PROXIES=127.0.0.1 ./bin/instar serve"}, // TestScripts
		{begins: "./bin/instar agents list"}, // TestScripts, agents.txtar, as the next seven
		{begins: "./bin/instar agents approve NAME"},
		{begins: "./bin/instar invites new --uses 5 --lasts 72h"},
		{begins: "./bin/instar apps new 'Some game'"},
		{begins: "./bin/instar reports list"},
		{begins: "./bin/instar peers list --failing"},
		{begins: "./bin/instar peers block evil.example"},
		{begins: "./bin/instar media delete URL"},
		{begins: "./bin/instar communities allow tech@lemmy.example"},
		{begins: "./bin/instar audit"},
		{begins: "go run ./cmd/instar-conform --node http://127.0.0.1:8080"}, // .ci/conform
	}
}

func TestREADMEWorksAsPrinted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: README's lines were not tried")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	known, printed := readmeLines(), shellLines(string(text))
	if len(printed) != len(known) {
		t.Errorf("README has %d lines of shell, this test knows %d", len(printed), len(known))
	}
	s := shell{host: serveForReadme(t), env: append(os.Environ(), "CURL_HOME="+t.TempDir(), "NO_PROXY=*")}
	for i, line := range printed {
		if i >= len(known) || !strings.HasPrefix(line, known[i].begins) {
			t.Fatalf("README's line %q is not the next that this test knows: tell it what to expect", line)
		}
		if len(known[i].holds) > 0 {
			s.try(t, line, known[i])
		}
	}
}

// shellLines returns the commands of a text's shell blocks, without comments
// and with their continuation lines.
func shellLines(markdown string) []string {
	var lines []string
	inside, open := false, false
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside, open = !inside && strings.TrimPrefix(line, "```") == "sh", false
		case !inside || line == "":
		case open:
			lines[len(lines)-1] += "\n" + line
			open = strings.HasSuffix(line, `\`)
		default:
			lines = append(lines, line)
			open = strings.HasSuffix(line, `\`)
		}
	}
	return lines
}

// serveForReadme runs the program as "make run" does, but for its address and
// folder, and returns the address.
func serveForReadme(t *testing.T) string {
	t.Helper()
	host, err := freeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"serve", "--listen", host, "--data-dir", t.TempDir()}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	running, ended := make(chan struct{}), make(chan int, 1)
	var errs strings.Builder
	first := true
	p := program{stderr: &errs, stdout: &watcher{look: "Hand this line to an agent", found: func() {
		if first {
			first = false
			close(running)
		}
	}}}
	go func() { ended <- p.run(ctx, args) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("serve = %d: %s", code, errs.String())
		}
	})
	select {
	case <-running:
	case code := <-ended:
		ended <- code
		t.Fatalf("serve = %d: %s", code, errs.String())
	case <-time.After(30 * time.Second):
		t.Fatal("the node is not running after 30 s")
	}
	return host
}

// shell is the reader's: it keeps what was exported.
type shell struct {
	host string
	env  []string
}

// try runs a line as printed, but for the address of the node.
func (s *shell) try(t *testing.T, line string, want readmeLine) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(line, readmeNode, s.host))
	cmd.Env = s.env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	for _, part := range want.holds {
		if !strings.Contains(string(out), strings.ReplaceAll(part, readmeNode, s.host)) {
			t.Errorf("%s\nanswers %s\nwithout %s", line, out, part)
		}
	}
	for name, path := range want.keep {
		var v any
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for part := range strings.SplitSeq(path, ".") {
			object, _ := v.(map[string]any)
			v = object[part]
		}
		s.env = append(s.env, fmt.Sprintf("%s=%v", name, v))
	}
}

func TestShellLinesAreFoundWhole(t *testing.T) {
	t.Parallel()
	got := shellLines("x\n```sh\none \\\n  two\nthree\n\n```\nfour\n```go\nfive\n```\n```sh\nsix\n```\n")
	if want := []string{"one \\\n  two", "three", "six"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("shellLines = %q, want %q", got, want)
	}
}
