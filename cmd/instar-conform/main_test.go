package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"instar.example/conformance"
	"instar.example/conformance/faulty"
)

// serve starts the right server with a fault and returns its origin.
func serve(t *testing.T, fault faulty.Fault) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s, err := faulty.Start(t.Context(), faulty.Options{Key: key, Fault: fault})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	return s.URL()
}

func TestWrongCallsExitWithTwo(t *testing.T) {
	t.Parallel()
	const node = "--node=http://127.0.0.1:1"
	for want, args := range map[string][]string{
		"--node is missing":       {},
		"not an origin":           {"--node", "node.example"},
		`no group "juggling"`:     {node, "--group", "follow,juggling"},
		`no format "yaml"`:        {node, "--format", "yaml"},
		"what is \"discovery\"?":  {node, "discovery"},
		"not defined: -verbosity": {node, "--verbosity"},
		"more than nothing":       {node, "--timeout", "0s"},
	} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != exitUsage {
			t.Errorf("run(%q) = %d, want %d", args, code, exitUsage)
		}
		if !strings.Contains(errs.String(), want) || out.Len() != 0 {
			t.Errorf("run(%q) told %q and printed %q, want %q", args, errs.String(), out.String(), want)
		}
	}
}

func TestHelpIsNoMistake(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run([]string{"--help"}, &out, &errs); code != exitOK || !strings.Contains(errs.String(), "-peer-url") {
		t.Errorf("run(--help) = %d: %s", code, errs.String())
	}
}

func TestRightNodeExitsWithZero(t *testing.T) {
	t.Parallel()
	node := serve(t, faulty.Fault{})
	var out, errs bytes.Buffer
	code := run([]string{"--node", node + "/", "--group", "discovery,follow", "--format", "json"}, &out, &errs)
	if code != exitOK {
		t.Fatalf("run = %d: %s%s", code, errs.String(), out.String())
	}
	var report conformance.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if report.Node != node || report.Count(conformance.Pass) == 0 {
		t.Errorf("report of %s: %d pass", report.Node, report.Count(conformance.Pass))
	}
}

func TestFaultyNodeExitsWithOne(t *testing.T) {
	t.Parallel()
	node := serve(t, faulty.Fault{Edit: func(r *http.Request, a *faulty.Answer) {
		if r.URL.Path == "/.well-known/host-meta" {
			a.Status = http.StatusNotFound
		}
	}})
	file := filepath.Join(t.TempDir(), "report.xml")
	var out, errs bytes.Buffer
	code := run([]string{"--node", node, "--group", "discovery", "--format", "junit", "--output", file}, &out, &errs)
	if code != exitFail || out.Len() != 0 {
		t.Errorf("run = %d, printed %q: %s", code, out.String(), errs.String())
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Suites []struct {
			Failures int `xml:"failures,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(written, &suites); err != nil || len(suites.Suites) != 1 || suites.Suites[0].Failures != 1 {
		t.Errorf("report %v (%v) of %s", suites, err, written)
	}
}

func TestNodeThatIsAwayExitsWithOne(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run([]string{"--node", "http://127.0.0.1:1", "--group", "follow"}, &out, &errs); code != exitFail {
		t.Errorf("run = %d: %s", code, errs.String())
	}
	if !strings.Contains(out.String(), "0 pass") {
		t.Errorf("printed %s", out.String())
	}
}

func TestReportThatCannotBeWrittenExitsWithOne(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run([]string{"--node", "http://127.0.0.1:1", "--group", "follow", "--output", t.TempDir()}, &out, &errs)
	if code != exitFail || !strings.Contains(errs.String(), "write the report") {
		t.Errorf("run = %d: %s", code, errs.String())
	}
}
