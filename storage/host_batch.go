package storage

import "context"

// HostBatch returns the inbox to which a server takes batches, "" when it was
// found to take none; ErrNotFound when it never said anything of them.
func (q Queries) HostBatch(ctx context.Context, host string) (inbox string, err error) {
	err = q.get(ctx, &inbox, `
		SELECT inbox
		FROM host_batches
		WHERE host = $1`, host)
	return inbox, err
}

// PutHostBatch remembers where a server takes batches.
func (q Queries) PutHostBatch(ctx context.Context, host, inbox string) error {
	_, err := q.exec(ctx, `
		INSERT INTO host_batches (host, inbox)
		VALUES ($1, $2)
		ON CONFLICT (host) DO UPDATE
		SET inbox = excluded.inbox`, host, inbox)
	return err
}
