package fetch_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"instar.example/federation/fetch"
)

func TestHost(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"b.example":                "b.example",
		"EXAMPLE.com.":             "example.com",
		"example.com:443":          "example.com",
		"example.com.:443":         "example.com",
		"example.com:":             "example.com",
		"Example.com:8443":         "example.com:8443",
		"example.com:80":           "example.com:80",
		"ex\u00e4mple.org":         "xn--exmple-cua.org",
		"XN--EXMPLE-CUA.org":       "xn--exmple-cua.org",
		"example\uff0ecom":         "example.com", // full-width dot
		"example\u3002com\u3002":   "example.com", // ideographic dots
		"\uff11\uff12\uff17.0.0.1": "127.0.0.1",   // full-width digits
		"faß.example":              "xn--fa-hia.example",
		"localhost":                "localhost",
		"127.0.0.1:8081":           "127.0.0.1:8081",
		"[::1]":                    "[::1]",
		"[::1]:443":                "[::1]",
		"[0:0::0001]:8080":         "[::1]:8080",
		"[::FFFF:127.0.0.1]":       "[::ffff:127.0.0.1]",
		"1e2.example":              "1e2.example",
		"xn--bcher-kva.example":    "xn--bcher-kva.example",
	} {
		got, err := fetch.Host(in)
		if err != nil || got != want {
			t.Errorf("Host(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", ".", "..", "a..b", "example.com..", ".example.com", "a@b", "a:b@c", "exam%70le.com", "a b", "a/b", "a?b", "a#b", "a\\b",
		"a\x00b", "a\nb", "a\tb", "xn--a", "xn--\u00e4", "under_score.example", "-a.example", "a-.example", "*.example",
		"0x7f.1", "0x7f000001", "127.1", "2130706433", "0177.0.0.1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "example.0x", "example.1",
		"[::1", "::1", "[::1%25lo]", "[::1%lo]", "[127.0.0.1]", "[::1]x", "[]", "[::1]:0",
		"example.com:0", "example.com:080", "example.com:65536", "example.com:-1", "example.com:http", "example.com:8:0",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 127) + "example", "\xff.example",
		strings.Repeat("\u00e4", 1<<20),
	} {
		if got, err := fetch.Host(in); !errors.Is(err, fetch.ErrForbiddenAddress) {
			t.Errorf("Host(%q) = %q, %v; want ErrForbiddenAddress", in, got, err)
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://b.example/u/ada#main-key": "https://b.example",
		"HTTPS://B.Example:443/":           "https://b.example",
		"https://b.example:80":             "https://b.example:80",
		"http://b.example:80/x":            "http://b.example",
		"http://127.0.0.1:8081/u/ada":      "http://127.0.0.1:8081",
		"https://ex\u00e4mple.org/":        "https://xn--exmple-cua.org",
		"":                                 "",
		"b.example":                        "",
		"//b.example/":                     "",
		"acct:ada@b.example":               "",
		"ftp://b.example/":                 "",
		"https:b.example":                  "",
		"https:///u":                       "",
		"https://ada@b.example/":           "",
		"https://b.example\\@c.example/":   "",
		"https://b.example/ x":             "",
		"https://b.example/\n":             "",
		"https://exam%70le.com/":           "",
		"https://0x7f.1/":                  "",
		"https://b.example/" + strings.Repeat("x", 2048): "",
	} {
		if got := fetch.Origin(in); got != want {
			t.Errorf("Origin(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://b.example/a", "https://B.example:443/b", true},
		{"https://b.example", "http://b.example", false},
		{"https://b.example", "https://b.example:8443", false},
		{"https://b.example", "https://b.example.c.example", false},
		{"https://b.example", "https://a.b.example", false},
		{"http://127.0.0.1:8081/", "http://127.0.0.1:8082/", false},
		{"", "", false},
		{"nonsense", "nonsense", false},
	} {
		if got := fetch.SameOrigin(c.a, c.b); got != c.want {
			t.Errorf("SameOrigin(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// What a peer wrote is quoted in errors, and those are logged: a megabyte of it
// must not become four.
func TestErrorsQuoteLittle(t *testing.T) {
	t.Parallel()
	control := strings.Repeat("\x01", 1<<20) // four bytes each when quoted
	_, long := fetch.Host(control)
	_, plain := fetch.New(fetch.Config{}).JSON(t.Context(), "http://b.example/"+strings.Repeat("\u00a0", 1000), "*/*")
	_, broken := fetch.New(fetch.Config{}).JSON(t.Context(), "https://b.example/"+strings.Repeat("\x01", 2000), "*/*")
	for name, err := range map[string]error{"host": long, "address": plain, "address with control bytes": broken} {
		if !errors.Is(err, fetch.ErrForbiddenAddress) || len(err.Error()) > 1000 {
			t.Errorf("%s: %d bytes of error, %.100v", name, len(err.Error()), err)
		}
	}
}

func FuzzHost(f *testing.F) {
	for _, seed := range []string{
		"EXAMPLE.com.", "exam%70le.com", "ex\u00e4mple", "xn--exmple-cua", "example\uff0ecom", "a@b", "[::1]", "0x7f.1", "127.0.0.1:80",
		"b.example:8443", "[::ffff:1.2.3.4]:443", "a\u00adb.example", "\u212aelvin.example",
		"\u2136elvin.exelpKamvle", // punycode that cannot be read back
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		host, err := fetch.Host(in)
		if err != nil {
			if host != "" {
				t.Fatalf("Host(%q) = %q with an error", in, host)
			}
			return
		}
		if again, err := fetch.Host(host); err != nil || again != host {
			t.Fatalf("Host(%q) = %q, but Host of that = %q, %v", in, host, again, err)
		}
		if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
			t.Fatalf("Host(%q) = %q", in, host)
		}
		u, err := url.Parse("https://" + host + "/u")
		if err != nil || u.Host != host || u.Path != "/u" {
			t.Fatalf("Host(%q) = %q does not stand in a URL: %v", in, host, err)
		}
		if got, want := fetch.Origin("https://"+host+"/u"), "https://"+host; got != want {
			t.Fatalf("Origin = %q, want %q", got, want)
		}
	})
}
