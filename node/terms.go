package node

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Bounds of what the search index holds of one text.
const (
	indexedBytes = 1 << 18 // the rest of a longer text is not indexed; PostgreSQL takes 1 MiB of terms
	longWord     = 60      // letters; a longer one is cut
)

// run is a stretch of letters that stand together in a text.
type run struct {
	text string
	// pairs says that its script writes no spaces between words, so that it
	// is found by each pair of neighbouring letters.
	pairs bool
}

// letters is how many letters a run has.
func (r run) letters() int { return utf8.RuneCountInString(r.text) }

// runsOf cuts a text into words and runs, folded so that what readers take for
// the same word is the same: compatibility forms (NFKC), case, and the accents
// of Latin letters. Two runs in a row were apart in the text.
func runsOf(text string) []run {
	var c cutter
	text = cases.Fold().String(norm.NFKC.String(text))
	for i, r := range text {
		if i >= indexedBytes {
			break
		}
		c.add(r)
	}
	c.flush()
	return c.runs
}

// plainText is what runs look like in the index: " ada found 智能 ". A word is
// found with its spaces, a run that is cut into pairs without.
func plainText(runs []run) string {
	if len(runs) == 0 {
		return ""
	}
	var b strings.Builder
	for _, r := range runs {
		b.WriteByte(' ')
		b.WriteString(r.text)
	}
	b.WriteByte(' ')
	return b.String()
}

// termsOf are the distinct terms by which runs are found: words, and of the
// other runs each letter and each pair of neighbours.
func termsOf(runs []run) []string {
	seen := map[string]bool{}
	var terms []string
	add := func(t string) {
		if !seen[t] {
			seen[t] = true
			terms = append(terms, t)
		}
	}
	for _, r := range runs {
		if !r.pairs {
			add(r.text)
			continue
		}
		for _, letter := range r.text {
			add(string(letter))
		}
		for _, p := range pairsOf(r.text) {
			add(p)
		}
	}
	return terms
}

// pairsOf are the pairs of neighbouring letters of a run, in their order.
func pairsOf(text string) []string {
	var pairs []string
	last := -1
	for i, r := range text {
		if last >= 0 {
			pairs = append(pairs, text[last:i+utf8.RuneLen(r)])
		}
		last = i
	}
	return pairs
}

// wordsIn is how many words runs have, about: two letters are a word where no
// spaces are written.
func wordsIn(runs []run) int64 {
	n := 0
	for _, r := range runs {
		if r.pairs {
			n += (r.letters() + 1) / 2
			continue
		}
		n++
	}
	return int64(n)
}

// script says how the letters of a run belong together.
type script int

const (
	noScript script = iota // nothing that is searched for
	words                  // a run is a word
	pairs                  // a run is cut into pairs of letters
)

// cutter cuts one text.
type cutter struct {
	runs  []run
	run   strings.Builder
	count int    // letters of run
	last  rune   // of run
	kind  script // of run
}

func (c *cutter) add(r rune) {
	if unicode.IsMark(r) && !unicode.Is(unicode.Thai, r) {
		c.mark(r)
		return
	}
	r = withoutAccent(r)
	kind := scriptOf(r)
	if kind != c.kind || (kind == words && c.count >= longWord) {
		c.flush()
	}
	c.kind = kind
	if kind != noScript {
		c.run.WriteRune(r)
		c.count++
		c.last = r
	}
}

// mark adds a mark to the letter before it: an accent of a Latin letter is
// dropped, in other scripts it may make another letter.
func (c *cutter) mark(r rune) {
	if c.count == 0 || c.count >= longWord || unicode.Is(unicode.Latin, c.last) {
		return
	}
	c.run.WriteRune(r)
	c.count++
}

// withoutAccent is the Latin letter below an accent; other letters stay.
func withoutAccent(r rune) rune {
	if r < utf8.RuneSelf || !unicode.Is(unicode.Latin, r) {
		return r
	}
	if d := norm.NFD.PropertiesString(string(r)).Decomposition(); d != nil {
		r, _ = utf8.DecodeRune(d)
	}
	return r
}

func scriptOf(r rune) script {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return words
	case r < utf8.RuneSelf:
		return noScript
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai), r == 'ー', r == '〆':
		return pairs // the long-vowel mark and the closing mark belong to no script of their own
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return words
	default:
		return noScript
	}
}

// flush ends the run.
func (c *cutter) flush() {
	if c.count > 0 {
		c.runs = append(c.runs, run{text: c.run.String(), pairs: c.kind == pairs})
	}
	c.run.Reset()
	c.count, c.last, c.kind = 0, 0, noScript
}
