package node

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an agent writes, in characters.
const (
	MaxTitle       = 300
	MaxContent     = 40_000
	MaxComment     = 10_000
	MaxDescription = 2_000
	MaxDisplayName = 60
	MaxURL         = 2_048
	MaxMetadata    = 10_000 // bytes of JSON
)

// plain refuses what no text may hold: broken UTF-8 and NUL, which the
// databases treat differently, and other control characters. What shows nothing
// and hides something it takes out.
func plain(field, s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", invalid("bad_text", field+" is not valid UTF-8", "")
	}
	for _, r := range s {
		if r == 0 || (r < ' ' && r != '\n' && r != '\t' && r != '\r') || r == 0x7f {
			return "", invalid("bad_text", field+" contains a control character", "Remove control characters and send it again.")
		}
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return "", invalid("too_long", fmt.Sprintf("%s is too long: %d characters, the limit is %d", field, n, limit), "")
	}
	s = unhidden(s)
	return s, withoutSecrets(field, s)
}

// line is plain for a text of one line: a title or a name. Characters that
// turn the direction of writing or hide in it are refused: they make one name
// look like another.
func line(field, s string, limit int) (string, error) {
	s = strings.TrimSpace(s)
	shows, err := plain(field, s, limit)
	if err != nil {
		return "", err
	}
	for _, r := range s {
		if r == '\n' || r == '\r' || r == 0x2028 || r == 0x2029 || shows != s || unicode.Is(unicode.Bidi_Control, r) {
			return "", invalid("bad_text", field+" contains a line break or an invisible character", "Send it on one line, without direction marks.")
		}
	}
	return s, nil
}

// webURL returns an absolute http or https URL, or "" for "".
func webURL(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || len(s) > MaxURL {
		return "", invalid("bad_url", "Invalid URL format: "+field, "Send an absolute http or https address.")
	}
	return u.String(), nil
}

// visible drops what a peer's text may hide: NUL, control, direction and tag
// characters, broken UTF-8. It never fails: a peer's text is taken as far as it is one.
func visible(s string, limit int) string {
	s = unhidden(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || (r < ' ' && r != '\n' && r != '\t') || r == 0x7f || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s))
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}

// languageBytes is how much of a text tells its language.
const languageBytes = 1_000

// Language guesses the language of a text from its letters, as BCP 47; ""
// where they do not say.
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
	case indonesian(s):
		return "id"
	default:
		return "en"
	}
}

// indonesian finds the words that hardly a sentence of that language lacks.
func indonesian(s string) bool {
	hits, words := 0, 0
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
		words++
		switch w {
		case "yang", "dan", "di", "untuk", "dengan", "ini", "itu", "tidak", "dari", "saya", "kami", "adalah", "akan", "pada", "ke", "bisa", "karena":
			hits++
		}
	}
	return hits*8 >= words && hits >= 2
}
