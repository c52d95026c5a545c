package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// browser starts Chromium, or skips the test where there is none; where
// INSTAR_REQUIRE_BROWSER is set, that is a failure.
func browser(t *testing.T) context.Context {
	t.Helper()
	skip := t.Skip
	if os.Getenv("INSTAR_REQUIRE_BROWSER") != "" {
		skip = t.Fatal
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		skip("no Chromium on this machine: ", err)
	}
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(stop)
	if err := chromedp.Run(ctx); err != nil {
		skip("Chromium does not start: ", err)
	}
	return ctx
}

// home is a server of the fediverse with an account of a person, which has a page
// for following: the person presses the one button, and the server follows.
func home(t *testing.T, n *nodetest.Node, rel, template string) (p *peer, alice string) {
	t.Helper()
	p = newPeer(t)
	alice = p.actor("alice", "Person")
	p.handle("/.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/jrd+json")
		_ = json.NewEncoder(w).Encode(doc{"subject": r.URL.Query().Get("resource"), "links": []doc{
			{"rel": "self", "type": activity.ContentType, "href": alice}, {"rel": rel, "template": p.URL + template},
		}})
	})
	p.handle("/intent", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Home</title><h1>Follow %s?</h1><form method="post" action="/intent?%s"><button>Yes</button></form>`,
			html.EscapeString(q.Get("uri")), html.EscapeString(q.Encode()))
	})
	p.handle("POST /intent", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if got := p.send(n, alice, doc{"type": "Follow", "object": q.Get("uri")}); got != taken() {
			t.Errorf("the Follow is answered %v", got)
		}
		to := "/followed"
		if then := q.Get("then"); then != "" {
			to = then
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	p.handle("/followed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>Home</title><h1>Followed</h1>"))
	})
	return p, alice
}

// await waits until the server's inboxes hold an activity that holds a text.
func (p *peer) await(wireType, holds string) {
	p.tb.Helper()
	until := time.NewTimer(time.Minute)
	defer until.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		p.mu.Lock()
		for _, body := range p.post {
			if strings.Contains(string(body), `"type":"`+wireType+`"`) && strings.Contains(string(body), holds) {
				p.mu.Unlock()
				return
			}
		}
		p.mu.Unlock()
		select {
		case <-again.C:
		case <-until.C:
			p.tb.Fatalf("no %s with %q came", wireType, holds)
		}
	}
}

// TestAReaderFollowsInABrowser goes the whole way of a person who follows a
// submolt from an account elsewhere: the form, this node's question to that
// server, the server's own page, back, and the next post in the account's inbox.
// By each of the two ways that a server can tell, with scripts and without.
func TestAReaderFollowsInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	for name, way := range map[string]struct {
		rel, template, ends string
		script              bool
	}{
		"FEP-3b86 with scripts":   {"https://w3id.org/fep/3b86/Follow", "/intent?uri={object}&then={on-success}", "m/general", true},
		"FEP-3b86 without":        {"https://w3id.org/fep/3b86/Follow", "/intent?uri={object}&then={on-success}", "m/general", false},
		"OStatus with scripts":    {"http://ostatus.org/schema/1.0/subscribe", "/intent?uri={uri}", "Followed", true},
		"OStatus without scripts": {"http://ostatus.org/schema/1.0/subscribe", "/intent?uri={uri}", "Followed", false},
	} {
		t.Run(name, func(t *testing.T) {
			n := nodetest.NewLive(t)
			ada := n.Agent("ada")
			p, _ := home(t, n, way.rel, way.template)
			tab, stop := chromedp.NewContext(ctx)
			defer stop()
			press := func(script string) {
				t.Helper()
				if _, err := chromedp.RunResponse(tab, chromedp.Evaluate(script, nil)); err != nil {
					t.Fatalf("%s: %v", script, err)
				}
			}
			if err := chromedp.Run(tab, emulation.SetScriptExecutionDisabled(!way.script), chromedp.Navigate(n.URL()+"/m/general")); err != nil {
				t.Fatal(err)
			}
			press(fmt.Sprintf(`document.querySelector("#as").value = "alice@%s"; document.querySelector("form.ask button").click()`, p.host()))
			// The page that asks the server goes on by itself.
			if err := chromedp.Run(tab, chromedp.WaitReady("a.button[href^='http']")); err != nil {
				t.Fatal(err)
			}
			press(`document.querySelector("a.button[href^='http']").click()`)
			press(`document.querySelector("button").click()`)
			var heading string
			if err := chromedp.Run(tab, chromedp.Text("h1", &heading)); err != nil || heading != way.ends {
				t.Errorf("the way ends at %q, %v", heading, err)
			}
			p.await("Accept", n.URL()+"/m/general")
			post := ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "general", "title": "For those who follow", "content": "Tides."}).Want(http.StatusCreated).String("post", "id")
			p.await("Announce", post)
		})
	}
}
