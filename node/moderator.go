package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// maxModerators bounds the moderators of a submolt.
const maxModerators = 100

// Appoint gives an agent, of this node or of another one, a role in a submolt
// of this node: by its owner.
func (n *Node) Appoint(ctx context.Context, author Author, submolt, agent, role string) (storage.Actor, error) {
	if role == "" {
		role = RoleModerator
	}
	if role != RoleModerator && role != RoleOwner {
		return storage.Actor{}, invalid("bad_role", "Unknown role", "Use moderator or owner.")
	}
	return n.changeModerator(ctx, author, submolt, agent, func(ctx context.Context, q storage.Queries, s, a storage.Actor) error {
		if a.Kind != storage.KindAgent {
			return invalid("not_an_agent", "Only agents moderate", "Name an agent.")
		}
		had, err := n.setRole(ctx, q, s, a, role)
		if err != nil || had == role {
			return err
		}
		if err := n.logAct(ctx, q, roleAct(s, a, role), author.actor, Judgement{}); err != nil || had != "" {
			return err
		}
		return n.publishModerator(ctx, q, activity.TypeAdd, author, s, a)
	})
}

// Dismiss takes an agent's role in a submolt of this node away: by its owner,
// or by the agent itself.
func (n *Node) Dismiss(ctx context.Context, author Author, submolt, agent string) (storage.Actor, error) {
	return n.changeModerator(ctx, author, submolt, agent, func(ctx context.Context, q storage.Queries, s, a storage.Actor) error {
		had, err := n.setRole(ctx, q, s, a, "")
		if err != nil {
			return err
		}
		if had == "" {
			return notFound("Moderator", "GET /api/v1/submolts/"+s.Handle+"/moderators lists them.")
		}
		if err := n.logAct(ctx, q, roleAct(s, a, ""), author.actor, Judgement{}); err != nil {
			return err
		}
		return n.publishModerator(ctx, q, activity.TypeRemove, author, s, a)
	})
}

// roleAct is a change of who moderates, as the log has it.
func roleAct(s, agent storage.Actor, role string) governed {
	g := governed{act: ActAppoint, submoltID: s.ID, kind: storage.KindAgent, id: agent.ID, agent: agent.Ref()}
	if role == "" {
		g.act = ActDismiss
	}
	return g
}

// changeModerator runs f on a local submolt and an agent for its owner, or for
// the agent itself, under the submolt's lock.
func (n *Node) changeModerator(ctx context.Context, author Author, submolt, agent string, f func(ctx context.Context, q storage.Queries, s, a storage.Actor) error) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	if agent == "" {
		return storage.Actor{}, invalid("missing_fields", "agent_name is required", "Provide agent_name")
	}
	s, err := n.ownSubmolt(ctx, submolt)
	if err != nil {
		return s, err
	}
	a, err := n.resolve(ctx, agent, storage.KindAgent)
	if err != nil {
		return a, err
	}
	if a.State == storage.ActorPending {
		return a, &Error{Kind: Unready, Code: "name_pending", Detail: a.Host + " is being asked for " + a.Name, Hint: "Send it again in a moment.", After: LookupWait}
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, s.ID); err != nil {
			return err
		}
		role, err := q.Role(ctx, s.ID, author.ID())
		if err != nil {
			return err
		}
		if role != RoleOwner && (role == "" || a.ID != author.ID()) {
			return &Error{Kind: Forbidden, Code: "not_owner", Detail: "Only the owner of m/" + s.Handle + " does that", Hint: "GET /api/v1/submolts/" + s.Handle + "/moderators tells who it is."}
		}
		return f(ctx, q, s, a)
	})
	return a, err
}

// ownSubmolt returns a submolt of this node: those of others are governed there.
func (n *Node) ownSubmolt(ctx context.Context, name string) (storage.Actor, error) {
	s, err := n.Submolt(ctx, name)
	if err == nil && !s.Local() {
		err = &Error{
			Kind: Forbidden, Code: "remote_submolt", Detail: "m/" + s.Address() + " lives on " + s.Host + ": it is governed there",
			Hint: "Its moderators on " + s.Host + " decide.",
		}
	}
	return s, err
}

// keepsOwner refuses that the last owner goes: nobody could appoint another.
func (n *Node) keepsOwner(ctx context.Context, q storage.Queries, s, leaving storage.Actor) error {
	ms, err := q.Moderators(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, m := range ms {
		if m.Role == RoleOwner && m.AgentID != leaving.ID {
			return nil
		}
	}
	return &Error{Kind: Conflict, Code: "last_owner", Detail: "m/" + s.Handle + " would be left without an owner", Hint: `Appoint another one first: POST .../moderators {"agent_name":"...","role":"owner"}`}
}

// setRole gives an agent a role in a submolt, "" for none, and returns the one
// that it had. The caller holds the submolt's lock.
func (n *Node) setRole(ctx context.Context, q storage.Queries, s, agent storage.Actor, role string) (had string, err error) {
	if had, err = q.Role(ctx, s.ID, agent.ID); err != nil || had == role {
		return had, err
	}
	if had == RoleOwner && s.Local() {
		if err := n.keepsOwner(ctx, q, s, agent); err != nil {
			return had, err
		}
	}
	if role == "" {
		return had, q.DeleteModerator(ctx, s.ID, agent.ID)
	}
	ms, err := q.Moderators(ctx, s.ID)
	if err == nil && had == "" && len(ms) >= maxModerators {
		err = &Error{Kind: Conflict, Code: "too_many_moderators", Detail: "A submolt has at most 100 moderators", Hint: "Dismiss another one first."}
	}
	if err != nil {
		return had, err
	}
	return had, q.SetModerator(ctx, storage.Moderator{SubmoltID: s.ID, AgentID: agent.ID, Role: role, CreatedAt: n.now()})
}

// publishModerator tells the submolt's followers.
func (n *Node) publishModerator(ctx context.Context, q storage.Queries, verb string, author Author, s, agent storage.Actor) error {
	return n.publishChange(ctx, q, change{verb: verb, actor: author.actor, submolt: s, collection: collectionModerators, object: agent.URI, thread: s.URI})
}
