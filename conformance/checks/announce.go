package checks

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

func announceChecks() []Check {
	return []Check{
		{ID: "remote-post", Clause: "ANN-1", Name: "a remote agent's post", Run: onAnnounce(announcedByGroup)},
		{ID: "verbatim", Clause: "ANN-2", Name: "byte for byte", Run: onAnnounce(announcedVerbatim)},
		{ID: "addresses", Clause: "ANN-3", Name: "addresses of the Announce", Run: onAnnounce(announceAddresses)},
		{ID: "id", Clause: "ANN-4", Name: "the id of the Announce can be read", Run: onAnnounce(announceCanBeRead)},
		{ID: "signature", Clause: "ANN-9", Name: "signed by the submolt", Run: onAnnounce(announceSigned)},
		{ID: "remote-comment", Clause: "ANN-5", Name: "a remote agent's comment", Run: remoteComment},
		{ID: "remote-comment-on-remote-post", Clause: "ANN-5", Name: "a comment on a remote agent's post", Run: remoteCommentOnRemotePost},
		{ID: "local-post", Clause: "ANN-6", Name: "a local agent's post", Run: localPostAnnounced},
		{ID: "local-comment", Clause: "ANN-7", Name: "a local agent's comment", Run: localCommentAnnounced},
		{ID: "readable", Clause: "ANN-8", Name: "the post in the submolt's feed", Run: announcedReadable},
	}
}

// onAnnounce lets a remote agent post into the suite's submolt and judges the
// Announce that reaches a follower.
func onAnnounce(judge func(ctx context.Context, t *Target, create map[string]any, got peer.Received) error) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		create, got, err := t.announced(ctx, "Announced "+peer.Token())
		if err != nil {
			return err
		}
		return judge(ctx, t, create, got)
	}
}

func announcedByGroup(ctx context.Context, t *Target, _ map[string]any, got peer.Received) error {
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	if actor := peer.Text(got.Doc, "actor"); actor != group {
		return failf("announced by %q, want %q", actor, group)
	}
	return nil
}

func announcedVerbatim(_ context.Context, _ *Target, create map[string]any, got peer.Received) error {
	if !bytes.Contains(got.Body, peer.Encode(create)) {
		return failf("the activity is not in the Announce as it was sent: %.400s", got.Body)
	}
	return nil
}

func announceAddresses(ctx context.Context, t *Target, _ map[string]any, got peer.Received) error {
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	if err := addressArrays(t, "", got.Doc); err != nil {
		return err
	}
	if !slices.Contains(peer.List(got.Doc, "to"), any(peer.Public)) {
		return failf("to %v lacks %s", got.Doc["to"], peer.Public)
	}
	actor, err := t.document(ctx, group)
	if err != nil {
		return err
	}
	if want := peer.Text(actor, "followers"); !slices.Contains(peer.List(got.Doc, "cc"), any(want)) {
		return failf("cc %v lacks %s", got.Doc["cc"], want)
	}
	return publishedOf(t, "", got.Doc)
}

func announceCanBeRead(ctx context.Context, t *Target, _ map[string]any, got peer.Received) error {
	id := peer.Text(got.Doc, "id")
	if !strings.HasPrefix(id, t.base+"/") {
		return failf("the id %q is not on the node", id)
	}
	doc, err := t.document(ctx, id)
	if err != nil {
		return err
	}
	return typed(doc, "Announce", id)
}

func announceSigned(ctx context.Context, t *Target, _ map[string]any, got peer.Received) error {
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	return t.signedBy(ctx, got, group)
}

func remoteComment(ctx context.Context, t *Target) error {
	post, err := t.post(ctx)
	if err != nil {
		return err
	}
	return t.commentAnnounced(ctx, post.url)
}

func remoteCommentOnRemotePost(ctx context.Context, t *Target) error {
	create, _, err := t.announced(ctx, "Commented "+peer.Token())
	if err != nil {
		return err
	}
	return t.commentAnnounced(ctx, peer.Text(create, "object"))
}

func (t *Target) commentAnnounced(ctx context.Context, parent string) error {
	if err := t.listener(ctx); err != nil {
		return err
	}
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	a := t.sender()
	create := a.Create(a.Note(group, parent, "A remote comment "+peer.Token()))
	if err := t.accepted(ctx, a, create); err != nil {
		return err
	}
	got, err := t.await(ctx, "an Announce of the comment", announceOf(peer.Text(create, "id")))
	if err != nil {
		return err
	}
	if err := announcedByGroup(ctx, t, create, got); err != nil {
		return err
	}
	return announcedVerbatim(ctx, t, create, got)
}

// announcedObject waits for the Announce of a Create whose object has that id.
func (t *Target) announcedObject(ctx context.Context, id string) (inner map[string]any, err error) {
	got, err := t.await(ctx, "an Announce of the local Create", func(r peer.Received) bool {
		inner := peer.Object(r.Doc, "object")
		return r.IsActivity("Announce", "") && peer.Text(inner, "type") == "Create" && peer.Text(inner, "object") == id
	})
	if err != nil {
		return nil, err
	}
	if err := announcedByGroup(ctx, t, nil, got); err != nil {
		return nil, err
	}
	create := peer.Object(got.Doc, "object")
	if err := addressArrays(t, "", create); err != nil {
		return nil, failf("the Create: %v", err)
	}
	doc, err := t.document(ctx, peer.Text(create, "id"))
	if err != nil {
		return nil, err
	}
	if err := typed(doc, "Create", peer.Text(create, "id")); err != nil {
		return nil, err
	}
	if inner = peer.Object(create, "object"); inner == nil {
		return nil, failf("the Create does not hold its object: %v", create["object"])
	}
	return inner, nil
}

func localPostAnnounced(ctx context.Context, t *Target) error {
	if err := t.listener(ctx); err != nil {
		return err
	}
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, a, "Local "+peer.Token())
	if err != nil {
		return err
	}
	inner, err := t.announcedObject(ctx, post.url)
	if err != nil {
		return err
	}
	return pageOf(t, post.url, inner)
}

func localCommentAnnounced(ctx context.Context, t *Target) error {
	if err := t.listener(ctx); err != nil {
		return err
	}
	id, err := commentID(ctx, t)
	if err != nil {
		return err
	}
	inner, err := t.announcedObject(ctx, id)
	if err != nil {
		return err
	}
	return noteOf(t, id, inner)
}

func announcedReadable(ctx context.Context, t *Target) error {
	title := "Readable " + peer.Token()
	if _, _, err := t.announced(ctx, title); err != nil {
		return err
	}
	return t.shown(ctx, title)
}

// shown waits until a title stands in the feed of the suite's submolt.
func (t *Target) shown(ctx context.Context, title string) error {
	return eventually(ctx, func() error {
		titles, err := t.feedTitles(ctx)
		if err == nil && !slices.Contains(titles, title) {
			return failf("%q is not among %q", title, titles)
		}
		return err
	})
}
