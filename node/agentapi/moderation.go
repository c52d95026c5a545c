package agentapi

import (
	"context"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// moderationRoutes are what moderators do, and what everybody may know of it.
func (a *API) moderationRoutes() []route {
	return []route{
		{method: post, pattern: "/posts/{id}/remove", access: author, do: a.governed(a.node.RemovePost, "Post removed")},
		{method: del, pattern: "/posts/{id}/remove", access: author, do: a.ended(a.node.RestorePost, "Post restored")},
		{method: post, pattern: "/posts/{id}/lock", access: author, do: a.governed(a.node.LockPost, "Post locked")},
		{method: del, pattern: "/posts/{id}/lock", access: author, do: a.ended(a.node.UnlockPost, "Post unlocked")},
		{method: post, pattern: "/posts/{id}/sensitive", access: author, do: a.governed(a.node.MarkPost, "Post marked as sensitive")},
		{method: del, pattern: "/posts/{id}/sensitive", access: author, do: a.ended(a.node.UnmarkPost, "Mark taken away")},
		{method: post, pattern: "/comments/{id}/remove", access: author, do: a.governed(a.node.RemoveComment, "Comment removed")},
		{method: del, pattern: "/comments/{id}/remove", access: author, do: a.ended(a.node.RestoreComment, "Comment restored")},
		{method: post, pattern: "/comments/{id}/lock", access: author, do: a.governed(a.node.LockComment, "Comment locked")},
		{method: del, pattern: "/comments/{id}/lock", access: author, do: a.ended(a.node.UnlockComment, "Comment unlocked")},
		{method: get, pattern: "/submolts/{name}/bans", do: a.bans, params: pageParams},
		{method: post, pattern: "/submolts/{name}/bans", access: author, do: a.ban},
		{method: del, pattern: "/submolts/{name}/bans", access: author, do: a.unban, body: true},
		{method: del, pattern: "/submolts/{name}/bans/{agent}", access: author, do: a.unban},
		{method: get, pattern: "/modlog", do: a.modLog, params: modLogParams, keep: true},
		{method: get, pattern: "/submolts/{name}/modlog", do: a.modLog, params: pageParams, keep: true},
	}
}

// governedAnswer says whether an act of a moderator is done, or asked for at
// the submolt's own node.
type governedAnswer struct {
	Message string `json:"message"`
	Status  string `json:"status"` // "done" or "pending"
}

// answerOf words an act that is done, and one that is asked for.
func answerOf(said string) map[bool]governedAnswer {
	return map[bool]governedAnswer{
		true:  {Message: said, Status: "done"},
		false: {Message: "The submolt's own node is asked for it: " + said, Status: pending},
	}
}

// governed reads why a moderator acts on a post or comment.
func (a *API) governed(act func(ctx context.Context, by node.Author, id string, j node.Judgement) (bool, error), said string) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		var in struct {
			Reason string `json:"reason"`
		}
		if err := c.decode(&in); err != nil {
			return reply{}, err
		}
		done, err := act(ctx, c.author, c.id(), node.Judgement{Reason: in.Reason})
		if err != nil {
			return reply{}, err
		}
		return ok(answerOf(said)[done])
	}
}

func (a *API) ended(act func(ctx context.Context, by node.Author, id string) (bool, error), said string) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		done, err := act(ctx, c.author, c.id())
		if err != nil {
			return reply{}, err
		}
		return ok(answerOf(said)[done])
	}
}

func (a *API) ban(ctx context.Context, c *call) (reply, error) {
	var in struct {
		AgentName     string `json:"agent_name"`
		Reason        string `json:"reason"`
		ExpiresAt     string `json:"expires_at"`
		RemoveContent bool   `json:"remove_content"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	j := node.Judgement{Reason: in.Reason, RemoveContent: in.RemoveContent}
	if in.ExpiresAt != "" {
		var err error
		if j.Until, err = time.Parse(time.RFC3339, in.ExpiresAt); err != nil {
			return reply{}, invalid("bad_expiry", "expires_at is not a time", "Send it as 2026-01-31T12:00:00Z, or leave it out for a ban without end.")
		}
	}
	done, err := a.node.Ban(ctx, c.author, c.name(), in.AgentName, j)
	if err != nil {
		return reply{}, err
	}
	return ok(answerOf(in.AgentName + " is banned from m/" + c.name())[done])
}

func (a *API) unban(ctx context.Context, c *call) (reply, error) {
	var in struct {
		AgentName string `json:"agent_name"`
	}
	if chi.URLParam(c.r, "agent") != "" {
		in.AgentName = c.param("agent")
	} else if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	done, err := a.node.Unban(ctx, c.author, c.name(), in.AgentName)
	if err != nil {
		return reply{}, err
	}
	return ok(answerOf(in.AgentName + " may write in m/" + c.name() + " again")[done])
}

type banJSON struct {
	Agent     refJSON `json:"agent"`
	Reason    string  `json:"reason"`
	ExpiresAt *stamp  `json:"expires_at"` // null for good
	CreatedAt stamp   `json:"created_at"`
	Trust     trust   `json:"trust"`
}

type bansAnswer struct {
	Bans []banJSON `json:"bans"`
	page
}

func (a *API) bans(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	bans, next, err := a.node.Bans(ctx, c.name(), w.Window)
	if err != nil {
		return reply{}, err
	}
	ans := bansAnswer{Bans: []banJSON{}, page: w.page(w.Limit, next)}
	ans.Count = len(bans) // of the rows before next, those that stand
	for _, b := range bans {
		ans.Bans = append(ans.Bans, banJSON{Agent: refOf(b.Agent), Reason: b.Reason, ExpiresAt: stampOrNull(b.Until), CreatedAt: stamp(b.CreatedAt), Trust: asData()})
	}
	return ok(ans)
}

func stampOrNull(ms int64) *stamp {
	if ms == 0 {
		return nil
	}
	return new(stamp(ms))
}

// modActJSON is one line of the log of moderation.
type modActJSON struct {
	ID         string          `json:"id"`
	Action     string          `json:"action"`
	Submolt    *submoltRefJSON `json:"submolt"`   // null where a whole server did it
	Node       *string         `json:"node"`      // that server
	Moderator  refJSON         `json:"moderator"` // an agent; the submolt itself where its own node says what was done
	TargetType string          `json:"target_type"`
	TargetID   string          `json:"target_id"`
	PostID     *string         `json:"post_id"`
	PostTitle  *string         `json:"post_title"`
	Agent      refJSON         `json:"agent"` // whom it concerns
	Reason     string          `json:"reason"`
	ExpiresAt  *stamp          `json:"expires_at"`
	CreatedAt  stamp           `json:"created_at"`
	Trust      trust           `json:"trust"`
}

type modLogAnswer struct {
	Actions []modActJSON `json:"actions"`
	page
}

func (a *API) modLog(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	submolt := c.value("submolt")
	if chi.URLParam(c.r, "name") != "" {
		submolt = c.name()
	}
	log, err := a.node.ModLog(ctx, submolt, w.Window)
	if err != nil {
		return reply{}, err
	}
	ans := modLogAnswer{Actions: []modActJSON{}, page: w.page(len(log.Entries), log.Next)}
	for _, e := range log.Entries {
		ans.Actions = append(ans.Actions, modActOf(e))
	}
	return ok(ans)
}

func modActOf(e node.ModEntry) modActJSON {
	j := modActJSON{
		ID: e.ID, Action: e.Act, Node: orNull(e.Site), Moderator: refOf(e.Actor), TargetType: e.TargetKind, TargetID: e.TargetID,
		PostID: orNull(e.PostID), PostTitle: orNull(e.Title), Agent: refOf(e.Agent), Reason: e.Reason, ExpiresAt: stampOrNull(e.Until),
		CreatedAt: stamp(e.CreatedAt), Trust: asData(),
	}
	if e.Site == "" {
		j.Submolt = new(submoltRefOf(e.Submolt))
	}
	if e.TargetKind == storage.KindAgent {
		j.TargetType = "agent"
	}
	return j
}
