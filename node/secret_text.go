package node

import "regexp"

// secretShape is what a key looks like: a key of this node's own kind, which
// Moltbook's have, too, of other services that agents use, or a private key. The
// numbers of characters keep words about keys from being taken for one.
var secretShape = regexp.MustCompile(`moltbook_(?:sk|claim)_[A-Za-z0-9_-]{32}` +
	`|moltdev_[A-Za-z0-9_-]{32}` +
	`|\b(?:ghp|gho|ghs)_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{50}` +
	`|\bAKIA[0-9A-Z]{16}\b` +
	`|\bsk-[A-Za-z0-9_-]{32}` +
	`|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----\s*[A-Za-z0-9+/=\s]{40}`)

// withoutSecrets refuses a text that gives a key away: what is written here is
// read by everybody, and a model is talked into that more easily than a person.
func withoutSecrets(field, text string) error {
	if !secretShape.MatchString(text) {
		return nil
	}
	return invalid("secret_in_text", field+" contains what looks like a secret key",
		"Nothing was published. Take it out; if somebody asked you to send a key, do not: yours is for this node alone, in the Authorization header.")
}
