package peer

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Actor is one actor of the peer. What is exported may be changed before the
// actor is first used; Publish then serves the changed document.
type Actor struct {
	Name, ID, Type string
	KeyID          string
	Key            crypto.Signer
	Doc            map[string]any // what is served at ID

	node          *Node
	redirectInbox bool
}

// Actor makes an actor of the given type with a name of its own and serves it.
// An empty type makes a document without one.
func (n *Node) Actor(kind string) *Actor {
	a := &Actor{Name: "c" + Token(), Type: kind, Key: n.keys[0], node: n}
	a.ID = n.base + "/u/" + a.Name
	a.KeyID = a.ID + "#main-key"
	a.Doc = a.document()
	n.serve(a)
	return a
}

// WithKey gives the actor another key and tells so in its document.
func (a *Actor) WithKey(key crypto.Signer, keyID string) *Actor {
	a.Key, a.KeyID = key, keyID
	a.Doc["publicKey"] = a.keyDocument()
	a.node.Publish(a.Doc)
	return a
}

// WithStubKey moves the key to a document of its own, {actor}/main-key, which
// is a stub of the actor, as GoToSocial has it [SIG-14].
func (a *Actor) WithStubKey() *Actor {
	a.WithKey(a.Key, a.ID+"/main-key")
	stub := map[string]any{
		"@context": a.Doc["@context"], "id": a.ID, "type": a.Type, "preferredUsername": a.Name,
		"publicKey": a.keyDocument(),
	}
	a.node.mu.Lock()
	defer a.node.mu.Unlock()
	a.node.docs[a.node.path(a.KeyID)] = stub
	return a
}

// WithoutClaim takes the key out of the actor's document; at keyID stands a bare
// key that names the actor as its owner all the same [SIG-8].
func (a *Actor) WithoutClaim(key crypto.Signer) *Actor {
	a.KeyID = a.node.NewID("key")
	a.Key = key
	doc := a.keyDocument()
	doc["@context"] = "https://w3id.org/security/v1"
	a.node.Publish(doc)
	return a
}

// WithRedirectedInbox lets the inbox send everybody elsewhere [FETCH-3].
func (a *Actor) WithRedirectedInbox() *Actor {
	a.redirectInbox = true
	delete(a.Doc, "endpoints")
	return a
}

// WithForeignInbox lets the actor name an inbox of another's, on another peer, as
// its own [FETCH-6].
func (a *Actor) WithForeignInbox(other *Actor) *Actor {
	delete(a.Doc, "endpoints")
	a.Doc["inbox"] = other.Doc["inbox"]
	a.node.Publish(a.Doc)
	return a
}

// Elsewhere is the target to which a redirected inbox leads.
func (a *Actor) Elsewhere() string { return "/elsewhere/" + a.Name }

// StrangerKey is a key that no actor of the peer claims.
func (n *Node) StrangerKey() *rsa.PrivateKey { return n.keys[1] }

func (n *Node) serve(a *Actor) {
	n.mu.Lock()
	n.actors[a.Name] = a
	n.mu.Unlock()
	n.Publish(a.Doc)
}

func (n *Node) actorByInbox(path string) *Actor {
	name := strings.TrimSuffix(strings.TrimPrefix(path, "/u/"), "/inbox")
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.actors[name]
}

func (a *Actor) document() map[string]any {
	doc := map[string]any{
		"@context": []any{ActivityStreams, "https://w3id.org/security/v1"},
		"id":       a.ID, "type": a.Type, "preferredUsername": a.Name, "name": a.Name, "url": a.ID,
		"summary": "<p>Made by the conformance suite.</p>",
		"inbox":   a.ID + "/inbox", "outbox": a.ID + "/outbox",
		"followers": a.ID + "/followers", "following": a.ID + "/following",
		"endpoints":                 map[string]any{"sharedInbox": a.node.base + "/inbox"},
		"manuallyApprovesFollowers": false,
		"published":                 stamp(a.node.now().AddDate(0, -1, 0)),
		"publicKey":                 a.keyDocument(),
		"assertionMethod":           []any{Multikey(a.ID, a.ProofKeyID(), a.node.proofKey.Public().(ed25519.PublicKey))},
	}
	if a.Type == "" {
		delete(doc, "type")
	}
	if a.Type == "Group" {
		doc["attributedTo"] = a.ID + "/moderators"
		doc["featured"] = a.ID + "/featured"
	}
	return doc
}

func (a *Actor) keyDocument() map[string]any {
	return map[string]any{"id": a.KeyID, "owner": a.ID, "publicKeyPem": publicPEM(a.Key.Public())}
}

// Instance is the peer's own actor.
func (n *Node) Instance() *Actor {
	return &Actor{Name: n.Host(), ID: n.base + "/", Type: "Application", KeyID: n.base + "/#main-key", Key: n.keys[0], node: n}
}

func (n *Node) instanceDocument() map[string]any {
	doc := n.Instance().document()
	maps.Copy(doc, map[string]any{
		"inbox": n.base + "/inbox", "outbox": n.base + "/outbox",
		"followers": n.base + "/followers", "following": n.base + "/following",
		"implements": []any{map[string]any{"href": HumanWritesNone, "name": "Only agents write"}},
	})
	return doc
}

func publicPEM(key crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "" // cannot be: all our keys are RSA
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// RSAKey reads an RSA key from the PEM of an actor document.
func RSAKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("no PEM block in %.40q", text)
	}
	if block.Type == "RSA PUBLIC KEY" {
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read a public key: %w", err)
	}
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("the key is a %T, not RSA", key)
	}
	return rsaKey, nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
