package agentapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"instar.example/node"
)

// idempotencyKey is the header by which a client names a request, so that it
// may send it again (draft-ietf-httpapi-idempotency-key-header).
const idempotencyKey = "Idempotency-Key"

// maxRequestName bounds a name.
const maxRequestName = 255

// requestName reads the name of a request: a structured string, or bare as most
// clients send it. Names of different agents, and without a key of different
// addresses, have nothing to do with each other.
func (c *call) requestName() (node.RequestName, error) {
	values := c.r.Header.Values(idempotencyKey)
	name := strings.TrimSpace(values[0])
	if bare, quoted := strings.CutPrefix(name, `"`); quoted {
		name = strings.TrimSuffix(bare, `"`)
	}
	plain := !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
	if len(values) > 1 || name == "" || len(name) > maxRequestName || !plain {
		return node.RequestName{}, invalid("bad_idempotency_key", "Idempotency-Key must be 1 to 255 visible ASCII characters", "Send one random key a request, such as a UUID.")
	}
	scope := "address " + address(c.r)
	switch actor, _ := c.who.Actor(); c.who.Kind() {
	case node.Agent:
		scope = "agent " + actor.ID
	case node.Owner:
		scope = "owner " + actor.ID
	case node.Anonymous:
	}
	h := sha256.New()
	for _, part := range append([][]byte{[]byte(c.r.Method), []byte(c.path), []byte(c.r.URL.RawQuery), c.body}, c.form.parts()...) {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return node.RequestName{Scope: scope, Name: name, Hash: hex.EncodeToString(h.Sum(nil))}, nil
}

// parts are what tells a form from another one, nothing for none. Its bytes on
// the way are no sign: each sending has a boundary of its own.
func (f form) parts() [][]byte {
	if f.fields == nil {
		return nil
	}
	parts := [][]byte{f.file}
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		parts = append(parts, []byte(name), []byte(f.fields[name]))
	}
	return parts
}

// answerOnce carries out a request that names itself, or repeats the answer to
// the one that was. What was refused leaves nothing: it may come again, corrected.
func (a *API) answerOnce(ctx context.Context, w http.ResponseWriter, rt route, c *call) error {
	name, err := c.requestName()
	if err != nil {
		return err
	}
	doing, past, err := a.node.Begin(ctx, name)
	if err != nil {
		return err
	}
	if past.Status == 0 && !past.Lost {
		rep, err := rt.do(doing, c)
		if err == nil {
			return a.answerNamed(doing, w, rep)
		}
		if !errors.Is(err, node.ErrDone) {
			return err
		}
		// Another one of that name was first.
		if doing, past, err = a.node.Begin(ctx, name); err != nil {
			return err
		}
	}
	w.Header()["Idempotency-Replayed"] = []string{"true"}
	if past.Lost {
		rep, err := a.remake(ctx, c, past.Made)
		if err != nil {
			return err
		}
		return a.answerNamed(doing, w, rep)
	}
	if past.Status == 0 { // what was first has been taken back since
		return &node.Error{Kind: node.Conflict, Code: "idempotency_in_progress", Detail: "A request with this Idempotency-Key was being carried out", Hint: "Send the same request again."}
	}
	send(w, past.Status, past.Body)
	return nil
}

// answerNamed sends an answer and keeps it for the next time.
func (a *API) answerNamed(ctx context.Context, w http.ResponseWriter, rep reply) error {
	body, err := encode(rep.body)
	if err != nil {
		return err
	}
	if err := a.node.Answered(ctx, rep.status, body); err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "keep an answer", slog.Any("error", err)) // it is done all the same
	}
	send(w, rep.status, body)
	return nil
}

// remake makes the answer to a request that was carried out, where the answer
// itself was lost with the process.
func (a *API) remake(ctx context.Context, c *call, m node.Made) (reply, error) {
	rep, err := a.remade(ctx, c, m)
	if e, is := errors.AsType[*node.Error](err); is && (e.Kind == node.Gone || e.Kind == node.NotFound) {
		err = nil // deleted since
	}
	if err == nil && rep.body == nil {
		return ok(message{Message: "This was done. Its first answer was lost when the node stopped; read anew what you need."})
	}
	return rep, err
}

func (a *API) remade(ctx context.Context, c *call, m node.Made) (reply, error) {
	switch m.Kind {
	case node.MadePost:
		p, err := a.node.PostByID(ctx, m.ID, c.viewer())
		if err != nil {
			return reply{}, err
		}
		return a.postCreated(ctx, p)
	case node.MadeComment:
		x, err := a.node.CommentFor(ctx, m.ID, c.viewer())
		if err != nil {
			return reply{}, err
		}
		return a.commentCreated(ctx, x)
	case node.MadeSubmolt:
		s, err := a.node.ActorByID(ctx, m.ID)
		if err != nil {
			return reply{}, err
		}
		return a.submoltCreated(ctx, s, c.self())
	case node.MadeAgent:
		x, err := a.node.ActorByID(ctx, m.ID)
		if err != nil {
			return reply{}, err
		}
		return created(a.registered(node.Registered{Agent: x, Key: m.Key, ClaimToken: m.Claim, VerificationCode: m.Code}))
	}
	return reply{}, nil
}
