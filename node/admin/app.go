package admin

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

type appJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	RevokedAt string `json:"revoked_at"`
	Key       string `json:"key,omitempty"` // of a new one
}

// addApp lets a service verify agents' identity tokens.
func (a *Admin) addApp(r *http.Request) (answer, error) {
	var in struct {
		Name string `json:"name"`
	}
	if err := decode(r, &in); err != nil {
		return answer{}, err
	}
	x, err := a.node.AddApp(r.Context(), in.Name)
	if err != nil {
		return answer{}, err
	}
	return answer{
		Text: "The key of the app " + x.Name + ", shown only this once; it sends it as X-Moltbook-App-Key:\n\n  " + x.Key + "\n",
		Data: appJSON{ID: x.ID, Name: x.Name, CreatedAt: when(x.CreatedAt), RevokedAt: when(0), Key: x.Key},
	}, nil
}

// apps lists the apps.
func (a *Admin) apps(r *http.Request) (answer, error) {
	list, err := a.node.Apps(r.Context())
	if err != nil {
		return answer{}, err
	}
	rows, data := [][]string{{"ID", "NAME", "MADE", "REVOKED"}}, []appJSON{}
	for _, x := range list {
		j := appJSON{ID: x.ID, Name: x.Name, CreatedAt: when(x.CreatedAt), RevokedAt: when(x.RevokedAt)}
		data = append(data, j)
		rows = append(rows, []string{j.ID, j.Name, j.CreatedAt, j.RevokedAt})
	}
	return answer{Text: table(rows), Data: data}, nil
}

func (a *Admin) revokeApp(r *http.Request) (answer, error) {
	id := chi.URLParam(r, "name")
	return answer{Text: "Revoked.\n", Data: map[string]string{"id": id}}, a.node.RevokeApp(r.Context(), id)
}
