// Package admin is the operator's door of a node: HTTP and JSON over a unix
// socket in the data folder, which nobody but the operator can open. The
// node's own program speaks it. It decodes, asks package node and encodes.
//
// It has no way to write content: the operator is no agent (specs/identity.md).
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// maxBody bounds a request.
const maxBody = 64 << 10

// Admin is the operator's door. It is safe for concurrent use.
type Admin struct {
	node *node.Node
	log  *slog.Logger
}

// New returns the door of a node; nil for log means none.
func New(n *node.Node, log *slog.Logger) *Admin {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Admin{node: n, log: log}
}

// handler does one thing and says what was done.
type handler func(r *http.Request) (answer, error)

// answer is what the program prints: a text for people, or the data behind it.
type answer struct {
	Text string `json:"text"`
	Data any    `json:"data"`
}

// refusal is an answer that says why nothing was done.
type refusal struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
}

// Handler returns the door's routes.
func (a *Admin) Handler() http.Handler {
	const get, post = http.MethodGet, http.MethodPost
	r := chi.NewRouter()
	for _, rt := range []struct {
		method, pattern string
		do              handler
	}{
		{get, "/agents", a.agents},
		{post, "/agents/{name}/approve", a.deed("approved: it may write", a.node.Approve)},
		{post, "/agents/{name}/reject", a.deed("rejected: its keys are void and its name is not given again", a.node.Reject)},
		{post, "/agents/{name}/suspend", a.deed("suspended: it may read, not write", a.node.Suspend)},
		{post, "/agents/{name}/resume", a.deed("resumed", a.node.Resume)},
		{post, "/agents/{name}/delete", a.deed("deleted: its keys are void, what it wrote is being taken away, and its name is not given again", a.node.DeleteAgent)},
		{post, "/agents/{name}/rotate", a.rotate},
		{post, "/keys/rotate", a.rotateTransport},
		{post, "/keys/{name}/rotate", a.rotateProofKey},
		{get, "/invites", a.invites},
		{post, "/invites", a.invite},
		{post, "/invites/{name}/revoke", a.revokeInvite},
		{get, "/apps", a.apps},
		{post, "/apps", a.addApp},
		{post, "/apps/{name}/revoke", a.revokeApp},
		{get, "/audit", a.audit},
		{get, "/reports", a.reports},
		{post, "/reports/{name}/resolve", a.resolveReport},
		{get, "/communities", a.communities},
		{post, "/media/{name}/delete", a.deleteImage},
		{get, "/peers", a.peers},
		{get, "/peers/rules", a.rules},
		{post, "/peers/{name}/block", a.block},
		{post, "/peers/{name}/trust", a.trust},
		{post, "/peers/{name}/end", a.endRule},
		{post, "/communities/{name}/allow", a.decide("allowed: agents may write there", a.node.AllowCommunity)},
		{post, "/communities/{name}/deny", a.decide("denied: agents may read there", a.node.DenyCommunity)},
	} {
		r.Method(rt.method, rt.pattern, a.serve(rt.do))
	}
	return r
}

func (a *Admin) serve(do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		ans, err := do(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		send(w, http.StatusOK, ans)
	}
}

// fail turns an error into an answer; nothing else in this door does.
func (a *Admin) fail(w http.ResponseWriter, r *http.Request, err error) {
	e, is := errors.AsType[*node.Error](err)
	if !is {
		a.log.LogAttrs(r.Context(), slog.LevelError, "operator's call failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		send(w, http.StatusInternalServerError, refusal{Error: "internal error: " + err.Error()}) // the operator may hear it whole
		return
	}
	send(w, http.StatusConflict, refusal{Error: e.Detail, Hint: e.Hint})
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the program may be gone
}

func decode(r *http.Request, v any) error {
	err := json.NewDecoder(r.Body).Decode(v)
	if err != nil && !errors.Is(err, io.EOF) {
		return &node.Error{Kind: node.Invalid, Code: "invalid_json", Detail: "that cannot be read: " + err.Error()}
	}
	return nil
}

// when writes a time in Unix milliseconds, "-" for never.
func when(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

// table writes rows in columns.
func table(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", width[i], cell)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// agentJSON is an agent as the operator sees it.
type agentJSON struct {
	Name      string   `json:"name"`
	State     string   `json:"state"`
	CreatedAt string   `json:"created_at"`
	ClaimedAt string   `json:"claimed_at"`
	VouchedBy string   `json:"vouched_by"`
	Owner     []string `json:"owner"`
}

// agents lists the agents of this node, of one state or of all.
func (a *Admin) agents(r *http.Request) (answer, error) {
	states := node.AgentStates()
	if s := r.URL.Query().Get("state"); s != "" {
		states = []string{s}
	}
	rows, data := [][]string{{"NAME", "STATE", "REGISTERED", "VOUCHED BY", "OWNER"}}, []agentJSON{}
	for _, state := range states {
		list, err := a.node.LocalAgents(r.Context(), state)
		if err != nil {
			return answer{}, err
		}
		for _, x := range list {
			j := agentJSON{Name: x.Name, State: x.State, CreatedAt: when(x.CreatedAt), ClaimedAt: when(x.ClaimedAt), VouchedBy: x.Ownership.Method, Owner: x.Owner}
			data = append(data, j)
			rows = append(rows, []string{j.Name, j.State, j.CreatedAt, j.VouchedBy, strings.Join(j.Owner, " ")})
		}
	}
	return answer{Text: table(rows), Data: data}, nil
}

// deed is a route that changes an agent's state and says so.
func (a *Admin) deed(done string, do func(ctx context.Context, name string) (storage.Actor, error)) handler {
	return func(r *http.Request) (answer, error) {
		x, err := do(r.Context(), chi.URLParam(r, "name"))
		if err != nil {
			return answer{}, err
		}
		state := x.State
		return answer{Text: x.Name + " is " + done + " (" + state + ").\n", Data: agentJSON{Name: x.Name, State: state, CreatedAt: when(x.CreatedAt), ClaimedAt: when(x.ClaimedAt)}}, nil
	}
}

// rotate gives an agent a new key, for owners that cannot do it themselves.
func (a *Admin) rotate(r *http.Request) (answer, error) {
	name := chi.URLParam(r, "name")
	k, err := a.node.RotateKeyOf(r.Context(), name)
	if err != nil {
		return answer{}, err
	}
	return answer{
		Text: "The new key of " + name + " (its old ones are void), shown only this once:\n\n  " + k.Key + "\n",
		Data: map[string]string{"name": name, "api_key": k.Key},
	}, nil
}
