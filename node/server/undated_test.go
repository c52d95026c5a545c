package server_test

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

// Who passes on an actor's profile that does not say when it was written brings
// back nothing: not in a batch, and not where the sender's key came late.
func TestAnUndatedProfileThatIsPassedOnIsNone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newClock()
		s := setStage(t, nodetest.NewAt(t, c.now, database(t)))
		home, relay := newPeer(t).agentsOnly(), newPeer(t)
		bo, root, late := home.actor("bo", "Service"), relay.instance(), relay.actor("late", "Service")
		key := home.proofKeyOf(bo)
		s.must(home, bo, create(page(home.URL+"/post/1", bo, s.general, "By bo")))
		update := func(summary string, dated bool) []byte {
			d := home.document(bo, "Service")
			d["summary"] = summary
			d["assertionMethod"] = []doc{{"id": key.ID, "type": "Multikey", "controller": bo, "publicKeyMultibase": proof.Multikey(key.Private.Public().(ed25519.PublicKey))}}
			a := doc{"type": activity.TypeUpdate, "object": d}
			if dated {
				a["updated"] = time.Now().UTC().Add(time.Second).Format(time.RFC3339)
			}
			return home.proven(bo, key, a)
		}
		profile := func() string {
			nodetest.Settle(t, s.node)
			return fmt.Sprint(s.node.Call("", http.MethodGet, "/api/v1/agents/profile?name=bo@"+home.host(), nil).Want(http.StatusOK).Body)
		}
		batch := func(sender *peer, by string, item []byte) {
			t.Helper()
			if status, told := sender.sendBatch(s.node, by, item); status != http.StatusOK || len(told) != 1 || told[0].Status != http.StatusAccepted {
				t.Errorf("the batch is answered %d %v", status, told)
			}
		}
		undecided := func(item []byte) {
			t.Helper()
			relay.failing.Store(true)
			l := letter{key: signature.Key{ID: late + "#main-key", Private: relay.key(late)}, body: item}
			if got := relay.deliver(s.node, l); got != taken() {
				t.Errorf("what cannot be judged yet is answered %v", got)
			}
			relay.failing.Store(false)
			c.add(2 * time.Minute)
		}
		batch(relay, root, update("undated in a batch", false))
		if got := profile(); strings.Contains(got, "undated in a batch") {
			t.Errorf("the profile is %s", got)
		}
		undecided(update("undated and late", false))
		if got := profile(); strings.Contains(got, "undated and late") {
			t.Errorf("the profile is %s", got)
		}
		batch(relay, root, update("dated in a batch", true))
		if got := profile(); !strings.Contains(got, "dated in a batch") {
			t.Errorf("the profile is %s", got)
		}
		late = relay.actor("later", "Service")
		undecided(update("dated and late", true))
		if got := profile(); !strings.Contains(got, "dated and late") {
			t.Errorf("the profile is %s", got)
		}
		own := home.instance()
		batch(home, own, update("from its own server", false))
		if got := profile(); !strings.Contains(got, "from its own server") {
			t.Errorf("the profile is %s", got)
		}
	})
}
