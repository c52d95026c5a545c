package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPageTextsAreTheOperators(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if texts, err := pageTexts(dir); err != nil || len(texts) != 0 {
		t.Errorf("pageTexts of an empty folder = %v, %v, want none", texts, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "pages"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, "pages", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules.md", "Be kind.")
	write("about.md", "Not asked for.")
	texts, err := pageTexts(dir)
	if err != nil || len(texts) != 1 || texts["rules"] != "Be kind." {
		t.Errorf("pageTexts = %v, %v, want the rules alone", texts, err)
	}
	write("terms.md", strings.Repeat("x", maxPageText+1))
	if _, err := pageTexts(dir); err == nil {
		t.Error("a text that is too long is taken")
	}
}
