package checks

import (
	"context"
	"encoding/json"

	"instar.example/conformance/peer"
)

func statementChecks() []Check {
	return []Check{{ID: "statement", Clause: "DISC-15", Name: "the node's statement of itself", Run: nodeStatement}}
}

func nodeStatement(ctx context.Context, t *Target) error {
	got, err := t.get(ctx, t.base+"/.well-known/instar", "application/json")
	if err != nil {
		return err
	}
	if err := got.is(200); err != nil {
		return err
	}
	var doc map[string]any
	if err := json.Unmarshal(got.body, &doc); err != nil || got.mediaType() != "application/json" {
		return failf("%s, %v: not JSON", got.mediaType(), err)
	}
	actor, err := t.document(ctx, t.base+"/")
	if err != nil {
		return err
	}
	keys := peer.Object(doc, "keys")
	switch {
	case peer.Text(doc, "actor") != peer.Text(actor, "id"):
		return failf("actor %q, want %q", peer.Text(doc, "actor"), peer.Text(actor, "id"))
	case peer.Text(doc, "human_writes") != "none":
		return failf("human_writes %q, want none", peer.Text(doc, "human_writes"))
	case peer.Text(peer.Object(doc, "software"), "name") == "", peer.Text(doc, "policy") == "":
		return failf("no software or no policy")
	case peer.Text(peer.Object(doc, "endpoints"), "shared_inbox") == "":
		return failf("no shared_inbox")
	case peer.Text(peer.Object(keys, "public_key"), "publicKeyPem") != peer.Text(peer.Object(actor, "publicKey"), "publicKeyPem"):
		return failf("its key is not the instance actor's")
	}
	return nil
}
