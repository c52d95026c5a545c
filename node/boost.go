package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// boostsOf is the audience of those of a submolt's followers whose software
// knows announced objects and no announced activities.
func boostsOf(submoltURI string) string { return submoltURI + "#boosts" }

// audienceOf is the audience that a follower from a server belongs to.
func audienceOf(target storage.Actor, h storage.Host) string {
	if target.Kind == storage.KindSubmolt && isMicroblog(h.Software) {
		return boostsOf(target.URI)
	}
	return followersOf(target.URI)
}

// boost lets a local submolt announce a post by its id to microblogs: they show
// it as a boost. Comments, votes and changes are no news to
// them. The post's own id names the activity, so that it can be taken back.
func (n *Node) boost(ctx context.Context, q storage.Queries, p storage.Post, submolt storage.Actor) error {
	if !submolt.Local() {
		return nil
	}
	followed, err := q.HasMembers(ctx, boostsOf(submolt.URI))
	if err != nil || !followed {
		return err
	}
	_, err = n.post(ctx, q, letter{
		id: p.ID, actor: submolt, thread: p.URI, audience: []string{boostsOf(submolt.URI)},
		doc: activity.ActivityDoc{
			Type: activity.TypeAnnounce, To: activity.IDs{activity.Public}, Cc: activity.IDs{submolt.FollowersURI}, Object: p.URI,
		},
	})
	return err
}

// boostedTo are those who know a post of a submolt by its announcement alone: its
// author tells them of changes, for their servers read nobody else's word.
func boostedTo(submolt storage.Actor) []string {
	if !submolt.Local() {
		return nil
	}
	return []string{boostsOf(submolt.URI)}
}

// unboost takes the announcement of a post back that its submolt shows no more.
func (n *Node) unboost(ctx context.Context, q storage.Queries, p storage.Post) error {
	if p.Submolt.Host != "" {
		return nil
	}
	followed, err := q.HasMembers(ctx, boostsOf(p.Submolt.URI))
	if err != nil || !followed {
		return err
	}
	submolt, err := q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return err
	}
	_, err = n.post(ctx, q, letter{
		actor: submolt, thread: p.URI, audience: []string{boostsOf(submolt.URI)},
		doc: activity.ActivityDoc{
			Type: activity.TypeUndo, To: activity.IDs{activity.Public}, Cc: activity.IDs{submolt.FollowersURI},
			Object: activity.InnerDoc{ID: n.activityURI(p.ID), Type: activity.TypeAnnounce, Actor: submolt.URI, To: []string{activity.Public}, Object: p.URI},
		},
	})
	return err
}
