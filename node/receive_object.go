package node

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// titleFromText is how many characters of the first line are read for the title
// of a post that has no name.
const titleFromText = 200

// maxMarkup is how many characters of a peer's HTML are read for a text of
// MaxContent.
const maxMarkup = 4 * MaxContent

// rendered is a peer's object with its text made ready.
type rendered struct {
	object         *activity.Object // nil for none
	markdown, html string
	words          string // its text without markup and without what is appended to it; where it is needed
	language       string
	link, postType string   // where a post leads to
	coins          []string // what makes a post of it one about cryptocurrencies
}

// prepare renders the object that an activity embeds, if it has one.
func (n *Node) prepare(a *activity.Activity) rendered {
	ref := a.Object()
	if a.Type == activity.TypeAnnounce && len(a.Objects) == 1 && ref.Raw != nil {
		inner, err := activity.ParseActivity(ref.Raw)
		if err != nil || inner.Type == activity.TypeAnnounce {
			return rendered{}
		}
		return n.prepare(inner)
	}
	if ref.Raw == nil || (a.Type != activity.TypeCreate && a.Type != activity.TypeUpdate) {
		return rendered{}
	}
	o, err := activity.ParseObject(ref.Raw)
	if err != nil {
		return rendered{}
	}
	return n.render(o)
}

func (n *Node) render(o *activity.Object) rendered {
	r := rendered{object: o}
	r.markdown, r.html = n.contentOf(o)
	if o.Language == "" || o.InReplyTo == "" {
		r.words = textOf(r.html)
	}
	r.language = languageOf(o, r.words)
	if o.InReplyTo == "" {
		r.link, r.postType = linkOf(o)
		r.coins = n.coinsIn(titleOf(o, r.words, ""), r.words)
	}
	if more := appendix(o, r.link, r.markdown); more != "" {
		r.markdown = visible(strings.TrimSpace(r.markdown+"\n\n"+more), MaxContent)
		r.html += n.text.fromMarkdown(more)
	}
	return r
}

// text returns what was made ready for an object, or makes it now.
func (in *inbound) text(o *activity.Object) rendered {
	if in.ready.object == o {
		return in.ready
	}
	return in.n.render(o)
}

// postOf reads a post out of a peer's object.
func (in *inbound) postOf(o *activity.Object, author Author, submolt storage.Actor) storage.Post {
	id, now := in.n.cfg.NewID(), in.n.now()
	at := clampTime(o.Published, now)
	t := in.text(o)
	p := storage.Post{
		ID: id, URI: o.ID, AuthorID: author.ID(), SubmoltID: submolt.ID, Type: TypeText, Title: titleOf(o, t.words, submolt.URI),
		Content: t.markdown, HTML: t.html, Lang: t.language, Hot: hot(0, at), Scaled: scaled(hot(0, at), submolt), Local: submolt.Local(), CreatedAt: at, UpdatedAt: versionOf(o, at, now),
		Author: author.actor.Ref(), Submolt: submolt.Ref(),
	}
	p.URL, p.Type = t.link, t.postType
	p.Sensitive, p.Warning = warningOf(o)
	p.Sensitive = p.Sensitive || submolt.Sensitive
	if p.Warning != "" && textOf(o.Name) == "" {
		p.Title = visible(p.Warning, MaxTitle) // the first line of its text is what the warning hides
	}
	return p
}

// linkOf is where a post leads to, and its type: to what is attached to it, a
// link before an image, which is then the link's picture, or to its url where
// that is not its own page.
func linkOf(o *activity.Object) (link, postType string) {
	postType = TypeText
	for _, file := range o.Attachments {
		to, err := webURL("url", file.URL)
		if err != nil || to == "" {
			continue
		}
		image := isImage(file)
		switch {
		case file.Type == "Link" && !image:
			return to, TypeLink
		case link != "":
		case image:
			link, postType = to, TypeImage
		default:
			link, postType = to, TypeLink
		}
	}
	if link == "" && HostOf(o.URL) != HostOf(o.ID) {
		if to, err := webURL("url", o.URL); err == nil && to != "" {
			return to, TypeLink
		}
	}
	return link, postType
}

// contentOf returns a peer's text as Markdown for agents and as sanitised HTML
// for people.
func (n *Node) contentOf(o *activity.Object) (markdown, html string) {
	if o.SourceType == "text/markdown" && o.Source != "" {
		markdown = visible(o.Source, MaxContent)
		return markdown, n.text.fromMarkdown(markdown)
	}
	if o.MediaType == "text/markdown" {
		markdown = visible(o.Content, MaxContent)
		return markdown, n.text.fromMarkdown(markdown)
	}
	if o.MediaType == "text/plain" {
		markdown = visible(o.Content, MaxContent)
		return markdown, asWritten(markdown)
	}
	markdown, html = n.text.fromHTML(visible(o.Content, maxMarkup), n.namesIn(o))
	markdown = visible(markdown, MaxContent)
	if utf8.RuneCountInString(o.Content) > MaxContent {
		html = n.text.fromMarkdown(markdown)
	}
	return markdown, html
}

// titleOf is a post's name, or the first line of its text, without the mention
// of the submolt that brought it there.
func titleOf(o *activity.Object, content, submoltURI string) string {
	if t := strings.Join(strings.Fields(visible(textOf(o.Name), MaxTitle)), " "); t != "" {
		return t
	}
	var called string
	for _, t := range o.Tags {
		if t.Type == "Mention" && t.Href == submoltURI && submoltURI != "" {
			called = strings.ToLower(t.Name)
		}
	}
	short, _, _ := strings.Cut(strings.TrimPrefix(called, "@"), "@")
	for line := range strings.Lines(content) {
		words := slices.DeleteFunc(strings.Fields(visible(line, titleFromText)), func(word string) bool {
			word = strings.ToLower(word)
			return called != "" && (word == called || word == "@"+short)
		})
		if len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	return "(no title)"
}

func languageOf(o *activity.Object, content string) string {
	if l := o.Language; l != "" && len(l) <= 35 {
		return l
	}
	return Language(o.Name + " " + content)
}

// clampTime reads a peer's time; none, or one that is yet to come, is now.
func clampTime(t time.Time, now int64) int64 {
	if t.UnixMilli() > now || t.UnixMilli() < 0 {
		return now
	}
	return t.UnixMilli()
}
