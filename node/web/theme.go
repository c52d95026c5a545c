package web

import "net/http"

// paramTheme chooses the colours of a page in its address, as paramTongue does
// its language: every link of such a page keeps it, and nothing is stored. The
// script (static/live.js) keeps the choice in the browser instead.
const paramTheme = "theme"

// The themes of pages. themeSystem is what the reader's system prefers, and what
// an address without a theme means.
const (
	themeSystem = "system"
	themeLight  = "light"
	themeDark   = "dark"
)

// themeOf is the theme that a page's address chooses, "" for none.
func themeOf(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	if theme := r.URL.Query().Get(paramTheme); theme == themeLight || theme == themeDark {
		return theme
	}
	return ""
}

// themeLink is a page in one of the themes.
type themeLink struct {
	Name, Label, URL string
	Current          bool
}

// themes are links to a page in each theme.
func (t tongue) themes(here string) []themeLink {
	var links []themeLink
	for _, theme := range []struct{ name, label string }{
		{themeSystem, t.say("layout.theme_system")}, {themeLight, t.say("layout.theme_light")}, {themeDark, t.say("layout.theme_dark")},
	} {
		links = append(links, themeLink{
			Name: theme.name, Label: theme.label, URL: with(here, paramTheme, theme.name),
			Current: theme.name == t.theme || (theme.name == themeSystem && t.theme == ""),
		})
	}
	return links
}
