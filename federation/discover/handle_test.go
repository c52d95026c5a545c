package discover_test

import (
	"errors"
	"strings"
	"testing"

	"instar.example/federation/discover"
)

func TestParseHandle(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]discover.Handle{
		"ada@b.example":                      {Name: "ada", Host: "b.example"},
		"@Ada@B.Example":                     {Name: "ada", Host: "b.example"},
		"!today-I_Learned@b.example":         {Name: "today-i_learned", Host: "b.example"},
		"acct:ada@b.example":                 {Name: "ada", Host: "b.example"},
		"ACCT:ada@b.example:443":             {Name: "ada", Host: "b.example"},
		"ada@127.0.0.1:8081":                 {Name: "ada", Host: "127.0.0.1:8081"},
		"ada@[::1]:8081":                     {Name: "ada", Host: "[::1]:8081"},
		"ada@b\u00fccher.example.":           {Name: "ada", Host: "xn--bcher-kva.example"},
		"a.b@b.example":                      {Name: "a.b", Host: "b.example"},
		"~feed@b.example":                    {Name: "~feed", Host: "b.example"},
		"\u041a\u043b\u044e\u0447@b.example": {Name: "\u043a\u043b\u044e\u0447", Host: "b.example"},
		"e\u0301@b.example":                  {Name: "\u00e9", Host: "b.example"},
		"\u5b66\u4e60@b.example":             {Name: "\u5b66\u4e60", Host: "b.example"},
		"acct:B.example@b.example":           {Name: "b.example", Host: "b.example"},
		"acct:127.0.0.1:81@127.0.0.1:81":     {Name: "127.0.0.1:81", Host: "127.0.0.1:81"},
	} {
		got, err := discover.ParseHandle(in)
		if err != nil || got != want {
			t.Errorf("ParseHandle(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "@", "ada", "@ada", "ada@", "@b.example", "acct:@b.example", "acct:@ada@b.example", "@@ada@b.example", "@!ada@b.example",
		"ada@b.example@c.example", "ada b@c.example", "ada\n@b.example", "ada\x00@b.example", "ada/x@b.example", "ada:8@b.example",
		"ada%20@b.example", "ada@b.example/x", "ada@exam%70le.com", "ada@127.1", "ada@b.example:0", "a\u202eda@b.example",
		"a\u200bda@b.example", "\xff@b.example", "https://b.example/u/ada", "https://ada@b.example", strings.Repeat("a", 257) + "@b.example",
	} {
		if got, err := discover.ParseHandle(in); !errors.Is(err, discover.ErrMalformed) {
			t.Errorf("ParseHandle(%q) = %+v, %v; want ErrMalformed", in, got, err)
		}
	}
}

func TestHandlesPrintThemselves(t *testing.T) {
	t.Parallel()
	h := discover.Handle{Name: "ada", Host: "127.0.0.1:8081"}
	if h.String() != "ada@127.0.0.1:8081" || h.Acct() != "acct:ada@127.0.0.1:8081" || h.IsInstance() {
		t.Errorf("%v, %q, %v", h, h.Acct(), h.IsInstance())
	}
	if h = (discover.Handle{Name: "b.example", Host: "b.example"}); !h.IsInstance() {
		t.Errorf("%v is not the instance", h)
	}
}

func TestParseResource(t *testing.T) {
	t.Parallel()
	ada := discover.Handle{Name: "ada", Host: "b.example"}
	for in, want := range map[string]discover.Resource{
		"acct:ada@b.example":                {Handle: ada},
		"acct%3Aada%40b.example":            {Handle: ada},
		"acct:ada%40b.example":              {Handle: ada},
		"acct:%61da@b.example":              {Handle: ada},
		"ada@b.example":                     {Handle: ada},
		"@ada@b.example":                    {Handle: ada},
		"%40ada@b.example":                  {Handle: ada},
		"acct:b.example@b.example":          {Handle: discover.Handle{Name: "b.example", Host: "b.example"}},
		"https://b.example/":                {URL: "https://b.example/"},
		"https://b.example":                 {URL: "https://b.example"},
		"https://b.example/@ada":            {URL: "https://b.example/@ada"},
		"https://b.example/u/%61da":         {URL: "https://b.example/u/%61da"},
		"https%3A%2F%2Fb.example%2Fu%2Fada": {URL: "https://b.example/u/ada"},
		"http://127.0.0.1:8081/u/ada":       {URL: "http://127.0.0.1:8081/u/ada"},
	} {
		got, err := discover.ParseResource(in)
		if err != nil || got != want {
			t.Errorf("ParseResource(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "ada", "acct:ada", "acct:", "group:ada@b.example", "mailto:ada@b.example", "ftp://b.example/", "acct:ada@b.example%0a",
		"acct%253Aada%2540b.example", "%zz", "https://", "acct:" + strings.Repeat("a", 2048) + "@b.example",
	} {
		if got, err := discover.ParseResource(in); !errors.Is(err, discover.ErrMalformed) {
			t.Errorf("ParseResource(%q) = %+v, %v; want ErrMalformed", in, got, err)
		}
	}
}

func TestErrorsQuoteLittle(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x01", 1<<20)
	for name, in := range map[string]string{"host": "ada@" + long, "name": long + "@b.example", "neither": long} {
		if _, err := discover.ParseHandle(in); !errors.Is(err, discover.ErrMalformed) || len(err.Error()) > 2000 {
			t.Errorf("ParseHandle of a long %s: %d bytes of error", name, len(err.Error()))
		}
	}
	if _, err := discover.ParseResource("acct:ada@" + long[:2000]); !errors.Is(err, discover.ErrMalformed) || len(err.Error()) > 2000 {
		t.Errorf("ParseResource: %d bytes of error", len(err.Error()))
	}
}

func FuzzParseHandle(f *testing.F) {
	for _, seed := range []string{
		"ada@b.example", "@Ada@B.Example", "!til@b.example:8443", "acct:ada@[::1]:8081", "acct:b.example@b.example", "\u0130@b.example",
		"acct%3Aada%40b.example", "e\u0301@b.example", "127.0.0.1:81@127.0.0.1:81",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		_, _ = discover.ParseResource(in)
		h, err := discover.ParseHandle(in)
		if err != nil {
			return
		}
		for _, s := range []string{h.String(), h.Acct(), "@" + h.String()} {
			if again, err := discover.ParseHandle(s); err != nil || again != h {
				t.Fatalf("ParseHandle(%q) = %+v, but of %q = %+v, %v", in, h, s, again, err)
			}
		}
		if r, err := discover.ParseResource(h.Acct()); err != nil || r.Handle != h || r.URL != "" {
			t.Fatalf("ParseResource(%q) = %+v, %v", h.Acct(), r, err)
		}
		if strings.ContainsAny(h.Name, "@/ \x00\n") {
			t.Fatalf("ParseHandle(%q) = %+v", in, h)
		}
	})
}
