package markdown_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"instar.example/node/markdown"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, html, want string }{
		{"plain text", "two words\nand a line", "two words\nand a line"},
		{"entities alone", "a &amp; b &lt;c&gt;", "a & b <c>"},
		{"paragraphs", "<p>one</p><p>two\n words</p>\n", "one\n\ntwo words"},
		{"line breaks", "<p>one<br>two<br/>three</p>", "one  \ntwo  \nthree"},
		{"two line breaks are a paragraph", "one<br><br>two", "one\n\ntwo"},
		{"divisions", "<div>one</div><div>two</div>", "one\ntwo"},
		{"emphasis", "<p>a <strong> bold </strong>and <em>slanted</em> <del>gone</del></p>", "a **bold** and *slanted* ~~gone~~"},
		{"emphasis in itself", "<b>a <strong>b</strong> c</b>", "**a b c**"},
		{"emphasis of nothing", "<p>a<b> </b><i></i>b</p>", "a b"},
		{"emphasis over paragraphs", "<b><p>one</p><p>two</p></b>", "**one**\n\n**two**"},
		{"emphasis that crosses", "<b>one <i>two</b> three</i>", "**one *two*** *three*"},
		{"raised", "10<sup>6</sup> H<sub>2</sub>O", "10^6^ H~2~O"},
		{"headings", "<h1>One</h1><h3>Three</h3><p>text</p><h2>a<br>b</h2>", "# One\n\n### Three\n\ntext\n\n## a b"},
		{"a rule", "<p>a</p><hr><p>b</p>", "a\n\n---\n\nb"},
		{"a list", "<p>a</p><ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul><p>b</p>", "a\n\n- one\n- two\n  - inner\n\nb"},
		{"a numbered list of paragraphs", "<ol><li><p>one</p></li><li><p>two</p><p>more</p></li></ol>", "1. one\n2. two\n\n   more"},
		{"an item outside of a list", "<li>one</li><li>two</li>", "one\ntwo"},
		{"a quote", "<blockquote><p>one</p><p>two</p></blockquote><p>mine</p>", "> one\n>\n> two\n\nmine"},
		{"a quote in a quote", "<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"},
		{"a list in a quote", "<blockquote><ul><li>a</li><li>b</li></ul></blockquote>", "> - a\n> - b"},
		{"code", "<p>say <code>a  `b` &lt;c&gt;</code> and <code>`</code></p>", "say ``a `b` <c>`` and `` ` ``"},
		{"a block of code", "<p>see</p><pre><code>if a {\n\n\tb()\n}\n</code></pre><p>so</p>", "see\n\n```\nif a {\n\n\tb()\n}\n```\n\nso"},
		{"a block of code with a fence", "<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````"},
		{"a block of code with breaks", "<pre>a<br>b</pre>", "```\na\nb\n```"},
		{"tags in code are text only", "<pre><code><strong>a</strong> <a href=\"https://x.example/\">b</a></code></pre>", "```\na b\n```"},
		{"a link", `<a href="https://x.example/a">here</a>`, "[here](https://x.example/a)"},
		{"a link with brackets", `<a href="https://x.example/a_(b)">a [b]</a>`, `[a \[b\]](<https://x.example/a_(b)>)`},
		{"a link that is bold inside", `<a href="https://x.example/a"><b>he</b>re</a>`, "[**he**re](https://x.example/a)"},
		{"a link around paragraphs", `<a href="https://x.example/a"><p>one</p><p>two</p></a>`, "[one two](https://x.example/a)"},
		{"a link without text", `a<a href="https://x.example/a"></a>b`, "ab"},
		{"a link in a link", `<a href="https://x.example/a">one <a href="https://x.example/b">two</a>`, "[one](https://x.example/a) [two](https://x.example/b)"},
		{"an address", `see <a href="https://x.example/a_b">https://x.example/a_b</a>.`, "see https://x.example/a_b."},
		{"an address without its beginning", `<a href="https://www.x.example/">x.example</a>`, "https://www.x.example/"},
		{"an address cut short", `<a href="https://x.example/long/way/to/go">x.example/long/w…</a>`, "https://x.example/long/way/to/go"},
		{"another address", `<a href="https://y.example/">x.example</a>`, "[x.example](https://y.example/)"},
		{"names keep their signs", "<p>snake_case_name *not* [x] 1. #</p>", "snake_case_name *not* [x] 1. #"},
		{"a picture", `<p><img src="https://x.example/a.png" alt="A  cat"></p>`, "![A cat](https://x.example/a.png)"},
		{"a picture that is a link", `<a href="https://x.example/"><img src="https://x.example/a.png" alt="A cat"></a>`, "[![A cat](https://x.example/a.png)](https://x.example/)"},
		{"a picture that leads to itself", `<a href="https://x.example/a.png"><img src="https://x.example/a.png" alt="A cat"></a>`, "![A cat](https://x.example/a.png)"},
		{"an emoji", `<p>so <img src="https://x.example/e.png" alt=":cat:"> and <img src="https://x.example/f.png" alt="🐈"></p>`, "so :cat: and 🐈"},
		{"a table", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1|2</td><td><p>3</p><p>4</p></td></tr></tbody></table><p>c</p>", "| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |\n\nc"},
		{"readings", "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> a", "漢(kan) a"},
		{"details", "<details><summary>Warning</summary><p>The end</p></details>", "Warning\n\nThe end"},
		{"a list of terms", "<dl><dt>a</dt><dd>b</dd></dl>", "a\nb"},
	} {
		if got, tidy := markdown.From(c.html, nil); got != c.want {
			t.Errorf("%s: %q, want %q (tidy %v)", c.name, got, c.want, tidy)
		}
	}
}

// What names what: a namer decides on the whole label, also when its sign
// stands before the link.
func TestNames(t *testing.T) {
	t.Parallel()
	name := func(label, href string) string {
		switch {
		case label == "@eve" && href == "https://x.example/@eve":
			return "@eve@x.example"
		case label == "#cats":
			return label
		}
		return ""
	}
	for html, want := range map[string]string{
		`<p><a href="https://x.example/@eve">@eve</a>: hi</p>`: "@eve@x.example: hi",
		`<p>@<a href="https://x.example/@eve">eve</a> hi</p>`:  "@eve@x.example hi",
		`<p>#<a href="https://x.example/t/cats">cats</a></p>`:  "#cats",
		`<p><a href="https://y.example/@eve">@eve</a></p>`:     "[@eve](https://y.example/@eve)",
		`<p>a@<a href="https://y.example/">b</a></p>`:          "a@[b](https://y.example/)",
	} {
		if got, _ := markdown.From(html, name); got != want {
			t.Errorf("%s: %q, want %q", html, got, want)
		}
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]bool{
		"a": true, "<p>a<br>b</p>": true, "<ul><li>a</li></ul>": true, "<br/>": true, `<a href="https://x.example/">a</a>`: true,
		"a</div></div>": false, "<p>a": false, "<b><i>a</b></i>": false,
		strings.Repeat("<div>", 65) + strings.Repeat("</div>", 65): false,
	} {
		if _, tidy := markdown.From(html, nil); tidy != want {
			t.Errorf("%.40s: tidy %v", html, tidy)
		}
	}
}

// TestHostileSize: what opens without end costs no more than its length, and its
// words are kept.
func TestHostileSize(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"<blockquote>", "<ul><li>", "<b>", "<a href=\"https://x.example/\">", "<table><tr><td>", "<pre>", "<ol>", "<h1>", "</b>", "<b><br>", "<rp>", "<img src=x alt=y>"} {
		in := strings.Repeat(tag, 20_000) + "the end"
		got, _ := markdown.From(in, nil)
		if len(got) > 9*len(in) || tag != "<rp>" && !strings.Contains(got, "the end") {
			t.Errorf("%s: %d bytes of %d: %.100q", tag, len(got), len(in), got)
		}
	}
	quotes := strings.Repeat("<blockquote>", 60) + strings.Repeat("a<br>", 50_000)
	if got, _ := markdown.From(quotes, nil); len(got) > 9*len(quotes) {
		t.Errorf("%d bytes of %d", len(got), len(quotes))
	}
}

func FuzzFrom(f *testing.F) {
	for _, s := range []string{
		"<p>a <b>b<i>c</b></i></p>", "<ul><li>a<ol><li>b</ul>c", "<pre>a\n`b`</pre>", "<table><tr><td>a<table><tr><td>b</table>",
		`<a href="https://x.example/">a<img src="https://x.example/a" alt="b"></a>`, "<blockquote>a<blockquote><li>b", "@<a href=x>a</a>", "<ruby>a<rp>(<rt>b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, _ := markdown.From(s, func(label, _ string) string {
			if strings.HasPrefix(label, "@") {
				return label
			}
			return ""
		})
		if len(got) > 16*len(s)+2048 {
			t.Errorf("%d bytes of %d", len(got), len(s))
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		if got != strings.TrimSpace(got) {
			t.Errorf("%q has space around it", got)
		}
	})
}

const note = `<p><a href="https://masto.example/@ada" rel="nofollow noreferrer">@ada</a> Have a look at <a href="https://news.example/2026/a-long-article" rel="nofollow noreferrer">https://news.example/2026/a-long-article</a>, it is good.</p><p>A second paragraph of what a person says in a note. <a href="https://masto.example/tags/go" rel="nofollow noreferrer">#go</a></p>`

func BenchmarkFrom(b *testing.B) {
	for b.Loop() {
		markdown.From(note, nil)
	}
}
