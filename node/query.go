package node

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what one query asks for.
const (
	queryUnits = 20 // words, runs and phrases; further ones are not looked at
	queryTerms = 8  // by which the index is asked; others are looked for in the texts
)

// asked is what a query asks for. A text is found when it holds every unit.
type asked struct {
	terms  []string // by which the index finds candidates
	units  []string // words, runs and phrases as they stand in a plainText
	unsure []string // the units that a candidate may lack
	whole  string   // the query in one row
}

// parseQuery reads a query: words, and phrases in quotation marks, whose words
// stand side by side in a text. A run of three letters or more in a script
// without spaces is a phrase, too.
func parseQuery(q string) asked {
	var a asked
	var all []run
	terms := map[string][]string{} // of each unit
	add := func(runs ...run) {
		unit := needle(runs)
		if len(a.units) == queryUnits || slices.Contains(a.units, unit) {
			return
		}
		a.units = append(a.units, unit)
		for _, r := range runs {
			terms[unit] = append(terms[unit], r.queryTerms()...)
		}
	}
	for _, p := range quotations(q) {
		runs := runsOf(p.text)
		all = append(all, runs...)
		if p.quoted && len(runs) > 1 {
			add(runs...)
			continue
		}
		for _, r := range runs {
			add(r)
		}
	}
	a.whole = needle(all)
	a.choose(terms)
	return a
}

// queryTerms are terms by which the index finds a run: of pairs every other one
// and the last are enough, for the texts are looked at, too.
func (r run) queryTerms() []string {
	if !r.pairs || r.letters() == 1 {
		return []string{r.text}
	}
	var some []string
	all := pairsOf(r.text)
	for i, p := range all {
		if i%2 == 0 || i == len(all)-1 {
			some = append(some, p)
		}
	}
	return some
}

// choose decides which terms the index is asked for: the longest words, which
// few texts hold.
func (a *asked) choose(terms map[string][]string) {
	for _, u := range a.units {
		for _, t := range terms[u] {
			if !slices.Contains(a.terms, t) {
				a.terms = append(a.terms, t)
			}
		}
	}
	slices.SortStableFunc(a.terms, func(s, t string) int { return cmp.Compare(len(t), len(s)) })
	a.terms = a.terms[:min(len(a.terms), queryTerms)]
	for _, u := range a.units {
		chosen := func(t string) bool { return slices.Contains(a.terms, t) }
		if len(terms[u]) > 1 || !chosen(terms[u][0]) {
			a.unsure = append(a.unsure, u)
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
