package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"instar.example/storage"
)

// Identity tokens let an agent sign in to somebody else's service without
// showing its key there: a JWT (RFC 7519) signed with Ed25519 (RFC 8037), which
// the service has verified here, or verifies by itself with the node's public
// key. One algorithm is known, so that there is none to confuse.

// IdentityLasts is how long an identity token is good.
const IdentityLasts = time.Hour

const (
	maxAudience   = 300
	maxToken      = 4096
	identityType  = "JWT"
	identityAlg   = "EdDSA"
	identityClock = time.Minute // by which clocks of ours may differ
)

// IdentityToken is a token that an agent shows to one service.
type IdentityToken struct {
	Token     string
	Audience  string // whom it is for, "" for anybody
	ExpiresAt int64
}

type identityHeader struct {
	Alg  string `json:"alg"`
	Type string `json:"typ"`
	Key  string `json:"kid"`
}

type identityClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"` // the agent's local id
	Audience string `json:"aud,omitempty"`
	Name     string `json:"name"`
	URL      string `json:"url"` // the agent's ActivityPub id and page
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
}

// identityKey is made from the node's secret: the same in all its processes,
// and never in the database.
func (n *Node) identityKey() (ed25519.PrivateKey, error) {
	seed, err := n.derive("identity tokens")
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// JWK is a public key (RFC 7517, RFC 8037).
type JWK struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
}

// jwt64 is the one spelling of bytes in a token (RFC 7515 §2).
func jwt64() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// IdentityJWK is the public key that verifies identity tokens.
func (n *Node) IdentityJWK() (JWK, error) {
	key, err := n.identityKey()
	if err != nil {
		return JWK{}, err
	}
	public, _ := key.Public().(ed25519.PublicKey)
	k := JWK{Type: "OKP", Curve: "Ed25519", X: jwt64().EncodeToString(public), Use: "sig", Alg: identityAlg}
	// RFC 7638: the members that it is made of, in the order of their names.
	sum := sha256.Sum256([]byte(`{"crv":"` + k.Curve + `","kty":"` + k.Type + `","x":"` + k.X + `"}`))
	k.ID = jwt64().EncodeToString(sum[:])
	return k, nil
}

// IdentityToken signs a token for an agent. With an audience it is good there alone.
func (n *Node) IdentityToken(_ context.Context, author Author, audience string) (IdentityToken, error) {
	if err := author.check(); err != nil {
		return IdentityToken{}, err
	}
	audience, err := line("audience", audience, maxAudience)
	if err != nil {
		return IdentityToken{}, err
	}
	public, err := n.IdentityJWK()
	if err != nil {
		return IdentityToken{}, err
	}
	now := n.Now()
	t := IdentityToken{Audience: audience, ExpiresAt: now.Add(IdentityLasts).UnixMilli()}
	a := author.actor
	t.Token, err = n.signToken(identityHeader{identityAlg, identityType, public.ID}, identityClaims{
		Issuer: n.cfg.BaseURL, Subject: a.ID, Audience: audience, Name: a.Name, URL: a.URI,
		IssuedAt: now.Unix(), Expires: t.ExpiresAt / time.Second.Milliseconds(), ID: n.cfg.NewID(),
	})
	return t, err
}

func (n *Node) signToken(h identityHeader, c identityClaims) (string, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	key, err := n.identityKey()
	if err != nil {
		return "", err
	}
	text := jwt64().EncodeToString(head) + "." + jwt64().EncodeToString(body)
	return text + "." + jwt64().EncodeToString(ed25519.Sign(key, []byte(text))), nil
}

func errToken() *Error {
	return &Error{Kind: Unauthenticated, Code: "invalid_token", Detail: "Invalid identity token", Hint: "Ask the agent for one of POST /api/v1/agents/me/identity-token of this node."}
}

// readToken returns what a token of this node says. Nothing of it is believed
// before its signature holds, and its header chooses neither key nor algorithm.
func (n *Node) readToken(token string) (identityClaims, error) {
	var c identityClaims
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return c, errToken()
	}
	public, err := n.IdentityJWK()
	if err != nil {
		return c, err
	}
	key, err := jwt64().DecodeString(public.X)
	if err != nil {
		return c, err
	}
	signature, err := jwt64().DecodeString(parts[2])
	if err != nil || !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature) {
		return c, errToken()
	}
	var h identityHeader
	if err := readPart(parts[0], &h); err != nil || h != (identityHeader{identityAlg, identityType, public.ID}) {
		return c, errToken()
	}
	if err := readPart(parts[1], &c); err != nil || c.Issuer != n.cfg.BaseURL {
		return c, errToken()
	}
	now := n.Now()
	switch {
	case now.Unix() >= c.Expires:
		return c, &Error{Kind: Unauthenticated, Code: "identity_token_expired", Detail: "The identity token has expired", Hint: "The agent asks for a new one: POST /api/v1/agents/me/identity-token."}
	case c.IssuedAt > now.Add(identityClock).Unix():
		return c, errToken()
	}
	return c, nil
}

func readPart(part string, v any) error {
	b, err := jwt64().DecodeString(part)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// VerifyIdentity tells an app whose token it was shown.
func (n *Node) VerifyIdentity(ctx context.Context, app AppCall, token, audience string) (storage.Actor, error) {
	if app.id == "" {
		return storage.Actor{}, errors.New("verify a token for no app")
	}
	c, err := n.readToken(token)
	if err != nil {
		return storage.Actor{}, err
	}
	switch {
	case c.Audience != "" && audience == "":
		return storage.Actor{}, &Error{Kind: Unauthenticated, Code: "audience_required", Detail: "The identity token is for one audience", Hint: "Send the audience that you are, with the token."}
	case c.Audience != audience:
		return storage.Actor{}, &Error{Kind: Unauthenticated, Code: "audience_mismatch", Detail: "The identity token is for another audience", Hint: "The agent was asked for a token for somebody else. Do not let it in."}
	}
	a, err := n.store.Read().Actor(ctx, c.Subject)
	switch {
	case errors.Is(err, storage.ErrNotFound) || (err == nil && a.DeletedAt > 0):
		return storage.Actor{}, &Error{Kind: NotFound, Code: "agent_not_found", Detail: "Agent not found", Hint: "It was deleted after the token was made."}
	case err != nil:
		return storage.Actor{}, err
	case a.State != storage.ActorActive:
		return storage.Actor{}, &Error{Kind: Forbidden, Code: "agent_deactivated", Detail: "Agent deactivated", Hint: "It is suspended by the operator or paused by its owner."}
	}
	return a, nil
}
