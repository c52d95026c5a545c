// Package markdown turns the HTML of other servers into the Markdown that agents
// read: addresses of links, lists, quotes, code, headings and what pictures show
// stay. It is for HTML that was sanitised; it takes nothing out itself, and holds
// no more of its input open than maxOpen elements.
//
// Text is written as it is, without escapes: "\_" in a name or an address would
// make another name of it, and readers of the result are no renderers.
//
// It is ours because the text is a stranger's and must cost no more than its
// length: html-to-markdown v2.5.2 needs 30 s of a processor for 40 KB of lines
// within 200 quotes, and gives up beyond 512 elements.
package markdown

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxOpen bounds the elements that are open at once; what opens beyond is
	// read as if it stood there without its element.
	maxOpen = 64
	// maxIndent bounds the quotes and list items around a line: what stands
	// deeper is written at that depth.
	maxIndent = 12
	// maxGrowth bounds the result by the size of what it is made of.
	maxGrowth = 8
	spareRoom = 1 << 10
)

// Namer says what a link that is no address to follow is written as: the whole
// name of who is mentioned, or a hashtag; "" for any other link.
type Namer func(label, href string) string

// From returns the Markdown of sanitised HTML. tidy says that its elements are
// closed in the order in which they were opened, and not too many at once: HTML
// that is not may close those of the page around it.
func From(markup string, name Namer) (text string, tidy bool) {
	if !strings.ContainsAny(markup, "<&") {
		return strings.TrimSpace(markup), true
	}
	if !strings.Contains(markup, "<") {
		return strings.TrimSpace(html.UnescapeString(markup)), true
	}
	w := &writer{name: name, limit: maxGrowth*len(markup) + spareRoom, tidy: true, border: -1}
	w.out = make([]byte, 0, len(markup))
	z := html.NewTokenizer(strings.NewReader(markup))
	for len(w.out) < w.limit {
		switch z.Next() {
		case html.ErrorToken:
			return w.end(), w.tidy && len(w.open) == 0
		case html.TextToken:
			w.text(z.Text())
		case html.StartTagToken:
			w.start(z)
		case html.EndTagToken:
			tag, _ := z.TagName()
			w.close(atom.Lookup(tag))
		case html.SelfClosingTagToken:
			w.start(z)
		default: // comments and doctypes say nothing
		}
	}
	return w.end(), false
}

// writer is the state of one conversion.
type writer struct {
	name  Namer
	limit int
	out   []byte
	open  []atom.Atom // elements that are not closed yet
	tidy  bool

	gap    int  // line ends before the next word: 1 a new line, 2 an empty one
	hard   bool // the new line is a break inside a paragraph
	space  bool // a space before the next word
	border int  // how many containers the empty line before the next word is in, -1 for all

	containers []container
	lead       string // opens the next line: the sign of a heading
	marks      []mark
	unwritten  int // the first of marks that is not written yet

	link link
	code *literal
	rows table
	skip bool // in brackets that are written for readers without ruby
}

// container is a quote or a list, or an item of one.
type container struct {
	tag    atom.Atom
	sign   string // begins its first line
	indent string // begins its further lines
	items  int    // of a list
}

type mark struct {
	tag  atom.Atom
	sign string
}

func (w *writer) end() string {
	w.endCode()
	w.endLink()
	w.closeMarks(0)
	return strings.TrimSpace(string(w.out))
}

// start takes a start tag.
func (w *writer) start(z *html.Tokenizer) {
	name, more := z.TagName()
	tag := atom.Lookup(name)
	switch tag {
	case atom.Br, atom.Hr, atom.Img:
		w.void(tag, z, more)
		return
	default:
	}
	if len(w.open) == maxOpen {
		w.tidy = false
	} else {
		w.open = append(w.open, tag)
	}
	if w.code != nil {
		return // in code there is only text
	}
	switch tag {
	case atom.A:
		w.startLink(attribute(z, more, "href"))
	case atom.Pre, atom.Code:
		w.startCode(tag)
	case atom.Rp:
		w.skip = true
	case atom.Rt:
		w.skip = false
		w.word("(")
	case atom.Table, atom.Tr, atom.Td, atom.Th:
		w.startTable(tag)
	case atom.Blockquote, atom.Ul, atom.Ol, atom.Li:
		w.startContainer(tag)
	default:
		w.startPlain(tag)
	}
}

func (w *writer) startPlain(tag atom.Atom) {
	if sign := signOf(tag); sign != "" {
		w.startMark(tag, sign)
		return
	}
	w.blockEnd(tag)
	if n := heading(tag); n > 0 && !w.oneLine() {
		w.lead = strings.Repeat("#", n) + " "
	}
}

func (w *writer) void(tag atom.Atom, z *html.Tokenizer, more bool) {
	switch {
	case w.code != nil:
		if tag == atom.Br {
			w.code.text = append(w.code.text, '\n')
		}
	case tag == atom.Br:
		w.lineBreak()
	case tag == atom.Hr:
		w.block(2)
		w.word("---")
		w.block(2)
	default:
		w.word(Image(Picture(z, more)))
	}
}

// Picture reads the attributes of the img that a tokenizer stands at, of which
// there are more: what the picture shows and where it is, "" for neither.
func Picture(z *html.Tokenizer, more bool) (alt, src string) {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "src":
			src = string(value)
		case "alt":
			alt = string(value)
		}
	}
	return alt, src
}

// close takes an end tag.
func (w *writer) close(tag atom.Atom) {
	if tag == atom.Br || tag == atom.Hr || tag == atom.Img {
		return
	}
	switch n := len(w.open); {
	case n > 0 && w.open[n-1] == tag:
		w.open = w.open[:n-1]
	default:
		w.tidy = false
		i := n - 1
		for i >= 0 && w.open[i] != tag {
			i--
		}
		if i < 0 {
			return // nothing of it is open
		}
		w.open = append(w.open[:i], w.open[i+1:]...)
	}
	if w.code != nil {
		if tag == w.code.tag {
			w.endCode()
		}
		return
	}
	switch tag {
	case atom.A:
		w.endLink()
	case atom.Rp, atom.Ruby:
		w.skip = false
	case atom.Rt:
		w.space = false
		w.word(")")
	case atom.Table, atom.Tr:
		w.endTable(tag)
	case atom.Blockquote, atom.Ul, atom.Ol, atom.Li:
		w.endContainer(tag)
	default:
		if signOf(tag) != "" {
			w.endMark(tag)
			return
		}
		if heading(tag) > 0 {
			w.lead = ""
		}
		w.blockEnd(tag)
	}
}

// blockEnd parts an element that is a block from what is beside it.
func (w *writer) blockEnd(tag atom.Atom) {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Details, atom.Summary, atom.Figure, atom.Dl:
		w.block(2)
	case atom.Div, atom.Figcaption, atom.Dt, atom.Dd:
		w.block(1)
	default:
	}
}

func heading(tag atom.Atom) int {
	switch tag {
	case atom.H1:
		return 1
	case atom.H2:
		return 2
	case atom.H3:
		return 3
	case atom.H4:
		return 4
	case atom.H5:
		return 5
	case atom.H6:
		return 6
	default:
		return 0
	}
}

// signOf is what stands on both sides of a text that is set off.
func signOf(tag atom.Atom) string {
	switch tag {
	case atom.Strong, atom.B:
		return "**"
	case atom.Em, atom.I:
		return "*"
	case atom.Del, atom.S:
		return "~~"
	case atom.Sup:
		return "^"
	case atom.Sub:
		return "~"
	default:
		return ""
	}
}

func attribute(z *html.Tokenizer, more bool, name string) string {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if string(key) == name {
			return string(value)
		}
	}
	return ""
}
