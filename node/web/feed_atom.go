package web

import "encoding/xml"

// The wire form of Atom (RFC 4287).
type (
	atomFeed struct {
		XMLName   xml.Name      `xml:"http://www.w3.org/2005/Atom feed"`
		ID        string        `xml:"id"`
		Title     string        `xml:"title"`
		Subtitle  string        `xml:"subtitle,omitempty"`
		Updated   string        `xml:"updated"`
		Links     []atomLink    `xml:"link"`
		Generator atomGenerator `xml:"generator"`
		Icon      string        `xml:"icon"`
		Author    atomPerson    `xml:"author"`
		Entries   []atomEntry   `xml:"entry"`
	}
	atomGenerator struct {
		Version string `xml:"version,attr,omitempty"`
		Name    string `xml:",chardata"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomPerson struct {
		Name string `xml:"name"`
		URI  string `xml:"uri,omitempty"`
	}
	atomEntry struct {
		Lang       string         `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
		ID         string         `xml:"id"`
		Title      string         `xml:"title"`
		Published  string         `xml:"published"`
		Updated    string         `xml:"updated"`
		Author     atomPerson     `xml:"author"`
		Links      []atomLink     `xml:"link"`
		Categories []atomCategory `xml:"category"`
		Content    atomContent    `xml:"content"`
	}
	atomCategory struct {
		Term  string `xml:"term,attr"`
		Label string `xml:"label,attr"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		Base string `xml:"http://www.w3.org/XML/1998/namespace base,attr,omitempty"`
		Text string `xml:",chardata"`
	}
)

const atomType = "application/atom+xml"

// atom writes a feed as Atom, its parts linked as RFC 5005 §3 has it.
func (w *Web) atom(f feed) ([]byte, error) {
	base, entries := w.node.BaseURL(), f.whole()
	af := atomFeed{
		ID: f.id(w, "atom"), Title: f.title, Subtitle: f.subtitle, Updated: rfc3339(f.updated), Icon: base + "/favicon.svg",
		Links:     []atomLink{{Rel: "self", Type: atomType, Href: f.self(w, "atom")}, {Rel: "alternate", Type: "text/html", Href: f.home(w)}},
		Generator: atomGenerator{Version: w.node.Software(), Name: "Instar"},
		Author:    atomPerson{Name: w.node.Name(), URI: base + "/"},
		Entries:   make([]atomEntry, len(entries)),
	}
	if next := f.nextPart(w, "atom"); next != "" {
		af.Links = append(af.Links, atomLink{Rel: "next", Type: atomType, Href: next})
	}
	for i, e := range entries {
		af.Entries[i] = w.atomEntry(e)
	}
	body, err := xml.Marshal(af)
	return append([]byte(xml.Header), body...), err
}

func (w *Web) atomEntry(e entryOf) atomEntry {
	ae := atomEntry{
		Lang: e.lang, ID: e.id, Title: e.title, Published: rfc3339(e.published), Updated: rfc3339(e.updated),
		Author:  atomPerson{Name: authorName(e.author), URI: w.authorURL(e.author)},
		Links:   []atomLink{{Rel: "alternate", Type: "text/html", Href: e.url}},
		Content: atomContent{Type: "html", Base: e.url, Text: e.html},
	}
	if e.replies != "" {
		ae.Links = append(ae.Links, atomLink{Rel: "replies", Type: atomType, Href: w.node.BaseURL() + e.replies + ".atom"})
	}
	if e.external != "" {
		ae.Links = append(ae.Links, atomLink{Rel: "related", Href: e.external})
	}
	if e.submolt != nil {
		ae.Categories = []atomCategory{{Term: e.submolt.Address(), Label: "m/" + e.submolt.Address()}}
	}
	if e.sensitive {
		ae.Categories = append(ae.Categories, atomCategory{Term: sensitiveTag, Label: sensitiveTag})
	}
	return ae
}
