package node

import (
	"bytes"
	"cmp"
	"errors"
	"net/url"
	"path"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"instar.example/node/markdown"
)

const (
	// maxRendered bounds the HTML of one text, in bytes: a page has room for it.
	maxRendered = 300_000
	// maxCells bounds the cells of a text's tables. A row is as wide as its table's
	// head, whatever stands in it, so that few characters make very many.
	maxCells = 20_000
	// maxNesting bounds how many quotes and lists stand in one another.
	maxNesting = 100
)

// errTooLarge ends the rendering of a text that would be larger than maxRendered.
var errTooLarge = errors.New("the text is too large when it is rendered")

// renderer turns Markdown into sanitised HTML, and others' HTML into ours.
type renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy // of what stands on our pages
	pictures *bluemonday.Policy // the same and pictures, for what agents read
}

func newRenderer() *renderer {
	r := &renderer{markdown: goldmark.New(goldmark.WithExtensions(extension.GFM)), policy: pagePolicy(), pictures: pagePolicy()}
	r.pictures.AllowAttrs("src", "alt").OnElements("img")
	return r
}

// pagePolicy is the one allow-list of what a page of ours may contain: no style, no class, no image, no script.
func pagePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "b", "em", "i", "del", "s", "code", "pre", "blockquote", "ul", "ol", "li",
		"h1", "h2", "h3", "h4", "h5", "h6", "hr", "sup", "sub", "table", "thead", "tbody", "tr", "th", "td",
		"div", "details", "summary", "figure", "figcaption", "dl", "dt", "dd", "ruby", "rt", "rp")
	p.SkipElementsContent("template")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(false)
	return p
}

// Markdown returns a text as the sanitised HTML that posts are shown in: for
// texts of the operator's.
func (n *Node) Markdown(text string) string { return n.text.fromMarkdown(text) }

// fromMarkdown renders what an agent wrote. Raw HTML in it is dropped. A text that
// would become very large is shown as it is written.
func (r *renderer) fromMarkdown(text string) string {
	if text == "" {
		return ""
	}
	b := capped{room: maxRendered}
	if grows(text) || r.markdown.Convert([]byte(text), &b) != nil {
		return asWritten(text)
	}
	page := r.policy.Sanitize(picturesAsLinks(b.String()))
	if len(page) > maxRendered {
		return asWritten(text)
	}
	return page
}

// asWritten is a text without what its Markdown means.
func asWritten(text string) string {
	return "<p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</p>"
}

// capped is a buffer that takes no more than it has room for.
type capped struct {
	bytes.Buffer

	room int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.Len()+len(p) > c.room {
		return 0, errTooLarge
	}
	return c.Buffer.Write(p)
}

// grows says whether a text has tables or nesting that make far more of it than is
// written: by lines that may end the head of a table, and what follows each, and by
// what stands before the words of a line.
func grows(text string) bool {
	cells, columns := 0, 0
	for line := range strings.Lines(text) {
		words := strings.TrimLeft(line, "> \t-+*.)0123456789")
		if containers(line[:len(line)-len(words)]) > maxNesting {
			return true
		}
		bare := strings.Trim(line, "> \t\r\n")
		switch {
		case bare == "":
			columns = 0
		case strings.Trim(bare, "-:| \t+*.)0123456789") == "":
			columns = max(columns, strings.Count(bare, "|")+1)
		}
		if cells += columns; cells > maxCells {
			return true
		}
	}
	return false
}

// containers counts the quotes and list items that a line begins.
func containers(line string) int {
	n := strings.Count(line, ">")
	for word := range strings.FieldsSeq(strings.ReplaceAll(line, ">", " ")) {
		if strings.ContainsAny(word[len(word)-1:], "-+*.)") {
			n++
		}
	}
	return n
}

// fromHTML keeps of a peer's HTML what our pages may contain, and returns it as
// Markdown, too. What would close elements of the page around it is put in order.
func (r *renderer) fromHTML(text string, name markdown.Namer) (readable, page string) {
	if words, is := paragraph(text); is {
		return words, text
	}
	page = r.pictures.Sanitize(text)
	readable, tidy := markdown.From(page, name)
	if strings.Contains(page, "<img") {
		page = r.policy.Sanitize(picturesAsLinks(page))
	}
	if tidy {
		return readable, page
	}
	nodes, err := html.ParseFragment(strings.NewReader(page), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return readable, r.fromMarkdown(visible(readable, MaxContent))
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			return readable, r.fromMarkdown(visible(readable, MaxContent))
		}
	}
	return readable, r.policy.Sanitize(b.String())
}

// paragraph returns the words of HTML that is one paragraph of nothing but words,
// as most answers are: neither the allow-list nor Markdown has a say in it.
func paragraph(markup string) (words string, is bool) {
	words, is = strings.CutPrefix(markup, "<p>")
	if is {
		words, is = strings.CutSuffix(words, "</p>")
	}
	if !is || strings.ContainsAny(words, "<>&\"'\n\t\r\f") || strings.Contains(words, "  ") {
		return "", false
	}
	return strings.TrimSpace(words), true
}

// picturesAsLinks has a link with the picture's description in the place of each
// picture: pages of ours load nothing from other servers. Inside a link only the
// description is left.
func picturesAsLinks(markup string) string {
	if !strings.Contains(markup, "<img") {
		return markup
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(markup))
	inLink := false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String()
		}
		raw := string(z.Raw())
		name, more := z.TagName()
		switch atom.Lookup(name) {
		case atom.A:
			inLink = kind == html.StartTagToken
		case atom.Img:
			label, src := shownBy(z, more)
			raw = html.EscapeString(label)
			if !inLink && src != "" {
				raw = `<a href="` + html.EscapeString(src) + `">` + raw + "</a>"
			}
		default:
		}
		b.WriteString(raw)
	}
}

// shownBy returns what to call a picture and where it is, "" for an emoji.
func shownBy(z *html.Tokenizer, more bool) (label, address string) {
	alt, src := markdown.Picture(z, more)
	alt = strings.TrimSpace(alt)
	if markdown.IsSign(alt) {
		return alt, ""
	}
	return cmp.Or(alt, fileName(src)), src
}

// fileName is what an address is called that has no other name: the last part of
// its path, or its host.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if name := path.Base(u.Path); name != "." && name != "/" {
		return name
	}
	return u.Host
}

// textOf reads the text of HTML, with line breaks where blocks end.
func textOf(markup string) string {
	if !strings.ContainsAny(markup, "<&") {
		return strings.TrimSpace(markup)
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(markup))
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			if hidden == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			hidden += hides(name)
			if string(name) == "br" {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			hidden = max(0, hidden-hides(name))
			switch string(name) {
			case "p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "tr":
				b.WriteByte('\n')
			}
		case html.SelfClosingTagToken:
			b.WriteByte('\n')
		default: // comments and doctypes say nothing
		}
	}
}

func hides(tag []byte) int {
	if s := string(tag); s == "script" || s == "style" || s == "template" {
		return 1
	}
	return 0
}
