package storage

import "context"

// ActorKey is one row of actor_keys: a key that a remote actor lists for its
// proofs (FEP-521a). Those of local actors are derived, not stored.
type ActorKey struct {
	KeyID     string `db:"key_id"`
	ActorID   string `db:"actor_id"`
	Multibase string `db:"multibase"`
}

// PutActorKeys replaces an actor's keys. A key id that another actor has stays
// that actor's.
func (q Queries) PutActorKeys(ctx context.Context, actorID string, keys []ActorKey) error {
	have := []ActorKey{}
	if err := q.list(ctx, &have, `
		SELECT key_id, actor_id, multibase
		FROM actor_keys
		WHERE actor_id = $1
		ORDER BY key_id`, actorID); err != nil {
		return err
	}
	kept := map[ActorKey]bool{}
	for _, k := range keys {
		k.ActorID = actorID
		kept[k] = true
	}
	for _, k := range have {
		if kept[k] {
			delete(kept, k)
			continue
		}
		if _, err := q.exec(ctx, `
			DELETE FROM actor_keys
			WHERE key_id = $1 AND actor_id = $2`, k.KeyID, actorID); err != nil {
			return err
		}
	}
	for k := range kept {
		if _, err := q.exec(ctx, `
			INSERT INTO actor_keys (key_id, actor_id, multibase)
			VALUES ($1, $2, $3)
			ON CONFLICT (key_id) DO NOTHING`, k.KeyID, actorID, k.Multibase); err != nil {
			return err
		}
	}
	return nil
}

// ActorKey returns a remote actor's key by its id.
func (q Queries) ActorKey(ctx context.Context, keyID string) (ActorKey, error) {
	var k ActorKey
	err := q.get(ctx, &k, `
		SELECT key_id, actor_id, multibase
		FROM actor_keys
		WHERE key_id = $1`, keyID)
	return k, err
}

// RotateActorKey gives a local actor its next key; the one before it stays
// listed until oldUntil.
func (q Queries) RotateActorKey(ctx context.Context, actorID string, oldUntil, now int64) error {
	return q.one(ctx, `
		UPDATE actors
		SET key_generation = key_generation + 1, key_old_until = $1, updated_at = $2
		WHERE id = $3 AND host = ''`, oldUntil, now, actorID)
}
