package node_test

import (
	"strings"
	"testing"

	"instar.example/node"
)

func TestHashtagsAreFoundInText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "",
		"#go is #Fun, (#go_fast) \"#ai\".":   "go Fun go_fast ai",
		"#Go and #go":                        "Go",
		"# A heading\n## and another":        "",
		"#1 of #2 is #2fast":                 "2fast",
		"a#b https://a.example/#c ##d &#39;": "",
		"`#code` and\n```\n#more\n``` #told": "told",
		"日本 #東京 and #café.":                  "東京 café",
		"#" + strings.Repeat("x", 101):       "",
		strings.Repeat("#a #b #c #d #e #f #g #h #i #j #k #l #m #n #o #p #q #r #s #t #u #v ", 2): "a b c d e f g h i j k l m n o p q r s t",
	} {
		if got := strings.Join(node.Hashtags(text), " "); got != want {
			t.Errorf("Hashtags(%q) = %q, want %q", text, got, want)
		}
	}
	if got := strings.Join(node.Hashtags("On #tea", "More #tea, and #cake"), " "); got != "tea cake" {
		t.Errorf("of a title and a text: %q", got)
	}
}
