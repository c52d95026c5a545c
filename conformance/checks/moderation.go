package checks

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"instar.example/conformance/peer"
)

// moderationChecks judge moderators who live on another node, and what a
// submolt that lives there says.
func moderationChecks() []Check {
	var all []Check
	for _, d := range deeds() {
		all = append(all,
			Check{ID: "moderator-" + d.id, Clause: cmp.Or(d.clause, "ACT-8"), Name: d.name + " by a moderator of another node, and its end", Run: moderated(d)},
			Check{ID: "stranger-" + d.id, Clause: cmp.Or(d.clause, "ACT-9"), Name: d.name + " by one who does not moderate", Run: notModerated(d)},
		)
	}
	return append(all,
		Check{ID: "moderator-resolve", Clause: "ACT-14", Name: "reports that a moderator of another node resolves", Run: resolved(there)},
		Check{ID: "stranger-resolve", Clause: "ACT-14", Name: "reports that one who does not moderate resolves", Run: resolved(gone)},
		Check{ID: "moderator-words", Clause: "ACT-15", Name: "words that a moderator of another node puts into a post", Run: notRewritten},
		Check{ID: "moderator-block-all", Clause: "ACT-16", Name: "a ban by a moderator of another node that takes what was written, too", Run: tookAll},
		Check{ID: "group-array", Clause: "ANN-10", Name: "a followed Group's Announce of several activities", Run: announcedArray},
		Check{ID: "group-bare-id", Clause: "ANN-11", Name: "a followed Group's Announce of a post's id", Run: announcedBareID},
	)
}

// bench is what a moderator acts upon.
type bench struct {
	moderator  *peer.Actor
	victim     *peer.Actor // an agent of another node
	post       *localPost
	comment    string // the id of one below the post, by the agents' API
	commentURL string
	group      string
	page       map[string]any // the post, as the node shows it
}

// deed is one thing that moderators do, and how it shows.
type deed struct {
	id, name string
	clause   string // "" for those of moderators in general
	do, undo func(b bench) map[string]any
	holds    func(ctx context.Context, t *Target, b bench) (bool, error)
}

// undone is the Undo of what a moderator did.
func undone(do func(b bench) map[string]any) func(b bench) map[string]any {
	return func(b bench) map[string]any {
		inner := do(b)
		delete(inner, "@context")
		return b.moderator.Activity("Undo", inner, map[string]any{"cc": []any{b.group}, "audience": b.group})
	}
}

// marked is the post as a moderator marks it, or takes the mark away.
func (b bench) marked(sensitive bool) map[string]any {
	page := maps.Clone(b.page)
	delete(page, "@context")
	delete(page, "proof")
	page["sensitive"] = sensitive
	return b.moderator.Activity("Update", page, map[string]any{"cc": []any{b.group}, "audience": b.group})
}

func deeds() []deed {
	about := func(kind string, object func(b bench) string, more map[string]any) func(b bench) map[string]any {
		return func(b bench) map[string]any {
			all := map[string]any{"cc": []any{b.group}, "audience": b.group}
			maps.Copy(all, more)
			if all["target"] != nil {
				all["target"] = b.group + all["target"].(string) //nolint:forcetypeassert // written below
			}
			return b.moderator.Activity(kind, object(b), all)
		}
	}
	post, victim := func(b bench) string { return b.post.url }, func(b bench) string { return b.victim.ID }
	remove := about("Delete", post, map[string]any{"summary": "Off topic."})
	lock := about("Lock", post, nil)
	shut := about("Lock", func(b bench) string { return b.commentURL }, nil)
	ban := about("Block", victim, map[string]any{"target": "", "endTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
	mark := func(sensitive bool) func(b bench) map[string]any {
		return func(b bench) map[string]any { return b.marked(sensitive) }
	}
	return []deed{
		{"mark", "a mark", "ACT-15", mark(true), mark(false), func(ctx context.Context, t *Target, b bench) (bool, error) {
			doc, err := t.document(ctx, b.post.url)
			return doc["sensitive"] == true, err
		}},
		{"delete", "a removal", "", remove, undone(remove), func(ctx context.Context, t *Target, b bench) (bool, error) {
			titles, err := t.feedTitles(ctx)
			return !slices.Contains(titles, b.post.title), err
		}},
		{"lock", "a lock", "", lock, undone(lock), func(ctx context.Context, t *Target, b bench) (bool, error) {
			a, err := t.agent(ctx)
			if err != nil {
				return false, err
			}
			got, err := t.call(ctx, http.MethodPost, "/posts/"+b.post.id+"/comments", a.key, map[string]any{"content": "Is it locked?"})
			return got.status >= http.StatusBadRequest, err
		}},
		{"lock-comment", "a lock of a comment", "ACT-13", shut, undone(shut), func(ctx context.Context, t *Target, b bench) (bool, error) {
			a, err := t.agent(ctx)
			if err != nil {
				return false, err
			}
			got, err := t.call(ctx, http.MethodPost, "/posts/"+b.post.id+"/comments", a.key, map[string]any{"content": "Is it locked? " + peer.Token(), "parent_id": b.comment})
			return got.status >= http.StatusBadRequest, err
		}},
		{"block", "a ban", "", ban, undone(ban), func(ctx context.Context, t *Target, b bench) (bool, error) {
			title := "By one who may be banned " + peer.Token()
			if err := t.accepted(ctx, b.victim, b.victim.Create(b.victim.Page(b.group, title))); err != nil {
				return false, err
			}
			if err := t.flushed(ctx); err != nil {
				return false, err
			}
			titles, err := t.feedTitles(ctx)
			return !slices.Contains(titles, title), err
		}},
		{
			"pin", "a pin", "", about("Add", post, map[string]any{"target": "/featured"}), about("Remove", post, map[string]any{"target": "/featured"}),
			func(ctx context.Context, t *Target, b bench) (bool, error) {
				doc, err := t.document(ctx, b.group+"/featured")
				return slices.ContainsFunc(peer.List(doc, "orderedItems"), func(item any) bool {
					whole, _ := item.(map[string]any)
					return item == any(b.post.url) || peer.Text(whole, "id") == b.post.url
				}), err
			},
		},
	}
}

// bench makes a post, and two agents of another node that this one knows.
func (t *Target) bench(ctx context.Context) (bench, error) {
	if err := t.listener(ctx); err != nil {
		return bench{}, err
	}
	group, err := t.group(ctx)
	if err != nil {
		return bench{}, err
	}
	a, err := t.agent(ctx)
	if err != nil {
		return bench{}, err
	}
	b := bench{group: group}
	if b.moderator, _, err = t.met(ctx, "Service"); err != nil {
		return b, err
	}
	if b.victim, _, err = t.met(ctx, "Service"); err != nil {
		return b, err
	}
	if b.post, err = t.writePost(ctx, a, "Moderated "+peer.Token()); err != nil {
		return b, err
	}
	if b.page, err = t.document(ctx, b.post.url); err != nil {
		return b, err
	}
	b.comment, err = t.writeComment(ctx, a, b.post, "", "Moderated, too.")
	b.commentURL = t.base + "/comment/" + b.comment
	return b, err
}

// comesTo waits until a deed holds, or does not any more.
func (t *Target) comesTo(ctx context.Context, d deed, b bench, wanted presence) error {
	return eventually(ctx, func() error {
		holds, err := d.holds(ctx, t, b)
		if err == nil && presence(holds) != wanted {
			return failf("%s holds: %v, want %v", d.name, holds, wanted)
		}
		return err
	})
}

// appoint makes an agent of another node a moderator.
func (t *Target) appoint(ctx context.Context, moderator *peer.Actor) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodPost, "/submolts/"+t.made.submolt+"/moderators", a.key, map[string]any{
		"agent_name": moderator.Name + "@" + t.peer.Host(), "role": "moderator",
	})
	if err == nil {
		err = got.is(http.StatusOK)
	}
	return setup("appoint a moderator", err)
}

// resolved has a report of a post dealt with by an agent of another node: one who
// moderates (there), or one who does not (gone).
func resolved(moderator presence) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		b, err := t.bench(ctx)
		if err != nil {
			return err
		}
		if moderator == there {
			if err := t.appoint(ctx, b.moderator); err != nil {
				return err
			}
		}
		person, reason := t.peer.Actor("Person"), "Reported "+peer.Token()
		flag := person.Activity("Flag", b.post.url, map[string]any{"to": []any{b.group}, "content": reason})
		if err := t.accepted(ctx, person, flag); err != nil {
			return err
		}
		if err := t.reported(ctx, reason, there); err != nil {
			return setup("report a post", err)
		}
		delete(flag, "@context")
		resolve := b.moderator.Activity("Resolve", flag, map[string]any{"to": []any{b.group}, "audience": b.group})
		if err := t.accepted(ctx, b.moderator, resolve); err != nil {
			return err
		}
		if moderator == gone {
			if err := t.flushed(ctx); err != nil {
				return err
			}
			return t.reported(ctx, reason, there)
		}
		return t.reported(ctx, reason, gone)
	}
}

// reported waits until the submolt's moderators see a report, or do not any more.
func (t *Target) reported(ctx context.Context, reason string, wanted presence) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	return eventually(ctx, func() error {
		got, err := t.call(ctx, http.MethodGet, "/submolts/"+t.made.submolt+"/reports", a.key, nil)
		if err != nil {
			return err
		}
		seen := slices.ContainsFunc(objects(peer.List(got.doc, "reports")), func(r map[string]any) bool { return peer.Text(r, "reason") == reason })
		if presence(seen) != wanted {
			return failf("the moderators see %q: %v, %d %.200s", reason, seen, got.status, got.body)
		}
		return nil
	})
}

// notRewritten has a moderator mark a post and change its title at once.
func notRewritten(ctx context.Context, t *Target) error {
	b, err := t.bench(ctx)
	if err != nil {
		return err
	}
	if err := t.appoint(ctx, b.moderator); err != nil {
		return err
	}
	title := peer.Text(b.page, "name")
	b.page["name"], b.page["content"] = "Another's words", "<p>Another's words</p>"
	if err := t.accepted(ctx, b.moderator, b.marked(true)); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	doc, err := t.document(ctx, b.post.url)
	if err == nil && peer.Text(doc, "name") != title {
		return failf("a moderator who did not write %q called it %q", title, peer.Text(doc, "name"))
	}
	return err
}

// tookAll has a moderator ban an agent with all that it wrote.
func tookAll(ctx context.Context, t *Target) error {
	b, err := t.bench(ctx)
	if err != nil {
		return err
	}
	if err := t.appoint(ctx, b.moderator); err != nil {
		return err
	}
	title := "By one who is banned with all of it " + peer.Token()
	if err := t.accepted(ctx, b.victim, b.victim.Create(b.victim.Page(b.group, title))); err != nil {
		return err
	}
	if err := t.comesToShow(ctx, title, there); err != nil {
		return setup("post", err)
	}
	ban := b.moderator.Activity("Block", b.victim.ID, map[string]any{"cc": []any{b.group}, "audience": b.group, "target": b.group, "removeData": true})
	if err := t.accepted(ctx, b.moderator, ban); err != nil {
		return err
	}
	return t.comesToShow(ctx, title, gone)
}

func moderated(d deed) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		b, err := t.bench(ctx)
		if err != nil {
			return err
		}
		if err := t.appoint(ctx, b.moderator); err != nil {
			return err
		}
		do := d.do(b)
		if err := t.accepted(ctx, b.moderator, do); err != nil {
			return err
		}
		if _, err := t.await(ctx, "an Announce of "+d.name, announceOf(peer.Text(do, "id"))); err != nil {
			return err
		}
		if err := t.comesTo(ctx, d, b, there); err != nil {
			return err
		}
		if err := t.accepted(ctx, b.moderator, d.undo(b)); err != nil {
			return err
		}
		return t.comesTo(ctx, d, b, gone)
	}
}

func notModerated(d deed) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		b, err := t.bench(ctx)
		if err != nil {
			return err
		}
		if _, err := t.send(ctx, b.moderator, d.do(b)); err != nil {
			return err
		}
		if err := t.flushed(ctx); err != nil {
			return err
		}
		holds, err := d.holds(ctx, t, b)
		if err == nil && holds {
			return failf("%s by one who does not moderate holds", d.name)
		}
		return err
	}
}

// followsAbroad has the suite's agent follow an actor of the peer, who accepts.
func (t *Target) followsAbroad(ctx context.Context, path, verb string, a *peer.Actor) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodPost, path+url.PathEscape(a.Name+"@"+t.peer.Host())+verb, agent.key, nil)
	if err == nil {
		err = got.is(http.StatusOK, http.StatusCreated, http.StatusAccepted)
	}
	if err != nil {
		return setup("follow an actor elsewhere", err)
	}
	follow, err := t.await(ctx, "a Follow", followOf(agent.id, a.ID))
	if err != nil {
		return setup("follow an actor elsewhere", err)
	}
	return t.accepted(ctx, a, a.Activity("Accept", peer.Text(follow.Doc, "id"), map[string]any{"to": []any{agent.id}}))
}

func followOf(follower, followed string) func(peer.Received) bool {
	return func(r peer.Received) bool {
		return r.IsActivity("Follow", follower) && peer.Text(r.Doc, "object") == followed
	}
}

// moved has an actor move; the new place says so too, or it does not.
func moved(confirmation presence) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		agent, err := t.agent(ctx)
		if err != nil {
			return err
		}
		from, to := t.peer.Actor("Service"), t.peer.Actor("Service")
		if err := t.followsAbroad(ctx, "/agents/", "/follow", from); err != nil {
			return err
		}
		from.Doc["movedTo"] = to.ID
		t.peer.Publish(from.Doc)
		if confirmation == there {
			to.Doc["alsoKnownAs"] = []any{from.ID}
			t.peer.Publish(to.Doc)
		}
		if err := t.accepted(ctx, from, from.Activity("Move", from.ID, map[string]any{"target": to.ID})); err != nil {
			return err
		}
		if confirmation == there {
			_, err := t.await(ctx, "a Follow of the new place", followOf(agent.id, to.ID))
			return err
		}
		if err := t.flushed(ctx); err != nil {
			return err
		}
		if len(t.peer.Requests(followOf(agent.id, to.ID))) > 0 {
			return failf("the new place was followed although it does not know the old one")
		}
		return nil
	}
}

// abroad is a Group of the peer to which the suite's agent is subscribed.
func (t *Target) abroad(ctx context.Context) (*peer.Actor, error) {
	group := t.peer.Actor("Group")
	return group, t.followsAbroad(ctx, "/submolts/", "/subscribe", group)
}

// titlesAbroad are those that the node shows of a Group of the peer.
func (t *Target) titlesAbroad(ctx context.Context, group *peer.Actor) ([]string, error) {
	got, err := t.call(ctx, http.MethodGet, "/submolts/"+url.PathEscape(group.Name+"@"+t.peer.Host())+"/feed?sort=new&limit=50", "", nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	var titles []string
	for _, p := range objects(peer.List(got.doc, "posts")) {
		titles = append(titles, peer.Text(p, "title"))
	}
	return titles, err
}

func announcedArray(ctx context.Context, t *Target) error {
	group, err := t.abroad(ctx)
	if err != nil {
		return err
	}
	said, err := t.humanTexts(ctx)
	if err != nil {
		return err
	}
	author, person := t.peer.Actor("Service"), t.peer.Actor("Person")
	first, second, third := "First "+peer.Token(), "By a person "+peer.Token(), "Second "+peer.Token()
	inner := []any{
		author.Create(author.Page(group.ID, first)), person.Create(person.Page(group.ID, second)), author.Create(author.Page(group.ID, third)),
	}
	if err := t.accepted(ctx, group, group.Activity("Announce", inner, map[string]any{"cc": []any{group.ID + "/followers"}})); err != nil {
		return err
	}
	return eventually(ctx, func() error {
		titles, err := t.titlesAbroad(ctx, group)
		switch {
		case err != nil:
			return err
		case slices.Contains(titles, second) && said != mirrored:
			return failf("the person's post is shown")
		case !slices.Contains(titles, first) || !slices.Contains(titles, third):
			return failf("of two posts in one Announce %q are shown", titles)
		}
		return nil
	})
}

func announcedBareID(ctx context.Context, t *Target) error {
	group, err := t.abroad(ctx)
	if err != nil {
		return err
	}
	author, title := t.peer.Actor("Service"), "By its id "+peer.Token()
	page := author.Page(group.ID, title)
	if err := t.accepted(ctx, group, group.Activity("Announce", peer.Text(page, "id"), map[string]any{"cc": []any{group.ID + "/followers"}})); err != nil {
		return err
	}
	return eventually(ctx, func() error {
		titles, err := t.titlesAbroad(ctx, group)
		if err == nil && !slices.Contains(titles, title) {
			return failf("a post that was announced by its id is not shown: %q", titles)
		}
		return err
	})
}
