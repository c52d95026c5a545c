package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeFile is axe-core, which `make browser` fetches.
const axeFile = "../../conformance/axe/node_modules/axe-core/axe.min.js"

// chromium starts Chromium, or skips the test where there is none; where
// INSTAR_REQUIRE_BROWSER is set, that is a failure.
func chromium(t *testing.T) context.Context {
	t.Helper()
	skip := t.Skip
	if os.Getenv("INSTAR_REQUIRE_BROWSER") != "" {
		skip = t.Fatal
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		skip("no Chromium on this machine: the pages are not seen in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(stop)
	if err := chromedp.Run(ctx); err != nil {
		skip("Chromium does not start: ", err)
	}
	return ctx
}

// tab is a window that remembers what went wrong in it.
type tab struct {
	ctx  context.Context //nolint:containedctx // chromedp's handle of the window
	site *site

	mu    sync.Mutex
	wrong []string // guarded by mu
}

// open opens a window and watches it: nothing may run, complain, ask, or load from elsewhere.
func (s *site) open(ctx context.Context) *tab {
	s.Helper()
	ctx, stop := chromedp.NewContext(ctx)
	s.Cleanup(stop)
	b := &tab{ctx: ctx, site: s}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if !strings.Contains(e.Entry.Text, "the server responded with a status of") { // an error's own page
				b.note("%s: %s", e.Entry.Source, e.Entry.Text)
			}
		case *runtime.EventConsoleAPICalled:
			b.note("console: %v", e.Args)
		case *runtime.EventExceptionThrown:
			b.note("exception: %s", e.ExceptionDetails.Text)
		case *page.EventJavascriptDialogOpening:
			b.note("dialog: %s", e.Message)
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || (u.Scheme != "data" && "http://"+u.Host != s.server.URL) {
				b.note("request to %s", e.Request.URL)
			}
		}
	})
	b.run(network.Enable(), log.Enable(), runtime.Enable(), page.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(`window.alert = () => { window.instarRan = true; };`).Do(ctx)
		return err
	}))
	return b
}

func (b *tab) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

// complaints returns what went wrong since the last time.
func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.wrong
	b.wrong = nil
	return w
}

func (b *tab) run(actions ...chromedp.Action) {
	b.site.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.site.Fatalf("browser: %v", err)
	}
}

// visit opens a page of the site.
func (b *tab) visit(path string) {
	b.site.Helper()
	b.run(chromedp.Navigate(b.site.server.URL + path))
}

// look sets the width of the window and the theme that the reader prefers.
func (b *tab) look(width int64, theme string) {
	b.site.Helper()
	b.run(
		emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}),
	)
}

// text is what a reader sees of an element; "" where it is not.
func (b *tab) text(selector string) string {
	b.site.Helper()
	var text string
	b.run(chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector), &text))
	return strings.TrimSpace(text)
}

func (b *tab) click(selector string) {
	b.site.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).click()", selector), nil))
}

// follow does what leads to another page, and waits for that.
func (b *tab) follow(script string) {
	b.site.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Evaluate(script, nil)); err != nil {
		b.site.Fatalf("browser: %v", err)
	}
}

// widths are those of a telephone, a tablet and a desk.
func widths() []int64 { return []int64{360, 768, 1280} }

// TestPagesInABrowser shows every page of the gallery at three widths in both
// themes, and in other languages: axe-core finds no fault with it (WCAG 2.2 AA), it is not wider than
// the window, the browser does not complain, and nothing comes from elsewhere.
// INSTAR_TEST_SCREENSHOTS names a folder for pictures.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axeFile)
	if err != nil && os.Getenv("INSTAR_REQUIRE_BROWSER") == "" {
		t.Skip("axe-core is not there (make browser fetches it): the pages are not judged for accessibility")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx := chromium(t)
	s := newSite(t)
	b := s.open(ctx)
	for _, e := range gallery(s) {
		for _, theme := range []string{"light", "dark"} {
			for i, width := range widths() {
				b.look(width, theme)
				if i == 0 {
					b.visit(e.path)
				}
				where := fmt.Sprintf("%s at %d, %s", e.name, width, theme)
				b.fits(where)
				b.picture(fmt.Sprintf("%s-%d-%s.png", e.name, width, theme))
				if i != 1 {
					b.judge(where, string(axe))
				}
			}
		}
		b.look(widths()[0], "light")
		for _, lang := range []string{"zh", "es"} { // no spaces, and long words
			sign := "?"
			if strings.Contains(e.path, "?") {
				sign = "&"
			}
			b.visit(e.path + sign + "ui=" + lang)
			where := fmt.Sprintf("%s in %s", e.name, lang)
			b.fits(where)
			b.picture(fmt.Sprintf("%s-%s.png", e.name, lang))
			b.judge(where, string(axe))
		}
		for _, wrong := range b.complaints() {
			t.Errorf("%s: %s", e.name, wrong)
		}
	}
}

// fits fails when a page is wider than the window.
func (b *tab) fits(where string) {
	b.site.Helper()
	var wide string
	b.run(chromedp.Evaluate(`(() => {
		const most = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= most) return "";
		const out = [...document.querySelectorAll("main *, header *, footer *")].filter(e => e.getBoundingClientRect().right > most + 1);
		return document.documentElement.scrollWidth + " > " + most + ": " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 160)).join(" | ");
	})()`, &wide))
	if wide != "" {
		b.site.Errorf("%s: wider than the window: %s", where, wide)
	}
}

// judge lets axe-core look at the page.
func (b *tab) judge(where, axe string) {
	b.site.Helper()
	var got string
	b.run(
		chromedp.ActionFunc(func(ctx context.Context) error {
			_, problem, err := runtime.Evaluate("if (!window.axe) {" + axe + "}; 0").Do(ctx)
			if err == nil && problem != nil {
				err = problem
			}
			return err
		}),
		chromedp.Evaluate(`axe.run(document, {
			runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, resultTypes: ["violations"],
		}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, at: v.nodes.slice(0, 3).map(n => n.html + " " + n.failureSummary)}))))`,
			&got, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
	)
	var violations []struct {
		ID, Help string
		At       []string
	}
	if err := json.Unmarshal([]byte(got), &violations); err != nil {
		b.site.Fatalf("%s: axe said %q", where, got)
	}
	for _, v := range violations {
		b.site.Errorf("%s: %s: %s\n%s", where, v.ID, v.Help, strings.Join(v.At, "\n"))
	}
}

func (b *tab) picture(name string) {
	b.site.Helper()
	dir := os.Getenv("INSTAR_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	b.run(chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
		b.site.Fatal(err)
	}
}

// TestPagesNeedNoScript shows pages with scripts turned off: what is there to
// read is there, comments fold, and the forms work.
func TestPagesNeedNoScript(t *testing.T) {
	t.Parallel()
	ctx := chromium(t)
	s := newSite(t)
	exhibits := gallery(s)
	b := s.open(ctx)
	b.run(emulation.SetScriptExecutionDisabled(true))
	for _, e := range exhibits {
		b.visit(e.path)
		if b.text("main h1") == "" {
			t.Errorf("%s has no heading without scripts", e.name)
		}
		switch e.name {
		case "post":
			before := b.text("ol.replies")
			b.click("ol.replies > li > details > summary")
			if after := b.text("ol.replies"); !strings.Contains(before, "Reply at level 2.") || strings.Contains(after, "Reply at level 2.") {
				t.Errorf("a comment does not fold what is below it: before %.80q, after %.80q", before, after)
			}
		case "report":
			b.click("#reason-0")
			b.follow(`document.querySelector("form.fields button").click()`)
			if got := b.text("main h1"); got != "Thank you" {
				t.Errorf("the report form answers %q", got)
			}
		case "home":
			b.follow(`document.querySelector("#q").value = "memory"; document.querySelector("form[role=search] button").click()`)
			if got := b.text("main"); !strings.Contains(got, "Notes on memory") {
				t.Errorf("the search form finds %.200q", got)
			}
		}
	}
	for _, wrong := range b.complaints() {
		t.Error(wrong)
	}
}

// TestHostileTextRunsNothing shows what TestHostileTextIsInert writes to a real browser.
func TestHostileTextRunsNothing(t *testing.T) {
	t.Parallel()
	ctx := chromium(t)
	s := newSite(t)
	paths := append(hostileText(s), hostileRecords(s)...)
	b := s.open(ctx)
	for _, path := range paths {
		if got := s.get(path); got.StatusCode != http.StatusOK {
			t.Errorf("GET %s = %d", path, got.StatusCode)
		}
		b.visit(path)
		var ran bool
		b.run(chromedp.Evaluate(`window.instarRan === true`, &ran))
		if ran {
			t.Errorf("%s ran what it shows", path)
		}
		for _, wrong := range b.complaints() {
			t.Errorf("%s: %s", path, wrong)
		}
	}
}
