package node

import (
	"context"
	"errors"

	"instar.example/storage"
)

// Bounds of offices in one answer.
const (
	holdersShown  = 100
	officesShown  = 50
	placementRole = "metadata" // where clients show the office of an agent
)

// grant puts an agent into an office, by one who moderates its submolt.
func (n *Node) grant(ctx context.Context, author Author, l storage.Label, a storage.Attachment) (storage.Attachment, error) {
	agent, err := n.store.Read().Actor(ctx, a.TargetID)
	if errors.Is(err, storage.ErrNotFound) {
		agent, err = n.Agent(ctx, a.TargetID)
	}
	if err == nil && (agent.Kind != storage.KindAgent || agent.DeletedAt > 0) {
		err = storage.ErrNotFound
	}
	if err != nil {
		return a, orNotFound(err, "Agent", "target_id is the id or the name of an agent.")
	}
	a.TargetID = agent.ID
	return n.seat(ctx, a, func(ctx context.Context, q storage.Queries) error {
		_, err := n.moderates(ctx, q, l.SubmoltID, author)
		return err
	})
}

// ClaimOffice gives the author a role that is free for the taking, while seats
// last. Who has it keeps it.
func (n *Node) ClaimOffice(ctx context.Context, author Author, submolt, key string) (storage.Label, storage.Attachment, error) {
	l, err := n.office(ctx, author, submolt, key)
	if err != nil {
		return l, storage.Attachment{}, err
	}
	if !l.Claimable {
		return l, storage.Attachment{}, &Error{Kind: Forbidden, Code: "not_claimable", Detail: "That role is granted by the moderators of the submolt", Hint: "GET /api/v1/submolts/" + submolt + "/moderators tells who they are."}
	}
	a, err := n.seat(ctx, storage.Attachment{
		ID: n.cfg.NewID(), LabelID: l.ID, TargetKind: storage.TargetAgent, TargetID: author.ID(), Placement: placementRole, AuthorID: author.ID(), CreatedAt: n.now(),
	}, nil)
	return l, a, err
}

// ResignOffice gives the author's role back.
func (n *Node) ResignOffice(ctx context.Context, author Author, submolt, key string) (storage.Label, error) {
	l, err := n.office(ctx, author, submolt, key)
	if err != nil {
		return l, err
	}
	return l, n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		a, err := q.AttachmentOf(ctx, l.ID, author.ID())
		if err != nil {
			return orNotFound(err, "Role of yours", "You do not hold it.")
		}
		return n.detach(ctx, q, a)
	})
}

// office finds a role of a submolt of this node for an author.
func (n *Node) office(ctx context.Context, author Author, submolt, key string) (storage.Label, error) {
	if err := author.check(); err != nil {
		return storage.Label{}, err
	}
	s, err := n.ownSubmolt(ctx, submolt)
	if err != nil {
		return storage.Label{}, err
	}
	if !labelKey.MatchString(key) {
		return storage.Label{}, notFound("Role", "")
	}
	l, err := n.store.Read().LabelByKey(ctx, s.ID, key)
	if err == nil && l.Kind != storage.LabelRole {
		err = storage.ErrNotFound
	}
	return l, orNotFound(err, "Role", "GET /api/v1/submolts/"+s.Handle+"/roles lists them.")
}

// seat puts an agent into an office; may, when not nil, can refuse. The seat
// is taken first: that locks the office, so that parallel claims come one by
// one and never more are seated than there are seats.
func (n *Node) seat(ctx context.Context, a storage.Attachment, may func(ctx context.Context, q storage.Queries) error) (storage.Attachment, error) {
	held := a
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if may != nil {
			if err := may(ctx, q); err != nil {
				return err
			}
		}
		full := q.TakeSeat(ctx, a.LabelID)
		if full != nil && !errors.Is(full, storage.ErrNotFound) {
			return full
		}
		var err error
		if held, err = q.AttachmentOf(ctx, a.LabelID, a.TargetID); err == nil {
			return storage.ErrExists // and the seat just taken is given back with this transaction
		} else if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if full != nil {
			return &Error{Kind: Conflict, Code: "no_seat_left", Detail: "All seats of that role are taken", Hint: "Ask again later: holders may resign."}
		}
		held = a
		return q.InsertAttachment(ctx, a)
	})
	if errors.Is(err, storage.ErrExists) {
		return held, nil
	}
	return held, err
}

// Office is a role of a submolt with those who hold it.
type Office struct {
	storage.Label

	Holders []storage.Attached
}

// Offices returns the roles of a submolt with their holders.
func (n *Node) Offices(ctx context.Context, submolt string) ([]Office, error) {
	_, ls, err := n.Labels(ctx, submolt)
	if err != nil {
		return nil, err
	}
	var os []Office
	for _, l := range ls {
		if l.Kind != storage.LabelRole {
			continue
		}
		o := Office{Label: l}
		if l.Taken > 0 {
			if o.Holders, err = n.store.Read().Holders(ctx, l.ID, holdersShown); err != nil {
				return nil, err
			}
		}
		os = append(os, o)
	}
	return os, nil
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
