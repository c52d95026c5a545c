package storage_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// sample is a value of a type for a statement's arguments: what it says does not
// matter, since no row is found by it.
func sample(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v = reflect.Append(v, sample(t.Elem()), sample(t.Elem()))
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				v.Field(i).Set(sample(f.Type))
			}
		}
	default: // its zero value
	}
	return v
}

// call calls a method of q with samples.
func call(ctx context.Context, q storage.Queries, m reflect.Method) {
	args := []reflect.Value{reflect.ValueOf(q), reflect.ValueOf(ctx)}
	for i := 2; i < m.Type.NumIn(); i++ {
		args = append(args, sample(m.Type.In(i)))
	}
	if m.Type.IsVariadic() {
		m.Func.CallSlice(args)
		return
	}
	m.Func.Call(args)
}

// skipped are the methods that samples do not suit, and those that may look at
// a whole table, each with its reason.
func skipped(database string) map[string]string {
	const words = "its arguments are of a few words: TestNoListingScansOrSortsATable says them"
	skip := map[string]string{
		"Actors": words, "Conversations": words, "FeedKeys": words, "FirstPlaces": words, "Posts": words, "PostPlaces": words, "Gains": words, "Texts": words,
		"FailHost":         "ranks the inboxes of one host, when it fails",
		"HoldLanes":        "runs when the operator changes the node's key",
		"ReleaseLanes":     "runs at a start and at a stop",
		"ReleaseReceived":  "runs at a start and at a stop",
		"ReleaseBackfills": "runs at a start and at a stop",
		"PruneChanges":     "the table has a row a process",
		"InTx":             "says nothing to the database",
	}
	if database == "sqlite" {
		skip["Stamp"] = "the writer numbers"
		skip["LockConversation"] = "there is one writer"
	}
	return skip
}

// TestNoStatementScansOrSortsATable calls every method there is: what lists is
// called with all its arguments in TestNoListingScansOrSortsATable, and what
// looks up, claims, changes or prunes must find its rows by an index, too.
func TestNoStatementScansOrSortsATable(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		skip := skipped(s.Name())
		for m := range reflect.TypeFor[storage.Queries]().Methods() {
			if skip[m.Name] != "" {
				continue
			}
			type statement struct {
				query string
				args  []any
			}
			var seen []statement
			call(t.Context(), s.Recorded(func(query string, args []any) { seen = append(seen, statement{query, args}) }), m)
			if len(seen) == 0 {
				t.Errorf("%s runs no statement with samples as arguments", m.Name)
			}
			for _, st := range seen {
				steps, err := s.Plan(t.Context(), st.query, st.args)
				if err != nil {
					t.Fatalf("plan of %s: %v", m.Name, err)
				}
				if i := slices.IndexFunc(steps, func(step string) bool { return wasteful(s.Name(), st.query, step) != "" }); i >= 0 {
					t.Errorf("%s in %s\n%s\n%s", wasteful(s.Name(), st.query, steps[i]), m.Name, st.query, strings.Join(steps, "\n"))
				}
			}
		}
	})
}
