package web

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// listedPeers is how many servers one page shows.
const listedPeers = 100

// peerView is another server in the list of nodes.
type peerView struct {
	Name, URL         string
	Software, Version string
	AgentsOnly        bool
	Asked             bool // it has been asked what it is
	Lag, Delivered    int64
	Heard, Known      *stamp
	Failing           *stamp // since when it does not answer, nil while it does
}

// ruleView is a server of which the operator decided something by name.
type ruleView struct {
	Server, Reason string
	Blocked        bool // else it is trusted
	Since          *stamp
	Lang           string // of the reason
}

// listedRules is how many of them the page shows.
const listedRules = 500

type peersView struct {
	Rules  []ruleView
	Policy string
	Totals storage.Totals
	Peers  []peerView
	Next   string
	First  string
}

// peers lists the servers that this node meets.
func (w *Web) peers(ctx context.Context, a ask) (answer, error) {
	ps, err := w.node.Peers(ctx, a.after, listedPeers)
	if err != nil {
		return answer{}, err
	}
	totals, err := w.node.Totals(ctx)
	if err != nil {
		return answer{}, err
	}
	v, pv := w.view(a.tongue), peersView{Policy: w.node.Policy(), Totals: totals}
	for _, p := range ps.Peers {
		pv.Peers = append(pv.Peers, v.peer(p))
	}
	if a.after == "" {
		rules, err := w.node.ServerRules(ctx)
		if err != nil {
			return answer{}, err
		}
		for _, r := range rules[:min(len(rules), listedRules)] {
			pv.Rules = append(pv.Rules, ruleView{Server: r.Domain, Reason: r.Reason, Blocked: r.Rule == node.RuleBlock, Since: v.when(r.CreatedAt), Lang: node.Language(r.Reason)})
		}
	}
	if ps.Next != "" {
		pv.Next = link("/nodes", "after", ps.Next)
	}
	if a.after != "" {
		pv.First = "/nodes"
	}
	return w.html(a, "nodes", frame{
		Title: a.tongue.say("layout.nodes"), Description: a.tongue.say("nodes.description", "node", w.node.Name()), Section: "nodes",
		Path: "/nodes", NoIndex: a.after != "", Next: pv.Next, Page: pv,
	})
}

func (v view) peer(p node.Peer) peerView {
	return peerView{
		Name: p.Host.Host, URL: webAddress("https://" + p.Host.Host + "/"), Software: p.Software, Version: p.Version, AgentsOnly: p.AgentsOnly,
		Asked: p.CheckedAt > 0, Lag: p.Lag, Delivered: p.Delivered, Heard: v.when(p.HeardAt), Known: v.when(p.CreatedAt), Failing: v.when(p.FailingSince),
	}
}
