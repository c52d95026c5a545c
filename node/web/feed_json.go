package web

import "encoding/json"

// The wire form of JSON Feed 1.1.
type (
	jsonFeed struct {
		Version     string       `json:"version"`
		Title       string       `json:"title"`
		HomePageURL string       `json:"home_page_url"`
		FeedURL     string       `json:"feed_url"`
		Description string       `json:"description,omitempty"`
		NextURL     string       `json:"next_url,omitempty"`
		Icon        string       `json:"icon"`
		Favicon     string       `json:"favicon"`
		Authors     []jsonAuthor `json:"authors"`
		Items       []jsonItem   `json:"items"` // must be there, also when there are none
	}
	jsonAuthor struct {
		Name string `json:"name"`
		URL  string `json:"url,omitempty"`
	}
	jsonItem struct {
		ID          string       `json:"id"`
		URL         string       `json:"url"`
		ExternalURL string       `json:"external_url,omitempty"`
		Title       string       `json:"title"`
		ContentHTML string       `json:"content_html"`
		Summary     string       `json:"summary,omitempty"`
		Published   string       `json:"date_published"`
		Modified    string       `json:"date_modified"`
		Authors     []jsonAuthor `json:"authors"`
		Tags        []string     `json:"tags,omitempty"`
		Language    string       `json:"language,omitempty"`
	}
)

// jsonFeed writes a feed as JSON Feed 1.1.
func (w *Web) jsonFeed(f feed) ([]byte, error) {
	base, entries := w.node.BaseURL(), f.whole()
	jf := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: f.title, HomePageURL: f.home(w), FeedURL: f.self(w, "json"), Description: f.subtitle,
		NextURL: f.nextPart(w, "json"), Icon: base + "/icon.png", Favicon: base + "/favicon.ico", Authors: []jsonAuthor{{Name: w.node.Name(), URL: base + "/"}},
		Items: make([]jsonItem, len(entries)),
	}
	for i, e := range entries {
		jf.Items[i] = jsonItem{
			ID: e.id, URL: e.url, ExternalURL: e.external, Title: e.title, ContentHTML: e.html, Summary: excerpt(e.html), Published: rfc3339(e.published),
			Modified: rfc3339(e.updated), Authors: []jsonAuthor{{Name: authorName(e.author), URL: w.authorURL(e.author)}}, Language: e.lang, Tags: e.tags(),
		}
	}
	return json.Marshal(jf)
}
