package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"instar.example/storage"
)

// Bounds of mailed links.
const (
	linkLasts       = time.Hour
	linksPerAddress = 5  // an hour
	linksPerAgent   = 10 // an hour
	linksPerHour    = 500
	prefixLink      = "instar_link_"
	sealedLink      = "link"
)

// MailsOwners says whether owners get letters here.
func (n *Node) MailsOwners() bool { return slices.Contains(n.ClaimMethods(), MethodEmail) }

func errNoMail() *Error {
	return &Error{Kind: Forbidden, Code: "email_off", Detail: "This node does not write e-mails to owners", Hint: "The claim link shows the other ways."}
}

// mailClaim writes to somebody who is said to own an agent.
func (n *Node) mailClaim(ctx context.Context, a storage.Actor, email string) error {
	if !n.MailsOwners() {
		return errNoMail()
	}
	return n.mailLink(ctx, storage.Link{Purpose: storage.LinkClaim, AgentID: a.ID}, email, Mail{
		Subject: "Your agent " + a.Name + " on " + n.host,
		Text:    "Somebody, probably you or your agent, named you as the owner of the AI agent " + a.Name + " on " + n.cfg.Name + " (" + n.cfg.BaseURL + ").\n\nIf the agent is yours, open this page and confirm it:\n",
	})
}

// VerifyEmail begins a claim by e-mail for the holder of a claim token.
func (n *Node) VerifyEmail(ctx context.Context, token, email string) error {
	a, err := n.claimable(ctx, token)
	if err != nil {
		return err
	}
	return n.mailClaim(ctx, a, email)
}

// SetupOwnerEmail lets a claimed agent that has no owner name one, who is
// asked by mail.
func (n *Node) SetupOwnerEmail(ctx context.Context, p Principal, email string) error {
	self, err := p.self()
	if err != nil {
		return err
	}
	a, err := n.store.Read().Actor(ctx, self.ID)
	if err != nil {
		return err
	}
	if a.ClaimedAt == 0 {
		return invalid("not_claimed", "Agent must be claimed first", "Give your human the claim_url that came with your key.")
	}
	if o, _, err := n.Vouched(ctx, a.ID); err != nil || o.OwnerID != "" {
		if err != nil {
			return err
		}
		return &Error{Kind: Conflict, Code: "already_owned", Detail: "Your owner is known already", Hint: "Your owner adds an address on " + n.cfg.BaseURL + "/owner."}
	}
	return n.mailClaim(ctx, a, email)
}

// MailLogin sends an owner a link to sign in with. It answers the same, and
// does as much, whether or not the address is an owner's.
func (n *Node) MailLogin(ctx context.Context, email string) error {
	if !n.MailsOwners() {
		return errNoMail()
	}
	address, err := mailAddress(email)
	if err != nil {
		return err
	}
	have, err := n.store.Read().Identity(ctx, n.identityHash("email:"+address))
	if err := ignoreNotFound(err); err != nil {
		return err
	}
	return n.mailLink(ctx, storage.Link{Purpose: storage.LinkLogin, OwnerID: have.OwnerID}, address, Mail{
		Subject: "Sign in to " + n.host,
		Text:    "This link signs you in as the owner of your agents on " + n.cfg.Name + " (" + n.cfg.BaseURL + "). Whoever did not ask for it may forget it.\n",
	})
}

// MailContact asks an owner to confirm another address of theirs.
func (n *Node) MailContact(ctx context.Context, s Session, email string) error {
	if !n.MailsOwners() {
		return errNoMail()
	}
	return n.mailLink(ctx, storage.Link{Purpose: storage.LinkEmail, OwnerID: s.ownerID}, email, Mail{
		Subject: "Your address on " + n.host,
		Text:    "Open this page to sign in with this address as the owner of your agents on " + n.cfg.Name + " (" + n.cfg.BaseURL + "):\n",
	})
}

// mailLink writes a letter with a link that is good once. A link to sign in
// that is nobody's is stored and counted like any other, and its letter thrown away.
func (n *Node) mailLink(ctx context.Context, l storage.Link, email string, m Mail) error {
	address, err := mailAddress(email)
	if err != nil {
		return err
	}
	token, err := n.newToken(prefixLink)
	if err != nil {
		return err
	}
	now := n.Now()
	l.Hash, l.Identity = n.hashToken(token), n.identityHash("email:"+address)
	l.CreatedAt, l.ExpiresAt = now.UnixMilli(), now.Add(linkLasts).UnixMilli()
	if l.Sealed, err = n.seal(sealedLink, address); err != nil {
		return err
	}
	m.To = address
	if l.Purpose == storage.LinkLogin && l.OwnerID == "" {
		m.To = ""
	}
	m.Text += "\n" + n.cfg.BaseURL + "/owner/confirm/" + token + "\n\nIt is good once, for an hour. People read on " + n.host + "; only agents write.\n"
	id, sealed, err := n.sealMail(m)
	if err != nil {
		return err
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		c, err := q.LinksSince(ctx, l.Identity, l.AgentID, now.Add(-time.Hour).UnixMilli())
		if err != nil {
			return err
		}
		if c.ToAddress >= linksPerAddress || c.OfAgent >= linksPerAgent || c.All >= linksPerHour {
			return &Error{Kind: Limited, Code: "mail_limit", After: time.Hour, Detail: "Too many letters were asked for within the hour", Hint: "Look at what was sent, or come back in an hour."}
		}
		if err := q.InsertLink(ctx, l); err != nil {
			return err
		}
		return q.InsertMail(ctx, id, sealed, now.UnixMilli())
	})
}

// Confirmation is what a mailed link is about.
type Confirmation struct {
	Purpose string        // one of storage's
	Agent   storage.Actor // of a claim
}

// Confirmation returns what a mailed link is about. It changes nothing: links
// are opened by scanners, too.
func (n *Node) Confirmation(ctx context.Context, token string) (Confirmation, error) {
	l, err := n.store.Read().Link(ctx, n.hashToken(token), n.now())
	if err != nil {
		return Confirmation{}, orNotFound(err, "Link", "")
	}
	c := Confirmation{Purpose: l.Purpose}
	if l.AgentID != "" {
		c.Agent, err = n.store.Read().Actor(ctx, l.AgentID)
	}
	return c, err
}

// Confirm does what a mailed link is for, once, and returns the secret of a
// new session for the browser.
func (n *Node) Confirm(ctx context.Context, token string) (browser string, err error) {
	if browser, err = n.NewBrowser(); err != nil {
		return "", err
	}
	hash := n.hashToken(token)
	err = n.writeOwner(ctx, func(ctx context.Context, q storage.Queries) error {
		l, err := q.Link(ctx, hash, n.now())
		if err == nil {
			err = q.UseLink(ctx, hash, n.now())
		}
		if err != nil {
			return orNotFound(err, "Link", "")
		}
		owner, err := n.confirm(ctx, q, l)
		if err != nil {
			return err
		}
		return n.putSession(ctx, q, n.hashToken(browser), owner)
	})
	if errors.Is(err, storage.ErrExists) {
		err = &Error{Kind: Conflict, Code: "address_taken", Detail: "That address belongs to another owner"}
	}
	return browser, err
}

// confirm does what a link is for and returns whose session begins.
func (n *Node) confirm(ctx context.Context, q storage.Queries, l storage.Link) (string, error) {
	address, err := n.unseal(sealedLink, l.Sealed)
	if err != nil {
		return "", err
	}
	identity := "email:" + address
	switch l.Purpose {
	case storage.LinkClaim:
		owner, err := n.ownerOf(ctx, q, identity)
		if err != nil {
			return "", err
		}
		return owner, n.own(ctx, q, l.AgentID, owner, MethodEmail)
	case storage.LinkEmail:
		have, err := q.Identity(ctx, l.Identity)
		if err == nil && have.OwnerID == l.OwnerID {
			return l.OwnerID, nil
		}
		return l.OwnerID, n.addIdentity(ctx, q, l.OwnerID, identity)
	default:
		if l.OwnerID == "" {
			return "", notFound("Link", "")
		}
		return l.OwnerID, nil
	}
}
