package agentapi

import (
	"context"
	"net/http"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of a list of submolts.
const (
	usualSubmolts = 50
	mostSubmolts  = 100
)

func (a *API) submolts(ctx context.Context, c *call) (reply, error) {
	return a.submoltsBy(ctx, c, c.value("sort"))
}

func (a *API) newSubmolts(ctx context.Context, c *call) (reply, error) {
	return a.submoltsBy(ctx, c, storage.ByNew)
}

func (a *API) trendingSubmolts(ctx context.Context, c *call) (reply, error) {
	return a.submoltsBy(ctx, c, storage.ByActive)
}

// searchSubmolts is a search for submolts, in the shape of a list of them.
func (a *API) searchSubmolts(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualResults, mostResults)
	if err != nil {
		return reply{}, err
	}
	found, err := a.node.Search(ctx, node.SearchQuery{Window: w.Window, Q: c.value("q"), Type: "submolts"})
	if err != nil {
		return reply{}, err
	}
	list := make([]storage.Actor, 0, len(found.Results))
	for _, r := range found.Results {
		list = append(list, *r.Actor)
	}
	return a.submoltList(ctx, list, w.page(len(list), found.Next))
}

func (a *API) submoltsBy(ctx context.Context, c *call, sort string) (reply, error) {
	w, err := c.rows(usualSubmolts, mostSubmolts)
	if err != nil {
		return reply{}, err
	}
	list, next, err := a.node.Submolts(ctx, sort, w.Window)
	if err != nil {
		return reply{}, err
	}
	return a.submoltList(ctx, list, w.page(len(list), next))
}

func (a *API) submoltList(ctx context.Context, list []storage.Actor, p page) (reply, error) {
	t, err := a.node.Totals(ctx)
	if err != nil {
		return reply{}, err
	}
	ans := submoltsAnswer{Submolts: []submoltJSON{}, TotalPosts: t.Posts, TotalComments: t.Comments, page: p}
	for _, s := range list {
		ans.Submolts = append(ans.Submolts, a.submoltJSON(s))
	}
	return ok(ans)
}

func (a *API) createSubmolt(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Name        string `json:"name"`
		DisplayName string `json:"display_name"`
		Description string `json:"description"`
		AllowCrypto bool   `json:"allow_crypto"`
		IsNSFW      bool   `json:"is_nsfw"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	s, err := a.node.Found(ctx, c.author, node.SubmoltDraft{Name: in.Name, DisplayName: in.DisplayName, Description: in.Description, AllowCrypto: in.AllowCrypto, Sensitive: in.IsNSFW})
	if err != nil {
		return reply{}, err
	}
	return a.submoltCreated(ctx, s, c.self())
}

// submoltCreated is the answer to a new submolt.
func (a *API) submoltCreated(ctx context.Context, s, creator storage.Actor) (reply, error) {
	v := node.SubmoltView{Submolt: s, Creator: creator.Ref()}
	if s.State == storage.ActorPending {
		ch, err := a.verificationFor(ctx, s.ID)
		j := pendingSubmoltJSON{wholeSubmoltJSON: a.wholeSubmoltJSON(v), VerificationStatus: pending, Verification: ch}
		return reply{http.StatusCreated, pendingSubmoltAnswer{Message: "Submolt m/" + s.Name + " prepared!" + publishIt, Submolt: j, VerificationRequired: true, challengeAtRoot: ch.atRoot()}}, err
	}
	return created(createdSubmoltAnswer{Message: "Submolt m/" + s.Name + " created! You are its owner.", Submolt: a.wholeSubmoltJSON(v)})
}

func (a *API) submolt(ctx context.Context, c *call) (reply, error) {
	v, err := a.node.SubmoltView(ctx, c.name(), c.viewer())
	if err != nil {
		return reply{}, err
	}
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	ps, err := a.node.Posts(ctx, node.PostQuery{Window: w.Window, Sort: sortOfPosts(c.value("sort")), Time: c.period(), Submolt: c.name()})
	if err != nil {
		return reply{}, err
	}
	moderates := v.Role != ""
	return ok(submoltAnswer{
		Submolt: a.wholeSubmoltJSON(v), YourRole: orNull(v.Role), ModeratorActions: moderatorActions(v), Posts: a.postsJSON(ps.Posts),
		Context: submoltContextJSON{Subscribed: v.Subscribed, Permissions: permissionsJSON{
			CanPost: c.viewer() != "" && (!v.Submolt.Restricted || moderates), CanModerate: moderates,
		}},
	})
}

// Words for what became of a subscription.
const (
	subscribed        = "subscribed"
	alreadySubscribed = "already_subscribed"
	unsubscribed      = "unsubscribed"
	notSubscribed     = "not_subscribed"
)

func (a *API) subscribe(ctx context.Context, c *call) (reply, error) {
	action, s, err := a.node.Follow(ctx, c.author, c.name(), storage.KindSubmolt)
	if err != nil {
		return reply{}, err
	}
	switch name := "m/" + s.Address(); action {
	case node.Requested:
		return ok(followAnswer{Message: "Asked " + s.Host + " to subscribe you to " + name + "; its answer is awaited", Action: subscribed, Status: followPending})
	case node.Followed:
		return ok(followAnswer{Message: "Subscribed to " + name + "!", Action: subscribed, Status: followAccepted})
	default:
		return ok(followAnswer{Message: "Already subscribed to " + name, Action: alreadySubscribed, Status: already(action)})
	}
}

func (a *API) unsubscribe(ctx context.Context, c *call) (reply, error) {
	action, s, err := a.node.Unfollow(ctx, c.author, c.name(), storage.KindSubmolt)
	if err != nil {
		return reply{}, err
	}
	if action == node.NoChange {
		return ok(followAnswer{Message: "Not subscribed to m/" + s.Address(), Action: notSubscribed, Status: followNone})
	}
	return ok(followAnswer{Message: "Unsubscribed from m/" + s.Address(), Action: unsubscribed, Status: followNone})
}
