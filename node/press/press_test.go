package press_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"instar.example/node/press"
)

func TestTheCodingThatIsWantedMost(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip", "br": "br", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "gzip, br": "br",
		"zstd;q=0.1, gzip;q=0.9": "gzip", "gzip;q=0": "", "br;q=0, gzip": "gzip", "GZIP": "gzip", "gzip;q=no": "", "*": "",
	} {
		if got := press.Coding(header); got != want {
			t.Errorf("Coding(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestAnAnswerIsSmallAndNotSentTwice(t *testing.T) {
	t.Parallel()
	p, large, small := press.New(), []byte(strings.Repeat("tides ", press.From)), []byte("tides")
	serve := func(body []byte, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), headers[0], "/", nil)
		for i := 1; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "text/plain")
		p.Forms(body).Serve(w, r, body, press.ETag(body))
		return w
	}
	res := serve(large, "GET", "Accept-Encoding", "gzip")
	if res.Body.Len() >= len(large) {
		t.Errorf("in gzip %d bytes are %d", len(large), res.Body.Len())
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != string(large) {
		t.Errorf("in gzip: %d bytes of %d, %v", len(got), len(large), err)
	}
	if res := serve(small, "GET", "Accept-Encoding", "gzip"); res.Header().Get("Content-Encoding") != "" {
		t.Error("a small body is compressed")
	}
	tag := res.Header().Get("ETag")
	if res := serve(large, "GET", "If-None-Match", `"other", `+tag); res.Code != http.StatusNotModified || res.Body.Len() > 0 {
		t.Errorf("to one who has it: %d, %d bytes", res.Code, res.Body.Len())
	}
	if res := serve(small, "GET", "If-None-Match", tag); res.Code != http.StatusOK {
		t.Errorf("to one who has another: %d", res.Code)
	}
	res = serve(large, "HEAD")
	if res.Body.Len() > 0 || res.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d bytes, length %q", res.Body.Len(), res.Header().Get("Content-Length"))
	}
}

func TestAStrongTagNamesTheBytesThemselves(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("tides ", press.From))
	forms := press.New().Forms(body)
	for coding, want := range map[string]string{"identity": `"strong"`, "br": `W/"strong"`} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", coding)
		w := httptest.NewRecorder()
		forms.Serve(w, r, body, `"strong"`)
		if got := w.Header().Get("ETag"); got != want {
			t.Errorf("in %s the tag is %s, want %s", coding, got, want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	for _, s := range []string{"gzip", "gzip;q=0", "br, x-gzip ; q=0.1", "zstd;q=0.2, deflate", `W/"a", "b"`, ";;,,=", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c := press.Coding(s); !strings.Contains(strings.ToLower(s), c) {
			t.Errorf("Coding(%q) = %q", s, c)
		}
		if press.Matches(s, `W/"tag"`) && !strings.Contains(s, `"tag"`) && !strings.Contains(s, "*") {
			t.Errorf("Matches(%q)", s)
		}
	})
}
