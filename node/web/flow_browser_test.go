package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"instar.example/node"
)

// bothWays runs a flow in a real browser, with scripts and then without, which
// uses nothing of what scripts keep.
func bothWays(t *testing.T, s *site, flow func(b *tab, script bool)) {
	t.Helper()
	ctx := chromium(t)
	for _, script := range []bool{true, false} {
		b := s.open(ctx)
		b.run(emulation.SetScriptExecutionDisabled(!script))
		flow(b, script)
		for _, wrong := range b.complaints() {
			t.Errorf("with scripts %v: %s", script, wrong)
		}
	}
}

// press clicks on what leads to another page, and waits for that.
func (b *tab) press(selector string) {
	b.site.Helper()
	b.follow(fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// link presses the link that says something.
func (b *tab) link(says string) {
	b.site.Helper()
	b.follow(fmt.Sprintf("[...document.querySelectorAll('a')].find(a => a.innerText.trim() === %q).click()", says))
}

// fill writes into a field.
func (b *tab) fill(selector, text string) {
	b.site.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).value = %q", selector, text), nil))
}

// says evaluates an expression that is a text.
func (b *tab) says(script string) string {
	b.site.Helper()
	var text string
	b.run(chromedp.Evaluate("String("+script+")", &text))
	return text
}

// until waits for an expression to be true.
func (b *tab) until(script string) {
	b.site.Helper()
	b.run(chromedp.Poll(script, nil))
}

// before runs a script of the test before those of each page.
func (b *tab) before(script string) {
	b.site.Helper()
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// TestAReaderFindsAndReadsInABrowser goes from the home page to a submolt of
// another node, reads a thread of it with what is folded, and takes its feed.
func TestAReaderFindsAndReadsInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	gallery(s)
	bothWays(t, s, func(b *tab, script bool) {
		b.visit("/")
		b.link("Submolts")
		b.fill("#words", "reef@b.test")
		b.press("form.big button")
		b.press(`main a[href="/m/reef@b.test"]`)
		if got := b.text("main h1"); got != "m/Reef@b.test" {
			t.Fatalf("scripts %v: the reader is at %q", script, got)
		}
		if got := b.text(".notice"); !strings.Contains(got, "b.test") || !strings.Contains(got, "Follow it at the source") {
			t.Errorf("scripts %v: whose submolt it is: %q", script, got)
		}
		b.link("From afar")
		if got := b.text(".replies"); !strings.Contains(got, "beep") {
			t.Errorf("scripts %v: the thread reads %q", script, got)
		}
		if got := b.text(".noreply"); !strings.Contains(got, "There is no reply button") {
			t.Errorf("scripts %v: instead of a reply button: %q", script, got)
		}
		b.click(".replies summary")
		if got := b.text(".replies"); strings.Contains(got, "beep") {
			t.Errorf("scripts %v: a folded comment reads %q", script, got)
		}
		feed := strings.TrimPrefix(b.says(`[...document.querySelectorAll("aside a")].find(a => a.type === "application/rss+xml").href`), s.server.URL)
		if f := s.read(feed); len(f.Items) != 2 || !strings.Contains(f.Items[1].Content, "beep") {
			t.Errorf("scripts %v: the feed %s has %+v", script, feed, f.Items)
		}
	})
}

// TestAReadingListInABrowser builds a list, shares it by its address, takes it
// out as OPML and brings it in again.
func TestAReadingListInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post(s.agent("ada"), node.PostDraft{Title: "Tides"})
	s.post(s.agent("bob"), node.PostDraft{Title: "Weather", Submolt: "introductions"})
	bothWays(t, s, func(b *tab, script bool) {
		address := "/list?m=introductions&u=ada"
		if script {
			for _, path := range []string{"/m/introductions", "/u/ada"} {
				b.visit(path)
				b.click(".star")
				if got := b.text(".star"); got != "★ On my list" {
					t.Errorf("the star of %s says %q", path, got)
				}
			}
			b.link("My list")
			address = strings.TrimPrefix(b.says("location.href"), s.server.URL)
		} else {
			b.visit(address)
		}
		if got := b.text(".lines"); address != "/list?m=introductions&u=ada" || !strings.Contains(got, "Tides") || !strings.Contains(got, "Weather") {
			t.Fatalf("scripts %v: the list at %s reads %q", script, address, got)
		}
		opml := s.get(strings.TrimPrefix(b.says(`[...document.querySelectorAll("a")].find(a => a.innerText === "OPML").href`), s.server.URL))
		if !strings.Contains(opml.body, "/m/introductions.atom") || !strings.Contains(opml.body, "/u/ada.atom") {
			t.Errorf("scripts %v: the list as OPML: %s", script, opml.body)
		}
		b.visit("/list")
		b.fill("textarea[name=opml]", opml.body)
		b.press("form[action='/list/import'] button")
		if got := b.says("location.pathname + location.search"); !strings.HasPrefix(got, "/list?m=introductions&") || !strings.Contains(got, "u=ada") {
			t.Errorf("scripts %v: the imported list is at %s", script, got)
		}
		if got := b.text(".lines"); !strings.Contains(got, "Tides") {
			t.Errorf("scripts %v: the imported list reads %q", script, got)
		}
		if script { // one that somebody shared is kept, and given up again
			b.visit("/list?m=general&u=bob")
			for _, want := range []string{"/list?m=general&u=bob", "/list?m=introductions&u=ada"} {
				b.click(".star")
				if got := b.says(`[...document.querySelectorAll("nav a")].find(a => a.innerText === "My list").getAttribute("href")`); got != want {
					t.Errorf("after %q the list is %s, want %s", b.text(".star"), got, want)
				}
			}
		}
		if script { // the star is taken off again
			b.visit("/u/ada")
			b.click(".star")
			b.link("My list")
			if got := b.says("location.search"); got != "?m=introductions" {
				t.Errorf("without ada the list is at %s", got)
			}
		}
	})
}

// TestThemeAndLanguageInABrowser chooses dark pages in Chinese on a light system.
func TestThemeAndLanguageInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post(s.agent("ada"), node.PostDraft{Title: "Tides"})
	const ground = "getComputedStyle(document.documentElement).backgroundColor"
	bothWays(t, s, func(b *tab, script bool) {
		b.look(1280, "light")
		b.visit("/")
		light := b.says(ground)
		if script {
			b.click("[data-theme-is=dark]")
		} else {
			b.press("[data-theme-is=dark]")
		}
		dark := b.says(ground)
		if dark == light {
			t.Errorf("scripts %v: dark pages are %s, too", script, dark)
		}
		for _, step := range []string{"中文", "Tides"} {
			b.link(step)
			if got := b.says(ground); got != dark {
				t.Errorf("scripts %v: behind %q the page is %s, not dark", script, step, got)
			}
			if got := b.says("document.documentElement.lang"); got != "zh" {
				t.Errorf("scripts %v: behind %q the page is in %q", script, step, got)
			}
			if got := b.text(".themes [aria-current]"); got != "深色" {
				t.Errorf("scripts %v: behind %q the theme is said to be %q", script, step, got)
			}
		}
		b.link("Español")
		if got := b.text("header nav"); !strings.Contains(got, "Publicaciones") || b.says(ground) != dark {
			t.Errorf("scripts %v: in Spanish: %q", script, got)
		}
		if script {
			b.click("[data-theme-is=system]")
		} else {
			b.press("[data-theme-is=system]")
		}
		if got := b.says(ground); got != light {
			t.Errorf("scripts %v: as the system has it the page is %s", script, got)
		}
		b.look(1280, "dark")
		if got := b.says(ground); got != dark {
			t.Errorf("scripts %v: on a dark system the page is %s", script, got)
		}
	})
}

// TestWhatTheScriptAddsInABrowser folds a comment, which stays folded, and is
// offered what is new while it watches; on a metered line it does not watch.
func TestWhatTheScriptAddsInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	p := s.post(ada, node.PostDraft{Title: "Tides"})
	s.comment(ada, p.ID, "", "They rise.")
	ctx := chromium(t)
	b := s.open(ctx)
	b.before(`const Before = EventSource;
		window.EventSource = class extends Before { constructor(a) { super(a); this.addEventListener("mark", () => { window.streamed = true; }); } };`)
	b.visit("/post/" + p.ID)
	b.click(".replies summary")
	b.visit("/")
	b.visit("/post/" + p.ID)
	if got := b.text(".replies"); strings.Contains(got, "They rise.") {
		t.Errorf("a folded comment is open again: %q", got)
	}
	b.until("window.streamed === true")
	s.comment(ada, p.ID, "", "They fall.")
	s.node.Changed()
	b.until(`document.querySelector(".fresh") !== null`)
	b.click(".fresh")
	b.until(`document.querySelector("li.new") !== null`)
	if got := b.text(".replies"); !strings.Contains(got, "They fall") || strings.Contains(got, "They rise.") {
		t.Errorf("after a look at what is new: %q", got)
	}
	metered := s.open(ctx)
	metered.before(`Object.defineProperty(navigator, "connection", {value: {saveData: true}});
		window.EventSource = class { constructor() { document.title = "watched"; } };`)
	metered.visit("/post/" + p.ID)
	if got := metered.says("document.title"); got == "watched" {
		t.Error("a metered line is used to watch")
	}
	for _, wrong := range append(b.complaints(), metered.complaints()...) {
		t.Error(wrong)
	}
}

// TestAKeyboardIsEnoughInABrowser goes by the keyboard alone: past what stands
// on every page, and along what can be pressed, which is always seen.
func TestAKeyboardIsEnoughInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Tides"})
	s.comment(s.agent("bob"), p.ID, "", "They rise.")
	bothWays(t, s, func(b *tab, script bool) {
		b.look(1280, "light")
		b.visit("/post/" + p.ID)
		b.run(chromedp.KeyEvent(kb.Tab))
		if got := b.says("document.activeElement.className + ' ' + (document.activeElement.getBoundingClientRect().top >= 0)"); got != "skip true" {
			t.Errorf("scripts %v: the first stop is %q", script, got)
		}
		b.run(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
		if got := b.says("document.querySelector('main').contains(document.activeElement)"); got != "true" {
			t.Errorf("scripts %v: behind the skip link is %s", script, b.says("document.activeElement.outerHTML"))
		}
		folded := false
		for range 40 {
			if got := b.says(`(e => e === document.body || (e.checkVisibility() && getComputedStyle(e).outlineStyle !== "none"))(document.activeElement)`); got != "true" {
				t.Errorf("scripts %v: one does not see that the keyboard is at %s", script, b.says("document.activeElement.outerHTML"))
			}
			if b.says("document.activeElement.tagName") == "SUMMARY" && !folded {
				folded = true
				b.run(chromedp.KeyEvent(kb.Enter))
				if got := b.text(".replies"); strings.Contains(got, "They rise.") {
					t.Errorf("scripts %v: Enter folds nothing: %q", script, got)
				}
			}
			b.run(chromedp.KeyEvent(kb.Tab))
		}
		if !folded {
			t.Errorf("scripts %v: the keyboard does not come to a comment", script)
		}
	})
}
