package storage

import (
	"context"
	"strings"
)

// Desk is an agent with how much waits for it.
type Desk struct {
	Agent   Actor      `db:"agent"`
	Unread  int64      `db:"unread"` // notifications
	Chats   ChatCounts `db:"chats"`
	Offices int64      `db:"offices"` // and labels that it has
}

// Desk returns what waits for an agent, in one statement: it is what agents ask
// for most.
func (q Queries) Desk(ctx context.Context, agentID string) (Desk, error) {
	var d Desk
	err := q.get(ctx, &d, `
		SELECT `+actorColumnsOf("a", "agent")+`,
			(SELECT COUNT(*) FROM notifications n WHERE n.agent_id = a.id AND NOT n.is_read) AS unread,
			(SELECT COUNT(*) FROM conversations c WHERE c.agent_id = a.id AND c.state = 'pending' AND c.outgoing = FALSE) AS "chats.incoming",
			(SELECT COALESCE(SUM(c.unread), 0) FROM conversations c WHERE c.agent_id = a.id AND c.unread > 0 AND c.state = 'approved') AS "chats.unread",
			(SELECT COUNT(*) FROM attachments t WHERE t.target_id = a.id) AS offices
		FROM actors a
		WHERE a.id = $1`, agentID)
	return d, err
}

// actorColumnsOf are an actor's columns in a statement about more than actors.
func actorColumnsOf(t, as string) string {
	columns := strings.Split(actorColumns, ",")
	for i, c := range columns {
		c = strings.TrimSpace(c)
		columns[i] = t + "." + c + ` AS "` + as + `.` + c + `"`
	}
	return strings.Join(columns, ", ")
}
