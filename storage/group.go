package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/jmoiron/sqlx"
)

// groupLimit bounds how many writes share one commit, and so how long the
// first of them waits for the last.
const groupLimit = 256

// groupYields is how often in vain a batch looks for one more write.
const groupYields = 8

// grouper runs writes one after the other on one connection and commits many
// of them together: one fsync answers them all. A write that fails takes nobody
// with it: then the batch runs once more, each write in a savepoint of its own.
//
// Invariant: no caller hears of success before the commit that holds its write.
type grouper struct {
	s     *Store
	db    *sqlx.DB
	d     dialect
	begin string
	jobs  chan *job
	quit  chan struct{}
	done  sync.WaitGroup
}

type job struct {
	ctx  context.Context // the caller's: says only whether it still waits
	f    func(ctx context.Context, q Queries) error
	late bool // what it inserts and counts may be written at the end of the batch
	err  error
	done chan struct{}
}

func newGrouper(s *Store) *grouper {
	g := &grouper{s: s, db: s.write, d: s.dialect, begin: s.dialect.begin, jobs: make(chan *job, groupLimit), quit: make(chan struct{})}
	g.done.Add(1)
	go g.loop()
	return g
}

// run runs a job in a batch and returns its error.
func (g *grouper) run(j *job) error {
	if err := g.submit(j); err != nil {
		return err
	}
	<-j.done
	return j.err
}

// runAll runs jobs in their order, in one batch or in several, and returns the
// error of each.
func (g *grouper) runAll(jobs []*job) []error {
	errs := make([]error, len(jobs))
	for i, j := range jobs {
		errs[i] = g.submit(j)
	}
	for i, j := range jobs {
		if errs[i] == nil {
			<-j.done
			errs[i] = j.err
		}
	}
	return errs
}

// submit puts a job into the queue.
func (g *grouper) submit(j *job) error {
	j.done = make(chan struct{})
	select {
	case <-g.quit:
		return ErrClosed
	default:
	}
	select {
	case g.jobs <- j:
		return nil
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-g.quit:
		return ErrClosed
	}
}

// stop refuses new writes, finishes those that wait and returns.
func (g *grouper) stop() {
	close(g.quit)
	g.done.Wait()
}

func (g *grouper) loop() {
	defer g.done.Done()
	var conn *preparedConn
	for {
		select {
		case j := <-g.jobs:
			conn = g.commit(conn, g.collect(j))
		case <-g.quit:
			for {
				select {
				case j := <-g.jobs:
					conn = g.commit(conn, g.collect(j))
					continue
				default:
				}
				break
			}
			if conn != nil {
				_ = conn.conn.Close() // returns to the pool, which closes next
			}
			return
		}
	}
}

// collect lets those who are about to write get so far: the larger a batch, the
// less each write costs. It waits for nobody who does something else first.
func (g *grouper) collect(first *job) []*job {
	batch := []*job{first}
	for yielded := 0; yielded < groupYields && len(batch) < groupLimit; {
		select {
		case j := <-g.jobs:
			batch = append(batch, j)
			yielded = 0
		default:
			yielded++
			runtime.Gosched()
		}
	}
	return batch
}

// commit runs a batch and answers every caller. It returns the connection to
// use next, nil after one that is no longer to be trusted.
func (g *grouper) commit(conn *preparedConn, batch []*job) *preparedConn {
	ctx := context.Background()
	var err error
	if conn == nil {
		conn, err = connect(ctx, g.db, g.d)
	}
	if err == nil {
		err = g.attempt(ctx, conn, batch)
	}
	if err != nil && conn != nil {
		conn.giveUp(ctx)
		conn = nil
	}
	for _, j := range batch {
		if err != nil && j.err == nil {
			j.err = fmt.Errorf("commit: %w", err)
		}
		close(j.done)
	}
	return conn
}

// attempt runs a batch without savepoints, which cost as much as a short write,
// and anew with them when one of its writes failed.
func (g *grouper) attempt(ctx context.Context, conn *preparedConn, batch []*job) error {
	if _, err := conn.ExecContext(ctx, g.begin); err != nil {
		return err
	}
	var into Queue
	q := Queries{db: conn, dialect: g.d, inTx: true, into: &into}
	if g.attemptAll(ctx, q, batch) != nil {
		if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, g.begin); err != nil {
			return err
		}
		g.attemptEach(ctx, q, batch)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	g.s.tell(into)
	return nil
}

// attemptAll runs a batch up to its end, or to its first failure.
func (g *grouper) attemptAll(ctx context.Context, q Queries, batch []*job) error {
	late := q
	late.tail = &tail{}
	for _, j := range batch {
		if j.err = j.ctx.Err(); j.err != nil {
			continue // the caller has gone before its turn came
		}
		if j.late {
			j.err = guarded(ctx, j.f, late)
		} else {
			j.err = guarded(ctx, j.f, q)
			clear(late.tail.read)
		}
		if j.err != nil {
			return j.err
		}
	}
	return late.tail.write(ctx, q)
}

// attemptEach runs each write of a batch in a savepoint.
func (g *grouper) attemptEach(ctx context.Context, q Queries, batch []*job) {
	for _, j := range batch {
		for range txAttempts {
			if g.step(ctx, q, j); !isRetryable(j.err) {
				break
			}
		}
	}
}

func (g *grouper) step(ctx context.Context, q Queries, j *job) {
	conn := q.db
	if j.err = j.ctx.Err(); j.err != nil {
		return // the caller has gone before its turn came
	}
	if _, j.err = conn.ExecContext(ctx, "SAVEPOINT one"); j.err != nil {
		return
	}
	j.err = guarded(ctx, j.f, q)
	if j.err != nil {
		if _, err := conn.ExecContext(ctx, "ROLLBACK TO SAVEPOINT one"); err != nil {
			j.err = errors.Join(j.err, err)
		}
	}
	if _, err := conn.ExecContext(ctx, "RELEASE SAVEPOINT one"); err != nil {
		j.err = errors.Join(j.err, err)
	}
}

// guarded turns a panic of one write into its error: the others go on.
func guarded(ctx context.Context, f func(ctx context.Context, q Queries) error, q Queries) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a write: %v", r)
		}
	}()
	return f(ctx, q)
}
