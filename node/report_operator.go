package node

import (
	"context"

	"instar.example/storage"
)

// listedReports bounds the operator's list.
const listedReports = 1_000

// OpenReports are those that nobody has dealt with yet, the newest first: of
// accounts, which the operator alone judges, and of what stands in any submolt.
func (n *Node) OpenReports(ctx context.Context) ([]storage.Report, error) {
	return n.store.Read().OpenReports(ctx, listedReports)
}

// ReportPlace is the address of what a report is about.
func (n *Node) ReportPlace(r storage.Report) string {
	switch r.Kind {
	case storage.DocPost, storage.DocComment:
		return n.cfg.BaseURL + "/" + r.Kind + "/" + r.TargetID
	default:
		return r.Account.URI
	}
}

// ResolveReport ends all reports of what a report is about, on the operator's
// word, and returns how many there were. For a submolt of this node the servers
// that they came from are told, as of a moderator's word.
func (n *Node) ResolveReport(ctx context.Context, id string) (count int64, err error) {
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		r, err := q.OpenReport(ctx, id)
		if err != nil {
			return orNotFound(err, "Report", "instar reports list shows those that are open.")
		}
		open, err := q.ReportsOf(ctx, r.TargetID, resolvedMost)
		if err != nil {
			return err
		}
		if count, err = q.ResolveReports(ctx, r.TargetID, byOperator, n.now()); err != nil {
			return err
		}
		if err := n.audit(ctx, q, "resolve report", r.Kind+" "+r.TargetID, r.Reason); err != nil || r.SubmoltID == "" {
			return err
		}
		s, err := q.Actor(ctx, r.SubmoltID)
		if err != nil || !s.Local() {
			return ignoreNotFound(err)
		}
		return n.publishResolved(ctx, q, s, s, open)
	})
	return count, err
}
