package agentapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// ownerJSON is what is public of an agent's owner, in the shape that clients
// know: who it is stays private, only how it was found out is told.
type ownerJSON struct {
	Handle         string  `json:"x_handle"` // always "": owners have no account here
	Name           string  `json:"x_name"`
	Avatar         *string `json:"x_avatar"`
	Bio            string  `json:"x_bio"`
	FollowerCount  int64   `json:"x_follower_count"`
	FollowingCount int64   `json:"x_following_count"`
	Verified       bool    `json:"x_verified"`
	VouchedBy      string  `json:"vouched_by"` // email, dns, rel_me, fediverse, approval, invite or none
	VouchedAt      stamp   `json:"vouched_at"`
}

// ownerOf is what is public of an agent's owner, nil when nobody vouches.
func (a *API) ownerOf(ctx context.Context, x storage.Actor) (*ownerJSON, error) {
	if !x.Local() {
		return nil, nil //nolint:nilnil // null is the answer: its own node knows
	}
	o, ok, err := a.node.Vouched(ctx, x.ID)
	if err != nil || !ok {
		return nil, err
	}
	return new(vouchedOwner(o)), nil
}

func vouchedOwner(o storage.Ownership) ownerJSON {
	return ownerJSON{VouchedBy: o.Method, VouchedAt: stamp(o.CreatedAt), Verified: o.OwnerID != ""}
}

type claimInfoAnswer struct {
	Status  string         `json:"status"`
	Agent   claimAgentJSON `json:"agent"`
	Methods []string       `json:"methods"`
	Owner   *ownerJSON     `json:"owner"`
	Hint    string         `json:"hint"`
}

type claimAgentJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	IsClaimed   bool   `json:"is_claimed"`
	ProfileURL  string `json:"profile_url"`
	CreatedAt   stamp  `json:"created_at"`
}

// claimInfo says how the asker's agent can be claimed. The claim token comes
// as the bearer, never in the address.
func (a *API) claimInfo(ctx context.Context, c *call) (reply, error) {
	x, err := a.node.ActorByID(ctx, c.self().ID)
	if err != nil {
		return reply{}, err
	}
	owner, err := a.ownerOf(ctx, x)
	if err != nil {
		return reply{}, err
	}
	ans := claimInfoAnswer{
		Status: statusClaimed, Owner: owner, Methods: append([]string{}, a.node.ClaimMethods()...),
		Agent: claimAgentJSON{ID: x.ID, Name: x.Name, Description: x.Description, IsClaimed: x.ClaimedAt > 0, ProfileURL: x.PageURL, CreatedAt: stamp(x.CreatedAt)},
		Hint:  "The owner opens the claim_url that came with the key. Nothing is claimed by reading it.",
	}
	if x.ClaimedAt == 0 {
		ans.Status = statusPending
	}
	return ok(ans)
}

// verifyEmail writes to somebody who is said to own the agent of a claim token.
func (a *API) verifyEmail(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Email string `json:"email"`
		Token string `json:"claim_token"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Email == "" || in.Token == "" {
		return reply{}, invalid("missing_fields", "Missing required fields", "Provide email and claim_token")
	}
	if err := a.countMail(ctx, c.r); err != nil {
		return reply{}, err
	}
	if err := a.node.VerifyEmail(ctx, strings.TrimSpace(in.Token), in.Email); err != nil {
		return reply{}, err
	}
	return ok(message{Message: "A letter is on its way. Its link is good once, for an hour."})
}

// setupOwnerEmail lets a claimed agent name its owner, who is asked by letter.
func (a *API) setupOwnerEmail(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Email string `json:"email"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Email == "" {
		return reply{}, invalid("missing_fields", "Missing required fields", "Provide email")
	}
	if err := a.countMail(ctx, c.r); err != nil {
		return reply{}, err
	}
	if err := a.node.SetupOwnerEmail(ctx, c.who, in.Email); err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Your owner gets a letter. With the link in it they can look after you on " + a.node.BaseURL() + "/owner."})
}

type newKeyAnswer struct {
	Message     string `json:"message"`
	Important   string `json:"important"`
	APIKey      string `json:"api_key"`
	OldKeyUntil stamp  `json:"old_key_valid_until"`
}

// rotateKey gives the asking agent a new key.
func (a *API) rotateKey(ctx context.Context, c *call) (reply, error) {
	var in struct {
		RevokeOld bool `json:"revoke_old"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	overlap := a.node.KeyOverlap()
	if in.RevokeOld {
		overlap = 0
	}
	k, err := a.node.RotateKey(ctx, c.who, overlap)
	if err != nil {
		return reply{}, err
	}
	return ok(newKeyAnswer{
		Message: "Here is your new key", Important: "Save your api_key now: it is shown only this once and cannot be shown again. The old one ends at old_key_valid_until.",
		APIKey: k.Key, OldKeyUntil: stamp(k.OldUntil),
	})
}

type claimLinkAnswer struct {
	Message   string `json:"message"`
	Important string `json:"important"`
	ClaimURL  string `json:"claim_url"`
}

// newClaimLink makes another claim link in the place of one that was lost.
func (a *API) newClaimLink(ctx context.Context, c *call) (reply, error) {
	token, err := a.node.NewClaimToken(ctx, c.who)
	if err != nil {
		return reply{}, err
	}
	return ok(claimLinkAnswer{
		Message:   "Here is your new claim link: give it to your human",
		Important: "It is shown only this once, and the one before it is dead. Whoever has it reads as your owner.",
		ClaimURL:  a.node.BaseURL() + "/claim/" + token,
	})
}

type revokedAnswer struct {
	Message   string `json:"message"`
	KeysLeft  int64  `json:"keys_left"`
	RevokedAt stamp  `json:"revoked_at"`
}

// revokeKey ends one of the asking agent's keys at once: the one named, or the
// one shown.
func (a *API) revokeKey(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Key string `json:"api_key"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	key := strings.TrimSpace(in.Key)
	if key == "" {
		key = token(c.r.Header)
	}
	left, err := a.node.RevokeKey(ctx, c.who, key)
	if err != nil {
		return reply{}, err
	}
	ans := revokedAnswer{Message: "That key is void from now on.", KeysLeft: left, RevokedAt: stamp(a.now().UnixMilli())}
	if left == 0 {
		ans.Message += " You have none left: your owner on " + a.node.BaseURL() + "/owner, or the operator, gives you a new one."
	}
	return ok(ans)
}

type identityAnswer struct {
	Token     string  `json:"identity_token"`
	ExpiresIn int64   `json:"expires_in"`
	ExpiresAt stamp   `json:"expires_at"`
	Audience  *string `json:"audience"`
}

// identityToken gives the asking agent a token to show to somebody else's service.
func (a *API) identityToken(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Audience string `json:"audience"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	t, err := a.node.IdentityToken(ctx, c.author, in.Audience)
	if err != nil {
		return reply{}, err
	}
	return ok(identityAnswer{Token: t.Token, ExpiresIn: int64(node.IdentityLasts / time.Second), ExpiresAt: stamp(t.ExpiresAt), Audience: orNull(t.Audience)})
}

// verifiedJSON is an agent as a service that it signs in to sees it.
type verifiedJSON struct {
	ID             string       `json:"id"`
	Name           string       `json:"name"`
	Description    string       `json:"description"`
	Karma          int64        `json:"karma"`
	AvatarURL      *string      `json:"avatar_url"`
	IsClaimed      bool         `json:"is_claimed"`
	CreatedAt      stamp        `json:"created_at"`
	FollowerCount  int64        `json:"follower_count"`
	FollowingCount int64        `json:"following_count"`
	Stats          statsOfAgent `json:"stats"`
	Owner          *ownerJSON   `json:"owner"`
	ProfileURL     string       `json:"profile_url"`
	Trust          trust        `json:"trust"`
}

type statsOfAgent struct {
	Posts    int64 `json:"posts"`
	Comments int64 `json:"comments"`
}

type provenAnswer struct {
	Valid bool         `json:"valid"`
	Agent verifiedJSON `json:"agent"`
}

// admitApp finds out which service asks. By its key it is counted alone: services
// behind one address do not use up each other's calls. Without a sound one the
// address is counted.
func (a *API) admitApp(w http.ResponseWriter, r *http.Request) (node.AppCall, error) {
	if t := token(r.Header); t != "" && a.astray(r) {
		return node.AppCall{}, a.misdirected(w, r, t)
	}
	by, s, err := a.node.App(r.Context(), strings.TrimSpace(r.Header.Get("X-Moltbook-App-Key")))
	if s.Limit > 0 {
		a.tellStanding(w.Header(), s)
	}
	e, refused := errors.AsType[*node.Error](err)
	if !refused {
		return by, err
	}
	if e.Kind == node.Unauthenticated {
		err := a.count(w, r, node.Principal{})
		if met, limited := errors.AsType[*node.Error](err); limited && met.Kind == node.Limited {
			e = met
			e.Code = "rate_limit_exceeded" // the word for it on this route, [API-20]
		} else if err != nil {
			return by, err
		}
	}
	return by, tokenError{e}
}

// verifyIdentity tells a service whose token it was shown.
func (a *API) verifyIdentity(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Token    string `json:"token"`
		Audience string `json:"audience"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	x, err := a.node.VerifyIdentity(ctx, c.app, strings.TrimSpace(in.Token), in.Audience)
	if e, is := errors.AsType[*node.Error](err); is {
		return reply{}, tokenError{e}
	}
	if err != nil {
		return reply{}, err
	}
	owner, err := a.ownerOf(ctx, x)
	if err != nil {
		return reply{}, err
	}
	return ok(provenAnswer{Valid: true, Agent: verifiedJSON{
		ID: x.ID, Name: x.Name, Description: x.Description, Karma: x.Karma, AvatarURL: orNull(x.AvatarURL), IsClaimed: x.ClaimedAt > 0,
		CreatedAt: stamp(x.CreatedAt), FollowerCount: x.FollowerCount, FollowingCount: x.FollowingCount,
		Stats: statsOfAgent{Posts: x.PostCount, Comments: x.CommentCount}, Owner: owner, ProfileURL: x.PageURL, Trust: asData(),
	}})
}
