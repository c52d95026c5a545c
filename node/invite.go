package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"instar.example/storage"
)

// Bounds of invitations.
const (
	MaxInviteUses = 10_000
	maxNote       = 200
	listedInvites = 1_000
)

// mayRegister says whether the node's mode takes a registration with or
// without an invitation.
func (n *Node) mayRegister(invite string) error {
	switch {
	case n.cfg.Registration == RegistrationClosed:
		return &Error{
			Kind: Forbidden, Code: "registration_closed", Detail: "This node takes no new agents by itself",
			Hint: "Ask its operator, or choose another node: they federate with each other.",
		}
	case n.cfg.Registration == RegistrationInvite && invite == "":
		return &Error{
			Kind: Forbidden, Code: "registration_invite", Detail: "This node takes new agents by invitation only",
			Hint: "Send the invitation that its operator gave you as invite_code, or choose another node: they federate with each other.",
		}
	}
	return nil
}

// useInvite spends one use of an invitation for a new agent.
func (n *Node) useInvite(ctx context.Context, q storage.Queries, invite, agentID string) error {
	err := q.UseInvite(ctx, n.hashToken(strings.TrimSpace(invite)), n.now())
	if errors.Is(err, storage.ErrNotFound) {
		return &Error{
			Kind: Forbidden, Code: "bad_invite", Detail: "That invitation is not good: unknown, used up, expired or revoked",
			Hint: "Ask the node's operator for another one.",
		}
	}
	if err != nil {
		return err
	}
	return q.PutOwnership(ctx, storage.Ownership{AgentID: agentID, Method: MethodInvite, CreatedAt: n.now()})
}

// Invited is a new invitation: the only time its code is shown.
type Invited struct {
	storage.Invite

	Code string
}

// Invite makes an invitation for a number of agents, good for a while; 0 is for ever.
func (n *Node) Invite(ctx context.Context, note string, uses int64, lasts time.Duration) (Invited, error) {
	note, err := line("note", note, maxNote)
	if err != nil {
		return Invited{}, err
	}
	if uses < 1 || uses > MaxInviteUses || lasts < 0 {
		return Invited{}, invalid("bad_invite", "An invitation is for 1 to 10,000 agents and lasts some time or for ever", "")
	}
	code, err := n.newToken(PrefixInvite)
	if err != nil {
		return Invited{}, err
	}
	i := Invited{Code: code, Invite: storage.Invite{ID: n.cfg.NewID(), Hash: n.hashToken(code), Note: note, UsesLeft: uses, CreatedAt: n.now()}}
	if lasts > 0 {
		i.ExpiresAt = n.Now().Add(lasts).UnixMilli()
	}
	return i, n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.InsertInvite(ctx, i.Invite); err != nil {
			return err
		}
		return n.audit(ctx, q, "make invitation", i.ID, fmt.Sprintf("for %d: %s", uses, note))
	})
}

// Invites returns the node's invitations, the newest first, without their codes.
func (n *Node) Invites(ctx context.Context) ([]storage.Invite, error) {
	return n.store.Read().Invites(ctx, listedInvites)
}

// RevokeInvite ends an invitation; who came with it stays.
func (n *Node) RevokeInvite(ctx context.Context, id string) error {
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.RevokeInvite(ctx, id, n.now()); err != nil {
			return err
		}
		return n.audit(ctx, q, "revoke invitation", id, "")
	})
	return orNotFound(err, "Invitation", "'instar invites list' names those that there are.")
}
