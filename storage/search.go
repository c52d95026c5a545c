package storage

import (
	"context"
	"database/sql"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kinds of searchable document; those of actors are KindAgent and KindSubmolt.
const (
	DocPost    = "post"
	DocComment = "comment"
	DocActor   = "actor" // in the queue, before it is known which
)

// Document is a text in the search index.
type Document struct {
	// Num is its place: documents are found the newest first, which is by Num
	// descending. It is made of CreatedAt and ID.
	Num       int64  `db:"num"`
	ID        string `db:"id"`
	Kind      string `db:"kind"`
	AuthorID  string `db:"author_id"`
	CreatedAt int64  `db:"created_at"`
	Size      int64  `db:"size"`  // words
	Title     string `db:"title"` // as the node's tokenizer reads it, like Body and Rest
	Body      string `db:"body"`  // the beginning, by which documents are ranked
	Rest      string `db:"rest"`  // what follows Body
	// Terms are what it is found by, each once: letters, digits and '_' where
	// they are ASCII. They are written, never read.
	Terms []string `db:"-"`
}

// searchVersion is the migration that makes the tables of the index.
const searchVersion = 3

// searchTables adds what each database has of its own for full-text search. The
// terms are ours to the letter: neither database cuts, folds or stems them.
// On PostgreSQL new terms go into the index at once, not onto a list that each
// search would read.
func (d dialect) searchTables(ctx context.Context, tx *sql.Tx, version int64) error {
	if version != searchVersion {
		return nil
	}
	const columns = `
			num BIGINT NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, author_id TEXT NOT NULL,
			created_at BIGINT NOT NULL, size BIGINT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, rest TEXT NOT NULL`
	text := `
		DROP TABLE IF EXISTS documents;
		CREATE TABLE documents (` + columns + `, vector tsvector NOT NULL
		);
		CREATE INDEX documents_vector ON documents USING GIN (vector) WITH (fastupdate = off);`
	if d.name == nameSQLite {
		text = `
		DROP TABLE IF EXISTS documents_fts;
		DROP TABLE IF EXISTS documents;
		CREATE TABLE documents (` + strings.ReplaceAll(columns, "BIGINT", "INTEGER") + `
		) STRICT;
		CREATE VIRTUAL TABLE documents_fts USING fts5 (
			terms, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars '_'"
		);`
	}
	_, err := tx.ExecContext(ctx, text)
	return err
}

// queueIndex notes that a text is to be indexed anew; the worker does it later.
func (q Queries) queueIndex(ctx context.Context, id, kind string) error {
	d := Document{ID: id, Kind: kind}
	if q.tail != nil {
		q.tail.queue = append(q.tail.queue, d)
		return nil
	}
	return q.queueAll(ctx, []Document{d})
}

// queueThread notes that all comments on a post are to be indexed anew.
func (q Queries) queueThread(ctx context.Context, postID string) error {
	q.queue(QueueIndex)
	_, err := q.exec(ctx, `
		INSERT INTO unindexed (id, kind)
		SELECT id, 'comment'
		FROM comments
		WHERE post_id = $1
		ORDER BY id
		ON CONFLICT (id) DO NOTHING`, postID)
	return err
}

// Unindexed returns texts that wait for the index.
func (q Queries) Unindexed(ctx context.Context, limit int) ([]Document, error) {
	ds := []Document{}
	err := q.list(ctx, &ds, `
		SELECT id, kind
		FROM unindexed
		ORDER BY id
		LIMIT $1`, limit)
	return ds, err
}

// TakeUnindexed takes texts off the queue and returns those that were still there:
// another process, or a search that does not wait for one, may have had the rest.
// Who changes a text after that puts it back.
func (q Queries) TakeUnindexed(ctx context.Context, ids []string) ([]string, error) {
	taken := []string{}
	if len(ids) == 0 {
		return taken, nil
	}
	args := padded(ids)
	err := q.list(ctx, &taken, `
		DELETE FROM unindexed
		WHERE id IN (`+places(1, len(args))+`)
		RETURNING id`, args...)
	return taken, err
}

// placeBits are the low bits of a document's place, which tell apart what was
// written in the same millisecond.
const placeBits = 20

// Place is the least Num of a document that was written at a time, Unix ms.
func Place(at int64) int64 { return min(max(at, 0), math.MaxInt64>>placeBits) << placeBits }

// Queued returns which of the documents wait to be indexed anew.
func (q Queries) Queued(ctx context.Context, ids []string) ([]string, error) {
	queued := []string{}
	if len(ids) == 0 {
		return queued, nil
	}
	args := padded(ids)
	err := q.list(ctx, &queued, `
		SELECT id
		FROM unindexed
		WHERE id IN (`+places(1, len(args))+`)`, args...)
	return queued, err
}

// Index puts documents into the index, each in place of an older one with its
// id. One without terms is only removed.
func (q Queries) Index(ctx context.Context, ds []Document) error {
	if len(ds) == 0 {
		return nil
	}
	ids := make([]string, 0, len(ds))
	for _, d := range ds {
		ids = append(ids, d.ID)
	}
	if err := q.removeDocuments(ctx, padded(ids)); err != nil {
		return err
	}
	ds = slices.DeleteFunc(slices.Clone(ds), func(d Document) bool { return len(d.Terms) == 0 })
	if err := q.place(ctx, ds); err != nil {
		return err
	}
	const together = 16 // so that two statements serve lists of any length
	for len(ds) >= together {
		if err := q.insertDocuments(ctx, ds[:together]); err != nil {
			return err
		}
		ds = ds[together:]
	}
	for _, d := range ds {
		if err := q.insertDocuments(ctx, []Document{d}); err != nil {
			return err
		}
	}
	return nil
}

func (q Queries) removeDocuments(ctx context.Context, ids []any) error {
	if q.dialect.name == nameSQLite {
		_, err := q.exec(ctx, `
			DELETE FROM documents_fts
			WHERE rowid IN (SELECT num FROM documents WHERE id IN (`+places(1, len(ids))+`))`, ids...)
		if err != nil {
			return err
		}
	}
	_, err := q.exec(ctx, `
		DELETE FROM documents
		WHERE id IN (`+places(1, len(ids))+`)`, ids...)
	return err
}

// place gives each document its Num: a free one at its time.
func (q Queries) place(ctx context.Context, ds []Document) error {
	given := map[int64]bool{}
	for i := range ds {
		h := fnv.New32a()
		_, _ = h.Write([]byte(ds[i].ID)) // never fails
		num := Place(ds[i].CreatedAt) + int64(h.Sum32()>>(32-placeBits))
		for {
			var taken int64
			err := q.get(ctx, &taken, `
				SELECT COUNT(*)
				FROM documents
				WHERE num = $1`, num)
			if err != nil {
				return err
			}
			if taken == 0 && !given[num] {
				break
			}
			num++
		}
		given[num] = true
		ds[i].Num = num
	}
	return nil
}

func (q Queries) insertDocuments(ctx context.Context, ds []Document) error {
	lite := q.dialect.name == nameSQLite
	column := ", vector"
	if lite {
		column = ""
	}
	var values []string
	var args []any
	for _, d := range ds {
		row := places(len(args)+1, 9)
		args = append(args, d.Num, d.ID, d.Kind, d.AuthorID, d.CreatedAt, d.Size, d.Title, d.Body, d.Rest)
		if !lite {
			args = append(args, strings.Join(append(slices.Clip(d.Terms), blocksOf(d.CreatedAt)...), " "))
			row += ", array_to_tsvector(string_to_array($" + strconv.Itoa(len(args)) + ", ' '))"
		}
		values = append(values, "("+row+")")
	}
	_, err := q.exec(ctx, `
		INSERT INTO documents (num, id, kind, author_id, created_at, size, title, body, rest`+column+`)
		VALUES `+strings.Join(values, ", "), args...)
	if err != nil || !lite {
		return err
	}
	for _, d := range ds {
		_, err := q.exec(ctx, `
			INSERT INTO documents_fts (rowid, terms)
			VALUES ($1, $2)`, d.Num, strings.Join(d.Terms, " "))
		if err != nil {
			return err
		}
	}
	return nil
}

// SearchQuery asks for documents that hold every one of the terms and stand
// from From to before Before.
type SearchQuery struct {
	Terms        []string // as in Document.Terms; at least one
	From, Before int64    // by Num
	Limit        int
}

// Search returns the newest documents that are asked for, without Rest.
func (q Queries) Search(ctx context.Context, s SearchQuery) ([]Document, error) {
	if q.dialect.name == nameSQLite {
		return q.matches(ctx, s, `"`+strings.Join(s.Terms, `" "`)+`"`)
	}
	return q.recentMatches(ctx, s)
}

// matches returns the newest documents that a query in the database's own
// words finds.
func (q Queries) matches(ctx context.Context, s SearchQuery, match string) ([]Document, error) {
	// The sums, and the subquery for a constant, leave PostgreSQL one plan: to
	// read the index of terms and sort. Guesses about how often a term stands
	// in the texts have it read every document instead.
	where := `
		FROM documents d
		WHERE d.vector @@ (SELECT CAST($1 AS tsquery)) AND d.num + 0 >= $2 AND d.num + 0 < $3`
	order := "d.num + 0"
	if q.dialect.name == nameSQLite {
		where = `
		FROM documents_fts f
		CROSS JOIN documents d ON d.num = f.rowid
		WHERE f.documents_fts MATCH $1 AND f.rowid >= $2 AND f.rowid < $3`
		order = "f.rowid"
	}
	ds := []Document{}
	err := q.list(ctx, &ds, `
		SELECT d.num, d.id, d.kind, d.author_id, d.created_at, d.size, d.title, d.body`+where+`
		ORDER BY `+order+` DESC
		LIMIT $4`, match, s.From, s.Before, s.Limit)
	return ds, err
}

// Bounds of looking back on PostgreSQL.
const (
	recentDocuments = 2_048
	leastLookBack   = 4 // times as far at the next step
	mostLookBack    = 64
)

// recentMatches searches the newest documents first and goes back by and by,
// until it has found enough: PostgreSQL's index does not know what is newest,
// and would read all texts that hold a frequent term.
func (q Queries) recentMatches(ctx context.Context, s SearchQuery) ([]Document, error) {
	var recent struct {
		Oldest int64 `db:"oldest"` // of all, not only of the recent ones
		First  int64 `db:"first"`
		Last   int64 `db:"last"`
	}
	err := q.get(ctx, &recent, `
		SELECT COALESCE((SELECT MIN(num) FROM documents WHERE num >= $1), 0) AS oldest,
			COALESCE(MIN(num), -1) AS first, COALESCE(MAX(num), -1) AS last
		FROM (
			SELECT num
			FROM documents
			WHERE num >= $1 AND num < $2
			ORDER BY num DESC
			LIMIT $3
		) recent`, s.From, s.Before, recentDocuments)
	if err != nil || recent.Last < 0 {
		return []Document{}, err
	}
	terms := "'" + strings.Join(s.Terms, "' & '") + "'"
	from, span := recent.First, recent.Last-recent.First
	for {
		match := terms
		if from <= recent.Oldest {
			from = s.From
		}
		if from > 0 {
			match += cover(from>>placeBits, recent.Last>>placeBits)
		}
		ds, err := q.matches(ctx, SearchQuery{From: from, Before: s.Before, Limit: s.Limit}, match)
		if err != nil || len(ds) == s.Limit || from == s.From {
			return ds, err
		}
		further := int64(min(max(2*s.Limit/(len(ds)+1), leastLookBack), mostLookBack))
		if span > recent.Last/further {
			from = s.From
			continue
		}
		span *= further
		from = recent.Last - span
	}
}

// Blocks are stretches of time that PostgreSQL finds documents by: of 65
// seconds, and sixteen times as long at each further level, up to two years.
const (
	shortestBlock = 16 // bits of milliseconds
	longestBlock  = 36
	blockStep     = 4
	coverBlocks   = 17
)

// blocksOf are the terms of the blocks that a time is in.
func blocksOf(at int64) []string {
	var blocks []string
	for bits := shortestBlock; bits <= longestBlock; bits += blockStep {
		blocks = append(blocks, block(bits, at>>bits))
	}
	return blocks
}

func block(bits int, n int64) string {
	return "_t" + strconv.FormatInt(int64(bits), 10) + "_" + strconv.FormatInt(n, 36)
}

// cover asks for one of few blocks that hold all times of a stretch, for nothing
// when it is too long.
func cover(from, to int64) string {
	for bits := shortestBlock; bits <= longestBlock; bits += blockStep {
		first, last := from>>bits, to>>bits
		if last-first >= coverBlocks {
			continue
		}
		var blocks []string
		for n := first; n <= last; n++ {
			blocks = append(blocks, block(bits, n))
		}
		return " & ('" + strings.Join(blocks, "' | '") + "')"
	}
	return ""
}

// WholeTexts returns the Body and Rest of documents in one, by Num.
func (q Queries) WholeTexts(ctx context.Context, nums []int64) (map[int64]string, error) {
	if len(nums) == 0 {
		return nil, nil
	}
	var ds []Document
	args := make([]any, 0, len(nums))
	for _, n := range nums {
		args = append(args, n)
	}
	for len(args)&(len(args)-1) != 0 { // so that few statements serve lists of any length
		args = append(args, args[len(args)-1])
	}
	err := q.list(ctx, &ds, `
		SELECT num, body, rest
		FROM documents
		WHERE num IN (`+places(1, len(args))+`)`, args...)
	texts := make(map[int64]string, len(ds))
	for _, d := range ds {
		texts[d.Num] = d.Body + d.Rest
	}
	return texts, err
}
