package node

import (
	"context"
	"strconv"
	"strings"

	"instar.example/storage"
)

// Peer is another server as this node knows it.
type Peer struct {
	storage.Host

	Lag       int64 // what it is still to be sent
	Delivered int64
	HeardAt   int64 // when it last answered or wrote, 0 for never
}

// Peers is a page of the servers known here, by name. Next is the last one's
// name, "" at the end.
type Peers struct {
	Peers []Peer
	Next  string
}

// Peers returns those behind a name, at most limit. What went wrong with one is its operator's and
// ours to know: Host says since when, not why.
func (n *Node) Peers(ctx context.Context, after string, limit int) (Peers, error) {
	q := n.store.Read()
	hosts, err := q.Hosts(ctx, after, limit+1)
	if err != nil {
		return Peers{}, err
	}
	var ps Peers
	if len(hosts) > limit {
		hosts = hosts[:limit]
		ps.Next = hosts[limit-1].Host
	}
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Host
	}
	sums, err := q.LanesOfHosts(ctx, names)
	if err != nil {
		return Peers{}, err
	}
	lanes := map[string]storage.HostLanes{}
	for _, l := range sums {
		lanes[l.Host] = l
	}
	for _, h := range hosts {
		l := lanes[h.Host]
		ps.Peers = append(ps.Peers, Peer{Host: h, Lag: l.Lag, Delivered: l.Delivered, HeardAt: max(h.LastSeenAt, l.LastSuccessAt)})
	}
	return ps, nil
}

// lanesLooked bounds the inboxes of one server that are looked at for what went wrong.
const lanesLooked = 100

// firstRefusal is the least status of HTTP that is not a success.
const firstRefusal = 300

// Trouble is what went wrong with a server last, as it said it itself, for the
// operator; "" when nothing did.
func (n *Node) Trouble(ctx context.Context, host string) (string, error) {
	lanes, err := n.store.Read().LanesOf(ctx, host, lanesLooked)
	if err != nil {
		return "", err
	}
	var last storage.Lane
	for _, l := range lanes {
		if (l.LastError != "" || l.LastStatus >= firstRefusal) && l.LastAttemptAt >= last.LastAttemptAt {
			last = l
		}
	}
	if last.LastStatus > 0 {
		return strings.TrimSpace(strconv.FormatInt(last.LastStatus, 10) + " " + last.LastError), nil
	}
	return last.LastError, nil
}
