package storage

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Orders of a list of posts.
const (
	SortHot           = "hot"
	SortNew           = "new"
	SortTop           = "top"
	SortScaled        = "scaled"        // hot, with those of small submolts further up
	SortDiscussed     = "discussed"     // by their number of comments
	SortControversial = "controversial" // by how much votes differ
)

// After is where a page of a list starts: behind the row with this key and id.
// The zero value is the beginning.
type After struct {
	Key int64
	ID  string
}

// Span is a part of a list in the order of ids.
type Span struct {
	After  string // the id behind which it begins, "" for the beginning
	Offset int    // rows left out; bounded by the caller
	Limit  int
}

// skipped is the clause that leaves rows out, and the arguments with theirs. For
// none there is no clause: PostgreSQL plans for a tenth of the table where it
// cannot know how many are left out.
func skipped(args []any, offset int) (string, []any) {
	if offset == 0 {
		return "", args
	}
	args = append(args, offset)
	return " OFFSET $" + strconv.Itoa(len(args)), args
}

// PostList asks for a page of visible posts: of all, or of at most one of a
// submolt, an author, the local submolts, or a language.
//
// Orders without an index in what is asked for rank its newest RankedPosts.
type PostList struct {
	Sort      string
	SubmoltID string // or ""
	AuthorID  string // or ""
	Waiting   bool   // of an author, those too that wait to be published
	Local     bool   // only those in submolts of this node
	Lang      string // or ""
	Since     int64  // only younger ones, 0 for all
	Now       int64  // with Since
	After     After
	Limit     int
	Offset    int // for clients without cursors; bounded by the caller
}

// RankedPosts bounds how many posts an order without an index ranks.
const RankedPosts = 1_000

var postKeys = map[string]string{
	SortHot: "p.hot", SortNew: "p.created_at", SortTop: "p.score",
	SortScaled: "p.scaled", SortDiscussed: "p.comment_count", SortControversial: "p.disputed",
}

// Key is the post's place in a list.
func (p Post) Key(sort string) int64 {
	switch sort {
	case SortHot:
		return p.Hot
	case SortTop:
		return p.Score
	case SortScaled:
		return p.Scaled
	case SortDiscussed:
		return p.CommentCount
	case SortControversial:
		return p.Disputed
	default:
		return p.CreatedAt
	}
}

// Posts returns a page of a list.
func (q Queries) Posts(ctx context.Context, l PostList) ([]Post, error) {
	posts := []Post{}
	err := q.listPosts(ctx, &posts, l, false)
	return posts, err
}

// PostPlaces returns the places of a list's page: of most orders an index holds
// them, so that no post is read.
func (q Queries) PostPlaces(ctx context.Context, l PostList) ([]PostKey, error) {
	places := []PostKey{}
	err := q.listPosts(ctx, &places, l, true)
	return places, err
}

func (q Queries) listPosts(ctx context.Context, into any, l PostList, places bool) error {
	key, ok := postKeys[l.Sort]
	if !ok {
		return fmt.Errorf("no such order: %q", l.Sort)
	}
	b := &listing{PostList: l, key: key, places: places, args: []any{l.Limit, l.Offset}}
	var query string
	switch {
	case l.indexed():
		query = b.walk()
	case b.wholeDays():
		query = b.ofDays()
	default:
		query = b.ofNewest()
	}
	return q.list(ctx, into, query, b.args...)
}

// Gain is what the order of rising posts looks at.
type Gain struct {
	ID        string `db:"id"`
	Score     int64  `db:"score"`
	CreatedAt int64  `db:"created_at"`
}

// Gains returns what the newest posts of a list gained, at most its Limit.
func (q Queries) Gains(ctx context.Context, l PostList) ([]Gain, error) {
	gains := []Gain{}
	l.Sort = SortNew
	b := &listing{PostList: l, args: []any{l.Limit}}
	err := q.list(ctx, &gains, `
		SELECT p.id, p.score, p.created_at
		FROM posts p
		WHERE `+b.where()+`
		ORDER BY p.created_at DESC, p.id DESC
		LIMIT $1`, b.args...)
	return gains, err
}

// day is what the index posts_day counts time in, and daysAtOnce the most of
// them that one statement merges.
const (
	day        = 24 * 60 * 60 * 1_000
	daysAtOnce = 40
)

// indexed says whether an index holds the list in its order.
func (l PostList) indexed() bool {
	switch {
	case l.Sort == SortNew:
		return true
	case l.AuthorID != "":
		return false
	case l.Since > 0: // the best of long ago are few: they are passed over
		return l.Sort == SortTop && !l.scoped() && l.Now-l.Since > (daysAtOnce-1)*day
	case l.Lang != "":
		return false
	case l.Local:
		return l.Sort == SortHot
	case l.SubmoltID != "":
		return l.Sort != SortScaled
	default:
		return true
	}
}

// scoped says that the list is not of all posts.
func (l PostList) scoped() bool { return l.SubmoltID != "" || l.Lang != "" || l.Local }

// wholeDays says whether the best of each day make the list.
func (l PostList) wholeDays() bool { return l.Sort == SortTop && l.Since > 0 && !l.scoped() }

// listing builds the statement of a list.
type listing struct {
	PostList

	key    string
	places bool  // only ids and keys are asked for
	args   []any // $1 is the limit, $2 the offset
}

func (b *listing) arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

// where names what the list is of, as the partial indexes have it.
func (b *listing) where() string {
	where := "p.hidden = 0"
	if b.SubmoltID != "" {
		where += " AND p.submolt_id = " + b.arg(b.SubmoltID)
	}
	if b.AuthorID != "" {
		if b.Waiting {
			where = "p.hidden IN (0, 3, 4)"
		}
		where += " AND p.author_id = " + b.arg(b.AuthorID)
	}
	if b.Local {
		where += " AND p.local"
	}
	if b.Lang != "" {
		where += " AND p.lang <> '' AND p.lang = " + b.arg(b.Lang)
	}
	if b.Since > 0 {
		where += " AND p.created_at >= " + b.arg(b.Since)
	}
	return where
}

// onlySome says that the order leaves out the posts whose key is 0.
func (l PostList) onlySome() bool { return l.Sort == SortDiscussed || l.Sort == SortControversial }

// behind is the condition that rows stand behind the list's After.
func (b *listing) behind(key, id string) string {
	if b.After.ID == "" {
		return ""
	}
	return "(" + key + ", " + id + ") < (" + b.arg(b.After.Key) + ", " + b.arg(b.After.ID) + ")"
}

// walk reads the list off an index.
func (b *listing) walk() string {
	where := b.where()
	if b.onlySome() {
		where += " AND " + b.key + " > 0"
	}
	if behind := b.behind(b.key, "p.id"); behind != "" {
		where += " AND " + behind
	}
	from := postSelect() + `
		FROM posts p` + postJoins
	if b.places {
		from = `SELECT p.id, ` + b.key + ` AS sort_key
		FROM posts p`
	}
	return from + `
		WHERE ` + where + `
		ORDER BY ` + b.key + ` DESC, p.id DESC
		LIMIT $1 OFFSET $2`
}

// ofNewest ranks the newest posts of what the list is of.
func (b *listing) ofNewest() string {
	inner := `SELECT p.id, ` + b.key + ` AS sort_key
			FROM posts p
			WHERE ` + b.where() + `
			ORDER BY p.created_at DESC, p.id DESC
			LIMIT ` + b.arg(RankedPosts)
	where := ""
	if b.onlySome() {
		where = " AND merged.sort_key > 0"
	}
	if behind := b.behind("merged.sort_key", "merged.id"); behind != "" {
		where += " AND " + behind
	}
	return b.merged(inner, strings.Replace(where, " AND", "WHERE", 1))
}

// ofDays merges the best of each day since the list's Since.
func (b *listing) ofDays() string {
	var parts []string
	for d := b.Since / day; d <= b.Now/day; d++ {
		where := "p.hidden = 0 AND p.created_at / 86400000 = " + b.arg(d)
		if d == b.Since/day {
			where += " AND p.created_at >= " + b.arg(b.Since)
		}
		if behind := b.behind("p.score", "p.id"); behind != "" {
			where += " AND " + behind
		}
		parts = append(parts, `SELECT id, sort_key FROM (
				SELECT p.id, p.score AS sort_key
				FROM posts p
				WHERE `+where+`
				ORDER BY p.score DESC, p.id DESC
				LIMIT `+b.arg(b.Limit+b.Offset)+`) AS source`)
	}
	return b.merged(strings.Join(parts, " UNION ALL "), "")
}

// merged makes a page of those rows of id and sort_key that where leaves.
func (b *listing) merged(rows, where string) string {
	ranked := `SELECT merged.id, merged.sort_key
			FROM (` + rows + `) AS merged
			` + where + `
			ORDER BY merged.sort_key DESC, merged.id DESC
			LIMIT $1 OFFSET $2`
	if b.places {
		return ranked
	}
	return postSelect() + `
		FROM (
			` + ranked + `
		) AS ranked
		JOIN posts p ON p.id = ranked.id` + postJoins + `
		ORDER BY ranked.sort_key DESC, ranked.id DESC`
}

// languagesMost bounds how many languages Languages tells.
const languagesMost = 60

// Languages returns those that visible posts are written in, by their tags.
func (q Queries) Languages(ctx context.Context) ([]string, error) {
	tags := []string{}
	err := q.list(ctx, &tags, `
		WITH RECURSIVE branch (lang) AS (
			SELECT (SELECT p.lang FROM posts p WHERE p.hidden = 0 AND p.lang <> '' ORDER BY p.lang LIMIT 1)
			UNION ALL
			SELECT (SELECT p.lang FROM posts p WHERE p.hidden = 0 AND p.lang <> '' AND p.lang > branch.lang ORDER BY p.lang LIMIT 1)
			FROM branch
			WHERE branch.lang IS NOT NULL
		)
		SELECT lang
		FROM branch
		WHERE lang IS NOT NULL
		LIMIT $1`, languagesMost)
	return tags, err
}
