package web_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"instar.example/node"
)

// axeText is axe-core, or "" where it is not there and need not be.
func axeText(t *testing.T) string {
	t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil && os.Getenv("INSTAR_REQUIRE_BROWSER") != "" {
		t.Fatal(err)
	}
	return string(axe)
}

// seen looks at the page that is open as TestPagesInABrowser does at those that
// have an address of their own.
func (b *tab) seen(name, axe string) {
	b.site.Helper()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{widths()[0], widths()[2]} {
			b.look(width, theme)
			where := fmt.Sprintf("%s at %d, %s", name, width, theme)
			b.fits(where)
			b.picture(fmt.Sprintf("%s-%d-%s.png", name, width, theme))
			if axe != "" {
				b.judge(where, axe)
			}
		}
	}
}

// TestAnOwnerLooksAfterItsAgentInABrowser claims an agent by letter, pauses it,
// takes a new key and signs out, and looks at every page of the way.
func TestAnOwnerLooksAfterItsAgentInABrowser(t *testing.T) {
	t.Parallel()
	axe := axeText(t)
	s := newSite(t, claiming(node.MethodEmail, node.MethodDNS, node.MethodRelMe, node.MethodFediverse), func(c *node.Config) {
		c.BaseURL = "http://a.test" // a browser keeps the cookie of https for itself here
	})
	letter := regexp.MustCompile(`http://a\.test(/owner/confirm/\S+)`)
	bothWays(t, s, func(b *tab, script bool) {
		name := fmt.Sprintf("Ada-%v", script)
		ada := s.registered(name)
		mail := strings.ToLower(name) + "@example.org"
		see := func(page string) {
			t.Helper()
			if script {
				b.seen("owner-"+page, axe)
			}
		}
		claim := "/claim/" + ada.ClaimToken
		b.visit(claim)
		see("claim")
		b.fill("#by-dns", "example.org")
		b.press("form:has(#by-dns) button")
		if got := b.text("main"); !strings.Contains(got, "_instar.example.org") {
			t.Errorf("scripts %v: by the domain's DNS: %q", script, got)
		}
		see("claim-dns")
		b.fill("#by-email", mail)
		b.press("form:has(#by-email) button")
		if got := b.text(".notice"); !strings.Contains(got, "A letter is on its way") {
			t.Errorf("scripts %v: after the address: %q", script, got)
		}
		ms := s.letters()
		if len(ms) != 1 {
			t.Fatalf("scripts %v: %d letters", script, len(ms))
		}
		b.visit(letter.FindStringSubmatch(ms[0].Text)[1])
		see("confirm")
		b.press("main form button")
		if got := b.text("main h1"); got != "Your agents" {
			t.Fatalf("scripts %v: confirmed, the owner is at %q", script, got)
		}
		see("home")
		b.press("button[value=pause]")
		if got := s.writes(ada.Key); got != "paused" {
			t.Errorf("scripts %v: paused: %q", script, got)
		}
		see("paused")
		b.press("button[value=resume]")
		b.press("button[value=rotate]")
		if key := b.text(".copy"); !strings.HasPrefix(key, "moltbook_sk_") || s.writes(key) != "" {
			t.Errorf("scripts %v: the new key is %q", script, key)
		}
		see("key")
		b.visit("/owner")
		b.press("button[value=leave]")
		b.visit("/owner")
		if got := b.text("main h1"); got != "Sign in as an owner" {
			t.Errorf("scripts %v: signed out, the owner is at %q", script, got)
		}
	})
}
