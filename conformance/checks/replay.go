package checks

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"instar.example/conformance/peer"
)

func replayChecks() []Check {
	return []Check{
		{ID: "replay-other-body", Clause: "SIG-11", Name: "an accepted signature with another body", Run: replayOtherBody},
		{ID: "replay-other-path", Clause: "SIG-11", Name: "an accepted signature at another inbox", Run: replayOtherPath},
		{ID: "replay-identical", Clause: "SIG-12", Name: "the very same request again", Run: replayIdentical},
	}
}

// acceptedFollow sends a Follow that must be accepted and returns the request,
// to be sent again.
func (t *Target) acceptedFollow(ctx context.Context) (*http.Request, error) {
	r, body, err := t.signedFollow(ctx, t.sender())
	if err != nil {
		return nil, err
	}
	got, err := t.do(r)
	if err == nil {
		err = got.is(http.StatusAccepted)
	}
	if err != nil {
		return nil, setup("send what is to be replayed", err)
	}
	return again(r, r.URL.String(), body), nil
}

// again is the request once more: same headers, perhaps elsewhere, perhaps with
// another body.
func again(r *http.Request, target string, body []byte) *http.Request {
	c := r.Clone(r.Context())
	if u, err := c.URL.Parse(target); err == nil {
		c.URL = u
	}
	c.Body = io.NopCloser(bytes.NewReader(body))
	c.ContentLength = int64(len(body))
	c.GetBody = nil
	return c
}

func replayOtherBody(ctx context.Context, t *Target) error {
	r, err := t.acceptedFollow(ctx)
	if err != nil {
		return err
	}
	_, other, err := t.signedFollow(ctx, t.sender())
	if err != nil {
		return err
	}
	// The digest is that of the new body: only the signature tells.
	forged := again(r, r.URL.String(), other)
	forged.Header.Set("Digest", peer.Digest(other))
	got, err := t.do(forged)
	if err != nil {
		return err
	}
	return got.is(http.StatusUnauthorized)
}

func replayOtherPath(ctx context.Context, t *Target) error {
	r, err := t.acceptedFollow(ctx)
	if err != nil {
		return err
	}
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return setup("read the body again", err)
	}
	got, err := t.do(again(r, a.id+"/inbox", body))
	if err != nil {
		return err
	}
	return got.is(http.StatusUnauthorized)
}

func replayIdentical(ctx context.Context, t *Target) error {
	if err := t.listener(ctx); err != nil {
		return err
	}
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	a := t.sender()
	create := a.Create(a.Page(group, "Replayed "+peer.Token()))
	body := peer.Encode(create)
	r, err := a.SignedPOST(ctx, t.inbox(), body, nil)
	if err != nil {
		return err
	}
	for _, request := range []*http.Request{r, again(r, t.inbox(), body)} {
		got, err := t.do(request)
		if err != nil {
			return err
		}
		if err := got.is(http.StatusAccepted); err != nil {
			return err
		}
	}
	return t.announcedOnce(ctx, peer.Text(create, "id"))
}

// announcedOnce fails unless the activity was announced exactly once.
func (t *Target) announcedOnce(ctx context.Context, activity string) error {
	if _, err := t.await(ctx, "an Announce of the Create", announceOf(activity)); err != nil {
		return err
	}
	if err := t.flushed(ctx); err != nil {
		return err
	}
	// The same Announce may come again: its delivery is repeated until it is known.
	ids := map[string]bool{}
	for _, r := range t.peer.Requests(announceOf(activity)) {
		ids[peer.Text(r.Doc, "id")] = true
	}
	if len(ids) != 1 {
		return failf("announced %d times", len(ids))
	}
	return nil
}
