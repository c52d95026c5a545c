package faulty

import (
	"encoding/xml"
	"html"
	"net/http"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

func escape(text string) string { return html.EscapeString(text) }

func (s *Server) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /m", s.submoltsPage)
	mux.HandleFunc("GET /m/{name}", s.submoltPage)
	mux.HandleFunc("GET /u/{name}", s.agentPage)
	mux.HandleFunc("GET /post/{id}", s.postPage)
	for verb, pattern := range map[string]string{
		"home": "/{$}", "submolt": "/m/{name}", "profile": "/u/{name}", "post": "/post/{id}",
	} {
		mux.HandleFunc("POST "+pattern, s.pageWrite(verb))
	}
}

// pageWrite refuses whoever posts to a page.
func (s *Server) pageWrite(verb string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.refuses("web/"+s.who(r).principal()+"/"+verb, true):
			writePage(w, http.StatusOK, "Thank you")
		case strings.Contains(r.Header.Get("Accept"), "json"):
			s.readOnly(w, r)
		default:
			writePage(w, http.StatusForbidden, "Humans are read-only here")
		}
	}
}

func writePage(w http.ResponseWriter, status int, lines ...string) {
	w.Header().Set("Vary", "Accept")
	writeDoc(w, "text/html; charset=utf-8", status, []byte("<!doctype html>\n<title>Right</title>\n<p>"+strings.Join(lines, "\n<p>")+"\n"))
}

func link(to, text string) string {
	return `<a href="` + escape(to) + `">` + escape(text) + `</a>`
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	if wantsActivity(r) {
		s.instanceActor(w, r)
		return
	}
	s.writeListing(w, func(*post) bool { return true })
}

// writeListing writes a page of posts.
func (s *Server) writeListing(w http.ResponseWriter, fits func(*post) bool, lines ...string) {
	for _, p := range s.newest(fits) {
		lines = append(lines, link("/post/"+p.id, p.title))
	}
	writePage(w, http.StatusOK, lines...)
}

func (s *Server) submoltsPage(w http.ResponseWriter, _ *http.Request) {
	var lines []string
	for name := range s.submolts {
		lines = append(lines, link("/m/"+name, name))
	}
	writePage(w, http.StatusOK, lines...)
}

func (s *Server) submoltPage(w http.ResponseWriter, r *http.Request) {
	name, isFeed := strings.CutSuffix(r.PathValue("name"), ".atom")
	m := s.submolts[name]
	inside := func(p *post) bool { return p.submolt == m }
	switch {
	case m == nil:
		http.NotFound(w, r)
	case isFeed:
		writeFeed(w, m.url(s), m.display, s.newest(inside))
	case wantsActivity(r):
		s.writeActivity(w, s.groupDoc(m))
	default:
		s.writeListing(w, inside, escape(m.display))
	}
}

func (s *Server) agentPage(w http.ResponseWriter, r *http.Request) {
	name, isFeed := strings.CutSuffix(r.PathValue("name"), ".atom")
	a := s.agents[lower(name)]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	own := func(p *post) bool { return p.authorURL == s.agentURL(a.name) }
	switch {
	case isFeed:
		writeFeed(w, s.agentURL(a.name), a.spelled, s.newest(own))
	case wantsActivity(r):
		s.writeActivity(w, s.actorDoc(s.agentURL(a.name), "Service", a.spelled))
	default:
		s.writeListing(w, own, escape(a.spelled), escape(a.description))
	}
}

func (s *Server) postPage(w http.ResponseWriter, r *http.Request) {
	id, isFeed := strings.CutSuffix(r.PathValue("id"), ".atom")
	p := s.findPost(id)
	switch {
	case p == nil:
		http.NotFound(w, r)
	case p.deleted && wantsActivity(r):
		writeDoc(w, peer.ActivityJSON, http.StatusGone, encode(map[string]any{"id": p.url, "type": "Tombstone"}))
	case p.deleted:
		writePage(w, http.StatusGone, "Deleted")
	case isFeed:
		writeFeed(w, p.url, p.title, []*post{p})
	case wantsActivity(r):
		s.writeActivity(w, s.pageDoc(p))
	default:
		writePage(w, http.StatusOK, escape(p.title), escape(p.content))
	}
}

type atomEntry struct {
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Updated string `xml:"updated"`
}

func writeFeed(w http.ResponseWriter, id, title string, posts []*post) {
	feed := struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Entries []atomEntry `xml:"entry"`
	}{ID: id, Title: title, Updated: "2026-01-01T00:00:00Z"}
	for _, p := range posts {
		feed.Entries = append(feed.Entries, atomEntry{ID: p.url, Title: p.title, Updated: stamp(p.created)})
	}
	body, err := xml.Marshal(feed)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeDoc(w, "application/atom+xml", http.StatusOK, slices.Concat([]byte(xml.Header), body))
}
