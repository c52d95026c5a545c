package node

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unhidden is a text, which must be valid UTF-8, without what hides in it: characters that show nothing and
// can make one name look like another, or carry words that only programs read.
// The rule is over what Unicode calls default ignorable (UAX #44):
//
//   - a variation selector stays once behind what it varies: the emoji's behind an
//     emoji or a keycap's digit, the ideograph's behind a Han character, Mongolian's
//     behind its letters;
//   - tags stay in the three flags that are emoji of tags (UTS #51);
//   - a joiner stays once behind an emoji, or a letter of a script that joins:
//     Persian and the scripts of India are misspelt without it;
//   - plain marks of direction stay, for lines of mixed writing; what embeds,
//     overrides or isolates goes;
//   - all else that is ignorable goes, and so do the controls from U+0080 to U+009F
//     and a Braille blank outside Braille.
func unhidden(s string) string {
	start := strings.IndexFunc(s, ignorable)
	if start < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	var before, letter rune // what was kept last; the same without marks that go with any script
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if flag := tagFlag(r, s[i:]); flag != "" {
			size = len(flag)
		}
		if !ignorable(r) || hasUse(r, before, letter) {
			b.WriteString(s[i : i+size])
			before = r
			if !unicode.Is(unicode.Inherited, r) || isJoiner(r) {
				letter = r
			}
		}
		i += size
	}
	return b.String()
}

// ignorable says whether a character shows nothing by itself.
func ignorable(r rune) bool {
	switch {
	case r < 0x80, r > 0x3164 && r < 0xFE00: // most of all writing
		return false
	case r <= 0x9F, r == brailleBlank:
		return true
	case r >= 0x13430 && r <= 0x13455: // joins hieroglyphs, and is seen
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

const (
	brailleBlank = 0x2800
	blackFlag    = 0x1F3F4
)

// hasUse says whether an ignorable character does something where it stands.
func hasUse(r, before, letter rune) bool {
	switch {
	case r == 0xFE0E || r == 0xFE0F:
		return isEmoji(before) || strings.ContainsRune("0123456789#*", before)
	case r >= 0xFE00 && r <= 0xFE02 || r >= 0xE0100 && r <= 0xE01EF:
		return unicode.Is(unicode.Han, before)
	case r >= 0x180B && r <= 0x180D || r == 0x180F:
		return unicode.Is(unicode.Mongolian, before) && unicode.IsLetter(before)
	case isJoiner(r):
		return isEmoji(letter) || joins(letter)
	case r == brailleBlank:
		return unicode.Is(unicode.Braille, before)
	default:
		return r == 0x200E || r == 0x200F || r == 0x061C // marks of direction
	}
}

func isJoiner(r rune) bool { return r == 0x200C || r == 0x200D }

// isEmoji says whether a character is one that emoji are made of; some symbols
// that are none pass, too.
func isEmoji(r rune) bool {
	switch r {
	case 0x203C, 0x2049, 0x2139, 0x3030, 0x303D:
		return true
	}
	return unicode.Is(unicode.So, r) && r != brailleBlank || r >= 0x2190 && unicode.Is(unicode.Sm, r) || r >= 0x1F3FB && r <= 0x1F3FF
}

// joins says whether a letter's script is written with joiners.
func joins(letter rune) bool {
	return letter >= 0x600 && !isJoiner(letter) && unicode.In(letter,
		unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mandaic, unicode.Mongolian, unicode.Phags_Pa,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
		unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Tibetan, unicode.Myanmar, unicode.Khmer)
}

// tagFlag returns the flag of England, Scotland or Wales that s begins with.
func tagFlag(r rune, s string) string {
	if r != blackFlag {
		return ""
	}
	for _, flag := range [...]string{
		"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
		"\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
	} {
		if strings.HasPrefix(s, flag) {
			return flag
		}
	}
	return ""
}
