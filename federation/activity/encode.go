package activity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// The contexts stand in every outermost document. Hardly anyone expands them;
// who does must find each name of ours that ActivityStreams does not have. What
// is named by its address, readers carry with them; the rest stands here, so that
// nobody needs a third server to read what we say.
const (
	contentContext = `["https://www.w3.org/ns/activitystreams","https://w3id.org/security/data-integrity/v1",` +
		`{"sensitive":"as:sensitive","Hashtag":"as:Hashtag","lemmy":"https://join-lemmy.org/ns#",` +
		`"removeData":"lemmy:removeData","sc":"http://schema.org/","language":"sc:inLanguage",` +
		`"identifier":"sc:identifier","instar":"` + NamespaceIRI + `","genAI":"instar:genAI"}]`
	actorContext = `["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1",` +
		`"https://w3id.org/security/data-integrity/v1","https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1",` +
		`"https://purl.archive.org/socialweb/webfinger",` +
		`{"manuallyApprovesFollowers":"as:manuallyApprovesFollowers","sensitive":"as:sensitive",` +
		`"toot":"http://joinmastodon.org/ns#","discoverable":"toot:discoverable","indexable":"toot:indexable",` +
		`"featured":{"@id":"toot:featured","@type":"@id"},"lemmy":"https://join-lemmy.org/ns#",` +
		`"postingRestrictedToMods":"lemmy:postingRestrictedToMods","schema":"http://schema.org#",` +
		`"PropertyValue":"schema:PropertyValue","value":"schema:value",` +
		`"implements":{"@id":"https://w3id.org/fep/844e/implements","@type":"@id"},` +
		`"instar":"` + NamespaceIRI + `","genAI":"instar:genAI"}]`
	groupTerms = `"agentsRestricted":"instar:agentsRestricted","allowCrypto":"instar:allowCrypto","charter":"instar:charter",` +
		`"rules":"instar:rules","creed":"instar:creed","website":"instar:website","bannerColor":"instar:bannerColor",` +
		`"themeColor":"instar:themeColor","labels":{"@id":"instar:labels","@type":"@id"},`
	labelTerms = `"Label":"instar:Label","key":"instar:key","kind":"instar:kind","color":"instar:color","prompt":"instar:prompt",` +
		`"cadenceMinutes":"instar:cadenceMinutes","seats":"instar:seats","taken":"instar:taken","claimable":"instar:claimable",` +
		`"holders":{"@id":"instar:holders","@type":"@id"},`
)

// Encode writes a document for the wire: "@context" first and outermost only,
// HTML characters as they are. Where doc is an ActivityDoc (or a pointer to
// one) whose Object is a json.RawMessage, these bytes stand in the result
// unchanged, to the last space: FEP-1b12 asks for that of an Announce, and a
// proof inside depends on it. Raw bytes that CheckJSON refuses are an error.
func Encode(doc any) ([]byte, error) {
	raw, rest := detachRaw(doc)
	body, err := marshal(rest)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", doc, err)
	}
	if len(body) < 3 || body[0] != '{' {
		return nil, fmt.Errorf("encode %T: not an object with members", doc)
	}
	out := make([]byte, 0, len(body)+len(actorContext)+len(raw)+32)
	out = append(out, `{"@context":`...)
	out = append(out, contextOf(doc)...)
	out = append(out, ',')
	out = append(out, body[1:len(body)-1]...)
	if raw != nil {
		if err := CheckJSON(raw); err != nil {
			return nil, fmt.Errorf("encode %T: object: %w", doc, err)
		}
		out = append(out, `,"object":`...)
		out = append(out, raw...)
	}
	return append(out, '}'), nil
}

// detachRaw takes a raw object out of an activity: encoding/json would
// compact it.
func detachRaw(doc any) (json.RawMessage, any) {
	var a ActivityDoc
	switch d := doc.(type) {
	case ActivityDoc:
		a = d
	case *ActivityDoc:
		a = *d
	default:
		return nil, doc
	}
	raw, ok := a.Object.(json.RawMessage)
	if !ok {
		return nil, doc
	}
	if raw == nil {
		raw = json.RawMessage{} // refused later, like any other that is no JSON
	}
	a.Object = nil
	return raw, a
}

func contextOf(doc any) string {
	switch d := doc.(type) {
	case ActorDoc:
		if d.GroupDoc != nil {
			return strings.Replace(actorContext, `"genAI":`, groupTerms+`"genAI":`, 1)
		}
		if d.Endpoints.BatchInbox != "" {
			return strings.Replace(actorContext, `"genAI":`, `"batchInbox":{"@id":"instar:batchInbox","@type":"@id"},"genAI":`, 1)
		}
		return actorContext
	case *ActorDoc:
		return contextOf(*d)
	case ActivityDoc:
		return contextOf(d.Object)
	case *ActivityDoc:
		return contextOf(d.Object)
	case LabelDoc:
		return strings.Replace(contentContext, `"genAI":`, labelTerms+`"genAI":`, 1)
	case NoteDoc:
		if d.NeedsHumanInput {
			return strings.Replace(contentContext, `"genAI":`, `"needsHumanInput":"instar:needsHumanInput","genAI":`, 1)
		}
	}
	return contentContext
}

// marshal is json.Marshal without the escaping of <, > and &.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// IDs is a list of ids that is always written as an array, an empty one too:
// some servers refuse a document without "cc" or with a bare string.
type IDs []string

// MarshalJSON writes the array.
func (l IDs) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return marshal([]string(l))
}

// Time is a time as we write it: UTC with Z and milliseconds. A field of this
// type is left out when it is zero.
type Time struct{ time.Time }

// MarshalJSON writes the time in RFC 3339.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// SourceDoc is the text from which content was made.
type SourceDoc struct {
	Content   string `json:"content"`
	MediaType string `json:"mediaType"`
}

// Markdown returns text as a source, or nil for an empty one.
func Markdown(text string) *SourceDoc {
	if text == "" {
		return nil
	}
	return &SourceDoc{Content: text, MediaType: "text/markdown"}
}

// AttachmentDoc is a Link {Href}, an Image or Document {URL, Name}, or on an
// actor a PropertyValue {Name, Value}. Lemmy refuses content with any other.
type AttachmentDoc struct {
	Type      string `json:"type"`
	Href      string `json:"href,omitempty"`
	URL       string `json:"url,omitempty"`
	MediaType string `json:"mediaType,omitempty"`
	Name      string `json:"name,omitempty"`
	Value     string `json:"value,omitempty"`
}

// TagDoc is a Mention or a Hashtag. The name of a Mention is "@user@host":
// NodeBB looks it up.
type TagDoc struct {
	Type string `json:"type"`
	Href string `json:"href,omitempty"`
	Name string `json:"name"`
}

// ImageDoc is an actor's icon or banner.
type ImageDoc struct {
	Type      string `json:"type"` // Image
	MediaType string `json:"mediaType,omitempty"`
	URL       string `json:"url"`
}

// LanguageDoc is a language in the form that Lemmy asks for.
type LanguageDoc struct {
	Identifier string `json:"identifier"`
	Name       string `json:"name"`
}

// language returns the two forms in which content carries its language:
// Lemmy's object, and contentMap for everybody else. Lemmy knows a language
// by its first subtag only.
func language(tag, content string) (*LanguageDoc, map[string]string) {
	if tag == "" {
		return nil, nil
	}
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	l := &LanguageDoc{Identifier: primary, Name: languageName(primary)}
	if content == "" {
		return l, nil
	}
	return l, map[string]string{tag: content}
}

// languageName returns a language's name for itself, of the common ones.
func languageName(primary string) string {
	i := strings.Index(languageNames, " "+primary+"=")
	if i < 0 {
		return primary
	}
	name := languageNames[i+len(primary)+2:]
	name, _, _ = strings.Cut(name, ";")
	return name
}

const languageNames = ` ar=العربية; bg=Български; bn=বাংলা; ca=Català; cs=Čeština; da=Dansk; de=Deutsch; el=Ελληνικά;` +
	` en=English; eo=Esperanto; es=Español; et=Eesti; eu=Euskara; fa=فارسی; fi=Suomi; fr=Français; ga=Gaeilge; gl=Galego;` +
	` he=עברית; hi=हिन्दी; hr=Hrvatski; hu=Magyar; id=Bahasa Indonesia; is=Íslenska; it=Italiano; ja=日本語; ka=ქართული;` +
	` ko=한국어; lt=Lietuvių; lv=Latviešu; ms=Bahasa Melayu; nb=Norsk bokmål; nl=Nederlands; pl=Polski; pt=Português;` +
	` ro=Română; ru=Русский; sk=Slovenčina; sl=Slovenščina; sr=Српски; sv=Svenska; sw=Kiswahili; ta=தமிழ்; th=ไทย;` +
	` tl=Tagalog; tr=Türkçe; uk=Українська; ur=اردو; vi=Tiếng Việt; zh=中文;`
