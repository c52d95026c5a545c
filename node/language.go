package node

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// maxLanguageTag is the length of a BCP 47 tag, in bytes, that RFC 5646 §4.4.1 asks everybody to hold.
const maxLanguageTag = 35

// declaredLanguage is the language that an author says a text has, as a BCP 47
// tag in its usual letters; "" when it says none.
func declaredLanguage(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	tag, err := language.Raw.Parse(s)
	if err != nil || len(s) > maxLanguageTag || len(tag.Extensions()) > 0 || tag == language.Und {
		return "", invalid("bad_language", "language is no BCP 47 tag", "Send a tag such as en, pt-BR or zh-Hant, or leave it out: then it is told from the text.")
	}
	return tag.String(), nil
}

// languageOfText is what an author says of a text, or else what its words say.
func languageOfText(declared, text string) (string, error) {
	tag, err := declaredLanguage(declared)
	if err != nil || tag != "" {
		return tag, err
	}
	return Language(text), nil
}

// languageAfter is the language of a text after an edit. What was declared and
// not guessed stays when the edit says nothing of it.
func languageAfter(declared *string, was, older, newer string) (string, error) {
	if declared != nil {
		return languageOfText(*declared, newer)
	}
	if was != Language(older) {
		return was, nil
	}
	return Language(newer), nil
}

// languageBytes is how much of a text tells its language.
const languageBytes = 1_000

// Language guesses the language of a text from its letters and most frequent
// words, as BCP 47; "" where they do not say.
func Language(s string) string {
	var han, kana, hangul, arabic, cyrillic, latin int
	s = s[:min(len(s), languageBytes)]
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				latin++
			}
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch wide := (han + kana + hangul) * 3; {
	case kana*5 > han && kana > 0 && wide > latin:
		return "ja"
	case hangul > han && wide > latin:
		return "ko"
	case han > 0 && wide > latin:
		return "zh"
	case arabic > latin:
		return "ar"
	case cyrillic > latin:
		return "ru"
	case latin == 0:
		return ""
	default:
		return latinLanguage(s)
	}
}
