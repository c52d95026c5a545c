package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
	"instar.example/specs"
)

// scene is what a remote actor's activity may be about.
type scene struct {
	actor       *peer.Actor
	agent       string // id of the suite's agent
	group, post string // ids of the suite's submolt and of a post in it
}

func (t *Target) scene(ctx context.Context, kind string) (scene, error) {
	agent, err := t.agent(ctx)
	if err != nil {
		return scene{}, err
	}
	post, err := t.post(ctx)
	if err != nil {
		return scene{}, err
	}
	s := scene{agent: agent.id, group: t.base + "/m/" + t.made.submolt, post: post.url}
	if kind == "untyped" || kind == "anonymous" {
		kind = ""
	}
	s.actor = t.peer.Actor(kind)
	return s, nil
}

func s2sRow(ctx context.Context, t *Target, row specs.IdentityRow) error {
	s, err := t.scene(ctx, row.Principal)
	if err != nil {
		return err
	}
	doc, err := t.remoteWrite(ctx, s, row)
	if err != nil {
		return err
	}
	var unsigned func(*peer.Signing)
	if row.Principal == "anonymous" {
		unsigned = func(sign *peer.Signing) { sign.Header = func(string) []string { return nil } }
	}
	got, err := t.sendSigned(ctx, s.actor, t.inbox(), peer.Encode(doc), unsigned)
	if err != nil {
		return err
	}
	return isProblem(got, row)
}

// remoteWrite returns the activity that carries out a verb of the surface s2s.
func (t *Target) remoteWrite(ctx context.Context, s scene, row specs.IdentityRow) (map[string]any, error) {
	if row.Verb == "Undo Follow" {
		follow := s.actor.Follow(s.agent)
		got, err := t.send(ctx, s.actor, follow)
		if err == nil {
			err = got.is(http.StatusAccepted)
		}
		var f *FailureError
		if err != nil && !errors.As(err, &f) {
			return nil, err
		}
		delete(follow, "@context")
		return s.actor.Activity("Undo", follow, nil), err
	}
	if row.Principal == "Group" {
		if write, ok := groupWrites()[row.Verb]; ok {
			return write(t, s), nil
		}
	}
	write, ok := remoteWrites()[row.Verb]
	if !ok {
		return nil, fmt.Errorf("%w: no activity for the verb %q", errSetup, row.Verb)
	}
	return write(t, s), nil
}

type writeOf func(*Target, scene) map[string]any

func remoteWrites() map[string]writeOf {
	onPost := func(kind string, more map[string]any) writeOf {
		return func(_ *Target, s scene) map[string]any { return s.actor.Activity(kind, s.post, more) }
	}
	pinned := func(kind string) writeOf {
		return func(_ *Target, s scene) map[string]any {
			return s.actor.Activity(kind, s.post, map[string]any{"target": s.group + "/featured", "cc": []any{s.group}})
		}
	}
	return map[string]writeOf{
		"Create": func(_ *Target, s scene) map[string]any {
			return s.actor.Create(s.actor.Page(s.group, "By a "+s.actor.Type+" "+peer.Token()))
		},
		"Create private": func(_ *Target, s scene) map[string]any {
			return s.actor.Create(s.actor.Message(s.agent, "For you alone "+peer.Token()))
		},
		"Update":     foreignUpdate,
		"Like":       onPost("Like", nil),
		"Dislike":    onPost("Dislike", nil),
		"Lock":       onPost("Lock", nil),
		"Announce":   onPost("Announce", nil),
		"EmojiReact": onPost("EmojiReact", map[string]any{"content": "👍"}),
		"Add":        pinned("Add"),
		"Remove":     pinned("Remove"),
		"Follow":     func(_ *Target, s scene) map[string]any { return s.actor.Follow(s.agent) },
		"Block":      func(_ *Target, s scene) map[string]any { return s.actor.Activity("Block", s.agent, nil) },
		"Flag": func(t *Target, s scene) map[string]any {
			return s.actor.Activity("Flag", []any{s.agent, s.post}, map[string]any{"to": []any{t.base + "/"}, "content": "A test report."})
		},
		"Move": func(t *Target, s scene) map[string]any {
			return s.actor.Activity("Move", s.actor.ID, map[string]any{"target": t.peer.Actor(s.actor.Type).ID})
		},
		"Update self": func(_ *Target, s scene) map[string]any { return s.actor.Activity("Update", s.actor.Doc, nil) },
		"Delete self": func(_ *Target, s scene) map[string]any { return s.actor.Activity("Delete", s.actor.ID, nil) },
		"Undo unknown": func(t *Target, s scene) map[string]any {
			return s.actor.Activity("Undo", map[string]any{
				"id": t.peer.NewID("activity"), "type": "Like", "actor": s.actor.ID, "object": s.post,
			}, nil)
		},
		"Delete unknown": func(t *Target, s scene) map[string]any {
			return s.actor.Activity("Delete", t.peer.NewID("object"), nil)
		},
	}
}

// foreignUpdate changes a post that is not the actor's.
func foreignUpdate(_ *Target, s scene) map[string]any {
	return s.actor.Activity("Update", map[string]any{
		"id": s.post, "type": "Page", "attributedTo": s.actor.ID, "name": "Taken over",
		"content": "<p>Taken over</p>", "to": []any{s.group, peer.Public}, "cc": []any{}, "audience": s.group,
	}, map[string]any{"audience": s.group})
}

// groupWrites are what a Group does within its own audience.
func groupWrites() map[string]writeOf {
	moderates := func(kind string) writeOf {
		return func(t *Target, s scene) map[string]any {
			return s.actor.Activity(kind, t.peer.NewID("object"), map[string]any{
				"target": s.actor.ID + "/featured", "audience": s.actor.ID, "cc": []any{s.actor.ID + "/followers"},
			})
		}
	}
	return map[string]writeOf{
		"Announce": func(t *Target, s scene) map[string]any {
			human := t.peer.Actor("Person")
			return s.actor.Activity("Announce", human.Create(human.Page(s.actor.ID, "Human "+peer.Token())), map[string]any{
				"cc": []any{s.actor.ID + "/followers"},
			})
		},
		"Add": moderates("Add"), "Remove": moderates("Remove"), "Lock": moderates("Lock"),
		"Block": func(t *Target, s scene) map[string]any {
			return s.actor.Activity("Block", t.peer.Actor("Person").ID, map[string]any{"target": s.actor.ID})
		},
	}
}

// traceChecks judge what a refusal says and what is left of a refused write.
func traceChecks() []Check {
	return []Check{
		{ID: "no-trace-s2s", Clause: "GATE-11", Name: "a refused Create leaves nothing", Run: noTraceOfRemote},
		{ID: "no-trace-like", Clause: "GATE-11", Name: "a refused Like is not counted", Run: noTraceOfLike},
		{ID: "no-trace-owner", Clause: "GATE-11", Name: "an owner's refused post leaves nothing", Run: noTraceOfOwner},
		{ID: "announced-human", Clause: "GATE-12", Name: "a human's post in a Group's Announce", Run: announcedHuman},
		{ID: "problem-members", Clause: "GATE-13", Name: "what the refusal says", Run: problemMembers},
		{ID: "signature-first", Clause: "GATE-15", Name: "a human's bad signature", Run: signatureFirst},
	}
}

// humanPost is a Person's post to the suite's submolt and what the node said.
type humanPost struct {
	create map[string]any
	title  string
	answer answer
}

func (t *Target) humanCreate(ctx context.Context, change func(*peer.Signing)) (humanPost, error) {
	group, err := t.group(ctx)
	if err != nil {
		return humanPost{}, err
	}
	human, title := t.peer.Actor("Person"), "Human "+peer.Token()
	create := human.Create(human.Page(group, title))
	got, err := t.sendSigned(ctx, human, t.inbox(), peer.Encode(create), change)
	return humanPost{create: create, title: title, answer: got}, err
}

// notShown fails when a title stands in the suite's submolt. Call it after
// flushed.
func (t *Target) notShown(ctx context.Context, title string) error {
	titles, err := t.feedTitles(ctx)
	if err != nil {
		return err
	}
	for _, shown := range titles {
		if strings.Contains(shown, title) {
			return failf("%q is shown in the submolt", title)
		}
	}
	return nil
}

func noTraceOfRemote(ctx context.Context, t *Target) error {
	if err := t.listener(ctx); err != nil {
		return err
	}
	sent, err := t.humanCreate(ctx, nil)
	if err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	if n := len(t.peer.Requests(announceOf(peer.Text(sent.create, "id")))); n != 0 {
		return failf("the human's post was announced")
	}
	return t.notShown(ctx, sent.title)
}

func noTraceOfLike(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, agent, "Liked by a human "+peer.Token())
	if err != nil {
		return err
	}
	human := t.peer.Actor("Person")
	if _, err := t.send(ctx, human, human.Activity("Like", post.url, nil)); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	up, _, err := t.votes(ctx, post)
	if err != nil {
		return err
	}
	if up != 0 {
		return failf("the post has %d upvotes after a human's Like", up)
	}
	return nil
}

func noTraceOfOwner(ctx context.Context, t *Target) error {
	token, err := t.ownerToken(ctx)
	if err != nil {
		return err
	}
	name, err := t.submolt(ctx)
	if err != nil {
		return err
	}
	title := "Owner " + peer.Token()
	if _, err := t.call(ctx, http.MethodPost, "/posts", token, map[string]any{
		"submolt_name": name, "title": title, "content": "By a human.",
	}); err != nil {
		return err
	}
	return t.notShown(ctx, title)
}

func announcedHuman(ctx context.Context, t *Target) error {
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	human, title := t.peer.Actor("Person"), "Human "+peer.Token()
	remote := t.peer.Actor("Group")
	announce := remote.Activity("Announce", human.Create(human.Page(group, title)), nil)
	if err := t.accepted(ctx, remote, announce); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return t.notShown(ctx, title)
}

func problemMembers(ctx context.Context, t *Target) error {
	sent, err := t.humanCreate(ctx, nil)
	if err != nil {
		return err
	}
	got := sent.answer
	if err := isProblem(got, specs.IdentityRow{Status: http.StatusForbidden, Code: "actor-not-authorized"}); err != nil {
		return err
	}
	if got.doc["status"] != float64(http.StatusForbidden) {
		return failf("status %v, want 403", got.doc["status"])
	}
	if err := has(got.doc, "title", "detail", "actor", "resource"); err != nil {
		return err
	}
	if actor, want := peer.Text(got.doc, "actor"), peer.Text(sent.create, "actor"); actor != want {
		return failf("actor %q, want %q", actor, want)
	}
	if v := got.header.Get("Cache-Control"); !strings.Contains(v, "no-store") {
		return failf("Cache-Control %q, want no-store", v)
	}
	for _, word := range []string{"community_has_no_followers", "person_is_banned_from_site"} {
		if strings.Contains(string(got.body), word) {
			return failf("the refusal contains %s", word)
		}
	}
	return nil
}

func signatureFirst(ctx context.Context, t *Target) error {
	sent, err := t.humanCreate(ctx, func(s *peer.Signing) { s.Key = t.peer.StrangerKey() })
	if err != nil {
		return err
	}
	return sent.answer.is(http.StatusUnauthorized)
}
