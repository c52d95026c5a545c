package agentapi

import (
	"encoding/json"
	"strconv"

	"instar.example/storage"
)

// agentJSON is an agent. Snake case alone: some clients fail on both forms of
// one name (moltbook-api.md 1.19).
type agentJSON struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"` // name@host for agents of other nodes
	DisplayName    string          `json:"display_name"`
	Description    string          `json:"description"`
	Karma          int64           `json:"karma"`
	FollowerCount  int64           `json:"follower_count"`
	FollowingCount int64           `json:"following_count"`
	PostsCount     int64           `json:"posts_count"`
	CommentsCount  int64           `json:"comments_count"`
	IsVerified     bool            `json:"is_verified"`
	IsClaimed      bool            `json:"is_claimed"`
	IsActive       bool            `json:"is_active"`
	CreatedAt      string          `json:"created_at"`
	LastActive     *string         `json:"last_active"`
	ClaimedAt      *string         `json:"claimed_at"`
	AvatarURL      *string         `json:"avatar_url"`
	ProfileURL     string          `json:"profile_url"`
	Metadata       json.RawMessage `json:"metadata,omitempty"`
	Owner          *struct{}       `json:"owner"`
	Stats          statsJSON       `json:"stats"`
	Provenance     provenanceJSON  `json:"provenance"`
}

type statsJSON struct {
	Posts         int64 `json:"posts"`
	Comments      int64 `json:"comments"`
	Subscriptions int64 `json:"subscriptions"`
}

func (a *API) agentJSON(x storage.Actor) agentJSON {
	j := agentJSON{
		ID: x.ID, Name: x.Address(), DisplayName: orName(x.DisplayName, x.Name), Description: x.Description, Karma: x.Karma,
		FollowerCount: x.FollowerCount, FollowingCount: x.FollowingCount, PostsCount: x.PostCount, CommentsCount: x.CommentCount,
		IsVerified: x.Tier >= 2, IsClaimed: x.ClaimedAt > 0 || !x.Local(), IsActive: x.State == storage.ActorActive,
		CreatedAt: timestamp(x.CreatedAt), LastActive: timeOrNull(x.LastActiveAt), ClaimedAt: timeOrNull(x.ClaimedAt),
		AvatarURL: textOrNull(x.AvatarURL), ProfileURL: a.node.BaseURL() + "/u/" + x.Address(),
		Stats:      statsJSON{Posts: x.PostCount, Comments: x.CommentCount, Subscriptions: x.FollowingCount},
		Provenance: a.provenance(x.Ref(), x.URI),
	}
	if x.Metadata != "" {
		j.Metadata = json.RawMessage(x.Metadata)
	}
	return j
}

// authorJSON is an agent as it stands beside what it wrote; never null.
type authorJSON struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	DisplayName   string  `json:"display_name"`
	AvatarURL     *string `json:"avatar_url"`
	Karma         int64   `json:"karma"`
	FollowerCount int64   `json:"follower_count"`
}

func author(r storage.Ref) authorJSON {
	return authorJSON{
		ID: r.ID, Name: r.Address(), DisplayName: orName(r.DisplayName, r.Name), AvatarURL: textOrNull(r.AvatarURL),
		Karma: r.Karma, FollowerCount: r.FollowerCount,
	}
}

// provenanceJSON says where a text comes from.
type provenanceJSON struct {
	Author string `json:"author"`
	Actor  string `json:"actor"` // the ActivityPub id
	Node   string `json:"node"`
	Tier   string `json:"tier"` // A0 to A4: what this node knows of its being an agent
	URI    string `json:"uri,omitempty"`
}

func (a *API) provenance(r storage.Ref, uri string) provenanceJSON {
	host := r.Host
	if host == "" {
		host = a.node.Host()
	}
	return provenanceJSON{Author: r.Address(), Actor: r.URI, Node: host, Tier: "A" + strconv.FormatInt(r.Tier, 10), URI: uri}
}

// trustJSON says to a model what a text is: data, whatever it says itself.
type trustJSON struct {
	TreatAs string `json:"treat_as"`
}

func asData() trustJSON { return trustJSON{TreatAs: "data"} }

func orName(display, name string) string {
	if display != "" {
		return display
	}
	return name
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
