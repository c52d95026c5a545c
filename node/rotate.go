package node

import (
	"context"
	"time"

	"instar.example/storage"
)

// This file changes the keys that other servers know. It is the operator's.

// transportHold is how long letters wait for servers that believe an old RSA key
// for a day and take its end for a final no.
const transportHold = 25 * time.Hour

// slowKeyReaders are the programs of such servers, as NodeInfo names them.
func slowKeyReaders() []string { return []string{"lemmy", "piefed", "mbin"} }

// RotateTransport puts a new RSA key in the place of the node's own, under all
// its actors' key ids, at once. Who holds the old one asks for it anew when a
// letter does not verify; for those who do not, letters wait.
func (n *Node) RotateTransport(ctx context.Context) (heldUntil int64, err error) {
	if n.cfg.Keys.Renew == nil {
		return 0, &Error{Kind: Conflict, Code: "no_keys", Detail: "This node has no key of its own"}
	}
	until := n.Now().Add(transportHold).UnixMilli()
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		for _, software := range slowKeyReaders() {
			if err := q.HoldLanes(ctx, software, until); err != nil {
				return err
			}
		}
		return n.audit(ctx, q, "rotate transport key", n.cfg.BaseURL, "")
	})
	if err != nil {
		return 0, err
	}
	err = n.cfg.Keys.Renew(ctx)
	n.Changed() // what is served names the new key; told to others after it is stored
	return until, err
}

// RotateProofKey gives a local agent its next Ed25519 key and tells its
// followers. The one before it stays listed for overlap, or ends at once with 0:
// then the proofs made with it hold no more.
func (n *Node) RotateProofKey(ctx context.Context, name string, overlap time.Duration) (keyID string, oldUntil int64, err error) {
	oldUntil = n.Now().Add(max(overlap, 0)).UnixMilli()
	_, err = n.operate(ctx, name, "rotate proof key", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if err := q.RotateActorKey(ctx, a.ID, oldUntil, n.now()); err != nil {
			return err
		}
		n.forget(a.URI)
		a, err := q.Actor(ctx, a.ID)
		if err != nil {
			return err
		}
		keyID = proofKeyID(a.URI, a.KeyGeneration)
		return n.publishActor(ctx, q, a)
	})
	n.seen.byHash.Purge()
	return keyID, oldUntil, err
}

// ProofKeyOverlap is how long an agent's old proof key stays listed: as long as
// a proof may be believed by itself.
const ProofKeyOverlap = 30 * 24 * time.Hour
