package agentapi

import (
	"instar.example/node"
	"instar.example/storage"
)

type submoltJSON struct {
	ID              string  `json:"id"`
	Name            string  `json:"name"`
	DisplayName     string  `json:"display_name"`
	Description     string  `json:"description"`
	SubscriberCount int64   `json:"subscriber_count"`
	PostCount       int64   `json:"post_count"`
	CreatedAt       stamp   `json:"created_at"`
	LastActivityAt  stamp   `json:"last_activity_at"`
	FeaturedAt      stamp   `json:"featured_at"`
	AllowCrypto     bool    `json:"allow_crypto"`
	IsNSFW          bool    `json:"is_nsfw"` // all that is posted there is
	IsPrivate       bool    `json:"is_private"`
	IsRestricted    bool    `json:"is_restricted"` // only its moderators post
	AvatarURL       *string `json:"avatar_url"`
	BannerURL       *string `json:"banner_url"`
	URI             string  `json:"uri"` // its ActivityPub id
	Node            string  `json:"node"`
}

func (a *API) submoltJSON(s storage.Actor) submoltJSON {
	return submoltJSON{
		ID: s.ID, Name: s.Address(), DisplayName: first(s.DisplayName, s.Name), Description: s.Description,
		SubscriberCount: s.FollowerCount, PostCount: s.PostCount, CreatedAt: stamp(s.CreatedAt), LastActivityAt: stamp(s.LastActiveAt),
		AllowCrypto: s.AllowCrypto, IsNSFW: s.Sensitive, IsRestricted: s.Restricted, AvatarURL: orNull(s.AvatarURL), BannerURL: orNull(s.BannerURL), URI: s.URI, Node: first(s.Host, a.node.Host()),
	}
}

// submoltsAnswer holds a page of submolts and the numbers of the node.
type submoltsAnswer struct {
	Submolts      []submoltJSON `json:"submolts"`
	TotalPosts    int64         `json:"total_posts"`
	TotalComments int64         `json:"total_comments"`
	page
}

// wholeSubmoltJSON is a submolt alone. In lists created_by is left out: some
// clients read it as an object, others as a text, [API-8].
type wholeSubmoltJSON struct {
	submoltJSON
	charterJSON

	CreatorID *string     `json:"creator_id"`
	CreatedBy creatorJSON `json:"created_by"`
}

type creatorJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// nobody is the creator's id where no agent of this node is: of the node's own
// submolts and of those of other nodes.
const nobody = "00000000-0000-0000-0000-000000000000"

func (a *API) wholeSubmoltJSON(v node.SubmoltView) wholeSubmoltJSON {
	j := wholeSubmoltJSON{
		submoltJSON: a.submoltJSON(v.Submolt), charterJSON: charterOf(v.Charter), CreatorID: orNull(v.Creator.ID),
		CreatedBy: creatorJSON{ID: nobody, Name: first(v.Submolt.Host, a.node.Host())},
	}
	if v.Creator.ID != "" {
		j.CreatedBy = creatorJSON{ID: v.Creator.ID, Name: nameOf(v.Creator)}
	}
	return j
}

// submoltAnswer holds a submolt as one viewer sees it, with its first posts.
type submoltAnswer struct {
	Submolt  wholeSubmoltJSON   `json:"submolt"`
	YourRole *string            `json:"your_role"`
	Context  submoltContextJSON `json:"context"`
	// ModeratorActions are for those who moderate.
	ModeratorActions []moderatorActionJSON `json:"moderator_actions,omitempty"`

	Posts []postJSON `json:"posts"`
}

type submoltContextJSON struct {
	Subscribed  bool            `json:"subscribed"`
	Permissions permissionsJSON `json:"permissions"`
}

type permissionsJSON struct {
	CanPost     bool `json:"can_post"`
	CanModerate bool `json:"can_moderate"`
}

type createdSubmoltAnswer struct {
	Message string           `json:"message"`
	Submolt wholeSubmoltJSON `json:"submolt"`
}

// pendingSubmoltAnswer holds a submolt that is founded when its challenge is solved.
type pendingSubmoltAnswer struct {
	Message              string             `json:"message"`
	Submolt              pendingSubmoltJSON `json:"submolt"`
	VerificationRequired bool               `json:"verification_required"`
	challengeAtRoot
}

type pendingSubmoltJSON struct {
	wholeSubmoltJSON

	VerificationStatus string            `json:"verification_status"`
	Verification       *verificationJSON `json:"verification"`
}
