package node_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"instar.example/node"
)

func TestTermsAreWordsLettersAndPairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello, World-2 hello":      "hello world 2",
		"人工智能":                      "人 工 智 能 人工 工智 智能",
		"AI智能 ok":                   "ai 智 能 智能 ok",
		"的":                         "的",
		"기억의":                       "기 억 의 기억 억의",
		"サーバー":                      "サ ー バ サー ーバ バー",
		"ﾃﾞｰﾀ ＡＢＣ１":                 "デ ー タ デー ータ abc1", // half and full width
		"caf\u00e9 e\u0301x Ngữ İx": "cafe ex ngu ix",
		"Straße ΣΊΣΥΦΟΣ":            "strasse σίσυφοσ",
		"Привет, мир; й":            "привет мир й",
		"हिन्दी":                    "हिन्दी",
		"' OR \" -- !":              "or",
		"":                          "",
	} {
		if got := strings.Join(node.Terms(text), " "); got != want {
			t.Errorf("Terms(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLongRunsKeepEveryPair(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("记忆很好", 50) + "智能"
	if terms := node.Terms(text); !slices.Contains(terms, "好智") || len(node.Terms(strings.Repeat("a", 130))) != 2 {
		t.Errorf("Terms of a long run = %q", terms)
	}
}

func TestQueriesAskForWordsAndPhrases(t *testing.T) {
	t.Parallel()
	for q, want := range map[string][2]string{
		`Memory leak`:          {`[" memory " " leak "]`, `[]`},
		`"Memory leak"`:        {`[" memory leak "]`, `[" memory leak "]`},
		`"memory`:              {`[" memory "]`, `[]`},
		`"memory" x`:           {`[" memory " " x "]`, `[]`},
		`智能 猫`:                 {`["智能" "猫"]`, `[]`},
		`人工智能`:                 {`["人工智能"]`, `["人工智能"]`},
		`「AI 智能」記憶`:            {`[" ai 智能" "記憶"]`, `[" ai 智能"]`},
		`„a b“ “c d” «e f» ""`: {`[" a b " " c d " " e f "]`, `[" a b " " c d " " e f "]`},
		`memory Memory`:        {`[" memory "]`, `[]`},
		`a " b`:                {`[" a " " b "]`, `[]`},
		`' OR "`:               {`[" or "]`, `[]`},
		`?!`:                   {`[]`, `[]`},
	} {
		_, units, unsure := node.Asked(q)
		if got := [2]string{fmt.Sprintf("%q", units), fmt.Sprintf("%q", unsure)}; got != want {
			t.Errorf("Asked(%q) = %v, want %v", q, got, want)
		}
	}
}

// FuzzTerms holds that terms hold nothing that a query language could read, and
// that a text is found by each of its own parts.
func FuzzTerms(f *testing.F) {
	for _, s := range []string{"Hello World", "人工智能的记忆", "mixed 智能 text", "\x00\xff", "ก็ได้", "İß\u0301ﾃﾞ\ufdfa", strings.Repeat("é\u0301", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := node.Terms(text)
		all := strings.Join(terms, " ")
		if strings.ContainsAny(all, "\"'&|!():*<>\\_\x00") || !utf8.ValidString(all) || len(strings.Fields(all)) != len(terms) {
			t.Errorf("Terms(%q) = %q", text, terms)
		}
		if len(all) > 1<<20 {
			t.Errorf("%d bytes of terms of %d", len(all), len(text))
		}
		if len([]rune(text)) > node.MaxQuery {
			return
		}
		asked, _, unsure := node.Asked(text)
		for _, a := range asked {
			if !slices.Contains(terms, a) {
				t.Errorf("Asked(%q) asks for %q, which the text does not hold", text, a)
			}
		}
		if strings.ContainsAny(text, "\"“„«「『＂") {
			return // a phrase is cut where its marks stand
		}
		for _, p := range unsure {
			if !strings.Contains(node.Plain(text), p) {
				t.Errorf("Asked(%q) asks for %q, which the text does not hold", text, p)
			}
		}
	})
}

// FuzzQuery holds that no query asks for more than is bounded, or for what no index holds.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{`"a b" c`, `“智能”`, `" " "`, `「」「`, "\xff\"", strings.Repeat(`"`, 99), strings.Repeat("智能", 250)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, q string) {
		if len([]rune(q)) > node.MaxQuery {
			return
		}
		terms, units, unsure := node.Asked(q)
		if len(terms) > 8 || len(units) > 20 || len(unsure) > len(units) || (len(units) > 0) != (len(terms) > 0) {
			t.Errorf("Asked(%q) = %q, %q, %q", q, terms, units, unsure)
		}
		for _, term := range terms {
			if got := node.Terms(term); term == "" || !slices.Contains(got, term) {
				t.Errorf("Asked(%q) asks for %q, which is no term but %q", q, term, got)
			}
		}
	})
}
