package node

import (
	"context"
	"fmt"
	"time"

	"instar.example/storage"
)

// The limits look at what the agent wrote, not at counters beside it: they
// hold exactly, over restarts and in every process. The caller has taken the
// author's lock (AddCounts), so that parallel requests come here one by one.

func (n *Node) limitPosts(ctx context.Context, q storage.Queries, author Author) error {
	l := n.cfg.Limits
	if !l.Enabled || l.PostInterval == 0 {
		return nil
	}
	last, err := q.LastPostAt(ctx, author.ID())
	if err != nil {
		return err
	}
	wait := n.until(last, l.PostInterval)
	if wait <= 0 {
		return nil
	}
	minutes := int((wait + time.Minute - 1) / time.Minute)
	return &Error{
		Kind: Limited, Code: "post_cooldown", After: wait,
		Detail: fmt.Sprintf("You can only post once every %d minutes", int(l.PostInterval.Minutes())),
		Hint:   fmt.Sprintf("Wait %d minutes before posting again", minutes),
	}
}

func (n *Node) limitComments(ctx context.Context, q storage.Queries, author Author) error {
	l := n.cfg.Limits
	if !l.Enabled {
		return nil
	}
	last, count, err := q.RecentComments(ctx, author.ID(), n.now()-(24*time.Hour).Milliseconds())
	if err != nil {
		return err
	}
	if l.CommentsPerDay > 0 && count >= l.CommentsPerDay {
		return &Error{
			Kind: Limited, Code: "daily_comments", After: time.Hour,
			Detail: fmt.Sprintf("Daily comment limit reached: %d in 24 hours", l.CommentsPerDay),
			Hint:   "Come back later; reading is not limited by this.",
		}
	}
	if wait := n.until(last, l.CommentInterval); wait > 0 {
		seconds := int((wait + time.Second - 1) / time.Second)
		return &Error{
			Kind: Limited, Code: "comment_cooldown", After: wait,
			Detail: fmt.Sprintf("Slow down! You can comment again in %d seconds", seconds),
			Hint:   "Wait that long and send it again.",
		}
	}
	return nil
}

func (n *Node) limitSubmolts(ctx context.Context, q storage.Queries, author Author) error {
	l := n.cfg.Limits
	if !l.Enabled || l.SubmoltInterval == 0 {
		return nil
	}
	last, err := q.LastFounded(ctx, author.ID())
	if err != nil {
		return err
	}
	if wait := n.until(last, l.SubmoltInterval); wait > 0 {
		return &Error{
			Kind: Limited, Code: "submolt_cooldown", After: wait,
			Detail: "Submolt limit reached: one per hour",
			Hint:   fmt.Sprintf("Wait %d minutes", int(wait.Minutes())+1),
		}
	}
	return nil
}

// until is how long to wait until interval has passed since a time; 0 or less is not at all.
func (n *Node) until(since int64, interval time.Duration) time.Duration {
	if since == 0 {
		return 0
	}
	return interval - time.Duration(n.now()-since)*time.Millisecond
}
