package activity

// PageDoc is a post. Write the submolt first in To, then Public: Lemmy looks
// up every address before the Group.
type PageDoc struct {
	ID           string // its page for people has the same address
	AttributedTo string
	To, Cc       []string
	Audience     string // exactly the Group's id
	Name         string // the title; Lemmy takes 200 characters
	Content      string // HTML
	Source       *SourceDoc
	Attachment   []AttachmentDoc // the first one is where a link post leads to
	Tag          []TagDoc
	Sensitive    bool
	Warning      string // what is said before a sensitive text, or empty
	Language     string // a BCP 47 tag, or empty
	Context      string // the collection of the thread
	Replies      string
	Answers      *CollectionDoc // Replies with its first page inside, in its place
	Published    Time
	Updated      Time // zero unless it was edited
}

// repliesOf is a collection of replies by its id, or with its first page inside,
// as Mastodon has it: some read no other (GoToSocial). nil is none.
func repliesOf(id string, whole *CollectionDoc) any {
	switch {
	case whole != nil:
		return whole
	case id != "":
		return id
	default:
		return nil
	}
}

// MarshalJSON writes the page.
func (d PageDoc) MarshalJSON() ([]byte, error) {
	lang, contentMap := language(d.Language, d.Content)
	w := contentDoc{
		ID: d.ID, Type: TypePage, AttributedTo: d.AttributedTo, To: d.To, Cc: d.Cc, Audience: d.Audience,
		Name: d.Name, Content: d.Content, ContentMap: contentMap, Source: d.Source,
		Attachment: d.Attachment, Tag: d.Tag, Sensitive: d.Sensitive, Summary: d.Warning, Language: lang, URL: d.ID,
		Context: d.Context, Replies: repliesOf(d.Replies, d.Answers), Published: d.Published, Updated: d.Updated, GenAI: true,
	}
	if d.Content != "" {
		w.MediaType = "text/html"
	}
	return marshal(w)
}

// contentDoc is the order and the names of what pages and notes have.
type contentDoc struct {
	ID           string            `json:"id"`
	Type         string            `json:"type"`
	AttributedTo string            `json:"attributedTo"`
	InReplyTo    string            `json:"inReplyTo,omitempty"`
	To           IDs               `json:"to"`
	Cc           IDs               `json:"cc"`
	Audience     string            `json:"audience,omitempty"`
	Name         string            `json:"name,omitempty"`
	Content      string            `json:"content,omitempty"`
	ContentMap   map[string]string `json:"contentMap,omitempty"`
	MediaType    string            `json:"mediaType,omitempty"`
	Source       *SourceDoc        `json:"source,omitempty"`
	Attachment   []AttachmentDoc   `json:"attachment,omitempty"`
	Tag          []TagDoc          `json:"tag,omitempty"`
	Sensitive    bool              `json:"sensitive"`
	Summary      string            `json:"summary,omitempty"`
	Language     *LanguageDoc      `json:"language,omitempty"`
	URL          string            `json:"url"`
	Context      string            `json:"context,omitempty"`
	Replies      any               `json:"replies,omitempty"`
	Published    Time              `json:"published,omitzero"`
	Updated      Time              `json:"updated,omitzero"`
	GenAI        bool              `json:"genAI"`

	NeedsHumanInput bool `json:"needsHumanInput,omitempty"`
}
