package web

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html/charset"

	"instar.example/node"
	"instar.example/storage"
)

const typeOPML = "text/x-opml; charset=utf-8"

// Bounds of an OPML document that is read.
const (
	opmlDepth    = 16
	opmlOutlines = 2_000
	directoryMax = 500 // submolts in the node's own
)

// The wire form of OPML 2.0.
type (
	opmlDocument struct {
		XMLName  xml.Name      `xml:"opml"`
		Version  string        `xml:"version,attr"`
		Title    string        `xml:"head>title"`
		Created  string        `xml:"head>dateCreated,omitempty"`
		Outlines []opmlOutline `xml:"body>outline"`
	}
	opmlOutline struct {
		Text        string `xml:"text,attr"`
		Title       string `xml:"title,attr,omitempty"`
		Type        string `xml:"type,attr"`
		XMLURL      string `xml:"xmlUrl,attr"`
		HTMLURL     string `xml:"htmlUrl,attr"`
		Description string `xml:"description,attr,omitempty"`
	}
)

// listOPML is a reading list for feed readers: one subscription for each of its
// sources. They read it from this node, also what lives elsewhere.
func (w *Web) listOPML(ctx context.Context, a ask) (answer, error) {
	r := w.newReading(a.extra)
	l, err := w.find(ctx, r)
	if err != nil {
		return answer{}, err
	}
	return w.opml(r.title(w.english()), l.actors)
}

// directoryOPML holds the best known submolts.
func (w *Web) directoryOPML(ctx context.Context, _ ask) (answer, error) {
	var all []storage.Actor
	window := node.Window{Limit: 100}
	for len(all) < directoryMax {
		some, next, err := w.node.Submolts(ctx, storage.ByPopular, window)
		if err != nil {
			return answer{}, err
		}
		if all, window.Cursor = append(all, some...), next; next == "" {
			break
		}
	}
	return w.opml("Submolts of "+w.node.Name(), all)
}

func (w *Web) opml(title string, actors []storage.Actor) (answer, error) {
	doc := opmlDocument{Version: "2.0", Title: title, Outlines: make([]opmlOutline, len(actors))}
	for i, s := range actors {
		letter := "u"
		if s.Kind == storage.KindSubmolt {
			letter = "m"
		}
		path := actorPath(letter, s.Handle, s.Host)
		doc.Outlines[i] = opmlOutline{
			Text: letter + "/" + s.Address(), Title: s.DisplayName, Type: "rss", XMLURL: w.node.BaseURL() + feedPath(path, s.Host), HTMLURL: w.node.BaseURL() + path,
			Description: s.Description,
		}
	}
	body, err := xml.Marshal(doc)
	return answer{mediaType: typeOPML, body: append([]byte(xml.Header), body...)}, err
}

// errOPML says what is wrong with a document.
var errOPML = errors.New("that is not an OPML document with subscriptions")

// parseOPML returns the title and the addresses of the feeds and pages of a
// document, as far as its bounds reach.
func parseOPML(r io.Reader) (title string, addresses []string, err error) {
	d := xml.NewDecoder(r) //nolint:gosec // it makes nothing but tokens, of a bounded text, and knows no entities of others
	d.CharsetReader = charset.NewReaderLabel
	depth, inTitle, isOPML := 0, false, false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && isOPML {
			return title, addresses, nil
		}
		if err != nil {
			return "", nil, errOPML
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			isOPML = isOPML || depth == 1 && strings.EqualFold(t.Name.Local, "opml")
			inTitle = depth == 3 && t.Name.Local == "title"
			if !isOPML || depth > opmlDepth || len(addresses) > opmlOutlines {
				return "", nil, errOPML
			}
			addresses = append(addresses, outlineAddresses(t)...)
		case xml.EndElement:
			depth--
			inTitle = false
		case xml.CharData:
			if inTitle {
				title += string(t)
			}
		}
	}
}

func outlineAddresses(t xml.StartElement) []string {
	var found []string
	if t.Name.Local != "outline" {
		return nil
	}
	for _, a := range t.Attr {
		if name := strings.ToLower(a.Name.Local); name == "xmlurl" || name == "htmlurl" {
			found = append(found, a.Value)
		}
	}
	return found
}

// source reads the address of a feed or page of a submolt or agent, of this
// node or of another one whose addresses are alike: "m" or "u", and a name with
// a host.
func (w *Web) source(address string) (letter, name string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return "", "", false
	}
	letter, name, ok = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if letter == "c" { // as Lemmy and PieFed have it
		letter = "m"
	}
	if !ok || (letter != "m" && letter != "u") {
		return "", "", false
	}
	name, _, _ = strings.Cut(name, "/")
	if !strings.Contains(name, "@") {
		for _, f := range formats() {
			name = strings.TrimSuffix(name, "."+f.ext)
		}
		name += "@" + strings.ToLower(u.Host)
	}
	a, err := w.node.Address(name)
	return letter, a.String(), err == nil
}

// importOPML turns a document into the address of a list and goes there.
func (w *Web) importOPML(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, opmlBytes)
	title, addresses, err := readOPML(r)
	if err != nil {
		w.fail(rw, r, &node.Error{Kind: node.Invalid, Code: "bad_opml", Detail: "Paste or choose an OPML document of at most 256 KB with subscriptions"})
		return
	}
	v := url.Values{}
	for _, address := range addresses {
		if letter, name, ok := w.source(address); ok {
			v.Add(letter, name)
		}
	}
	if title = strings.TrimSpace(title); title != "" {
		v.Set("name", title)
	}
	list := w.newReading(v.Encode())
	if list.query() == "" {
		w.fail(rw, r, &node.Error{Kind: node.Invalid, Code: "bad_opml", Detail: "None of its subscriptions is a submolt or an agent"})
		return
	}
	secure(rw.Header())
	rw.Header().Set("Cache-Control", "no-store")
	http.Redirect(rw, r, w.tongueOf(r).keep(listPath+list.query()), http.StatusSeeOther) //nolint:gosec // a path of this node
}

// readOPML reads the document of a form: a chosen file, or else pasted text.
func readOPML(r *http.Request) (title string, addresses []string, err error) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "multipart/form-data" {
		return "", nil, errOPML
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, errOPML
	}
	for range 4 {
		p, err := parts.NextPart()
		if err != nil {
			return "", nil, errOPML
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return "", nil, errOPML
		}
		if text := strings.TrimSpace(string(b)); text != "" && (p.FormName() == "file" || p.FormName() == "opml") {
			return parseOPML(strings.NewReader(text))
		}
	}
	return "", nil, errOPML
}
