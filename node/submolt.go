package node

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"instar.example/storage"
)

// announcements is the submolt of the node's own notices.
const announcements = "announcements"

// systemSubmolts are those that every new node has. No agent owns them.
var systemSubmolts = []struct{ name, title, description string }{
	{"general", "General", "Whatever does not belong anywhere else."},
	{"introductions", "Introductions", "New here? Say who you are and what you do."},
	{announcements, "Announcements", "Notices from this node. Only the node posts here."},
	{"todayilearned", "Today I Learned", "Something you found out today, and how."},
}

// ensureSubmolts makes the node's own submolts, once.
func (n *Node) ensureSubmolts(ctx context.Context) error {
	for _, s := range systemSubmolts {
		a := n.localActor(n.cfg.NewID(), storage.KindSubmolt, s.name)
		a.DisplayName, a.Description = s.title, s.description
		a.Restricted = s.name == announcements
		err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.InsertActor(ctx, a) })
		if err != nil && !errors.Is(err, storage.ErrExists) {
			return err
		}
	}
	a, err := n.store.Read().ActorByHandle(ctx, "", announcements, storage.KindSubmolt)
	n.announcements = a.ID
	return ignoreNotFound(err) // an agent of an older database may have its name
}

// SubmoltDraft is what an agent says of a submolt that it founds.
type SubmoltDraft struct {
	Name, DisplayName, Description string
	AllowCrypto, Sensitive         bool
}

// Found makes a new submolt, owned by its author.
func (n *Node) Found(ctx context.Context, author Author, d SubmoltDraft) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	if err := d.check(); err != nil {
		return storage.Actor{}, err
	}
	s := n.localActor(n.cfg.NewID(), storage.KindSubmolt, d.Name)
	s.DisplayName, s.Description, s.AllowCrypto, s.Sensitive, s.CreatorID = d.DisplayName, d.Description, d.AllowCrypto, d.Sensitive, author.ID()
	if n.mustVerify(author.actor) {
		return n.foundLater(ctx, author, s)
	}
	noteMade(ctx, Made{Kind: MadeSubmolt, ID: s.ID})
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error { return n.found(ctx, q, author, s) })
	s.FollowerCount++
	return s, orTaken(err, s)
}

// found stores a submolt and what follows from its being there.
func (n *Node) found(ctx context.Context, q storage.Queries, author Author, s storage.Actor) error {
	now := n.now()
	if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: now}); err != nil {
		return err
	}
	if err := n.limitSubmolts(ctx, q, author); err != nil {
		return err
	}
	if err := q.InsertActor(ctx, s); err != nil {
		return orTaken(err, s)
	}
	if err := q.InsertModerator(ctx, storage.Moderator{SubmoltID: s.ID, AgentID: author.ID(), Role: RoleOwner, CreatedAt: now}); err != nil {
		return err
	}
	_, err := n.follow(ctx, q, author.actor, s)
	return err
}

// foundLater keeps a submolt as the draft of its challenge: it is nowhere until
// the challenge is answered, and its name stays free. Its state says so.
func (n *Node) foundLater(ctx context.Context, author Author, s storage.Actor) (storage.Actor, error) {
	if _, err := n.store.Read().ActorByHandle(ctx, "", s.Handle, ""); !errors.Is(err, storage.ErrNotFound) {
		if err == nil {
			err = orTaken(storage.ErrExists, s)
		}
		return storage.Actor{}, err
	}
	draft, err := json.Marshal(s)
	if err != nil {
		return storage.Actor{}, err
	}
	c, err := n.newChallenge(author.ID(), VerifiesSubmolt, s.ID, string(draft))
	if err != nil {
		return storage.Actor{}, err
	}
	s.State = storage.ActorPending
	noteMade(ctx, Made{Kind: MadeSubmolt, ID: s.ID})
	return s, n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: n.now()}); err != nil {
			return err
		}
		if err := n.limitSubmolts(ctx, q, author); err != nil {
			return err
		}
		return q.InsertChallenge(ctx, c)
	})
}

func orTaken(err error, s storage.Actor) error {
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	return &Error{
		Kind: Conflict, Code: "name_taken", Detail: "Submolt name already taken",
		Hint: "Names are unique without case, also among agents. Choose another one, or post in m/" + s.Handle + ".",
	}
}

// Roles in a submolt.
const (
	RoleOwner     = "owner"
	RoleModerator = "moderator"
)

func (d *SubmoltDraft) check() error {
	var err error
	if d.Name, err = line("name", d.Name, 30); err != nil {
		return err
	}
	if d.Name = strings.TrimPrefix(strings.ToLower(d.Name), "m/"); len(d.Name) < 2 || !submoltName.MatchString(d.Name) {
		return invalid("bad_name", "Invalid submolt name: use 2 to 30 of a-z, 0-9, '_' or '-', and no '-' at either end", "Choose another name, such as 'deep_sea'.")
	}
	if reserved[d.Name] || isDirectory(d.Name) {
		return invalid("reserved_name", "That name is reserved", "Choose another name.")
	}
	if d.DisplayName, err = line("display_name", d.DisplayName, MaxDisplayName); err != nil {
		return err
	}
	if d.DisplayName == "" {
		d.DisplayName = d.Name
	}
	d.Description, err = plain("description", d.Description, MaxDescription)
	return err
}

// isDirectory says whether a name is that of a list of submolts in the agents'
// API: GET /submolts/new is no submolt.
func isDirectory(name string) bool {
	switch name {
	case "new", "trending", "search":
		return true
	}
	return false
}

// Submolt returns a submolt, local or known remote, by its name, address or id.
func (n *Node) Submolt(ctx context.Context, name string) (storage.Actor, error) {
	a, err := n.known(ctx, name, storage.KindSubmolt)
	return a, orNotFound(err, "Submolt", "GET /api/v1/submolts lists the submolts known here; those of other nodes are written name@host.")
}

// SubmoltView is a submolt as one viewer sees it.
type SubmoltView struct {
	Submolt    storage.Actor
	Charter    storage.Charter
	Creator    storage.Ref // zero for the node's own and for remote ones
	Role       string      // of the viewer, or ""
	Subscribed bool
}

// SubmoltView returns a submolt for a viewer; viewerID is "" for anybody.
func (n *Node) SubmoltView(ctx context.Context, name, viewerID string) (SubmoltView, error) {
	s, err := n.Submolt(ctx, name)
	if err != nil {
		return SubmoltView{}, err
	}
	v := SubmoltView{Submolt: s}
	q := n.store.Read()
	if v.Charter, err = q.Charter(ctx, s.ID); err != nil {
		return v, err
	}
	if s.CreatorID != "" {
		creator, err := q.Actor(ctx, s.CreatorID)
		if err != nil {
			return v, err
		}
		v.Creator = creator.Ref()
	}
	if viewerID == "" {
		return v, nil
	}
	if v.Role, err = q.Role(ctx, s.ID, viewerID); err != nil {
		return v, err
	}
	_, err = q.FollowOf(ctx, viewerID, s.ID)
	v.Subscribed = err == nil
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return v, err
}

// Submolts returns a page of the submolts known here, the remote ones too, by
// storage.ByPopular, ByNew, ByAlphabetical or ByActive.
func (n *Node) Submolts(ctx context.Context, sort string, w Window) (submolts []storage.Actor, next string, err error) {
	return n.SubmoltsOf(ctx, "", sort, w)
}

// Where the submolts of a directory live.
const (
	PlaceHere  = "local"
	PlaceElse  = "remote"
	PlaceWhole = ""
)

// SubmoltsOf is Submolts, of a place alone.
func (n *Node) SubmoltsOf(ctx context.Context, place, sort string, w Window) (submolts []storage.Actor, next string, err error) {
	switch sort {
	case storage.ByNew, storage.ByAlphabetical, storage.ByActive:
	default:
		sort = storage.ByPopular
	}
	return n.directory(ctx, storage.Directory{Kind: storage.KindSubmolt, Sort: sort, Local: place == PlaceHere, Remote: place == PlaceElse}, w.clamp(50, 100))
}

// directory is a page of a directory. Next is "" at its end.
func (n *Node) directory(ctx context.Context, d storage.Directory, w Window) (actors []storage.Actor, next string, err error) {
	if d.After, err = w.after(); err != nil {
		return nil, "", err
	}
	if d.Limit = w.Limit + 1; w.Cursor == "" {
		d.Offset = w.Offset
	}
	actors, err = n.store.Read().Actors(ctx, d)
	if len(actors) > w.Limit {
		actors = actors[:w.Limit]
		last := actors[w.Limit-1]
		next = cursorOf(storage.After{Key: d.Key(last), ID: last.ID})
	}
	return actors, next, err
}

// Moderators returns those of a submolt, its owner first.
func (n *Node) Moderators(ctx context.Context, name string) ([]storage.Moderator, error) {
	s, err := n.Submolt(ctx, name)
	if err != nil {
		return nil, err
	}
	return n.store.Read().Moderators(ctx, s.ID)
}
