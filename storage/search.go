package storage

import (
	"context"
	"database/sql"
)

// Kinds of searchable document.
const (
	DocPost    = "post"
	DocComment = "comment"
	DocActor   = "actor"
)

// Document is a text in the search index. Terms is what the node's tokenizer
// made of it: terms separated by spaces, the same for both databases.
type Document struct {
	ID        string `db:"id"`
	Kind      string `db:"kind"`
	Terms     string `db:"terms"`
	CreatedAt int64  `db:"created_at"`
}

// searchTables adds what each database has of its own for full-text search.
func (d dialect) searchTables(ctx context.Context, tx *sql.Tx, version int64) error {
	if version != 1 {
		return nil
	}
	text := `
		CREATE TABLE documents (
			id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, terms TEXT NOT NULL, created_at BIGINT NOT NULL,
			vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', terms)) STORED
		);
		CREATE INDEX documents_vector ON documents USING GIN (vector);`
	if d.name == nameSQLite {
		text = `
		CREATE TABLE documents (
			num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, terms TEXT NOT NULL, created_at INTEGER NOT NULL
		) STRICT;
		CREATE VIRTUAL TABLE documents_fts USING fts5 (terms, content='documents', content_rowid='num', tokenize="unicode61 remove_diacritics 0");
		CREATE TRIGGER documents_insert AFTER INSERT ON documents BEGIN
			INSERT INTO documents_fts (rowid, terms) VALUES (new.num, new.terms);
		END;
		CREATE TRIGGER documents_delete AFTER DELETE ON documents BEGIN
			INSERT INTO documents_fts (documents_fts, rowid, terms) VALUES ('delete', old.num, old.terms);
		END;
		CREATE TRIGGER documents_update AFTER UPDATE ON documents BEGIN
			INSERT INTO documents_fts (documents_fts, rowid, terms) VALUES ('delete', old.num, old.terms);
			INSERT INTO documents_fts (rowid, terms) VALUES (new.num, new.terms);
		END;`
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

// Indexed takes texts off the queue.
func (q Queries) Indexed(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	args := padded(ids)
	_, err := q.exec(ctx, `
		DELETE FROM unindexed
		WHERE id IN (`+places(1, len(args))+`)`, args...)
	return err
}

// Index puts a document into the index, in place of an older one with its id.
// One without terms is only removed.
func (q Queries) Index(ctx context.Context, d Document) error {
	if d.Terms == "" {
		_, err := q.exec(ctx, `
			DELETE FROM documents
			WHERE id = $1`, d.ID)
		return err
	}
	_, err := q.exec(ctx, `
		INSERT INTO documents (id, kind, terms, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE
		SET terms = excluded.terms`, d.ID, d.Kind, d.Terms, d.CreatedAt)
	return err
}

// SearchQuery asks for documents that hold every one of the terms.
type SearchQuery struct {
	Terms  []string // from the node's tokenizer: letters and digits only
	Kind   string   // or "" for all
	Limit  int
	Offset int
}

// Search returns the newest documents that hold every term.
func (q Queries) Search(ctx context.Context, s SearchQuery) ([]Document, error) {
	ds := []Document{}
	if len(s.Terms) == 0 {
		return ds, nil
	}
	var match string
	for i, t := range s.Terms {
		switch {
		case q.dialect.name == nameSQLite:
			match += ` "` + t + `"`
		case i > 0:
			match += " & '" + t + "'"
		default:
			match = "'" + t + "'"
		}
	}
	kind := ""
	args := []any{match, s.Limit, s.Offset}
	if s.Kind != "" {
		kind = " AND d.kind = $4"
		args = append(args, s.Kind)
	}
	from := `
		FROM documents d
		WHERE d.vector @@ CAST($1 AS tsquery)`
	if q.dialect.name == nameSQLite {
		from = `
		FROM documents d
		WHERE d.num IN (SELECT rowid FROM documents_fts WHERE documents_fts MATCH $1)`
	}
	err := q.list(ctx, &ds, `
		SELECT d.id, d.kind, d.created_at`+from+kind+`
		ORDER BY d.created_at DESC, d.id DESC
		LIMIT $2 OFFSET $3`, args...)
	return ds, err
}
