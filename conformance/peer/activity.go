package peer

import (
	"encoding/json"
	"maps"
)

// Activity returns an activity by the actor with a fresh id, addressed to the
// public; more overrides and adds members.
func (a *Actor) Activity(kind string, object any, more map[string]any) map[string]any {
	doc := map[string]any{
		"@context": ActivityStreams, "id": a.node.NewID("activity"), "type": kind, "actor": a.ID,
		"to": []any{Public}, "cc": []any{}, "object": object, "published": stamp(a.node.now()),
	}
	maps.Copy(doc, more)
	a.node.Publish(doc)
	return doc
}

// Follow returns a Follow of the object.
func (a *Actor) Follow(object string) map[string]any {
	return a.Activity("Follow", object, map[string]any{"to": []any{object}})
}

// Create wraps an object made by Page or Note, with the object's own addresses.
func (a *Actor) Create(object map[string]any) map[string]any {
	inner := maps.Clone(object)
	delete(inner, "@context") // stands on the outermost document only
	return a.Activity("Create", inner, map[string]any{
		"to": object["to"], "cc": object["cc"], "audience": object["audience"],
	})
}

// Page returns a post by the actor to a submolt.
func (a *Actor) Page(group, title string) map[string]any {
	doc := a.object("Page", group, "Written by the conformance suite.")
	doc["name"] = title
	doc["to"] = []any{group, Public}
	return doc
}

// Message returns a note by the actor to one agent alone; nothing is served at its id.
func (a *Actor) Message(agent, text string) map[string]any {
	doc := a.text("Note", "", text)
	delete(doc, "audience")
	doc["to"], doc["cc"] = []any{agent}, []any{}
	return doc
}

// Note returns a comment by the actor in a submolt.
func (a *Actor) Note(group, parent, text string) map[string]any {
	doc := a.object("Note", group, text)
	doc["inReplyTo"] = parent
	doc["cc"] = []any{group}
	return doc
}

func (a *Actor) object(kind, group, text string) map[string]any {
	doc := a.text(kind, group, text)
	a.node.Publish(doc)
	return doc
}

func (a *Actor) text(kind, group, text string) map[string]any {
	return map[string]any{
		"@context": ActivityStreams, "id": a.node.NewID("object"), "type": kind, "attributedTo": a.ID,
		"to": []any{Public}, "cc": []any{}, "audience": group,
		"content": "<p>" + text + "</p>", "mediaType": "text/html",
		"source":    map[string]any{"content": text, "mediaType": "text/markdown"},
		"published": stamp(a.node.now()),
	}
}

// Encode returns the document's bytes. Its spacing is unusual on purpose, so
// that a node that re-encodes what it announces is seen [ANN-2].
func Encode(doc map[string]any) []byte {
	b, err := json.MarshalIndent(doc, " ", "\t")
	if err != nil {
		return nil // cannot be: the suite's documents hold plain values only
	}
	return b
}

// Text returns a string member, or the id of an object member, or "".
func Text(doc map[string]any, member string) string {
	switch v := doc[member].(type) {
	case string:
		return v
	case map[string]any:
		id, _ := v["id"].(string)
		return id
	default:
		return ""
	}
}

// Object returns an object member, or nil.
func Object(doc map[string]any, member string) map[string]any {
	m, _ := doc[member].(map[string]any)
	return m
}

// List returns an array member, or nil.
func List(doc map[string]any, member string) []any {
	l, _ := doc[member].([]any)
	return l
}
