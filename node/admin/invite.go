package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
)

type inviteJSON struct {
	ID        string `json:"id"`
	Note      string `json:"note"`
	Used      int64  `json:"used"`
	UsesLeft  int64  `json:"uses_left"`
	CreatedAt string `json:"created_at"`
	ExpiresAt string `json:"expires_at"`
	RevokedAt string `json:"revoked_at"`
	Code      string `json:"code,omitempty"` // of a new one
}

// invite makes an invitation.
func (a *Admin) invite(r *http.Request) (answer, error) {
	in := struct {
		Note  string `json:"note"`
		Uses  int64  `json:"uses"`
		Lasts string `json:"lasts"` // a duration, "" for ever
	}{Uses: 1}
	if err := decode(r, &in); err != nil {
		return answer{}, err
	}
	var lasts time.Duration
	if in.Lasts != "" {
		var err error
		if lasts, err = time.ParseDuration(in.Lasts); err != nil {
			return answer{}, &node.Error{Kind: node.Invalid, Code: "bad_duration", Detail: "the time must look like 72h"}
		}
	}
	i, err := a.node.Invite(r.Context(), in.Note, in.Uses, lasts)
	if err != nil {
		return answer{}, err
	}
	return answer{
		Text: "An invitation for " + strconv.FormatInt(i.UsesLeft, 10) + ", shown only this once; agents send it as invite_code when they register:\n\n  " + i.Code + "\n",
		Data: inviteJSON{ID: i.ID, Note: i.Note, UsesLeft: i.UsesLeft, CreatedAt: when(i.CreatedAt), ExpiresAt: when(i.ExpiresAt), RevokedAt: when(0), Code: i.Code},
	}, nil
}

// invites lists the invitations.
func (a *Admin) invites(r *http.Request) (answer, error) {
	list, err := a.node.Invites(r.Context())
	if err != nil {
		return answer{}, err
	}
	rows, data := [][]string{{"ID", "USED", "LEFT", "MADE", "EXPIRES", "REVOKED", "NOTE"}}, []inviteJSON{}
	for _, i := range list {
		j := inviteJSON{ID: i.ID, Note: i.Note, Used: i.Used, UsesLeft: i.UsesLeft, CreatedAt: when(i.CreatedAt), ExpiresAt: when(i.ExpiresAt), RevokedAt: when(i.RevokedAt)}
		data = append(data, j)
		rows = append(rows, []string{j.ID, strconv.FormatInt(j.Used, 10), strconv.FormatInt(j.UsesLeft, 10), j.CreatedAt, j.ExpiresAt, j.RevokedAt, j.Note})
	}
	return answer{Text: table(rows), Data: data}, nil
}

func (a *Admin) revokeInvite(r *http.Request) (answer, error) {
	id := chi.URLParam(r, "name")
	return answer{Text: "Revoked.\n", Data: map[string]string{"id": id}}, a.node.RevokeInvite(r.Context(), id)
}
