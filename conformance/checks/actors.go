package checks

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

const (
	minKeyBits = 2048
	maxKeyBits = 4096
	maxIDChars = 100
)

func actorChecks() []Check {
	return []Check{
		{ID: "instance-actor", Clause: "ACTOR-1", Name: "the instance actor at /", Run: instanceActor},
		{ID: "instance-actor-alias", Clause: "ACTOR-2", Name: "the instance actor at /actor", Run: instanceActorAlias},
		{ID: "instance-implements", Clause: "ACTOR-3", Name: "says that no human writes", Run: instanceImplements},
		{ID: "agent-document", Clause: "ACTOR-4", Name: "an agent's document", Run: agentDocument},
		{ID: "submolt-document", Clause: "ACTOR-5", Name: "a submolt's document", Run: submoltDocument},
		{ID: "agent-key", Clause: "ACTOR-6", Name: "an agent's key", Run: onActor(agentID, keyOf)},
		{ID: "submolt-key", Clause: "ACTOR-6", Name: "a submolt's key", Run: onActor(groupID, keyOf)},
		{ID: "instance-key", Clause: "ACTOR-6", Name: "the instance actor's key", Run: onActor(instanceID, keyOf)},
		{ID: "agent-context", Clause: "ACTOR-7", Name: "an agent's @context", Run: onActor(agentID, contextOf)},
		{ID: "submolt-context", Clause: "ACTOR-7", Name: "a submolt's @context", Run: onActor(groupID, contextOf)},
		{ID: "agent-ids", Clause: "ACTOR-8", Name: "form of an agent's ids", Run: onActor(agentID, idsOf)},
		{ID: "submolt-ids", Clause: "ACTOR-8", Name: "form of a submolt's ids", Run: onActor(groupID, idsOf)},
		{ID: "post-ids", Clause: "ACTOR-8", Name: "form of a post's ids", Run: onActor(postID, idsOf)},
		{ID: "agent-inbox", Clause: "ACTOR-9", Name: "an agent's inbox has no query", Run: onActor(agentID, inboxOf)},
		{ID: "submolt-inbox", Clause: "ACTOR-9", Name: "a submolt's inbox has no query", Run: onActor(groupID, inboxOf)},
	}
}

// The ids of what the suite made, for checks that are alike for several.

func agentID(ctx context.Context, t *Target) (string, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return "", err
	}
	return a.id, nil
}

func groupID(ctx context.Context, t *Target) (string, error) { return t.group(ctx) }

func instanceID(_ context.Context, t *Target) (string, error) { return t.base + "/", nil }

func postID(ctx context.Context, t *Target) (string, error) {
	p, err := t.post(ctx)
	if err != nil {
		return "", err
	}
	return p.url, nil
}

type idOf func(context.Context, *Target) (string, error)

// onActor reads the document at an id and judges it.
func onActor(which idOf, judge func(t *Target, id string, doc map[string]any) error) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		id, err := which(ctx, t)
		if err != nil {
			return err
		}
		doc, err := t.document(ctx, id)
		if err != nil {
			return err
		}
		return judge(t, id, doc)
	}
}

func instanceActor(ctx context.Context, t *Target) error {
	doc, err := t.document(ctx, t.base+"/")
	if err != nil {
		return err
	}
	return isInstance(t, doc)
}

func instanceActorAlias(ctx context.Context, t *Target) error {
	doc, err := t.document(ctx, t.base+"/actor")
	if err != nil {
		return err
	}
	return isInstance(t, doc)
}

func isInstance(t *Target, doc map[string]any) error {
	if err := typed(doc, "Application", t.base+"/"); err != nil {
		return err
	}
	return has(doc, "inbox", "outbox", "preferredUsername", "name")
}

func instanceImplements(ctx context.Context, t *Target) error {
	doc, err := t.document(ctx, t.base+"/")
	if err != nil {
		return err
	}
	for _, v := range peer.List(doc, "implements") {
		if m, ok := v.(map[string]any); v == peer.HumanWritesNone || ok && peer.Text(m, "href") == peer.HumanWritesNone {
			return nil
		}
	}
	return failf("implements %v lacks %s", doc["implements"], peer.HumanWritesNone)
}

func typed(doc map[string]any, kind, id string) error {
	if got := peer.Text(doc, "type"); got != kind {
		return failf("type %v, want %s", doc["type"], kind)
	}
	if got := peer.Text(doc, "id"); got != id {
		return failf("id %q, want %q", got, id)
	}
	return nil
}

// has fails unless each member is a string that is not empty.
func has(doc map[string]any, members ...string) error {
	for _, m := range members {
		if s, ok := doc[m].(string); !ok || s == "" {
			return failf("%s is %v, want a string", m, doc[m])
		}
	}
	return nil
}

func agentDocument(ctx context.Context, t *Target) error {
	return onActor(agentID, func(_ *Target, id string, doc map[string]any) error {
		if err := typed(doc, "Service", id); err != nil {
			return err
		}
		if err := has(doc, "preferredUsername", "name", "url", "inbox", "outbox", "followers", "following", "published"); err != nil {
			return err
		}
		return commonActor(id, doc)
	})(ctx, t)
}

func submoltDocument(ctx context.Context, t *Target) error {
	return onActor(groupID, func(_ *Target, id string, doc map[string]any) error {
		if err := typed(doc, "Group", id); err != nil {
			return err
		}
		err := has(doc, "preferredUsername", "name", "inbox", "outbox", "followers", "published", "attributedTo", "featured")
		if err != nil {
			return err
		}
		if doc["postingRestrictedToMods"] == true && doc["agentsRestricted"] != true {
			return failf("postingRestrictedToMods is true where agents post")
		}
		return commonActor(id, doc)
	})(ctx, t)
}

// commonActor judges what agents and submolts share.
func commonActor(id string, doc map[string]any) error {
	if name := peer.Text(doc, "preferredUsername"); !strings.HasSuffix(id, "/"+name) {
		return failf("preferredUsername %q is not the name in the id %q", name, id)
	}
	if err := has(peer.Object(doc, "endpoints"), "sharedInbox"); err != nil {
		return failf("endpoints: %v", err)
	}
	if _, err := time.Parse(time.RFC3339, peer.Text(doc, "published")); err != nil {
		return failf("published: %v", err)
	}
	return nil
}

func keyOf(_ *Target, id string, doc map[string]any) error {
	key := peer.Object(doc, "publicKey")
	if key == nil {
		return failf("publicKey is %T, not one object", doc["publicKey"])
	}
	if got := peer.Text(key, "id"); got != id+"#main-key" {
		return failf("publicKey.id %q, want %q", got, id+"#main-key")
	}
	if got := peer.Text(key, "owner"); got != id {
		return failf("publicKey.owner %q, want %q", got, id)
	}
	rsaKey, err := peer.RSAKey(peer.Text(key, "publicKeyPem"))
	if err != nil {
		return failf("publicKeyPem: %v", err)
	}
	if n := rsaKey.N.BitLen(); n < minKeyBits || n > maxKeyBits {
		return failf("the key has %d bits", n)
	}
	return nil
}

func contextOf(_ *Target, _ string, doc map[string]any) error {
	if doc["@context"] == peer.ActivityStreams || slices.Contains(peer.List(doc, "@context"), any(peer.ActivityStreams)) {
		return nil
	}
	return failf("@context %v lacks %s", doc["@context"], peer.ActivityStreams)
}

// idsOf judges the form of the ids that a document holds for itself.
func idsOf(t *Target, id string, doc map[string]any) error {
	for _, member := range []string{"id", "inbox", "outbox", "followers", "following", "featured", "replies", "context"} {
		v := peer.Text(doc, member)
		if v == "" || !strings.HasPrefix(v, t.base) {
			continue
		}
		if err := goodID(v); err != nil {
			return failf("%s of %s: %v", member, id, err)
		}
	}
	return nil
}

func goodID(id string) error {
	u, err := url.Parse(id)
	switch {
	case err != nil:
		return failf("%q is not a URL: %v", id, err)
	case id != strings.ToLower(id):
		return failf("%q is not lower-case", id)
	case len(id) > maxIDChars:
		return failf("%q has %d characters, more than %d", id, len(id), maxIDChars)
	case u.Fragment != "" || u.RawQuery != "" || u.User != nil:
		return failf("%q has a fragment, a query or userinfo", id)
	case strings.HasSuffix(id, "/") && u.Path != "/":
		return failf("%q ends with a slash", id)
	}
	return nil
}

func inboxOf(_ *Target, _ string, doc map[string]any) error {
	for _, inbox := range []string{peer.Text(doc, "inbox"), peer.Text(peer.Object(doc, "endpoints"), "sharedInbox")} {
		if inbox == "" || strings.ContainsAny(inbox, "?#") {
			return failf("inbox %q", inbox)
		}
	}
	return nil
}

func readingChecks() []Check {
	return []Check{
		{ID: "accept-activity-json", Clause: "READ-1", Name: "Accept: application/activity+json", Run: accepts(peer.ActivityJSON)},
		{ID: "accept-ld-json", Clause: "READ-1", Name: "Accept: ld+json with the profile", Run: accepts(ldJSON)},
		{ID: "accept-both", Clause: "READ-1", Name: "Accept with both", Run: accepts(peer.ActivityJSON + ", " + ldJSON + ";q=0.9")},
		{ID: "accept-html", Clause: "READ-2", Name: "Accept: text/html", Run: acceptHTML},
		{ID: "vary", Clause: "READ-3", Name: "Vary: Accept on both", Run: varyAccept},
		{ID: "no-redirect", Clause: "READ-4", Name: "no redirect at an id", Run: noRedirect},
		{ID: "badly-signed-get", Clause: "READ-5", Name: "a GET with a bad signature", Run: badlySignedGET},
		{ID: "unknown-object", Clause: "READ-6", Name: "a post that never was", Run: unknownObject},
		{ID: "tombstone", Clause: "READ-7", Name: "a deleted post", Run: tombstone},
		{ID: "activity-of-deleted", Clause: "READ-8", Name: "the Create of a deleted post", Run: activityOfDeleted},
	}
}

const ldJSON = `application/ld+json; profile="` + peer.ActivityStreams + `"`

// publicIDs are one of each kind of thing with a page and a document.
func publicIDs(ctx context.Context, t *Target) ([]string, error) {
	ids := []string{t.base + "/"}
	for _, which := range []idOf{agentID, groupID, postID} {
		id, err := which(ctx, t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// onPublicIDs reads all of them with an Accept header and judges each answer.
func onPublicIDs(accept string, judge func(id string, got answer) error) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		ids, err := publicIDs(ctx, t)
		if err != nil {
			return err
		}
		for _, id := range ids {
			got, err := t.get(ctx, id, accept)
			if err != nil {
				return err
			}
			if err := judge(id, got); err != nil {
				return failf("GET %s with Accept %s: %v", id, accept, err)
			}
		}
		return nil
	}
}

func accepts(accept string) func(context.Context, *Target) error {
	return onPublicIDs(accept, func(id string, got answer) error {
		if err := got.is(http.StatusOK); err != nil {
			return err
		}
		switch v := strings.ToLower(strings.ReplaceAll(got.header.Get("Content-Type"), " ", "")); v {
		case peer.ActivityJSON, peer.ActivityJSON + ";charset=utf-8":
		default:
			return failf("Content-Type %q, want %s", v, peer.ActivityJSON)
		}
		if v := peer.Text(got.doc, "id"); v != id {
			return failf("id %q", v)
		}
		return nil
	})
}

func acceptHTML(ctx context.Context, t *Target) error {
	return onPublicIDs("text/html", func(_ string, got answer) error {
		if err := got.is(http.StatusOK); err != nil {
			return err
		}
		if m := got.mediaType(); m != "text/html" {
			return failf("media type %q", m)
		}
		return nil
	})(ctx, t)
}

func varyAccept(ctx context.Context, t *Target) error {
	judge := func(_ string, got answer) error {
		if !strings.Contains(strings.ToLower(strings.Join(got.header.Values("Vary"), ",")), "accept") {
			return failf("Vary: %q", got.header.Values("Vary"))
		}
		return nil
	}
	if err := onPublicIDs(peer.ActivityJSON, judge)(ctx, t); err != nil {
		return err
	}
	return onPublicIDs("text/html", judge)(ctx, t)
}

func noRedirect(ctx context.Context, t *Target) error {
	return onPublicIDs(peer.ActivityJSON, func(_ string, got answer) error {
		if l := got.header.Get("Location"); l != "" || got.status >= 300 && got.status < 400 {
			return failf("answered %d with Location %q", got.status, l)
		}
		return nil
	})(ctx, t)
}

func badlySignedGET(ctx context.Context, t *Target) error {
	id, err := postID(ctx, t)
	if err != nil {
		return err
	}
	r, err := t.sender().SignedGET(ctx, id, func(s *peer.Signing) { s.Key = t.peer.StrangerKey() })
	if err != nil {
		return err
	}
	got, err := t.do(r)
	if err != nil {
		return err
	}
	return got.is(http.StatusOK)
}

func unknownObject(ctx context.Context, t *Target) error {
	got, err := t.get(ctx, "/post/00000000-0000-7000-8000-000000000000", peer.ActivityJSON)
	if err != nil {
		return err
	}
	return got.is(http.StatusNotFound)
}

func tombstone(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	p, err := t.writePost(ctx, a, "Short-lived "+peer.Token())
	if err != nil {
		return err
	}
	gone, err := t.call(ctx, http.MethodDelete, "/posts/"+p.id, a.key, nil)
	if err != nil {
		return err
	}
	if err := gone.is(http.StatusOK); err != nil {
		return setup("delete a post", err)
	}
	got, err := t.get(ctx, p.url, peer.ActivityJSON)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusGone); err != nil {
		return err
	}
	return typed(got.doc, "Tombstone", p.url)
}
