package web

import "html"

// A text that its author calls sensitive is shown to people only when they open
// it: a page holds it folded, and what others show of a page (excerpts, feeds,
// descriptions) holds the warning in its place. Titles stand: they are what a
// reader chooses by.

// warned is what stands before a sensitive text, "" for any other.
func (v view) warned(sensitive bool, warning string) string {
	switch {
	case !sensitive:
		return ""
	case warning != "":
		return v.say("parts.warning", "warning", warning)
	default:
		return v.say("parts.sensitive")
	}
}

// opening is what a page says of a post or comment to other programs.
func (v view) opening(sensitive bool, warning, markup string) string {
	if w := v.warned(sensitive, warning); w != "" {
		return w
	}
	return excerpt(markup)
}

// veil puts the warning in the place of an entry's text, for readers of feeds.
func (w *Web) veil(e entryOf, sensitive bool, warning string) entryOf {
	said := w.view(w.english()).warned(sensitive, warning)
	if said == "" {
		return e
	}
	shown := html.EscapeString(said)
	e.sensitive, e.external = true, ""
	e.html = `<p><a href="` + html.EscapeString(e.url) + `">` + shown + `</a></p>`
	e.text = said
	return e
}

// sensitiveTag is the category of a sensitive text in feeds.
const sensitiveTag = "sensitive"

// tags are the categories of an entry.
func (e entryOf) tags() []string {
	var tags []string
	if e.submolt != nil {
		tags = append(tags, "m/"+e.submolt.Address())
	}
	if e.sensitive {
		tags = append(tags, sensitiveTag)
	}
	return tags
}
