package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// flood is what one caller of TestGroupedWritesShareACommitAndNothingElse does.
type flood struct {
	activity string // its id; two have the same
	post     string
	fail     func() error
	want     error // nil: all of it is kept
}

var errOwn = errors.New("the caller's own error")

func (f flood) run(ctx context.Context, q storage.Queries) error {
	err := q.InsertReceived(ctx, storage.Received{ID: f.activity + f.post, ActivityID: f.activity, Type: "Create", State: storage.ReceivedDone, Body: []byte{}})
	if err != nil {
		return err
	}
	gone, err := q.IsTombstone(ctx, f.post, "https://b.test/u/bob")
	if err != nil {
		return err
	}
	if gone {
		return storage.ErrNotFound
	}
	err = q.InsertPost(ctx, storage.Post{ID: f.activity, URI: f.post, AuthorID: "ada", SubmoltID: "lab", Type: "text", Title: "t", CreatedAt: 7, UpdatedAt: 7})
	if err != nil {
		return err
	}
	if err := q.AddPosts(ctx, "ada", "lab", 1, 7); err != nil {
		return err
	}
	if err := q.InsertEntry(ctx, storage.Entry{ID: f.activity, Type: "Announce", ActorID: "lab", Thread: f.post, Body: []byte("{}"), CreatedAt: 7}); err != nil {
		return err
	}
	return f.fail()
}

func fine() error { return nil }

// odd are those who are told something else than that all is well.
func odd() []flood {
	return []flood{
		{"a3000", "https://b.test/post/deleted", fine, storage.ErrNotFound},
		{"a3001", "https://b.test/post/barred", fine, nil}, // by somebody who is not its author
		{"a3002", "https://b.test/post/3002", func() error { return errOwn }, errOwn},
		{"a3003", "https://b.test/post/3003", func() error { panic("in a write") }, errors.New("panic in a write: in a write")},
		{"known", "https://b.test/post/3004", fine, storage.ErrExists},
		{"a3005", "https://a.test/post/known", fine, storage.ErrExists},
	}
}

func TestGroupedWritesShareACommitAndNothingElse(t *testing.T) {
	t.Parallel()
	var usual []flood
	for i := range 50 {
		usual = append(usual, flood{fmt.Sprint("a", i), fmt.Sprint("https://b.test/post/", i), fine, nil})
	}
	groups := map[string][]flood{"none is odd": nil, "all odd ones": odd()}
	for _, f := range odd() {
		groups[f.activity] = []flood{f}
	}
	for name, among := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testGrouped(t, append(slices.Clone(usual), among...))
		})
	}
}

func testGrouped(t *testing.T, fs []flood) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		seed(t, s)
		addPost(t, s, "known", 1, 1, 1)
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			return errors.Join(
				q.InsertReceived(ctx, storage.Received{ID: "first", ActivityID: "known", Type: "Create", Body: []byte{}}),
				q.InsertTombstone(ctx, "https://b.test/post/deleted", "https://b.test/u/bob", 5),
				q.InsertTombstone(ctx, "https://b.test/post/barred", "https://b.test/u/eve", 5),
			)
		})
		errs := runTogether(t, s, fs)
		kept := 0
		for i, f := range fs {
			switch {
			case f.want == nil && errs[i] != nil, f.want != nil && errs[i] == nil:
				t.Errorf("%s: error %v, want %v", f.activity, errs[i], f.want)
			case f.want != nil && !errors.Is(errs[i], f.want) && errs[i].Error() != f.want.Error():
				t.Errorf("%s: error %v, want %v", f.activity, errs[i], f.want)
			}
			_, err := s.Read().PostByURI(t.Context(), f.post)
			if f.want == nil {
				kept++
			}
			if known := f.post == "https://a.test/post/known"; (err == nil) != (f.want == nil || known) {
				t.Errorf("%s: its post is there: %v", f.activity, err == nil)
			}
			if before, err := s.Read().ReceivedBefore(t.Context(), f.activity, "Create"); err != nil || before != (f.want == nil || f.activity == "known") {
				t.Errorf("%s: known afterwards: %v %v", f.activity, before, err)
			}
		}
		for _, id := range []string{"ada", "lab"} {
			if a, err := s.Read().Actor(t.Context(), id); err != nil || a.PostCount != int64(kept) {
				t.Errorf("%s counts %d posts, %v, want %d", id, a.PostCount, err, kept)
			}
		}
		es, err := s.Read().EntriesBy(t.Context(), "lab", 200)
		if err != nil {
			t.Fatalf("EntriesBy: %v", err)
		}
		if len(es) != 0 {
			t.Errorf("%d entries are listed, want none", len(es))
		}
		entries(t, s, kept)
	})
}

// runTogether has all floods wait for one batch, and returns their errors.
func runTogether(t *testing.T, s *storage.Store, fs []flood) []error {
	t.Helper()
	errs := make([]error, len(fs))
	var all, ready sync.WaitGroup
	ready.Add(len(fs))
	all.Go(func() {
		err := s.Grouped(t.Context(), func(context.Context, storage.Queries) error {
			ready.Wait()
			return nil
		})
		if err != nil {
			t.Errorf("Grouped: %v", err)
		}
	})
	for i, f := range fs {
		all.Go(func() {
			ready.Done()
			errs[i] = s.Grouped(t.Context(), f.run)
		})
	}
	all.Wait()
	return errs
}

// entries checks that the log has n entries with numbers of their own.
func entries(t *testing.T, s *storage.Store, n int) {
	t.Helper()
	write(t, s, func(ctx context.Context, q storage.Queries) error {
		_, err := q.Stamp(ctx, 1_000)
		return err
	})
	marks, err := s.Read().MarksAfter(t.Context(), 0, 1_000)
	if err != nil {
		t.Fatalf("MarksAfter: %v", err)
	}
	for i, m := range marks {
		if m.Seq != int64(i)+1 {
			t.Errorf("entry %d of the log has the number %d", i+1, m.Seq)
		}
	}
	if len(marks) != n {
		t.Errorf("the log has %d entries, want %d", len(marks), n)
	}
}

// What a flood writes at once, by COPY on PostgreSQL, is read as it was written.
func TestGroupedBytesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		bodies := []string{
			`{"content":"<p>\"quoted\"\n\\\u0000</p>"}`, "{\n\t\"a\": \"b\"\r\n}", `{"名前":"人工知能 🦀"}`, "", `\x7b7d`, `\\.`, `\N`, `\.`, `{\101}`,
			"\x00binary\x00", "\xff\xfe", "{\x7f\x01}", `back\slash`, strings.Repeat(`\`, 9), "{}",
		}
		err := s.Grouped(t.Context(), func(ctx context.Context, q storage.Queries) error {
			for i, body := range bodies {
				if err := q.InsertEntry(ctx, storage.Entry{ID: fmt.Sprint("e", i), Type: "Create", ActorID: "ada", Body: []byte(body)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, body := range bodies {
			e, err := s.Read().Entry(t.Context(), fmt.Sprint("e", i))
			if err != nil || string(e.Body) != body {
				t.Errorf("%q is read as %q, %v", body, e.Body, err)
			}
		}
	})
}
