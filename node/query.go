package node

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what one query asks for; what goes beyond them is not looked at.
const (
	queryUnits = 20 // words, runs and phrases
	queryTerms = 24
)

// asked is what a query asks for. A text is found when it holds every unit.
type asked struct {
	terms   []string // by which the index finds candidates
	units   []string // words, runs and phrases as they stand in a plainText
	phrases []string // the units that a candidate may lack
	whole   string   // the query in one row
}

// parseQuery reads a query: words, and phrases in quotation marks, whose words
// stand side by side in a text. A run of three letters or more in a script
// without spaces is a phrase, too.
func parseQuery(q string) asked {
	var a asked
	var all []run
	for _, p := range quotations(q) {
		runs := runsOf(p.text)
		all = append(all, runs...)
		if p.quoted && len(runs) > 1 {
			a.add(needle(runs), true, runs...)
			continue
		}
		for _, r := range runs {
			a.add(needle([]run{r}), r.pairs && r.letters() > 2, r)
		}
	}
	a.whole = needle(all)
	return a
}

func (a *asked) add(unit string, phrase bool, runs ...run) { //nolint:revive // a property of the unit, not a mode
	if len(a.units) == queryUnits || slices.Contains(a.units, unit) {
		return
	}
	a.units = append(a.units, unit)
	if phrase {
		a.phrases = append(a.phrases, unit)
	}
	for _, r := range runs {
		terms := []string{r.text}
		if r.pairs && r.letters() > 1 {
			terms = pairsOf(r.text)
		}
		for _, t := range terms {
			if len(a.terms) < queryTerms && !slices.Contains(a.terms, t) {
				a.terms = append(a.terms, t)
			}
		}
	}
}

// needle is how runs in a row stand in a plainText: words between spaces, other
// runs also inside longer ones.
func needle(runs []run) string {
	if len(runs) == 0 {
		return ""
	}
	s := plainText(runs)
	if runs[0].pairs {
		s = s[1:]
	}
	if runs[len(runs)-1].pairs {
		s = s[:len(s)-1]
	}
	return s
}

// quotation is a part of a query.
type quotation struct {
	text   string
	quoted bool
}

// quotes are the marks that open a phrase, each before those that close it.
const quotes = "\"\" “” „“” «» 「」 『』 ＂＂"

// quotations cuts a query at its quotation marks. A mark that nothing closes
// quotes nothing.
func quotations(q string) []quotation {
	var parts []quotation
	for {
		from, to, after := quoteIn(q)
		if from < 0 {
			return append(parts, quotation{text: q})
		}
		open, _ := utf8.DecodeRuneInString(q[from:])
		parts = append(parts, quotation{text: q[:from]}, quotation{text: q[from+utf8.RuneLen(open) : to], quoted: true})
		q = q[after:]
	}
}

// quoteIn finds the first phrase: where its opening and its closing mark stand,
// and what is after it.
func quoteIn(q string) (from, to, after int) {
	unclosed := ""
	for i, r := range q {
		closing := closes(r)
		if closing == "" || strings.ContainsRune(unclosed, r) {
			continue
		}
		rest := i + utf8.RuneLen(r)
		if n := strings.IndexAny(q[rest:], closing); n >= 0 {
			_, size := utf8.DecodeRuneInString(q[rest+n:])
			return i, rest + n, rest + n + size
		}
		unclosed += string(r)
	}
	return -1, -1, -1
}

// closes are the marks that close a phrase which a mark opens, "" when it opens none.
func closes(open rune) string {
	for marks := range strings.FieldsSeq(quotes) {
		if r, size := utf8.DecodeRuneInString(marks); r == open {
			return marks[size:]
		}
	}
	return ""
}
