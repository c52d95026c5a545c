package storage

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jmoiron/sqlx"
)

// recorder tells a test each statement that is run.
type recorder struct {
	sqlx.ExtContext

	record func(query string, args []any)
}

func (r recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.record(query, args)
	return r.ExtContext.QueryContext(ctx, query, args...)
}

func (r recorder) QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	r.record(query, args)
	return r.ExtContext.QueryxContext(ctx, query, args...)
}

func (r recorder) QueryRowxContext(ctx context.Context, query string, args ...any) *sqlx.Row {
	r.record(query, args)
	return r.ExtContext.QueryRowxContext(ctx, query, args...)
}

func (r recorder) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r.record(query, args)
	return r.ExtContext.ExecContext(ctx, query, args...)
}

// Recorded returns the statements on the reading pool, telling record each of them.
func (s *Store) Recorded(record func(query string, args []any)) Queries {
	return Queries{db: recorder{s.reads, record}, dialect: s.dialect}
}

// Plan returns how the database would run a statement, one step a line.
func (s *Store) Plan(ctx context.Context, query string, args []any) ([]string, error) {
	var steps []string
	if s.dialect.name == nameSQLite {
		var rows []struct {
			ID     int    `db:"id"`
			Parent int    `db:"parent"`
			Unused int    `db:"notused"`
			Detail string `db:"detail"`
		}
		err := sqlx.SelectContext(ctx, s.read, &rows, "EXPLAIN QUERY PLAN "+query, args...)
		for _, r := range rows {
			steps = append(steps, r.Detail)
		}
		return steps, err
	}
	conn, err := s.read.Connx(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	// Small tables are scanned for good reasons; what matters is that an index could serve.
	sets := []string{"SET enable_seqscan = off", "SET enable_bitmapscan = off"}
	if strings.Contains(query, "tsquery") {
		sets[1] = "SET enable_bitmapscan = on" // a GIN index is read as a bitmap
	}
	for _, set := range sets {
		if _, err := conn.ExecContext(ctx, set); err != nil {
			return nil, err
		}
	}
	err = sqlx.SelectContext(ctx, conn, &steps, "EXPLAIN "+query, args...)
	return steps, err
}
