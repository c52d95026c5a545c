package markdown

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// text takes the text between tags: runs of white space are one space.
func (w *writer) text(b []byte) {
	if w.code != nil {
		w.code.text = append(w.code.text, b...)
		return
	}
	if w.skip {
		return
	}
	for len(b) > 0 {
		n := bytes.IndexAny(b, " \n\t\r\f")
		switch {
		case n < 0:
			w.word(string(b))
			return
		case n > 0:
			w.word(string(b[:n]))
		}
		w.space = true
		b = b[n+1:]
	}
}

// word writes a run without white space, behind what is due before it.
func (w *writer) word(s string) {
	if w.skip {
		return
	}
	w.due()
	if w.link.href != "" && w.link.at < 0 {
		w.openMarks(w.link.marks)
		w.link.at = len(w.out)
	}
	w.openMarks(len(w.marks))
	switch {
	case w.link.href != "" && !strings.HasPrefix(s, "!["):
		s = inBrackets.Replace(s)
	case w.rows.cell:
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	w.out = append(w.out, s...)
}

// due writes the line ends or the space before a word.
func (w *writer) due() {
	if w.oneLine() && w.gap > 0 {
		w.gap, w.space, w.hard = 0, true, false
	}
	switch {
	case len(w.out) == 0:
		w.prefix()
	case w.gap > 0:
		w.newLine()
	case w.space && w.out[len(w.out)-1] != ' ':
		w.out = append(w.out, ' ')
	}
	w.gap, w.hard, w.space, w.border = 0, false, false, -1
}

// newLine ends a line; what is set off ends at the end of a block and begins anew.
func (w *writer) newLine() {
	if w.hard && w.gap == 1 {
		w.out = append(w.out, "  "...)
	} else {
		w.closeMarks(0)
	}
	w.out = append(w.out, '\n')
	if w.gap > 1 {
		n := len(w.containers)
		if w.border >= 0 {
			n = min(n, w.border)
		}
		start := len(w.out)
		for _, c := range w.containers[:n] {
			w.out = append(w.out, c.indent...)
		}
		w.out = append(w.out[:start], bytes.TrimRight(w.out[start:], " ")...)
		w.out = append(w.out, '\n')
	}
	w.prefix()
}

// prefix begins a line inside its quotes and lists.
func (w *writer) prefix() {
	for i := range w.containers {
		c := &w.containers[i]
		if c.sign != "" {
			w.out = append(w.out, c.sign...)
			c.sign = ""
			continue
		}
		w.out = append(w.out, c.indent...)
	}
	w.out = append(w.out, w.lead...)
	w.lead = ""
}

// oneLine says that a line cannot end here: in a link, a heading's or a table's.
func (w *writer) oneLine() bool { return w.rows.cell || w.link.at >= 0 && w.link.href != "" }

// block asks for line ends before the next word.
func (w *writer) block(lines int) {
	if n := len(w.containers); n > 0 && w.containers[n-1].sign != "" {
		return // the first block of an item stands beside its sign
	}
	w.gap, w.hard, w.skip = max(w.gap, lines), false, false
	if w.border < 0 || w.border > len(w.containers) {
		w.border = len(w.containers)
	}
}

// lineBreak is a line break inside a paragraph; two are the end of one.
func (w *writer) lineBreak() {
	if len(w.out) == 0 || w.lead != "" {
		return
	}
	for _, tag := range w.open {
		if heading(tag) > 0 {
			w.space = true
			return
		}
	}
	if w.gap > 0 {
		w.block(2)
		return
	}
	w.gap, w.hard = 1, true
}

func (w *writer) startContainer(tag atom.Atom) {
	switch {
	case tag == atom.Li:
		w.startItem()
		return
	case tag == atom.Blockquote, !w.inList():
		w.block(2)
	default:
		w.block(1)
	}
	if len(w.containers) >= maxIndent || w.oneLine() {
		return
	}
	c := container{tag: tag}
	if tag == atom.Blockquote {
		c.indent = "> "
	}
	w.containers = append(w.containers, c)
}

// startItem begins an item of the innermost list; outside of one it is a line.
func (w *writer) startItem() {
	n := len(w.containers)
	if n == 0 || n >= maxIndent+1 || w.oneLine() || w.containers[n-1].tag != atom.Ul && w.containers[n-1].tag != atom.Ol {
		w.block(1)
		return
	}
	list := &w.containers[n-1]
	w.block(1)
	if list.items > 0 {
		w.gap = 1
	}
	list.items++
	c := container{tag: atom.Li, sign: "- "}
	if list.tag == atom.Ol {
		c.sign = strconv.Itoa(list.items) + ". "
	}
	c.indent = strings.Repeat(" ", len(c.sign))
	w.containers = append(w.containers, c)
}

func (w *writer) inList() bool {
	return slices.ContainsFunc(w.containers, func(c container) bool { return c.tag == atom.Li })
}

func (w *writer) endContainer(tag atom.Atom) {
	i := len(w.containers) - 1
	for i >= 0 && w.containers[i].tag != tag {
		i--
	}
	if i >= 0 {
		w.containers = w.containers[:i]
	}
	switch {
	case tag == atom.Li, tag != atom.Blockquote && w.inList():
		w.block(1)
	default:
		w.block(2)
	}
}

func (w *writer) startMark(tag atom.Atom, sign string) {
	if slices.ContainsFunc(w.marks, func(m mark) bool { return m.sign == sign }) {
		sign = "" // it is set off already
	}
	if len(w.marks) < maxOpen {
		w.marks = append(w.marks, mark{tag, sign})
	}
}

func (w *writer) endMark(tag atom.Atom) {
	i := len(w.marks) - 1
	for i >= 0 && w.marks[i].tag != tag {
		i--
	}
	if i < 0 {
		return
	}
	w.closeMarks(i)
	w.marks = append(w.marks[:i], w.marks[i+1:]...)
}

// openMarks writes the beginnings of marks up to the one numbered to.
func (w *writer) openMarks(to int) {
	for to = min(to, len(w.marks)); w.unwritten < to; w.unwritten++ {
		w.out = append(w.out, w.marks[w.unwritten].sign...)
	}
}

// closeMarks writes the ends of marks from the one numbered from; before the
// next word they are opened again.
func (w *writer) closeMarks(from int) {
	for i := w.unwritten - 1; i >= from; i-- {
		w.out = append(w.out, w.marks[i].sign...)
	}
	w.unwritten = min(w.unwritten, from)
}
