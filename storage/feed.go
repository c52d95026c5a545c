package storage

import (
	"context"
	"slices"
	"strings"
)

// Source is what an agent's personal feed draws on: an agent or a submolt.
type Source struct {
	ID   string `db:"id"`
	Kind string `db:"kind"`
}

// Sources returns agents or submolts that an agent follows.
func (q Queries) Sources(ctx context.Context, followerID, kind string, limit int) ([]Source, error) {
	ss := []Source{}
	err := q.list(ctx, &ss, `
		SELECT a.id, a.kind
		FROM follows f
		JOIN actors a ON a.id = f.target_id
		WHERE f.follower_id = $1 AND a.kind = $2
		ORDER BY f.target_id
		LIMIT $3`, followerID, kind, limit)
	return ss, err
}

// PostKey is a post's place in an order.
type PostKey struct {
	ID  string `db:"id"`
	Key int64  `db:"sort_key"`
}

// sourcesAtOnce bounds the parts of one statement.
const sourcesAtOnce = 64

// FeedKeys returns the first visible posts, at most limit, that each kind of
// source has together: of submolts in an order, of agents those of the newest
// of each. They come with their place in that order, but in none themselves; a
// post can stand there twice.
func (q Queries) FeedKeys(ctx context.Context, sources []Source, sort string, limit int) ([]PostKey, error) {
	column := map[string]string{SortHot: "hot", SortNew: "created_at", SortTop: "score"}[sort]
	one := map[string]string{
		KindSubmolt: `SELECT id, ` + column + ` AS sort_key FROM posts WHERE submolt_id = $? AND hidden = 0 ORDER BY ` + column + ` DESC, id DESC LIMIT $1`,
		KindAgent:   `SELECT id, ` + column + ` AS sort_key FROM posts WHERE author_id = $? AND hidden = 0 ORDER BY created_at DESC, id DESC LIMIT $1`,
	}
	var all []PostKey
	for kind, part := range one {
		var ids []string
		for _, s := range sources {
			if s.Kind == kind {
				ids = append(ids, s.ID)
			}
		}
		for piece := range slices.Chunk(ids, sourcesAtOnce) {
			// A list of any length is one of few statements: what is missing finds nothing.
			args := append([]any{limit}, padded(append(slices.Clone(piece), ""))...)
			parts := make([]string, len(args)-1)
			for i := range parts {
				parts[i] = "SELECT id, sort_key FROM (" + strings.Replace(part, "$?", places(2+i, 1), 1) + ") AS source"
			}
			var keys []PostKey
			if err := q.list(ctx, &keys, "SELECT id, sort_key FROM (\n"+strings.Join(parts, "\nUNION ALL\n")+
				"\n) AS merged ORDER BY sort_key DESC, id DESC LIMIT $1", args...); err != nil {
				return nil, err
			}
			all = append(all, keys...)
		}
	}
	return all, nil
}
