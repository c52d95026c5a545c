package web

import (
	"bytes"
	"html"
	"html/template"
	"iter"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"instar.example/node/press"
)

// paramTongue chooses the language of a page in its address ("lang" chooses
// that of posts). Every link of such a page keeps it: nothing is stored.
const paramTongue = "ui"

// tongueEnglish is the language of pages where the reader wants none that we have.
const tongueEnglish = "en"

// tongueCodes are the languages of pages, as the links to them stand in a row.
func tongueCodes() []string { return []string{tongueEnglish, "zh", "ko", "id", "ja", "es"} }

// tongue is how one page is shown: its language and its theme.
type tongue struct {
	*catalogue

	chosen bool   // the language, by the address, not by what the browser prefers
	theme  string // chosen by the address: themeLight, themeDark, or "" for none
}

// loadTongues reads the catalogues.
func loadTongues() (map[string]*catalogue, error) {
	all := map[string]*catalogue{}
	for _, code := range tongueCodes() {
		c, err := newCatalogue(code)
		if err != nil {
			return nil, err
		}
		all[code] = c
	}
	return all, nil
}

func (w *Web) english() tongue { return tongue{catalogue: w.tongues[tongueEnglish]} }

// tongueOf is the language that a reader is answered in.
func (w *Web) tongueOf(r *http.Request) tongue {
	if r.URL.RawQuery != "" {
		if c, ok := w.tongues[r.URL.Query().Get(paramTongue)]; ok {
			return tongue{c, true, themeOf(r)}
		}
	}
	return tongue{catalogue: w.tongues[preferred(r.Header.Get("Accept-Language"))], theme: themeOf(r)}
}

// preferred is the first of our languages among those that a browser likes
// best (RFC 9110 §12.5.4); regions and scripts make no difference.
func preferred(header string) string {
	best, most := tongueEnglish, 0.0
	for one := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(one, ";")
		code, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if code == "in" { // what Indonesian was called before 1989, and still is by some
			code = "id"
		}
		if q := press.Quality(params); q > most && slices.Contains(tongueCodes(), code) {
			best, most = code, q
		}
	}
	return best
}

// mark tells pages in several languages and themes apart; "" for the usual one.
func (t tongue) mark() string {
	mark := ""
	switch {
	case t.catalogue == nil || (t.code == tongueEnglish && !t.chosen):
	case t.chosen:
		mark = t.code + "!"
	default:
		mark = t.code
	}
	if t.theme != "" {
		mark += "+" + t.theme
	}
	return mark
}

// keep is an address of this node that stays in a language and a theme that were
// chosen; of none it is none.
func (t tongue) keep(to string) string {
	if to == "" {
		return to
	}
	for name, value := range t.kept() {
		to = with(to, name, value)
	}
	return to
}

// kept are the parameters of an address that every link keeps.
func (t tongue) kept() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		if t.chosen && !yield(paramTongue, t.code) {
			return
		}
		if t.theme != "" {
			yield(paramTheme, t.theme)
		}
	}
}

// keeps says that links have something to keep.
func (t tongue) keeps() bool { return t.chosen || t.theme != "" }

// inLanguage is keep without the theme: what stands on a page is the same in all.
func (t tongue) inLanguage(to string) string { return tongue{t.catalogue, t.chosen, ""}.keep(to) }

// with adds a parameter to an address that does not have it.
func with(to, name, value string) string {
	to, fragment, has := strings.Cut(to, "#")
	_, query, _ := strings.Cut(to, "?")
	sign := "?"
	if query != "" {
		sign = "&"
	}
	if v, err := url.ParseQuery(query); err == nil && !v.Has(name) {
		to = strings.TrimSuffix(to, "?") + sign + name + "=" + value
	}
	if has {
		to += "#" + fragment
	}
	return to
}

var (
	linkOfPage = regexp.MustCompile(` href="(/[^"]*)"`)
	formOfPage = regexp.MustCompile(`<form [^>]*>`)
	formAction = regexp.MustCompile(` action="(/[^"]*)"`)
)

// keepLinks makes every link and form of a page stay in the language and theme
// that were chosen. What is in a text is escaped, so that a quotation mark is one of an attribute.
func (t tongue) keepLinks(page []byte) []byte {
	again := func(attribute []byte, pattern *regexp.Regexp) []byte {
		to := html.UnescapeString(string(pattern.FindSubmatch(attribute)[1]))
		if !isPage(to) {
			return attribute
		}
		name, _, _ := bytes.Cut(attribute, []byte("="))
		return []byte(string(name) + `="` + html.EscapeString(t.keep(to)) + `"`)
	}
	page = linkOfPage.ReplaceAllFunc(page, func(a []byte) []byte { return again(a, linkOfPage) })
	return formOfPage.ReplaceAllFunc(page, func(form []byte) []byte {
		if bytes.Contains(form, []byte(`method="get"`)) { // its fields take the place of a query
			form = slices.Clone(form)
			for name, value := range t.kept() {
				form = append(form, `<input type="hidden" name="`+name+`" value="`+value+`">`...)
			}
			return form
		}
		return formAction.ReplaceAllFunc(form, func(a []byte) []byte { return again(a, formAction) })
	})
}

// isPage says that an address of this node is one of a page: not a feed, file or document.
func isPage(to string) bool {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" {
		return false
	}
	for _, other := range []string{"/static/", "/media/", "/oembed", "/.well-known/", "/sitemap"} {
		if strings.HasPrefix(u.Path, other) {
			return false
		}
	}
	if last := path.Base(u.Path); strings.Contains(last, "@") { // a name of another node, whose host has dots
		return true
	}
	return path.Ext(u.Path) == ""
}

// tongueLink is a page in one of the languages.
type tongueLink struct {
	Lang, Label, URL string
	Current          bool
}

// tongues are links to a page in each language.
func (t tongue) tongues(here string) []tongueLink {
	var links []tongueLink
	for _, code := range tongueCodes() {
		links = append(links, tongueLink{Lang: code, Label: ownName(code), URL: with(here, paramTongue, code), Current: code == t.code})
	}
	return links
}

// told is what node says of an error, in the reader's language where it is
// known; else it is in English, and lang says so.
func (t tongue) told(detail string) (text, lang string) {
	key := func(detail string) string { return "told." + strings.ReplaceAll(strings.ToLower(detail), " ", "_") }
	if said := key(detail); t.has(said) {
		return t.say(said), ""
	}
	if name, rest, ok := strings.Cut(detail, " "); ok && t.has(key("name "+rest)) {
		return t.say(key("name "+rest), "name", name), ""
	}
	if t.code == tongueEnglish {
		return detail, ""
	}
	return detail, tongueEnglish
}

func (t tongue) has(key string) bool {
	_, ok := t.said[key]
	return ok
}

// quoting is a text around what node says in another language; "" where all is in one.
func (t tongue) quoting(key, detail, lang string) template.HTML {
	if lang == "" {
		return ""
	}
	return t.markup(key, "detail", template.HTML(`<bdi lang="`+lang+`">`+html.EscapeString(detail)+"</bdi>")) //nolint:gosec // escaped
}
