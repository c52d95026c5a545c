package faulty

import "net/http"

func messageFaults() []Fault {
	const g = "signatures/"
	return []Fault{
		skip(g+"message-ed25519", "knows RSA alone", "message-ed25519"),
		skip(g+"message-rsa", "knows Ed25519 alone", "message-rsa"),
		skip(g+"message-unsigned-method", "for any method", "covers:@method"),
		skip(g+"message-unsigned-target", "for any path", "covers:@target-uri"),
		skip(g+"message-unsigned-digest", "for any body", "covers:content-digest"),
		skip(g+"message-undated", "for ever", "created"),
		skip(g+"message-old", "forgets the past", "not-old"),
		skip(g+"message-ahead", "forgets the future", "not-ahead"),
		skip(g+"message-digest", "does not read the digest", "content-digest-fits"),
		skip(g+"message-target-other", "does not verify", "verifies"),
		skip(g+"message-key-stranger", "does not verify", "verifies"),
		skip(g+"message-key-unknown", "takes any key of the actor's", "key-is-listed"),
		edit(g+"message-unparsable", "takes it for none", exactly("/inbox"), instead(http.StatusBadRequest, http.StatusAccepted)),
		skip(g+"message-replayed", "remembers signatures without what they covered", "replay"),
		skip(g+"proof-served", "proves nothing", "proves"),
		skip(g+"proof-forwarded", "does not read proofs", "reads-proofs"),
		skip(g+"proof-tampered", "does not check proofs", "checks-proofs"),
		skip(g+"proof-expired", "does not read until when", "reads-expiry"),
		skip(g+"proof-unknown-suite", "refuses what it does not know", "unknown-suite"),
		edit("discovery/statement", "promises nothing", exactly("/.well-known/instar"), drop("human_writes")),
	}
}
