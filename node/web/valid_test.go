package web_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// validator is html-validate, which `make browser` fetches.
const validator = "../../conformance/axe/node_modules/html-validate/bin/html-validate.mjs"

// TestPagesAreValidHTML shows every page of the gallery to a validator that
// others wrote, in English and in a language without spaces.
func TestPagesAreValidHTML(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(validator)
	}
	if err != nil {
		if os.Getenv("INSTAR_REQUIRE_BROWSER") != "" {
			t.Fatal(err)
		}
		t.Skip("html-validate is not there (make browser fetches it): the pages are not validated")
	}
	s, dir := newSite(t), t.TempDir()
	for _, e := range gallery(s) {
		for _, lang := range []string{"en", "zh"} {
			name := filepath.Join(dir, fmt.Sprintf("%s-%s.html", e.name, lang))
			if err := os.WriteFile(name, []byte(s.get(e.path, "Accept-Language", lang).body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	validate := func(what string) (string, error) {
		out, err := exec.CommandContext(t.Context(), node, validator, "--config", "../../conformance/axe/htmlvalidate.json", "--formatter", "text", what).CombinedOutput()
		return string(out), err
	}
	if out, err := validate(dir); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// The validator sees what is wrong, so that its silence means something.
	broken := filepath.Join(t.TempDir(), "broken.html")
	if err := os.WriteFile(broken, []byte("<!doctype html><html lang=en><head><title>a</title></head><body><p><div></p><img></body></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := validate(broken); err == nil {
		t.Errorf("a broken page is valid: %s", out)
	}
}
