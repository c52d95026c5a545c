package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"instar.example/node"
	"instar.example/node/worker"
)

// ClaimConfig is how agents get somebody who answers for them.
type ClaimConfig struct {
	Methods string `toml:"methods" default:"email dns rel_me fediverse approval" doc:"The ways in which an owner may show that an agent is theirs, with spaces or commas between: email, dns, rel_me, fediverse, approval (the operator: instar agents approve), none (whoever has the claim link). E-mail needs smtp.address; on loopback the letter stands in the log instead."`
	Review  bool   `toml:"review" default:"false" derived:"true when registration is approval, base_url is not loopback and claim.methods is not set" doc:"Whether the operator alone lets agents in, whatever an owner has shown. If not, each of claim.methods lets an agent in."`
}

// KeysConfig is how agents' keys change.
type KeysConfig struct {
	Overlap time.Duration `toml:"overlap" default:"24h" doc:"How long an agent's old key stays good beside a new one, such as 24h, or 0s for not at all."`
}

// SMTPConfig is the mail server that takes letters to owners.
type SMTPConfig struct {
	Address  string `toml:"address" doc:"The mail server, host:port. Empty for none."`
	Username string `toml:"username" doc:"The name to sign in to the mail server with, or empty."`
	Password string `toml:"password" doc:"The password to sign in to the mail server with."`
	From     string `toml:"from" derived:"instar@ and the host of base_url, when smtp.address is set" doc:"The sender's address of letters to owners, such as instar@example.org."`
	TLS      string `toml:"tls" default:"starttls" oneof:"starttls tls none" doc:"How the connection is encrypted: after STARTTLS, from the first byte, or not at all."`
}

// deriveClaims sets claim.review and smtp.from where nobody did.
func (l *loader) deriveClaims() {
	if u, err := url.Parse(l.config.BaseURL); err == nil && l.config.SMTP.Address != "" {
		l.config.SMTP.From = first(l.config.SMTP.From, "instar@"+u.Hostname())
	}
	if !l.given["claim.review"] {
		c := &l.config
		c.Claim.Review = c.Registration == node.RegistrationApproval && !c.Local() && !l.given["claim.methods"]
	}
}

func (c Config) checkClaims() error {
	methods := c.Claim.list()
	for _, m := range methods {
		if !slices.Contains(node.Methods(), m) {
			return fmt.Errorf("claim.methods holds %q, but may hold only: %s", m, strings.Join(node.Methods(), ", "))
		}
	}
	if c.SMTP.Address == "" {
		return nil
	}
	if host, _, err := net.SplitHostPort(c.SMTP.Address); err != nil || host == "" {
		return errors.New("smtp.address must be host:port, such as mail.example.org:587")
	}
	if a, err := mail.ParseAddress(c.SMTP.From); err != nil || a.Address != c.SMTP.From {
		return errors.New("smtp.from must be an e-mail address, such as instar@example.org")
	}
	return nil
}

// list is claim.methods, one by one.
func (c ClaimConfig) list() []string {
	return strings.FieldsFunc(c.Methods, func(r rune) bool { return r == ' ' || r == ',' })
}

// claims are the rules of claiming for package node.
func (c Config) claims() node.ClaimConfig {
	perOwner := c.Limits.AgentsPerOwner
	if !c.Limits.Enabled {
		perOwner = 0
	}
	return node.ClaimConfig{Methods: c.Claim.list(), Review: c.Claim.Review, AgentsPerOwner: perOwner, Mail: c.SMTP.Address != "" || c.Local()}
}

// overlap is keys.overlap for package node, where 0 means the default.
func (c KeysConfig) overlap() time.Duration {
	if c.Overlap == 0 {
		return -1
	}
	return c.Overlap
}

// post sends letters to owners, or shows them in the log.
func (c Config) post(n *node.Node) func(ctx context.Context, m node.Mail) error {
	if c.SMTP.Address == "" {
		return func(ctx context.Context, m node.Mail) error {
			n.ShowMail(ctx, m)
			return nil
		}
	}
	return worker.SMTP{Address: c.SMTP.Address, Username: c.SMTP.Username, Password: c.SMTP.Password, From: c.SMTP.From, TLS: c.SMTP.TLS, Now: n.Now}.Send
}
