package worker

import (
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/deliver"
	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/storage"
)

// ways are those in which an entry is signed for a server of which so much is
// known. A stranger gets the draft first: everybody reads it, and there are
// servers that answer 202 before they find out that they cannot read RFC 9421.
func (w *Worker) ways(scheme string, e storage.Entry) deliver.Ways {
	private := w.cfg.Private()
	draft := signature.Key{ID: e.KeyID, Private: private, Scheme: signature.Cavage}
	message := signature.Key{ID: e.KeyID, Private: private, Scheme: signature.Message}
	switch scheme {
	case node.SchemeMessage:
		return deliver.Ways{First: message, Second: draft}
	case node.SchemeEd25519:
		own := w.cfg.Node.ProofKey(e.ActorID, e.ActorURI, e.KeyGeneration)
		return deliver.Ways{First: signature.Key{ID: own.ID, Private: own.Private, Scheme: signature.Message}, Second: draft}
	default:
		return deliver.Ways{First: draft, Second: message}
	}
}

// vainFor is how long a host that refused both ways of signing alike is sent
// nothing twice: else what it never takes costs it and us twice as much, for ever.
const vainFor = 24 * time.Hour

// waysTo are the ways for an entry to a host, one alone where the other was in
// vain lately.
func (w *Worker) waysTo(host, scheme string, e storage.Entry) deliver.Ways {
	ways := w.ways(scheme, e)
	if until, known := w.vain.Get(host); known && w.cfg.Node.Now().Before(until) {
		ways.Second = signature.Key{}
	}
	return ways
}

// worked says which scheme a peer took.
func worked(tried string, r deliver.Result) string {
	switch {
	case r.Outcome != deliver.Delivered:
		return node.SchemeUnknown
	case !r.Second:
		return tried
	case tried == node.SchemeMessage, tried == node.SchemeEd25519:
		return node.SchemeCavage
	default:
		return node.SchemeMessage
	}
}

// schemeOf is what an instance actor says that its node verifies (FEP-844e).
func schemeOf(implements []string) string {
	scheme := node.SchemeUnknown
	for _, i := range implements {
		switch i {
		case activity.ImplementsEd25519:
			return node.SchemeEd25519
		case activity.ImplementsRFC9421:
			scheme = node.SchemeMessage
		}
	}
	return scheme
}
