// Package proof makes and checks object integrity proofs (FEP-8b32): an
// Ed25519 signature inside a document, which tells who wrote it whoever passes
// it on. Of the cryptosuites there is one, eddsa-jcs-2022: what is signed is
// the document in its canonical form (JCS, RFC 8785), so that white space and
// the order of members do not matter.
//
//	"proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
//	  "verificationMethod": "https://node.example/u/ada#ed25519-key",
//	  "proofPurpose": "assertionMethod", "created": "2026-08-23T12:00:00Z",
//	  "proofValue": "z..."}
//
// Beside it stands the encoding of the keys, Multikey (FEP-521a). The package
// fetches nothing and does not know whose a key is: that the key of
// Proof.Method is the actor's is for its caller to see.
package proof

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"instar.example/federation/activity"
)

var (
	// ErrNone says that a document has no proof that is read here: none at all,
	// or of other cryptosuites, which are as good as none (FEP-8b32).
	ErrNone = errors.New("the document has no eddsa-jcs-2022 proof")
	// ErrMalformed says that a proof cannot be read.
	ErrMalformed = errors.New("malformed proof")
	// ErrInvalid says that a proof is not of this document and key.
	ErrInvalid = errors.New("the proof does not verify")
)

// The one kind of proof that is made and read.
const (
	typeProof   = "DataIntegrityProof"
	suiteJCS    = "eddsa-jcs-2022"
	purpose     = "assertionMethod"
	member      = "proof"
	ldSignature = "signature" // RsaSignature2017, made over the rest
	contextName = "@context"

	maxProofs = 8 // looked at in one document
)

// A proof that is all there is to believe is good for MaxAge: whoever believes it
// must remember the ids of activities for longer, or an old one could be played
// again. MaxAhead is how far ahead a signer's clock may be.
const (
	MaxAge   = 29 * 24 * time.Hour
	MaxAhead = time.Hour
)

// Key makes proofs; ID is its verificationMethod.
type Key struct {
	ID      string
	Private ed25519.PrivateKey
}

// Proof is a proof as it stands in a document. It proves nothing before Verify.
type Proof struct {
	Method  string // the id of its key
	Created time.Time
	Expires time.Time // zero where it does not say

	value  []byte
	config map[string]json.RawMessage // the proof without its value
}

// Sign returns the document, a JSON object of our own without a proof, with one
// as its last member; what stood before it keeps its bytes.
func Sign(doc []byte, key Key, created time.Time) ([]byte, error) {
	head := bytes.TrimSuffix(bytes.TrimSpace(doc), []byte("}"))
	context, err := firstContext(doc)
	if err != nil || len(key.Private) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("sign a document: %w: not an object, or no key", ErrMalformed)
	}
	config := map[string]any{
		"type": typeProof, "cryptosuite": suiteJCS, "verificationMethod": key.ID, "proofPurpose": purpose,
		"created": created.UTC().Format(time.RFC3339),
	}
	if context != nil {
		config[contextName] = context
	}
	configJSON, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("sign a document: %w", err)
	}
	sum, err := digest(doc, configJSON)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(doc)+len(configJSON)+128)
	out = append(append(out, head...), `,"proof":`...)
	out = append(out, bytes.TrimSuffix(configJSON, []byte("}"))...)
	out = append(out, `,"proofValue":"`+multibase(ed25519.Sign(key.Private, sum))+`"}}`...)
	return out, nil
}

// firstContext returns the "@context" of a document, which stands first in
// those that we write; without reading the rest of it.
func firstContext(doc []byte) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	name, err := d.Token()
	if err != nil || name == json.Delim('}') {
		return nil, fmt.Errorf("%w: an empty object", ErrMalformed)
	}
	if name == contextName {
		var context json.RawMessage
		err := d.Decode(&context)
		return context, err
	}
	members, err := membersOf(doc)
	return members[contextName], err
}

// Find returns a document's first proof of the kind that is read here. The
// error is ErrNone or ErrMalformed.
func Find(doc []byte) (Proof, error) {
	members, err := membersOf(doc)
	if err != nil {
		return Proof{}, err
	}
	raw := bytes.TrimSpace(members[member])
	list := []json.RawMessage{raw}
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return Proof{}, ErrNone
	case raw[0] == '[':
		if err := json.Unmarshal(raw, &list); err != nil {
			return Proof{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	for _, one := range list[:min(len(list), maxProofs)] {
		p, err := parse(one)
		if !errors.Is(err, ErrNone) {
			return p, err
		}
	}
	return Proof{}, ErrNone
}

func parse(raw json.RawMessage) (Proof, error) {
	var wire struct {
		Type               string `json:"type"`
		Cryptosuite        string `json:"cryptosuite"`
		VerificationMethod string `json:"verificationMethod"`
		ProofPurpose       string `json:"proofPurpose"`
		ProofValue         string `json:"proofValue"`
		Created            string `json:"created"`
		Expires            string `json:"expires"`
	}
	if json.Unmarshal(raw, &wire) != nil || wire.Type != typeProof || wire.Cryptosuite != suiteJCS {
		return Proof{}, ErrNone // of a shape or a kind that others know
	}
	p := Proof{Method: wire.VerificationMethod}
	var err error
	if p.value, err = parseMultibase(wire.ProofValue, ed25519.SignatureSize); err != nil || len(p.value) != ed25519.SignatureSize {
		return Proof{}, fmt.Errorf("%w: proofValue", ErrMalformed)
	}
	if p.Created, err = time.Parse(time.RFC3339, wire.Created); err != nil || p.Method == "" || wire.ProofPurpose != purpose {
		return Proof{}, fmt.Errorf("%w: created, verificationMethod or proofPurpose", ErrMalformed)
	}
	if wire.Expires != "" {
		if p.Expires, err = time.Parse(time.RFC3339, wire.Expires); err != nil {
			return Proof{}, fmt.Errorf("%w: expires", ErrMalformed)
		}
	}
	if p.config, err = membersOf(raw); err != nil {
		return Proof{}, err
	}
	delete(p.config, "proofValue")
	return p, nil
}

// Fresh says whether p may be believed without any other sign of its time.
func (p Proof) Fresh(now time.Time) bool {
	age := now.Sub(p.Created)
	if !p.Expires.IsZero() && now.After(p.Expires) {
		return false
	}
	return age <= MaxAge && age >= -MaxAhead
}

// Verify says whether p, found in doc, was made of it by the holder of key. A
// proof that names a context must name the document's: another would give the
// signed words another meaning.
func (p Proof) Verify(doc []byte, key ed25519.PublicKey) error {
	members, err := membersOf(doc)
	if err != nil {
		return err
	}
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: no Ed25519 key", ErrInvalid)
	}
	config := maps.Clone(p.config)
	if own, named := config[contextName]; named && !sameJSON(own, members[contextName]) {
		return fmt.Errorf("%w: of another @context", ErrInvalid)
	}
	if c := members[contextName]; c != nil {
		config[contextName] = c
	}
	delete(members, member)
	delete(members, ldSignature)
	unsecured, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	configJSON, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	sum, err := digest(unsecured, configJSON)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, sum, p.value) {
		return ErrInvalid
	}
	return nil
}

// digest is what is signed: the sums of the proof's own words and of the
// document, each in canonical form (vc-di-eddsa §3.3.4).
func digest(doc, config []byte) ([]byte, error) {
	canonicalDoc, err := canonical(doc)
	if err != nil {
		return nil, err
	}
	canonicalConfig, err := canonical(config)
	if err != nil {
		return nil, err
	}
	configSum, docSum := sha256.Sum256(canonicalConfig), sha256.Sum256(canonicalDoc)
	return append(configSum[:], docSum[:]...), nil
}

// canonical returns JSON in its canonical form (RFC 8785). The error is
// ErrMalformed, which a name that stands twice is, too.
func canonical(doc []byte) ([]byte, error) {
	v := jsontext.Value(bytes.Clone(doc))
	if err := v.Canonicalize(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return v, nil
}

// membersOf returns the members of a JSON object as they stand. No name may
// stand twice: two readers would see two documents.
func membersOf(doc []byte) (map[string]json.RawMessage, error) {
	if err := activity.CheckJSON(doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil || members == nil {
		return nil, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	return members, nil
}

func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
