package node

import (
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/markdown"
)

func reader() *Node {
	return &Node{host: "node.example", text: newRenderer(), cfg: Config{TakesCrypto: true}}
}

// TestTextsOfOtherPrograms: what agents and pages get of texts in the shapes of
// programs, written by us.
func TestTextsOfOtherPrograms(t *testing.T) {
	t.Parallel()
	eve := activity.Tag{Type: "Mention", Name: "@eve@masto.example", Href: "https://masto.example/users/eve"}
	ada := activity.Tag{Type: "Mention", Name: "@ada@node.example", Href: "https://node.example/u/ada"}
	gardens := activity.Tag{Type: "Hashtag", Name: "#gardens", Href: "https://masto.example/tags/gardens"}
	rel := ` rel="nofollow noreferrer"`
	for _, c := range []struct {
		name     string
		o        activity.Object
		markdown string
		page     string
	}{
		{
			"mastodon: names, a hashtag and an address that is cut short",
			activity.Object{
				Content: `<p><span class="h-card"><a href="https://masto.example/@eve" class="u-url mention">@<span>eve</span></a></span> <a href="https://node.example/u/ada" class="u-url mention">@<span>ada</span></a> see <a href="https://garden.example/beds/of-late-autumn" rel="nofollow noopener"><span class="invisible">https://</span><span class="ellipsis">garden.example/beds/of-la</span><span class="invisible">te-autumn</span></a> <a href="https://masto.example/tags/gardens" class="mention hashtag">#<span>gardens</span></a></p>`,
				Tags:    []activity.Tag{eve, ada, gardens},
			},
			"@eve@masto.example @ada see https://garden.example/beds/of-late-autumn #gardens",
			`<p><a href="https://masto.example/@eve"` + rel + `>@eve</a> <a href="https://node.example/u/ada"` + rel + `>@ada</a> see <a href="https://garden.example/beds/of-late-autumn"` + rel + `>https://garden.example/beds/of-late-autumn</a> <a href="https://masto.example/tags/gardens"` + rel + `>#gardens</a></p>`,
		},
		{
			"gnu social: the sign stands before the link",
			activity.Object{Content: `@<a href="https://masto.example/@eve">eve</a> #<a href="https://masto.example/tags/gardens">gardens</a>`, Tags: []activity.Tag{eve, gardens}},
			"@eve@masto.example #gardens", "",
		},
		{
			"a link that looks like a mention and is none",
			activity.Object{Content: `<a href="https://photos.example/eve">@eve</a>`},
			"[@eve](https://photos.example/eve)", "",
		},
		{
			"lemmy: no source, a list and a quote",
			activity.Object{Content: "<p>First:</p>\n<ul>\n<li>beans</li>\n<li>peas</li>\n</ul>\n<blockquote>\n<p>Sow late.</p>\n</blockquote>\n"},
			"First:\n\n- beans\n- peas\n\n> Sow late.", "",
		},
		{
			"piefed: code",
			activity.Object{Content: "<p>Run <code>sow --late</code>:</p><pre><code class=\"language-sh\">sow &lt; beans\n</code></pre>"},
			"Run `sow --late`:\n\n```\nsow < beans\n```", "",
		},
		{
			"mbin: a picture beside the text of an entry",
			activity.Object{Content: "<p>Look</p>", InReplyTo: "x", Attachments: []activity.Attachment{{Type: "Image", MediaType: "image/webp", URL: "https://mbin.example/media/a.webp", Name: "A bed\nof beans"}}},
			"Look\n\n![A bed of beans](https://mbin.example/media/a.webp)",
			`<p>Look</p><p><a href="https://mbin.example/media/a.webp"` + rel + `>A bed of beans</a></p>` + "\n",
		},
		{
			"nodebb: an emoji and a picture in the text, which is attached, too",
			activity.Object{
				Content:     `<p dir="auto">Done <img src="https://forum.example/emoji/ok.png" class="emoji" alt="👌" /></p><p><img src="https://forum.example/f/bed.jpg" alt="The bed" class="img-fluid" /></p>`,
				InReplyTo:   "x",
				Attachments: []activity.Attachment{{Type: "Image", URL: "https://forum.example/f/bed.jpg", Name: "The bed"}},
			},
			"Done 👌\n\n![The bed](https://forum.example/f/bed.jpg)",
			`<p>Done 👌</p><p><a href="https://forum.example/f/bed.jpg"` + rel + `>The bed</a></p>`,
		},
		{
			"discourse: a quote with a picture of its author, and a picture in a link",
			activity.Object{Content: `<aside class="quote"><div class="title"><img width="24" src="https://talk.example/a.png" class="avatar"> eve:</div><blockquote><p>Late?</p></blockquote></aside><p>Yes: <a class="lightbox" href="https://talk.example/full.jpg"><img src="https://talk.example/small.jpg" alt="beans"></a></p>`},
			"![](https://talk.example/a.png) eve:\n\n> Late?\n\nYes: [![beans](https://talk.example/small.jpg)](https://talk.example/full.jpg)",
			`<div><a href="https://talk.example/a.png"` + rel + `>a.png</a> eve:</div><blockquote><p>Late?</p></blockquote><p>Yes: <a href="https://talk.example/full.jpg"` + rel + `>beans</a></p>`,
		},
		{
			"wordpress: headings, and a figure with what it shows",
			activity.Object{Content: "<!-- wp:heading --><h2 class=\"wp-block-heading\">Beds</h2><!-- /wp:heading -->\n\n<figure class=\"wp-block-image\"><img src=\"https://blog.example/bed.jpg\" alt=\"\" class=\"wp-image-1\"/><figcaption>In autumn</figcaption></figure>\n<p>At length.</p>"},
			"## Beds\n\n![](https://blog.example/bed.jpg)\nIn autumn\n\nAt length.",
			"<h2>Beds</h2>\n\n<figure><a href=\"https://blog.example/bed.jpg\"" + rel + ">bed.jpg</a><figcaption>In autumn</figcaption></figure>\n<p>At length.</p>",
		},
		{
			"flipboard: an address without its scheme",
			activity.Object{Content: `<p>A story <a href="https://news.example/story">news.example/story</a></p>`},
			"A story https://news.example/story", "",
		},
		{
			"misskey: lines, and text of that program's markup",
			activity.Object{Content: `<p><span>one<br>two <i>three</i></span></p>`, Source: "one\ntwo <i>three</i>", SourceType: "text/x.misskeymarkdown"},
			"one  \ntwo *three*", "",
		},
		{
			"markdown: its source goes before its HTML, and what is attached stands below",
			activity.Object{Content: "<p>a <b>b</b></p>", Source: "a **b**", SourceType: "text/markdown", InReplyTo: "x", Attachments: []activity.Attachment{{Type: "Document", MediaType: "audio/ogg", URL: "https://a.example/talk.ogg"}}},
			"a **b**\n\n[talk.ogg](https://a.example/talk.ogg)",
			"<p>a <strong>b</strong></p>\n<p><a href=\"https://a.example/talk.ogg\"" + rel + ">talk.ogg</a></p>\n",
		},
		{
			"what would close the page around it",
			activity.Object{Content: "<p>a</div></ul></blockquote><b>b"},
			"a**b**", "<p>a<b>b</b></p>",
		},
		{
			"hostile: scripts, styles, events, hidden signs and templates",
			activity.Object{Content: "<p onclick=x style=y>a&#8203;&#x202e;</p><script>b</script><style>c</style><template>d</template><svg><a href=\"javascript:e\">e</a></svg><img src=x onerror=f><img src=\"data:image/png;base64,AA\" alt=g>"},
			"a\n\neg", "",
		},
	} {
		c.o.ID = "https://masto.example/1"
		r := reader().render(&c.o)
		if r.markdown != c.markdown {
			t.Errorf("%s: agents read\n\t%q, want\n\t%q", c.name, r.markdown, c.markdown)
		}
		if c.page != "" && r.html != c.page {
			t.Errorf("%s: a page shows\n\t%s, want\n\t%s", c.name, r.html, c.page)
		}
		for _, never := range []string{"<script", "javascript:", "onclick", "onerror", "style=", "<img", "data:"} {
			if strings.Contains(r.html, never) {
				t.Errorf("%s: a page shows %q: %s", c.name, never, r.html)
			}
		}
	}
}

// TestAttachments: what a post leads to is not repeated, unless it says what it
// shows; all others stand below the text, as many as are kept.
func TestAttachments(t *testing.T) {
	t.Parallel()
	image := func(name, alt string) activity.Attachment {
		return activity.Attachment{Type: "Image", URL: "https://a.example/" + name, Name: alt}
	}
	link := activity.Attachment{Type: "Link", URL: "https://news.example/1", Name: "The news"}
	for _, c := range []struct {
		name  string
		files []activity.Attachment
		want  string
	}{
		{"none", nil, ""},
		{"a link", []activity.Attachment{link}, ""},
		{"an image that says nothing", []activity.Attachment{image("1.png", "")}, ""},
		{"an image that says what it shows", []activity.Attachment{image("1.png", "A cat]")}, `![A cat\]](https://a.example/1.png)`},
		{"two images", []activity.Attachment{image("1.png", ""), image("2.png", "A cat")}, "![A cat](https://a.example/2.png)"},
		{"the same image twice", []activity.Attachment{image("1.png", ""), image("2.png", ""), image("2.png", "")}, "![](https://a.example/2.png)"},
		{"a link and its picture", []activity.Attachment{image("1.png", "A cat"), link}, "![A cat](https://a.example/1.png)"},
		{"no web address", []activity.Attachment{link, {Type: "Link", URL: "javascript:alert(1)", Name: "a"}}, ""},
		{"a film that says what it shows", []activity.Attachment{{Type: "Document", MediaType: "video/mp4", URL: "https://a.example/f.mp4", Name: "A film"}}, "[A film](https://a.example/f.mp4)"},
	} {
		o := activity.Object{ID: "https://a.example/post/1", Attachments: c.files}
		if got := reader().render(&o).markdown; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	many := activity.Object{ID: "https://a.example/post/1", InReplyTo: "x"}
	for i := range 100 {
		many.Attachments = append(many.Attachments, image(strings.Repeat("a", i+1), strings.Repeat("é", 2*MaxAltText)))
	}
	got := reader().render(&many).markdown
	if n := strings.Count(got, "!["); n != MaxAttachments || strings.Count(got, "é") != MaxAttachments*MaxAltText {
		t.Errorf("%d pictures, %d characters of what they show", n, strings.Count(got, "é"))
	}
}

// TestWhatIsBesideTheText: polls, events and quotes.
func TestWhatIsBesideTheText(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 1, 18, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		o    activity.Object
		want string
	}{
		{"a poll", activity.Object{Type: "Question", Content: "<p>Which?</p>", Options: []activity.Option{{Name: "<b>This</b>"}, {Name: "That", Votes: 2}, {Name: " "}, {Name: "Neither", Votes: 1}}, Ends: at}, "Which?\n\n- This\n- That (2 votes)\n- Neither (1 vote)\n\nEnds: 2026-09-01T18:00:00Z"},
		{"an event", activity.Object{Type: "Event", Content: "<p>We meet.</p>", Starts: at, Ends: at.Add(time.Hour), Place: "Hall,\nTown"}, "We meet.\n\n- Starts: 2026-09-01T18:00:00Z\n- Ends: 2026-09-01T19:00:00Z\n- Place: Hall, Town"},
		{"times of a post that is no event", activity.Object{Type: "Note", Content: "<p>a</p>", Starts: at, Ends: at}, "a"},
		{"a quote", activity.Object{Type: "Note", Content: "<p>Look</p>", Quote: "https://b.example/1"}, "Look\n\nQuotes https://b.example/1"},
		{"a quote that is in the text", activity.Object{Type: "Note", Content: `<p>RE: <a href="https://b.example/1">b.example/1</a></p>`, Quote: "https://b.example/1"}, "RE: https://b.example/1"},
		{"a quote of no web address", activity.Object{Type: "Note", Content: "<p>a</p>", Quote: "at://b/1"}, "a"},
	} {
		c.o.ID = "https://a.example/post/1"
		if got := reader().render(&c.o).markdown; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	many := activity.Object{ID: "https://a.example/post/1", Type: "Question", Options: make([]activity.Option, 1000)}
	for i := range many.Options {
		many.Options[i].Name = strings.Repeat("a", 1000)
	}
	if got := reader().render(&many).markdown; strings.Count(got, "- ") != MaxOptions || strings.Count(got, "a") != MaxOptions*MaxOption {
		t.Errorf("%d options, %d characters", strings.Count(got, "- "), len(got))
	}
}

// TestOneParagraph: the short way gives what the long way gives.
func TestOneParagraph(t *testing.T) {
	t.Parallel()
	r := newRenderer()
	for _, s := range []string{"<p>a b</p>", "<p> a </p>", "<p></p>", "<p>é — ü</p>", "<p>a</p>b</p>", "<p>it's &amp; \"b\"</p>", "<p>a  b</p>", "<p>a\nb</p>", "<p>a > b</p>", "<p>a"} {
		readable, page := r.fromHTML(s, nil)
		long := r.pictures.Sanitize(s)
		want, tidy := markdown.From(long, nil)
		if readable != want || tidy && page != long {
			t.Errorf("%s: %q and %q, want %q and %q", s, readable, page, want, long)
		}
	}
}

// TestPicturesOfOursAreLinksOnPages: pages load nothing from elsewhere.
func TestPicturesOfOursAreLinksOnPages(t *testing.T) {
	t.Parallel()
	got := newRenderer().fromMarkdown("see ![a cat](https://a.example/cat.png)")
	if want := `<p>see <a href="https://a.example/cat.png" rel="nofollow noreferrer">a cat</a></p>` + "\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkRender(b *testing.B) {
	n := reader()
	for name, content := range map[string]string{
		"short": "<p>A short answer.</p>",
		"note":  `<p><span class="h-card" translate="no"><a href="https://masto.example/@eve" class="u-url mention">@<span>eve</span></a></span> have a look at <a href="https://garden.example/beds/of-late-autumn" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="ellipsis">garden.example/beds/of-la</span><span class="invisible">te-autumn</span></a>, it is good for all that is sown late.</p><p>A second paragraph of what somebody says in a note. <a href="https://masto.example/tags/gardens" class="mention hashtag" rel="tag">#<span>gardens</span></a></p>`,
	} {
		o := activity.Object{
			ID: "https://masto.example/1", InReplyTo: "x", Language: "en", Content: content,
			Tags: []activity.Tag{{Type: "Mention", Name: "@eve@masto.example", Href: "https://masto.example/users/eve"}, {Type: "Hashtag", Name: "#gardens", Href: "https://masto.example/tags/gardens"}},
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n.render(&o)
			}
		})
	}
}
