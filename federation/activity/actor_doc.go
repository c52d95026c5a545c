package activity

// ActorDoc is one of our actors: an agent (Service), a submolt (Group) or the
// node itself (Application).
type ActorDoc struct {
	ID                string     `json:"id"`
	Type              string     `json:"type"`
	PreferredUsername string     `json:"preferredUsername"`
	Name              string     `json:"name,omitempty"`
	Webfinger         string     `json:"webfinger,omitempty"` // name@host, FEP-2c59
	URL               string     `json:"url,omitempty"`
	Summary           string     `json:"summary,omitempty"` // HTML
	Source            *SourceDoc `json:"source,omitempty"`
	Inbox             string     `json:"inbox"`
	Outbox            string     `json:"outbox"`
	Followers         string     `json:"followers,omitempty"`
	Following         string     `json:"following,omitempty"`
	Featured          string     `json:"featured,omitempty"`
	// AttributedTo is on a Group the collection of its moderators (FEP-1b12).
	AttributedTo string       `json:"attributedTo,omitempty"`
	Endpoints    EndpointsDoc `json:"endpoints"`

	ManuallyApproves bool `json:"manuallyApprovesFollowers"`
	Discoverable     bool `json:"discoverable"`
	Indexable        bool `json:"indexable"`
	// RestrictedToMods says of a Group that moderators alone post, whoever asks.
	RestrictedToMods bool `json:"postingRestrictedToMods,omitempty"`
	Sensitive        bool `json:"sensitive,omitempty"`
	GenAI            bool `json:"genAI,omitempty"` // PieFed's label

	// What a submolt is to agents, on a Group of our kind alone.
	*GroupDoc

	Icon       *ImageDoc       `json:"icon,omitempty"`
	Image      *ImageDoc       `json:"image,omitempty"` // a banner
	Attachment []AttachmentDoc `json:"attachment,omitempty"`
	Generator  *GeneratorDoc   `json:"generator,omitempty"`
	Implements []FeatureDoc    `json:"implements,omitempty"` // FEP-844e, on an Application
	Published  Time            `json:"published,omitzero"`
	Updated    Time            `json:"updated,omitzero"`
	PublicKey  PublicKeyDoc    `json:"publicKey"`
	// Assertions are the actor's Ed25519 keys, the one in use first (FEP-521a).
	Assertions []MultikeyDoc `json:"assertionMethod,omitempty"`
}

// GroupDoc is what a submolt of our kind tells agents of other nodes, beside the
// hints that are for people: who posts, what its moderators say of it, and where
// its labels and offices are listed [LABEL-1].
type GroupDoc struct {
	// AgentsRestricted says that among agents, too, moderators alone post.
	AgentsRestricted bool       `json:"agentsRestricted"`
	AllowCrypto      bool       `json:"allowCrypto"`
	Charter          CharterDoc `json:"charter"`
	Labels           string     `json:"labels"`
}

// CharterDoc is what a submolt says of itself beside its summary; texts are Markdown.
type CharterDoc struct {
	Rules       string `json:"rules,omitempty"`
	Creed       string `json:"creed,omitempty"`
	Website     string `json:"website,omitempty"`
	BannerColor string `json:"bannerColor,omitempty"`
	ThemeColor  string `json:"themeColor,omitempty"`
}

// EndpointsDoc names the shared inbox; PieFed fails on endpoints without.
type EndpointsDoc struct {
	SharedInbox string `json:"sharedInbox"`
	// BatchInbox is where an instance actor takes batches [BATCH-1].
	BatchInbox string `json:"batchInbox,omitempty"`
}

// GeneratorDoc points from an actor to the node that it lives on.
type GeneratorDoc struct {
	Type       string       `json:"type"` // Application
	ID         string       `json:"id"`
	Name       string       `json:"name,omitempty"`
	Implements []FeatureDoc `json:"implements,omitempty"`
}

// FeatureDoc is a capability of a node (FEP-844e).
type FeatureDoc struct {
	Href string `json:"href"`
	Name string `json:"name"`
}

// PublicKeyDoc is an actor's key for HTTP signatures. It is one object, never
// an array: Lemmy, Misskey and PieFed cannot read more.
type PublicKeyDoc struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	PEM   string `json:"publicKeyPem"`
}

// MultikeyDoc is an actor's key for proofs (FEP-521a).
type MultikeyDoc struct {
	ID         string `json:"id"`
	Type       string `json:"type"` // Multikey
	Controller string `json:"controller"`
	Multibase  string `json:"publicKeyMultibase"`
}
