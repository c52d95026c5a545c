package storage

import "context"

// ServerRule is one row of server_rules: what the operator decided of a server, and
// of all names below its own.
type ServerRule struct {
	Domain    string `db:"domain"` // in lower case, with a port where that is named
	Rule      string `db:"rule"`
	Reason    string `db:"reason"`
	CreatedAt int64  `db:"created_at"`
}

// ServerRules returns all of them by domain.
func (q Queries) ServerRules(ctx context.Context) ([]ServerRule, error) {
	all, after := []ServerRule{}, ""
	for {
		rs := []ServerRule{}
		err := q.list(ctx, &rs, `
			SELECT domain, rule, reason, created_at
			FROM server_rules
			WHERE domain > $1
			ORDER BY domain
			LIMIT 1000`, after)
		if err != nil || len(rs) == 0 {
			return all, err
		}
		all, after = append(all, rs...), rs[len(rs)-1].Domain
	}
}

// PutServerRule stores a rule, in the place of the domain's other one.
func (q Queries) PutServerRule(ctx context.Context, r ServerRule) error {
	_, err := q.exec(ctx, `
		INSERT INTO server_rules (domain, rule, reason, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (domain) DO UPDATE
		SET rule = excluded.rule, reason = excluded.reason, created_at = excluded.created_at`, r.Domain, r.Rule, r.Reason, r.CreatedAt)
	return err
}

// DeleteServerRule ends a rule; ErrNotFound when there is none.
func (q Queries) DeleteServerRule(ctx context.Context, domain string) error {
	return q.one(ctx, `
		DELETE FROM server_rules
		WHERE domain = $1`, domain)
}

// ActorsOf returns actors of a host by handle and kind, behind after's.
func (q Queries) ActorsOf(ctx context.Context, host string, after Actor, limit int) ([]Actor, error) {
	as := []Actor{}
	err := q.list(ctx, &as, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE host = CAST($1 AS TEXT) AND (handle, kind) > ($2, $3)
		ORDER BY handle, kind
		LIMIT $4`, host, after.Handle, after.Kind, limit)
	return as, err
}

// IsFollower says whether somebody follows anybody.
func (q Queries) IsFollower(ctx context.Context, id string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT target_id
		FROM follows
		WHERE follower_id = $1
		LIMIT 1`, id)
	return len(ids) > 0, err
}

// SetTierOf gives the agents of a host a tier.
func (q Queries) SetTierOf(ctx context.Context, host string, tier int64) error {
	_, err := q.exec(ctx, `
		UPDATE actors
		SET tier = $1
		WHERE host = CAST($2 AS TEXT) AND kind = 'agent' AND tier <> $1`, tier, host)
	return err
}

// DropLanes forgets the inboxes of a host, and what waits for them.
func (q Queries) DropLanes(ctx context.Context, host string) error {
	_, err := q.exec(ctx, `
		DELETE FROM lanes
		WHERE host = $1`, host)
	return err
}
