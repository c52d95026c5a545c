package checks

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

// conversationChecks judge what two agents of two nodes say to each other: how a
// message goes out and is heard, and what becomes of the conversation.
func conversationChecks() []Check {
	return []Check{
		{ID: "talk-sent", Clause: "DM-1", Name: "an agent writes to one of another node", Run: messageSent},
		{ID: "talk-unserved", Clause: "DM-1", Name: "nothing is served at a message's id", Run: messageUnserved},
		{ID: "talk-activity", Clause: "DM-4", Name: "the activity that held a message is not shown", Run: messageActivity},
		{ID: "talk-heard", Clause: "DM-1", Name: "a Note to one agent asks it for a conversation", Run: messageHeard("Note")},
		{ID: "talk-chat-message", Clause: "DM-1", Name: "a ChatMessage is taken, too", Run: messageHeard("ChatMessage")},
		{ID: "talk-context", Clause: "DM-1", Name: "another context is no other conversation", Run: otherContext},
		{ID: "talk-approved", Clause: "DM-2", Name: "an agent accepts one of another node", Run: approvedHere},
		{ID: "talk-accepted", Clause: "DM-2", Name: "an agent of another node accepts", Run: acceptedThere},
		{ID: "talk-refused", Clause: "DM-2", Name: "an agent refuses one of another node", Run: refusedHere},
		{ID: "talk-ended", Clause: "DM-2", Name: "an agent of another node ends what it accepted", Run: endedThere},
		{ID: "talk-broken-off", Clause: "DM-2", Name: "an agent ends what was accepted", Run: endedHere},
		{ID: "talk-accept-message", Clause: "DM-2", Name: "an Accept of another message", Run: acceptOfAnother},
		{ID: "talk-accept-actor", Clause: "DM-2", Name: "an Accept by a neighbour of the recipient", Run: acceptByAnother},
		{ID: "talk-accept-own", Clause: "DM-2", Name: "an Accept by who asked", Run: acceptOfOwn},
		{ID: "talk-reject-actor", Clause: "DM-2", Name: "a Reject by a neighbour of the other agent", Run: rejectByAnother},
		{ID: "talk-again", Clause: "DM-3", Name: "the same Note again", Run: messageAgain},
		{ID: "talk-crossed", Clause: "DM-3", Name: "a message that crosses a request", Run: requestsCross},
		{ID: "talk-overtaken", Clause: "DM-3", Name: "a message that overtakes its Accept", Run: acceptOvertaken},
		{ID: "talk-blocked", Clause: "DM-3", Name: "a message by one who is blocked", Run: messageOfBlocked},
		{ID: "talk-deleted-request", Clause: "DM-6", Name: "a Delete of the message that asks", Run: deletedRequest},
		{ID: "talk-deleted", Clause: "DM-6", Name: "a Delete of a message", Run: deletedMessage},
		{ID: "talk-deleted-other", Clause: "DM-6", Name: "a Delete by a neighbour of the sender", Run: deletedByAnother},
	}
}

// dialogue is a conversation of the suite's agent with an agent of the peer.
type dialogue struct {
	t     *Target
	agent *localAgent
	other *peer.Actor
	id    string // on the node
	asked string // id of the Note that asked for it
	word  string // of that Note alone
}

// asks lets the suite's agent ask an agent of the peer, and returns the Create
// that comes.
func (t *Target) asks(ctx context.Context) (dialogue, peer.Received, error) {
	other, _, err := t.met(ctx, "Service")
	if err != nil {
		return dialogue{}, peer.Received{}, err
	}
	d := dialogue{t: t, agent: t.made.agent, other: other, word: peer.Token()}
	got, err := t.call(ctx, http.MethodPost, "/agents/dm/request", d.agent.key, map[string]any{
		"to": other.Name + "@" + t.peer.Host(), "message": "May I ask you about " + d.word,
	})
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	if err != nil {
		return d, peer.Received{}, setup("ask for a conversation", err)
	}
	d.id = peer.Text(got.doc, "conversation_id")
	create, err := t.await(ctx, "the Create of a message", d.heard(d.word))
	d.asked = peer.Text(create.Doc, "object")
	return d, create, err
}

// heard fits a Create by the suite's agent that holds a word.
func (d dialogue) heard(word string) func(peer.Received) bool {
	return func(r peer.Received) bool {
		return r.IsActivity("Create", d.agent.id) && strings.Contains(string(r.Body), word)
	}
}

// isAsked lets an agent of the peer ask the suite's agent, and waits for the
// request.
func (t *Target) isAsked(ctx context.Context, kind string) (dialogue, error) {
	agent, err := t.agent(ctx)
	if err != nil {
		return dialogue{}, err
	}
	d := dialogue{t: t, agent: agent, other: t.peer.Actor("Service"), word: peer.Token()}
	note := d.note("May I ask you about " + d.word)
	note["type"], d.asked = kind, peer.Text(note, "id")
	if err := d.says(ctx, note); err != nil {
		return d, err
	}
	err = eventually(ctx, func() error {
		r, err := d.request(ctx)
		if err == nil && r == nil {
			return failf("a %s to the agent alone is not among its requests", kind)
		}
		d.id = peer.Text(r, "conversation_id")
		if err == nil && !strings.Contains(peer.Text(peer.Object(r, "from"), "name"), d.other.Name) {
			return failf("the request is from %v, not from %s", r["from"], d.other.ID)
		}
		return err
	})
	return d, err
}

// request is the request of the other agent that waits for the suite's, or nil.
func (d dialogue) request(ctx context.Context) (map[string]any, error) {
	got, err := d.t.call(ctx, http.MethodGet, "/agents/dm/requests", d.agent.key, nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range objects(peer.List(peer.Object(got.doc, "incoming"), "requests")) {
		if strings.Contains(peer.Text(r, "message"), d.word) {
			return r, nil
		}
	}
	return nil, nil //nolint:nilnil // none waits: that is an answer
}

// note is what the other agent has to say.
func (d dialogue) note(text string) map[string]any { return d.other.Message(d.agent.id, text) }

// says delivers a note of the other agent, in an activity of its own each time.
func (d dialogue) says(ctx context.Context, note map[string]any) error {
	return d.t.accepted(ctx, d.other, d.other.Create(note))
}

// does delivers another activity about a message to the suite's agent alone.
func (d dialogue) does(ctx context.Context, by *peer.Actor, kind, note string) error {
	return d.t.accepted(ctx, by, by.Activity(kind, note, map[string]any{"to": []any{d.agent.id}}))
}

// counts is how many messages of the conversation hold a word.
func (d dialogue) counts(ctx context.Context, word string) (int, error) {
	got, err := d.t.call(ctx, http.MethodGet, "/agents/dm/conversations/"+d.id, d.agent.key, nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, m := range objects(peer.List(got.doc, "messages")) {
		if strings.Contains(peer.Text(m, "content"), word) {
			n++
		}
	}
	return n, nil
}

// holds fails unless so many messages of the conversation hold a word.
func (d dialogue) holds(ctx context.Context, word string, want int) error {
	n, err := d.counts(ctx, word)
	if err == nil && n != want {
		return failf("%d messages of the conversation hold %s, want %d", n, word, want)
	}
	return err
}

// comesToHold waits until one message of the conversation holds a word.
func (d dialogue) comesToHold(ctx context.Context, word string) error {
	return eventually(ctx, func() error { return d.holds(ctx, word, 1) })
}

// writes lets the suite's agent write in the conversation.
func (d dialogue) writes(ctx context.Context, text string) error {
	got, err := d.t.call(ctx, http.MethodPost, "/agents/dm/conversations/"+d.id+"/send", d.agent.key, map[string]any{"message": text})
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	if err != nil {
		return fmt.Errorf("write in the conversation: %w", err)
	}
	return nil
}

// cannotWrite fails unless the suite's agent is refused.
func (d dialogue) cannotWrite(ctx context.Context) error {
	got, err := d.t.call(ctx, http.MethodPost, "/agents/dm/conversations/"+d.id+"/send", d.agent.key, map[string]any{"message": "Still there?"})
	if err == nil {
		err = got.is(http.StatusForbidden, http.StatusConflict, http.StatusBadRequest)
	}
	if err != nil {
		return fmt.Errorf("write in a conversation that is not accepted: %w", err)
	}
	return nil
}

// comesToWrite waits until the suite's agent can write and the other one hears it.
func (d dialogue) comesToWrite(ctx context.Context) error {
	word := peer.Token()
	if err := eventually(ctx, func() error { return d.writes(ctx, "I say "+word) }); err != nil {
		return err
	}
	_, err := d.t.await(ctx, "a message in an accepted conversation", d.heard(word))
	return err
}

// bothWrite fails unless each of the two comes to hear the other.
func (d dialogue) bothWrite(ctx context.Context) error {
	if err := d.comesToWrite(ctx); err != nil {
		return err
	}
	word := peer.Token()
	if err := d.says(ctx, d.note("I say "+word)); err != nil {
		return err
	}
	return d.comesToHold(ctx, word)
}

// toAlone fails unless a document is for the other agent and nobody else.
func (d dialogue) toAlone(what string, doc map[string]any) error {
	if to := peer.List(doc, "to"); len(to) != 1 || to[0] != any(d.other.ID) {
		return failf("to of %s is %v, want %s alone", what, doc["to"], d.other.ID)
	}
	for _, member := range []string{"cc", "bto", "bcc", "audience"} {
		if len(peer.List(doc, member)) > 0 || peer.Text(doc, member) != "" {
			return failf("%s of %s is %v, want nobody", member, what, doc[member])
		}
	}
	return nil
}

func messageSent(ctx context.Context, t *Target) error {
	d, create, err := t.asks(ctx)
	if err != nil {
		return err
	}
	note := peer.Object(create.Doc, "object")
	if peer.Text(note, "type") != "Note" || peer.Text(note, "id") == "" || !strings.Contains(peer.Text(note, "content"), d.word) {
		return failf("the Create of a message holds %v, not the Note", create.Doc["object"])
	}
	if by := peer.Text(note, "attributedTo"); by != d.agent.id {
		return failf("the message is attributed to %q, want %q", by, d.agent.id)
	}
	if err := d.toAlone("the Create", create.Doc); err != nil {
		return err
	}
	return d.toAlone("the Note", note)
}

// unserved fails if anybody can read a document of the node.
func (d dialogue) unserved(ctx context.Context, id string) error {
	for _, accept := range []string{peer.ActivityJSON, "text/html"} {
		got, err := d.t.get(ctx, id, accept)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusNotFound, http.StatusGone, http.StatusUnauthorized, http.StatusForbidden); err != nil {
			return failf("GET %s: %v", id, err)
		}
		if strings.Contains(string(got.body), d.word) {
			return failf("GET %s: the answer holds the message", id)
		}
	}
	return nil
}

func messageUnserved(ctx context.Context, t *Target) error {
	d, _, err := t.asks(ctx)
	if err != nil {
		return setup("write to an agent of another node", err)
	}
	return d.unserved(ctx, d.asked)
}

func messageActivity(ctx context.Context, t *Target) error {
	d, create, err := t.asks(ctx)
	if err != nil {
		return setup("write to an agent of another node", err)
	}
	return d.unserved(ctx, peer.Text(create.Doc, "id"))
}

func messageHeard(kind string) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		d, err := t.isAsked(ctx, kind)
		if err != nil {
			return err
		}
		return d.comesToHold(ctx, d.word)
	}
}

// otherContext has an agent say a second thing under another context: a receiver
// finds the conversation by its two agents.
func otherContext(ctx context.Context, t *Target) error {
	d, err := t.isAsked(ctx, "Note")
	if err != nil {
		return setup("ask for a conversation", err)
	}
	word := peer.Token()
	note := d.note("And about " + word)
	note["context"] = t.peer.NewID("conversation")
	if err := d.says(ctx, note); err != nil {
		return err
	}
	return d.comesToHold(ctx, word)
}
