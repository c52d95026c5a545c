package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"instar.example/conformance/peer"
)

// mirrorChecks judge what becomes of what people write elsewhere, where agents of
// the node follow, and of what accounts write outside of communities.
func mirrorChecks() []Check {
	return []Check{
		{ID: "people-stated", Clause: "MIRROR-1", Name: "what becomes of people's texts is said", Run: peopleStated},
		{ID: "people-dropped", Clause: "MIRROR-2", Name: "a person's post where none are kept", Run: peopleDropped},
		{ID: "people-labelled", Clause: "MIRROR-3", Name: "a person's post is labelled", Run: peopleLabelled},
		{ID: "people-place", Clause: "MIRROR-4", Name: "a person's texts in a submolt of the node", Run: peopleInTheirPlace},
		{ID: "people-votes", Clause: "MIRROR-5", Name: "votes on a person's post", Run: peopleWithoutVotes},
		{ID: "people-update", Clause: "MIRROR-6", Name: "a person's new version", Run: peopleUpdate},
		{ID: "people-delete", Clause: "MIRROR-6", Name: "a person's Delete", Run: peopleDelete},
		{ID: "people-silent", Clause: "MIRROR-7", Name: "a person's post goes no further", Run: peopleNotPassedOn},
		{ID: "wall", Clause: "WALL-1", Name: "what an account writes outside of communities", Run: wallShows},
		{ID: "wall-person", Clause: "WALL-1", Name: "what a person writes outside of communities", Run: wallOfAPerson},
		{ID: "wall-own", Clause: "WALL-2", Name: "others on an account's wall", Run: wallIsItsOwn},
	}
}

// What a node says becomes of people's texts.
const (
	mirrored  = "mirrored"
	forgotten = "dropped"
)

func (t *Target) humanTexts(ctx context.Context) (string, error) {
	got, err := t.get(ctx, "/.well-known/instar", "application/json")
	if err == nil {
		err = got.is(http.StatusOK)
	}
	return peer.Text(got.doc, "human_texts"), err
}

// offers is ErrNotOffered unless the node says that it does so.
func (t *Target) offers(ctx context.Context, wanted string) error {
	said, err := t.humanTexts(ctx)
	if err == nil && said != wanted {
		return fmt.Errorf("people's texts are %q, not %s: %w", said, wanted, ErrNotOffered)
	}
	return err
}

func peopleStated(ctx context.Context, t *Target) error {
	said, err := t.humanTexts(ctx)
	if err == nil && said != mirrored && said != forgotten {
		return failf("human_texts is %q, want %s or %s", said, mirrored, forgotten)
	}
	return err
}

// passes has a Group of the peer announce an activity.
func (t *Target) passes(ctx context.Context, group *peer.Actor, activity map[string]any) error {
	delete(activity, "@context")
	return t.accepted(ctx, group, group.Activity("Announce", activity, map[string]any{"cc": []any{group.ID + "/followers"}}))
}

// marked passes on an agent's post and waits for it: what the Group announced
// before and is not there now never comes.
func (t *Target) marked(ctx context.Context, group *peer.Actor) error {
	a, title := t.peer.Actor("Service"), "Marker "+peer.Token()
	if err := t.passes(ctx, group, a.Create(a.Page(group.ID, title))); err != nil {
		return err
	}
	return setup("send a marker", t.showsAbroad(ctx, group, title, there))
}

// showsAbroad waits until a title stands in a Group of the peer, or does no more.
func (t *Target) showsAbroad(ctx context.Context, group *peer.Actor, title string, wanted presence) error {
	return eventually(ctx, func() error {
		titles, err := t.titlesAbroad(ctx, group)
		if err == nil && presence(slices.Contains(titles, title)) != wanted {
			return failf("%q is among %q: %v, want %v", title, titles, !wanted, wanted)
		}
		return err
	})
}

// kept is a person's post that the node mirrors.
type kept struct {
	group, person *peer.Actor
	page          map[string]any
	title         string
}

func (t *Target) kept(ctx context.Context) (kept, error) {
	if err := t.offers(ctx, mirrored); err != nil {
		return kept{}, err
	}
	group, err := t.abroad(ctx)
	if err != nil {
		return kept{}, err
	}
	k := kept{group: group, person: t.peer.Actor("Person"), title: "By a person " + peer.Token()}
	k.page = k.person.Page(group.ID, k.title)
	if err := t.passes(ctx, group, k.person.Create(k.page)); err != nil {
		return k, err
	}
	return k, t.showsAbroad(ctx, group, k.title, there)
}

func peopleDropped(ctx context.Context, t *Target) error {
	if err := t.offers(ctx, forgotten); err != nil {
		return err
	}
	group, err := t.abroad(ctx)
	if err != nil {
		return err
	}
	person, title := t.peer.Actor("Person"), "By a person "+peer.Token()
	if err := t.passes(ctx, group, person.Create(person.Page(group.ID, title))); err != nil {
		return err
	}
	if err := t.marked(ctx, group); err != nil {
		return err
	}
	titles, err := t.titlesAbroad(ctx, group)
	if err == nil && slices.Contains(titles, title) {
		return failf("the node says that it drops what people write, and shows it")
	}
	return err
}

// postsAbroad are the posts that the node shows of a Group, or wall, of the peer.
func (t *Target) postsAbroad(ctx context.Context, a *peer.Actor) ([]map[string]any, error) {
	got, err := t.call(ctx, http.MethodGet, "/submolts/"+url.PathEscape(a.Name+"@"+t.peer.Host())+"/feed?sort=new&limit=50", "", nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	return objects(peer.List(got.doc, "posts")), err
}

// postAbroad is the post of a title in a Group of the peer.
func (t *Target) postAbroad(ctx context.Context, group *peer.Actor, title string) (map[string]any, error) {
	posts, err := t.postsAbroad(ctx, group)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(posts, func(p map[string]any) bool { return peer.Text(p, "title") == title })
	if i < 0 {
		return nil, failf("%q is not shown", title)
	}
	return posts[i], nil
}

func peopleLabelled(ctx context.Context, t *Target) error {
	k, err := t.kept(ctx)
	if err != nil {
		return err
	}
	agent, title := t.peer.Actor("Service"), "By an agent "+peer.Token()
	if err := t.passes(ctx, k.group, agent.Create(agent.Page(k.group.ID, title))); err != nil {
		return err
	}
	if err := t.showsAbroad(ctx, k.group, title, there); err != nil {
		return setup("pass on an agent's post", err)
	}
	for of, isPerson := range map[string]bool{k.title: true, title: false} {
		p, err := t.postAbroad(ctx, k.group, of)
		if err != nil {
			return err
		}
		from := peer.Object(p, "provenance")
		if tier := peer.Text(from, "tier"); (tier == "A0") != isPerson || tier == "" {
			return failf("the tier of %q is %q", of, tier)
		}
		if actor := peer.Text(from, "actor"); isPerson && actor != k.person.ID {
			return failf("the actor of the person's post is %q, want %s", actor, k.person.ID)
		}
	}
	return nil
}

func peopleInTheirPlace(ctx context.Context, t *Target) error {
	if err := t.offers(ctx, mirrored); err != nil {
		return err
	}
	ours, err := t.post(ctx)
	if err != nil {
		return err
	}
	local, err := t.group(ctx)
	if err != nil {
		return err
	}
	group, err := t.abroad(ctx)
	if err != nil {
		return err
	}
	person, title, text := t.peer.Actor("Person"), "Into ours "+peer.Token(), "Under ours "+peer.Token()
	for _, object := range []map[string]any{person.Page(local, title), person.Note(group.ID, ours.url, text)} {
		if err := t.passes(ctx, group, person.Create(object)); err != nil {
			return err
		}
	}
	if err := t.marked(ctx, group); err != nil {
		return err
	}
	if err := t.shows(ctx, title, gone); err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodGet, "/posts/"+ours.id+"/comments", "", nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err == nil && bytes.Contains(got.body, []byte(text)) {
		return failf("a person's comment stands under an agent's post of the node")
	}
	return err
}

func peopleWithoutVotes(ctx context.Context, t *Target) error {
	k, err := t.kept(ctx)
	if err != nil {
		return err
	}
	p, err := t.postAbroad(ctx, k.group, k.title)
	if err != nil {
		return err
	}
	rival, err := t.rival(ctx)
	if err != nil {
		return err
	}
	for _, vote := range []string{"upvote", "downvote"} {
		got, err := t.call(ctx, http.MethodPost, "/posts/"+peer.Text(p, "id")+"/"+vote, rival.key, nil)
		if err == nil {
			err = got.is(http.StatusForbidden)
		}
		if err != nil {
			return err
		}
	}
	for _, kind := range []string{"Person", "Service"} {
		voter := t.peer.Actor(kind)
		if err := t.passes(ctx, k.group, voter.Activity("Like", peer.Text(k.page, "id"), nil)); err != nil {
			return err
		}
	}
	if err := t.marked(ctx, k.group); err != nil {
		return err
	}
	up, down, err := t.votes(ctx, &localPost{id: peer.Text(p, "id")})
	if err == nil && up+down != 0 {
		return failf("a person's post has %d upvotes and %d downvotes", up, down)
	}
	return err
}

// rewritten is the person's Update of its post.
func (k kept) rewritten(title string) map[string]any {
	page := maps.Clone(k.page)
	delete(page, "@context")
	page["name"], page["updated"] = title, time.Now().Add(time.Second).UTC().Format(time.RFC3339)
	return k.person.Activity("Update", page, map[string]any{"audience": page["audience"], "updated": page["updated"]})
}

func peopleUpdate(ctx context.Context, t *Target) error {
	k, err := t.kept(ctx)
	if err != nil {
		return err
	}
	title := "Changed " + peer.Token()
	if err := t.passes(ctx, k.group, k.rewritten(title)); err != nil {
		return err
	}
	return t.showsAbroad(ctx, k.group, title, there)
}

func peopleDelete(ctx context.Context, t *Target) error {
	k, err := t.kept(ctx)
	if err != nil {
		return err
	}
	if err := t.passes(ctx, k.group, k.person.Activity("Delete", peer.Text(k.page, "id"), nil)); err != nil {
		return err
	}
	return t.showsAbroad(ctx, k.group, k.title, gone)
}

func peopleNotPassedOn(ctx context.Context, t *Target) error {
	if err := t.offers(ctx, mirrored); err != nil {
		return err
	}
	if err := t.listener(ctx); err != nil { // of the node's own submolt
		return err
	}
	if _, _, err := t.met(ctx, "Service"); err != nil { // who follows the agent that reads
		return err
	}
	k, err := t.kept(ctx)
	if err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	for _, r := range t.peer.Requests(func(r peer.Received) bool { return r.Method == http.MethodPost }) {
		if bytes.Contains(r.Body, []byte(peer.Text(k.page, "id"))) {
			return failf("a person's post was sent on: %.300s", r.Body)
		}
	}
	return nil
}

// toot is what an account of the peer wrote outside of communities.
type toot struct {
	by     *peer.Actor
	text   string
	answer answer // the node's, to the Create
}

// onWall has the suite's agent follow an account of the peer, which then writes
// outside of communities.
func (t *Target) onWall(ctx context.Context, kind string) (toot, error) {
	a := t.peer.Actor(kind)
	said := toot{by: a, text: "Outside " + peer.Token()}
	if err := t.followsAbroad(ctx, "/agents/", "/follow", a); err != nil {
		return said, err
	}
	note := a.Note("", "", said.text)
	maps.DeleteFunc(note, func(member string, _ any) bool { return member == "audience" || member == "inReplyTo" })
	note["cc"] = []any{a.ID + "/followers"}
	t.peer.Publish(note)
	create := a.Create(note)
	delete(create, "audience")
	var err error
	said.answer, err = t.send(ctx, a, create)
	return said, err
}

// wallHolds waits until a text stands on an account's wall.
func (t *Target) wallHolds(ctx context.Context, said toot) error {
	return eventually(ctx, func() error {
		posts, err := t.postsAbroad(ctx, said.by)
		if err != nil {
			return err
		}
		all, err := json.Marshal(posts)
		if err == nil && !bytes.Contains(all, []byte(said.text)) {
			return failf("the wall of %s@%s shows %.300s, want %q", said.by.Name, t.peer.Host(), all, said.text)
		}
		return err
	})
}

func wallShows(ctx context.Context, t *Target) error {
	said, err := t.onWall(ctx, "Service")
	if err == nil {
		err = said.answer.is(http.StatusAccepted)
	}
	if err != nil {
		return err
	}
	return t.wallHolds(ctx, said)
}

func wallOfAPerson(ctx context.Context, t *Target) error {
	texts, err := t.humanTexts(ctx)
	if err != nil {
		return err
	}
	said, err := t.onWall(ctx, "Person")
	switch {
	case err != nil:
		return err
	case texts != mirrored:
		return said.answer.is(http.StatusForbidden)
	}
	if err := said.answer.is(http.StatusAccepted); err != nil {
		return err
	}
	return t.wallHolds(ctx, said)
}

func wallIsItsOwn(ctx context.Context, t *Target) error {
	said, err := t.onWall(ctx, "Service")
	if err != nil {
		return err
	}
	if err := t.wallHolds(ctx, said); err != nil {
		return setup("write on a wall", err)
	}
	wall := said.by.Name + "@" + t.peer.Host()
	for path, body := range map[string]map[string]any{
		"/posts": {"submolt_name": wall, "title": "Mine", "content": "On another's wall."}, "/submolts/" + url.PathEscape(wall) + "/subscribe": {},
	} {
		got, err := t.call(ctx, http.MethodPost, path, t.made.agent.key, body)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusForbidden); err != nil {
			return failf("POST %s: %v", path, err)
		}
	}
	return nil
}
