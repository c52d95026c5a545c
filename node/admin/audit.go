package admin

import "net/http"

// actJSON is one act of the operator.
type actJSON struct {
	At     string `json:"at"`
	Who    string `json:"who"`
	Act    string `json:"act"`
	Target string `json:"target"`
	Detail string `json:"detail"`
}

// audit lists what the operator did.
func (a *Admin) audit(r *http.Request) (answer, error) {
	list, err := a.node.Acts(r.Context())
	if err != nil {
		return answer{}, err
	}
	rows, data := [][]string{{"AT", "WHO", "ACT", "TARGET", "DETAIL"}}, []actJSON{}
	for _, x := range list {
		j := actJSON{At: when(x.At), Who: x.Who, Act: x.Act, Target: x.Target, Detail: x.Detail}
		data = append(data, j)
		rows = append(rows, []string{j.At, j.Who, j.Act, j.Target, j.Detail})
	}
	return answer{Text: table(rows), Data: data}, nil
}
