package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

const (
	batchImplemented = "https://instar.example/ns#batch"
	maxBatchItems    = 256
)

func batchChecks() []Check {
	return []Check{
		{ID: "batch-announced", Clause: "BATCH-1", Name: "where batches are taken", Run: batchAnnounced},
		{ID: "batch-shape", Clause: "BATCH-2", Name: "what is no batch", Run: batchShape},
		{ID: "batch-sender", Clause: "BATCH-3", Name: "a batch signed by an agent", Run: batchSender},
		{ID: "batch-origin", Clause: "BATCH-3", Name: "an activity of another server in a batch", Run: batchOrigin},
		{ID: "batch-each", Clause: "BATCH-4", Name: "each activity of a batch by itself", Run: batchEach},
		{ID: "batch-person", Clause: "BATCH-4", Name: "a person's write in a batch", Run: batchPerson},
		{ID: "batch-stranger", Clause: "BATCH-5", Name: "a stranger in a batch", Run: batchStranger},
	}
}

// batchInbox returns where the node takes batches, or ErrNotOffered.
func (t *Target) batchInbox(ctx context.Context) (string, error) {
	actor, err := t.document(ctx, t.base+"/")
	if err != nil {
		return "", err
	}
	for _, f := range peer.List(actor, "implements") {
		if f, ok := f.(map[string]any); ok && f["href"] == batchImplemented {
			return peer.Text(peer.Object(actor, "endpoints"), "batchInbox"), nil
		}
	}
	return "", fmt.Errorf("batches: %w", ErrNotOffered)
}

func batchAnnounced(ctx context.Context, t *Target) error {
	inbox, err := t.batchInbox(ctx)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(inbox, t.base+"/") {
		return failf("endpoints.batchInbox %q is not of %s", inbox, t.base)
	}
	got, err := t.get(ctx, "/.well-known/instar", "application/json")
	if err != nil {
		return err
	}
	if stated := peer.Text(peer.Object(got.doc, "endpoints"), "batch_inbox"); stated != inbox {
		return failf("/.well-known/instar names %q, the instance actor %q", stated, inbox)
	}
	return nil
}

// batchBody is a batch of documents.
func batchBody(docs ...map[string]any) []byte {
	items := make([]any, len(docs))
	for i, d := range docs {
		items[i] = d
	}
	return peer.Encode(map[string]any{"@context": peer.ActivityStreams, "type": "OrderedCollection", "orderedItems": items})
}

// sendBatch posts a batch signed by an actor.
func (t *Target) sendBatch(ctx context.Context, a *peer.Actor, body []byte) (answer, error) {
	inbox, err := t.batchInbox(ctx)
	if err != nil {
		return answer{}, err
	}
	return t.sendSigned(ctx, a, inbox, body, nil)
}

// batchStatuses fails unless the peer's batch is answered with these statuses.
func (t *Target) batchStatuses(ctx context.Context, docs []map[string]any, wanted ...int) error {
	got, err := t.sendBatch(ctx, t.peer.Instance(), batchBody(docs...))
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return err
	}
	results := peer.List(got.doc, "results")
	if len(results) != len(wanted) {
		return failf("%d results of %d activities: %.200s", len(results), len(wanted), got.body)
	}
	for i, want := range wanted {
		r, _ := results[i].(map[string]any)
		if status, _ := r["status"].(float64); int(status) != want {
			return failf("activity %d of the batch was answered %v, want %d: %.200s", i, r["status"], want, got.body)
		}
	}
	return nil
}

// met is an actor that the node knows, because it followed the suite's agent.
func (t *Target) met(ctx context.Context, kind string) (*peer.Actor, string, error) {
	agent, err := t.agent(ctx)
	if err != nil {
		return nil, "", err
	}
	a := t.peer.Actor(kind)
	if _, err := t.follow(ctx, a, agent.id); err != nil {
		return nil, "", setup("follow the agent", err)
	}
	return a, agent.id, nil
}

func batchShape(ctx context.Context, t *Target) error {
	a, agent, err := t.met(ctx, "Service")
	if err != nil {
		return err
	}
	follow := a.Follow(agent)
	many := make([]map[string]any, maxBatchItems+1)
	for i := range many {
		many[i] = map[string]any{}
	}
	for name, body := range map[string][]byte{
		"an activity": peer.Encode(follow), "an empty batch": batchBody(), "too many activities": batchBody(many...),
	} {
		got, err := t.sendBatch(ctx, t.peer.Instance(), body)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusBadRequest); err != nil {
			return failf("%s: %v", name, err)
		}
	}
	return nil
}

func batchSender(ctx context.Context, t *Target) error {
	a, agent, err := t.met(ctx, "Service")
	if err != nil {
		return err
	}
	got, err := t.sendBatch(ctx, a, batchBody(a.Follow(agent)))
	if err != nil {
		return err
	}
	return got.is(http.StatusUnauthorized)
}

func batchOrigin(ctx context.Context, t *Target) error {
	a, agent, err := t.met(ctx, "Service")
	if err != nil {
		return err
	}
	foreign := a.Follow(agent)
	foreign["id"], foreign["actor"] = "https://elsewhere.example/activity/"+peer.Token(), "https://elsewhere.example/u/x"
	return t.batchStatuses(ctx, []map[string]any{foreign}, http.StatusUnauthorized)
}

// batchEach has the node undo a Follow and take another one: between the two is
// what it must refuse.
func batchEach(ctx context.Context, t *Target) error {
	a, agent, err := t.met(ctx, "Service")
	if err != nil {
		return err
	}
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	follow, broken := a.Follow(group), a.Follow(agent)
	delete(broken, "id")
	docs := []map[string]any{a.Activity("Undo", a.Follow(agent), nil), broken, follow}
	if err := t.batchStatuses(ctx, docs, http.StatusAccepted, http.StatusBadRequest, http.StatusAccepted); err != nil {
		return err
	}
	_, err = t.await(ctx, "the Accept of a Follow that came in a batch", func(r peer.Received) bool {
		return r.IsActivity("Accept", group) && peer.Text(r.Doc, "object") == peer.Text(follow, "id")
	})
	return err
}

func batchPerson(ctx context.Context, t *Target) error {
	person, _, err := t.met(ctx, "Person")
	if err != nil {
		return err
	}
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	write := person.Create(person.Page(group, "By a person "+peer.Token()))
	return t.batchStatuses(ctx, []map[string]any{write}, http.StatusForbidden)
}

func batchStranger(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	stranger := t.peer.Actor("Service")
	err = t.batchStatuses(ctx, []map[string]any{stranger.Follow(agent.id)}, http.StatusUnauthorized)
	var f *FailureError
	if err != nil && !errors.As(err, &f) {
		return err
	}
	asked := t.peer.Requests(func(r peer.Received) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(stranger.ID, r.Target)
	})
	if len(asked) > 0 {
		return failf("the stranger's document was asked for")
	}
	return err
}
