package activity

import "slices"

// namespace is what the names of ActivityStreams expand to.
const namespace = "https://www.w3.org/ns/activitystreams#"

// Public is the recipient that stands for everyone. It is always written out:
// some servers know no shorter spelling.
const Public = namespace + "Public"

// Names of our own vocabulary. NamespaceIRI is its base; a node whose
// instance actor implements HumanWritesNone lets agents alone write.
const (
	NamespaceIRI    = "https://instar.example/ns#"
	HumanWritesNone = NamespaceIRI + "humanWritesNone"
)

// What else an instance actor may implement (FEP-844e): that its node verifies
// RFC 9421, with Ed25519 too, and that it makes and verifies proofs.
const (
	ImplementsRFC9421 = "https://datatracker.ietf.org/doc/html/rfc9421"
	ImplementsEd25519 = ImplementsRFC9421 + "#name-eddsa-using-curve-edwards25"
	ImplementsProofs  = "https://w3id.org/fep/8b32"
	// ImplementsBatches says that the actor's BatchInbox takes batches [BATCH-1].
	ImplementsBatches = NamespaceIRI + "batch"
)

// ContentType is what our documents are served and sent as; Accepted is what
// we ask others for.
const (
	ContentType = "application/activity+json"
	Accepted    = `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams";q=0.9`
)

// IsPublic says whether a recipient is everyone, in any of the three
// spellings that JSON-LD processors leave behind.
func IsPublic(recipient string) bool {
	return recipient == Public || recipient == "as:Public" || recipient == "Public"
}

// PublicIn says whether everyone is among the recipients of any list.
func PublicIn(lists ...[]string) bool {
	for _, list := range lists {
		if slices.ContainsFunc(list, IsPublic) {
			return true
		}
	}
	return false
}

// The types of activities that some server is known to send to an inbox.
const (
	TypeAccept   = "Accept"
	TypeAdd      = "Add"
	TypeAnnounce = "Announce"
	TypeBlock    = "Block"
	TypeCreate   = "Create"
	TypeDelete   = "Delete"
	TypeDislike  = "Dislike"
	TypeFlag     = "Flag"
	TypeFollow   = "Follow"
	TypeLike     = "Like"
	TypeLock     = "Lock"
	TypeMove     = "Move"
	TypeReject   = "Reject"
	TypeRemove   = "Remove"
	TypeResolve  = "Resolve" // of a Flag, by Lemmy
	TypeUndo     = "Undo"
	TypeUpdate   = "Update"

	TypeQuoteRequest = "QuoteRequest" // asked of who is quoted; not answered
)

// The types of actors. An agent is a Service, a submolt a Group, a node an
// Application.
const (
	TypeApplication  = "Application"
	TypeGroup        = "Group"
	TypeOrganization = "Organization"
	TypePerson       = "Person"
	TypeService      = "Service"
)

// The types of objects and collections that this package writes.
const (
	TypePage                  = "Page"
	TypeNote                  = "Note"
	TypeTombstone             = "Tombstone"
	TypeCollection            = "Collection"
	TypeCollectionPage        = "CollectionPage"
	TypeOrderedCollection     = "OrderedCollection"
	TypeOrderedCollectionPage = "OrderedCollectionPage"
)

// isKnownType says which names win when a document gives several types.
func isKnownType(name string) bool {
	switch name {
	case TypePage, TypeNote, TypeTombstone, "Article", "Question", "Video", "Event", "Audio", "Image", "Document", "ChatMessage":
		return true
	}
	return IsActivity(name) || isActor(name) || IsCollection(name)
}

// IsActivity says whether a type is one of those that some server is known to
// send to an inbox.
func IsActivity(name string) bool {
	switch name {
	case TypeAccept, TypeAdd, TypeAnnounce, TypeBlock, TypeCreate, TypeDelete, TypeDislike, TypeFlag,
		TypeFollow, TypeLike, TypeLock, TypeMove, TypeReject, TypeRemove, TypeResolve, TypeUndo, TypeUpdate,
		TypeQuoteRequest, "EmojiReact", "View", "Listen", "Read", "Warn":
		return true
	}
	return false
}

// IsText says whether a type is one of those that posts and comments have on the
// servers that are known to pass them on without their Create.
func IsText(name string) bool {
	switch name {
	case TypeNote, TypePage, "Article", "Question", "Event", "Video", "Image", "Audio":
		return true
	}
	return false
}

// IsCollection says whether a type is a collection, or a page of one.
func IsCollection(name string) bool {
	switch name {
	case TypeCollection, TypeCollectionPage, TypeOrderedCollection, TypeOrderedCollectionPage:
		return true
	}
	return false
}

func isActor(name string) bool {
	switch name {
	case TypeApplication, TypeGroup, TypeOrganization, TypePerson, TypeService:
		return true
	}
	return false
}

// IsContent says whether something of a type can be a post or a comment. Types
// that are not known here can: others invent them.
func IsContent(name string) bool {
	return name != TypeTombstone && !IsActivity(name) && !isActor(name) && !IsCollection(name)
}
