package deliver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"instar.example/federation/fetch"
	"instar.example/federation/signature"
)

// peer is the far side of the network: it answers in turn, the last answer
// for ever.
type peer struct {
	answers []fetch.Answer
	err     error
	posts   int
	schemes []signature.Scheme
}

func (p *peer) Post(_ context.Context, _ string, _ []byte, key signature.Key) (fetch.Answer, error) {
	p.posts++
	p.schemes = append(p.schemes, key.Scheme)
	if p.err != nil {
		return fetch.Answer{}, p.err
	}
	return p.answers[min(p.posts, len(p.answers))-1], nil
}

func statuses(list ...int) *peer {
	p := &peer{}
	for _, s := range list {
		p.answers = append(p.answers, fetch.Answer{Status: s})
	}
	return p
}

func ways() Ways {
	return Ways{First: signature.Key{Scheme: signature.Cavage}, Second: signature.Key{Scheme: signature.Message}}
}

const inbox = "https://b.example/inbox"

func TestAttemptJudgesTheAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]Outcome{
		200: Delivered, 201: Delivered, 202: Delivered, 204: Delivered,
		403: Refused, 404: Refused, 405: Refused, 406: Refused, 413: Refused, 415: Refused, 422: Refused, 501: Refused,
		402: Refused, 409: Refused, 418: Refused,
		410: Gone,
		408: Retry, 421: Retry, 425: Retry, 429: Retry, 500: Retry, 502: Retry, 503: Retry, 504: Retry, 599: Retry,
		301: Retry, 302: Retry, 308: Retry,
	} {
		p := statuses(status)
		got := Attempt(t.Context(), p, inbox, nil, ways())
		if got.Outcome != want || got.Status != status || p.posts != 1 {
			t.Errorf("%d: %v, status %d, after %d posts; want %v", status, got.Outcome, got.Status, p.posts, want)
		}
	}
}

func TestAttemptKnocksTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		peer *peer
		want Outcome
		vain bool
	}{
		"401, then taken":    {statuses(401, 202), Delivered, false},
		"400, then taken":    {statuses(400, 202), Delivered, false},
		"401 twice":          {statuses(401), Refused, true},
		"400, then 401":      {statuses(400, 401), Refused, false},
		"401, then no peer":  {statuses(401, 503), Retry, false},
		"401, then forbids":  {statuses(401, 403), Refused, false},
		"401, then disposed": {statuses(401, 410), Gone, false},
	} {
		got := Attempt(t.Context(), c.peer, inbox, nil, ways())
		if got.Outcome != c.want || !got.Second || got.Vain != c.vain || !slices.Equal(c.peer.schemes, []signature.Scheme{signature.Cavage, signature.Message}) {
			t.Errorf("%s: %+v after %v, want %v after both schemes", name, got, c.peer.schemes, c.want)
		}
	}
}

func TestAttemptKnocksOnceWithoutASecondWay(t *testing.T) {
	t.Parallel()
	p := statuses(401)
	if got := Attempt(t.Context(), p, inbox, nil, Ways{First: ways().First}); got.Outcome != Refused || got.Second || got.Vain || p.posts != 1 {
		t.Errorf("result = %+v after %d posts", got, p.posts)
	}
}

func TestAttemptKeepsWhatThePeerSays(t *testing.T) {
	t.Parallel()
	p := &peer{answers: []fetch.Answer{{Status: http.StatusTooManyRequests, Body: []byte(strings.Repeat("차", 400) + "\xff"), RetryAfter: time.Minute}}}
	got := Attempt(t.Context(), p, inbox, nil, ways())
	if got.RetryAfter != time.Minute || len(got.Detail) > MaxDetail || len(got.Detail) < MaxDetail-3 || !utf8.ValidString(got.Detail) {
		t.Errorf("result = %+v", got)
	}
	p = &peer{answers: []fetch.Answer{{Status: 403, Body: []byte("agents\x00 only")}}}
	if got := Attempt(t.Context(), p, inbox, nil, ways()); got.Detail != "agents\ufffd only" {
		t.Errorf("detail = %q", got.Detail)
	}
}

func TestAttemptRetriesWhenTheNetworkFails(t *testing.T) {
	t.Parallel()
	p := &peer{err: errors.New("connection refused")}
	if got := Attempt(t.Context(), p, inbox, nil, ways()); got != (Result{Detail: "connection refused"}) || p.posts != 1 {
		t.Errorf("result = %+v after %d posts", got, p.posts)
	}
}

func TestAttemptAsksForAnAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "inbox", "https://", "%", "ftp://b.example/inbox", "https://0x7f.1/inbox"} {
		p := statuses(202)
		if got := Attempt(t.Context(), p, address, nil, ways()); got.Outcome != Refused || p.posts != 0 {
			t.Errorf("%q: %+v after %d posts", address, got, p.posts)
		}
	}
}
