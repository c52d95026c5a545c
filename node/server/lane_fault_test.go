package server

import (
	"context"
	"net/http"
	"testing"
	"time"

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
				if err := q.OpenLane(ctx, inbox, host); err != nil {
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
