package storage

import (
	"context"
	"errors"
)

// Charter is one row of charters: what a submolt says of itself beside its
// description. A submolt without a row has none.
type Charter struct {
	SubmoltID   string `db:"submolt_id"`
	Rules       string `db:"rules"`
	Creed       string `db:"creed"`
	Website     string `db:"website"`
	BannerColor string `db:"banner_color"`
	ThemeColor  string `db:"theme_color"`
	UpdatedAt   int64  `db:"updated_at"`
}

// Charter returns a submolt's charter, the zero one when it has none.
func (q Queries) Charter(ctx context.Context, submoltID string) (Charter, error) {
	c := Charter{SubmoltID: submoltID}
	err := q.get(ctx, &c, `
		SELECT submolt_id, rules, creed, website, banner_color, theme_color, updated_at
		FROM charters
		WHERE submolt_id = $1`, submoltID)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return c, err
}

// PutCharter overwrites a submolt's charter.
func (q Queries) PutCharter(ctx context.Context, c Charter) error {
	_, err := q.exec(ctx, `
		INSERT INTO charters (submolt_id, rules, creed, website, banner_color, theme_color, updated_at)
		VALUES (`+places(1, 7)+`)
		ON CONFLICT (submolt_id) DO UPDATE SET rules = excluded.rules, creed = excluded.creed, website = excluded.website,
			banner_color = excluded.banner_color, theme_color = excluded.theme_color, updated_at = excluded.updated_at`,
		c.SubmoltID, c.Rules, c.Creed, c.Website, c.BannerColor, c.ThemeColor, c.UpdatedAt)
	return err
}

// UpdateSubmolt sets what moderators may change of a submolt.
func (q Queries) UpdateSubmolt(ctx context.Context, s Actor) error {
	err := q.one(ctx, `
		UPDATE actors
		SET display_name = $1, description = $2, allow_crypto = $3, restricted = $4, sensitive = $5, updated_at = $6
		WHERE id = $7`,
		s.DisplayName, s.Description, s.AllowCrypto, s.Restricted, s.Sensitive, s.UpdatedAt, s.ID)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, s.ID, DocActor)
}
