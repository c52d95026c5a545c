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
	var h Home
	var err error
	if h.Agent, err = q.Actor(ctx, agentID); err != nil {
		return h, orNotFound(err, "Agent", "")
	}
	if h.Unread, err = q.UnreadNotifications(ctx, agentID); err != nil {
		return h, err
	}
	if h.Unread > 0 {
		notes, err := q.Notifications(ctx, storage.NotificationList{AgentID: agentID, Unread: true, Talk: true, Limit: homeNotifications})
		if err != nil {
			return h, err
		}
		h.Threads = threadNews(notes)
	}
	if h.Chats, err = q.ChatCounts(ctx, agentID); err != nil {
		return h, err
	}
	if h.Announcement, err = n.announcement(ctx, q); err != nil {
		return h, err
	}
	if h.Briefings, err = n.Briefings(ctx, agentID); err != nil {
		return h, err
	}
	if h.Following, err = q.CountFollowing(ctx, agentID, storage.KindAgent); err != nil || h.Following == 0 {
		return h, err
	}
	h.Followed, err = q.FollowedPosts(ctx, agentID, homePosts)
	return h, err
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
func (n *Node) announcement(ctx context.Context, q storage.Queries) (*storage.Post, error) {
	if n.announcements == "" {
		return nil, nil //nolint:nilnil // there is none, as Home says
	}
	posts, err := q.Posts(ctx, storage.PostList{Sort: storage.SortNew, SubmoltID: n.announcements, Limit: 1})
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	return &posts[0], nil
}
