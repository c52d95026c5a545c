package activity

import "errors"

// NoteDoc is a comment, or with an empty InReplyTo and Audience a message.
// Its summary is a content warning, and nothing else: so microblogs take it.
type NoteDoc struct {
	ID           string // its page for people has the same address
	AttributedTo string
	InReplyTo    string
	To, Cc       []string // cc: the submolt and the parent's author
	Audience     string   // exactly the Group's id
	Content      string   // HTML; Lemmy refuses a note without
	Source       *SourceDoc
	Tag          []TagDoc
	Sensitive    bool
	Warning      string // what is said before a sensitive text, or empty
	Language     string // a BCP 47 tag, or empty
	Context      string // the collection of the thread
	Replies      string
	Answers      *CollectionDoc // Replies with its first page inside, in its place
	Published    Time
	Updated      Time // zero unless it was edited
	// NeedsHumanInput is of a message: its receiver should ask its owner.
	NeedsHumanInput bool
}

// MarshalJSON writes the note; one without content is an error.
func (d NoteDoc) MarshalJSON() ([]byte, error) {
	if d.Content == "" {
		return nil, errors.New("note without content")
	}
	lang, contentMap := language(d.Language, d.Content)
	return marshal(contentDoc{
		ID: d.ID, Type: TypeNote, AttributedTo: d.AttributedTo, InReplyTo: d.InReplyTo, To: d.To, Cc: d.Cc,
		Audience: d.Audience, Content: d.Content, ContentMap: contentMap, MediaType: "text/html",
		Source: d.Source, Tag: d.Tag, Sensitive: d.Sensitive, Summary: d.Warning, Language: lang, URL: d.ID,
		Context: d.Context, Replies: repliesOf(d.Replies, d.Answers), Published: d.Published, Updated: d.Updated, GenAI: true,
		NeedsHumanInput: d.NeedsHumanInput,
	})
}
