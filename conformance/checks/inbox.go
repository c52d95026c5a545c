package checks

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

const (
	inboxLimit   = 2 * time.Second
	maxInboxBody = 1 << 20
	maxDepth     = 32
)

func inboxChecks() []Check {
	return []Check{
		{ID: "shared", Clause: "INBOX-1", Name: "the shared inbox", Run: sharedInbox},
		{ID: "agent", Clause: "INBOX-1", Name: "an agent's inbox", Run: inboxAt(agentID)},
		{ID: "submolt", Clause: "INBOX-1", Name: "a submolt's inbox", Run: inboxAt(groupID)},
		body("truncated", "INBOX-2", "half a document", func(b []byte) []byte { return b[:len(b)/2] }, http.StatusBadRequest),
		body("array", "INBOX-2", "an array", func(b []byte) []byte { return append(append([]byte("["), b...), ']') }, http.StatusBadRequest),
		body("trailing", "INBOX-2", "two documents", func(b []byte) []byte { return append(b, b...) }, http.StatusBadRequest),
		body("too-large", "INBOX-3", "a body over 1 MiB", tooLarge, http.StatusRequestEntityTooLarge),
		mediaType("text", "text/plain", http.StatusUnsupportedMediaType),
		mediaType("json", "application/json", http.StatusAccepted),
		mediaType("ld-json", ldJSON, http.StatusAccepted),
		body("duplicate-key", "INBOX-5", "a key twice", withMember(`"type":"Like"`), http.StatusBadRequest),
		body("duplicate-key-case", "INBOX-5", "a key twice but for case", withMember(`"Actor":"https://elsewhere.example/u/x"`), http.StatusBadRequest),
		{ID: "duplicate-id", Clause: "INBOX-6", Name: "an activity id again", Run: duplicateID},
		body("deep", "INBOX-7", "33 levels", withMember(deep(maxDepth)), http.StatusBadRequest),
		{ID: "unknown-type", Clause: "INBOX-8", Name: "an unknown type", Run: unknownType},
		body("utf-8", "INBOX-9", "invalid UTF-8", withMember("\"summary\":\"\xff\xfe\""), http.StatusBadRequest),
		missing("id"), missing("type"), missing("actor"),
		{ID: "host-spelling", Clause: "INBOX-13", Name: "an id that spells its host in another way", Run: oddSpelling},
		body("graph", "INBOX-12", "@graph", withMember(`"@graph":[]`), http.StatusBadRequest),
		body("included", "INBOX-12", "@included", withMember(`"@included":[]`), http.StatusBadRequest),
		body("reverse", "INBOX-12", "@reverse", withMember(`"@reverse":{}`), http.StatusBadRequest),
		{ID: "redirected-post", Clause: "FETCH-3", Name: "a peer's inbox that redirects", Run: redirectedPost},
	}
}

// body sends a Follow of the suite's agent, well signed, after its bytes were
// changed.
func body(id, clause, name string, change func([]byte) []byte, wanted ...int) Check {
	return Check{ID: id, Clause: clause, Name: name, Run: func(ctx context.Context, t *Target) error {
		agent, err := t.agent(ctx)
		if err != nil {
			return err
		}
		a := t.sender()
		got, err := t.sendSigned(ctx, a, t.inbox(), change(peer.Encode(a.Follow(agent.id))), nil)
		if err != nil {
			return err
		}
		return got.is(wanted...)
	}}
}

func withMember(member string) func([]byte) []byte {
	return func(b []byte) []byte {
		return bytes.Replace(b, []byte("{"), []byte("{"+member+","), 1)
	}
}

func deep(levels int) string {
	return `"summary":` + strings.Repeat("[", levels) + strings.Repeat("]", levels)
}

func tooLarge(b []byte) []byte {
	return withMember(`"summary":"` + strings.Repeat("x", maxInboxBody) + `"`)(b)
}

func mediaType(id, value string, wanted int) Check {
	return Check{ID: "type-" + id, Clause: "INBOX-4", Name: "media type " + value, Run: func(ctx context.Context, t *Target) error {
		return t.sendFollow(ctx, t.sender(), func(s *peer.Signing) { s.ContentType = value }, nil, wanted)
	}}
}

func oddSpelling(ctx context.Context, t *Target) error {
	id := t.peer.NewID("activity")
	scheme, rest, _ := strings.Cut(id, "://")
	return t.sendFollow(ctx, t.sender(), nil, map[string]any{"id": strings.ToUpper(scheme) + "://" + rest}, http.StatusBadRequest)
}

func missing(member string) Check {
	return Check{ID: "no-" + member, Clause: "INBOX-10", Name: "no " + member, Run: func(ctx context.Context, t *Target) error {
		agent, err := t.agent(ctx)
		if err != nil {
			return err
		}
		a := t.sender()
		doc := a.Follow(agent.id)
		lacking := map[string]any{}
		for k, v := range doc {
			if k != member {
				lacking[k] = v
			}
		}
		got, err := t.send(ctx, a, lacking)
		if err != nil {
			return err
		}
		return got.is(http.StatusBadRequest)
	}}
}

func sharedInbox(ctx context.Context, t *Target) error {
	return t.acceptsAt(ctx, t.inbox())
}

func inboxAt(which idOf) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		id, err := which(ctx, t)
		if err != nil {
			return err
		}
		doc, err := t.document(ctx, id)
		if err != nil {
			return err
		}
		return t.acceptsAt(ctx, peer.Text(doc, "inbox"))
	}
}

func (t *Target) acceptsAt(ctx context.Context, inbox string) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	a := t.peer.Actor("Service") // a stranger: its key must be fetched within the time
	got, err := t.sendSigned(ctx, a, inbox, peer.Encode(a.Follow(agent.id)), nil)
	if err != nil {
		return err
	}
	if got.took > inboxLimit {
		return failf("answered after %v, more than %v", got.took, inboxLimit)
	}
	return got.is(http.StatusAccepted)
}

func duplicateID(ctx context.Context, t *Target) error {
	create, _, err := t.announced(ctx, "Twice "+peer.Token())
	if err != nil {
		return err
	}
	// Signed at another second: not the same request again, only the same activity.
	got, err := t.sendSigned(ctx, t.sender(), t.inbox(), peer.Encode(create), func(s *peer.Signing) {
		s.Date = s.Date.Add(-time.Minute)
	})
	if err != nil {
		return err
	}
	if err := got.is(http.StatusAccepted); err != nil {
		return err
	}
	return t.announcedOnce(ctx, peer.Text(create, "id"))
}

func unknownType(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	a := t.sender()
	return t.accepted(ctx, a, a.Activity("Juggle", agent.id, nil))
}

// redirectedPost follows an agent as an actor whose inbox leads elsewhere; the
// Accept must not be carried there.
func redirectedPost(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	a := t.peer.Actor("Service").WithRedirectedInbox()
	if err := t.accepted(ctx, a, a.Follow(agent.id)); err != nil {
		return err
	}
	if _, err := t.await(ctx, "an Accept at the redirecting inbox", func(r peer.Received) bool {
		return r.IsActivity("Accept", "") && strings.HasSuffix(r.Target, "/u/"+a.Name+"/inbox")
	}); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	if n := len(t.peer.Requests(func(r peer.Received) bool { return strings.HasSuffix(r.Target, a.Elsewhere()) })); n != 0 {
		return failf("the redirect was followed")
	}
	return nil
}

// generousChecks send Creates in shapes that others use; what is understood is
// announced.
func generousChecks() []Check {
	return []Check{
		generous("string-addresses", "to and cc as a string", func(doc map[string]any) {
			for _, d := range []map[string]any{doc, peer.Object(doc, "object")} {
				d["to"], d["cc"] = peer.List(d, "to")[0], peer.Public
			}
		}),
		generous("as-public", "as:Public", func(doc map[string]any) { replacePublic(doc, "as:Public") }),
		generous("short-public", "Public", func(doc map[string]any) { replacePublic(doc, "Public") }),
		generous("actor-object", "actor as an object", func(doc map[string]any) {
			doc["actor"] = map[string]any{"id": doc["actor"], "type": "Service"}
		}),
		generous("object-array", "object as an array of one", func(doc map[string]any) { doc["object"] = []any{doc["object"]} }),
	}
}

func replacePublic(doc map[string]any, spelling string) {
	for _, d := range []map[string]any{doc, peer.Object(doc, "object")} {
		list := peer.List(d, "to")
		renamed := make([]any, len(list))
		for i, v := range list {
			if renamed[i] = v; v == peer.Public {
				renamed[i] = spelling
			}
		}
		d["to"] = renamed
	}
}

func generous(id, name string, change func(map[string]any)) Check {
	return Check{ID: "shape-" + id, Clause: "INBOX-11", Name: name, Run: func(ctx context.Context, t *Target) error {
		if err := t.listener(ctx); err != nil {
			return err
		}
		group, err := t.group(ctx)
		if err != nil {
			return err
		}
		a := t.sender()
		create := a.Create(a.Page(group, "Shaped "+peer.Token()))
		change(create)
		if err := t.accepted(ctx, a, create); err != nil {
			return err
		}
		_, err = t.await(ctx, "an Announce of the Create", announceOf(peer.Text(create, "id")))
		return err
	}}
}
