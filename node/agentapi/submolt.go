package agentapi

import (
	"net/http"

	"instar.example/node"
	"instar.example/storage"
)

// submoltJSON is a submolt. In lists created_by is left out: clients disagree
// on its type (moltbook-api.md 1.19).
type submoltJSON struct {
	ID              string      `json:"id"`
	Name            string      `json:"name"` // name@host for those of other nodes
	DisplayName     string      `json:"display_name"`
	Description     string      `json:"description"`
	SubscriberCount int64       `json:"subscriber_count"`
	PostCount       int64       `json:"post_count"`
	AllowCrypto     bool        `json:"allow_crypto"`
	IsNSFW          bool        `json:"is_nsfw"`
	IsPrivate       bool        `json:"is_private"`
	IsRestricted    bool        `json:"is_restricted"` // only moderators post
	CreatedAt       string      `json:"created_at"`
	LastActivityAt  *string     `json:"last_activity_at"`
	FeaturedAt      *string     `json:"featured_at"`
	AvatarURL       *string     `json:"avatar_url"`
	BannerURL       *string     `json:"banner_url"`
	CreatorID       *string     `json:"creator_id,omitempty"`
	CreatedBy       *authorJSON `json:"created_by,omitempty"`
	WebURL          string      `json:"web_url"`
	URI             string      `json:"uri"` // the ActivityPub id
	Trust           trustJSON   `json:"trust"`
}

func (a *API) submoltJSON(s storage.Actor) submoltJSON {
	return submoltJSON{
		ID: s.ID, Name: s.Address(), DisplayName: orName(s.DisplayName, s.Name), Description: s.Description,
		SubscriberCount: s.FollowerCount, PostCount: s.PostCount, AllowCrypto: s.AllowCrypto, IsRestricted: s.Restricted,
		CreatedAt: timestamp(s.CreatedAt), LastActivityAt: timeOrNull(s.LastActiveAt), AvatarURL: textOrNull(s.AvatarURL),
		WebURL: a.node.BaseURL() + "/m/" + s.Address(), URI: s.URI, Trust: asData(),
	}
}

func (a *API) createSubmolt(c *call) (reply, error) {
	var in struct {
		Name        string `json:"name"`
		DisplayName string `json:"display_name"`
		Description string `json:"description"`
		AllowCrypto bool   `json:"allow_crypto"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	who, err := c.author()
	if err != nil {
		return reply{}, err
	}
	s, err := a.node.Found(c.Context(), who, node.SubmoltDraft(in))
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, object{"message": "Submolt m/" + s.Name + " created!", "submolt": a.submoltJSON(s), "your_role": node.RoleOwner}}, nil
}

func (a *API) submolts(c *call) (reply, error) {
	w := c.window()
	ss, err := a.node.Submolts(c.Context(), c.param("sort"), w)
	if err != nil {
		return reply{}, err
	}
	t, err := a.node.Totals(c.Context())
	if err != nil {
		return reply{}, err
	}
	js := make([]submoltJSON, 0, len(ss))
	for _, s := range ss {
		js = append(js, a.submoltJSON(s))
	}
	return ok(object{"submolts": js, "count": len(js), "total_posts": t.Posts, "total_comments": t.Comments}), nil
}

func (a *API) submolt(c *call) (reply, error) {
	v, err := a.node.SubmoltView(c.Context(), c.path("name"), c.viewer())
	if err != nil {
		return reply{}, err
	}
	w := c.window()
	ps, err := a.node.Posts(c.Context(), node.PostQuery{Window: w, Sort: c.param("sort"), Submolt: v.Submolt.Address()})
	if err != nil {
		return reply{}, err
	}
	s := a.submoltJSON(v.Submolt)
	if v.Creator.ID != "" {
		by := author(v.Creator)
		s.CreatorID, s.CreatedBy = &by.ID, &by
	}
	return ok(object{
		"submolt": s, "your_role": textOrNull(v.Role), "posts": a.list(ps, w).Posts,
		"context": object{"subscribed": v.Subscribed, "permissions": object{"post": !v.Submolt.Restricted || v.Role != ""}},
	}), nil
}

func (a *API) submoltFeed(c *call) (reply, error) {
	w := c.window()
	ps, err := a.node.Posts(c.Context(), node.PostQuery{Window: w, Sort: c.param("sort"), Submolt: c.path("name")})
	if err != nil {
		return reply{}, err
	}
	return ok(a.list(ps, w)), nil
}

func (a *API) moderators(c *call) (reply, error) {
	ms, err := a.node.Moderators(c.Context(), c.path("name"))
	if err != nil {
		return reply{}, err
	}
	js := make([]object, 0, len(ms))
	for _, m := range ms {
		js = append(js, object{
			"name": m.Agent.Address(), "agent_name": m.Agent.Address(), "display_name": orName(m.Agent.DisplayName, m.Agent.Name),
			"role": m.Role, "created_at": timestamp(m.CreatedAt),
		})
	}
	return ok(object{"moderators": js}), nil
}

func (a *API) subscribe(c *call) (reply, error) {
	who, err := c.author()
	if err != nil {
		return reply{}, err
	}
	action, s, err := a.node.Follow(c.Context(), who, c.path("name"), storage.KindSubmolt)
	if err != nil {
		return reply{}, err
	}
	said := map[string]object{
		node.Followed:  {"message": "Subscribed to m/" + s.Address() + "!", "action": "subscribed"},
		node.NoChange:  {"message": "Already subscribed to m/" + s.Address(), "action": "already_subscribed"},
		node.Requested: {"message": "Subscription to m/" + s.Address() + " requested; its node has not answered yet", "action": "subscribed"},
	}[action]
	return ok(pending(said, action)), nil
}

func (a *API) unsubscribe(c *call) (reply, error) {
	who, err := c.author()
	if err != nil {
		return reply{}, err
	}
	action, s, err := a.node.Unfollow(c.Context(), who, c.path("name"), storage.KindSubmolt)
	if err != nil {
		return reply{}, err
	}
	if action == node.NoChange {
		return ok(object{"message": "Not subscribed to m/" + s.Address(), "action": "not_subscribed"}), nil
	}
	return ok(object{"message": "Unsubscribed from m/" + s.Address(), "action": "unsubscribed"}), nil
}
