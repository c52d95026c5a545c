package node_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"instar.example/node"
)

func TestTermsAreWordsAndPairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello, World-2":     "hello world 2",
		"人工智能":               "人工 工智 智能",
		"AI智能 ok":            "ai 智能 ok",
		"的":                  "的",
		"에이전트의 기억":           "에이 이전 전트 트의 기억",
		"caf\u00e9 e\u0301x": "caf\u00e9 e\u0301x",
		"' OR \" -- !":       "or",
		"":                   "",
	} {
		if got := node.Terms(text); got != want {
			t.Errorf("Terms(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzTerms holds that each pair of neighbouring CJK letters that is asked for
// is found in the text that it stands in, and that no term holds what a query
// language could read.
func FuzzTerms(f *testing.F) {
	for _, s := range []string{"Hello World", "人工智能的记忆", "mixed 智能 text", "\x00\xff", "ก็ได้"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := node.Terms(text)
		if strings.ContainsAny(terms, "\"'&|!():*<>\\\x00") || !utf8.ValidString(terms) {
			t.Errorf("Terms(%q) = %q", text, terms)
		}
		if again := node.Terms(strings.ReplaceAll(terms, " ", "\n")); strings.Count(again, " ") > 2*strings.Count(terms, " ")+2 {
			t.Errorf("Terms of terms grew: %q from %q", again, terms)
		}
	})
}
