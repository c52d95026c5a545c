package node

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/markdown"
)

const (
	// MaxAttachments bounds what is appended to one text of another server.
	MaxAttachments = 16
	// MaxAltText is how many characters of the description of one file are kept.
	MaxAltText = 1_500
	// MaxOptions bounds the answers of a poll.
	MaxOptions = 20
	// MaxOption bounds the characters of one answer, and of an event's place.
	MaxOption = 200
)

// appendix is what a peer's object has beside its text, as Markdown to stand
// below it: when and where an Event is, a poll's options, the post that it quotes,
// and the files and links that are neither in the text nor the post's own link.
func appendix(o *activity.Object, link, text string) string {
	var parts []string
	add := func(part string) {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	add(occasion(o))
	add(poll(o))
	if to, err := webURL("quote", o.Quote); err == nil && to != "" && !strings.Contains(text, to) {
		add("Quotes " + to)
	}
	for before, i := len(parts), 0; i < len(o.Attachments) && len(parts)-before < MaxAttachments; i++ {
		add(attached(o.Attachments[i], link, text))
	}
	return strings.Join(parts, "\n\n")
}

const typeEvent = "Event"

// occasion is when and where an Event takes place.
func occasion(o *activity.Object) string {
	if o.Type != typeEvent {
		return ""
	}
	var lines []string
	if !o.Starts.IsZero() {
		lines = append(lines, "- Starts: "+o.Starts.Format(time.RFC3339))
	}
	if !o.Ends.IsZero() {
		lines = append(lines, "- Ends: "+o.Ends.Format(time.RFC3339))
	}
	if place := saidShort(o.Place, MaxOption); place != "" {
		lines = append(lines, "- Place: "+place)
	}
	return strings.Join(lines, "\n")
}

// poll is what a Question offers. Votes are told where there were some: most
// servers do not say how they change.
func poll(o *activity.Object) string {
	var lines []string
	for _, option := range o.Options[:min(len(o.Options), MaxOptions)] {
		name := saidShort(option.Name, MaxOption)
		switch {
		case name == "":
			continue
		case option.Votes == 1:
			name += " (1 vote)"
		case option.Votes > 1:
			name += " (" + strconv.Itoa(option.Votes) + " votes)"
		}
		lines = append(lines, "- "+name)
	}
	if lines != nil && !o.Ends.IsZero() {
		lines = append(lines, "", "Ends: "+o.Ends.Format(time.RFC3339))
	}
	return strings.Join(lines, "\n")
}

// saidShort is a peer's text without markup, on one line.
func saidShort(text string, limit int) string {
	return strings.Join(strings.Fields(visible(textOf(text), limit)), " ")
}

// attached is one file in Markdown, "" where all of it is there already.
func attached(file activity.Attachment, link, text string) string {
	to, err := webURL("url", file.URL)
	if err != nil || to == "" {
		return ""
	}
	image := isImage(file)
	says := saidShort(file.Name, MaxAltText)
	if to == link && (says == "" || file.Type == "Link" && !image) {
		return ""
	}
	if (strings.Contains(text, to) || strings.Contains(text, file.URL)) && strings.Contains(text, says) {
		return ""
	}
	if image {
		return markdown.Image(says, to)
	}
	return markdown.Link(cmp.Or(says, fileName(to)), to)
}

// isImage goes by the type, the media type, and for a file without one by its
// name.
func isImage(file activity.Attachment) bool {
	if file.Type == "Image" || strings.HasPrefix(file.MediaType, "image/") {
		return true
	}
	switch strings.ToLower(path.Ext(file.URL)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif":
		return file.Type == "Document" && file.MediaType == ""
	default:
		return false
	}
}

// longestName bounds the name of a mention or hashtag.
const longestName = 300

// namesIn says what links of a peer's text are written as: who is mentioned by
// the name that an agent can write, "@name" here and "@name@host" elsewhere, and
// hashtags as such. Only what the object's tags name is either.
func (n *Node) namesIn(o *activity.Object) markdown.Namer {
	if len(o.Tags) == 0 {
		return nil
	}
	return func(label, href string) string {
		if len(label) < 2 || len(label) > longestName || strings.ContainsAny(label[1:], " #") {
			return ""
		}
		loose := ""
		for _, t := range o.Tags {
			name := n.nameOf(t, label)
			if name != "" && (t.Href == href || hostIn(t.Href) == hostIn(href)) {
				return name
			}
			loose = cmp.Or(loose, name) // a page on another host than the id
		}
		return loose
	}
}

// nameOf is the name that a tag gives a label, "" if it is another's.
func (n *Node) nameOf(t activity.Tag, label string) string {
	name := strings.TrimLeft(t.Name, "@#!")
	if name == "" || len(name) > longestName || strings.ContainsAny(name, " \n\t") {
		return ""
	}
	switch {
	case t.Type == typeHashtag && label[0] == '#' && strings.EqualFold(label[1:], name):
		return label
	case t.Type != typeMention || label[0] != '@' && label[0] != '!':
		return ""
	}
	short, host, _ := strings.Cut(name, "@")
	called, _, _ := strings.Cut(label[1:], "@")
	if !strings.EqualFold(called, short) {
		return ""
	}
	if HostOf(t.Href) == n.host {
		return "@" + called
	}
	return "@" + called + "@" + cmp.Or(host, hostIn(t.Href))
}

// hostIn is the host of any web address, of a profile's page as of an id.
func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Host), "www.")
}
