package web

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// paramTongue chooses the language of a page in its address ("lang" chooses
// that of posts). Every link of such a page keeps it: nothing is stored.
const paramTongue = "ui"

// tongueEnglish is the language of pages where the reader wants none that we have.
const tongueEnglish = "en"

// tongueCodes are the languages of pages, as the links to them stand in a row.
func tongueCodes() []string { return []string{tongueEnglish, "zh", "ko", "id", "ja", "es"} }

// tongue is the language of one page.
type tongue struct {
	*catalogue

	chosen bool // by the address, not by what the browser prefers
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
			return tongue{c, true}
		}
	}
	return tongue{catalogue: w.tongues[preferred(r.Header.Get("Accept-Language"))]}
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
		if q := quality(params); q > most && slices.Contains(tongueCodes(), code) {
			best, most = code, q
		}
	}
	return best
}

// mark tells pages in several languages apart; "" for the usual one.
func (t tongue) mark() string {
	switch {
	case t.catalogue == nil || (t.code == tongueEnglish && !t.chosen):
		return ""
	case t.chosen:
		return t.code + "!"
	default:
		return t.code
	}
}

// keep is an address of this node that stays in a language that was chosen; of
// none it is none.
func (t tongue) keep(to string) string {
	if !t.chosen || to == "" {
		return to
	}
	return inTongue(to, t.code)
}

// inTongue adds a language to an address.
func inTongue(to, code string) string {
	to, fragment, has := strings.Cut(to, "#")
	sign := "?"
	if strings.Contains(to, "?") {
		sign = "&"
	}
	to += sign + paramTongue + "=" + code
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

// keepLinks makes every link and form of a page stay in the language that was
// chosen. What is in a text is escaped, so that a quotation mark is one of an attribute.
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
			return append(slices.Clone(form), []byte(`<input type="hidden" name="`+paramTongue+`" value="`+t.code+`">`)...)
		}
		return formAction.ReplaceAllFunc(form, func(a []byte) []byte { return again(a, formAction) })
	})
}

// isPage says that an address of this node is one of a page that has not
// been given a language yet: not a feed, file or document.
func isPage(to string) bool {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Query().Has(paramTongue) {
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
		links = append(links, tongueLink{Lang: code, Label: ownName(code), URL: inTongue(here, code), Current: code == t.code})
	}
	return links
}

// told is what node says of an error, in the reader's language where it is
// known; else it is in English, and lang says so.
func (t tongue) told(detail string) (text, lang string) {
	key := "told." + strings.ReplaceAll(strings.ToLower(detail), " ", "_")
	if _, ok := t.said[key]; ok {
		return t.say(key), ""
	}
	if t.code == tongueEnglish {
		return detail, ""
	}
	return detail, tongueEnglish
}
