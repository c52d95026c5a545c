package storage

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema to this program's version, under a lock, and
// returns the names of the steps that it took.
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	results, err := p.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	steps := make([]string, len(results))
	for i, r := range results {
		steps[i] = strconv.FormatInt(r.Source.Version, 10)
	}
	return steps, nil
}

// Pending says how many steps the schema is behind this program. A schema that
// is ahead of it is an error: an older program must not write a newer database.
func (s *Store) Pending(ctx context.Context) (int, error) {
	p, err := s.provider()
	if err != nil {
		return 0, err
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	if current > target {
		return 0, fmt.Errorf("the database has schema version %d, this program knows %d: use a newer program", current, target)
	}
	return int(target - current), nil
}

func (s *Store) provider() (*goose.Provider, error) {
	steps, err := s.steps()
	if err != nil {
		return nil, err
	}
	kind, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true)}
	if s.dialect.name == namePostgres {
		kind = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("migration lock: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(kind, s.read.DB, nil, opts...)
	if err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	return p, nil
}

// steps are the embedded files, each in the words of the database.
func (s *Store) steps() ([]*goose.Migration, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var steps []*goose.Migration
	for _, name := range files {
		version, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, goose.NewGoMigration(n, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, s.dialect.ddl(string(text))); err != nil {
				return err
			}
			return s.dialect.searchTables(ctx, tx, n)
		}}, nil))
	}
	return steps, nil
}
