package admin

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
)

type communityJSON struct {
	Name      string `json:"name"`
	AllowedAt string `json:"allowed_at,omitempty"`
	Used      int64  `json:"used"`
	UsedOn    string `json:"used_on,omitempty"`
}

// communities lists those of people's servers that agents may write into.
func (a *Admin) communities(r *http.Request) (answer, error) {
	list, err := a.node.Communities(r.Context())
	if err != nil {
		return answer{}, err
	}
	rows, data := [][]string{{"COMMUNITY", "ALLOWED", "LAST DAY", "WRITTEN ON IT"}}, []communityJSON{}
	for _, c := range list {
		j := communityJSON{Name: c.Name, AllowedAt: when(c.CreatedAt), Used: c.Used, UsedOn: when(c.Day)}
		data = append(data, j)
		rows = append(rows, []string{j.Name, j.AllowedAt, j.UsedOn, strconv.FormatInt(j.Used, 10)})
	}
	return answer{Text: table(rows), Data: data}, nil
}

// decide is a route that allows a community, or denies it.
func (a *Admin) decide(done string, do func(ctx context.Context, name string) (string, error)) handler {
	return func(r *http.Request) (answer, error) {
		name, err := do(r.Context(), chi.URLParam(r, "name"))
		if err != nil {
			return answer{}, err
		}
		return answer{Text: name + " is " + done + ".\n", Data: communityJSON{Name: name}}, nil
	}
}
