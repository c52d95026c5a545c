package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/jmoiron/sqlx"
)

// prepared runs each text as a statement that is prepared once per connection:
// SQLite spends as long on planning a short query as on running it.
type prepared struct {
	db    *sqlx.DB
	d     dialect
	stmts sync.Map // text -> *sqlx.Stmt
}

func (p *prepared) stmt(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if s, ok := p.stmts.Load(query); ok {
		return s.(*sqlx.Stmt), nil
	}
	s, err := p.db.PreparexContext(context.WithoutCancel(ctx), p.d.placeholders(query))
	if err != nil {
		return nil, err
	}
	if prior, raced := p.stmts.LoadOrStore(query, s); raced {
		_ = s.Close() //nolint:sqlclosecheck // nothing depends on the duplicate
		return prior.(*sqlx.Stmt), nil
	}
	return s, nil
}

func (p *prepared) close() {
	p.stmts.Range(func(_, s any) bool {
		_ = s.(*sqlx.Stmt).Close() // the pool closes next
		return true
	})
}

func (p *prepared) DriverName() string                               { return p.db.DriverName() }
func (p *prepared) Rebind(query string) string                       { return query }
func (p *prepared) BindNamed(q string, a any) (string, []any, error) { return p.db.BindNamed(q, a) }

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the pool
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *prepared) QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the pool
	if err != nil {
		return nil, err
	}
	return s.QueryxContext(ctx, args...)
}

func (p *prepared) QueryRowxContext(ctx context.Context, query string, args ...any) *sqlx.Row {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the pool
	if err != nil {
		return p.db.QueryRowxContext(ctx, query, args...) // reports the same error
	}
	return s.QueryRowxContext(ctx, args...)
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the pool
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// preparedConn runs its statements on one connection, which one goroutine owns at a time.
type preparedConn struct {
	conn  *sqlx.Conn
	d     dialect
	stmts map[string]*sqlx.Stmt // the owner's
}

func (p *preparedConn) stmt(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if s, ok := p.stmts[query]; ok {
		return s, nil
	}
	s, err := p.conn.PreparexContext(ctx, p.d.placeholders(query))
	if err == nil {
		p.stmts[query] = s
	}
	return s, err
}

func (p *preparedConn) DriverName() string         { return "" }
func (p *preparedConn) Rebind(query string) string { return query }
func (p *preparedConn) BindNamed(q string, a any) (string, []any, error) {
	return sqlx.BindNamed(sqlx.DOLLAR, q, a)
}

func (p *preparedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the connection
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *preparedConn) QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the connection
	if err != nil {
		return nil, err
	}
	return s.QueryxContext(ctx, args...)
}

func (p *preparedConn) QueryRowxContext(ctx context.Context, query string, args ...any) *sqlx.Row {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the connection
	if err != nil {
		return p.conn.QueryRowxContext(ctx, query, args...)
	}
	return s.QueryRowxContext(ctx, args...)
}

func (p *preparedConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept for the next time, closed with the connection
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func connect(ctx context.Context, db *sqlx.DB, d dialect) (*preparedConn, error) {
	c, err := db.Connx(ctx)
	if err != nil {
		return nil, err
	}
	if d.once != "" {
		if _, err := c.ExecContext(ctx, d.once); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return &preparedConn{conn: c, d: d, stmts: map[string]*sqlx.Stmt{}}, nil
}

// copyIn writes rows by PostgreSQL's COPY.
func (p *preparedConn) copyIn(ctx context.Context, table, columns string, all [][]any) (err error) {
	s, err := p.conn.PreparexContext(ctx, "COPY "+table+" ("+columns+") FROM STDIN")
	if err != nil {
		return translate(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, row := range all {
		if _, err := s.ExecContext(ctx, row...); err != nil {
			return translate(err)
		}
	}
	_, err = s.ExecContext(ctx)
	return translate(err)
}

// giveUp drops a connection that is no longer to be trusted, with what it holds open.
func (p *preparedConn) giveUp(ctx context.Context) {
	_, _ = p.conn.ExecContext(ctx, "ROLLBACK") // whatever it answers
	_ = p.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = p.conn.Close()
}
