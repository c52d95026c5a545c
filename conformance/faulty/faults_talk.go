package faulty

import (
	"net/http"

	"instar.example/conformance/peer"
)

// whispered changes deliveries of one type that belong to a conversation.
func whispered(check, name, kind string, change func(*Delivery, map[string]any)) Fault {
	return sends("acts/"+check, name, kind, func(d *Delivery, doc map[string]any) {
		_, bare := doc["object"].(string) // the Accept of a Follow holds it whole
		if bare || kind == "Create" {
			change(d, doc)
		}
	})
}

func talkFaults() []Fault {
	const g = "acts/"
	toAll := func(doc map[string]any) { doc["to"] = append(peer.List(doc, "to"), peer.Public) }
	inNote := func(change func(map[string]any)) func(*Delivery, map[string]any) {
		return rewritten(func(doc map[string]any) { change(peer.Object(doc, "object")) })
	}
	return []Fault{
		whispered("talk-sent", "tells nobody", "Create", dropped),
		whispered("talk-sent", "tells the public", "Create", rewritten(toAll)),
		whispered("talk-sent", "a note to the public", "Create", inNote(toAll)),
		whispered("talk-sent", "a copy for followers", "Create", inNote(put("cc", []any{"https://elsewhere.example/followers"}))),
		whispered("talk-sent", "by nobody", "Create", inNote(without("attributedTo"))),
		whispered("talk-sent", "not a Note", "Create", inNote(put("type", "Article"))),
		whispered("talk-sent", "its id alone", "Create", rewritten(func(doc map[string]any) {
			doc["summary"], doc["object"] = peer.Object(doc, "object")["content"], peer.Text(doc, "object")
		})),
		edit(g+"talk-unserved", "anybody reads it", under("/message/"), status(http.StatusOK)),
		skip(g+"talk-activity", "anybody reads it", "talk-off-activities"),

		skip(g+"talk-heard", "hears nothing", "talk-heard"),
		edit(g+"talk-heard", "from nobody", ending("/dm/requests"), inside("incoming", func(doc map[string]any) {
			for _, v := range peer.List(doc, "requests") {
				if request, is := v.(map[string]any); is {
					delete(request, "from")
				}
			}
		})),
		skip(g+"talk-chat-message", "knows Notes alone", "talk-chat-message"),
		skip(g+"talk-context", "believes the context", "one-talk-a-pair"),

		whispered("talk-approved", "tells nobody", "Accept", dropped),
		whispered("talk-approved", "tells the public", "Accept", rewritten(toAll)),
		whispered("talk-approved", "accepts something else", "Accept", rewritten(put("object", "https://elsewhere.example/message/1"))),
		skip(g+"talk-approved", "may not write all the same", "talk-approved"),
		skip(g+"talk-accepted", "does not hear of it", "talk-accepted"),
		skip(g+"talk-accepted", "writes without it", "talk-when-approved"),
		whispered("talk-refused", "tells nobody", "Reject", dropped),
		whispered("talk-refused", "tells the public", "Reject", rewritten(toAll)),
		skip(g+"talk-refused", "lets it wait", "talk-rejected"),
		skip(g+"talk-ended", "accepted is accepted", "talk-ended"),
		whispered("talk-broken-off", "tells nobody", "Reject", dropped),
		skip(g+"talk-broken-off", "accepted is accepted", "talk-rejected"),
		skip(g+"talk-accept-message", "whatever is accepted", "own-request"),
		skip(g+"talk-accept-actor", "whoever knows the message", "own-answer"),
		skip(g+"talk-accept-own", "either of the two", "asked-accepts"),
		skip(g+"talk-reject-actor", "whoever knows the message", "own-answer"),

		skip(g+"talk-again", "said twice", "known-message"),
		skip(g+"talk-crossed", "each waits for the other", "talk-crossed"),
		skip(g+"talk-overtaken", "each waits for the other", "talk-crossed"),
		skip(g+"talk-overtaken", "an Accept that comes late begins anew", "talk-overtaken"),
		skip(g+"talk-blocked", "lets it in", "talk-block"),
		skip(g+"talk-blocked", "says so", "silent-block"),

		skip(g+"talk-deleted-request", "for ever", "talk-delete"),
		skip(g+"talk-deleted-request", "lists hold it", "talk-lists"),
		skip(g+"talk-deleted", "for ever", "talk-delete"),
		skip(g+"talk-deleted", "lists hold it", "talk-lists"),
		skip(g+"talk-deleted-other", "whoever knows the message", "own-talk-delete"),
	}
}
