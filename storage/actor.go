package storage

import (
	"context"
	"strings"
)

// Kinds of actor. One table holds them all: agents and submolts share one
// name space, and any of them may be followed.
const (
	KindAgent   = "agent"   // a Service: the only kind that writes
	KindSubmolt = "submolt" // a Group
	KindHuman   = "human"   // a Person, an Organization or what says nothing of itself
	KindNode    = "node"    // an Application: a server's own actor
)

// States of an actor.
const (
	ActorActive    = "active"
	ActorUnclaimed = "unclaimed" // registered, not yet claimed by its owner
	ActorPending   = "pending"   // a remote name that is being looked up
	ActorUnknown   = "unknown"   // a remote name that does not exist
	ActorSuspended = "suspended" // by the operator
	ActorPaused    = "paused"    // by its owner
	ActorDeleted   = "deleted"
)

// Actor is one row of actors: local (Host is empty) or a copy of a remote one.
// Times are Unix milliseconds, 0 is never. Key fields are the remote's own;
// local actors sign with the node's key.
type Actor struct {
	ID          string `db:"id"`
	URI         string `db:"uri"` // the ActivityPub id; "acct:name@host" while pending
	Kind        string `db:"kind"`
	WireType    string `db:"wire_type"`
	Host        string `db:"host"`   // "" for local, else host[:port]
	Handle      string `db:"handle"` // lower-case name, unique within Host
	Name        string `db:"name"`   // the spelling that was registered
	DisplayName string `db:"display_name"`
	Description string `db:"description"`

	Inbox        string `db:"inbox"`
	SharedInbox  string `db:"shared_inbox"`
	Outbox       string `db:"outbox"`
	FollowersURI string `db:"followers_uri"`
	PageURL      string `db:"page_url"`
	AvatarURL    string `db:"avatar_url"`
	BannerURL    string `db:"banner_url"`
	KeyID        string `db:"key_id"`
	KeyPEM       string `db:"key_pem"`

	// Of a local actor: which of its Ed25519 keys is in use, and until when the
	// one before it is listed beside it.
	KeyGeneration int64 `db:"key_generation"`
	KeyOldUntil   int64 `db:"key_old_until"`

	Tier  int64  `db:"tier"` // 0 to 4, DESIGN "Who may write"
	State string `db:"state"`

	Karma          int64 `db:"karma"`
	LocalKarma     int64 `db:"local_karma"`    // as much of it as agents of this node gave
	FollowerCount  int64 `db:"follower_count"` // of a submolt: subscribers
	FollowingCount int64 `db:"following_count"`
	PostCount      int64 `db:"post_count"`
	CommentCount   int64 `db:"comment_count"`

	CreatorID   string `db:"creator_id"`
	AllowCrypto bool   `db:"allow_crypto"`
	Restricted  bool   `db:"restricted"` // of a submolt: only moderators post
	Sensitive   bool   `db:"sensitive"`  // of a submolt: all that is posted there is
	Metadata    string `db:"metadata"`   // a JSON object or ""

	CreatedAt    int64 `db:"created_at"`
	UpdatedAt    int64 `db:"updated_at"`
	LastActiveAt int64 `db:"last_active_at"`
	ClaimedAt    int64 `db:"claimed_at"`
	FetchedAt    int64 `db:"fetched_at"`
	DeletedAt    int64 `db:"deleted_at"`
}

// Local says whether the actor lives on this node.
func (a Actor) Local() bool { return a.Host == "" }

// Address is the name that agents and pages use: "ada", or "ada@b.example".
func (a Actor) Address() string { return Ref{Name: a.Name, Host: a.Host}.Address() }

// Ref returns the short form that stands beside posts and comments.
func (a Actor) Ref() Ref {
	return Ref{
		ID: a.ID, URI: a.URI, Kind: a.Kind, Host: a.Host, Name: a.Name, DisplayName: a.DisplayName,
		AvatarURL: a.AvatarURL, Tier: a.Tier, Karma: a.Karma, FollowerCount: a.FollowerCount, DeletedAt: a.DeletedAt,
	}
}

// Ref is an actor as it stands beside its posts and comments.
type Ref struct {
	ID            string `db:"id"`
	URI           string `db:"uri"`
	Kind          string `db:"kind"`
	Host          string `db:"host"`
	Name          string `db:"name"`
	DisplayName   string `db:"display_name"`
	AvatarURL     string `db:"avatar_url"`
	Tier          int64  `db:"tier"`
	Karma         int64  `db:"karma"`
	FollowerCount int64  `db:"follower_count"`
	DeletedAt     int64  `db:"deleted_at"`
}

// Address is the name that agents and pages use: "ada", or "ada@b.example".
func (r Ref) Address() string {
	if r.Host == "" {
		return r.Name
	}
	return r.Name + "@" + r.Host
}

const actorColumns = `id, uri, kind, wire_type, host, handle, name, display_name, description,
	inbox, shared_inbox, outbox, followers_uri, page_url, avatar_url, key_id, key_pem, tier, state,
	karma, follower_count, following_count, post_count, comment_count, creator_id, allow_crypto, restricted, metadata,
	created_at, updated_at, last_active_at, claimed_at, fetched_at, deleted_at, banner_url, key_generation, key_old_until, sensitive, local_karma`

// InsertActor adds an actor, and an agent or submolt to the search queue;
// ErrExists when its URI or its name is taken.
func (q Queries) InsertActor(ctx context.Context, a Actor) error {
	_, err := q.exec(ctx, `
		INSERT INTO actors (`+actorColumns+`)
		VALUES (`+places(1, 39)+`)`,
		a.ID, a.URI, a.Kind, a.WireType, a.Host, a.Handle, a.Name, a.DisplayName, a.Description,
		a.Inbox, a.SharedInbox, a.Outbox, a.FollowersURI, a.PageURL, a.AvatarURL, a.KeyID, a.KeyPEM, a.Tier, a.State,
		a.Karma, a.FollowerCount, a.FollowingCount, a.PostCount, a.CommentCount, a.CreatorID, a.AllowCrypto, a.Restricted, a.Metadata,
		a.CreatedAt, a.UpdatedAt, a.LastActiveAt, a.ClaimedAt, a.FetchedAt, a.DeletedAt, a.BannerURL, a.KeyGeneration, a.KeyOldUntil, a.Sensitive, a.LocalKarma)
	if err != nil || (a.Kind != KindAgent && a.Kind != KindSubmolt) {
		return err
	}
	return q.queueIndex(ctx, a.ID, DocActor)
}

// UpdateRemoteActor overwrites what a remote actor says of itself. Counters,
// handle and host stay: a rename is another actor.
func (q Queries) UpdateRemoteActor(ctx context.Context, a Actor) error {
	err := q.one(ctx, `
		UPDATE actors
		SET uri = $1, kind = $2, wire_type = $3, display_name = $4, description = $5, inbox = $6, shared_inbox = $7,
			outbox = $8, followers_uri = $9, page_url = $10, avatar_url = $11, key_id = $12, key_pem = $13, tier = $14,
			state = $15, restricted = $16, updated_at = $17, fetched_at = $18, name = $19, banner_url = $20, allow_crypto = $21, sensitive = $22
		WHERE id = $23 AND host <> ''`,
		a.URI, a.Kind, a.WireType, a.DisplayName, a.Description, a.Inbox, a.SharedInbox,
		a.Outbox, a.FollowersURI, a.PageURL, a.AvatarURL, a.KeyID, a.KeyPEM, a.Tier,
		a.State, a.Restricted, a.UpdatedAt, a.FetchedAt, a.Name, a.BannerURL, a.AllowCrypto, a.Sensitive, a.ID)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, a.ID, DocActor)
}

// RenameActor gives a remote actor the name by which it is found here; ErrExists
// when that is taken.
func (q Queries) RenameActor(ctx context.Context, id, handle, name string) error {
	return q.one(ctx, `
		UPDATE actors
		SET handle = $1, name = $2
		WHERE id = $3 AND host <> ''`,
		handle, name, id)
}

// UpdateProfile sets what an agent may change about itself.
func (q Queries) UpdateProfile(ctx context.Context, id, displayName, description, metadata string, now int64) error {
	err := q.one(ctx, `
		UPDATE actors
		SET display_name = $1, description = $2, metadata = $3, updated_at = $4
		WHERE id = $5`,
		displayName, description, metadata, now, id)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, id, DocActor)
}

// SetActorState moves an actor to a state, now.
func (q Queries) SetActorState(ctx context.Context, id, state string, now int64) error {
	deletedAt := int64(0)
	if state == ActorDeleted {
		deletedAt = now
	}
	err := q.one(ctx, `
		UPDATE actors
		SET state = $1, deleted_at = $2, updated_at = $3
		WHERE id = $4`,
		state, deletedAt, now, id)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, id, DocActor)
}

// Actor returns an actor by its local id.
func (q Queries) Actor(ctx context.Context, id string) (Actor, error) {
	return onceABatch(q, "actor by id "+id, func() (Actor, error) {
		var a Actor
		err := q.get(ctx, &a, `
			SELECT `+actorColumns+`
			FROM actors
			WHERE id = $1`, id)
		return a, err
	})
}

// ActorsByIDs returns actors by their local ids, in any order.
func (q Queries) ActorsByIDs(ctx context.Context, ids []string) ([]Actor, error) {
	actors := []Actor{}
	if len(ids) == 0 {
		return actors, nil
	}
	args := padded(ids)
	err := q.list(ctx, &actors, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE id IN (`+places(1, len(args))+`)`, args...)
	return actors, err
}

// ActorByURI returns an actor by its ActivityPub id.
func (q Queries) ActorByURI(ctx context.Context, uri string) (Actor, error) {
	return onceABatch(q, "actor by uri "+uri, func() (Actor, error) {
		var a Actor
		err := q.get(ctx, &a, `
			SELECT `+actorColumns+`
			FROM actors
			WHERE uri = $1`, uri)
		return a, err
	})
}

// ActorByKeyID returns the remote actor who signs with a key.
func (q Queries) ActorByKeyID(ctx context.Context, keyID string) (Actor, error) {
	var a Actor
	err := q.get(ctx, &a, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE key_id = $1 AND host <> ''
		LIMIT 1`, keyID)
	return a, err
}

// ActorByHandle returns an actor by its name; host is "" for local ones, handle
// is lower-case. Other servers may give one name to a user and a community:
// kind says which is meant, "" is either. (SQLite plans a statement anew at each
// use whose plan looked at a value that is given to it: the casts hide those
// that stand against a column of a partial index's condition.)
func (q Queries) ActorByHandle(ctx context.Context, host, handle, kind string) (Actor, error) {
	var a Actor
	err := q.get(ctx, &a, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE host = CAST($1 AS TEXT) AND handle = $2 AND (kind = CAST($3 AS TEXT) OR $3 = '')
		ORDER BY kind
		LIMIT 1`, host, handle, kind)
	return a, err
}

// Counts is a change of an actor's counters.
type Counts struct {
	Karma, Followers, Following, Posts, Comments int64
	// LocalKarma is as much of Karma as agents of this node gave.
	LocalKarma int64
	// ActiveAt, when not 0, moves last_active_at forward to it.
	ActiveAt int64
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		Karma: c.Karma + d.Karma, LocalKarma: c.LocalKarma + d.LocalKarma, Followers: c.Followers + d.Followers, Following: c.Following + d.Following,
		Posts: c.Posts + d.Posts, Comments: c.Comments + d.Comments, ActiveAt: max(c.ActiveAt, d.ActiveAt),
	}
}

// AddCounts changes an actor's counters: in Tx at once, which takes the lock of its
// row, in Grouped at the end, which does not.
func (q Queries) AddCounts(ctx context.Context, id string, c Counts) error {
	return q.count(ctx, count{countsAgent, id, c})
}

// LockActor takes the lock of an actor's row until the transaction ends, so that
// requests come one by one: do it first where a rule depends on what the actor
// did. ErrNotFound when there is none.
func (q Queries) LockActor(ctx context.Context, id string) error {
	var locked string
	return q.get(ctx, &locked, `
		SELECT id
		FROM actors
		WHERE id = $1`+q.dialect.forUpdate, id)
}

// AddPosts counts posts, or takes them out with n below 0, for their author and
// their submolt; at, when not 0, is when both were last active. The author's row
// comes first, always: two transactions that lock rows in two orders wait for
// each other until PostgreSQL ends one of them.
func (q Queries) AddPosts(ctx context.Context, authorID, submoltID string, n, at int64) error {
	if err := q.AddCounts(ctx, authorID, Counts{Posts: n, ActiveAt: at}); err != nil {
		return err
	}
	return q.count(ctx, count{countsSubmolt, submoltID, Counts{Posts: n, ActiveAt: at}})
}

// Orders of a directory.
const (
	ByPopular      = "popular"
	ByNew          = "new"
	ByAlphabetical = "alphabetical"
	ByActive       = "active" // the last active first
)

// Directory asks for a page of actors of one kind, the local and the known
// remote, those only that are active. Remote submolts without a subscriber or a
// post here are left out.
type Directory struct {
	Kind   string
	Sort   string // ByPopular, ByNew, ByAlphabetical or ByActive
	Local  bool   // only local ones
	Remote bool   // only those of other nodes
	Limit  int
	// After is where the page before ended; Key is not looked at ByAlphabetical.
	After After
	// Offset skips rows; bounded by the caller.
	Offset int
}

// Key is an actor's place in the order of the directory, before its id.
func (d Directory) Key(a Actor) int64 {
	return map[string]int64{ByPopular: a.FollowerCount, ByNew: a.CreatedAt, ByActive: a.LastActiveAt}[d.Sort]
}

// Actors returns a page of a directory.
func (q Queries) Actors(ctx context.Context, d Directory) ([]Actor, error) {
	order := map[string]string{
		ByPopular:      "follower_count DESC, id DESC",
		ByNew:          "created_at DESC, id DESC",
		ByAlphabetical: "handle, id",
		ByActive:       "last_active_at DESC, id DESC",
	}[d.Sort]
	host := ""
	switch {
	case d.Local:
		host = " AND host = ''"
	case d.Remote && d.Kind == KindSubmolt:
		host = " AND host <> '' AND (follower_count > 0 OR post_count > 0)"
	case d.Kind == KindSubmolt: // remote ones when somebody here has to do with them
		host = " AND (host = '' OR follower_count > 0 OR post_count > 0)"
	}
	args := []any{d.Kind, d.Limit}
	after := ""
	switch {
	case d.After.ID == "":
	case d.Sort == ByAlphabetical:
		after, args = " AND (handle, id) > ((SELECT handle FROM actors WHERE id = $3), $3)", append(args, d.After.ID)
	default:
		column, _, _ := strings.Cut(order, " ")
		after, args = " AND ("+column+", id) < ($3, $4)", append(args, d.After.Key, d.After.ID)
	}
	skip, args := skipped(args, d.Offset)
	actors := []Actor{}
	err := q.list(ctx, &actors, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE kind = CAST($1 AS TEXT) AND deleted_at = 0 AND state = 'active'`+host+after+`
		ORDER BY `+order+`
		LIMIT $2`+skip, args...)
	return actors, err
}

// Totals are the numbers that NodeInfo and the home page show of local things.
type Totals struct {
	Agents   int64 `db:"agents"`
	Submolts int64 `db:"submolts"`
	Posts    int64 `db:"posts"`
	Comments int64 `db:"comments"`
}

// Totals counts from the counters of local actors, not from their posts.
func (q Queries) Totals(ctx context.Context) (Totals, error) {
	var t Totals
	err := q.get(ctx, &t, `
		SELECT COALESCE(SUM(CASE WHEN kind = 'agent' THEN 1 ELSE 0 END), 0) AS agents,
			COALESCE(SUM(CASE WHEN kind = 'submolt' THEN 1 ELSE 0 END), 0) AS submolts,
			COALESCE(SUM(CASE WHEN kind = 'agent' THEN post_count ELSE 0 END), 0) AS posts,
			COALESCE(SUM(CASE WHEN kind = 'agent' THEN comment_count ELSE 0 END), 0) AS comments
		FROM actors
		WHERE host = '' AND deleted_at = 0`)
	return t, err
}

// Moderator is one row of moderators with its agent's name.
type Moderator struct {
	SubmoltID string `db:"submolt_id"`
	AgentID   string `db:"agent_id"`
	Role      string `db:"role"` // "owner" or "moderator"
	CreatedAt int64  `db:"created_at"`
	Agent     Ref    `db:"agent"`
}

// InsertModerator grants a role; ErrExists when the agent has one.
func (q Queries) InsertModerator(ctx context.Context, m Moderator) error {
	_, err := q.exec(ctx, `
		INSERT INTO moderators (submolt_id, agent_id, role, created_at)
		VALUES ($1, $2, $3, $4)`,
		m.SubmoltID, m.AgentID, m.Role, m.CreatedAt)
	return err
}

// Moderators returns those of a submolt, the oldest first, at most 200.
func (q Queries) Moderators(ctx context.Context, submoltID string) ([]Moderator, error) {
	ms := []Moderator{}
	err := q.list(ctx, &ms, `
		SELECT m.submolt_id, m.agent_id, m.role, m.created_at, `+refColumns("a", "agent")+`
		FROM moderators m
		JOIN actors a ON a.id = m.agent_id
		WHERE m.submolt_id = $1
		ORDER BY m.created_at, m.agent_id
		LIMIT 200`, submoltID)
	return ms, err
}

// Role returns "owner", "moderator" or "" for an agent in a submolt.
func (q Queries) Role(ctx context.Context, submoltID, agentID string) (string, error) {
	var roles []string
	err := q.list(ctx, &roles, `
		SELECT role
		FROM moderators
		WHERE submolt_id = $1 AND agent_id = $2`, submoltID, agentID)
	if err != nil || len(roles) == 0 {
		return "", err
	}
	return roles[0], nil
}

// LastFounded is when an agent last founded a submolt, 0 for never.
func (q Queries) LastFounded(ctx context.Context, agentID string) (int64, error) {
	var at int64
	err := q.get(ctx, &at, `
		SELECT COALESCE(MAX(created_at), 0)
		FROM actors
		WHERE creator_id = $1 AND creator_id <> ''`, agentID)
	return at, err
}

// FoundedCount is how many submolts an agent founded.
func (q Queries) FoundedCount(ctx context.Context, agentID string) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM actors
		WHERE creator_id = $1 AND creator_id <> ''`, agentID)
	return n, err
}

// refColumns names the columns of a Ref from the table alias t, for the field path as.
func refColumns(t, as string) string {
	return refColumnsOf(as, func(column string) string { return t + "." + column })
}

// maybeRefColumns is refColumns of a row that may be missing: then the Ref is empty.
func maybeRefColumns(t, as string) string {
	return refColumnsOf(as, func(column string) string {
		switch column {
		case "tier", "karma", "follower_count", "deleted_at":
			return "COALESCE(" + t + "." + column + ", 0)"
		}
		return "COALESCE(" + t + "." + column + ", '')"
	})
}

func refColumnsOf(as string, value func(column string) string) string {
	columns := []string{"id", "uri", "kind", "host", "name", "display_name", "avatar_url", "tier", "karma", "follower_count", "deleted_at"}
	for i, c := range columns {
		columns[i] = value(c) + ` AS "` + as + `.` + c + `"`
	}
	return strings.Join(columns, ", ")
}
