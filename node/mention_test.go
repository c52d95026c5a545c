package node

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMentionsAreFoundInText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "",
		"@ada":                                 "ada",
		"Hi @Ada, and @bob@b.example:8443.":    "ada bob@b.example:8443",
		"(@ada) \"@bob_2\" @ada.":              "ada bob_2",
		"mail me@b.example, not @":             "",
		"https://b.example/@ada and a.@b":      "",
		"`@code` and\n```\n@more\n``` but @me": "me",
		"```\n@never closed":                   "",
		"@@ada @ada@@bob":                      "ada",
		"你好 @ada。":                             "ada",
		"@bob@b.example, @bob@B.example":       "bob@b.example",
		strings.Repeat("@x1 @x2 @x3 @x4 @x5 @x6 @x7 @x8 @x9 @xa @xb ", 3): "x1 x2 x3 x4 x5 x6 x7 x8 x9 xa",
	} {
		if got := strings.Join(mentionNames(text), " "); got != want {
			t.Errorf("mentionNames(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzMentions(f *testing.F) {
	for _, text := range []string{"@ada", "@a@b.c:1", "`@x", "```@x```@y", "@é", "\xff@a", "@a.-@b.-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names := mentionNames(text)
		if len(names) > maxMentions {
			t.Errorf("%d names", len(names))
		}
		for i, name := range names {
			if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, " \n`") || name != strings.ToLower(name) || slices.Contains(names[:i], name) {
				t.Errorf("mentionNames(%q) = %q", text, names)
			}
		}
	})
}
