// Package activity holds the wire types of ActivityStreams 2.0: it parses
// what other servers send and writes what we send.
//
// Reading is generous: a property may be a string, an object, an array or
// null wherever some server sends it so, and what is not understood is left
// out. Only the frame is strict: every Parse function runs CheckJSON first.
// Writing is strict: the Doc types have the one shape that all known readers
// take (arrays in to and cc, the full Public IRI, a single publicKey).
//
// The package believes nothing that it reads: whether a document is what it
// says is for packages inbox and fetch. It knows no network and no storage,
// and it does no JSON-LD processing: "@context" is written, never read.
package activity

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrTooLarge says that a document has more than MaxBytes bytes.
	ErrTooLarge = errors.New("document is too large")
	// ErrMalformed says that a document is no JSON of the kind that is read
	// here, or lacks what every document of its kind must have.
	ErrMalformed = errors.New("malformed document")
)

// MaxRecipients bounds "to" and "cc" of one document, each.
const MaxRecipients = 500

// Activity is one activity as its sender wrote it. Nothing in it is proven.
type Activity struct {
	ID   string // empty when the activity has none
	Type string // the first type known here, else the first one given
	// Actor is the id of the actor, also when the sender embedded the actor.
	Actor string
	// Objects are in the sender's order: a Flag names several, PieFed's
	// Announce carries a batch.
	Objects                              []Ref
	Target                               Ref
	To, Cc                               []string
	Audience                             string
	Summary, Content                     string
	Published, Updated, EndTime          time.Time // zero when absent or unreadable
	expires                              time.Time // the old name of EndTime, which counts where that is not there
	RemoveData, RestoreData, WithReplies bool
	// Raw is the document itself, byte for byte; it shares the parsed slice.
	Raw json.RawMessage
}

// Ref is a property that names another thing by its id or embeds it.
type Ref struct {
	ID   string
	Type string // empty when only an id was given
	// Raw is the embedded object as it was sent, nil when only an id was given.
	// It is to be trusted only when its id has the sender's origin (FEP-fe34).
	Raw json.RawMessage
}

// ParseActivity reads an activity. It asks for a type and an actor, not for
// an id: a nested activity may come without. The result shares memory with b.
func ParseActivity(b []byte) (*Activity, error) {
	v, err := document(b)
	if err != nil {
		return nil, err
	}
	a := &Activity{Raw: json.RawMessage(v)}
	for name, value := range v.members() {
		if err := a.read(name, value); err != nil {
			return nil, fmt.Errorf("%w: activity: %s: %w", ErrMalformed, name, err)
		}
	}
	if a.EndTime.IsZero() {
		a.EndTime = a.expires
	}
	switch {
	case a.Type == "":
		return nil, fmt.Errorf("%w: activity has no type", ErrMalformed)
	case a.Actor == "":
		return nil, fmt.Errorf("%w: activity has no actor", ErrMalformed)
	}
	return a, nil
}

// Object returns the first object, or the zero Ref when there is none.
func (a *Activity) Object() Ref {
	if len(a.Objects) == 0 {
		return Ref{}
	}
	return a.Objects[0]
}

func (a *Activity) read(name string, v value) (err error) {
	switch name {
	case "id":
		a.ID, err = v.ownID()
	case "type":
		a.Type = v.typeName()
	case "actor":
		a.Actor, err = v.oneID()
	case "object":
		a.Objects = v.refs()
	case "target":
		a.Target = v.ref()
	case "to":
		a.To, err = v.recipients()
	case "cc":
		a.Cc, err = v.recipients()
	case "audience":
		a.Audience = v.id()
	case "summary":
		a.Summary = v.text()
	case "content":
		a.Content = v.text()
	case "published":
		a.Published = v.time()
	case "updated":
		a.Updated = v.time()
	case "endTime":
		a.EndTime = v.time()
	case "expires":
		a.expires = v.time()
	case "removeData":
		a.RemoveData = v.isTrue()
	case "restoreData":
		a.RestoreData = v.isTrue()
	case "withReplies":
		a.WithReplies = v.isTrue()
	}
	return err
}
