package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// resolvedMost bounds the reports of one thing of which their servers are told.
const resolvedMost = 100

// Resolve ends all reports of what a report is about, by one who moderates the
// submolt, and returns how many there were. The nodes that they came from, and the
// submolt's own, are told.
func (n *Node) Resolve(ctx context.Context, author Author, submolt, reportID string) (count int64, err error) {
	if err := author.check(); err != nil {
		return 0, err
	}
	s, err := n.Submolt(ctx, submolt)
	if err != nil {
		return 0, err
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if s, err = n.moderates(ctx, q, s.ID, author); err != nil {
			return err
		}
		r, err := q.Report(ctx, s.ID, reportID)
		if err != nil {
			return orNotFound(err, "Report", "GET /api/v1/submolts/"+s.Address()+"/reports lists those that are open.")
		}
		open, err := q.ReportsOf(ctx, r.TargetID, resolvedMost)
		if err != nil {
			return err
		}
		if count, err = q.ResolveReports(ctx, r.TargetID, author.ID(), n.now()); err != nil {
			return err
		}
		return n.publishResolved(ctx, q, author.actor, s, open)
	})
	return count, err
}

// publishResolved tells of the end of reports, as Lemmy does: the submolt's node,
// and the nodes that they came from.
func (n *Node) publishResolved(ctx context.Context, q storage.Queries, by, submolt storage.Actor, open []storage.Report) error {
	uri, err := q.URIOf(ctx, open[0].TargetID)
	if err != nil {
		return ignoreNotFound(err)
	}
	told := map[string]bool{}
	for _, r := range open {
		to := submolt
		if submolt.Local() {
			if r.Reporter.Host == "" || r.URI == "" {
				continue
			}
			if to, err = q.Actor(ctx, r.ReporterID); err != nil {
				return err
			}
		}
		if told[to.Host] || to.Inbox == "" {
			continue
		}
		told[to.Host] = true
		_, err := n.post(ctx, q, letter{actor: by, thread: uri, audience: []string{storage.InboxAudience(inboxOf(to))}, doc: activity.ActivityDoc{
			Type: activity.TypeResolve, To: activity.IDs{submolt.URI}, Audience: submolt.URI,
			Object: activity.ActivityDoc{
				ID: r.URI, Type: activity.TypeFlag, Actor: r.Reporter.URI, To: activity.IDs{submolt.URI}, Audience: submolt.URI, Object: uri, Summary: r.Reason,
			},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// resolve ends reports of what was reported here and dealt with elsewhere: by one
// who moderates the submolt, or on its own server.
func (in *inbound) resolve(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	flag, err := activity.ParseActivity(a.Object().Raw)
	if err != nil || flag.Type != activity.TypeFlag {
		return resultIgnored, nil //nolint:nilerr // a bare id says nothing of what it is about
	}
	result := resultIgnored
	for _, ref := range flag.Objects[:min(len(flag.Objects), flagObjects)] {
		count, err := in.resolveOne(ctx, ref.ID, actor)
		if err != nil {
			return "", err
		}
		if count > 0 {
			result = resultApplied
		}
	}
	return result, nil
}

func (in *inbound) resolveOne(ctx context.Context, uri string, actor storage.Actor) (int64, error) {
	target, err := in.target(ctx, uri)
	if err != nil {
		return 0, ignoreNotFound(err) // Mastodon names the account, too
	}
	id, postID := target.PostID, target.PostID
	if target.CommentID != "" {
		c, err := in.q.Comment(ctx, target.CommentID)
		if err != nil {
			return 0, err
		}
		id, postID = c.ID, c.PostID
	}
	p, err := in.q.Post(ctx, postID)
	if err != nil {
		return 0, err
	}
	role, err := in.q.Role(ctx, p.SubmoltID, actor.ID)
	if err != nil {
		return 0, err
	}
	if role == "" && (p.Submolt.Host == "" || p.Submolt.Host != actor.Host) {
		return 0, &Error{Kind: Forbidden, Code: "not_moderator"}
	}
	if p.Submolt.Host == "" {
		if _, err := in.n.remoteAuthor(actor); err != nil {
			return 0, err
		}
	}
	return in.q.ResolveReports(ctx, id, actor.ID, in.n.now())
}
