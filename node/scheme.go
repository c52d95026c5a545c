package node

import (
	"context"
	"time"

	"instar.example/storage"
)

// How requests to a server are best signed, as far as is known: what it says of
// itself, or what worked last.
const (
	SchemeUnknown = ""
	SchemeCavage  = "cavage"          // the draft, with RSA
	SchemeMessage = "rfc9421"         // RFC 9421, with RSA
	SchemeEd25519 = "rfc9421-ed25519" // RFC 9421, with Ed25519
)

const (
	schemeKept = 30 * 24 * time.Hour
	// schemeAnew is how old a record is that a success makes new.
	schemeAnew = 24 * time.Hour
)

// Scheme returns how requests to a server are best signed. What was learned long
// ago counts no more: servers are replaced.
func (n *Node) Scheme(ctx context.Context, host string) (scheme string, learnedAt int64, err error) {
	h, err := n.store.Read().HostScheme(ctx, host)
	if err != nil || h.LearnedAt < n.now()-schemeKept.Milliseconds() {
		return SchemeUnknown, 0, ignoreNotFound(err)
	}
	return h.Scheme, h.LearnedAt, nil
}

// SignsMessages notes that a server signs by RFC 9421 itself, which it then reads,
// too. What it says of itself, and what was tried, count more.
func (n *Node) SignsMessages(ctx context.Context, host string) error {
	known, _, err := n.Scheme(ctx, host)
	if err != nil || known != SchemeUnknown {
		return err
	}
	return n.KeepScheme(ctx, host, SchemeMessage)
}

// KeepScheme remembers how requests to a server are best signed, unless that is
// known and new enough.
func (n *Node) KeepScheme(ctx context.Context, host, scheme string) error {
	known, at, err := n.Scheme(ctx, host)
	if err != nil || !n.SchemeIsNews(known, at, scheme) {
		return err
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.PutHostScheme(ctx, storage.HostScheme{Host: host, Scheme: scheme, LearnedAt: n.now()})
	})
}

// SchemeIsNews says whether what was learned of a server now is to be kept beside
// what Scheme returned.
func (n *Node) SchemeIsNews(known string, learnedAt int64, now string) bool {
	return now != SchemeUnknown && (now != known || learnedAt <= n.now()-schemeAnew.Milliseconds())
}
