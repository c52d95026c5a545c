package activity

import "strings"

// CollectionDoc is a collection or a page of one. Outbox, featured and
// moderators are served whole, in the shape that Lemmy reads: ordered, with
// all items, without First.
type CollectionDoc struct {
	ID         string
	Type       string // TypeCollection, TypeOrderedCollection or a page of these
	TotalItems int
	// Items are ids, Docs or raw JSON. They are written as [] when empty,
	// unless First says that they stand on pages.
	Items        []any
	AttributedTo string // the owner of a thread's context (FEP-f228)
	First, Next  string
	FirstPage    *CollectionDoc // in the place of First
	PartOf       string         // of a page
}

// MarshalJSON writes the collection; totalItems is always there.
func (d CollectionDoc) MarshalJSON() ([]byte, error) {
	w := struct {
		ID           string `json:"id"`
		Type         string `json:"type"`
		AttributedTo string `json:"attributedTo,omitempty"`
		TotalItems   int    `json:"totalItems"`
		PartOf       string `json:"partOf,omitempty"`
		First        any    `json:"first,omitempty"`
		Next         string `json:"next,omitempty"`
		Items        *[]any `json:"items,omitempty"`
		OrderedItems *[]any `json:"orderedItems,omitempty"`
	}{
		ID: d.ID, Type: d.Type, AttributedTo: d.AttributedTo, TotalItems: d.TotalItems,
		PartOf: d.PartOf, Next: d.Next,
	}
	switch {
	case d.FirstPage != nil:
		w.First = d.FirstPage
	case d.First != "":
		w.First = d.First
	}
	items := d.Items
	switch {
	case items == nil && w.First != nil:
		return marshal(w)
	case items == nil:
		items = []any{}
	}
	if strings.HasPrefix(d.Type, "Ordered") {
		w.OrderedItems = &items
	} else {
		w.Items = &items
	}
	return marshal(w)
}
