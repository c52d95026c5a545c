package node_test

import (
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// What was learned of a host is good for a month, and a success renews it.
func TestASchemeIsForgottenInTime(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newLone(t, s)
		keep := func(scheme string) {
			t.Helper()
			if err := w.KeepScheme(t.Context(), "b.example", scheme); err != nil {
				t.Fatal(err)
			}
		}
		want := func(scheme string) {
			t.Helper()
			if got, _, err := w.Scheme(t.Context(), "b.example"); err != nil || got != scheme {
				t.Errorf("Scheme = %q, %v, want %q", got, err, scheme)
			}
		}
		want(node.SchemeUnknown)
		keep(node.SchemeEd25519)
		want(node.SchemeEd25519)
		w.clock.add(29 * 24 * time.Hour)
		keep(node.SchemeEd25519)
		w.clock.add(29 * 24 * time.Hour)
		want(node.SchemeEd25519)
		keep(node.SchemeCavage)
		want(node.SchemeCavage)
		w.clock.add(31 * 24 * time.Hour)
		want(node.SchemeUnknown)
	})
}
