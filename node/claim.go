package node

import (
	"context"
	"errors"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"instar.example/storage"
)

// Ways in which an agent gets somebody who answers for it.
const (
	MethodEmail     = "email"     // a link that was mailed
	MethodDNS       = "dns"       // a TXT record of a domain
	MethodRelMe     = "rel_me"    // a link on a domain's front page
	MethodFediverse = "fediverse" // the profile of an account elsewhere
	MethodApproval  = "approval"  // the operator
	MethodNone      = "none"      // holding the claim link
	MethodInvite    = "invite"    // an invitation of the operator; not to be chosen
)

// Methods are the ways that an operator may switch on.
func Methods() []string {
	return []string{MethodEmail, MethodDNS, MethodRelMe, MethodFediverse, MethodApproval, MethodNone}
}

// ClaimConfig says how agents are claimed. The zero value lets only the operator claim.
type ClaimConfig struct {
	Methods []string // those that are on
	// Review lets nobody in but by the operator: an owner's proof makes an
	// owner, and no more.
	Review         bool
	AgentsPerOwner int64 // 0 for any number
	Mail           bool  // letters can be sent
}

// Bounds of claims.
const (
	claimLasts    = 48 * time.Hour
	claimsPerHour = 10 // to one agent
	claimPause    = 30 * time.Second
	claimMostWait = time.Hour
	claimHurry    = 5 * time.Second
	sealedSubject = "claim"
)

const codeAlphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 letters: every random byte is used evenly

// DNSName is where a domain publishes a claim's code, and DNSValue what with.
func DNSName(domain string) string { return "_instar." + domain }

// DNSValue is the TXT record that shows a claim's code.
func DNSValue(code string) string { return "instar-claim=" + code }

// ClaimPage is what the holder of a claim link sees.
type ClaimPage struct {
	Agent   storage.Actor
	Owned   bool     // somebody has shown to be the owner
	Methods []string // that an owner may choose now
	Review  bool     // the operator lets agents in
	Waiting []Proof  // begun in this browser
}

// claimable returns the agent of a claim token.
func (n *Node) claimable(ctx context.Context, token string) (storage.Actor, error) {
	unknown := notFound("Claim link", "It may be misspelled, or its agent was turned away.")
	c, err := n.store.Read().Credential(ctx, n.hashToken(token), n.now())
	if errors.Is(err, storage.ErrNotFound) || (err == nil && c.Kind != storage.CredentialOwner) {
		return storage.Actor{}, unknown
	}
	if err != nil {
		return storage.Actor{}, err
	}
	a, err := n.store.Read().Actor(ctx, c.AgentID)
	if errors.Is(err, storage.ErrNotFound) || (err == nil && a.DeletedAt > 0) {
		return storage.Actor{}, unknown
	}
	return a, err
}

// ClaimPage returns what a claim link leads to. It changes nothing: links are
// opened by scanners, too.
func (n *Node) ClaimPage(ctx context.Context, token, browser string) (ClaimPage, error) {
	a, err := n.claimable(ctx, token)
	if err != nil {
		return ClaimPage{}, err
	}
	o, _, err := n.Vouched(ctx, a.ID)
	if err != nil {
		return ClaimPage{}, err
	}
	p := ClaimPage{Agent: a, Owned: o.OwnerID != "", Methods: n.ClaimMethods(), Review: a.ClaimedAt == 0 && n.OperatorAdmits()}
	claims, err := n.store.Read().ClaimsOf(ctx, a.ID, claimsPerHour)
	if err != nil {
		return ClaimPage{}, err
	}
	for _, c := range claims {
		if browser == "" || c.Browser != n.hashToken(browser) || c.ExpiresAt <= n.now() {
			continue
		}
		proof, err := n.proof(a, c)
		if err != nil {
			return ClaimPage{}, err
		}
		p.Waiting = append(p.Waiting, proof)
	}
	return p, nil
}

// ClaimMethods are the ways that an owner may choose here.
func (n *Node) ClaimMethods() []string {
	var on []string
	for _, m := range n.cfg.Claim.Methods {
		if m != MethodApproval && (m != MethodEmail || n.cfg.Claim.Mail) {
			on = append(on, m)
		}
	}
	return on
}

func (n *Node) onlyOperator() bool { return len(n.ClaimMethods()) == 0 }

// OperatorAdmits says whether only the operator lets agents in here, whatever
// an owner has shown.
func (n *Node) OperatorAdmits() bool { return n.cfg.Claim.Review || n.onlyOperator() }

// StartClaim begins to prove who owns the agent of a claim token: a link is
// mailed, or a code is to be published. With MethodNone it is claimed at once.
func (n *Node) StartClaim(ctx context.Context, token, browser, method, subject string) error {
	a, err := n.claimable(ctx, token)
	if err != nil {
		return err
	}
	if !slices.Contains(n.ClaimMethods(), method) {
		return invalid("bad_method", "This node does not take that proof", "Choose one of: "+strings.Join(n.ClaimMethods(), ", ")+".")
	}
	switch method {
	case MethodEmail:
		return n.mailClaim(ctx, a, subject)
	case MethodNone:
		return n.claimFreely(ctx, a)
	}
	if subject, err = n.subject(method, subject); err != nil {
		return err
	}
	sealed, err := n.seal(sealedSubject, subject)
	if err != nil {
		return err
	}
	code, err := n.letters(24, codeAlphabet)
	if err != nil {
		return err
	}
	now := n.Now()
	c := storage.Claim{
		ID: n.cfg.NewID(), AgentID: a.ID, Method: method, Subject: sealed, Code: code, Browser: n.hashToken(browser),
		CreatedAt: now.UnixMilli(), DueAt: now.Add(claimPause).UnixMilli(), ExpiresAt: now.Add(claimLasts).UnixMilli(),
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, a.ID); err != nil { // counted one by one
			return err
		}
		have, err := q.ClaimsOf(ctx, a.ID, claimsPerHour)
		if err != nil {
			return err
		}
		if len(have) == claimsPerHour && have[claimsPerHour-1].CreatedAt > now.Add(-time.Hour).UnixMilli() {
			return &Error{Kind: Limited, Code: "claim_limit", After: time.Hour, Detail: "This agent was claimed too often within the hour"}
		}
		return q.InsertClaim(ctx, c)
	})
}

// claimFreely lets an agent in whose operator asks for no proof. It makes no owner.
func (n *Node) claimFreely(ctx context.Context, a storage.Actor) error {
	return n.writeOwner(ctx, func(ctx context.Context, q storage.Queries) error {
		o, err := q.Ownership(ctx, a.ID)
		if err := ignoreNotFound(err); err != nil {
			return err
		}
		if o.Method == "" {
			if err := q.PutOwnership(ctx, storage.Ownership{AgentID: a.ID, Method: MethodNone, CreatedAt: n.now()}); err != nil {
				return err
			}
		}
		if n.cfg.Claim.Review {
			return nil
		}
		return q.ClaimActor(ctx, a.ID, n.now())
	})
}

// subject reads what an owner says to control, in the one form that is compared.
func (n *Node) subject(method, s string) (string, error) {
	s = strings.TrimSpace(s)
	if method == MethodFediverse {
		addr, err := n.Address(s)
		if err != nil || addr.Host == "" {
			return "", invalid("bad_account", "That is not an account of another server", "Write it as name@host.")
		}
		return addr.String(), nil
	}
	if u, err := url.Parse(s); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		s = u.Host
	}
	host, port, _ := strings.Cut(strings.ToLower(strings.TrimSuffix(s, ".")), ":")
	host, err := idna.Lookup.ToASCII(host)
	if port != "" {
		host += ":" + port
	}
	if err != nil || !remoteHost.MatchString(host) || len(host) > 200 || host == n.host || (method == MethodDNS && (port != "" || !strings.Contains(host, "."))) {
		return "", invalid("bad_domain", "That is not a domain of yours", "Write it as example.org.")
	}
	return host, nil
}

// mailAddress reads an e-mail address in the one form that is compared.
func mailAddress(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }) {
		return "", invalid("bad_email", "That is not an e-mail address", "Write it as name@example.org.")
	}
	return s, nil
}

// Proof is a claim on its way: what is published where.
type Proof struct {
	ID, Method, Subject, Code string
	AgentURL                  string // of the agent's page; with #Code it is what a rel=me link names
	Waiting, Proven           bool
	Error                     string // of the last look, "" for none

	claim storage.Claim
}

// LinkURL is what a rel=me link, or a profile, names.
func (p Proof) LinkURL() string { return p.AgentURL + "#" + p.Code }

func (n *Node) proof(a storage.Actor, c storage.Claim) (Proof, error) {
	subject, err := n.unseal(sealedSubject, c.Subject)
	return Proof{
		ID: c.ID, Method: c.Method, Subject: subject, Code: c.Code, AgentURL: a.PageURL,
		Waiting: c.State == storage.ClaimWaiting, Proven: c.State == storage.ClaimProven, Error: c.Error, claim: c,
	}, err
}

// HurryClaim lets the claims that a browser began be looked at now.
func (n *Node) HurryClaim(ctx context.Context, token, browser string) error {
	p, err := n.ClaimPage(ctx, token, browser)
	if err != nil {
		return err
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		for _, w := range p.Waiting {
			if err := q.HurryClaim(ctx, w.ID, n.now(), n.Now().Add(claimHurry).UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

// LeaseProofs leases claims whose publication is to be looked for.
func (n *Node) LeaseProofs(ctx context.Context, owner string, lease time.Duration, limit int) ([]Proof, error) {
	due, err := n.store.Read().ClaimsDue(ctx, n.now())
	if err != nil || !due {
		return nil, err
	}
	var claims []storage.Claim
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		claims, err = q.LeaseClaims(ctx, owner, n.now(), n.Now().Add(lease).UnixMilli(), limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	proofs := make([]Proof, 0, len(claims))
	for _, c := range claims {
		a, err := n.store.Read().Actor(ctx, c.AgentID)
		if err != nil {
			return nil, err
		}
		p, err := n.proof(a, c)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, p)
	}
	return proofs, nil
}

// Proven ends a claim whose code was found: the identity's owner answers for
// the agent, and the browser that began the claim is the owner's.
func (n *Node) Proven(ctx context.Context, p Proof, identity string) error {
	err := n.writeOwner(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.FinishClaim(ctx, p.ID, storage.ClaimProven, ""); err != nil {
			return ignoreNotFound(err)
		}
		owner, err := n.ownerOf(ctx, q, identity)
		if err != nil {
			return err
		}
		if err := n.own(ctx, q, p.claim.AgentID, owner, p.Method); err != nil {
			return err
		}
		return n.putSession(ctx, q, p.claim.Browser, owner)
	})
	refused, is := errors.AsType[*Error](err)
	if !is {
		return err
	}
	return n.endClaim(ctx, p, refused.Detail)
}

func (n *Node) endClaim(ctx context.Context, p Proof, why string) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return ignoreNotFound(q.FinishClaim(ctx, p.ID, storage.ClaimFailed, why))
	})
}

// Unproven says that a claim's code was not found. It is looked for again,
// more and more rarely, until the claim expires.
func (n *Node) Unproven(ctx context.Context, p Proof, why string) error {
	due := n.Now().Add(min(claimPause<<min(p.claim.Attempts, 10), claimMostWait)).UnixMilli()
	if due >= p.claim.ExpiresAt {
		return n.endClaim(ctx, p, why)
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return ignoreNotFound(q.RetryClaim(ctx, p.ID, why, due))
	})
}
