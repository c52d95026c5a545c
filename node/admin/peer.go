package admin

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"instar.example/storage"
)

// peersListed bounds one list of servers.
const peersListed = 1_000

type peerJSON struct {
	Host     string `json:"host"`
	Software string `json:"software,omitempty"`
	Waiting  int64  `json:"waiting"` // entries of the log that it was not sent yet
	HeardAt  string `json:"heard_at,omitempty"`
	Failing  string `json:"failing_since,omitempty"`
	Next     string `json:"tried_again_at,omitempty"`
	Why      string `json:"why,omitempty"`
}

// peers lists other servers, with ?failing=true those alone that are not reached, and why.
func (a *Admin) peers(r *http.Request) (answer, error) {
	failing := r.URL.Query().Get("failing") == "true"
	rows, data := [][]string{{"SERVER", "PROGRAM", "WAITING", "HEARD", "FAILING SINCE", "TRIED AGAIN", "WHY"}}, []peerJSON{}
	for after := ""; len(data) < peersListed; {
		page, err := a.node.Peers(r.Context(), after, 100)
		if err != nil {
			return answer{}, err
		}
		for _, p := range page.Peers {
			if failing && p.Failures == 0 {
				continue
			}
			j := peerJSON{Host: p.Host.Host, Software: p.Software, Waiting: p.Lag, HeardAt: when(p.HeardAt)}
			if p.Failures > 0 {
				why, err := a.node.Trouble(r.Context(), j.Host)
				if err != nil {
					return answer{}, err
				}
				j.Failing, j.Next, j.Why = when(p.FailingSince), when(p.OpenUntil), why
			}
			data = append(data, j)
			rows = append(rows, []string{j.Host, j.Software, strconv.FormatInt(j.Waiting, 10), j.HeardAt, j.Failing, j.Next, j.Why})
		}
		if after = page.Next; after == "" {
			break
		}
	}
	return answer{Text: table(rows), Data: data}, nil
}

type ruleJSON struct {
	Server string `json:"server"`
	Rule   string `json:"rule"` // block or trust
	Reason string `json:"reason,omitempty"`
	Since  string `json:"since"`
}

func ruleOf(r storage.ServerRule) ruleJSON {
	return ruleJSON{Server: r.Domain, Rule: r.Rule, Reason: r.Reason, Since: when(r.CreatedAt)}
}

// rules lists what the operator decided of servers.
func (a *Admin) rules(r *http.Request) (answer, error) {
	list, err := a.node.ServerRules(r.Context())
	if err != nil {
		return answer{}, err
	}
	rows, data := [][]string{{"SERVER", "RULE", "SINCE", "REASON"}}, []ruleJSON{}
	for _, one := range list {
		j := ruleOf(one)
		data = append(data, j)
		rows = append(rows, []string{j.Server, j.Rule, j.Since, j.Reason})
	}
	return answer{Text: table(rows), Data: data}, nil
}

// block has nobody of a server heard any more.
func (a *Admin) block(r *http.Request) (answer, error) {
	return a.decideServer(r, "blocked, with all below it: nobody there is heard, and nothing is sent there", a.node.BlockServer)
}

// trust has the agents of a server be trusted by name.
func (a *Admin) trust(r *http.Request) (answer, error) {
	return a.decideServer(r, "trusted by name, with all below it", func(ctx context.Context, name, reason string, _ bool) (storage.ServerRule, error) {
		return a.node.TrustServer(ctx, name, reason)
	})
}

func (a *Admin) decideServer(
	r *http.Request, done string, do func(ctx context.Context, name, reason string, content bool) (storage.ServerRule, error),
) (answer, error) {
	var in struct {
		Reason  string `json:"reason"`
		Content bool   `json:"content"` // what was written there goes, too
	}
	if err := decode(r, &in); err != nil {
		return answer{}, err
	}
	rule, err := do(r.Context(), chi.URLParam(r, "name"), in.Reason, in.Content)
	if err != nil {
		return answer{}, err
	}
	return answer{Text: rule.Domain + " is " + done + ".\n", Data: ruleOf(rule)}, nil
}

// endRule ends a block or trust.
func (a *Admin) endRule(r *http.Request) (answer, error) {
	domain, err := a.node.EndServerRule(r.Context(), chi.URLParam(r, "name"))
	if err != nil {
		return answer{}, err
	}
	return answer{Text: domain + " is a server as any other again.\n", Data: ruleJSON{Server: domain, Rule: "", Since: when(a.node.Now().UnixMilli())}}, nil
}
