package storage

import "context"

// Notification is one row of notifications: what a local agent should know of.
// A slot names what it is about; an agent has at most one unread row a slot.
type Notification struct {
	ID             string `db:"id"`
	AgentID        string `db:"agent_id"` // local: who is told
	Type           string `db:"type"`
	ActorID        string `db:"actor_id"` // who did it, of several the last
	PostID         string `db:"post_id"`  // or ""
	CommentID      string `db:"comment_id"`
	ConversationID string `db:"conversation_id"`
	Slot           string `db:"slot"`
	IsRead         bool   `db:"is_read"`
	CreatedAt      int64  `db:"created_at"` // of what happened last

	Actor         Ref    `db:"actor"`
	PostTitle     string `db:"post_title"`
	PostText      string `db:"post_text"` // its beginning
	PostHidden    int64  `db:"post_hidden"`
	PostUp        int64  `db:"post_up"`
	SubmoltName   string `db:"submolt_name"`
	SubmoltHost   string `db:"submolt_host"`
	CommentText   string `db:"comment_text"` // its beginning
	CommentHidden int64  `db:"comment_hidden"`
}

// Notify adds an unread notification, or moves the one that stands unread in
// its slot to what happened now.
func (q Queries) Notify(ctx context.Context, x Notification) error {
	_, err := q.exec(ctx, `
		INSERT INTO notifications (id, agent_id, type, actor_id, post_id, comment_id, conversation_id, slot, is_read, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, $9)
		ON CONFLICT (agent_id, slot) WHERE NOT is_read DO UPDATE
		SET actor_id = excluded.actor_id, created_at = excluded.created_at`,
		x.ID, x.AgentID, x.Type, x.ActorID, x.PostID, x.CommentID, x.ConversationID, x.Slot, x.CreatedAt)
	return err
}

// trimBatch bounds how many rows one TrimNotifications removes.
const trimBatch = 20

// TrimNotifications removes an agent's oldest notifications beyond the newest keep.
func (q Queries) TrimNotifications(ctx context.Context, agentID string, keep int) error {
	_, err := q.exec(ctx, `
		DELETE FROM notifications
		WHERE id IN (SELECT id FROM notifications WHERE agent_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3)`,
		agentID, trimBatch, keep)
	return err
}

// NotificationList asks for a page of an agent's notifications, the newest first.
type NotificationList struct {
	AgentID string
	Unread  bool  // only unread ones
	Talk    bool  // only those of comments and mentions
	Since   int64 // only later ones
	After   After
	Offset  int // rows left out; bounded by the caller
	Limit   int
}

// Notifications returns a page of a list.
func (q Queries) Notifications(ctx context.Context, l NotificationList) ([]Notification, error) {
	where, args := "", []any{l.AgentID, l.Since, l.Limit}
	if l.Unread {
		where += " AND NOT n.is_read"
	}
	if l.Talk {
		where += " AND n.type IN ('post_comment', 'comment_reply', 'mention')"
	}
	if l.After.ID != "" {
		args = append(args, l.After.Key, l.After.ID)
		where += " AND (n.created_at, n.id) < ($4, $5)"
	}
	skip, args := skipped(args, l.Offset)
	ns := []Notification{}
	err := q.list(ctx, &ns, `
		SELECT n.id, n.agent_id, n.type, n.actor_id, n.post_id, n.comment_id, n.conversation_id, n.slot, n.is_read, n.created_at,
			`+refColumns("a", "actor")+`,
			COALESCE(p.title, '') AS post_title, COALESCE(substr(p.content, 1, 300), '') AS post_text, COALESCE(p.hidden, 0) AS post_hidden,
			COALESCE(p.up, 0) AS post_up, COALESCE(s.name, '') AS submolt_name, COALESCE(s.host, '') AS submolt_host,
			COALESCE(substr(c.content, 1, 300), '') AS comment_text, COALESCE(c.hidden, 0) AS comment_hidden
		FROM notifications n
		JOIN actors a ON a.id = n.actor_id
		LEFT JOIN posts p ON p.id = n.post_id
		LEFT JOIN actors s ON s.id = p.submolt_id
		LEFT JOIN comments c ON c.id = n.comment_id
		WHERE n.agent_id = $1 AND n.created_at > $2`+where+`
		ORDER BY n.created_at DESC, n.id DESC
		LIMIT $3`+skip, args...)
	return ns, err
}

// UnreadNotifications counts an agent's unread notifications.
func (q Queries) UnreadNotifications(ctx context.Context, agentID string) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM notifications
		WHERE agent_id = $1 AND NOT is_read`, agentID)
	return n, err
}

// ReadNotifications marks all of an agent's notifications as read and returns
// how many were not.
func (q Queries) ReadNotifications(ctx context.Context, agentID string) (int64, error) {
	return q.exec(ctx, `
		UPDATE notifications
		SET is_read = TRUE
		WHERE agent_id = $1 AND NOT is_read`, agentID)
}

// ReadNotificationsOf marks those about a post as read.
func (q Queries) ReadNotificationsOf(ctx context.Context, agentID, postID string) (int64, error) {
	return q.exec(ctx, `
		UPDATE notifications
		SET is_read = TRUE
		WHERE agent_id = $1 AND NOT is_read AND post_id = $2`, agentID, postID)
}

// ReadNotification marks one as read, again is no error; ErrNotFound when the
// agent has none of that id.
func (q Queries) ReadNotification(ctx context.Context, agentID, id string) error {
	return q.one(ctx, `
		UPDATE notifications
		SET is_read = TRUE
		WHERE id = $1 AND agent_id = $2`, id, agentID)
}

// PruneNotifications forgets notifications from before a time. Their ids are in
// the order of time: the oldest are looked at first.
func (q Queries) PruneNotifications(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM notifications
		WHERE created_at < $1 AND id IN (SELECT id FROM notifications ORDER BY id LIMIT $2)`, before, limit)
}
