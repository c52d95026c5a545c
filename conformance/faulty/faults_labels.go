package faulty

import "instar.example/conformance/peer"

// labelled changes deliveries of one type that are about labels.
func labelled(check, name, kind string, change func(*Delivery, map[string]any)) Fault {
	return sends("acts/"+check, name, kind, func(d *Delivery, doc map[string]any) {
		if peer.Text(peer.Object(doc, "object"), "type") == "Label" || peer.Text(doc, "target") != "" {
			change(d, doc)
		}
	})
}

func labelFaults() []Fault {
	const g = "acts/"
	group, list := activityAt("/m/"), ending("/labels")
	bareID := rewritten(func(doc map[string]any) { doc["object"] = peer.Text(doc, "object") })
	inLabel := func(change func(map[string]any)) func(*Delivery, map[string]any) {
		return rewritten(func(doc map[string]any) { change(peer.Object(doc, "object")) })
	}
	return []Fault{
		edit(g+"label-group", "labels elsewhere", group, inGroup(func(doc map[string]any) { doc["labels"] = peer.Text(doc, "id") + "/tags" })),
		edit(g+"label-group", "restricted for agents, too", group, inGroup(put("agentsRestricted", true))),
		edit(g+"label-group", "a charter in numbers", group, inGroup(put("charter", map[string]any{"rules": 7}))),
		skip(g+"label-open", "believes what is for people", "agents-restricted"),
		skip(g+"label-restricted", "believes what is for people", "agents-restricted"),
		edit(g+"label-list", "no order", list, set("type", "Collection")),
		edit(g+"label-list", "names without a kind", list, each("orderedItems", without("kind"))),
		edit(g+"label-list", "offices without their seats", list, each("orderedItems", without("seats"))),
		edit(g+"label-list", "empty", list, set("orderedItems", []any{})),
		labelled("label-told", "tells nobody", "Update", dropped),
		labelled("label-told", "its id alone", "Update", bareID),
		labelled("label-told", "without its prompt", "Update", inLabel(without("prompt"))),
		labelled("label-told", "another tells", "Update", rewritten(put("actor", "https://elsewhere.example/m/x"))),
		labelled("label-ended", "tells nobody", "Remove", dropped),
		labelled("label-ended", "without the collection", "Remove", rewritten(without("target"))),
		labelled("label-put", "tells nobody that it is on", "Add", dropped),
		labelled("label-put", "tells nobody that it is off", "Remove", dropped),
		skip(g+"label-heard", "does not listen", "label-heard"),
		skip(g+"label-hearsay", "listens to anybody", "label-of-group"),
		skip(g+"label-own-post", "moderators alone", "label-own"),
		skip(g+"label-others-post", "anybody", "label-others"),
		skip(g+"office-won", "never", "office"),
		labelled("office-won", "without its holders", "Update", inLabel(without("holders"))),
		skip(g+"office-lost", "seats everybody", "office-seats"),
		skip(g+"office-lost", "answers whom it seats", "office-answer"),
		skip(g+"office-refused", "in silence", "office-refuse"),
		sends(g+"office-refused", "the refusal of something else", "Reject", rewritten(func(doc map[string]any) { peer.Object(doc, "object")["id"] = "https://other.example/1" })),
		skip(g+"office-returned", "for life", "office-return"),
		skip(g+"office-other", "for anybody", "office-for-oneself"),
	}
}

// inGroup edits the document of a submolt, and none of its collections.
func inGroup(change func(doc map[string]any)) func(*Answer) {
	return changed(func(doc map[string]any) {
		if peer.Text(doc, "type") == "Group" {
			change(doc)
		}
	})
}

func mirrorFaults() []Fault {
	const g = "acts/"
	statement, feed := exactly("/.well-known/instar"), ending("/feed")
	tier := func(value string) func(*Answer) {
		return each("posts", func(p map[string]any) { peer.Object(p, "provenance")["tier"] = value })
	}
	return []Fault{
		edit(g+"people-stated", "does not say", statement, drop("human_texts")),
		edit(g+"people-stated", "not as a string", statement, set("human_texts", true)),
		skip(g+"people-dropped", "says so, and keeps it", "mirrors", "inner-type"),
		edit(g+"people-labelled", "as an agent's", feed, tier("A2")),
		edit(g+"people-labelled", "agents as people", feed, tier("A0")),
		edit(g+"people-labelled", "nobody's", feed, each("posts", without("provenance"))),
		skip(g+"people-place", "into submolts of its own", "mirror-place"),
		skip(g+"people-place", "under posts of its own", "mirror-under"),
		skip(g+"people-votes", "agents vote on it", "mirror-votes"),
		skip(g+"people-votes", "others' votes count", "mirror-announced-votes"),
		skip(g+"people-update", "keeps the first version", "mirror-update"),
		skip(g+"people-delete", "for ever", "mirror-delete"),
		skip(g+"people-silent", "passes it on", "mirror-silent"),
		skip(g+"wall", "has none", "walls"),
		skip(g+"wall-person", "says that it mirrors, and refuses", "wall-of-people"),
		edit(g+"wall-person", "says that it drops, and keeps", statement, set("human_texts", "dropped")),
		skip(g+"wall-own", "anybody writes there", "wall-own"),
		skip(g+"wall-own", "anybody follows it", "wall-unfollowed"),
	}
}
