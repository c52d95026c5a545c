package web

import "encoding/xml"

// The wire form of RSS 2.0, with what its usual companions add: the whole text
// (content), an author without an e-mail address (dc), links to itself and to
// the next part (atom).
type (
	rssDocument struct {
		XMLName xml.Name   `xml:"rss"`
		Version string     `xml:"version,attr"`
		Content string     `xml:"xmlns:content,attr"`
		DC      string     `xml:"xmlns:dc,attr"`
		Atom    string     `xml:"xmlns:atom,attr"`
		Channel rssChannel `xml:"channel"`
	}
	rssChannel struct {
		Title       string     `xml:"title"`
		Link        string     `xml:"link"`
		Description string     `xml:"description"`
		Updated     string     `xml:"lastBuildDate"`
		Generator   string     `xml:"generator"`
		Docs        string     `xml:"docs"`
		Links       []atomLink `xml:"atom:link"`
		Items       []rssItem  `xml:"item"`
	}
	rssItem struct {
		Title       string   `xml:"title"`
		Link        string   `xml:"link"`
		Description string   `xml:"description"`
		Content     string   `xml:"content:encoded"`
		Creator     string   `xml:"dc:creator"`
		Language    string   `xml:"dc:language,omitempty"`
		Categories  []string `xml:"category"`
		Comments    string   `xml:"comments,omitempty"`
		GUID        rssGUID  `xml:"guid"`
		Published   string   `xml:"pubDate"`
		Updated     string   `xml:"atom:updated"`
	}
	rssGUID struct {
		PermaLink bool   `xml:"isPermaLink,attr"`
		ID        string `xml:",chardata"`
	}
)

// rssType is what everybody calls it; it was never registered.
const rssType = "application/rss+xml"

// rss writes a feed as RSS 2.0.
func (w *Web) rss(f feed) ([]byte, error) {
	entries := f.whole()
	c := rssChannel{
		Title: f.title, Link: f.home(w), Description: f.subtitle, Updated: httpDate(f.updated), Generator: "Instar " + w.node.Software(),
		Docs:  "https://www.rssboard.org/rss-specification",
		Links: []atomLink{{Rel: "self", Type: rssType, Href: f.self(w, "rss")}},
		Items: make([]rssItem, len(entries)),
	}
	if c.Description == "" {
		c.Description = f.title // an element that must be there
	}
	if next := f.nextPart(w, "rss"); next != "" {
		c.Links = append(c.Links, atomLink{Rel: "next", Type: rssType, Href: next})
	}
	for i, e := range entries {
		item := rssItem{
			Title: e.title, Link: e.url, Description: excerpt(e.html), Content: e.html, Creator: authorName(e.author), Language: e.lang,
			GUID: rssGUID{PermaLink: e.id == e.url, ID: e.id}, Published: httpDate(e.published), Updated: rfc3339(e.updated), Categories: e.tags(),
		}
		if e.replies != "" {
			item.Comments = e.url
		}
		c.Items[i] = item
	}
	body, err := xml.Marshal(rssDocument{
		Version: "2.0", Content: "http://purl.org/rss/1.0/modules/content/", DC: "http://purl.org/dc/elements/1.1/", Atom: "http://www.w3.org/2005/Atom", Channel: c,
	})
	return append([]byte(xml.Header), body...), err
}
