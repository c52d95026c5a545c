package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// parseTemplates reads all files of the folder into one set, in which each page
// has its file's name and says what it says in the words of a catalogue.
func parseTemplates(c *catalogue) (*template.Template, error) {
	set := template.New("")
	set, err := set.Funcs(template.FuncMap{
		"t": c.markup, "n": c.some, "count": c.count, "oembed": oembedLink, "part": partOf(set), "soft": soft,
	}).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	return set, nil
}

// partOf makes a part of a page by itself, to be put into a text.
func partOf(set *template.Template) func(name string, data any) (template.HTML, error) {
	return func(name string, data any) (template.HTML, error) {
		var b strings.Builder
		err := set.ExecuteTemplate(&b, name, data)
		return template.HTML(b.String()), err //nolint:gosec // made by html/template
	}
}

// soft is a name, which may break behind its underscores: browsers see one long word in it.
func soft(name string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(name), "_", "_<wbr>")) //nolint:gosec // escaped
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
	OwnWords    bool   // it says nothing but words of ours, the same in every language
	Again       string // where the page goes by itself at once, or ""
	Query       string // in the search field
	Page        any    // for the template of the page

	// Set by render.
	Node    nodeView
	Head    headView
	Lang    string
	Tongues []tongueLink
	Theme   string // that was chosen, or ""
	Themes  []themeLink
}

// nodeView is what every page says of the node.
type nodeView struct {
	Name, Description, Host, BaseURL, Software, Style string
	Open                                              bool // takes agents that register themselves
}

// render makes the bytes of a page, in the language that is asked for.
func (w *Web) render(a ask, name string, f frame) ([]byte, error) {
	pages, err := a.tongue.pages()
	if err != nil {
		return nil, err
	}
	f.Node, f.Object, f.Lang, f.Tongues = w.viewNode(a.tongue), webAddress(f.Object), a.tongue.code, a.tongue.tongues(a.self())
	f.Theme, f.Themes = a.tongue.theme, a.tongue.themes(a.self())
	f.Head, f.Again = w.head(a.tongue, f), a.tongue.keep(f.Again)
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name+".html", f); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	if a.tongue.keeps() {
		return a.tongue.keepLinks(b.Bytes()), nil
	}
	return b.Bytes(), nil
}

// html is render for an answer.
func (w *Web) html(a ask, name string, f frame) (answer, error) {
	body, err := w.render(a, name, f)
	return answer{mediaType: typeHTML, body: body}, err
}
