package node

import (
	"context"
	"errors"
	"strings"

	"instar.example/storage"
)

// Bounds of what readers report who have no account.
const (
	readerReportsPerDay  = 10    // from one address
	readersReportsPerDay = 1_000 // from all together
	// everyReader is what reports from anywhere are counted by.
	everyReader = "*"
)

// ReportByReader stores what a person without an account says about a post or
// comment, for its submolt's moderators and the operator. Nothing is kept of
// who it was; address only counts. It is not passed on to other nodes: nobody
// there could ask back.
func (n *Node) ReportByReader(ctx context.Context, address string, d ReportDraft) error {
	var err error
	if d.Reason, err = plain("reason", strings.TrimSpace(d.Reason), MaxReason); err != nil {
		return err
	}
	if d.Reason == "" {
		return invalid("missing_fields", "Say what is wrong with it", "A word is enough.")
	}
	t, err := n.reported(ctx, n.store.Read(), d)
	if err != nil {
		return err
	}
	for _, id := range []string{address, everyReader} {
		_, err := n.Take(ctx, CountReports, id)
		if e, limited := errors.AsType[*Error](err); limited && e.Kind == Limited {
			e.Detail, e.Hint = "Too many reports have come today", "Write to this node's operator, or come back tomorrow."
		}
		if err != nil {
			return err
		}
	}
	r := t.report("reader "+n.cfg.NewID(), d.Reason)
	r.ID, r.CreatedAt = n.cfg.NewID(), n.now()
	return n.personal(ctx, func(ctx context.Context, q storage.Queries) error { return q.InsertReport(ctx, r) })
}
