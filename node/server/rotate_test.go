package server_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
	"instar.example/node"
	"instar.example/node/nodetest"
)

// actorOf reads an actor of a node as others do.
func actorOf(t *testing.T, n *nodetest.Node, path string) *activity.Actor {
	t.Helper()
	status, body, _ := n.Get(path, activity.ContentType)
	a, err := activity.ParseActor([]byte(body))
	if err != nil {
		t.Fatalf("%s: %d, %v", path, status, err)
	}
	return a
}

// A changed RSA key is asked for anew, and what was written meanwhile arrives.
func TestTheNodesKeyCanBeChanged(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		say := func(title string) {
			t.Helper()
			background(t, func() {
				s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "general@" + s.b.Host, "title": title})
			}, s.a, s.b)
		}
		say("First")
		before := actorOf(t, s.a, "/u/ada").Keys[0]
		// b is told to take the draft alone, which is signed with that key.
		if err := s.a.Node.KeepScheme(t.Context(), s.b.Host, node.SchemeCavage); err != nil {
			t.Fatal(err)
		}
		if _, err := s.a.Node.RotateTransport(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := actorOf(t, s.a, "/u/ada").Keys[0]
		if after.ID != before.ID || after.PEM == before.PEM {
			t.Errorf("key = %+v after %+v, want another under the same id", after, before)
		}
		say("Second")
		s.a.Stop()
		s.a.Restart()
		if kept := actorOf(t, s.a, "/u/ada").Keys[0]; kept != after {
			t.Errorf("after a restart the key is %+v, want %+v", kept, after)
		}
		say("Third")
		there := s.bob.Do(http.MethodGet, "/submolts/general/feed?sort=new", nil).Want(http.StatusOK)
		if titles(there) != "Third|Second|First" {
			t.Errorf("on b: %q", titles(there))
		}
	})
}

// An agent's new proof key stands beside the old one until that ends.
func TestAnAgentsProofKeyCanBeChanged(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	ada := n.Agent("ada")
	say := func() []byte {
		t.Helper()
		ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "A post"}).Want(http.StatusCreated)
		var outbox struct{ OrderedItems []json.RawMessage }
		_, body, _ := n.Get("/u/ada/outbox", activity.ContentType)
		if err := json.Unmarshal([]byte(body), &outbox); err != nil || len(outbox.OrderedItems) == 0 {
			t.Fatalf("outbox: %v: %s", err, body)
		}
		return outbox.OrderedItems[0]
	}
	first := say()
	old, _, err := n.Node.RotateProofKey(t.Context(), "ada", node.ProofKeyOverlap)
	if err != nil {
		t.Fatal(err)
	}
	wantProven(t, n, "the first post", first)
	second := say()
	wantProven(t, n, "the second post", second)
	if p, err := proof.Find(second); err != nil || p.Method != old {
		t.Errorf("the second post is proven by %s, %v; want %s", p.Method, err, old)
	}
	if keys := actorOf(t, n, "/u/ada").Assertions; len(keys) != 2 || keys[0].ID != old || keys[0].Multibase == keys[1].Multibase {
		t.Errorf("keys = %+v, want the new and the old", keys)
	}
	current, until, err := n.Node.RotateProofKey(t.Context(), "ada", 0)
	if err != nil || until > time.Now().UnixMilli() {
		t.Fatalf("rotate at once: until %d, %v", until, err)
	}
	if keys := actorOf(t, n, "/u/ada").Assertions; len(keys) != 1 || keys[0].ID != current {
		t.Errorf("keys = %+v, want %s alone", keys, current)
	}
	if _, _, err := n.Node.RotateProofKey(t.Context(), "nobody", 0); err == nil {
		t.Error("the key of nobody was changed")
	}
}
