package storage

import "context"

// HostScheme is one row of host_schemes: how requests to a server are best signed.
type HostScheme struct {
	Host      string `db:"host"`
	Scheme    string `db:"scheme"`
	LearnedAt int64  `db:"learned_at"`
}

// HostScheme returns what was learned of a server; ErrNotFound when nothing was.
func (q Queries) HostScheme(ctx context.Context, host string) (HostScheme, error) {
	var h HostScheme
	err := q.get(ctx, &h, `
		SELECT host, scheme, learned_at
		FROM host_schemes
		WHERE host = $1`, host)
	return h, err
}

// PutHostScheme remembers how requests to a server are best signed.
func (q Queries) PutHostScheme(ctx context.Context, h HostScheme) error {
	_, err := q.exec(ctx, `
		INSERT INTO host_schemes (host, scheme, learned_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (host) DO UPDATE
		SET scheme = excluded.scheme, learned_at = excluded.learned_at`, h.Host, h.Scheme, h.LearnedAt)
	return err
}
