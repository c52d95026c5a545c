package worker

import (
	"strings"
	"testing"
)

// FuzzLinksMe holds that a page links to an address only when it holds it.
func FuzzLinksMe(f *testing.F) {
	const to = "https://a.test/u/ada#code"
	for _, seed := range []string{
		`<a rel="me" href="` + to + `">`, `<link rel="ME nofollow" href="` + to + `">`, `<a rel=me href=` + to, `<!--<a rel=me href=` + to + `>-->`,
		"<a rel=me href='https://a.test/u/ada'>", "<", "<a", "\x00<a rel=\xff>", "<script><a rel=me href=" + to + "></script>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		if linksMe(page, to) && !strings.Contains(strings.ToLower(string(page)), "me") {
			t.Errorf("%q links to nobody", page)
		}
		if linksMe(append([]byte("<!--"), strings.ReplaceAll(string(page), ">", "")...), to) {
			t.Errorf("%q stands in a comment", page)
		}
	})
}
