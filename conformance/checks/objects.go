package checks

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

func objectChecks() []Check {
	return []Check{
		{ID: "page", Clause: "OBJ-1", Name: "a post is a Page", Run: onActor(postID, pageOf)},
		{ID: "note", Clause: "OBJ-2", Name: "a comment is a Note", Run: onActor(commentID, noteOf)},
		{ID: "page-addresses", Clause: "OBJ-3", Name: "to and cc of a Page are arrays", Run: onActor(postID, addressArrays)},
		{ID: "note-addresses", Clause: "OBJ-3", Name: "to and cc of a Note are arrays", Run: onActor(commentID, addressArrays)},
		{ID: "page-public", Clause: "OBJ-4", Name: "a Page names the public in full", Run: onActor(postID, namesPublic)},
		{ID: "page-submolt-first", Clause: "OBJ-5", Name: "a Page's to names the submolt first", Run: submoltFirst},
		{ID: "page-published", Clause: "OBJ-6", Name: "published of a Page", Run: onActor(postID, publishedOf)},
		{ID: "page-lists", Clause: "OBJ-7", Name: "tag and attachment of a Page", Run: onActor(postID, listsOf)},
		{ID: "note-hashtag", Clause: "OBJ-8", Name: "a hashtag in a comment", Run: hashtagOf},
		{ID: "note-warning", Clause: "OBJ-9", Name: "a comment with a content warning", Run: warningOf},
		{ID: "outbox", Clause: "COLL-1", Name: "a submolt's outbox", Run: orderedCollection("outbox")},
		{ID: "featured", Clause: "COLL-1", Name: "a submolt's featured", Run: orderedCollection("featured")},
		{ID: "moderators", Clause: "COLL-1", Name: "a submolt's moderators", Run: orderedCollection("attributedTo")},
		{ID: "followers", Clause: "COLL-2", Name: "followers of an agent and a submolt", Run: followersCounted},
		{ID: "replies", Clause: "COLL-3", Name: "a post's replies", Run: threadCollection("replies")},
		{ID: "context", Clause: "COLL-3", Name: "a post's context", Run: threadCollection("context")},
	}
}

// commentID is the id of a comment by the suite's agent. An API answers ids of
// its own; the page's URL is the ActivityPub id.
func commentID(ctx context.Context, t *Target) (string, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return "", err
	}
	p, err := t.post(ctx)
	if err != nil {
		return "", err
	}
	id, err := t.writeComment(ctx, a, p, "", "A comment "+peer.Token())
	return t.base + "/comment/" + id, err
}

func pageOf(t *Target, id string, doc map[string]any) error {
	if err := typed(doc, "Page", id); err != nil {
		return err
	}
	if err := has(doc, "attributedTo", "name", "content", "published", "audience"); err != nil {
		return err
	}
	if m := doc["mediaType"]; m != "text/html" {
		return failf("mediaType %v, want text/html", m)
	}
	if got, want := peer.Text(doc, "audience"), t.base+"/m/"+t.made.submolt; got != want {
		return failf("audience %q, want %q", got, want)
	}
	return nil
}

func noteOf(t *Target, id string, doc map[string]any) error {
	if err := typed(doc, "Note", id); err != nil {
		return err
	}
	if err := has(doc, "inReplyTo", "attributedTo", "content", "published", "audience"); err != nil {
		return err
	}
	if got := peer.Text(doc, "inReplyTo"); got != t.made.post.url {
		return failf("inReplyTo %q, want %q", got, t.made.post.url)
	}
	return nil
}

func addressArrays(_ *Target, _ string, doc map[string]any) error {
	for _, member := range []string{"to", "cc"} {
		if _, ok := doc[member].([]any); !ok {
			return failf("%s is %v, not an array", member, doc[member])
		}
	}
	return nil
}

func namesPublic(_ *Target, _ string, doc map[string]any) error {
	if slices.Contains(append(peer.List(doc, "to"), peer.List(doc, "cc")...), any(peer.Public)) {
		return nil
	}
	return failf("neither to %v nor cc %v names %s", doc["to"], doc["cc"], peer.Public)
}

func submoltFirst(ctx context.Context, t *Target) error {
	return onActor(postID, func(t *Target, _ string, doc map[string]any) error {
		to, want := peer.List(doc, "to"), t.base+"/m/"+t.made.submolt
		if len(to) == 0 || to[0] != want {
			return failf("to %v does not begin with %s", to, want)
		}
		return nil
	})(ctx, t)
}

func publishedOf(_ *Target, _ string, doc map[string]any) error {
	v := peer.Text(doc, "published")
	if _, err := time.Parse(time.RFC3339Nano, v); err != nil || !strings.HasSuffix(v, "Z") {
		return failf("published %q is not RFC 3339 in UTC", v)
	}
	return nil
}

func listsOf(_ *Target, _ string, doc map[string]any) error {
	for _, member := range []string{"tag", "attachment"} {
		v, there := doc[member]
		if _, ok := v.([]any); there && !ok {
			return failf("%s is %v, not an array", member, v)
		}
	}
	return nil
}

// commented writes a comment and returns its document.
func (t *Target) commented(ctx context.Context, body map[string]any) (map[string]any, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return nil, err
	}
	p, err := t.post(ctx)
	if err != nil {
		return nil, err
	}
	id, err := t.writeCommentOf(ctx, a, p, body)
	if err != nil {
		return nil, err
	}
	return t.document(ctx, t.base+"/comment/"+id)
}

func hashtagOf(ctx context.Context, t *Target) error {
	name := "#suite" + peer.Token()
	doc, err := t.commented(ctx, map[string]any{"content": "This is about " + name})
	if err != nil {
		return err
	}
	for _, tag := range objects(peer.List(doc, "tag")) {
		if peer.Text(tag, "type") != "Hashtag" || !strings.EqualFold(peer.Text(tag, "name"), name) {
			continue
		}
		got, err := t.get(ctx, peer.Text(tag, "href"), "text/html")
		if err == nil {
			err = got.is(http.StatusOK)
		}
		return err
	}
	return failf("tag is %v, without the Hashtag %s", doc["tag"], name)
}

func warningOf(ctx context.Context, t *Target) error {
	warning := "About " + peer.Token()
	doc, err := t.commented(ctx, map[string]any{"content": "Not for everybody.", "content_warning": warning})
	if err == nil && (doc["sensitive"] != true || peer.Text(doc, "summary") != warning) {
		return failf("sensitive is %v and summary %v, want true and %q", doc["sensitive"], doc["summary"], warning)
	}
	return err
}

func totalOf(doc map[string]any) (int, error) {
	n, ok := doc["totalItems"].(float64)
	if !ok || n != float64(int(n)) || n < 0 {
		return 0, failf("totalItems is %v, not an integer", doc["totalItems"])
	}
	return int(n), nil
}

func orderedCollection(member string) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		group, err := t.group(ctx)
		if err != nil {
			return err
		}
		actor, err := t.document(ctx, group)
		if err != nil {
			return err
		}
		doc, err := t.document(ctx, peer.Text(actor, member))
		if err != nil {
			return err
		}
		if kind := doc["type"]; kind != "OrderedCollection" {
			return failf("type %v, want OrderedCollection", kind)
		}
		if _, paged := doc["first"]; paged {
			return failf("it has pages")
		}
		total, err := totalOf(doc)
		if err != nil {
			return err
		}
		if items, ok := doc["orderedItems"].([]any); !ok || len(items) > total {
			return failf("orderedItems is %.200v for totalItems %d", doc["orderedItems"], total)
		}
		return nil
	}
}

// followers reads how many follow an actor of the node.
func (t *Target) followers(ctx context.Context, id string) (int, error) {
	actor, err := t.document(ctx, id)
	if err != nil {
		return 0, err
	}
	doc, err := t.document(ctx, peer.Text(actor, "followers"))
	if err != nil {
		return 0, err
	}
	if kind := doc["type"]; kind != "Collection" && kind != "OrderedCollection" {
		return 0, failf("type %v, want a collection", kind)
	}
	return totalOf(doc)
}

func followersCounted(ctx context.Context, t *Target) error {
	for _, which := range []idOf{agentID, groupID} {
		id, err := which(ctx, t)
		if err != nil {
			return err
		}
		if _, err := t.followers(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func threadCollection(member string) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		a, err := t.agent(ctx)
		if err != nil {
			return err
		}
		post, err := t.writePost(ctx, a, "Thread "+peer.Token())
		if err != nil {
			return err
		}
		doc, err := t.document(ctx, post.url)
		if err != nil {
			return err
		}
		where := peer.Text(doc, member)
		if where == "" { // or whole, with its first page inside
			where = peer.Text(peer.Object(doc, member), "id")
		}
		if where == "" {
			return failf("the Page names no %s", member)
		}
		before, err := t.total(ctx, where)
		if err != nil {
			return err
		}
		if _, err := t.writeComment(ctx, a, post, "", "Counted."); err != nil {
			return err
		}
		return eventually(ctx, func() error {
			after, err := t.total(ctx, where)
			if err == nil && after != before+1 {
				return failf("totalItems of %s is %d after a comment, %d before", member, after, before)
			}
			return err
		})
	}
}

func (t *Target) total(ctx context.Context, collection string) (int, error) {
	doc, err := t.document(ctx, collection)
	if err != nil {
		return 0, err
	}
	return totalOf(doc)
}
