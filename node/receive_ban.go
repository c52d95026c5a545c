package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// block applies a Block of an actor from a submolt or from a whole server, or the
// Undo that ends it. One without a place is between two actors: it changes nothing here.
func (in *inbound) block(ctx context.Context, a *activity.Activity, actor storage.Actor, ends *activity.Activity) (string, error) {
	whom, err := in.q.ActorByURI(ctx, a.Object().ID)
	if err != nil || (whom.Kind != storage.KindAgent && whom.Kind != storage.KindHuman) {
		return resultIgnored, ignoreNotFound(err)
	}
	g := governed{act: ActBan, kind: storage.KindAgent, id: whom.ID, uri: whom.URI, agent: whom.Ref()}
	j := judgement(a)
	if ends != nil {
		g.act, j = ActUnban, Judgement{RestoreContent: ends.RestoreData}
	} else if !j.Until.IsZero() && !j.Until.After(in.n.cfg.Now()) {
		return resultIgnored, nil
	}
	submolt, err := in.q.ActorByURI(ctx, a.Target.ID)
	if ignoreNotFound(err) != nil {
		return "", err
	}
	switch {
	case submolt.Kind == storage.KindSubmolt:
		g.submoltID, g.thread = submolt.ID, submolt.URI
		return in.governs(ctx, g, actor, j)
	case submolt.Kind == storage.KindNode, isOrigin(a.Target.ID):
		return in.blockOnSite(ctx, g, actor, a.Target.ID, j)
	default:
		return resultIgnored, nil
	}
}

// isOrigin says whether an address is a server's own, with a slash or without:
// what Lemmy calls a site.
func isOrigin(uri string) bool {
	origin := originOf(uri)
	return origin != "" && (uri == origin || uri == origin+"/")
}

// blockOnSite bans an actor from all that is a server's. Only that server says so,
// and it speaks of its own place alone: of what stands in its submolts, and of its
// own accounts wherever they write. It is said by the server's actor, or as on Lemmy
// by one of its people, whom it lets say so; a bot may hold its own keys, and a
// Group speaks for its audience.
func (in *inbound) blockOnSite(ctx context.Context, g governed, actor storage.Actor, site string, j Judgement) (string, error) {
	if HostOf(site) != actor.Host || originOf(site) != originOf(actor.URI) {
		return "", &Error{Kind: Forbidden, Code: "foreign_site"}
	}
	if in.group != nil || (actor.Kind != storage.KindHuman && actor.URI != site) {
		return "", &Error{Kind: Forbidden, Code: "not_the_site"}
	}
	g.act = map[string]string{ActBan: ActBanSite, ActUnban: ActUnbanSite}[g.act]
	g.submoltID, g.thread = originOf(site)+"/", site
	changed, err := in.n.judge(ctx, in.q, g, actor, j)
	if err != nil || !changed {
		return resultKnown, err
	}
	return resultApplied, nil
}
