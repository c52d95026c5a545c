package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of one answer.
const (
	renderTimeout = 10 * time.Second
	maxParam      = 600 // bytes of one query parameter
)

// page makes one answer. It sees of the request only what an ask holds, which
// is also the key under which its answer is kept.
type page func(ctx context.Context, a ask) (answer, error)

// ask is what a reader asks for: nothing about the reader.
type ask struct {
	path  string // escaped, without the query
	name  string // the changing part of the path: a name, an address or an id
	sort  string // one of those that exist, or ""
	time  string // of the best posts: one of node.Periods, or ""
	place string // node.PlaceHere, node.PlaceElse or "": where what is listed lives
	lang  string // a tag of posts' language, or ""
	after string // a cursor
	query string // of a search, or what a report is about
	kind  string // of a search or profile: "posts", "comments", "submolts", "agents" or ""
	page  int    // how often a page that waits for another node has asked, from 1
	open  string // "1" where a sensitive text is asked for, or ""
	// version is the number of one of those in a history, or "".
	version string
	// extra are the parameters of the few pages that have others, sorted and
	// encoded as a query.
	extra string

	tongue tongue // of the page; none for what has no words of ours
}

// answer is what a page made.
type answer struct {
	mediaType string
	body      []byte
}

// Media types of answers.
const (
	typeHTML = "text/html; charset=utf-8"
	typeAtom = "application/atom+xml; charset=utf-8"
)

// newAsk reads a request. Parameters that mean nothing are left out, so that
// they do not make another page.
func newAsk(r *http.Request) ask {
	a := ask{path: r.URL.EscapedPath(), name: chi.URLParam(r, "name"), page: 1}
	if r.URL.RawPath != "" {
		if s, err := url.PathUnescape(a.name); err == nil {
			a.name = s
		}
	}
	if r.URL.RawQuery == "" {
		return a
	}
	v := r.URL.Query()
	value := func(name string) string {
		s := strings.TrimSpace(v.Get(name))
		if len(s) > maxParam*4 {
			s = s[:maxParam*4]
		}
		return strings.ToValidUTF8(s, "")
	}
	switch s := value("sort"); s {
	case storage.SortNew, storage.SortTop, node.SortRising, storage.SortDiscussed, storage.SortScaled, storage.SortControversial,
		storage.SortOld, storage.ByAlphabetical, storage.ByActive:
		a.sort = s
	}
	dated := a.sort == storage.SortTop || strings.HasPrefix(a.path, "/search")
	if s := value("t"); slices.Contains(node.Periods(), s) && s != node.PeriodAll && dated {
		a.time = s
	}
	if s := value("show"); s == node.PlaceHere || s == node.PlaceElse {
		a.place = s
	}
	if s := value("type"); s == kindPosts || s == kindComments || s == kindSubmolts || s == kindAgents {
		a.kind = s
	}
	a.after, a.query, a.lang = value("after"), cmp.Or(value("q"), value("about")), language(value("lang"))
	if n, err := strconv.Atoi(value("page")); err == nil {
		a.page = min(max(n, 1), seekTries)
	}
	if strings.HasPrefix(a.path, "/post/") || strings.HasPrefix(a.path, "/comment/") {
		a.opened(value)
	}
	a.extra = extra(a.path, v)
	return a
}

// key tells pages apart. No part can run into another one: none holds a space.
func (a ask) key() string {
	if a.tongue.mark() == "" && a.sort == "" && a.place == "" && a.lang == "" && a.after == "" && a.query == "" && a.kind == "" && a.page == 1 && a.open == "" && a.version == "" && a.extra == "" {
		return a.path
	}
	key := strings.Join([]string{
		a.path, a.sort, a.time, a.place, a.lang, url.QueryEscape(a.after), url.QueryEscape(a.query), a.kind, strconv.Itoa(a.page), a.open, a.version,
	}, " ")
	if mark := a.tongue.mark(); mark != "" {
		key += " " + mark
	}
	if a.extra != "" {
		key += " " + a.extra
	}
	return key
}

// extra reads the parameters of pages that have others than lists have.
func extra(path string, v url.Values) string {
	var names []string
	switch {
	case path == "/oembed":
		names = []string{"url", "format", "maxwidth", "maxheight"}
	case strings.HasPrefix(path, "/list"):
		names = []string{"m", "u", "name"}
	}
	kept := url.Values{}
	for _, name := range names {
		for _, s := range v[name][:min(len(v[name]), node.MaxListed)] {
			if s = strings.TrimSpace(s); s != "" && len(s) <= maxParam {
				kept.Add(name, strings.ToValidUTF8(s, ""))
			}
		}
	}
	return kept.Encode()
}

// link is an address of the list that is asked for, after a change of what is asked.
func (a ask) link(path string, change func(a *ask)) string {
	a.page = 1
	change(&a)
	page := ""
	if a.page > 1 {
		page = strconv.Itoa(a.page)
	}
	return link(path, "show", a.place, "lang", a.lang, "sort", a.sort, "t", a.time, "q", a.query, "type", a.kind, "after", a.after, "page", page, "open", a.open, "v", a.version)
}

// self is the address of what is asked for, whatever its language.
func (a ask) self() string {
	number := a.page
	here := a.link(a.path, func(a *ask) { a.page = number })
	switch {
	case a.extra != "":
		here = a.path + "?" + a.extra
	case a.path == "/report":
		here = link(a.path, "about", a.query)
	}
	return here
}

// What a search finds and a profile shows.
const (
	kindPosts    = "posts"
	kindComments = "comments"
	kindSubmolts = "submolts"
	kindAgents   = "agents"
)

// serve answers with a route's page: from the cache when nothing has changed.
func (w *Web) serve(rt route) http.HandlerFunc {
	vary, worded := "Accept-Encoding", !isFile(rt.pattern) && rt.pattern != "/oembed"
	if rt.shared {
		vary = "Accept, " + vary
	}
	if worded {
		vary += ", Accept-Language"
	}
	return func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Vary", vary)
		a := newAsk(r)
		if worded {
			a.tongue = w.tongueOf(r)
			rw.Header().Set("Content-Language", a.tongue.code)
		}
		version, now := w.node.Version(), w.now() // before anything is read
		e, err := w.cache.entry(a.key(), version, now, func() (answer, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), renderTimeout)
			defer cancel()
			return rt.page(ctx, a)
		})
		if err != nil {
			w.fail(rw, r, err)
			return
		}
		e.write(rw, r)
	}
}

// policy lets a page load this node's stylesheet, script and icon, and ask this
// node whether something is new; nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; manifest-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secure sets what every answer of the door says to the browser.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// write sends a whole body, or to HEAD only its length.
func write(rw http.ResponseWriter, r *http.Request, status int, body []byte) {
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = rw.Write(body) //nolint:gosec // made by html/template or a marshaller; an error means that the reader is gone
	}
}
