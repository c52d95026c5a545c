package markdown

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// link is the open link; href is empty where none is.
type link struct {
	href  string
	at    int // where its text begins in out, -1 while it has none
	marks int // how many marks were open around it
}

var (
	inBrackets  = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)
	outBrackets = strings.NewReplacer(`\\`, `\`, `\[`, "[", `\]`, "]")
	inAngles    = strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20", "\n", "%0A")
)

func (w *writer) startLink(href string) {
	w.endLink()
	if href = strings.TrimSpace(href); href != "" {
		w.link = link{href: href, at: -1, marks: len(w.marks)}
	}
}

// endLink writes the link's end: a mention and a hashtag as their names, an
// address that is its own text once, and in full.
func (w *writer) endLink() {
	l := w.link
	w.link = link{}
	if l.href == "" || l.at < 0 {
		return
	}
	w.closeMarks(min(l.marks, len(w.marks)))
	written := string(w.out[l.at:])
	label := outBrackets.Replace(written)
	w.out = w.out[:l.at]
	if w.name != nil {
		sign, outside := w.before()
		if name := w.name(sign+label, l.href); name != "" {
			if outside {
				w.out = w.out[:len(w.out)-1]
			}
			w.out = append(w.out, name...)
			return
		}
	}
	switch {
	case shows(label, l.href):
		w.out = append(w.out, l.href...)
	case strings.HasPrefix(written, "![") && strings.HasSuffix(written, target(l.href)):
		w.out = append(w.out, written...) // a picture that leads to itself
	default:
		w.out = append(append(append(w.out, '['), written...), ']')
		w.out = append(w.out, target(l.href)...)
	}
}

// before is the sign of a mention or a hashtag that stands before its link, as
// some programs write it.
func (w *writer) before() (sign string, is bool) {
	n := len(w.out)
	if n == 0 || w.out[n-1] != '@' && w.out[n-1] != '#' && w.out[n-1] != '!' {
		return "", false
	}
	return string(w.out[n-1:]), true
}

// shows says that a text is the address itself, whole, without what goes without
// saying, or its beginning.
func shows(label, href string) bool {
	if label == href {
		return true
	}
	short := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	cut, isCut := strings.CutSuffix(label, "…")
	if !isCut {
		cut, isCut = strings.CutSuffix(label, "...")
	}
	if isCut {
		return len(cut) > 3 && strings.HasPrefix(short(href), short(cut))
	}
	return short(label) == short(href)
}

// target is the address of a link or a picture, in its brackets.
func target(href string) string {
	if strings.ContainsAny(href, "()<> \n") {
		return "(<" + inAngles.Replace(href) + ">)"
	}
	return "(" + href + ")"
}

// Image is a picture in Markdown; one that stands for a sign (an emoji) is that
// sign.
func Image(alt, src string) string {
	alt = strings.Join(strings.Fields(alt), " ")
	if src == "" || IsSign(alt) {
		return alt
	}
	return "![" + inBrackets.Replace(alt) + "]" + target(src)
}

// Link is a link in Markdown.
func Link(label, href string) string {
	return "[" + inBrackets.Replace(strings.Join(strings.Fields(label), " ")) + "]" + target(href)
}

// longestSign is how many bytes a sign has at most that is no name in colons: a
// family with skins is the longest.
const longestSign = 40

// IsSign says that what a picture shows is an emoji: a name in colons, or signs
// without a letter.
func IsSign(alt string) bool {
	if n := len(alt); n > 2 && alt[0] == ':' && alt[n-1] == ':' && !strings.ContainsAny(alt, " ") {
		return true
	}
	return alt != "" && len(alt) <= longestSign && strings.IndexFunc(alt, func(r rune) bool { return r < 0x2000 || r >= 0x2e80 && r < 0x1f000 }) < 0
}

// literal is the open code.
type literal struct {
	tag  atom.Atom
	text []byte
}

func (w *writer) startCode(tag atom.Atom) {
	if tag == atom.Pre && !w.oneLine() {
		w.block(2)
	}
	w.code = &literal{tag: tag}
}

// endCode writes code between more backticks than it holds.
func (w *writer) endCode() {
	if w.code == nil {
		return
	}
	c := *w.code
	w.code = nil
	if c.tag == atom.Code || w.oneLine() {
		text := string(bytes.Join(bytes.Fields(c.text), []byte(" ")))
		if text == "" {
			return
		}
		fence := strings.Repeat("`", backticks(text)+1)
		if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
			text = " " + text + " "
		}
		w.word(fence + text + fence)
		return
	}
	text := strings.Trim(strings.ReplaceAll(string(c.text), "\r", ""), "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	fence := strings.Repeat("`", max(3, backticks(text)+1))
	w.closeMarks(0)
	marks := w.marks
	w.marks = nil
	w.word(fence)
	for line := range strings.SplitSeq(text, "\n") {
		w.gap = 1
		w.word(line)
		if len(w.out) > w.limit {
			break
		}
	}
	w.gap = 1
	w.word(fence)
	w.marks = marks
	w.block(2)
}

// backticks is the longest run of them.
func backticks(s string) int {
	longest, n := 0, 0
	for _, r := range s {
		if r != '`' {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// table is the open table.
type table struct {
	depth, rows, cells int
	cell               bool // inside a cell
}

func (w *writer) startTable(tag atom.Atom) {
	t := &w.rows
	switch {
	case tag == atom.Table:
		t.depth++
		if t.depth == 1 {
			w.block(2)
			t.rows, t.cells = 0, 0
		}
	case t.depth != 1: // a table in a cell, or no table
		w.space = true
	case tag == atom.Tr:
		w.endRow()
		w.block(1)
	default:
		t.cell = false
		w.space = true
		w.word("|")
		w.space = true
		t.cells++
		t.cell = true
	}
}

func (w *writer) endTable(tag atom.Atom) {
	t := &w.rows
	switch {
	case tag == atom.Table:
		if t.depth == 1 {
			w.endRow()
			t.cell = false
			w.block(2)
		}
		t.depth = max(0, t.depth-1)
	case t.depth == 1:
		w.endRow()
	}
}

// endRow ends the row that is open; below the first is the line that makes it a
// table.
func (w *writer) endRow() {
	t := &w.rows
	t.cell = false
	if t.cells == 0 {
		return
	}
	w.space = true
	w.gap = 0
	w.word("|")
	if t.rows == 0 {
		w.gap = 1
		w.word("|" + strings.Repeat(" --- |", min(t.cells, maxOpen)))
	}
	t.rows++
	t.cells = 0
	w.gap = 1
}
