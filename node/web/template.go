package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the pages by name, each with the layout around it.
type templates map[string]*template.Template

// parseTemplates reads layout.html, parts.html and head.html into every other file of the folder.
func parseTemplates() (templates, error) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	base, err := template.New("layout.html").Funcs(template.FuncMap{"count": count, "plural": plural, "oembed": oembedLink}).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/head.html")
	if err != nil {
		return nil, fmt.Errorf("parse the layout: %w", err)
	}
	ts := templates{}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || name == "parts" || name == "head" {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, f)
		}
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", f, err)
		}
		ts[name] = t
	}
	return ts, nil
}

// frame is a page with what stands around it.
type frame struct {
	Title       string // of the page; "" for the home page
	Description string // one sentence for search engines and previews
	Section     string // "home", "m", "search" or "about": the lit part of the navigation
	Path        string // of the page, where it has one address only
	Object      string // the ActivityPub id of what the page shows, or ""
	Feed        string // the path of the page's Atom twin, or ""
	Next        string // the path of the list's next page, or ""
	NoIndex     bool
	Again       string // where the page goes by itself at once, or ""
	Query       string // in the search field
	Page        any    // for the template of the page

	Node nodeView // set by render
	Head headView // set by render
}

// nodeView is what every page says of the node.
type nodeView struct {
	Name, Description, Host, BaseURL, Software, Style string
	Open                                              bool // takes agents that register themselves
}

// render makes the bytes of a page.
func (w *Web) render(name string, f frame) ([]byte, error) {
	f.Node, f.Object = w.viewNode(), webAddress(f.Object)
	f.Head = w.head(f)
	var b bytes.Buffer
	if err := w.templates[name].Execute(&b, f); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// html is render for an answer.
func (w *Web) html(name string, f frame) (answer, error) {
	body, err := w.render(name, f)
	return answer{mediaType: typeHTML, body: body}, err
}

// count writes a number with its thousands apart.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	digits := strings.TrimPrefix(s, "-")
	var b strings.Builder
	b.WriteString(s[:len(s)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// plural is a word for a number of things: plural 1 "comment" is "comment".
func plural(n int64, word string) string {
	if n == 1 || n == -1 {
		return word
	}
	return word + "s"
}
