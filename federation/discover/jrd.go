package discover

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime"
	"slices"
	"strings"
)

// The media types of what is answered here.
const (
	JRDType = "application/jrd+json"
	XRDType = "application/xrd+xml"
)

const (
	activityJSON = "application/activity+json"
	linkedData   = "application/ld+json"
	activityNS   = "https://www.w3.org/ns/activitystreams"
	relSelf      = "self"
	relTemplate  = "lrdd"
	relPage      = "http://webfinger.net/rel/profile-page"
)

// JRD is a document of WebFinger (RFC 7033 §4.4).
type JRD struct {
	Subject string   `json:"subject,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	Links   []Link   `json:"links"`
}

// Link is one link of a JRD.
type Link struct {
	Rel        string            `json:"rel"`
	Type       string            `json:"type,omitempty"`
	Href       string            `json:"href,omitempty"`
	Template   string            `json:"template,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
}

// ParseJRD reads a JRD of another server. What is not understood is left out;
// only what is no JSON object, or has no list of links where one must be, is an
// error, ErrMalformed.
func ParseJRD(b []byte) (JRD, error) {
	var wire struct {
		Subject json.RawMessage   `json:"subject"`
		Aliases []json.RawMessage `json:"aliases"`
		Links   []json.RawMessage `json:"links"`
	}
	if err := json.Unmarshal(b, &wire); err != nil {
		return JRD{}, fmt.Errorf("%w: JRD: %w", ErrMalformed, err)
	}
	jrd := JRD{Subject: text(wire.Subject)}
	for _, alias := range wire.Aliases {
		if a := text(alias); a != "" {
			jrd.Aliases = append(jrd.Aliases, a)
		}
	}
	for _, raw := range wire.Links {
		var l struct{ Rel, Type, Href, Template json.RawMessage }
		if json.Unmarshal(raw, &l) == nil && text(l.Rel) != "" {
			jrd.Links = append(jrd.Links, Link{Rel: text(l.Rel), Type: text(l.Type), Href: text(l.Href), Template: text(l.Template)})
		}
	}
	return jrd, nil
}

// text returns the text of a JSON string, and "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// Self returns the address of the ActivityPub actor that the document links as
// the subject itself, or "": the first of the plain type, as Mastodon takes it,
// and where there is none the first of linked data with the AS2 profile. Links to
// itself of other types are a page, a picture or another protocol's.
func (j JRD) Self() string {
	if selves := j.Selves(); len(selves) > 0 {
		return selves[0]
	}
	return ""
}

// maxSelves bounds how many actors one name may mean.
const maxSelves = 4

// Selves are all actors that the document links as the subject itself, the one
// that Self returns first. Lemmy answers with a person and a community of one name.
func (j JRD) Selves() []string {
	var plain, linked []string
	for _, l := range j.Links {
		if l.Rel != relSelf || l.Href == "" {
			continue
		}
		switch kindOf(l.Type) {
		case activityJSON:
			plain = append(plain, l.Href)
		case linkedData:
			linked = append(linked, l.Href)
		}
	}
	var selves []string
	for _, href := range append(plain, linked...) {
		if !slices.Contains(selves, href) && len(selves) < maxSelves {
			selves = append(selves, href)
		}
	}
	return selves
}

// kindOf returns which of ActivityPub's two media types one is, or "".
func kindOf(mediaType string) string {
	kind, parameters, err := mime.ParseMediaType(mediaType)
	if err != nil || kind == linkedData && !slices.Contains(strings.Fields(parameters["profile"]), activityNS) {
		return ""
	}
	if kind == activityJSON || kind == linkedData {
		return kind
	}
	return ""
}

// ActorJRD builds our answer about an actor: its id, its type ("Service",
// "Group", "Application") and the address of its page. There is one self link:
// two actors of one name are not told apart by everyone [DISC-7].
func ActorJRD(h Handle, id, actorType, page string) JRD {
	jrd := JRD{Subject: h.Acct(), Aliases: []string{id}}
	if page != "" {
		jrd.Links = append(jrd.Links, Link{Rel: relPage, Type: "text/html", Href: page})
		if page != id {
			jrd.Aliases = append(jrd.Aliases, page)
		}
	}
	jrd.Links = append(jrd.Links, Link{
		Rel: relSelf, Type: activityJSON, Href: id,
		Properties: map[string]string{activityNS + "#type": actorType},
	})
	return jrd
}

func template(base string) string { return base + "/.well-known/webfinger?resource={uri}" }

// HostMeta builds /.well-known/host-meta of the node whose origin is base.
func HostMeta(base string) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">` + "\n" +
		`  <Link rel="` + relTemplate + `" type="` + JRDType + `" template="`)
	_ = xml.EscapeText(&b, []byte(template(base))) // a Buffer takes everything
	b.WriteString(`"/>` + "\n</XRD>\n")
	return b.Bytes()
}

// HostMetaJRD builds /.well-known/host-meta.json (RFC 6415 §3).
func HostMetaJRD(base string) JRD {
	return JRD{Links: []Link{{Rel: relTemplate, Type: JRDType, Template: template(base)}}}
}

// parseHostMeta returns the template of another server's WebFinger.
func parseHostMeta(b []byte) (string, error) {
	var xrd struct {
		Links []struct {
			Rel      string `xml:"rel,attr"`
			Template string `xml:"template,attr"`
		} `xml:"Link"`
	}
	if err := xml.Unmarshal(b, &xrd); err != nil {
		return "", fmt.Errorf("%w: host-meta: %w", ErrMalformed, err)
	}
	for _, l := range xrd.Links {
		if l.Rel == relTemplate && strings.Contains(l.Template, "{uri}") {
			return l.Template, nil
		}
	}
	return "", fmt.Errorf("%w: host-meta without a template", ErrMalformed)
}
