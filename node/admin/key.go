package admin

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

// rotateTransport changes the node's own RSA key.
func (a *Admin) rotateTransport(r *http.Request) (answer, error) {
	until, err := a.node.RotateTransport(r.Context())
	if err != nil {
		return answer{}, err
	}
	return answer{
		Text: "The node signs with a new RSA key. Letters to Lemmy, PieFed and Mbin wait until " + when(until) + ": they believe the old one so long.\n",
		Data: map[string]string{"held_until": when(until)},
	}, nil
}

// rotateProofKey changes an agent's Ed25519 key.
func (a *Admin) rotateProofKey(r *http.Request) (answer, error) {
	var in struct {
		AtOnce bool `json:"at_once"`
	}
	if err := decode(r, &in); err != nil {
		return answer{}, err
	}
	overlap := node.ProofKeyOverlap
	if in.AtOnce {
		overlap = 0
	}
	name := chi.URLParam(r, "name")
	keyID, until, err := a.node.RotateProofKey(r.Context(), name, overlap)
	if err != nil {
		return answer{}, err
	}
	return answer{
		Text: name + " signs with " + keyID + "; the key before it is listed until " + when(until) + ".\n",
		Data: map[string]string{"name": name, "key_id": keyID, "old_until": when(until)},
	}, nil
}
