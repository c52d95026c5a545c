package node

import "testing"

// What hides in a text goes, what people write stays.
func TestUnhidden(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"In\u200bvis\u2060ible\ufeff":                "Invisible",
		"a\ufe00\ufe01\ufe02b":                       "a\ufe00b", // a message in selectors
		"\ufe0f\ufe0f":                               "",
		" \ufe0f":                                    " ",
		"hi\U000e0041\U000e0042":                     "hi",
		"x\U000e0101\U000e0102":                      "x\U000e0101",
		"\u3164\u115f\u1160\uffa0\u2800":             "",
		"\u2764\ufe0f":                               "\u2764\ufe0f",  // a red heart
		"1\ufe0f\u20e3":                              "1\ufe0f\u20e3", // a keycap
		"\U0001f468\u200d\U0001f469\u200d\U0001f467": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
		"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f":                     "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", // England
		"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\U000e0041\U000e0042": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\U000e0041",
		"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645":                                           "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", // Persian with its joiner
		"\u0915\u094d\u200d\u0937":      "\u0915\u094d\u200d\u0937",      // Devanagari
		"\ud55c\uae00 \u8fbb\U000e0100": "\ud55c\uae00 \u8fbb\U000e0100", // Korean; a form of a Han character
	} {
		if got := unhidden(in); got != want {
			t.Errorf("unhidden(%+q) = %+q, want %+q", in, got, want)
		}
	}
}
