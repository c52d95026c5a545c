package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// What cannot be proven is no fault of who would get it: its lane rests, and is
// not tried again and again.
func TestALaneRestsWhenItsEntryCannotBeProven(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			s := launchNode(t, database, Options{Idle: true})
			got := 0
			to, port := listenEverywhere(t, func(w http.ResponseWriter, _ *http.Request) {
				got++
				w.WriteHeader(http.StatusAccepted)
			})
			defer to.Close()
			general, err := s.Node.Submolt(t.Context(), "general")
			if err != nil {
				t.Fatal(err)
			}
			host := "127.1.0.1:" + port
			inbox := "http://" + host + "/inbox"
			if err := s.store.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
				if err := q.OpenLane(ctx, inbox, host, host); err != nil {
					return err
				}
				return q.InsertEntry(ctx, storage.Entry{
					ID: "broken", Type: "Announce", ActorID: general.ID, Audience: storage.InboxAudience(inbox), Body: []byte("{"), CreatedAt: time.Now().UnixMilli(),
				})
			}); err != nil {
				t.Fatal(err)
			}
			turns := func(batch func(context.Context) (int, error)) int {
				t.Helper()
				n, err := batch(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			for n := 1; n > 0; {
				n = turns(s.Worker.Expand)
			}
			if first, second := turns(s.Worker.Deliver), turns(s.Worker.Deliver); first != 1 || second != 0 || got != 0 {
				t.Errorf("the lane had %d and then %d turns and sent %d; want 1, then rest, and nothing", first, second, got)
			}
			if h, err := s.Node.HostOfLane(t.Context(), host); err != nil || h.Failures != 0 {
				t.Errorf("the host has %d failures, %v; want none", h.Failures, err)
			}
		})
	}
}

// A submolt that passes on a deletion is heard as long as who deletes: an Announce
// waits for its peer as long as what is in it.
func TestAnAnnouncedDeletionWaitsAsADeletion(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			s := launchNode(t, database, Options{Idle: true})
			var mu sync.Mutex
			var got []string
			to, port := listenEverywhere(t, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err == nil {
					if a, err := activity.ParseActivity(body); err == nil {
						mu.Lock()
						got = append(got, a.Object().Type)
						mu.Unlock()
					}
				}
				w.WriteHeader(http.StatusAccepted)
			})
			defer to.Close()
			general, err := s.Node.Submolt(t.Context(), "general")
			if err != nil {
				t.Fatal(err)
			}
			host := "127.1.0.1:" + port
			inbox := "http://" + host + "/inbox"
			const day = 24 * time.Hour
			entry := func(name, inner string, age time.Duration) storage.Entry {
				body := fmt.Sprintf(`{"@context":%q,"id":%q,"type":"Announce","actor":%q,"object":{"type":%q,"id":"https://c.example/1","actor":"https://c.example/u/zoe","object":"https://c.example/2"}}`,
					"https://www.w3.org/ns/activitystreams", general.URI+"/activities/"+name, general.URI, inner)
				return storage.Entry{
					ID: name, Type: activity.TypeAnnounce, ActorID: general.ID, Audience: storage.InboxAudience(inbox), Body: []byte(body), CreatedAt: time.Now().Add(-age).UnixMilli(),
				}
			}
			if err := s.store.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
				if err := q.OpenLane(ctx, inbox, host, host); err != nil {
					return err
				}
				for _, e := range []storage.Entry{
					entry("a", "Create", 20*day), entry("b", "Delete", 20*day), entry("c", "Undo", 20*day), entry("d", "Block", 20*day),
					entry("e", "Delete", 31*day), entry("f", "Create", 10*day),
				} {
					if err := q.InsertEntry(ctx, e); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for _, batch := range []func(context.Context) (int, error){s.Worker.Expand, s.Worker.Deliver} {
				for n := 1; n > 0; {
					if n, err = batch(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			slices.Sort(got)
			if want := []string{"Block", "Create", "Delete", "Undo"}; !slices.Equal(got, want) {
				t.Errorf("what an old Announce holds arrives as %v, want %v", got, want)
			}
		})
	}
}
