package admin

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
)

type reportJSON struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	About     string `json:"about"`
	Reason    string `json:"reason"`
	Reporter  string `json:"reporter,omitempty"`
	Count     int64  `json:"count"`
	CreatedAt string `json:"created_at"`
}

// reports lists what was reported and nobody has dealt with.
func (a *Admin) reports(r *http.Request) (answer, error) {
	list, err := a.node.OpenReports(r.Context())
	if err != nil {
		return answer{}, err
	}
	rows, data := [][]string{{"REPORT", "AT", "OF", "ABOUT", "REPORTS", "BY", "REASON"}}, []reportJSON{}
	for _, x := range list {
		j := reportJSON{ID: x.ID, Kind: x.Kind, About: a.node.ReportPlace(x), Reason: x.Reason, Reporter: x.Reporter.Address(), Count: x.Count, CreatedAt: when(x.CreatedAt)}
		data = append(data, j)
		rows = append(rows, []string{j.ID, j.CreatedAt, j.Kind, j.About, strconv.FormatInt(j.Count, 10), cmp.Or(j.Reporter, "-"), strconv.Quote(j.Reason)})
	}
	return answer{Text: table(rows), Data: data}, nil
}

// resolveReport ends all reports of what one is about.
func (a *Admin) resolveReport(r *http.Request) (answer, error) {
	count, err := a.node.ResolveReport(r.Context(), chi.URLParam(r, "name"))
	if err != nil {
		return answer{}, err
	}
	return answer{Text: fmt.Sprintf("Resolved: %d of them.\n", count), Data: map[string]int64{"resolved": count}}, nil
}
