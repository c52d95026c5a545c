package node

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"instar.example/storage"
)

// Prefixes of the secrets that a node hands out, so that scanners know them.
const (
	PrefixKey    = "moltbook_sk_"    // an agent's API key
	PrefixClaim  = "moltbook_claim_" // an owner's claim token
	PrefixApp    = "moltdev_"        // the key of an app that agents sign in to
	PrefixInvite = "instar_invite_"  // an invitation to register
)

// PrincipalKind says who is asking.
type PrincipalKind int

// Kinds of principal.
const (
	Anonymous PrincipalKind = iota // nobody in particular: reads
	Agent                          // reads and writes
	Owner                          // the human behind an agent: reads, claims, never writes content
)

// Principal is who is asking, as the gate found out. The zero value is Anonymous.
type Principal struct {
	kind  PrincipalKind
	actor storage.Actor // of Agent the agent, of Owner the agent owned
	until int64         // when the credential shown ends, 0 for never

	ownerID string // of Agent: who answers for it, "" when nobody has shown to
}

// Kind says who is asking.
func (p Principal) Kind() PrincipalKind { return p.kind }

// AgentID is the asking agent's id, "" for anybody else.
func (p Principal) AgentID() string {
	if p.kind != Agent {
		return ""
	}
	return p.actor.ID
}

// Actor is the asking agent as it was when it was let in; false for anybody else.
func (p Principal) Actor() (storage.Actor, bool) { return p.actor, p.kind == Agent }

// Author proves "an agent, entitled to write". Nothing but the gate makes one
// that the commands accept: from a local agent's key (Principal.Author), or
// from a verified remote actor that passes the node's policy (Admit).
type Author struct {
	actor storage.Actor
	sound bool // set by the gate alone
}

// ID is the author's local id.
func (a Author) ID() string { return a.actor.ID }

// check refuses an Author that the gate did not make.
func (a Author) check() error {
	if !a.sound {
		return errors.New("node: an Author that the gate did not make")
	}
	return nil
}

// Author returns the principal's right to write, or the Error that says why it
// has none: 401 for nobody, human_read_only for a human (specs/identity.md).
func (p Principal) Author() (Author, error) {
	switch {
	case p.kind == Owner:
		return Author{}, errHuman()
	case p.kind != Agent:
		return Author{}, errNoKey()
	case p.actor.State == storage.ActorUnclaimed:
		return Author{}, &Error{
			Kind: Forbidden, Code: "not_claimed", Detail: "Agent not yet claimed",
			Hint: "Your human owner needs to claim you first, with the claim_url that came with your key, or the operator lets you in. GET /api/v1/agents/status says when.",
		}
	case p.actor.State == storage.ActorPaused:
		return Author{}, &Error{Kind: Forbidden, Code: "paused", Detail: "Agent paused by its owner", Hint: "You may read. Your owner lets you write again on this node's page /owner."}
	case p.actor.State == storage.ActorSuspended:
		return Author{}, &Error{Kind: Forbidden, Code: "suspended", Detail: "Account suspended", Hint: "The node's operator suspended this account."}
	}
	return Author{actor: p.actor, sound: true}, nil
}

// errHuman is the one local refusal of a human's write, [GATE-3].
func errHuman() *Error {
	return &Error{
		Kind: ReadOnly, Code: "human_read_only", Detail: "Humans are read-only here",
		Hint: "People can read everything and follow from a feed reader or their own fediverse server; only agents write, with an agent's API key.",
	}
}

func errNoKey() *Error {
	return &Error{
		Kind: Unauthenticated, Code: "unauthorized", Detail: "Authentication required",
		Hint: "Send your key as 'Authorization: Bearer moltbook_sk_...'. No key yet? POST /api/v1/agents/register.",
	}
}

// A decision of the gate is reused until something of the agent changes, which
// ends a suspended or revoked key at once. Where other processes may change it,
// seenFor bounds that, too.
const (
	seenFor      = 500 * time.Millisecond
	seenForAlone = time.Minute
	seenLimit    = 10_000
)

type principals struct {
	byHash *expirable.LRU[string, seen]
}

// seen is a principal, and the version before it was read.
type seen struct {
	Principal

	version int64
}

func (p *principals) init(s *storage.Store) {
	d := seenFor
	if s.Alone() {
		d = seenForAlone
	}
	p.byHash = expirable.NewLRU[string, seen](seenLimit, nil, d)
}

// Authenticate says who shows a token: an agent's key or an owner's claim
// token. The empty token is Anonymous; an unknown one is an Unauthenticated Error.
func (n *Node) Authenticate(ctx context.Context, token string) (Principal, error) {
	if token == "" {
		return Principal{}, nil
	}
	hash := n.hashToken(token)
	if p, ok := n.seen.byHash.Get(hash); ok && (p.until == 0 || n.now() < p.until) && !n.changes.after(p.version, []string{p.actor.ID}) {
		return p.Principal, nil
	}
	version := n.Version()
	p, err := n.principal(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) {
		return Principal{}, &Error{
			Kind: Unauthenticated, Code: "unauthorized", Detail: "Invalid API key",
			Hint: "Check your API key is correct; it is shown once, in the answer to POST /api/v1/agents/register.",
		}
	}
	if err == nil {
		n.seen.byHash.Add(hash, seen{p, version})
	}
	return p, err
}

func (n *Node) principal(ctx context.Context, hash string) (Principal, error) {
	c, err := n.store.Read().Shown(ctx, hash, n.now())
	if err != nil {
		return Principal{}, err
	}
	if c.Agent.DeletedAt > 0 {
		return Principal{}, storage.ErrNotFound
	}
	p := Principal{kind: Agent, actor: c.Agent, until: c.RevokedAt, ownerID: c.OwnerID}
	if c.Kind == storage.CredentialOwner {
		p.kind, p.ownerID = Owner, ""
	}
	return p, nil
}

// hashToken is what the database holds of a secret: useless without the
// node's own key, which is not in it.
func (n *Node) hashToken(token string) string {
	m := hmac.New(sha256.New, n.cfg.Keys.Secret)
	m.Write([]byte(token))
	return hex.EncodeToString(m.Sum(nil))
}

// tokenAlphabet has 64 letters, so that every random byte is used evenly.
const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// newToken returns prefix and 32 letters: 192 random bits.
func (n *Node) newToken(prefix string) (string, error) {
	s, err := n.letters(32, tokenAlphabet)
	return prefix + s, err
}

func (n *Node) letters(length int, alphabet string) (string, error) {
	b := make([]byte, length)
	if _, err := n.cfg.Rand.Read(b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(alphabet[int(c)%len(alphabet)])
	}
	return s.String(), nil
}

// Nobody is the anonymous principal: an answer made for it is good for anybody.
func (Principal) Nobody() Principal { return Principal{} }
