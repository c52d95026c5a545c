package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Bounds of offices in one answer.
const (
	holdersShown  = 100
	officesShown  = 50
	placementRole = "metadata" // where clients show the office of an agent
)

// candidate finds the agent that a label of kind role is for, by id or name.
func (n *Node) candidate(ctx context.Context, idOrName string) (storage.Actor, error) {
	agent, err := n.store.Read().Actor(ctx, idOrName)
	if errors.Is(err, storage.ErrNotFound) {
		agent, err = n.Agent(ctx, idOrName)
	}
	if err == nil && (agent.Kind != storage.KindAgent || agent.DeletedAt > 0) {
		err = storage.ErrNotFound
	}
	return agent, orNotFound(err, "Agent", "target_id is the id or the name of an agent.")
}

// grant puts an agent into an office, by one who moderates its submolt.
func (n *Node) grant(ctx context.Context, author Author, s storage.Actor, l storage.Label, a storage.Attachment) (storage.Attachment, error) {
	return n.take(ctx, s, l, a, func(ctx context.Context, q storage.Queries) error {
		_, err := n.moderates(ctx, q, l.SubmoltID, author)
		return err
	})
}

// ClaimOffice gives the author a role that is free for the taking, while seats
// last. Who has it keeps it. A submolt of another node is asked for it: the
// attachment has no id then, and whether the seat is the author's shows when
// that node has answered.
func (n *Node) ClaimOffice(ctx context.Context, author Author, submolt, key string) (storage.Label, storage.Attachment, error) {
	s, l, err := n.office(ctx, author, submolt, key)
	if err != nil {
		return l, storage.Attachment{}, err
	}
	if !l.Claimable {
		return l, storage.Attachment{}, errNotClaimable(s)
	}
	a := storage.Attachment{
		ID: n.cfg.NewID(), LabelID: l.ID, TargetKind: storage.TargetAgent, TargetID: author.ID(), Placement: placementRole, AuthorID: author.ID(), CreatedAt: n.now(),
	}
	if s.Local() {
		a, err = n.take(ctx, s, l, a, func(ctx context.Context, q storage.Queries) error {
			return n.mayWriteIn(ctx, q, s.Ref(), author.actor.Ref())
		})
		return l, a, err
	}
	held, err := n.store.Read().AttachmentOf(ctx, l.ID, author.ID())
	if err == nil || ignoreNotFound(err) != nil {
		return l, held, err
	}
	if l.Seats > 0 && l.Taken >= l.Seats {
		return l, held, errNoSeat()
	}
	return l, storage.Attachment{}, n.askForLabel(ctx, author, s, l, activity.TypeAdd, a)
}

func errNotClaimable(s storage.Actor) *Error {
	return &Error{Kind: Forbidden, Code: "not_claimable", Detail: "That role is granted by the moderators of the submolt", Hint: "GET /api/v1/submolts/" + s.Address() + "/moderators tells who they are."}
}

func errNoSeat() *Error {
	return &Error{Kind: Conflict, Code: "no_seat_left", Detail: "All seats of that role are taken", Hint: "Ask again later: holders may resign."}
}

// ResignOffice gives the author's role back; asked says that a submolt of
// another node was asked to take it.
func (n *Node) ResignOffice(ctx context.Context, author Author, submolt, key string) (l storage.Label, asked bool, err error) {
	s, l, err := n.office(ctx, author, submolt, key)
	if err != nil {
		return l, false, err
	}
	a, err := n.store.Read().AttachmentOf(ctx, l.ID, author.ID())
	if err != nil {
		return l, false, orNotFound(err, "Role of yours", "You do not hold it.")
	}
	if !s.Local() {
		return l, true, n.askForLabel(ctx, author, s, l, activity.TypeRemove, a)
	}
	return l, false, n.write(ctx, func(ctx context.Context, q storage.Queries) error { return n.detach(ctx, q, s, l, a) })
}

// office finds a role of a submolt for an author.
func (n *Node) office(ctx context.Context, author Author, submolt, key string) (storage.Actor, storage.Label, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, storage.Label{}, err
	}
	s, err := n.Submolt(ctx, submolt)
	if err != nil {
		return s, storage.Label{}, err
	}
	if !labelKey.MatchString(key) {
		return s, storage.Label{}, notFound("Role", "")
	}
	l, err := n.store.Read().LabelByKey(ctx, s.ID, key)
	if err == nil && l.Kind != storage.LabelRole {
		err = storage.ErrNotFound
	}
	return s, l, orNotFound(err, "Role", "GET /api/v1/submolts/"+s.Address()+"/roles lists them.")
}

// take puts an agent into an office of a submolt of this node, and tells the
// submolt's followers, unless may refuses.
func (n *Node) take(ctx context.Context, s storage.Actor, l storage.Label, a storage.Attachment, may func(ctx context.Context, q storage.Queries) error) (storage.Attachment, error) {
	held := a
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		err := may(ctx, q)
		if err != nil {
			return err
		}
		if held, err = n.seat(ctx, q, a); err != nil {
			return err
		}
		agent, err := q.Actor(ctx, a.TargetID)
		if err != nil {
			return err
		}
		return n.sendLabel(ctx, q, s, l, inboxAbroad(agent))
	})
	if errors.Is(err, storage.ErrExists) {
		return held, nil
	}
	return held, err
}

// seat puts an agent into an office; ErrExists with its attachment when it is in
// it, and then the transaction has to be given up. The seat is taken first: that
// locks the office, so that parallel claims come one by one and never more are
// seated than there are seats.
func (n *Node) seat(ctx context.Context, q storage.Queries, a storage.Attachment) (storage.Attachment, error) {
	full := q.TakeSeat(ctx, a.LabelID)
	if full != nil && !errors.Is(full, storage.ErrNotFound) {
		return a, full
	}
	held, err := q.AttachmentOf(ctx, a.LabelID, a.TargetID)
	switch {
	case err == nil:
		return held, storage.ErrExists // and the seat just taken is given back with the transaction
	case !errors.Is(err, storage.ErrNotFound):
		return a, err
	case full != nil:
		return a, errNoSeat()
	}
	return a, q.InsertAttachment(ctx, a)
}

// Office is a role of a submolt with those who hold it.
type Office struct {
	storage.Label

	Holders []storage.Attached
}

// Offices returns the roles of a submolt with their holders.
func (n *Node) Offices(ctx context.Context, submolt string) (storage.Actor, []Office, error) {
	s, ls, err := n.Labels(ctx, submolt)
	if err != nil {
		return s, nil, err
	}
	var os []Office
	for _, l := range ls {
		if l.Kind != storage.LabelRole {
			continue
		}
		o := Office{Label: l}
		if l.Taken > 0 {
			if o.Holders, err = n.store.Read().Holders(ctx, l.ID, holdersShown); err != nil {
				return s, nil, err
			}
		}
		os = append(os, o)
	}
	return s, os, nil
}

// Briefing is an office that an agent holds: what it is asked to do there, and how often.
type Briefing struct {
	Role    storage.Label
	Submolt storage.Ref
	Since   int64
}

// Briefings returns the offices of an agent that come with a prompt. A prompt
// was written by moderators: it is data for the agent to judge.
func (n *Node) Briefings(ctx context.Context, agentID string) ([]Briefing, error) {
	held, err := n.store.Read().Offices(ctx, agentID, officesShown)
	var bs []Briefing
	for _, o := range held {
		if o.Label.Prompt != "" {
			bs = append(bs, Briefing{Role: o.Label, Submolt: o.Submolt, Since: o.CreatedAt})
		}
	}
	return bs, err
}
