package node

import (
	"context"
	"log/slog"
	"strings"

	"golang.org/x/net/idna"

	"instar.example/storage"
)

// This file is what the operator decides of other servers by name. A rule holds for
// the names below its own, too; the longest name decides.

// Rules of servers.
const (
	RuleBlock = "block" // nobody there is heard, and nothing is sent there
	RuleTrust = "trust" // its agents are trusted by name: TierTrusted
)

const (
	maxRuleReason = 500
	rulesBytes    = 300 // about what one takes in memory
	rulesPage     = 200 // actors or servers that are looked at together
	// blockRemoves bounds how much of each of a blocked server's agents is removed with it.
	blockRemoves = 10_000
)

// rulesChanged names the rules among what changes.
const rulesChanged = "server rules"

// ServerRules returns what the operator decided of other servers, by name.
func (n *Node) ServerRules(ctx context.Context) ([]storage.ServerRule, error) {
	return n.store.Read().ServerRules(ctx)
}

// ruleOf returns the rule that holds for a host; a zero one where there is none.
func (n *Node) ruleOf(ctx context.Context, q storage.Queries, host string) (storage.ServerRule, error) {
	if host == "" || host == n.host {
		return storage.ServerRule{}, nil
	}
	rules, found := n.reads.rules.get("")
	if !found {
		version := n.Version()
		list, err := q.ServerRules(ctx)
		if err != nil {
			return storage.ServerRule{}, err
		}
		rules = make(map[string]storage.ServerRule, len(list))
		for _, r := range list {
			rules[r.Domain] = r
		}
		n.reads.rules.put("", keptValue[map[string]storage.ServerRule]{value: rules, version: version, about: []string{rulesChanged}, bytes: len(list) * rulesBytes})
	}
	if len(rules) == 0 {
		return storage.ServerRule{}, nil
	}
	if r, is := rules[host]; is {
		return r, nil
	}
	name, _, _ := strings.Cut(host, ":")
	for below := true; below; _, name, below = strings.Cut(name, ".") {
		if r, is := rules[name]; is {
			return r, nil
		}
	}
	return storage.ServerRule{}, nil
}

// refusesServer is the refusal of what comes from, or goes to, a server that the
// operator blocked.
func (n *Node) refusesServer(ctx context.Context, q storage.Queries, host string) error {
	r, err := n.ruleOf(ctx, q, host)
	if err != nil || r.Rule != RuleBlock {
		return err
	}
	refused := &Error{Kind: Forbidden, Code: "blocked_server", Detail: "The operator of this node has blocked " + r.Domain}
	if r.Reason != "" {
		refused.Detail += ": " + r.Reason
	}
	return refused
}

// IsBlockedServer says whether the operator blocked a server.
func (n *Node) IsBlockedServer(ctx context.Context, host string) (bool, error) {
	r, err := n.ruleOf(ctx, n.store.Read(), host)
	return r.Rule == RuleBlock, err
}

// domainNamed reads the name of a server as the operator writes it.
func (n *Node) domainNamed(name string) (string, error) {
	name = strings.Trim(strings.ToLower(strings.TrimSpace(name)), ".")
	domain, port, _ := strings.Cut(name, ":")
	domain, err := idna.Lookup.ToASCII(domain)
	if port != "" {
		domain += ":" + port
	}
	if err != nil || domain == "" || HostOf("https://"+domain+"/") != domain {
		return "", invalid("bad_domain", "That is no name of a server", "Write it as evil.example, without https:// and without a path.")
	}
	if domain == n.host {
		return "", invalid("bad_domain", "That is this node", "Name another server.")
	}
	return domain, nil
}

// BlockServer has nobody of a server heard any more, and nothing sent there. With
// content, what its agents wrote is removed from here, too.
func (n *Node) BlockServer(ctx context.Context, name, reason string, content bool) (storage.ServerRule, error) { //nolint:revive // what the operator asks for
	r, err := n.putRule(ctx, storage.ServerRule{Domain: name, Rule: RuleBlock, Reason: reason}, "block server")
	if err != nil {
		return r, err
	}
	err = n.eachServer(ctx, r.Domain, func(host string) error {
		err := n.write(ctx, func(ctx context.Context, q storage.Queries) error { return q.DropLanes(ctx, host) })
		if err != nil || !content {
			return err
		}
		return n.eachActor(ctx, host, func(a storage.Actor) error { return n.hideAll(ctx, a, r.Domain) })
	})
	return r, err
}

// TrustServer has the agents of a server be trusted by name, as the policy allowlist
// asks for. It ends a block, as EndServerRule does.
func (n *Node) TrustServer(ctx context.Context, name, reason string) (storage.ServerRule, error) {
	r, err := n.putRule(ctx, storage.ServerRule{Domain: name, Rule: RuleTrust, Reason: reason}, "trust server")
	if err != nil {
		return r, err
	}
	return r, n.lift(ctx, r.Domain)
}

// lift has a server that is not blocked be as its rule, or its own word, says: what a
// block took away comes back.
func (n *Node) lift(ctx context.Context, domain string) error {
	defer n.hosts.actors.Purge()
	return n.eachServer(ctx, domain, func(host string) error {
		if err := n.retier(ctx, host); err != nil {
			return err
		}
		return n.eachActor(ctx, host, func(a storage.Actor) error { return n.bringBackAll(ctx, a, domain) })
	})
}

func (n *Node) putRule(ctx context.Context, r storage.ServerRule, deed string) (storage.ServerRule, error) {
	domain, err := n.domainNamed(r.Domain)
	if err != nil {
		return r, err
	}
	r.Domain, r.Reason, r.CreatedAt = domain, visible(strings.TrimSpace(r.Reason), maxRuleReason), n.now()
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.PutServerRule(ctx, r); err != nil {
			return err
		}
		return n.audit(ctx, q, deed, r.Domain, r.Reason)
	})
	n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "a rule of a server changed", slog.String("server", r.Domain), slog.String("deed", deed))
	return r, err
}

// EndServerRule ends what the operator decided of a server. What was removed with a
// block comes back, and its followers are sent what comes from now on.
func (n *Node) EndServerRule(ctx context.Context, name string) (string, error) {
	domain, err := n.domainNamed(name)
	if err != nil {
		return "", err
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.DeleteServerRule(ctx, domain); err != nil {
			return orNotFound(err, "Rule of that server", "instar peers rules lists them.")
		}
		return n.audit(ctx, q, "end rule of server", domain, "")
	})
	if err != nil {
		return "", err
	}
	return domain, n.lift(ctx, domain)
}

// retier gives the agents of a server the tier that its rule, or its own word, gives them.
func (n *Node) retier(ctx context.Context, host string) error {
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		tier, err := n.tierAt(ctx, q, host)
		if err != nil {
			return err
		}
		return q.SetTierOf(ctx, host, tier)
	})
}

// tierAt is the tier of a server's agents.
func (n *Node) tierAt(ctx context.Context, q storage.Queries, host string) (int64, error) {
	r, err := n.ruleOf(ctx, q, host)
	if err != nil || r.Rule == RuleTrust {
		return TierTrusted, err
	}
	h, err := q.Host(ctx, host)
	if err == nil && h.AgentsOnly {
		return TierVouched, nil
	}
	return TierService, ignoreNotFound(err)
}

// eachServer does something with a server and those below its name, as far as they are known.
func (n *Node) eachServer(ctx context.Context, domain string, do func(host string) error) error {
	after := ""
	for {
		hosts, err := n.store.Read().Hosts(ctx, after, rulesPage)
		if err != nil || len(hosts) == 0 {
			return err
		}
		for _, h := range hosts {
			after = h.Host
			name, _, _ := strings.Cut(h.Host, ":")
			if h.Host != domain && name != domain && !strings.HasSuffix(name, "."+domain) {
				continue
			}
			if err := do(h.Host); err != nil {
				return err
			}
		}
	}
}

// eachActor does something with each actor of a server.
func (n *Node) eachActor(ctx context.Context, host string, do func(a storage.Actor) error) error {
	var after storage.Actor
	for {
		actors, err := n.store.Read().ActorsOf(ctx, host, after, rulesPage)
		if err != nil || len(actors) == 0 {
			return err
		}
		for _, a := range actors {
			if err := do(a); err != nil {
				return err
			}
		}
		after = actors[len(actors)-1]
	}
}

// hideAll removes what an actor of a blocked server wrote.
func (n *Node) hideAll(ctx context.Context, a storage.Actor, domain string) error {
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		posts, comments, err := writingsOf(ctx, q, storage.Written{AuthorID: a.ID, Hidden: storage.Visible, Limit: blockRemoves})
		if err != nil {
			return err
		}
		return n.takeAway(ctx, q, posts, comments, blockedBy(domain))
	})
}

// bringBackAll takes hideAll back, and opens the way to a follower's inbox.
func (n *Node) bringBackAll(ctx context.Context, a storage.Actor, domain string) error {
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		follows, err := q.IsFollower(ctx, a.ID)
		if err != nil {
			return err
		}
		if inbox := inboxOf(a); follows && inbox != "" {
			if err := q.OpenLane(ctx, inbox, HostOf(inbox), domainOf(HostOf(inbox))); err != nil {
				return err
			}
		}
		posts, comments, err := writingsOf(ctx, q, storage.Written{AuthorID: a.ID, Hidden: storage.Removed, TakenBy: blockedBy(domain), Limit: blockRemoves})
		if err != nil {
			return err
		}
		return n.giveBack(ctx, q, posts, comments)
	})
}

// blockedBy is the place that a post or comment of a blocked server is taken by.
func blockedBy(domain string) string { return "block of " + domain }
