package node

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"instar.example/storage"
)

// This file is what is known of other servers: what they run, and whether they live.

const (
	// hostFreshFor is how long a server's word about itself is believed, and how
	// often one that fails is asked whether it lives.
	hostFreshFor = 24 * time.Hour
	// hostLostAfter is how long a server fails until what waits for it is given
	// up: longer than any activity is delivered.
	hostLostAfter = 30 * 24 * time.Hour
	// hostForgotten is how long a server is remembered of which nobody is known.
	hostForgotten = 60 * 24 * time.Hour
)

// isMicroblog says whether a server's software shows each thing that is
// announced as a boost in its followers' timelines. Those get a submolt's posts
// and no more; all others, also those of which nothing is known, get every
// activity.
func isMicroblog(software string) bool {
	switch strings.ToLower(software) {
	case "mastodon", "glitchsoc", "hometown", "gotosocial", "pleroma", "akkoma", "pixelfed", "snac", "snac2", "mitra", "takahe", "tootik",
		"honk", "bookwyrm", "wafrn", "microblogpub", "writefreely", "vernissage", "loops", "threads",
		"misskey", "calckey", "firefish", "sharkey", "iceshrimp", "iceshrimp.net", "foundkey", "cherrypick", "catodon", "meisskey":
		return true
	}
	return false
}

// domainOf is what one owner registered, of a server's host: all names below it are
// free to invent. An address, and a host without a dot, are their own, with the port.
func domainOf(host string) string {
	if _, err := netip.ParseAddrPort(host); err == nil {
		return host
	}
	name, _, _ := strings.Cut(host, ":")
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if _, ip := netip.ParseAddr(host); err != nil || ip == nil {
		return host
	}
	return domain
}

// DueHost returns a server that is to be asked who it is, and leases it by
// counting it as asked; false when there is none. Servers of which nobody is
// known any more are forgotten instead.
func (n *Node) DueHost(ctx context.Context) (storage.Host, bool, error) {
	before := n.now() - hostFreshFor.Milliseconds()
	due, err := n.store.Read().HostsDue(ctx, before, 1)
	if err != nil || len(due) == 0 {
		return storage.Host{}, false, err
	}
	var h storage.Host
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		if h, err = q.ClaimHost(ctx, before, n.now()); err != nil {
			return err
		}
		if max(h.LastSeenAt, h.CreatedAt) > n.now()-hostForgotten.Milliseconds() {
			return nil
		}
		used, err := q.HasActors(ctx, h.Host)
		if err != nil || used {
			return err
		}
		h.CheckedAt = -1
		return q.DeleteHost(ctx, h.Host)
	})
	if err != nil {
		return storage.Host{}, false, ignoreNotFound(err) // another process was first
	}
	return h, true, nil
}

// KnowsServer says whether anybody of a server is known.
func (n *Node) KnowsServer(ctx context.Context, host string) (bool, error) {
	return n.store.Read().HasActors(ctx, host)
}

// Forgotten says that DueHost has forgotten the server.
func Forgotten(h storage.Host) bool { return h.CheckedAt < 0 }

// HostAnswered notes that a server of which had been nothing heard answered:
// what waits for it is tried now. One request that fails closes it again.
func (n *Node) HostAnswered(ctx context.Context, host string) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.ProbeHost(ctx, host, n.now()) })
}

// HostSilent notes that a server did not answer. What waits for one that has
// failed for too long is given up; the next activity begins anew.
func (n *Node) HostSilent(ctx context.Context, h storage.Host) error {
	if h.Failures == 0 || n.now()-h.FailingSince < hostLostAfter.Milliseconds() {
		return nil
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.CloseLanes(ctx, h.Host) })
}

// KeepHost stores what a server says of itself.
func (n *Node) KeepHost(ctx context.Context, h storage.Host) error {
	h.CheckedAt, h.CreatedAt = n.now(), n.now()
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		was, err := q.Host(ctx, h.Host)
		if ignoreNotFound(err) != nil {
			return err
		}
		if isMicroblog(was.Software) != isMicroblog(h.Software) {
			if err := n.regroup(ctx, q, h); err != nil {
				return err
			}
		}
		if was.AgentsOnly != h.AgentsOnly {
			if err := n.regroupVoters(ctx, q, h); err != nil {
				return err
			}
		}
		return q.PutHost(ctx, h)
	})
	n.hosts.actors.Purge() // their tiers may have changed
	return err
}

// regrouped bounds how many inboxes of one server change their audience.
const regrouped = 10_000

// regroupVoters puts a server's followers of submolts into the audience of votes
// when it has become vouched, or takes them out.
func (n *Node) regroupVoters(ctx context.Context, q storage.Queries, h storage.Host) error {
	members, err := q.MembersOf(ctx, h.Host, regrouped)
	if err != nil {
		return err
	}
	for _, m := range members {
		uri, _ := strings.CutSuffix(m.Audience, boostsOf(""))
		if !strings.HasPrefix(uri, n.cfg.BaseURL+"/m/") || strings.HasSuffix(uri, votersOf("")) {
			continue
		}
		count := m.Members
		if !h.AgentsOnly {
			count = -count
		}
		if err := q.AddMember(ctx, votersOf(uri), m.Inbox, count); err != nil {
			return err
		}
	}
	return nil
}

// regroup puts a server's followers of submolts into the audience of its
// software: that became known after they followed, or changed.
func (n *Node) regroup(ctx context.Context, q storage.Queries, h storage.Host) error {
	members, err := q.MembersOf(ctx, h.Host, regrouped)
	if err != nil {
		return err
	}
	for _, m := range members {
		uri, boosts := strings.CutSuffix(m.Audience, boostsOf(""))
		if !strings.HasPrefix(uri, n.cfg.BaseURL+"/m/") || strings.HasSuffix(uri, votersOf("")) || boosts == isMicroblog(h.Software) {
			continue
		}
		to := followersOf(uri)
		if !boosts {
			to = boostsOf(uri)
		}
		if err := q.AddMember(ctx, to, m.Inbox, m.Members); err != nil {
			return err
		}
		if err := q.AddMember(ctx, m.Audience, m.Inbox, -m.Members); err != nil {
			return err
		}
	}
	return nil
}
