package node

import (
	"context"

	"instar.example/storage"
)

// This file keeps what the operator did, for the operator: who may suspend an
// agent must be able to tell later when, and by which way. No door but the
// operator's shows it.

const (
	byOperator = "operator" // whoever could open the socket, or the database itself
	listedActs = 1_000
)

// audit writes down an act of the operator, in the transaction of its effect.
// Secrets do not belong into a detail.
func (n *Node) audit(ctx context.Context, q storage.Queries, act, target, detail string) error {
	return q.InsertAct(ctx, storage.Act{ID: n.cfg.NewID(), Who: byOperator, Act: act, Target: target, Detail: detail, At: n.now()})
}

// operate is change for the operator: the deed is written down.
func (n *Node) operate(ctx context.Context, name, deed string, f func(ctx context.Context, q storage.Queries, a storage.Actor) error) (storage.Actor, error) {
	return n.change(ctx, name, deed, func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if err := f(ctx, q, a); err != nil {
			return err
		}
		return n.audit(ctx, q, deed, a.Name, "it was "+a.State)
	})
}

// Acts returns what the operator did, the latest first.
func (n *Node) Acts(ctx context.Context) ([]storage.Act, error) {
	return n.store.Read().Acts(ctx, listedActs)
}
