package node

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"instar.example/federation/activity"
	"instar.example/node/markdown"
)

const (
	// maxAttachments bounds what is appended to one text of another server.
	maxAttachments = 16
	// maxAltText is how many characters of the description of one file are kept.
	maxAltText = 1_500
)

// appendix is what a peer's object has beside its text, as Markdown to stand
// below it: the files and links that are neither in the text nor the post's own
// link, and what pictures show.
func appendix(o *activity.Object, link, text string) string {
	var files []string
	for _, file := range o.Attachments {
		if len(files) == maxAttachments {
			break
		}
		if line := attached(file, link, text); line != "" && !slices.Contains(files, line) {
			files = append(files, line)
		}
	}
	return strings.Join(files, "\n\n")
}

// attached is one file in Markdown, "" where all of it is there already.
func attached(file activity.Attachment, link, text string) string {
	to, err := webURL("url", file.URL)
	if err != nil || to == "" {
		return ""
	}
	image := isImage(file)
	says := strings.Join(strings.Fields(visible(textOf(file.Name), maxAltText)), " ")
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
