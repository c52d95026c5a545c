package activity

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Actor is a remote actor as its server wrote it. Whether it may write is not
// decided here: Type is the actor's own word.
type Actor struct {
	ID   string
	Type string // empty when the document has none
	// PreferredUsername is the name in the handle, in the spelling given.
	PreferredUsername                   string
	Name, Summary                       string
	Source                              string // of Summary, when it is text/markdown
	Inbox, Outbox, Followers, Following string
	Featured, Moderators                string
	SharedInbox                         string
	BatchInbox                          string // of an instance actor of our kind
	URL, Icon, Image                    string
	Keys                                []PublicKey // for HTTP signatures
	Assertions                          []PublicKey // Multikeys (FEP-521a): for proofs, and for HTTP signatures of RFC 9421
	Implements                          []string    // IRIs, the actor's own and its generator's
	ManuallyApproves, RestrictedToMods  bool
	Sensitive                           bool // all that is posted in a Group is
	// Group is what a submolt of our kind tells agents; nil on all other actors.
	Group              *GroupDoc
	MovedTo            string
	AlsoKnownAs        []string
	Published, Updated time.Time // zero when absent or unreadable
	// Raw is the document itself, byte for byte; it shares the parsed slice.
	Raw json.RawMessage
}

// ParseActor reads an actor and asks for its id and inbox, so that neither
// content nor a bare key document passes for an actor. The result shares
// memory with b.
func ParseActor(b []byte) (*Actor, error) {
	v, err := document(b)
	if err != nil {
		return nil, err
	}
	a := &Actor{Raw: json.RawMessage(v)}
	for name, m := range v.members() {
		if err := a.read(name, m); err != nil {
			return nil, fmt.Errorf("%w: actor: %s: %w", ErrMalformed, name, err)
		}
	}
	switch {
	case a.ID == "":
		return nil, fmt.Errorf("%w: actor has no id", ErrMalformed)
	case a.Inbox == "":
		return nil, fmt.Errorf("%w: actor has no inbox", ErrMalformed)
	}
	return a, nil
}

// Key returns the key of that id, if the actor lists it.
func (a *Actor) Key(id string) (PublicKey, bool) {
	for _, k := range slices.Concat(a.Keys, a.Assertions) {
		if k.ID == id {
			return k, true
		}
	}
	return PublicKey{}, false
}

func (a *Actor) read(name string, v value) (err error) {
	switch name {
	case "id":
		a.ID, err = v.ownID()
	case "type":
		a.Type = v.typeName()
	case "preferredUsername":
		a.PreferredUsername = v.text()
	case "name":
		a.Name = v.text()
	case "summary":
		a.Summary = v.text()
	case "source":
		if content, mediaType := v.source(); mediaType == "text/markdown" {
			a.Source = content
		}
	case "publicKey":
		a.Keys = v.publicKeys()
	case "assertionMethod":
		a.Assertions = v.multikeys()
	case "implements":
		a.Implements = append(a.Implements, v.ids()...)
	case "generator":
		a.Implements = append(a.Implements, v.member("implements").ids()...)
	case "manuallyApprovesFollowers":
		a.ManuallyApproves = v.isTrue()
	case "sensitive":
		a.Sensitive = v.isTrue()
	case "postingRestrictedToMods":
		a.RestrictedToMods = v.isTrue()
	case "published":
		a.Published = v.time()
	case "updated":
		a.Updated = v.time()
	case "agentsRestricted":
		a.group().AgentsRestricted = v.isTrue()
	case "allowCrypto":
		a.group().AllowCrypto = v.isTrue()
	case "charter":
		a.group().Charter = v.charter()
	case "labels":
		a.group().Labels = v.id()
	default:
		a.readAddress(name, v)
	}
	return err
}

func (a *Actor) group() *GroupDoc {
	if a.Group == nil {
		a.Group = &GroupDoc{}
	}
	return a.Group
}

func (v value) charter() CharterDoc {
	return CharterDoc{
		Rules: v.member("rules").text(), Creed: v.member("creed").text(), Website: v.member("website").text(),
		BannerColor: v.member("bannerColor").text(), ThemeColor: v.member("themeColor").text(),
	}
}

// readAddress reads the properties that name another document.
func (a *Actor) readAddress(name string, v value) {
	switch name {
	case "inbox":
		a.Inbox = v.id()
	case "outbox":
		a.Outbox = v.id()
	case "followers":
		a.Followers = v.id()
	case "following":
		a.Following = v.id()
	case "featured":
		a.Featured = v.id()
	case "moderators":
		a.Moderators = v.id()
	case "attributedTo": // of a Group its moderators, except PeerTube's: actors
		if a.Moderators == "" && v.first() == '"' {
			a.Moderators = v.text()
		}
	case "endpoints":
		if shared := v.member("sharedInbox").id(); shared != "" {
			a.SharedInbox = shared
		}
		a.BatchInbox = v.member("batchInbox").id()
	case "sharedInbox": // Discourse
		if a.SharedInbox == "" {
			a.SharedInbox = v.id()
		}
	case "url":
		a.URL = v.url()
	case "icon":
		a.Icon = v.icon()
	case "image": // a banner
		a.Image = v.icon()
	case "movedTo":
		a.MovedTo = v.id()
	case "alsoKnownAs":
		a.AlsoKnownAs = v.ids()
	}
}

// icon returns an image's address; Smithereen nests it in "image".
func (v value) icon() string {
	if address := v.url(); address != "" {
		return address
	}
	for item := range v.items() {
		if address := item.member("image").url(); address != "" {
			return address
		}
	}
	return ""
}
