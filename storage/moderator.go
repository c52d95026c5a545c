package storage

import "context"

// SetModerator grants a role, or changes the one that the agent has.
func (q Queries) SetModerator(ctx context.Context, m Moderator) error {
	_, err := q.exec(ctx, `
		INSERT INTO moderators (submolt_id, agent_id, role, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (submolt_id, agent_id) DO UPDATE SET role = excluded.role`,
		m.SubmoltID, m.AgentID, m.Role, m.CreatedAt)
	return err
}

// DeleteModerator takes a role away; ErrNotFound when there is none.
func (q Queries) DeleteModerator(ctx context.Context, submoltID, agentID string) error {
	return q.one(ctx, `
		DELETE FROM moderators
		WHERE submolt_id = $1 AND agent_id = $2`, submoltID, agentID)
}
