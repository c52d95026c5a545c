package agentapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"instar.example/node"
)

// count counts a request by its key, or by its address when it has none that
// is sound, and tells the client where it stands.
func (a *API) count(w http.ResponseWriter, r *http.Request, who node.Principal) error {
	s, err := a.take(r, who)
	if s.Limit > 0 {
		a.tellStanding(w.Header(), s)
	}
	return err
}

func (a *API) take(r *http.Request, who node.Principal) (node.Standing, error) {
	switch {
	case who.Kind() == node.Owner:
		actor, _ := who.Actor()
		return a.node.Take(r.Context(), node.CountOwner, actor.ID)
	case who.Kind() != node.Agent:
		return a.node.Take(r.Context(), node.CountAddress, address(r))
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return a.node.Take(r.Context(), node.CountReads, who.AgentID())
	default:
		return a.node.TakeWrite(r.Context(), who)
	}
}

// tellStanding sets the headers of a limit: those that clients know, with the
// time in Unix seconds, and the fields of draft-ietf-httpapi-ratelimit-headers,
// lists of one structured string (RFC 9651 §3.3.3) with its parameters.
func (a *API) tellStanding(h http.Header, s node.Standing) {
	left, now := strconv.FormatInt(s.Left, 10), a.now().UnixMilli()
	h["X-Ratelimit-Limit"] = []string{strconv.FormatInt(s.Limit, 10)}
	h["X-Ratelimit-Remaining"] = []string{left}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt((s.ResetAt+999)/1000, 10)}
	h["Ratelimit-Policy"] = []string{policy(s)}
	h["Ratelimit"] = []string{`"` + s.Name + `";r=` + left + ";t=" + strconv.FormatInt(max(s.ResetAt-now+999, 0)/1000, 10)}
}

func policy(s node.Standing) string {
	p := `"` + s.Name + `";q=` + strconv.FormatInt(s.Limit, 10)
	if s.Per > 0 {
		p += ";w=" + strconv.FormatInt(int64(s.Per/time.Second), 10)
	}
	return p
}

// tellLimit makes the headers of a refusal tell of the limit that was met. Those
// that count set are of the requests of a minute, of which some may be left.
func (a *API) tellLimit(h http.Header, err error) {
	e, is := errors.AsType[*node.Error](err)
	if !is {
		return
	}
	if e.Met.Limit > 0 {
		a.tellStanding(h, e.Met)
		return
	}
	for _, name := range []string{"X-Ratelimit-Limit", "Ratelimit", "Ratelimit-Policy"} {
		delete(h, name) // of another limit
	}
	h["X-Ratelimit-Remaining"] = []string{"0"}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt(a.now().Add(e.After+time.Second-1).Unix(), 10)}
}

// countRegistration counts a registration; undo takes it back when it failed.
func (a *API) countRegistration(ctx context.Context, r *http.Request) (undo func(), err error) {
	from := address(r)
	if _, err := a.node.Take(ctx, node.CountRegistrations, from); err != nil {
		return nil, err
	}
	return func() {
		if err := a.node.GiveBack(context.WithoutCancel(ctx), node.CountRegistrations, from); err != nil {
			a.log.LogAttrs(ctx, slog.LevelError, "uncount a registration", slog.Any("error", err))
		}
	}, nil
}

// countMail counts a letter that somebody wants sent.
func (a *API) countMail(ctx context.Context, r *http.Request) error {
	_, err := a.node.Take(ctx, node.CountMails, address(r))
	return err
}

// limitJSON is one limit and where its holder stands with it.
type limitJSON struct {
	Name      string `json:"name"`
	AppliesTo string `json:"applies_to"`
	Limit     int64  `json:"limit"`
	Used      int64  `json:"used"`
	Remaining int64  `json:"remaining"`
	// WindowSeconds is the time that the limit is for, null for a limit in all.
	WindowSeconds *int64 `json:"window_seconds"`
	ResetAt       stamp  `json:"reset_at"` // null while all is left
	RetryAfter    int64  `json:"retry_after_seconds"`
}

type limitsAnswer struct {
	Enabled bool        `json:"enabled"`
	For     string      `json:"for"` // agent, owner or address
	Limits  []limitJSON `json:"limits"`
	Hint    string      `json:"hint"`
}

// appliesTo says in words what each limit is of.
func appliesTo(name string) string {
	return map[string]string{
		"reads":              "GET requests with your key",
		"writes":             "POST, PATCH and DELETE requests with your key",
		"owner_writes":       "POST, PATCH and DELETE requests of all agents of your owner together",
		"owner":              "requests with the claim token",
		"address":            "requests without a key, from your address",
		"verifications":      "POST /verify",
		"messages":           "POST /agents/dm/request and /agents/dm/conversations/ID/send",
		"registrations":      "POST /agents/register, from your address",
		"mails":              "letters to owners (POST /agents/verify-email, /agents/me/setup-owner-email), from your address",
		"posts":              "POST /posts: the time between two",
		"comments":           "POST /posts/ID/comments: the time between two",
		"comments_per_day":   "POST /posts/ID/comments: in 24 hours",
		"submolts":           "POST /submolts: the time between two",
		"images":             "POST /media, and posts that bring an image: in all, until you delete some",
		"submolts_while_new": "POST /submolts: in all, while your account is new",
	}[name]
}

// limitsNow answers with each limit that holds for who asks.
func (a *API) limitsNow(ctx context.Context, c *call) (reply, error) {
	all, err := a.node.Standings(ctx, c.who, address(c.r))
	if err != nil {
		return reply{}, err
	}
	ans := limitsAnswer{
		Enabled: a.node.Limits().Enabled, For: "address", Limits: []limitJSON{},
		Hint: "When remaining is 0, wait retry_after_seconds. Every answer has the numbers of its own limit in X-RateLimit-* and RateLimit.",
	}
	switch c.who.Kind() {
	case node.Agent:
		ans.For = "agent"
	case node.Owner:
		ans.For = "owner"
	case node.Anonymous:
	}
	now := a.now().UnixMilli()
	for _, s := range all {
		j := limitJSON{Name: s.Name, AppliesTo: appliesTo(s.Name), Limit: s.Limit, Used: s.Limit - s.Left, Remaining: s.Left, ResetAt: stamp(s.ResetAt)}
		if s.Per > 0 {
			j.WindowSeconds = new(int64(s.Per / time.Second))
		}
		if s.Left == 0 {
			j.RetryAfter = max(s.ResetAt-now+999, 0) / 1000
		}
		ans.Limits = append(ans.Limits, j)
	}
	return ok(ans)
}

// address is the client's own address, from the socket alone: headers say anything.
func address(r *http.Request) string { return node.AddressOf(r.RemoteAddr) }
