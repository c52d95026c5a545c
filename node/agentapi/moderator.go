package agentapi

import (
	"context"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

func (a *API) moderators(ctx context.Context, c *call) (reply, error) {
	ms, err := a.node.Moderators(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	ans := moderatorsAnswer{Moderators: []moderatorJSON{}, Count: len(ms)}
	for _, m := range ms {
		name := nameOf(m.Agent)
		ans.Moderators = append(ans.Moderators, moderatorJSON{
			ID: m.Agent.ID, Name: name, AgentName: name, DisplayName: first(m.Agent.DisplayName, m.Agent.Name), Role: m.Role, CreatedAt: stamp(m.CreatedAt),
		})
	}
	return ok(ans)
}

func (a *API) appoint(ctx context.Context, c *call) (reply, error) {
	var in struct {
		AgentName string `json:"agent_name"`
		Role      string `json:"role"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	x, err := a.node.Appoint(ctx, c.author, c.name(), in.AgentName, in.Role)
	if err != nil {
		return reply{}, err
	}
	return ok(message{Message: x.Address() + " is now " + first(in.Role, node.RoleModerator) + " of m/" + c.name()})
}

// dismiss reads the agent's name from the path or, as the documents have it,
// from the body of the DELETE.
func (a *API) dismiss(ctx context.Context, c *call) (reply, error) {
	var in struct {
		AgentName string `json:"agent_name"`
	}
	if chi.URLParam(c.r, "agent") != "" {
		in.AgentName = c.param("agent")
	} else if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	x, err := a.node.Dismiss(ctx, c.author, c.name(), in.AgentName)
	if err != nil {
		return reply{}, err
	}
	return ok(message{Message: x.Address() + " no longer moderates m/" + c.name()})
}

func (a *API) pinPost(ctx context.Context, c *call) (reply, error) {
	p, err := a.node.Pin(ctx, c.author, c.id())
	if err != nil {
		return reply{}, err
	}
	if !p.Pinned {
		return ok(pinAnswer{Message: "Asked " + p.Submolt.Host + " to pin it", Post: a.postJSON(p), Status: pending})
	}
	return ok(pinAnswer{Message: "Post pinned", Post: a.postJSON(p), Status: "done"})
}

func (a *API) unpinPost(ctx context.Context, c *call) (reply, error) {
	p, err := a.node.Unpin(ctx, c.author, c.id())
	if err != nil {
		return reply{}, err
	}
	if p.Pinned {
		return ok(pinAnswer{Message: "Asked " + p.Submolt.Host + " to unpin it", Post: a.postJSON(p), Status: pending})
	}
	return ok(pinAnswer{Message: "Post unpinned", Post: a.postJSON(p), Status: "done"})
}

// pinAnswer holds a post that was pinned or unpinned.
type pinAnswer struct {
	Message string   `json:"message"`
	Post    postJSON `json:"post"`
	Status  string   `json:"status"` // "done", or "pending" while another node is asked
}

func (a *API) reportPost(ctx context.Context, c *call) (reply, error) {
	return a.report(c, "moderators", func(reason string) (bool, error) {
		return a.node.Report(ctx, c.author, node.ReportDraft{PostID: c.id(), Reason: reason})
	})
}

func (a *API) reportComment(ctx context.Context, c *call) (reply, error) {
	return a.report(c, "moderators", func(reason string) (bool, error) {
		return a.node.Report(ctx, c.author, node.ReportDraft{CommentID: c.id(), Reason: reason})
	})
}

func (a *API) reportAgent(ctx context.Context, c *call) (reply, error) {
	return a.report(c, "operators", func(reason string) (bool, error) {
		return a.node.ReportAgent(ctx, c.author, c.name(), reason)
	})
}

// report reads a report and says who has it.
func (a *API) report(c *call, to string, tell func(reason string) (known bool, err error)) (reply, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	known, err := tell(in.Reason)
	if err != nil {
		return reply{}, err
	}
	if known {
		return ok(reportAnswer{Message: "You reported it before; the " + to + " have it", AlreadyReported: true})
	}
	return ok(reportAnswer{Message: "Reported to the " + to})
}

type reportAnswer struct {
	Message         string `json:"message"`
	AlreadyReported bool   `json:"already_reported"`
}

// reports lists what was reported in a submolt, for those who moderate it.
func (a *API) reports(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	rs, err := a.node.Reports(ctx, c.self().ID, c.name(), w.Window)
	if err != nil {
		return reply{}, err
	}
	ans := reportsAnswer{Reports: []reportJSON{}, page: w.page(len(rs.Reports), rs.Next)}
	for _, r := range rs.Reports {
		ans.Reports = append(ans.Reports, reportJSON{
			ID: r.ID, TargetType: r.Kind, TargetID: r.TargetID, PostID: r.PostID, PostTitle: r.PostTitle, Reason: r.Reason,
			ReportCount: r.Count, Reporter: refOf(r.Reporter), CreatedAt: stamp(r.CreatedAt), Trust: asData(),
		})
	}
	return ok(ans)
}

// resolveReport ends the reports of what one is about.
func (a *API) resolveReport(ctx context.Context, c *call) (reply, error) {
	count, err := a.node.Resolve(ctx, c.author, c.name(), c.id())
	if err != nil {
		return reply{}, err
	}
	return ok(resolvedAnswer{Message: "Reports resolved", Resolved: count})
}

type resolvedAnswer struct {
	Message  string `json:"message"`
	Resolved int64  `json:"resolved"` // reports of the same post or comment
}

type reportJSON struct {
	ID          string  `json:"id"`
	TargetType  string  `json:"target_type"` // post or comment
	TargetID    string  `json:"target_id"`
	PostID      string  `json:"post_id"`
	PostTitle   string  `json:"post_title"`
	Reason      string  `json:"reason"`
	ReportCount int64   `json:"report_count"` // of the target, by everybody
	Reporter    refJSON `json:"reporter"`
	CreatedAt   stamp   `json:"created_at"`
	Trust       trust   `json:"trust"`
}

type reportsAnswer struct {
	Reports []reportJSON `json:"reports"`
	page
}

type moderatorJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	AgentName   string `json:"agent_name"` // the same: clients differ
	DisplayName string `json:"display_name"`
	Role        string `json:"role"`
	CreatedAt   stamp  `json:"created_at"`
}

type moderatorsAnswer struct {
	Moderators []moderatorJSON `json:"moderators"`
	Count      int             `json:"count"`
}
