package web

import (
	"html"
	"html/template"
	"strconv"
	"strings"
)

// A text that its author calls sensitive is sent to people only when they ask for
// it: a page holds its warning and a link to the same page with "open", which a
// text browser follows as well as any other. What others show of a page (excerpts,
// feeds, descriptions) holds the warning, too. Titles stand: they are what a
// reader chooses by.

// opened reads what else may be asked of the pages that hold whole texts.
func (a *ask) opened(value func(string) string) {
	if isFile(a.path) {
		return
	}
	if value("open") == "1" {
		a.open = "1"
	}
	if n, err := strconv.ParseUint(value("v"), 10, 31); err == nil && strings.HasSuffix(a.path, "/history") {
		a.version = strconv.FormatUint(n, 10)
	}
}

// opening is the address of a page with the text that a warning stands for.
func (a ask) opening(path string) string {
	return a.link(path, func(a *ask) { a.open = "1" })
}

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

// warning is warned as markup, with the author's words in their language.
func (v view) warning(sensitive bool, warning string) template.HTML {
	said := v.warned(sensitive, warning)
	if said == "" || warning == "" {
		return template.HTML(said) //nolint:gosec // a text of ours
	}
	lang := ""
	if tag := guess(warning); tag != "" {
		lang = ` lang="` + tag + `"`
	}
	return v.markup("parts.warning", "warning", template.HTML("<bdi"+lang+">"+html.EscapeString(warning)+"</bdi>")) //nolint:gosec // escaped
}

// beginning is what a page says of a post or comment to other programs.
func (v view) beginning(sensitive bool, warning, markup string) string {
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
