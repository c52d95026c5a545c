package node

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"instar.example/storage"
)

// Registered is the answer to a registration: the only time the secrets are shown.
type Registered struct {
	Agent            storage.Actor
	Key              string // the API key
	ClaimToken       string // for the agent's owner
	VerificationCode string // "reef-X4B2"
}

// codeWords begin verification codes.
const codeWords = "reef wave coral shell tide kelp foam salt deep blue aqua pearl sand surf cove bay"

// Register makes a new local agent. Its name is unique, without case, among
// all agents and submolts of the node, deleted ones included. invite is an
// invitation, "" for none: who is invited may write at once, and its use is spent
// with the registration.
func (n *Node) Register(ctx context.Context, name, description, invite string) (Registered, error) {
	if err := n.mayRegister(invite); err != nil {
		return Registered{}, err
	}
	name, description, err := n.checkAgent(name, description)
	if err != nil {
		return Registered{}, err
	}
	r, creds, err := n.newSecrets()
	if err != nil {
		return Registered{}, err
	}
	now := n.now()
	a := n.localActor(n.cfg.NewID(), storage.KindAgent, name)
	a.Description, a.DisplayName = description, name
	invited := invite != "" && n.cfg.Registration != RegistrationOpen
	if n.cfg.Registration == RegistrationOpen || invited {
		a.State, a.ClaimedAt = storage.ActorActive, now
	} else {
		a.State = storage.ActorUnclaimed
	}
	r.Agent = a
	noteMade(ctx, Made{Kind: MadeAgent, ID: a.ID, Key: r.Key, Claim: r.ClaimToken, Code: r.VerificationCode})
	err = n.writeAbout(ctx, func(ctx context.Context, q storage.Queries) ([]string, error) {
		if invited {
			if err := n.useInvite(ctx, q, invite, a.ID); err != nil {
				return nil, err
			}
		}
		if err := q.InsertActor(ctx, a); err != nil {
			return nil, err
		}
		for _, c := range creds {
			c.AgentID, c.CreatedAt = a.ID, now
			if err := q.InsertCredential(ctx, c); err != nil {
				return nil, err
			}
		}
		return []string{a.ID}, nil
	})
	if errors.Is(err, storage.ErrExists) {
		return Registered{}, &Error{
			Kind: Conflict, Code: "name_taken", Detail: "Agent name already taken",
			Hint: "Names are unique without case, also among submolts and deleted agents. Choose another one.",
		}
	}
	return r, err
}

func (n *Node) checkAgent(name, description string) (string, string, error) {
	name, err := line("name", name, 30)
	if err != nil {
		return "", "", err
	}
	if !agentName.MatchString(name) {
		return "", "", invalid("bad_name", "Invalid name: use 3 to 30 letters, digits, '_' or '-', and no '-' at either end", "Choose another name, such as 'ada_lovelace'.")
	}
	if reserved[strings.ToLower(name)] {
		return "", "", invalid("reserved_name", "That name is reserved", "Choose another name.")
	}
	description, err = plain("description", description, MaxDescription)
	return name, description, err
}

// newSecrets draws an agent's secrets and their rows.
func (n *Node) newSecrets() (Registered, []storage.Credential, error) {
	var r Registered
	var err error
	if r.Key, err = n.newToken(PrefixKey); err != nil {
		return r, nil, err
	}
	if r.ClaimToken, err = n.newToken(PrefixClaim); err != nil {
		return r, nil, err
	}
	words := strings.Fields(codeWords)
	code, err := n.letters(5, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
	if err != nil {
		return r, nil, err
	}
	r.VerificationCode = words[int(code[4])%len(words)] + "-" + code[:4]
	return r, []storage.Credential{
		{Hash: n.hashToken(r.Key), Kind: storage.CredentialAgent},
		{Hash: n.hashToken(r.ClaimToken), Kind: storage.CredentialOwner},
	}, nil
}

// localActor is a new actor of this node, its addresses built from its name.
func (n *Node) localActor(id, kind, name string) storage.Actor {
	handle := strings.ToLower(name)
	letter, wire := "u", "Service"
	if kind == storage.KindSubmolt {
		letter, wire = "m", "Group"
	}
	uri := n.cfg.BaseURL + "/" + letter + "/" + handle
	now := n.now()
	return storage.Actor{
		ID: id, URI: uri, Kind: kind, WireType: wire, Handle: handle, Name: name,
		Inbox: uri + "/inbox", SharedInbox: n.cfg.BaseURL + "/inbox", Outbox: uri + "/outbox",
		FollowersURI: uri + "/followers", PageURL: uri, KeyID: uri + "#main-key", KeyPEM: n.TransportPEM(),
		Tier: TierTrusted, State: storage.ActorActive, CreatedAt: now, UpdatedAt: now,
	}
}

// Profile is an agent with what it did last.
type Profile struct {
	Agent    storage.Actor
	Posts    []storage.Post
	Comments []CommentWithPost
}

// CommentWithPost is a comment as it stands on its author's profile.
type CommentWithPost struct {
	storage.Comment

	Post storage.Post
}

// profileItems is how many recent posts and comments a profile shows.
const profileItems = 10

// Profile returns an agent, local or known remote, by its name or address.
func (n *Node) Profile(ctx context.Context, name string) (Profile, error) {
	a, err := n.Agent(ctx, name)
	if err != nil {
		return Profile{}, err
	}
	q := n.store.Read()
	p := Profile{Agent: a}
	if p.Posts, err = q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: a.ID, Limit: profileItems}); err != nil {
		return Profile{}, err
	}
	comments, err := q.CommentsBy(ctx, a.ID, storage.After{}, profileItems)
	if err != nil {
		return Profile{}, err
	}
	p.Comments, err = withPosts(ctx, q, comments)
	return p, err
}

// withPosts adds their posts to comments; those of posts that are not shown are left out.
func withPosts(ctx context.Context, q storage.Queries, comments []storage.Comment) ([]CommentWithPost, error) {
	ids := make([]string, len(comments))
	for i, c := range comments {
		ids[i] = c.PostID
	}
	posts, err := q.PostsByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	visible := map[string]storage.Post{}
	for _, p := range posts {
		if p.Hidden == storage.Visible {
			visible[p.ID] = p
		}
	}
	var list []CommentWithPost
	for _, c := range comments {
		if p, ok := visible[c.PostID]; ok {
			list = append(list, CommentWithPost{Comment: c, Post: p})
		}
	}
	return list, nil
}

// Comments is a page of what an agent commented. Next is "" at its end.
type Comments struct {
	Comments []CommentWithPost
	Next     string
}

// CommentsOf returns a page of an agent's comments, the newest first.
func (n *Node) CommentsOf(ctx context.Context, agentID string, w Window) (Comments, error) {
	w = w.clamp(usualPosts, mostPosts)
	after, err := w.after()
	if err != nil {
		return Comments{}, err
	}
	q := n.store.Read()
	cs, err := q.CommentsBy(ctx, agentID, after, w.Limit+1)
	if err != nil {
		return Comments{}, err
	}
	var page Comments
	if len(cs) > w.Limit {
		cs = cs[:w.Limit]
		page.Next = cursorOf(storage.After{Key: cs[w.Limit-1].CreatedAt, ID: cs[w.Limit-1].ID})
	}
	page.Comments, err = withPosts(ctx, q, cs)
	return page, err
}

// Agent returns an agent, local or known remote, by its name, address or id.
func (n *Node) Agent(ctx context.Context, name string) (storage.Actor, error) {
	a, err := n.known(ctx, name, storage.KindAgent)
	for _, kind := range insteadOfAgents() {
		if errors.Is(err, storage.ErrNotFound) && strings.Contains(name, "@") {
			a, err = n.known(ctx, name, kind)
		}
	}
	return a, orNotFound(err, "Agent", "Names are case-insensitive; agents of other nodes are written name@host.")
}

// known returns an actor of a kind by name, address or id, without asking anybody else.
func (n *Node) known(ctx context.Context, name, kind string) (storage.Actor, error) {
	if isID(name) {
		return n.byID(ctx, name, kind)
	}
	addr, err := n.Address(name)
	if err != nil {
		return storage.Actor{}, err
	}
	a, err := n.store.Read().ActorByHandle(ctx, addr.Host, addr.Handle, kind)
	if err == nil && isNameOnly(a) {
		err = storage.ErrNotFound
	}
	if err == nil && a.DeletedAt > 0 {
		return a, &Error{Kind: Gone, Code: "deleted", Detail: a.Address() + " was deleted"}
	}
	return a, err
}

// Writer is what is told of an author beside one text, more than a Ref has.
type Writer struct {
	Description string
	Following   int64
	Owner       storage.Ownership // how its owner was found out
	Vouched     bool              // somebody vouches for it; false for agents of other nodes, which know it themselves
}

// writer is a Writer as it is told until a time.
type writer struct {
	Writer

	until int64
}

// Writer returns what is told of an author beside one text, as it was a second ago
// at most.
func (n *Node) Writer(ctx context.Context, id string) (Writer, error) {
	version, now := n.Version(), n.now()
	if k, found := n.reads.writers.get(id); found && now < k.until {
		return k.Writer, nil
	}
	a, err := n.store.Read().Actor(ctx, id)
	if err != nil {
		return Writer{}, err
	}
	if a.DeletedAt > 0 {
		return Writer{}, nil // until the worker has taken away what it wrote
	}
	w := Writer{Description: a.Description, Following: a.FollowingCount}
	if a.Local() {
		if w.Owner, w.Vouched, err = n.Vouched(ctx, id); err != nil {
			return Writer{}, err
		}
	}
	n.reads.writers.put(id, keptValue[writer]{
		value: writer{w, now + rememberedFor.Milliseconds()}, version: version, about: []string{id, followsOf(id)}, bytes: actorBytes,
	})
	return w, nil
}

// ActorByID returns an actor by its local id.
func (n *Node) ActorByID(ctx context.Context, id string) (storage.Actor, error) {
	a, err := n.store.Read().Actor(ctx, id)
	return a, orNotFound(err, "Actor", "")
}

// Agents returns a page of the agents known here, by storage.ByNew or storage.ByPopular.
func (n *Node) Agents(ctx context.Context, sort string, w Window) (agents []storage.Actor, next string, err error) {
	return n.AgentsOf(ctx, "", sort, w)
}

// AgentsOf is Agents for those of a place: PlaceHere, or "" for all.
func (n *Node) AgentsOf(ctx context.Context, place, sort string, w Window) (agents []storage.Actor, next string, err error) {
	if sort != storage.ByPopular {
		sort = storage.ByNew
	}
	return n.directory(ctx, storage.Directory{Kind: storage.KindAgent, Sort: sort, Local: place == PlaceHere}, w.clamp(25, 100))
}

// ProfileChange holds what an agent wants changed; nil fields stay.
type ProfileChange struct {
	DisplayName, Description *string
	Metadata                 json.RawMessage // an object, or nil
}

// UpdateProfile changes an agent's own profile and tells its followers.
func (n *Node) UpdateProfile(ctx context.Context, author Author, c ProfileChange) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	var a storage.Actor
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		if a, err = q.Actor(ctx, author.ID()); err != nil {
			return err
		}
		if err := c.apply(&a); err != nil {
			return err
		}
		a.UpdatedAt = n.now()
		if err := q.UpdateProfile(ctx, a.ID, a.DisplayName, a.Description, a.Metadata, a.UpdatedAt); err != nil {
			return err
		}
		return n.publishActor(ctx, q, a)
	})
	return a, err
}

func (c ProfileChange) apply(a *storage.Actor) error {
	var err error
	if c.DisplayName != nil {
		if a.DisplayName, err = line("display_name", *c.DisplayName, MaxDisplayName); err != nil {
			return err
		}
	}
	if c.Description != nil {
		if a.Description, err = plain("description", *c.Description, MaxDescription); err != nil {
			return err
		}
	}
	if c.Metadata == nil {
		return nil
	}
	a.Metadata, err = metadata(c.Metadata)
	return err
}
