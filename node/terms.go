package node

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what the search index holds of one text.
const (
	indexTerms = 20_000
	longTerm   = 60 // letters; longer runs are cut
)

// Terms cuts a text into what the index holds, separated by spaces: words in
// lower case, and for scripts that write without spaces each pair of
// neighbouring letters, so that words of two letters are found.
func Terms(text string) string {
	var c cutter
	for _, r := range text {
		c.add(r)
	}
	c.flush()
	return strings.TrimSpace(c.out.String())
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
	out   strings.Builder
	run   []rune
	kind  script // of run
	count int    // of terms
}

func (c *cutter) add(r rune) {
	kind := scriptOf(r)
	if kind == noScript && unicode.IsMark(r) && len(c.run) > 0 {
		kind = c.kind // it belongs to the letter before it
	}
	if kind != c.kind || len(c.run) >= longTerm {
		c.flush()
	}
	c.kind = kind
	if kind != noScript {
		c.run = append(c.run, unicode.ToLower(r))
	}
}

func scriptOf(r rune) script {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return words
	case r < utf8.RuneSelf:
		return noScript
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai):
		return pairs
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return words
	default:
		return noScript
	}
}

// flush writes the run out.
func (c *cutter) flush() {
	defer func() { c.run = c.run[:0] }()
	switch {
	case len(c.run) == 0:
	case c.kind == words || len(c.run) == 1:
		c.term(c.run)
	default:
		for i := range len(c.run) - 1 {
			c.term(c.run[i : i+2])
		}
	}
}

func (c *cutter) term(letters []rune) {
	if c.count == indexTerms {
		return
	}
	c.count++
	c.out.WriteString(string(letters))
	c.out.WriteByte(' ')
}
