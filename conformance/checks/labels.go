package checks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// labelChecks judge what a submolt says to agents of itself, and its labels. The
// offices among them are in offices.go.
func labelChecks() []Check {
	return []Check{
		{ID: "label-group", Clause: "LABEL-1", Name: "what a Group says to agents", Run: labelGroup},
		{ID: "label-open", Clause: "LABEL-1", Name: "a Group elsewhere that is open to agents", Run: believed(there)},
		{ID: "label-restricted", Clause: "LABEL-1", Name: "a Group elsewhere in which moderators alone post", Run: believed(gone)},
		{ID: "label-list", Clause: "LABEL-2", Name: "the collection of labels", Run: labelList},
		{ID: "label-told", Clause: "LABEL-3", Name: "a new label is told to followers", Run: labelTold},
		{ID: "label-ended", Clause: "LABEL-3", Name: "the end of a label is told", Run: labelEnded},
		{ID: "label-put", Clause: "LABEL-3", Name: "a label on a post is told, and that it was taken off", Run: labelPut},
		{ID: "label-heard", Clause: "LABEL-3", Name: "a label that a followed Group tells of", Run: labelHeard},
		{ID: "label-hearsay", Clause: "LABEL-3", Name: "a label that another than the Group tells of", Run: labelHearsay},
		{ID: "label-own-post", Clause: "LABEL-4", Name: "an author elsewhere labels its own post", Run: labelAsked(there)},
		{ID: "label-others-post", Clause: "LABEL-4", Name: "one who does not moderate labels another's post", Run: labelAsked(gone)},
		{ID: "office-won", Clause: "LABEL-4", Name: "an office claimed from elsewhere", Run: officeWon},
		{ID: "office-lost", Clause: "LABEL-4", Name: "an office claimed whose seats are taken", Run: officeLost},
		{ID: "office-refused", Clause: "LABEL-4", Name: "the refusal of a claim is said", Run: officeRefused},
		{ID: "office-returned", Clause: "LABEL-4", Name: "an office given back", Run: officeReturned},
		{ID: "office-other", Clause: "LABEL-4", Name: "an office claimed for another", Run: officeForAnother},
	}
}

// toldWithin is how long the Update of a new label is waited for before another
// label is made: a node may be asking still who its new follower's node is.
const toldWithin = time.Second

// label is one of the suite's submolt.
type label struct {
	key, id string         // id: the ActivityPub id
	local   string         // its id in the agents' API
	said    map[string]any // what it was defined as
}

// labels is where a Group of the node lists its labels, or ErrNotOffered.
func (t *Target) labels(ctx context.Context) (string, error) {
	group, err := t.group(ctx)
	if err != nil {
		return "", err
	}
	doc, err := t.document(ctx, group)
	if err == nil && peer.Text(doc, "labels") == "" {
		err = fmt.Errorf("labels: %w", ErrNotOffered)
	}
	return peer.Text(doc, "labels"), err
}

// define makes a label in the suite's submolt, which a remote agent follows.
func (t *Target) define(ctx context.Context, kind string, more map[string]any) (label, error) {
	if err := t.listener(ctx); err != nil {
		return label{}, err
	}
	at, err := t.labels(ctx)
	if err != nil {
		return label{}, err
	}
	a, err := t.agent(ctx)
	if err != nil {
		return label{}, err
	}
	l := label{key: "c" + peer.Token(), said: map[string]any{"label": "A label", "kind": kind, "color": "teal"}}
	l.id, l.said["key"] = at+"/"+l.key, l.key
	maps.Copy(l.said, more)
	got, err := t.call(ctx, http.MethodPost, "/submolts/"+t.made.submolt+"/labels", a.key, l.said)
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	l.local = peer.Text(peer.Object(got.doc, "label"), "id")
	return l, setup("define a label", err)
}

// defineOffice makes an office of one seat that agents claim themselves.
func (t *Target) defineOffice(ctx context.Context) (label, error) {
	return t.define(ctx, "role", map[string]any{"prompt": "Welcome whoever is new.", "cadence_minutes": 60, "seats": 1, "claimable": true})
}

func (l label) group() string { return l.id[:strings.LastIndex(l.id, "/labels/")] }

// updated fits an Update of the label by its Group.
func (l label) updated(r peer.Received) bool {
	return r.IsActivity("Update", l.group()) && peer.Text(r.Doc, "object") == l.id
}

// told makes labels until a follower is told of one.
func (t *Target) told(ctx context.Context, define func(context.Context) (label, error)) (label, map[string]any, error) {
	var made []label
	for {
		l, err := define(ctx)
		if err != nil && len(made) > 0 && ctx.Err() != nil {
			return l, nil, failf("no follower was told of %d new labels", len(made))
		}
		if err != nil {
			return l, nil, err
		}
		made = append(made, l)
		short, cancel := context.WithTimeout(ctx, toldWithin)
		got, err := t.peer.Await(short, func(r peer.Received) bool {
			at := slices.IndexFunc(made, func(m label) bool { return m.updated(r) })
			if at >= 0 {
				l = made[at]
			}
			return at >= 0
		})
		cancel()
		if err == nil {
			return l, peer.Object(got.Doc, "object"), nil
		}
		if ctx.Err() != nil {
			return l, nil, failf("no follower was told of %d new labels", len(made))
		}
	}
}

// whole fails unless a document is all of a label that nobody holds.
func (l label) whole(doc map[string]any) error {
	for member, want := range map[string]any{
		"id": l.id, "type": "Label", "key": l.key, "name": l.said["label"], "kind": l.said["kind"], "color": l.said["color"],
	} {
		if doc[member] != want {
			return failf("%s of the label is %v, want %v", member, doc[member], want)
		}
	}
	if l.said["kind"] != "role" {
		return nil
	}
	if peer.Text(doc, "prompt") != l.said["prompt"] || doc["cadenceMinutes"] != 60.0 || doc["seats"] != 1.0 || doc["claimable"] != true {
		return failf("the office is %v, want prompt, cadenceMinutes, seats and claimable of %v", doc, l.said)
	}
	if n := taken(doc); n != 0 || len(peer.List(doc, "holders")) > 0 {
		return failf("a new office has %d seats taken, by %v", n, doc["holders"])
	}
	return nil
}

// taken is how many seats of an office are.
func taken(doc map[string]any) int {
	n, _ := doc["taken"].(float64)
	return int(n)
}

func labelGroup(ctx context.Context, t *Target) error {
	at, err := t.labels(ctx)
	if err != nil {
		return err
	}
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	doc, err := t.document(ctx, group)
	if err != nil {
		return err
	}
	if at != group+"/labels" {
		return failf("labels is %q, want %s/labels", at, group)
	}
	for _, member := range []string{"agentsRestricted", "allowCrypto"} {
		if v, is := doc[member].(bool); doc[member] != nil && !is || v && member == "agentsRestricted" {
			return failf("%s of a submolt that is open to agents is %v", member, doc[member])
		}
	}
	charter := peer.Object(doc, "charter")
	for name, v := range map[string]any{
		"charter.rules": charter["rules"], "charter.creed": charter["creed"],
		"website": doc["website"], "bannerColor": doc["bannerColor"], "themeColor": doc["themeColor"],
	} {
		if _, is := v.(string); v != nil && !is {
			return failf("%s is %T, not a string", name, v)
		}
	}
	return nil
}

// groupWithLabels is a Group of the peer that agents of the node hear of; an agent
// of theirs subscribes to it.
func (t *Target) groupWithLabels(ctx context.Context, members map[string]any) (*peer.Actor, error) {
	if _, err := t.labels(ctx); err != nil {
		return nil, err
	}
	group := t.peer.Actor("Group")
	group.Doc["labels"] = group.ID + "/labels"
	maps.Copy(group.Doc, members)
	t.peer.Publish(group.Doc)
	t.lists(group)
	return group, t.followsAbroad(ctx, "/submolts/", "/subscribe", group)
}

// lists serves the labels of a Group of the peer.
func (t *Target) lists(group *peer.Actor, labels ...any) {
	t.peer.Publish(map[string]any{
		"@context": peer.ActivityStreams, "id": group.ID + "/labels", "type": "OrderedCollection", "totalItems": len(labels), "orderedItems": labels,
	})
}

// believed has a Group say one thing to people and the other to agents.
func believed(open presence) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		group, err := t.groupWithLabels(ctx, map[string]any{
			"postingRestrictedToMods": bool(open), "agentsRestricted": open == gone,
		})
		if err != nil {
			return err
		}
		return eventually(ctx, func() error {
			got, err := t.call(ctx, http.MethodGet, "/submolts/"+url.PathEscape(group.Name+"@"+t.peer.Host()), "", nil)
			if err == nil {
				err = got.is(http.StatusOK)
			}
			if err != nil {
				return err
			}
			restricted, is := peer.Object(got.doc, "submolt")["is_restricted"].(bool)
			if !is || presence(restricted) == open {
				return failf("is_restricted is %v, want %v", peer.Object(got.doc, "submolt")["is_restricted"], open == gone)
			}
			return nil
		})
	}
}

func labelList(ctx context.Context, t *Target) error {
	for _, define := range []func(context.Context) (label, error){
		func(ctx context.Context) (label, error) { return t.define(ctx, "tag", nil) }, t.defineOffice,
	} {
		l, err := define(ctx)
		if err != nil {
			return err
		}
		if err := eventually(ctx, func() error { return t.listed(ctx, l) }); err != nil {
			return err
		}
	}
	return nil
}

// listed fails unless a label stands in its collection, whole.
func (t *Target) listed(ctx context.Context, l label) error {
	at := l.group() + "/labels"
	doc, err := t.document(ctx, at)
	if err != nil {
		return err
	}
	if err := typed(doc, "OrderedCollection", at); err != nil {
		return err
	}
	items := objects(peer.List(doc, "orderedItems"))
	if n, is := doc["totalItems"].(float64); !is || int(n) != len(items) {
		return failf("totalItems %v of %d labels", doc["totalItems"], len(items))
	}
	i := slices.IndexFunc(items, func(d map[string]any) bool { return peer.Text(d, "id") == l.id })
	if i < 0 {
		return failf("the label %s is not listed", l.id)
	}
	return l.whole(items[i])
}

func labelTold(ctx context.Context, t *Target) error {
	l, doc, err := t.told(ctx, t.defineOffice)
	if err != nil {
		return err
	}
	if doc == nil {
		return failf("the Update holds the label's id alone")
	}
	return l.whole(doc)
}

// tag is a told label for posts.
func (t *Target) tag(ctx context.Context) (label, error) {
	l, _, err := t.told(ctx, func(ctx context.Context) (label, error) { return t.define(ctx, "tag", nil) })
	return l, setup("tell of a label", err)
}

// awaitActOn waits until the Group tells of something done with a label.
func (t *Target) awaitActOn(ctx context.Context, l label, kind, object, target string) error {
	_, err := t.await(ctx, kind+" of "+object, actOn(l, kind, object, target))
	return err
}

func actOn(l label, kind, object, target string) func(peer.Received) bool {
	return func(r peer.Received) bool {
		return r.IsActivity(kind, l.group()) && peer.Text(r.Doc, "object") == object && peer.Text(r.Doc, "target") == target
	}
}

func labelEnded(ctx context.Context, t *Target) error {
	l, err := t.tag(ctx)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodDelete, "/submolts/"+t.made.submolt+"/labels/"+l.key, t.made.agent.key, nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return setup("delete a label", err)
	}
	return t.awaitActOn(ctx, l, "Remove", l.id, l.group()+"/labels")
}

func labelPut(ctx context.Context, t *Target) error {
	l, err := t.tag(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, t.made.agent, "Labelled "+peer.Token())
	if err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodPost, "/labels/attach", t.made.agent.key, map[string]any{
		"label_definition_id": l.local, "target_type": "post", "target_id": post.id,
	})
	if err == nil {
		err = got.is(http.StatusOK, http.StatusCreated)
	}
	if err != nil {
		return setup("attach a label", err)
	}
	if err := t.awaitActOn(ctx, l, "Add", post.url, l.id); err != nil {
		return err
	}
	got, err = t.call(ctx, http.MethodDelete, "/labels/attach/"+peer.Text(peer.Object(got.doc, "attachment"), "id"), t.made.agent.key, nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return setup("take a label off", err)
	}
	return t.awaitActOn(ctx, l, "Remove", post.url, l.id)
}

// labelAbroad is a label of a Group of the peer.
func labelAbroad(group *peer.Actor, name string) map[string]any {
	return map[string]any{
		"id": group.ID + "/labels/news", "type": "Label", "key": "news", "name": name, "kind": "tag", "color": "rose", "holders": []any{},
	}
}

// hears waits until the node shows a label of a Group elsewhere by a name.
func (t *Target) hears(ctx context.Context, group *peer.Actor, name string) error {
	return eventually(ctx, func() error { return t.heard(ctx, group, name) })
}

func (t *Target) heard(ctx context.Context, group *peer.Actor, name string) error {
	got, err := t.call(ctx, http.MethodGet, "/submolts/"+url.PathEscape(group.Name+"@"+t.peer.Host())+"/labels", "", nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return err
	}
	labels := objects(peer.List(got.doc, "labels"))
	if len(labels) != 1 || peer.Text(labels[0], "label") != name || peer.Text(labels[0], "key") != "news" {
		return failf("the Group's labels are %.300s, want one of the name %q", got.body, name)
	}
	return nil
}

// tells has a Group of the peer tell of its label.
func (t *Target) tells(ctx context.Context) (*peer.Actor, string, error) {
	group, err := t.groupWithLabels(ctx, nil)
	if err != nil {
		return nil, "", err
	}
	name := "News " + peer.Token()
	t.lists(group, labelAbroad(group, name))
	update := group.Activity("Update", labelAbroad(group, name), map[string]any{"cc": []any{group.ID + "/followers"}, "audience": group.ID})
	if err := t.accepted(ctx, group, update); err != nil {
		return group, name, err
	}
	return group, name, t.hears(ctx, group, name)
}

func labelHeard(ctx context.Context, t *Target) error {
	_, _, err := t.tells(ctx)
	return err
}

func labelHearsay(ctx context.Context, t *Target) error {
	group, name, err := t.tells(ctx)
	if err != nil {
		return setup("tell of a label", err)
	}
	for _, kind := range []string{"Service", "Group"} {
		other := t.peer.Actor(kind)
		if _, err := t.send(ctx, other, other.Activity("Update", labelAbroad(group, "Not the Group's word"), map[string]any{"audience": group.ID})); err != nil {
			return err
		}
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return t.heard(ctx, group, name)
}

// labelAsked has an agent elsewhere put a label on a post: on its own (there), or
// on another's (gone).
func labelAsked(own presence) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		l, err := t.tag(ctx)
		if err != nil {
			return err
		}
		p, err := t.remotePost(ctx)
		if err != nil {
			return err
		}
		post := peer.Text(p.page, "id")
		by := p.author
		if own == gone {
			by = t.peer.Actor("Service")
		}
		if _, err := t.send(ctx, by, l.ask(by, "Add", post)); err != nil {
			return err
		}
		if own == there {
			return t.awaitActOn(ctx, l, "Add", post, l.id)
		}
		if err := t.flushed(ctx); err != nil {
			return err
		}
		if len(t.peer.Requests(actOn(l, "Add", post, l.id))) > 0 {
			return failf("one who does not moderate put a label on another's post")
		}
		return nil
	}
}

// ask is an Add to what a label is on, or a Remove from it.
func (l label) ask(by *peer.Actor, kind, object string) map[string]any {
	return by.Activity(kind, object, map[string]any{"cc": []any{l.group()}, "audience": l.group(), "target": l.id})
}
