package server_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/node/server"
	"instar.example/node/worker"
	"instar.example/storage/storagetest"
)

// claimNode is a node whose owners' records a test publishes.
func claimNode(t *testing.T, records map[string][]string) *server.Server {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := server.LoadConfig(map[string]string{
		"listen": l.Addr().String(), "data_dir": t.TempDir(), "limits.enabled": "false", "registration": "approval",
	}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), cfg, server.Options{Listener: l, Idle: true, LookupTXT: func(_ context.Context, name string) ([]string, error) {
		if rs, ok := records[name]; ok {
			return rs, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// elsewhere is the far side: an owner's domain and the server of an account.
type elsewhere struct {
	*httptest.Server

	mu   sync.Mutex
	page string // guarded by mu
	bio  string // guarded by mu
	kind string // guarded by mu
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{kind: "Person"}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

func (e *elsewhere) host() string { return strings.TrimPrefix(e.URL, "http://") }

func (e *elsewhere) set(page, bio, kind string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.page, e.bio, e.kind = page, bio, kind
}

func (e *elsewhere) serve(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r.URL.Path {
	case "/":
		_, _ = fmt.Fprint(w, e.page)
	case "/.well-known/webfinger":
		w.Header().Set("Content-Type", "application/jrd+json")
		_, _ = fmt.Fprintf(w, `{"subject":"acct:kim@%s","links":[{"rel":"self","type":"application/activity+json","href":"%s/users/kim"}]}`, e.host(), e.URL)
	case "/users/kim":
		w.Header().Set("Content-Type", "application/activity+json")
		_, _ = fmt.Fprintf(w, `{"@context":"https://www.w3.org/ns/activitystreams","id":"%s/users/kim","type":"%s","preferredUsername":"kim","inbox":"%s/users/kim/inbox","summary":%q}`, e.URL, e.kind, e.URL, e.bio)
	default:
		http.NotFound(w, r)
	}
}

func TestEachWayOfClaimingIsWalked(t *testing.T) {
	t.Parallel()
	records := map[string][]string{}
	s := claimNode(t, records)
	far := newElsewhere(t)
	for _, tc := range []struct {
		method, subject string
		wrong, right    func(p node.Proof)
		identity        string
	}{
		{
			node.MethodDNS, "owner.example",
			func(p node.Proof) {
				records["_instar.owner.example"] = []string{"instar-claim=" + p.Code + "x", p.Code, "v=spf1 -all"}
			},
			func(p node.Proof) {
				records["_instar.owner.example"] = []string{"v=spf1 -all", "instar-claim=" + p.Code}
			},
			"domain:owner.example",
		},
		{
			node.MethodRelMe, far.URL,
			func(p node.Proof) {
				far.set(`<!-- <a rel="me" href="`+p.LinkURL()+`"> --><script>"<a rel='me' href='`+p.LinkURL()+`'>"</script><a href="`+p.LinkURL()+`">x</a><a rel=me href="`+p.AgentURL+`">x</a><a rel="meat" href="`+p.LinkURL()+`">x</a>`, p.Code, "Person")
			},
			func(p node.Proof) {
				far.set(`<p>I run <a class="x" href="`+p.LinkURL()+`" rel="nofollow ME">this</a>`, "", "Person")
			},
			"domain:" + far.host(),
		},
		{
			node.MethodFediverse, "@kim@" + far.host(),
			func(p node.Proof) { far.set("", p.LinkURL(), "Service") },
			func(p node.Proof) { far.set("", "I run "+p.LinkURL(), "Person") },
			"fediverse:" + far.URL + "/users/kim",
		},
	} {
		r, err := s.Node.Register(t.Context(), "by_"+tc.method, "", "")
		if err != nil {
			t.Fatal(err)
		}
		browser, token := "browser of "+tc.method, r.ClaimToken
		if err := s.Node.StartClaim(t.Context(), token, browser, tc.method, tc.subject); err != nil {
			t.Fatalf("%s: %v", tc.method, err)
		}
		state := func() node.Proof {
			t.Helper()
			p, err := s.Node.ClaimPage(t.Context(), token, browser)
			if err != nil || len(p.Waiting) != 1 {
				t.Fatalf("%s: ClaimPage = %+v, %v", tc.method, p, err)
			}
			return p.Waiting[0]
		}
		look := func() {
			t.Helper()
			if err := s.Node.HurryClaim(t.Context(), token, browser); err != nil {
				t.Fatal(err)
			}
			if n, err := s.Worker.Prove(t.Context()); err != nil || n != 1 {
				t.Fatalf("%s: Prove = %d, %v", tc.method, n, err)
			}
		}
		look()
		tc.wrong(state())
		look()
		if p := state(); p.Proven || !p.Waiting || p.Error == "" {
			t.Fatalf("%s: something else is taken for the code: %+v", tc.method, p)
		}
		if _, err := s.Node.Session(t.Context(), browser); err == nil {
			t.Fatalf("%s: signed in without a proof", tc.method)
		}
		tc.right(state())
		look()
		if p := state(); !p.Proven {
			t.Fatalf("%s: %+v", tc.method, p)
		}
		session, err := s.Node.Session(t.Context(), browser)
		if err != nil {
			t.Fatalf("%s: %v", tc.method, err)
		}
		o, err := s.Node.Owned(t.Context(), session)
		if err != nil || fmt.Sprint(o.Contacts) != "["+tc.identity+"]" || len(o.Agents) == 0 {
			t.Errorf("%s: the owner is %+v, %v; want %s", tc.method, o, err, tc.identity)
		}
		p, err := s.Node.Authenticate(t.Context(), r.Key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Author(); err != nil {
			t.Errorf("%s: claimed, and %v", tc.method, err)
		}
	}
}

// mailServer takes one letter after another.
type mailServer struct {
	net.Listener

	letters chan string
}

func newMailServer(t *testing.T) mailServer {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := mailServer{l, make(chan string, 10)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.talk(c)
		}
	}()
	return m
}

// talk is the least of RFC 5321.
func (m mailServer) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	say := func(s string) { _, _ = fmt.Fprint(c, s+"\r\n") }
	say("220 mail.test")
	var letter strings.Builder
	inside := false
	for lines := bufio.NewScanner(c); lines.Scan(); {
		line := lines.Text()
		switch verb := strings.ToUpper(line); {
		case inside && line == ".":
			inside = false
			m.letters <- letter.String()
			letter.Reset()
			say("250 ok")
		case inside:
			letter.WriteString(line + "\n")
		case strings.HasPrefix(verb, "DATA"):
			inside = true
			say("354 go on")
		case strings.HasPrefix(verb, "QUIT"):
			say("221 bye")
			return
		default:
			if strings.HasPrefix(verb, "MAIL") || strings.HasPrefix(verb, "RCPT") {
				letter.WriteString(line + "\n")
			}
			say("250 ok")
		}
	}
}

func TestLettersReachAMailServer(t *testing.T) {
	t.Parallel()
	m := newMailServer(t)
	cfg, err := server.LoadConfig(map[string]string{
		"data_dir": t.TempDir(), "registration": "approval", "smtp.address": m.Addr().String(), "smtp.tls": worker.SMTPPlain, "smtp.from": "instar@a.test",
	}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), cfg, server.Options{Idle: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.WithoutCancel(t.Context())) }()
	r, err := s.Node.Register(t.Context(), "ada", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Node.VerifyEmail(t.Context(), r.ClaimToken, "Kim@Example.org"); err != nil {
		t.Fatal(err)
	}
	if err := s.Node.MailLogin(t.Context(), "nobody@example.org"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Worker.Mail(t.Context()); err != nil || n != 2 {
		t.Fatalf("Mail = %d, %v", n, err)
	}
	letter := strings.ReplaceAll(<-m.letters, "=\n", "")
	for _, want := range []string{"MAIL FROM:<instar@a.test>", "RCPT TO:<kim@example.org>", "To: kim@example.org", "Subject: Your agent ada", "/owner/confirm/instar_link_", "Auto-Submitted: auto-generated"} {
		if !strings.Contains(letter, want) {
			t.Errorf("the letter lacks %q:\n%s", want, letter)
		}
	}
	if n, err := s.Worker.Mail(t.Context()); err != nil || n != 0 || len(m.letters) != 0 {
		t.Errorf("a letter is sent twice, or to nobody: %d, %v, %d", n, err, len(m.letters))
	}
}

func TestWithoutAMailServerTheLinkStandsInTheLog(t *testing.T) {
	t.Parallel()
	cfg, err := server.LoadConfig(map[string]string{"data_dir": t.TempDir(), "registration": "approval"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err := server.New(t.Context(), cfg, server.Options{Idle: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.WithoutCancel(t.Context())) }()
	r, err := s.Node.Register(t.Context(), "ada", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Node.VerifyEmail(t.Context(), r.ClaimToken, "kim@example.org"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Worker.Mail(t.Context()); err != nil || n != 1 {
		t.Fatalf("Mail = %d, %v", n, err)
	}
	link := regexp.MustCompile(`/owner/confirm/([A-Za-z0-9_-]+)`).FindStringSubmatch(log.String())
	if link == nil {
		t.Fatalf("no link in the log: %s", log.String())
	}
	if _, err := s.Node.Confirm(t.Context(), link[1]); err != nil {
		t.Errorf("Confirm: %v", err)
	}
}

func TestTheOperatorsWordReachesOtherProcesses(t *testing.T) {
	t.Parallel()
	url, dir := storagetest.PostgresURL(t), t.TempDir()
	load := func(dir string) server.Config {
		cfg, err := server.LoadConfig(map[string]string{
			"listen": "127.0.0.1:0", "base_url": "http://127.0.0.1:9", "data_dir": dir, "secret_file": filepath.Join(dir, "..", "secret.key"),
			"database_url": url, "registration": "approval", "limits.enabled": "false",
		}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	s, err := server.New(t.Context(), load(filepath.Join(dir, "one")), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.WithoutCancel(t.Context())) }()
	if _, err := s.Node.Register(t.Context(), "ada", "", ""); err != nil {
		t.Fatal(err)
	}
	changed, stop := s.Node.Wake()
	defer stop()
	version := s.Node.Version()
	// Another folder has no socket of the node: its database is opened beside it.
	done, err := server.Operate(t.Context(), load(filepath.Join(dir, "two")), server.Operation{Method: http.MethodPost, Path: "/agents/ada/approve"})
	if err != nil || !strings.Contains(done.Text, "ada is approved") {
		t.Fatalf("Operate = %+v, %v", done, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); s.Node.Version() == version; {
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the running process was not told")
		}
	}
	// Its own folder has the socket; what it refuses is an error.
	if _, err := server.Operate(t.Context(), load(filepath.Join(dir, "one")), server.Operation{Method: http.MethodPost, Path: "/agents/ada/approve"}); err == nil || err.Error() != "ada is claimed already" {
		t.Errorf("Operate again = %v", err)
	}
}
