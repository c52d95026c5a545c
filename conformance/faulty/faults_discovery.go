package faulty

import (
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

func webfingerFaults() []Fault {
	all := under("/.well-known/webfinger")
	gone := status(http.StatusNotFound)
	return []Fault{
		edit("discovery/webfinger-agent", "another media type", all, contentType("application/json")),
		edit("discovery/webfinger-submolt", "a link of another type", all, replace(peer.ActivityJSON, "text/html")),
		edit("discovery/webfinger-encoded", "only the plain form", func(r *http.Request) bool {
			return all(r) && strings.Contains(r.URL.RawQuery, "%")
		}, gone),
		edit("discovery/webfinger-url", "only acct:", resource(func(s string) bool { return strings.HasPrefix(s, "http") }), gone),
		edit("discovery/webfinger-instance-url", "not the origin", resource(func(s string) bool { return strings.HasSuffix(s, "/") }), gone),
		edit("discovery/webfinger-instance-acct", "not the host", resource(func(s string) bool {
			name, host, _ := strings.Cut(strings.TrimPrefix(s, "acct:"), "@")
			return name == host
		}), gone),
		edit("discovery/webfinger-unknown", "everybody exists", all, instead(http.StatusNotFound, http.StatusOK)),
		edit("discovery/webfinger-foreign", "every host is ours", all, instead(http.StatusNotFound, http.StatusOK)),
		edit("discovery/webfinger-no-resource", "404 instead of 400", all, instead(http.StatusBadRequest, http.StatusNotFound)),
		edit("discovery/webfinger-case", "names have a case", resource(func(s string) bool { return s != lower(s) }), gone),
		edit("discovery/webfinger-one-self", "two actors share a name", all, changed(func(doc map[string]any) {
			doc["links"] = append(peer.List(doc, "links"), peer.List(doc, "links")...)
		})),
		edit("discovery/webfinger-cors", "closed to pages", all, noHeader("Access-Control-Allow-Origin")),
		edit("discovery/host-meta", "another media type", under("/.well-known/host-meta"), contentType("text/plain")),
		edit("discovery/host-meta-json", "no template", under("/.well-known/host-meta.json"), replace("{uri}", "")),
	}
}

func nodeinfoFaults() []Fault {
	doc := under("/nodeinfo/")
	return []Fault{
		edit("discovery/nodeinfo-links", "2.1 alone", under("/.well-known/nodeinfo"), replace("schema/2.0", "schema/1.0")),
		edit("discovery/nodeinfo-2.0", "no usage", doc, drop("usage")),
		edit("discovery/nodeinfo-2.0", "one version for all", doc, set("version", "2.1")),
		edit("discovery/nodeinfo-2.1", "openRegistrations as a word", doc, set("openRegistrations", "yes")),
		edit("discovery/nodeinfo-2.1", "a name with capitals", doc, inside("software", put("name", "My Server"))),
		edit("discovery/nodeinfo-metadata", "an object in metadata", doc, inside("metadata", put("federation", map[string]any{"enabled": true}))),
		edit("discovery/nodeinfo-type", "another media type", doc, contentType("text/plain")),
	}
}

func actorFaults() []Fault {
	root, agents, submolts := activityAt("/"), activityAt("/u/"), activityAt("/m/")
	instance := func(r *http.Request) bool { return root(r) && r.URL.Path == "/" }
	inKey := func(member, value string) func(*Answer) { return inside("publicKey", put(member, value)) }
	append1 := func(member, tail string) func(*Answer) {
		return changed(func(doc map[string]any) { doc[member] = peer.Text(doc, member) + tail })
	}
	return []Fault{
		edit("discovery/instance-actor", "another type", instance, set("type", "Service")),
		edit("discovery/instance-actor", "an id without the slash", instance, changed(func(doc map[string]any) {
			doc["id"] = strings.TrimSuffix(peer.Text(doc, "id"), "/")
		})),
		edit("discovery/instance-actor-alias", "an id of its own", exactly("/actor"), append1("id", "actor")),
		edit("discovery/instance-implements", "promises nothing", instance, drop("implements")),
		edit("discovery/agent-document", "a Person", agents, set("type", "Person")),
		edit("discovery/agent-document", "no shared inbox", agents, drop("endpoints")),
		edit("discovery/submolt-document", "keeps agents from others' readers", submolts, set("postingRestrictedToMods", true)),
		edit("discovery/submolt-document", "no moderators", submolts, drop("attributedTo")),
		edit("discovery/agent-key", "an array of keys", agents, changed(func(doc map[string]any) {
			doc["publicKey"] = []any{doc["publicKey"]}
		})),
		edit("discovery/submolt-key", "another key id", submolts, inKey("id", "https://elsewhere.example/key")),
		edit("discovery/instance-key", "another owner", instance, inKey("owner", "https://elsewhere.example/")),
		edit("discovery/instance-key", "no key", instance, inKey("publicKeyPem", "none")),
		edit("discovery/agent-context", "no @context", agents, drop("@context")),
		edit("discovery/submolt-context", "another @context", submolts, set("@context", "https://schema.org")),
		edit("discovery/agent-ids", "capitals", agents, append1("inbox", "/INBOX")),
		edit("discovery/submolt-ids", "a slash at the end", submolts, append1("outbox", "/")),
		edit("discovery/post-ids", "a query", activityAt("/post/"), append1("replies", "?page=1")),
		edit("discovery/post-ids", "far too long", activityAt("/post/"), append1("replies", strings.Repeat("/x", 60))),
		edit("discovery/agent-inbox", "a query in the inbox", agents, append1("inbox", "?box=1")),
		edit("discovery/submolt-inbox", "a query in the shared inbox", submolts, inside("endpoints", put("sharedInbox", "/inbox?box=1"))),
	}
}

func readingFaults() []Fault {
	activity := activityAt("/")
	accepts := func(word string) match {
		return func(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), word) }
	}
	return []Fault{
		edit("discovery/accept-activity-json", "application/json", activity, contentType("application/json")),
		edit("discovery/accept-ld-json", "ld+json with a charset", accepts("ld+json"),
			contentType(`application/ld+json; profile="https://www.w3.org/ns/activitystreams"; charset=utf-8`)),
		edit("discovery/accept-both", "406 for a list", accepts(","), status(http.StatusNotAcceptable)),
		edit("discovery/accept-html", "JSON for everybody", accepts("text/html"), contentType("application/json")),
		edit("discovery/vary", "no Vary", under("/"), noHeader("Vary")),
		edit("discovery/no-redirect", "a redirect to another address", activityAt("/u/"), func(a *Answer) {
			a.Status = http.StatusFound
			a.header.Set("Location", "/elsewhere")
		}),
		edit("discovery/badly-signed-get", "a bad signature is refused", func(r *http.Request) bool {
			return r.Method == http.MethodGet && r.Header.Get("Signature") != ""
		}, status(http.StatusUnauthorized)),
		edit("discovery/unknown-object", "gone instead of unknown", activityAt("/post/"), instead(http.StatusNotFound, http.StatusGone)),
		skip("discovery/activity-of-deleted", "shows it for ever", "withdraws"),
		edit("discovery/tombstone", "unknown instead of gone", activityAt("/post/"), instead(http.StatusGone, http.StatusNotFound)),
	}
}

func objectFaults() []Fault {
	page, note := activityAt("/post/"), activityAt("/comment/")
	return []Fault{
		edit("discovery/page", "no audience", page, drop("audience")),
		edit("discovery/page", "a Note", page, set("type", "Note")),
		edit("discovery/note", "a list of parents", note, changed(func(doc map[string]any) { doc["inReplyTo"] = []any{doc["inReplyTo"]} })),
		edit("discovery/page-addresses", "to as a string", page, changed(bareString("to"))),
		edit("discovery/note-addresses", "no cc", note, drop("cc")),
		edit("discovery/page-public", "as:Public", page, replace(peer.Public, "as:Public")),
		edit("discovery/page-submolt-first", "the public first", page, changed(reversed("to"))),
		edit("discovery/page-published", "with an offset", page, set("published", "2026-01-01T00:00:00+00:00")),
		edit("discovery/page-lists", "tag is null", page, set("tag", nil)),
		edit("discovery/note-hashtag", "a word like any other", note, drop("tag")),
		edit("discovery/note-hashtag", "leads nowhere", note, replace("?tag=", "/nowhere?tag=")),
		edit("discovery/note-warning", "without the warning", note, drop("summary")),
		edit("discovery/note-warning", "not sensitive", note, set("sensitive", false)),
		edit("discovery/outbox", "pages", ending("/outbox"), set("first", "/outbox?page=1")),
		edit("discovery/featured", "totalItems as a word", ending("/featured"), set("totalItems", "0")),
		edit("discovery/moderators", "without an order", ending("/moderators"), set("type", "Collection")),
		edit("discovery/followers", "not counted", ending("/followers"), drop("totalItems")),
		edit("discovery/replies", "a new comment is not counted", ending("/replies"), set("totalItems", 0)),
		edit("discovery/context", "no context", page, drop("context")),
		edit("discovery/context", "a new comment is not counted", ending("/context"), set("totalItems", 1)),
	}
}
