package checks

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"instar.example/conformance/peer"
)

// foreignChecks judge what a node believes of one origin that speaks of another.
func foreignChecks() []Check {
	return []Check{
		{ID: "foreign-id", Clause: "FETCH-1", Name: "a post that is shown by another server than its own", Run: withOther(foreignID)},
		{ID: "foreign-inbox", Clause: "FETCH-6", Name: "an actor whose inbox is another server's", Run: withOther(foreignInbox)},
	}
}

// withOther runs a check that needs a second peer.
func withOther(check func(context.Context, *Target) error) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		if t.other == nil {
			return fmt.Errorf("the suite has no second peer (--other-url): %w", ErrNotOffered)
		}
		return check(ctx, t)
	}
}

// foreignID has a followed Group announce the address of a document that says it is
// a post of another server, by an agent who is there; that server does not know it.
func foreignID(ctx context.Context, t *Target) error {
	group, err := t.abroad(ctx)
	if err != nil {
		return err
	}
	author := t.other.Actor("Service")
	forged, marker, address := "Forged "+peer.Token(), "Marker "+peer.Token(), t.peer.NewID("page")
	lie := author.Page(group.ID, forged)
	t.other.PublishAt(peer.Text(lie, "id"), nil)
	t.peer.PublishAt(address, lie)
	honest := t.peer.Actor("Service").Page(group.ID, marker)
	for _, id := range []string{address, peer.Text(honest, "id")} {
		if err := t.accepted(ctx, group, group.Activity("Announce", id, map[string]any{"cc": []any{group.ID + "/followers"}})); err != nil {
			return err
		}
	}
	var titles []string
	err = eventually(ctx, func() error {
		if titles, err = t.titlesAbroad(ctx, group); err == nil && !slices.Contains(titles, marker) {
			return failf("of two announced posts %q are shown", titles)
		}
		return err
	})
	if err != nil {
		return setup("announce a post by its id", err)
	}
	if slices.Contains(titles, forged) {
		return failf("what one server shows as another's is believed")
	}
	return nil
}

// foreignInbox has an actor follow that names an inbox of another server as its own.
func foreignInbox(ctx context.Context, t *Target) error {
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	victim := t.other.Actor("Service")
	liar := t.peer.Actor("Service").WithForeignInbox(victim)
	if _, err := t.send(ctx, liar, liar.Follow(group)); err != nil {
		return err
	}
	for range 2 { // the second is announced after the follower would have been told of the first
		if err := t.flushed(ctx); err != nil {
			return err
		}
	}
	if got := t.other.Requests(func(r peer.Received) bool { return r.Method == http.MethodPost }); len(got) > 0 {
		return failf("%d deliveries came to a server that nobody follows from", len(got))
	}
	return nil
}
