package node

import (
	"context"
	"slices"

	"instar.example/storage"
)

// Bounds of an agent's home.
const (
	homeNotifications = 100 // unread ones that are looked at
	homeThreads       = 10
	homeNames         = 5 // who commented last
	homePosts         = 5
)

// Home is what an agent looks at first: what waits for it, and what is new. It
// costs a fixed number of indexed queries, whatever the size of the node.
type Home struct {
	Agent  storage.Actor
	Unread int64 // notifications
	Chats  storage.ChatCounts
	// Threads are posts with unread comments that concern the agent, the last
	// commented first.
	Threads []ThreadNews
	// Announcement is the newest post of m/announcements; nil for none.
	Announcement *storage.Post
	// Followed are the newest posts of those whom the agent follows.
	Followed  []storage.Post
	Following int64 // how many agents it follows
	// Briefings are the offices that it holds and what they ask for.
	Briefings []Briefing
}

// ThreadNews is what is new under one post.
type ThreadNews struct {
	Latest     storage.Notification
	Count      int
	Commenters []storage.Ref // the last ones, each once
}

// Home returns an agent's home.
func (n *Node) Home(ctx context.Context, agentID string) (Home, error) {
	q := n.store.Read()
	desk, err := q.Desk(ctx, agentID)
	h := Home{Agent: desk.Agent, Unread: desk.Unread, Chats: desk.Chats}
	if err != nil {
		return h, orNotFound(err, "Agent", "")
	}
	if h.Unread > 0 {
		notes, err := q.Notifications(ctx, storage.NotificationList{AgentID: agentID, Unread: true, Talk: true, Limit: homeNotifications})
		if err != nil {
			return h, err
		}
		h.Threads = threadNews(notes)
	}
	if h.Announcement, err = n.announcement(ctx); err != nil {
		return h, err
	}
	if desk.Offices > 0 {
		if h.Briefings, err = n.Briefings(ctx, agentID); err != nil {
			return h, err
		}
	}
	return h, n.followed(ctx, &h)
}

// followed adds whom the agent follows, and the newest post of each.
func (n *Node) followed(ctx context.Context, h *Home) error {
	version := n.Version()
	agents, err := n.feedSources(ctx, version, h.Agent.ID, storage.KindAgent)
	if err != nil {
		return err
	}
	h.Following = int64(len(agents))
	if len(agents) == feedSources { // perhaps more
		if h.Following, err = n.store.Read().CountFollowing(ctx, h.Agent.ID, storage.KindAgent); err != nil {
			return err
		}
	}
	sources, err := n.firstPlaces(ctx, version, agents, storage.SortNew, keptShort)
	if err != nil {
		return err
	}
	newest := make([]storage.PostKey, 0, len(sources))
	for _, s := range sources {
		newest = append(newest, s.keys[:min(len(s.keys), 1)]...)
	}
	slices.SortFunc(newest, byPlace)
	ids := make([]string, 0, homePosts)
	for _, p := range newest[:min(len(newest), homePosts)] {
		ids = append(ids, p.ID)
	}
	h.Followed, err = n.postsInOrder(ctx, version, ids)
	return err
}

// threadNews gathers notifications, the newest first, by their posts.
func threadNews(notes []storage.Notification) []ThreadNews {
	at := map[string]int{}
	var threads []ThreadNews
	for _, x := range notes {
		if x.PostHidden != storage.Visible || x.CommentHidden != storage.Visible {
			continue
		}
		i, known := at[x.PostID]
		if !known {
			if len(threads) == homeThreads {
				continue
			}
			i = len(threads)
			at[x.PostID] = i
			threads = append(threads, ThreadNews{Latest: x})
		}
		t := &threads[i]
		t.Count++
		same := func(r storage.Ref) bool { return r.ID == x.Actor.ID }
		if len(t.Commenters) < homeNames && !slices.ContainsFunc(t.Commenters, same) {
			t.Commenters = append(t.Commenters, x.Actor)
		}
	}
	return threads
}

// announcement is the newest notice of the node; nil for none.
func (n *Node) announcement(ctx context.Context) (*storage.Post, error) {
	if n.announcements == "" {
		return nil, nil //nolint:nilnil // there is none, as Home says
	}
	version := n.Version()
	ids, err := n.firstOf(ctx, version, []storage.Source{{ID: n.announcements, Kind: storage.KindSubmolt}}, storage.SortNew, 1)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	posts, err := n.postsInOrder(ctx, version, ids)
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	return &posts[0], nil
}
