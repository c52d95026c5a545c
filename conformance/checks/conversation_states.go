package checks

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

// This file judges how a conversation is accepted, ended and cleaned.

// decides lets the suite's agent answer a request, and waits for what the other
// agent's node is told.
func (d dialogue) decides(ctx context.Context, word, kind string, body map[string]any) error {
	got, err := d.t.call(ctx, http.MethodPost, "/agents/dm/requests/"+d.id+"/"+word, d.agent.key, body)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return setup(word+" a request", err)
	}
	told, err := d.t.await(ctx, "the "+kind+" of the message that asked", func(r peer.Received) bool {
		return r.IsActivity(kind, d.agent.id) && peer.Text(r.Doc, "object") == d.asked
	})
	if err != nil {
		return err
	}
	return d.toAlone("the "+kind, told.Doc)
}

func approvedHere(ctx context.Context, t *Target) error {
	d, err := t.isAsked(ctx, "Note")
	if err != nil {
		return setup("be asked for a conversation", err)
	}
	if err := d.decides(ctx, "approve", "Accept", map[string]any{}); err != nil {
		return err
	}
	return d.bothWrite(ctx)
}

// pending is a conversation that the suite's agent asked for.
func (t *Target) pending(ctx context.Context) (dialogue, error) {
	d, _, err := t.asks(ctx)
	return d, setup("ask for a conversation", err)
}

func acceptedThere(ctx context.Context, t *Target) error {
	d, err := t.pending(ctx)
	if err != nil {
		return err
	}
	if err := d.cannotWrite(ctx); err != nil {
		return err
	}
	if err := d.does(ctx, d.other, "Accept", d.asked); err != nil {
		return err
	}
	return d.bothWrite(ctx)
}

func refusedHere(ctx context.Context, t *Target) error {
	d, err := t.isAsked(ctx, "Note")
	if err != nil {
		return setup("be asked for a conversation", err)
	}
	if err := d.decides(ctx, "reject", "Reject", map[string]any{}); err != nil {
		return err
	}
	r, err := d.request(ctx)
	if err == nil && r != nil {
		return failf("a request that was refused waits still")
	}
	if err != nil {
		return err
	}
	return d.cannotWrite(ctx)
}

// acceptedTalk is a conversation in which both may write.
func (t *Target) acceptedTalk(ctx context.Context) (dialogue, error) {
	d, err := t.pending(ctx)
	if err != nil {
		return d, err
	}
	if err := d.does(ctx, d.other, "Accept", d.asked); err != nil {
		return d, setup("accept a conversation", err)
	}
	return d, setup("accept a conversation", d.comesToWrite(ctx))
}

func endedThere(ctx context.Context, t *Target) error {
	d, err := t.acceptedTalk(ctx)
	if err != nil {
		return err
	}
	if err := d.does(ctx, d.other, "Reject", d.asked); err != nil {
		return err
	}
	return eventually(ctx, func() error { return d.cannotWrite(ctx) })
}

func endedHere(ctx context.Context, t *Target) error {
	d, err := t.acceptedTalk(ctx)
	if err != nil {
		return err
	}
	if err := d.decides(ctx, "reject", "Reject", map[string]any{"block": true}); err != nil {
		return err
	}
	return d.cannotWrite(ctx)
}

// acceptOfAnother has the recipient accept two messages that are not the one
// that asked it: one that nobody knows, and one to another agent.
func acceptOfAnother(ctx context.Context, t *Target) error {
	elsewhere, err := t.pending(ctx)
	if err != nil {
		return err
	}
	d, err := t.pending(ctx)
	if err != nil {
		return err
	}
	for _, id := range []string{t.base + "/message/" + peer.Token(), elsewhere.asked} {
		if err := d.does(ctx, d.other, "Accept", id); err != nil {
			return err
		}
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return errors.Join(d.cannotWrite(ctx), elsewhere.cannotWrite(ctx))
}

func acceptByAnother(ctx context.Context, t *Target) error {
	d, err := t.pending(ctx)
	if err != nil {
		return err
	}
	if err := d.does(ctx, t.peer.Actor("Service"), "Accept", d.asked); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return d.cannotWrite(ctx)
}

// acceptOfOwn has who asked accept in the place of who was asked.
func acceptOfOwn(ctx context.Context, t *Target) error {
	d, err := t.isAsked(ctx, "Note")
	if err != nil {
		return setup("ask for a conversation", err)
	}
	if err := d.does(ctx, d.other, "Accept", d.asked); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	r, err := d.request(ctx)
	if err == nil && r == nil {
		return failf("a request waits no more after its sender accepted it")
	}
	if err != nil {
		return err
	}
	return d.cannotWrite(ctx)
}

func rejectByAnother(ctx context.Context, t *Target) error {
	d, err := t.acceptedTalk(ctx)
	if err != nil {
		return err
	}
	if err := d.does(ctx, t.peer.Actor("Service"), "Reject", d.asked); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return d.writes(ctx, "We go on.")
}

// messageAgain has one Note come three times, each time in another activity.
func messageAgain(ctx context.Context, t *Target) error {
	d, err := t.isAsked(ctx, "Note")
	if err != nil {
		return setup("ask for a conversation", err)
	}
	word := peer.Token()
	note := d.note("Once " + word)
	for range 3 {
		if err := d.says(ctx, note); err != nil {
			return err
		}
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return d.comesToHold(ctx, word)
}

func requestsCross(ctx context.Context, t *Target) error {
	d, err := t.pending(ctx)
	if err != nil {
		return err
	}
	return d.bothWriteAfter(ctx)
}

// bothWriteAfter has the other agent write at once, as if it had accepted.
func (d dialogue) bothWriteAfter(ctx context.Context) error {
	word := peer.Token()
	if err := d.says(ctx, d.note("I was about to ask you about "+word)); err != nil {
		return err
	}
	if err := d.bothWrite(ctx); err != nil {
		return err
	}
	return d.holds(ctx, word, 1)
}

func acceptOvertaken(ctx context.Context, t *Target) error {
	d, err := t.pending(ctx)
	if err != nil {
		return err
	}
	if err := d.bothWriteAfter(ctx); err != nil {
		return err
	}
	if err := d.does(ctx, d.other, "Accept", d.asked); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return d.bothWrite(ctx)
}

// messageOfBlocked has one write that never wrote before: what keeps it out is
// the block, and no Reject.
func messageOfBlocked(ctx context.Context, t *Target) error {
	other, _, err := t.met(ctx, "Service")
	if err != nil {
		return err
	}
	d := dialogue{t: t, agent: t.made.agent, other: other, word: peer.Token()}
	got, err := t.call(ctx, http.MethodPost, "/agents/dm/block", d.agent.key, map[string]any{"name": other.Name + "@" + t.peer.Host()})
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return setup("block an agent", err)
	}
	if err := d.says(ctx, d.note("Let me in "+d.word)); err != nil {
		return err // 202 as ever: who is blocked is not told
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	if n := len(t.peer.Requests(func(r peer.Received) bool {
		return r.IsActivity("Reject", d.agent.id) && strings.Contains(string(r.Body), other.Name)
	})); n != 0 {
		return failf("who is blocked was told so by a Reject")
	}
	r, err := d.request(ctx)
	if err == nil && r != nil {
		return failf("an agent that is blocked asked for a conversation")
	}
	return err
}

// forgets waits until nothing that the suite's agent reads holds a word.
func (d dialogue) forgets(ctx context.Context, word string) error {
	return eventually(ctx, func() error {
		if err := d.holds(ctx, word, 0); err != nil {
			return err
		}
		for _, path := range []string{"/agents/dm/requests", "/agents/dm/check", "/agents/dm/conversations", "/notifications", "/home"} {
			got, err := d.t.call(ctx, http.MethodGet, path, d.agent.key, nil)
			if err != nil {
				return err
			}
			if strings.Contains(string(got.body), word) {
				return failf("%s holds a message that its sender deleted", path)
			}
		}
		return nil
	})
}

func deletedRequest(ctx context.Context, t *Target) error {
	d, err := t.isAsked(ctx, "Note")
	if err != nil {
		return setup("ask for a conversation", err)
	}
	if err := d.does(ctx, d.other, "Delete", d.asked); err != nil {
		return err
	}
	return d.forgets(ctx, d.word)
}

// saidMore is a Note of the other agent in an accepted conversation.
func (d dialogue) saidMore(ctx context.Context) (note, word string, err error) {
	word = peer.Token()
	doc := d.note("Never tell " + word)
	if err := d.says(ctx, doc); err != nil {
		return "", "", setup("write in a conversation", err)
	}
	return peer.Text(doc, "id"), word, setup("write in a conversation", d.comesToHold(ctx, word))
}

func deletedMessage(ctx context.Context, t *Target) error {
	d, err := t.acceptedTalk(ctx)
	if err != nil {
		return err
	}
	note, word, err := d.saidMore(ctx)
	if err != nil {
		return err
	}
	if err := d.does(ctx, d.other, "Delete", note); err != nil {
		return err
	}
	return d.forgets(ctx, word)
}

func deletedByAnother(ctx context.Context, t *Target) error {
	d, err := t.acceptedTalk(ctx)
	if err != nil {
		return err
	}
	note, word, err := d.saidMore(ctx)
	if err != nil {
		return err
	}
	if err := d.does(ctx, t.peer.Actor("Service"), "Delete", note); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	return d.holds(ctx, word, 1)
}
