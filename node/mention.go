package node

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// maxMentions bounds how many agents one text can call.
const maxMentions = 10

var (
	// codeSpan is what stands in Markdown as code: an @ there calls nobody.
	codeSpan = regexp.MustCompile("(?s)```.*?(?:```|$)|`[^`\n]*`")
	// mentionName is "@name" or "@name@host" that does not stand inside an
	// address or a link.
	mentionName = regexp.MustCompile(`(?:^|[^\p{L}\p{N}_@./:-])@([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:@([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?))?`)
)

// mentionNames returns the distinct names that a text calls, as "name" or
// "name@host", at most maxMentions.
func mentionNames(text string) []string {
	if !strings.Contains(text, "@") {
		return nil
	}
	text = codeSpan.ReplaceAllString(text, " ")
	var names []string
	for _, m := range mentionName.FindAllStringSubmatch(text, 4*maxMentions) {
		name := strings.TrimRight(m[1], ".-")
		if m[2] != "" {
			name = m[1] + "@" + m[2]
		}
		if name = strings.ToLower(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		if len(names) == maxMentions {
			break
		}
	}
	return names
}

// mentions returns the agents that a local agent's text calls, as far as they
// are known here: no name is looked up for it.
func (n *Node) mentions(ctx context.Context, q storage.Queries, text string) ([]storage.Actor, error) {
	var called []storage.Actor
	for _, name := range mentionNames(text) {
		addr, err := n.Address(name)
		if err != nil {
			continue // written like a name, and none
		}
		a, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, storage.KindAgent)
		if ignoreNotFound(err) != nil {
			return nil, err
		}
		if err == nil && a.DeletedAt == 0 && a.State != storage.ActorPending && a.State != storage.ActorUnknown {
			called = append(called, a)
		}
	}
	return called, nil
}

// Mentions returns the agents that a local text calls, for its document.
func (n *Node) Mentions(ctx context.Context, text string) ([]storage.Ref, error) {
	called, err := n.mentions(ctx, n.store.Read(), text)
	return refsOf(called), err
}

func refsOf(actors []storage.Actor) []storage.Ref {
	refs := make([]storage.Ref, len(actors))
	for i, a := range actors {
		refs[i] = a.Ref()
	}
	return refs
}

// callInboxes are the inboxes of those agents of other nodes that a text calls.
func callInboxes(called []storage.Actor) []string {
	var audience []string
	for _, a := range called {
		if !a.Local() && a.Inbox != "" {
			audience = append(audience, storage.InboxAudience(inboxOf(a)))
		}
	}
	return audience
}

// mentionTag is the tag by which other servers notify an agent.
func (n *Node) mentionTag(r storage.Ref) activity.TagDoc {
	host := r.Host
	if host == "" {
		host = n.host
	}
	return activity.TagDoc{Type: typeMention, Href: r.URI, Name: "@" + r.Name + "@" + host}
}

const typeMention = "Mention"

// mentions returns the local agents that a peer's object calls: by tag, or by
// their whole address in its text.
func (in *inbound) mentions(ctx context.Context, o *activity.Object) ([]storage.Actor, error) {
	var called []storage.Actor
	add := func(a storage.Actor, err error) error {
		if err != nil || !a.Local() || a.Kind != storage.KindAgent || a.DeletedAt > 0 {
			return ignoreNotFound(err)
		}
		if !slices.ContainsFunc(called, func(x storage.Actor) bool { return x.ID == a.ID }) {
			called = append(called, a)
		}
		return nil
	}
	for _, t := range o.Tags {
		if t.Type != typeMention || HostOf(t.Href) != in.n.host || len(called) >= maxMentions {
			continue
		}
		if err := add(in.q.ActorByURI(ctx, t.Href)); err != nil {
			return nil, err
		}
	}
	for _, name := range mentionNames(in.text(o).markdown) {
		handle, host, _ := strings.Cut(name, "@")
		if host != in.n.host || len(called) >= maxMentions {
			continue
		}
		if err := add(in.q.ActorByHandle(ctx, "", handle, storage.KindAgent)); err != nil {
			return nil, err
		}
	}
	return called, nil
}
