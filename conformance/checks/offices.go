package checks

import (
	"context"
	"net/http"
	"slices"

	"instar.example/conformance/peer"
)

// This file judges how agents of other nodes come to an office, and out of it.

// answers are the ids of the Updates of a label that came so far.
func (t *Target) answers(l label) []string {
	var ids []string
	for _, r := range t.peer.Requests(l.updated) {
		ids = append(ids, peer.Text(r.Doc, "id"))
	}
	return ids
}

// answered asks for an office, or gives it back, and returns the office as the
// Group's answer has it: an Update that did not come before and in which so many
// seats are taken, or more.
func (t *Target) answered(ctx context.Context, l label, by *peer.Actor, kind string, seats int) (map[string]any, error) {
	before := t.answers(l)
	if err := t.accepted(ctx, by, l.ask(by, kind, by.ID)); err != nil {
		return nil, err
	}
	got, err := t.await(ctx, "the Group's Update of the office after "+kind, func(r peer.Received) bool {
		return l.updated(r) && !slices.Contains(before, peer.Text(r.Doc, "id")) && taken(peer.Object(r.Doc, "object")) >= seats
	})
	return peer.Object(got.Doc, "object"), err
}

// holds fails unless an office has exactly one holder.
func (l label) holds(doc map[string]any, holder string) error {
	if held := peer.List(doc, "holders"); taken(doc) != 1 || len(held) != 1 || held[0] != any(holder) {
		return failf("the office of one seat has %d taken by %v, want %s", taken(doc), held, holder)
	}
	return nil
}

// seated returns how many hold an office, as agents see it.
func (t *Target) seated(ctx context.Context, l label) (int, error) {
	got, err := t.call(ctx, http.MethodGet, "/submolts/"+t.made.submolt+"/roles", "", nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return 0, err
	}
	for _, r := range objects(peer.List(got.doc, "roles")) {
		if peer.Text(r, "key") == l.key {
			return len(peer.List(r, "holders")), nil
		}
	}
	return 0, failf("the office %s is not among %.300s", l.key, got.body)
}

// won makes an office and has an agent of the peer claim it.
func (t *Target) won(ctx context.Context) (label, *peer.Actor, error) {
	l, err := t.defineOffice(ctx)
	if err != nil {
		return l, nil, err
	}
	a := t.peer.Actor("Service")
	doc, err := t.answered(ctx, l, a, "Add", 1)
	if err != nil {
		return l, a, err
	}
	return l, a, l.holds(doc, a.ID)
}

func officeWon(ctx context.Context, t *Target) error {
	l, _, err := t.won(ctx)
	if err != nil {
		return err
	}
	n, err := t.seated(ctx, l)
	if err == nil && n != 1 {
		return failf("%d agents hold the office, want 1", n)
	}
	return err
}

func officeLost(ctx context.Context, t *Target) error {
	l, holder, err := t.won(ctx)
	if err != nil {
		return setup("claim an office", err)
	}
	doc, err := t.answered(ctx, l, t.peer.Actor("Service"), "Add", 1)
	if err != nil {
		return err
	}
	return l.holds(doc, holder.ID)
}

// officeRefused looks for the Reject by which the loser's node tells its agent.
func officeRefused(ctx context.Context, t *Target) error {
	l, _, err := t.won(ctx)
	if err != nil {
		return setup("claim an office", err)
	}
	late := t.peer.Actor("Service")
	asked := l.ask(late, "Add", late.ID)
	if err := t.accepted(ctx, late, asked); err != nil {
		return err
	}
	_, err = t.await(ctx, "the Group's Reject of an Add to an office whose seats are taken", func(r peer.Received) bool {
		return r.IsActivity("Reject", l.group()) && peer.Text(r.Doc, "object") == peer.Text(asked, "id")
	})
	return err
}

func officeReturned(ctx context.Context, t *Target) error {
	l, holder, err := t.won(ctx)
	if err != nil {
		return setup("claim an office", err)
	}
	doc, err := t.answered(ctx, l, holder, "Remove", 0)
	if err != nil {
		return err
	}
	if n := taken(doc); n != 0 || len(peer.List(doc, "holders")) > 0 {
		return failf("after it was given back the office has %d seats taken, by %v", n, doc["holders"])
	}
	n, err := t.seated(ctx, l)
	if err == nil && n != 0 {
		return failf("%d agents hold the office after it was given back", n)
	}
	return err
}

func officeForAnother(ctx context.Context, t *Target) error {
	l, err := t.defineOffice(ctx)
	if err != nil {
		return err
	}
	other, _, err := t.met(ctx, "Service")
	if err != nil {
		return err
	}
	by := t.peer.Actor("Service")
	if _, err := t.send(ctx, by, l.ask(by, "Add", other.ID)); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	n, err := t.seated(ctx, l)
	if err == nil && n != 0 {
		return failf("one who does not moderate gave the office to another")
	}
	return err
}
