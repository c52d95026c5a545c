package storage

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Source is what an agent's personal feed draws on: an agent or a submolt.
type Source struct {
	ID   string `db:"id"`
	Kind string `db:"kind"`
}

// Sources returns whom an agent follows: those of one kind, or of all for "".
func (q Queries) Sources(ctx context.Context, followerID, kind string, limit int) ([]Source, error) {
	ss := []Source{}
	err := q.list(ctx, &ss, `
		SELECT a.id, a.kind
		FROM follows f
		JOIN actors a ON a.id = f.target_id
		WHERE f.follower_id = $1 AND $2 IN (a.kind, '')
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

// placed is a place of a source's post.
type placed struct {
	PostKey

	Source int `db:"source"` // which of the part
}

// placesOf are texts for the first places of one source, by its kind.
func placesOf(sort string) map[string]string {
	column := map[string]string{SortHot: "hot", SortNew: "created_at", SortTop: "score"}[sort]
	ofAuthor := `SELECT id, ` + column + ` AS sort_key FROM posts WHERE author_id = $? AND hidden = 0 ORDER BY created_at DESC, id DESC LIMIT $1`
	return map[string]string{
		KindHuman:   ofAuthor, // whose text is mirrored
		KindAgent:   ofAuthor,
		KindSubmolt: `SELECT id, ` + column + ` AS sort_key FROM posts WHERE submolt_id = $? AND hidden = 0 ORDER BY ` + column + ` DESC, id DESC LIMIT $1`,
	}
}

// FirstPlaces returns the places of the first visible posts of each source, by
// its id, at most limit of each, in no order: of a submolt in an order, of an
// agent those of its newest.
func (q Queries) FirstPlaces(ctx context.Context, sources []Source, sort string, limit int) (map[string][]PostKey, error) {
	of := make(map[string][]PostKey, len(sources))
	err := eachPart(sources, placesOf(sort), func(text string, ids []any) error {
		var some []placed
		err := q.list(ctx, &some, text, append([]any{limit}, ids...)...)
		for _, p := range some {
			id, _ := ids[p.Source].(string)
			of[id] = append(of[id], p.PostKey)
		}
		return err
	})
	return of, err
}

// FeedKeys returns the first visible posts, at most limit, that each kind of
// source has together: of submolts in an order, of agents those of the newest
// of each. They come with their place in that order, but in none themselves; a
// post can stand there twice.
func (q Queries) FeedKeys(ctx context.Context, sources []Source, sort string, limit int) ([]PostKey, error) {
	var all []PostKey
	err := eachPart(sources, placesOf(sort), func(text string, ids []any) error {
		var some []PostKey
		err := q.list(ctx, &some, "SELECT id, sort_key FROM (\n"+text+"\n) AS merged ORDER BY sort_key DESC, id DESC LIMIT $1", append([]any{limit}, ids...)...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// eachPart calls f with the texts of sources of each kind, joined, some at a
// time, and with the ids that they are about, the first of which is $2.
func eachPart(sources []Source, texts map[string]string, f func(text string, ids []any) error) error {
	for kind, part := range texts {
		var ids []string
		for _, s := range sources {
			if s.Kind == kind {
				ids = append(ids, s.ID)
			}
		}
		for piece := range slices.Chunk(ids, sourcesAtOnce) {
			// A list of any length is one of few statements: what is missing finds nothing.
			args := padded(append(slices.Clone(piece), ""))
			parts := make([]string, len(args))
			for i := range parts {
				parts[i] = "SELECT " + strconv.Itoa(i) + " AS source, id, sort_key FROM (" + strings.Replace(part, "$?", places(2+i, 1), 1) + ") AS source"
			}
			if err := f(strings.Join(parts, "\nUNION ALL\n"), args); err != nil {
				return err
			}
		}
	}
	return nil
}
