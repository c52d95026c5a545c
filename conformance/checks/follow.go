package checks

import (
	"context"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

func followChecks() []Check {
	return []Check{
		{ID: "service-agent", Clause: "FOLLOW-1", Name: "a Service follows an agent", Run: followAs("Service", agentID)},
		{ID: "service-submolt", Clause: "FOLLOW-1", Name: "a Service follows a submolt", Run: followAs("Service", groupID)},
		{ID: "person-agent", Clause: "FOLLOW-1", Name: "a Person follows an agent", Run: followAs("Person", agentID)},
		{ID: "person-submolt", Clause: "FOLLOW-1", Name: "a Person follows a submolt", Run: followAs("Person", groupID)},
		{ID: "accept-actor", Clause: "FOLLOW-2", Name: "who accepts", Run: onAccept(acceptActor)},
		{ID: "accept-inline", Clause: "FOLLOW-3", Name: "the Follow inside the Accept", Run: onAccept(acceptInline)},
		{ID: "accept-id", Clause: "FOLLOW-4", Name: "the Accept's own id", Run: onAccept(acceptID)},
		{ID: "accept-signature", Clause: "SIG-16", Name: "the Accept's signature", Run: onAccept(acceptSignature)},
		{ID: "undo", Clause: "FOLLOW-5", Name: "Undo ends it", Run: undoFollow},
		{ID: "twice", Clause: "FOLLOW-6", Name: "a second Follow", Run: followTwice},
		{ID: "agent-posts", Clause: "FOLLOW-7", Name: "a follower receives the agent's posts", Run: followerReceives},
		{ID: "agent-posts-signature", Clause: "SIG-16", Name: "the Create's signature", Run: createSignature},
	}
}

func followAs(kind string, which idOf) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		id, err := which(ctx, t)
		if err != nil {
			return err
		}
		_, err = t.follow(ctx, t.peer.Actor(kind), id)
		return err
	}
}

// onAccept lets a Person follow the suite's agent and its submolt and judges
// both Accepts.
func onAccept(judge func(ctx context.Context, t *Target, follow map[string]any, got peer.Received) error) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		for _, which := range []idOf{agentID, groupID} {
			id, err := which(ctx, t)
			if err != nil {
				return err
			}
			a := t.peer.Actor("Person")
			follow := a.Follow(id)
			if err := t.accepted(ctx, a, follow); err != nil {
				return err
			}
			got, err := t.await(ctx, "an Accept for "+a.ID, func(r peer.Received) bool {
				return r.IsActivity("Accept", "") && strings.Contains(string(r.Body), a.Name)
			})
			if err != nil {
				return err
			}
			if err := judge(ctx, t, follow, got); err != nil {
				return err
			}
		}
		return nil
	}
}

func acceptActor(_ context.Context, _ *Target, follow map[string]any, got peer.Received) error {
	if actor, want := peer.Text(got.Doc, "actor"), peer.Text(follow, "object"); actor != want {
		return failf("accepted by %q, want %q", actor, want)
	}
	return nil
}

func acceptInline(_ context.Context, _ *Target, follow map[string]any, got peer.Received) error {
	inner := peer.Object(got.Doc, "object")
	if inner == nil {
		return failf("the object is %v, not the Follow", got.Doc["object"])
	}
	for _, member := range []string{"id", "actor", "object", "type"} {
		if inner[member] != follow[member] {
			return failf("%s of the Follow inside is %v, want %v", member, inner[member], follow[member])
		}
	}
	return nil
}

func acceptID(_ context.Context, t *Target, follow map[string]any, got peer.Received) error {
	id := peer.Text(got.Doc, "id")
	if !strings.HasPrefix(id, t.base+"/") || strings.Contains(id, "#") || id == peer.Text(follow, "id") {
		return failf("the id of the Accept is %q", id)
	}
	return nil
}

func acceptSignature(ctx context.Context, t *Target, _ map[string]any, got peer.Received) error {
	return t.signedBy(ctx, got, peer.Text(got.Doc, "actor"))
}

func (t *Target) countsFollowers(ctx context.Context, id string, want int) error {
	return eventually(ctx, func() error {
		n, err := t.followers(ctx, id)
		if err == nil && n != want {
			return failf("%d followers, want %d", n, want)
		}
		return err
	})
}

func undoFollow(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	before, err := t.followers(ctx, agent.id)
	if err != nil {
		return err
	}
	a := t.peer.Actor("Person")
	got, err := t.follow(ctx, a, agent.id)
	if err != nil {
		return err
	}
	if err := t.countsFollowers(ctx, agent.id, before+1); err != nil {
		return err
	}
	undo := a.Activity("Undo", map[string]any{
		"id": peer.Text(got.Doc, "object"), "type": "Follow", "actor": a.ID, "object": agent.id,
	}, nil)
	if err := t.accepted(ctx, a, undo); err != nil {
		return err
	}
	return t.countsFollowers(ctx, agent.id, before)
}

func followTwice(ctx context.Context, t *Target) error {
	agent, err := t.agent(ctx)
	if err != nil {
		return err
	}
	before, err := t.followers(ctx, agent.id)
	if err != nil {
		return err
	}
	a := t.peer.Actor("Person")
	for range 2 {
		if _, err := t.follow(ctx, a, agent.id); err != nil {
			return err
		}
	}
	return t.countsFollowers(ctx, agent.id, before+1)
}

// deliveredCreate lets a remote Person follow the rival, who then posts.
func (t *Target) deliveredCreate(ctx context.Context) (*localPost, peer.Received, error) {
	rival, err := t.rival(ctx)
	if err != nil {
		return nil, peer.Received{}, err
	}
	if _, err := t.follow(ctx, t.peer.Actor("Person"), rival.id); err != nil {
		return nil, peer.Received{}, setup("follow the agent", err)
	}
	post, err := t.writePost(ctx, rival, "For followers "+peer.Token())
	if err != nil {
		return nil, peer.Received{}, err
	}
	got, err := t.await(ctx, "the agent's Create", func(r peer.Received) bool {
		return r.IsActivity("Create", rival.id) && peer.Text(r.Doc, "object") == post.url
	})
	return post, got, err
}

func followerReceives(ctx context.Context, t *Target) error {
	post, got, err := t.deliveredCreate(ctx)
	if err != nil {
		return err
	}
	if err := addressArrays(t, "", got.Doc); err != nil {
		return failf("the Create: %v", err)
	}
	if inner := peer.Object(got.Doc, "object"); inner != nil {
		if name := peer.Text(inner, "name"); name != post.title {
			return failf("the Create holds %q, want %q", name, post.title)
		}
	}
	doc, err := t.get(ctx, peer.Text(got.Doc, "id"), peer.ActivityJSON)
	if err != nil {
		return err
	}
	return doc.is(http.StatusOK)
}

func createSignature(ctx context.Context, t *Target) error {
	_, got, err := t.deliveredCreate(ctx)
	if err != nil {
		return err
	}
	return t.signedBy(ctx, got, peer.Text(got.Doc, "actor"))
}
