package web

import (
	"strings"
	"testing"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"me@home.example": {"me", "home.example"}, "@me@Home.Example": {"me", "home.example"}, "acct:me@home.example": {"me", "home.example"}, "home.example": {"", "home.example"},
		"https://home.example/@me": {"me", "home.example"}, "https://home.example/users/me": {"me", "home.example"}, "https://home.example": {"", "home.example"},
		"me@127.0.0.1:8080": {"me", "127.0.0.1:8080"}, "me": {"", ""}, "": {"", ""}, "me@": {"", ""}, "a@b@c.example": {"", ""}, "me@home.example/path": {"", ""}, "me you@home.example": {"", ""},
		"me@[::1]": {"", ""}, "http://user:pw@home.example/": {"", "home.example"},
	} {
		if name, host := account(text); name != want[0] || host != want[1] {
			t.Errorf("account(%q) = %q, %q, want %q", text, name, host, want)
		}
	}
}

func FuzzAccount(f *testing.F) {
	for _, s := range []string{"me@home.example", "https://home.example/@me", "acct:@!me@x.y:80", "@@", "https://[::1]/@x", "me@home.example."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, host := account(s)
		if host == "" && name != "" || strings.ContainsAny(name+host, " /\n\"<>") && strings.ContainsAny(host, " /\n\"<>@") {
			t.Errorf("account(%q) = %q, %q", s, name, host)
		}
	})
}

func FuzzOPML(f *testing.F) {
	f.Add(`<opml version="2.0"><head><title>x</title></head><body><outline xmlUrl="https://a.test/m/x.atom"/></body></opml>`)
	f.Add(`<?xml version="1.0" encoding="x-unknown"?><opml/>`)
	f.Add(`<OPML><outline xmlURL="a" htmlurl="b">`)
	f.Fuzz(func(t *testing.T, s string) {
		if title, addresses, err := parseOPML(strings.NewReader(s)); err != nil && (title != "" || addresses != nil) {
			t.Errorf("parseOPML(%q) = %q, %v with %v", s, title, addresses, err)
		}
	})
}
