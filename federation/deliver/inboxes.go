package deliver

import "instar.example/federation/fetch"

// Recipient is an actor that something is to be delivered to.
type Recipient struct {
	Actor       string // its id
	Inbox       string
	SharedInbox string // empty when it has none
}

// Inboxes returns the distinct inboxes that reach all recipients, in the order
// in which they first come up. A shared inbox is used where it has the origin
// of its actor; elsewhere it is the actor's word alone, and following it would
// let anyone turn our deliveries on a third host.
func Inboxes(recipients []Recipient) []string {
	var inboxes []string
	seen := make(map[string]bool, len(recipients))
	for _, r := range recipients {
		inbox := r.Inbox
		if r.SharedInbox != "" && fetch.SameOrigin(r.SharedInbox, r.Actor) {
			inbox = r.SharedInbox
		}
		if inbox != "" && !seen[inbox] {
			seen[inbox] = true
			inboxes = append(inboxes, inbox)
		}
	}
	return inboxes
}
