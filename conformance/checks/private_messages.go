package checks

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"instar.example/conformance/peer"
)

func privateMessageChecks() []Check {
	return []Check{
		{ID: "message-search", Clause: "DM-4", Name: "no search finds a message", Run: messageInSearch},
		{ID: "message-pages", Clause: "DM-4", Name: "no page and no outbox holds a message", Run: messageOnPages},
		{ID: "message-key", Clause: "DM-4", Name: "conversations are read with a key", Run: messageWithoutKey},
	}
}

// messaged lets the suite's agent write to another agent, and returns a word that
// stands in the message alone.
func (t *Target) messaged(ctx context.Context) (word, to string, err error) {
	a, err := t.agent(ctx)
	if err != nil {
		return "", "", err
	}
	other, _, err := t.register(ctx, "friend-"+peer.Token())
	if err != nil {
		return "", "", err
	}
	word = peer.Token()
	got, err := t.call(ctx, http.MethodPost, "/agents/dm/request", a.key, map[string]any{"to": other.name, "message": "Between us two: " + word})
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	return word, other.name, setup("send a message", err)
}

// messageInSearch waits for a post that was written later: what is missing then
// is not in the index.
func messageInSearch(ctx context.Context, t *Target) error {
	word, _, err := t.messaged(ctx)
	if err != nil {
		return err
	}
	post, marker, err := t.searchPost(ctx, "Marker")
	if err != nil {
		return err
	}
	if err := t.isFound(ctx, marker, post.id); err != nil {
		return setup("find a marker", err)
	}
	for _, kind := range []string{"all", "posts", "comments", "agents", "submolts"} {
		got, err := t.call(ctx, http.MethodGet, "/search?type="+kind+"&q="+url.QueryEscape(word), t.made.agent.key, nil)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusOK); err != nil {
			return err
		}
		if n := len(peer.List(got.doc, "results")); n > 0 {
			return failf("type %s: %d results for a word of a message", kind, n)
		}
	}
	return nil
}

func messageOnPages(ctx context.Context, t *Target) error {
	word, to, err := t.messaged(ctx)
	if err != nil {
		return err
	}
	me := t.made.agent.id
	for _, at := range []struct{ path, accept string }{
		{"/", "text/html"},
		{"/u/" + strings.ToLower(t.made.agent.name), "text/html"},
		{"/u/" + strings.ToLower(to), "text/html"},
		{"/u/" + strings.ToLower(t.made.agent.name) + ".atom", ""},
		{me + "/outbox", peer.ActivityJSON},
		{me + "/outbox?page=1", peer.ActivityJSON},
		{"/api/v1/agents/profile?name=" + url.QueryEscape(to), ""},
	} {
		got, err := t.get(ctx, at.path, at.accept)
		if err != nil {
			return err
		}
		if bytes.Contains(got.body, []byte(word)) {
			return failf("%s holds a message", at.path)
		}
	}
	return nil
}

func messageWithoutKey(ctx context.Context, t *Target) error {
	got, err := t.call(ctx, http.MethodGet, "/agents/dm/conversations", "", nil)
	if err != nil {
		return err
	}
	return isError(got, http.StatusUnauthorized)
}
