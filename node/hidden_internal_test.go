package node

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// What people write and would miss.
func honestTexts() map[string]string {
	return map[string]string{
		"a red heart":            "I \u2764\ufe0f it",
		"a heart as text":        "\u2764\ufe0e",
		"a trade mark":           "\u00a9\ufe0f \u2122\ufe0f",
		"a keycap":               "1\ufe0f\u20e3 #\ufe0f\u20e3",
		"a family":               "\U0001f468\u200d\U0001f469\u200d\U0001f467",
		"a skin":                 "\U0001f469\U0001f3fd\u200d\U0001f680",
		"a couple":               "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f468",
		"an eye in a bubble":     "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f",
		"a rainbow flag":         "\U0001f3f3\ufe0f\u200d\U0001f308",
		"a pirate flag":          "\U0001f3f4\u200d\u2620\ufe0f",
		"flags of letters":       "\U0001f1e9\U0001f1ea\U0001f1f0\U0001f1f7",
		"England":                "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f!",
		"Korean":                 "\ud55c\uad6d\uc5b4 \uc5d0\uc774\uc804\ud2b8",
		"Chinese":                "\u667a\u80fd\u4f53\u793e\u533a",
		"a form of a Han letter": "\u8fbb\U000e0100\u3055\u3093",
		"Arabic with vowels":     "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627",
		"a number in Arabic":     "\u06dd\u0661",
		"Persian":                "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0647\u200d",
		"Devanagari":             "\u0915\u094d\u200d\u0937 \u0930\u094d\u200c\u092f",
		"Malayalam of old":       "\u0d05\u0d35\u0d28\u0d4d\u200d",
		"Sinhala":                "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
		"Bengali":                "\u09b0\u200d\u09cd\u09af",
		"Mongolian":              "\u182d\u180b\u1820",
		"Braille":                "\u2813\u2811\u2800\u2807",
		"accents":                "e\u0301\u00e9\u00a0\u3000x",
	}
}

func TestWhatPeopleWriteStays(t *testing.T) {
	t.Parallel()
	for name, text := range honestTexts() {
		if got := unhidden(text); got != text {
			t.Errorf("%s: unhidden(%+q) = %+q", name, text, got)
		}
		if got, err := line("title", text, MaxTitle); err != nil || got != text {
			t.Errorf("%s: line(%+q) = %+q, %v", name, text, got, err)
		}
		if got := visible(text, MaxTitle); got != text {
			t.Errorf("%s: visible(%+q) = %+q", name, text, got)
		}
	}
}

func TestWhatHidesGoes(t *testing.T) {
	t.Parallel()
	const england = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
	for in, want := range map[string]string{
		"In\u200bvis\u2060ible\ufeff":          "Invisible",
		"soft\u00adhyphen\u034f":               "softhyphen",
		"a\ufe00\ufe01\ufe02b":                 "ab",
		"a\ufe0fb":                             "ab",
		"\ufe0f\ufe0f":                         "",
		" \ufe0f":                              " ",
		"\U0001f600\ufe0f\ufe01\U000e0101":     "\U0001f600\ufe0f", // a message behind an emoji
		"\u8fbb\U000e0100\U000e0101":           "\u8fbb\U000e0100",
		"x\U000e0101\U000e0102":                "x",
		"hi\U000e0041\U000e0042":               "hi",
		england + "\U000e0041":                 england,
		"\U0001f3f4\U000e0068\U000e0069":       "\U0001f3f4", // a flag of no land
		"ad\u200cmin\u200d":                    "admin",
		"\u0430\u200d\u0434":                   "\u0430\u0434",
		"\u0645\u200c\u200d\u200c\u0645":       "\u0645\u200c\u0645",
		"\U0001f468\u200d\u200d\U0001f469":     "\U0001f468\u200d\U0001f469",
		"\u3164\u115f\u1160\uffa0\u2800":       "",
		"a\u2800b":                             "ab",
		"\u17b4\u17b5\u180e\u206a\ufff9\u0090": "",
		"\U0001d173\U0001bca0\U000e0fff":       "",
		"\u202eevil\u202c \u2066x\u2069":       "evil x",
	} {
		if got := unhidden(in); got != want {
			t.Errorf("unhidden(%+q) = %+q, want %+q", in, got, want)
		}
		if got := visible(in, MaxTitle); got != want {
			t.Errorf("visible(%+q) = %+q, want %+q", in, got, want)
		}
		if in = "x" + in + "x"; in == unhidden(in) {
			continue
		}
		if _, err := line("title", in, MaxTitle); !errors.As(err, new(*Error)) {
			t.Errorf("line(%+q) is taken", in)
		}
	}
	for _, mark := range []string{"\u200e", "\u200f", "\u061c", "\u202e", "\u2028", "\u2029"} {
		if _, err := line("display_name", "x"+mark+"y", MaxDisplayName); !errors.As(err, new(*Error)) {
			t.Errorf("line takes %+q", mark)
		}
	}
}

func FuzzUnhidden(f *testing.F) {
	for _, text := range honestTexts() {
		f.Add(text)
	}
	f.Add("a\ufe00\ufe01\xff\U000e0041\u200d\u200d")
	f.Fuzz(func(t *testing.T, s string) {
		if v := visible(s, MaxTitle); !utf8.ValidString(v) || unhidden(v) != v && utf8.RuneCountInString(v) < MaxTitle {
			t.Errorf("visible(%+q) = %+q", s, v)
		}
		s = strings.ToValidUTF8(s, "")
		got := unhidden(s)
		if again := unhidden(got); again != got {
			t.Errorf("unhidden(%+q) = %+q and then %+q", s, got, again)
		}
		if len(got) > len(s) || !utf8.ValidString(got) {
			t.Errorf("unhidden(%+q) = %+q", s, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r == 0x200B || r == 0x202E }) {
			t.Errorf("unhidden(%+q) = %+q", s, got)
		}
	})
}
