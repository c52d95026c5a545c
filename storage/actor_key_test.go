package storage_test

import (
	"context"
	"errors"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestAnActorsKeysAreThoseItListsLast(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		put := func(actor string, keys ...storage.ActorKey) {
			t.Helper()
			write(t, s, func(ctx context.Context, q storage.Queries) error { return q.PutActorKeys(ctx, actor, keys) })
		}
		put("bo", storage.ActorKey{KeyID: "bo#1", Multibase: "a"}, storage.ActorKey{KeyID: "bo#2", Multibase: "b"})
		put("bo", storage.ActorKey{KeyID: "bo#2", Multibase: "c"}, storage.ActorKey{KeyID: "bo#3", Multibase: "d"})
		put("eve", storage.ActorKey{KeyID: "bo#3", Multibase: "e"}, storage.ActorKey{KeyID: "eve#1", Multibase: "f"})
		for id, want := range map[string]storage.ActorKey{
			"bo#1":  {},
			"bo#2":  {KeyID: "bo#2", ActorID: "bo", Multibase: "c"},
			"bo#3":  {KeyID: "bo#3", ActorID: "bo", Multibase: "d"}, // eve takes nobody's key
			"eve#1": {KeyID: "eve#1", ActorID: "eve", Multibase: "f"},
		} {
			got, err := s.Read().ActorKey(t.Context(), id)
			if got != want || (want.KeyID == "") != errors.Is(err, storage.ErrNotFound) {
				t.Errorf("ActorKey(%s) = %+v, %v; want %+v", id, got, err, want)
			}
		}
	})
}

func TestHeldLanesWait(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			for host, software := range map[string]string{"l.example": "lemmy", "i.example": "instar"} {
				inbox := "https://" + host + "/inbox"
				if err := errors.Join(
					q.PutHost(ctx, storage.Host{Host: host, Software: software}), q.OpenLane(ctx, inbox, host, host), q.RaiseLane(ctx, inbox, 1, 2),
				); err != nil {
					return err
				}
			}
			return q.HoldLanes(ctx, "lemmy", 500)
		})
		for at, want := range map[int64]int{100: 1, 500: 2} {
			var lanes []storage.Lane
			write(t, s, func(ctx context.Context, q storage.Queries) (err error) {
				lanes, err = q.ClaimLanes(ctx, "me", at, at, 10)
				return err
			})
			write(t, s, func(ctx context.Context, q storage.Queries) error { return q.ReleaseLanes(ctx, "me") })
			if len(lanes) != want {
				t.Errorf("at %d: %d lanes, want %d", at, len(lanes), want)
			}
		}
	})
}
