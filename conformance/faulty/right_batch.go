package faulty

import (
	"encoding/json"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

const maxItems = 256

// batch takes several activities, signed by a server's own actor.
func (s *Server) batch(w http.ResponseWriter, r *http.Request) {
	sender, items, no := s.openBatch(r)
	if no != nil {
		http.Error(w, no.reason, no.status)
		return
	}
	results := make([]any, len(items))
	broken := false
	for i, raw := range items {
		no := s.batchItem(r, sender, raw)
		if broken && !s.rule("batch-each") {
			no = refuse(http.StatusBadRequest, "one before it was refused")
		}
		broken = broken || no != nil
		results[i] = map[string]any{"status": http.StatusAccepted}
		if no != nil {
			results[i] = map[string]any{"status": no.status, "error": no.reason}
		}
	}
	writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{"results": results}))
}

// openBatch verifies the request and cuts it up.
func (s *Server) openBatch(r *http.Request) (sender string, items []json.RawMessage, no *refusal) {
	raw, no := s.body(r)
	if no != nil {
		return "", nil, no
	}
	sig, no := s.parseSignature(r.Header.Get("Signature"))
	if no != nil {
		return "", nil, no
	}
	got := peer.Received{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header, Body: raw, At: s.now()}
	if no := s.covers(got, sig); no != nil {
		return "", nil, no
	}
	sender = origin(sig.KeyID) + "/"
	if !s.rule("batch-sender") {
		sender, _, _ = strings.Cut(sig.KeyID, "#")
	}
	if _, no := s.believe(r.Context(), got, sig, map[string]any{"id": sender, "actor": sender}); no != nil {
		return "", nil, no
	}
	var batch struct {
		Type  string            `json:"type"`
		Items []json.RawMessage `json:"orderedItems"`
	}
	err := json.Unmarshal(raw, &batch)
	if s.rule("batch-shape") && (err != nil || batch.Type != "OrderedCollection" || len(batch.Items) == 0 || len(batch.Items) > maxItems) {
		return "", nil, refuse(http.StatusBadRequest, "not a batch")
	}
	return sender, batch.Items, nil
}

// batchItem judges one activity by what is known already.
func (s *Server) batchItem(r *http.Request, sender string, raw json.RawMessage) *refusal {
	doc, no := s.document(raw)
	if no != nil {
		return no
	}
	actor := peer.Text(doc, "actor")
	if origin(actor) != origin(sender) {
		if s.rule("batch-origin") {
			return refuse(http.StatusUnauthorized, "of another server")
		}
		s.met[actor] = map[string]any{"id": actor, "type": "Service"}
	}
	if s.met[actor] == nil && !s.rule("batch-no-fetch") {
		if found, err := s.fetch(r.Context(), actor); err == nil {
			s.met[actor] = found
		}
	}
	if s.met[actor] == nil {
		return refuse(http.StatusUnauthorized, "not known here")
	}
	in := incoming{raw: raw, doc: doc, actor: s.met[actor]}
	if no := s.admit(in); no != nil && (no.status != http.StatusForbidden || s.rule("batch-gate")) {
		return no
	}
	return nil
}
