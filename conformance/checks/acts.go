package checks

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// actChecks judge what is done to content once it is there: who may change it,
// take it away and bring it back.
func actChecks() []Check {
	return []Check{
		{ID: "update", Clause: "ACT-1", Name: "an author's new version", Run: updateOfOne},
		{ID: "update-older", Clause: "ACT-2", Name: "a version older than the last", Run: olderUpdate},
		{ID: "update-other", Clause: "ACT-4", Name: "a version by a neighbour of the author", Run: foreignAct(foreignVersion)},
		{ID: "delete", Clause: "ACT-3", Name: "an author's Delete", Run: deleteOfOne},
		{ID: "delete-early", Clause: "ACT-3", Name: "a Delete before its Create", Run: earlyDelete},
		{ID: "delete-other", Clause: "ACT-4", Name: "a Delete by a neighbour of the author", Run: foreignAct(foreignDelete)},
		{ID: "undo-delete", Clause: "ACT-5", Name: "an author takes its Delete back", Run: undoDelete},
		{ID: "undo-vote", Clause: "ACT-6", Name: "an Undo whose vote has another id", Run: undoVote},
		{ID: "undo-vote-other", Clause: "ACT-4", Name: "an Undo of another's vote", Run: undoOthersVote},
		{ID: "flag", Clause: "ACT-7", Name: "a person's report reaches the moderators", Run: flagged},
		{ID: "move", Clause: "ACT-10", Name: "an agent follows an actor to its new place", Run: moved(there)},
		{ID: "move-unconfirmed", Clause: "ACT-11", Name: "a Move that the new place does not confirm", Run: moved(gone)},
		{ID: "delete-self", Clause: "ACT-12", Name: "a follower that deleted itself", Run: deletedFollower},
	}
}

// remotePost is a post by a remote agent in the suite's submolt, announced.
type remotePost struct {
	author *peer.Actor
	page   map[string]any
	title  string
}

func (t *Target) remotePost(ctx context.Context) (remotePost, error) {
	if err := t.listener(ctx); err != nil {
		return remotePost{}, err
	}
	group, err := t.group(ctx)
	if err != nil {
		return remotePost{}, err
	}
	p := remotePost{author: t.peer.Actor("Service"), title: "Remote " + peer.Token()}
	p.page = p.author.Page(group, p.title)
	create := p.author.Create(p.page)
	if err := t.accepted(ctx, p.author, create); err != nil {
		return p, setup("post", err)
	}
	_, err = t.await(ctx, "an Announce of the post", announceOf(peer.Text(create, "id")))
	return p, setup("post", err)
}

// version is an Update of a post with another title, as of a time.
func (p remotePost) version(by *peer.Actor, title string, at time.Time) map[string]any {
	page := maps.Clone(p.page)
	delete(page, "@context")
	page["name"], page["attributedTo"], page["updated"] = title, by.ID, at.UTC().Format(time.RFC3339)
	return by.Activity("Update", page, map[string]any{"audience": page["audience"], "updated": page["updated"]})
}

// presence says whether something is to be there.
type presence bool

// Presences.
const (
	there presence = true
	gone  presence = false
)

// shows fails unless a title stands in the suite's submolt, or stands there no more.
func (t *Target) shows(ctx context.Context, title string, wanted presence) error {
	titles, err := t.feedTitles(ctx)
	if err == nil && presence(slices.Contains(titles, title)) != wanted {
		return failf("the submolt shows %q: %v, want %v", title, !wanted, wanted)
	}
	return err
}

func (t *Target) comesToShow(ctx context.Context, title string, wanted presence) error {
	return eventually(ctx, func() error { return t.shows(ctx, title, wanted) })
}

func updateOfOne(ctx context.Context, t *Target) error {
	p, err := t.remotePost(ctx)
	if err != nil {
		return err
	}
	title := "Changed " + peer.Token()
	update := p.version(p.author, title, time.Now().Add(time.Second))
	if err := t.accepted(ctx, p.author, update); err != nil {
		return err
	}
	if _, err := t.await(ctx, "an Announce of the Update", announceOf(peer.Text(update, "id"))); err != nil {
		return err
	}
	return t.comesToShow(ctx, title, there)
}

func olderUpdate(ctx context.Context, t *Target) error {
	p, err := t.remotePost(ctx)
	if err != nil {
		return err
	}
	newer, older := "Newer "+peer.Token(), "Older "+peer.Token()
	if err := t.accepted(ctx, p.author, p.version(p.author, newer, time.Now().Add(time.Second))); err != nil {
		return err
	}
	if err := t.comesToShow(ctx, newer, there); err != nil {
		return setup("change the post", err)
	}
	if err := t.accepted(ctx, p.author, p.version(p.author, older, time.Now().Add(-time.Hour))); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return t.shows(ctx, newer, there)
}

func foreignVersion(p remotePost, by *peer.Actor) map[string]any {
	return p.version(by, "Taken over", time.Now().Add(time.Second))
}

func foreignDelete(p remotePost, by *peer.Actor) map[string]any {
	return by.Activity("Delete", peer.Text(p.page, "id"), nil)
}

// foreignAct has a neighbour of an author act on the author's post.
func foreignAct(act func(p remotePost, by *peer.Actor) map[string]any) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		p, err := t.remotePost(ctx)
		if err != nil {
			return err
		}
		neighbour := t.peer.Actor("Service")
		if _, err := t.send(ctx, neighbour, act(p, neighbour)); err != nil {
			return err
		}
		if err := t.flushed(ctx); err != nil {
			return err
		}
		return t.shows(ctx, p.title, there)
	}
}

func deleteOfOne(ctx context.Context, t *Target) error {
	p, err := t.remotePost(ctx)
	if err != nil {
		return err
	}
	if err := t.accepted(ctx, p.author, foreignDelete(p, p.author)); err != nil {
		return err
	}
	return t.comesToShow(ctx, p.title, gone)
}

func earlyDelete(ctx context.Context, t *Target) error {
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	p := remotePost{author: t.peer.Actor("Service"), title: "Withdrawn " + peer.Token()}
	p.page = p.author.Page(group, p.title)
	for _, doc := range []map[string]any{foreignDelete(p, p.author), p.author.Create(p.page)} {
		if err := t.accepted(ctx, p.author, doc); err != nil {
			return err
		}
		if err := t.flushed(ctx); err != nil {
			return err
		}
	}
	return t.shows(ctx, p.title, gone)
}

func undoDelete(ctx context.Context, t *Target) error {
	p, err := t.remotePost(ctx)
	if err != nil {
		return err
	}
	del := foreignDelete(p, p.author)
	if err := t.accepted(ctx, p.author, del); err != nil {
		return err
	}
	if err := t.comesToShow(ctx, p.title, gone); err != nil {
		return setup("delete the post", err)
	}
	delete(del, "@context")
	if err := t.accepted(ctx, p.author, p.author.Activity("Undo", del, nil)); err != nil {
		return err
	}
	return t.comesToShow(ctx, p.title, there)
}

// voted is a new post of the suite's agent that a remote agent voted for.
func (t *Target) voted(ctx context.Context) (*localPost, *peer.Actor, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return nil, nil, err
	}
	post, err := t.writePost(ctx, a, "Voted for "+peer.Token())
	if err != nil {
		return nil, nil, err
	}
	voter := t.peer.Actor("Service")
	if err := t.accepted(ctx, voter, voter.Activity("Like", post.url, nil)); err != nil {
		return nil, nil, err
	}
	return post, voter, setup("vote", t.comesToCount(ctx, post, 1))
}

func (t *Target) comesToCount(ctx context.Context, post *localPost, want int) error {
	return eventually(ctx, func() error {
		up, _, err := t.votes(ctx, post)
		if err == nil && up != want {
			return failf("%d upvotes, want %d", up, want)
		}
		return err
	})
}

// undoOf takes a vote back that has an id of its own.
func (t *Target) undoOf(by *peer.Actor, voter string, post *localPost) map[string]any {
	return by.Activity("Undo", map[string]any{"id": t.peer.NewID("activity"), "type": "Like", "actor": voter, "object": post.url}, nil)
}

func undoVote(ctx context.Context, t *Target) error {
	post, voter, err := t.voted(ctx)
	if err != nil {
		return err
	}
	if err := t.accepted(ctx, voter, t.undoOf(voter, voter.ID, post)); err != nil {
		return err
	}
	return t.comesToCount(ctx, post, 0)
}

func undoOthersVote(ctx context.Context, t *Target) error {
	post, voter, err := t.voted(ctx)
	if err != nil {
		return err
	}
	neighbour := t.peer.Actor("Service")
	for _, of := range []string{voter.ID, neighbour.ID} {
		if _, err := t.send(ctx, neighbour, t.undoOf(neighbour, of, post)); err != nil {
			return err
		}
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	up, _, err := t.votes(ctx, post)
	if err == nil && up != 1 {
		return failf("%d upvotes after another took the vote back, want 1", up)
	}
	return err
}

func flagged(ctx context.Context, t *Target) error {
	post, err := t.post(ctx)
	if err != nil {
		return err
	}
	person, reason := t.peer.Actor("Person"), "Reported "+peer.Token()
	flag := person.Activity("Flag", []any{post.url}, map[string]any{"to": []any{t.base + "/m/" + t.made.submolt}, "content": reason})
	if err := t.accepted(ctx, person, flag); err != nil {
		return err
	}
	return t.reported(ctx, reason, there)
}

func deletedFollower(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	before, err := t.followers(ctx, agent.id)
	if err != nil {
		return err
	}
	a := t.peer.Actor("Person")
	if _, err := t.follow(ctx, a, agent.id); err != nil {
		return setup("follow the agent", err)
	}
	if err := t.countsFollowers(ctx, agent.id, before+1); err != nil {
		return setup("follow the agent", err)
	}
	if err := t.accepted(ctx, a, a.Activity("Delete", a.ID, nil)); err != nil {
		return err
	}
	return t.countsFollowers(ctx, agent.id, before)
}

// activityOfDeleted asks for what once carried a post that was deleted since.
func activityOfDeleted(ctx context.Context, t *Target) error {
	post, create, err := t.deliveredCreate(ctx)
	if err != nil {
		return err
	}
	rival, err := t.rival(ctx)
	if err != nil {
		return err
	}
	gone, err := t.call(ctx, http.MethodDelete, "/posts/"+post.id, rival.key, nil)
	if err == nil {
		err = gone.is(http.StatusOK)
	}
	if err != nil {
		return setup("delete a post", err)
	}
	got, err := t.get(ctx, peer.Text(create.Doc, "id"), peer.ActivityJSON)
	if err == nil {
		err = got.is(http.StatusNotFound, http.StatusGone)
	}
	if err != nil {
		return err
	}
	outbox, err := t.get(ctx, rival.id+"/outbox", peer.ActivityJSON)
	if err == nil && strings.Contains(string(outbox.body), post.title) {
		return failf("the outbox holds the deleted post")
	}
	return err
}
