package activity

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Object is a piece of content as its author's server wrote it: a Page, Note,
// Article, Question, Video, Event, or the Tombstone of one. Its text is
// foreign: sanitise it before it is stored or shown.
type Object struct {
	ID, Type     string
	AttributedTo string // of several authors the first that is no Group
	InReplyTo    string
	Name         string
	Content      string // HTML unless MediaType says otherwise
	MediaType    string
	// Source is the text as it was written, SourceType its media type; only
	// text/markdown is of use to us, and a source without a type is not it.
	Source, SourceType string
	Summary            string
	URL                string // for people, or where a link post leads to
	Audience           string
	Context            string // the collection of the whole thread
	Replies            string // the collection of the replies to it
	Language           string // of Content, a BCP 47 tag, empty when not told
	To, Cc             []string
	Published, Updated time.Time // zero when absent or unreadable
	Sensitive          bool
	NeedsHumanInput    bool // of a message of another node of agents
	Attachments        []Attachment
	Tags               []Tag
	Options            []Option  // of a Question
	Starts, Ends       time.Time // of an Event; Ends of a Question, too
	Place              string    // of an Event: what its place is called, and where it is
	Quote              string    // the object that this one quotes
	FormerType         string    // of a Tombstone
	// Raw is the document itself, byte for byte; it shares the parsed slice.
	Raw json.RawMessage
}

// Attachment is a link or a file that belongs to an object.
type Attachment struct {
	Type      string // Link, Image, Document, Video ...
	URL       string
	MediaType string
	Name      string // for an image its description
}

// Tag is a Mention, a Hashtag or another label of an object.
type Tag struct {
	Type string
	Name string
	Href string
}

// ParseObject reads an object of any type and asks for its id and type. The
// result shares memory with b.
func ParseObject(b []byte) (*Object, error) {
	v, err := document(b)
	if err != nil {
		return nil, err
	}
	o := &Object{Raw: json.RawMessage(v)}
	author := ""
	for name, m := range v.members() {
		if name == "actor" {
			author = m.id()
			continue
		}
		if err := o.read(name, m); err != nil {
			return nil, fmt.Errorf("%w: object: %s: %w", ErrMalformed, name, err)
		}
	}
	if o.AttributedTo == "" {
		o.AttributedTo = author
	}
	o.readMaps(v)
	switch {
	case o.ID == "":
		return nil, fmt.Errorf("%w: object has no id", ErrMalformed)
	case o.Type == "":
		return nil, fmt.Errorf("%w: object has no type", ErrMalformed)
	}
	return o, nil
}

func (o *Object) read(name string, v value) (err error) {
	switch name {
	case "id":
		o.ID, err = v.ownID()
	case "attributedTo":
		o.AttributedTo = v.author()
	case "to":
		o.To, err = v.recipients()
	case "cc":
		o.Cc, err = v.recipients()
	case "published":
		o.Published = v.time()
	case "updated":
		o.Updated = v.time()
	case "sensitive":
		o.Sensitive = v.isTrue()
	case "needsHumanInput":
		o.NeedsHumanInput = v.isTrue()
	case "source":
		o.Source, o.SourceType = v.source()
	case "url":
		o.URL = v.url()
	case "attachment":
		o.Attachments = v.attachments()
	case "tag":
		o.Tags = v.tags()
	case "oneOf", "anyOf":
		o.Options = append(o.Options, v.options()...)
	case "startTime":
		o.Starts = v.time()
	case "endTime":
		o.Ends = v.time()
	case "location":
		o.Place = v.place()
	case "quote", "quoteUrl", "quoteUri", "_misskey_quote":
		o.Quote = cmp.Or(o.Quote, v.id())
	default:
		o.readWord(name, v)
	}
	return err
}

// readWord reads the properties that are a single text or id.
func (o *Object) readWord(name string, v value) {
	switch name {
	case "type":
		o.Type = v.typeName()
	case "inReplyTo":
		o.InReplyTo = v.id()
	case "name":
		o.Name = v.text()
	case "content":
		o.Content = v.text()
	case "mediaType":
		o.MediaType = v.text()
	case "summary":
		o.Summary = v.text()
	case "audience":
		o.Audience = v.id()
	case "context":
		o.Context = v.id()
	case "replies":
		o.Replies = v.id()
	case "language":
		o.Language = v.language()
	case "formerType", "former_type":
		o.FormerType = v.typeName()
	}
}

// readMaps takes from the texts by language what the plain ones left open. A tag
// that names no language is none.
func (o *Object) readMaps(v value) {
	o.Language = spoken(o.Language)
	if o.Language == "" || o.Content == "" {
		o.readLanguages(v.member("contentMap"))
		o.Language = spoken(o.Language)
	}
	if o.Name == "" {
		o.Name = v.member("nameMap").anyText()
	}
	if o.Summary == "" {
		o.Summary = v.member("summaryMap").anyText()
	}
}

// spoken is a language tag, or "" for those that say that there is no language,
// that there are several or that it is not known (ISO 639-2).
func spoken(tag string) string {
	switch strings.ToLower(tag) {
	case "und", "zxx", "mul", "mis":
		return ""
	default:
		return tag
	}
}

// anyText is the first text of a map of languages.
func (v value) anyText() string {
	for _, m := range v.members() {
		if s := m.text(); s != "" {
			return s
		}
	}
	return ""
}

// readLanguages takes from a contentMap what content and language left open:
// the first text, or the language under which the content stands.
func (o *Object) readLanguages(contentMap value) {
	if o.Content != "" {
		only, n := "", 0
		for tag, m := range contentMap.members() {
			n++
			only = tag
			if m.text() == o.Content {
				o.Language = tag
				return
			}
		}
		if n == 1 {
			o.Language = only
		}
		return
	}
	for tag, m := range contentMap.members() {
		if o.Content = m.text(); o.Content != "" {
			o.Language = tag
			return
		}
	}
}

// author returns the first author that is not a Group: PeerTube names the
// account and its channel.
func (v value) author() string {
	first := ""
	for item := range v.items() {
		r := item.ref()
		if r.ID != "" && r.Type != TypeGroup {
			return r.ID
		}
		if first == "" {
			first = r.ID
		}
	}
	return first
}

// language reads Lemmy's {identifier, name} and a bare tag.
func (v value) language() string {
	for item := range v.items() {
		if tag := item.text(); tag != "" {
			return tag
		}
		if tag := item.member("identifier").text(); tag != "" {
			return tag
		}
	}
	return ""
}

func (v value) source() (content, mediaType string) {
	if v.first() == '"' {
		return v.text(), ""
	}
	for name, m := range v.members() {
		switch name {
		case "content":
			content = m.text()
		case "mediaType":
			mediaType = m.text()
		}
	}
	return content, mediaType
}

func (v value) attachments() []Attachment {
	var list []Attachment
	for item := range v.items() {
		a := Attachment{URL: item.url()}
		for name, m := range item.members() {
			switch name {
			case "type":
				a.Type = m.typeName()
			case "mediaType":
				a.MediaType = m.text()
			case "name":
				a.Name = m.text()
			}
		}
		if a != (Attachment{}) {
			list = append(list, a)
		}
	}
	return list
}

func (v value) tags() []Tag {
	var list []Tag
	for item := range v.items() {
		var t Tag
		for name, m := range item.members() {
			switch name {
			case "type":
				t.Type = m.typeName()
			case "name":
				t.Name = m.text()
			case "href":
				t.Href = m.text()
			}
		}
		if t != (Tag{}) {
			list = append(list, t)
		}
	}
	return list
}
