package node

import (
	"context"
	"errors"
	"strings"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Bounds of reports.
const (
	MaxReason     = 1_000 // characters
	reportsPerDay = 100   // by one reporter
	// domainReportsPerDay is how many all reporters of one other domain have together.
	domainReportsPerDay = 300
	flagObjects         = 20 // things that one Flag of a peer names
)

// ReportDraft is what an agent tells the moderators of a post or comment.
type ReportDraft struct {
	PostID    string // or ""
	CommentID string // or ""
	Reason    string // "spam" for ""
}

// Report stores a report, once for each reporter and target, and passes it on
// to the other node when the target or its submolt lives there. True says that
// it was reported before by the same agent.
func (n *Node) Report(ctx context.Context, author Author, d ReportDraft) (known bool, err error) {
	if err := author.check(); err != nil {
		return false, err
	}
	if d.Reason, err = reasonOf(d.Reason); err != nil {
		return false, err
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, author.ID()); err != nil { // takes the reporter's lock
			return err
		}
		t, err := n.reported(ctx, q, d)
		if err != nil {
			return err
		}
		if t.author.ID == author.ID() {
			return invalid("own_content", "Cannot report your own content", "Delete it instead.")
		}
		r := t.report(author.ID(), d.Reason)
		r.URI = n.activityURI(n.cfg.NewID())
		err = n.addReport(ctx, q, r)
		if known = errors.Is(err, storage.ErrExists); err != nil {
			return ignoreExists(err)
		}
		return n.publishReport(ctx, q, author.actor, t, r)
	})
	return known, err
}

// ReportAgent tells the operator about an agent itself and, of one of another node,
// that node. True says that it was reported before by the same agent.
func (n *Node) ReportAgent(ctx context.Context, author Author, name, reason string) (known bool, err error) {
	if err := author.check(); err != nil {
		return false, err
	}
	if reason, err = reasonOf(reason); err != nil {
		return false, err
	}
	about, err := n.resolve(ctx, name, storage.KindAgent)
	if err != nil {
		return false, err
	}
	if about.ID == author.ID() {
		return false, invalid("own_content", "Cannot report yourself", "")
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, author.ID()); err != nil { // takes the reporter's lock
			return err
		}
		r := storage.Report{TargetID: about.ID, Kind: about.Kind, ReporterID: author.ID(), Reason: reason, URI: n.activityURI(n.cfg.NewID())}
		err := n.addReport(ctx, q, r)
		if known = errors.Is(err, storage.ErrExists); err != nil {
			return ignoreExists(err)
		}
		if about.Local() {
			return nil
		}
		_, err = n.post(ctx, q, letter{
			id: lastSegment(r.URI), actor: author.actor, thread: about.URI, audience: []string{storage.InboxAudience(inboxOf(about))},
			doc: activity.ActivityDoc{Type: activity.TypeFlag, To: activity.IDs{about.URI}, Object: about.URI, Summary: reason, Content: reason},
		})
		return err
	})
	return known, err
}

// reasonOf is what a reporter says, "spam" when nothing.
func reasonOf(said string) (string, error) {
	said, err := plain("reason", strings.TrimSpace(said), MaxReason)
	if said == "" {
		said = "spam"
	}
	return said, err
}

// reported is what a report is about.
type reported struct {
	kind, id, uri string
	post          storage.Post // itself, or that of the comment
	author        storage.Ref
}

func (t reported) report(reporterID, reason string) storage.Report {
	return storage.Report{TargetID: t.id, Kind: t.kind, ReporterID: reporterID, PostID: t.post.ID, SubmoltID: t.post.SubmoltID, Reason: reason}
}

// reported finds what a report is about.
func (n *Node) reported(ctx context.Context, q storage.Queries, d ReportDraft) (reported, error) {
	if d.CommentID == "" {
		p, err := q.Post(ctx, d.PostID)
		if err != nil || p.Hidden != storage.Visible {
			return reported{}, orNotFound(errors.Join(err, storage.ErrNotFound), "Post", "")
		}
		return reported{kind: storage.DocPost, id: p.ID, uri: p.URI, post: p, author: p.Author}, nil
	}
	c, err := q.Comment(ctx, d.CommentID)
	if err != nil || c.Hidden != storage.Visible {
		return reported{}, orNotFound(errors.Join(err, storage.ErrNotFound), "Comment", "")
	}
	p, err := q.Post(ctx, c.PostID)
	return reported{kind: storage.DocComment, id: c.ID, uri: c.URI, post: p, author: c.Author}, err
}

// addReport stores a report within the reporter's bound; storage.ErrExists
// when there is one.
func (n *Node) addReport(ctx context.Context, q storage.Queries, r storage.Report) error {
	r.ID, r.CreatedAt = n.cfg.NewID(), n.now()
	lately, err := q.ReportsBy(ctx, r.ReporterID, r.CreatedAt-(24*time.Hour).Milliseconds())
	if err != nil {
		return err
	}
	if lately >= reportsPerDay {
		return &Error{Kind: Limited, Code: "daily_reports", After: time.Hour, Detail: "Daily report limit reached: 100 in 24 hours", Hint: "The moderators have enough to look at."}
	}
	return q.InsertReport(ctx, r)
}

// publishReport sends a Flag to where the content or its submolt lives; to
// nobody when both are ours. Mastodon and its like look for the account among the
// objects; Lemmy takes one object and one addressee.
func (n *Node) publishReport(ctx context.Context, q storage.Queries, reporter storage.Actor, t reported, r storage.Report) error {
	told := ""
	for _, id := range []string{t.post.SubmoltID, t.author.ID} {
		a, err := q.Actor(ctx, id)
		if err != nil {
			return err
		}
		if a.Local() || a.Inbox == "" || inboxOf(a) == told {
			continue
		}
		h, err := q.Host(ctx, a.Host)
		if ignoreNotFound(err) != nil {
			return err
		}
		var object any = t.uri
		if isMicroblog(h.Software) {
			object = []string{t.author.URI, t.uri}
		}
		l := letter{actor: reporter, thread: t.post.URI, audience: []string{storage.InboxAudience(inboxOf(a))}, doc: activity.ActivityDoc{
			Type: activity.TypeFlag, To: activity.IDs{a.URI}, Audience: groupOf(t.post.Submolt.URI), Object: object, Summary: r.Reason, Content: r.Reason,
		}}
		if told == "" {
			l.id = lastSegment(r.URI)
		}
		told = inboxOf(a)
		if _, err := n.post(ctx, q, l); err != nil {
			return err
		}
	}
	return nil
}

// flag stores a peer's report of what stands in our submolts or was written by
// our agents or, where it names none of that, of an account. Anybody may report, people too.
func (in *inbound) flag(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	if actor.State == storage.ActorSuspended {
		return resultIgnored, nil
	}
	reason := visible(textOf(a.Content), MaxReason)
	if reason == "" {
		reason = visible(textOf(a.Summary), MaxReason)
	}
	if err := in.q.LockActor(ctx, actor.ID); err != nil {
		return "", err
	}
	result := resultIgnored
	var others []string
	for _, ref := range a.Objects[:min(len(a.Objects), flagObjects)] {
		target, err := in.target(ctx, ref.ID)
		if errors.Is(err, storage.ErrNotFound) {
			others = append(others, ref.ID) // Mastodon names the account, too
			continue
		}
		if err != nil {
			return "", err
		}
		t, err := in.n.reported(ctx, in.q, ReportDraft{PostID: target.PostID, CommentID: target.CommentID})
		if _, gone := errors.AsType[*Error](err); gone {
			continue
		}
		if err != nil {
			return "", err
		}
		if t.post.Submolt.Host != "" && t.author.Host != "" {
			continue // neither is ours to judge
		}
		r := t.report(actor.ID, reason)
		r.URI = a.ID
		if err := in.keepReport(ctx, r, actor); err != nil {
			return "", err
		}
		result = resultApplied
	}
	if result == resultApplied {
		return result, nil
	}
	return in.flagAccounts(ctx, others, storage.Report{ReporterID: actor.ID, Reason: reason, URI: a.ID}, actor)
}

// keepReport stores a report of a peer within the bound of its domain, which may have
// reporters without end. One that is known counts once.
func (in *inbound) keepReport(ctx context.Context, r storage.Report, reporter storage.Actor) error {
	if err := in.n.addReport(ctx, in.q, r); err != nil {
		return ignoreExists(err)
	}
	now := in.n.now()
	c, err := in.q.Count(ctx, storage.Counter{Name: "domain_reports " + domainOf(reporter.Host), Used: 1, EndsAt: now + day.Milliseconds()}, now)
	if err == nil && c.Used > domainReportsPerDay {
		err = &Error{Kind: Limited, Code: "daily_reports", After: time.Hour}
	}
	return err
}

// flagAccounts stores a report of those agents and submolts of ours that it names.
func (in *inbound) flagAccounts(ctx context.Context, uris []string, r storage.Report, reporter storage.Actor) (string, error) {
	result := resultIgnored
	for _, uri := range uris {
		target, err := in.q.ActorByURI(ctx, uri)
		if err != nil || !target.Local() || target.DeletedAt > 0 || (target.Kind != storage.KindAgent && target.Kind != storage.KindSubmolt) {
			if ignoreNotFound(err) != nil {
				return "", err
			}
			continue
		}
		r.TargetID, r.Kind = target.ID, target.Kind
		if err := in.keepReport(ctx, r, reporter); err != nil {
			return "", err
		}
		result = resultApplied
	}
	return result, nil
}

// Reports is a page of reports. Next is "" at its end.
type Reports struct {
	Reports []storage.Report
	Next    string
}

// Reports returns what was reported in a submolt, to one who moderates it.
func (n *Node) Reports(ctx context.Context, viewerID, name string, w Window) (Reports, error) {
	s, err := n.Submolt(ctx, name)
	if err != nil {
		return Reports{}, err
	}
	q := n.store.Read()
	role, err := q.Role(ctx, s.ID, viewerID)
	if err != nil {
		return Reports{}, err
	}
	if role == "" {
		return Reports{}, errNotModerator(s)
	}
	w = w.clamp(25, 100)
	after, err := w.after()
	if err != nil {
		return Reports{}, err
	}
	rs, err := q.Reports(ctx, s.ID, storage.Span{After: after.ID, Offset: w.skip(), Limit: w.Limit + 1})
	if err != nil || len(rs) <= w.Limit {
		return Reports{Reports: rs}, err
	}
	rs = rs[:w.Limit]
	return Reports{Reports: rs, Next: cursorOf(storage.After{ID: rs[w.Limit-1].ID})}, nil
}
