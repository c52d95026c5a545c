package storage

import "context"

// States of a conversation.
const (
	ChatPending  = "pending"  // asked for, not yet answered
	ChatApproved = "approved" // both may write
	ChatRejected = "rejected" // refused or ended; it may be asked for again
)

// Conversation is one agent's side of a conversation between two agents. One
// between two local agents has two rows, one with an agent elsewhere has one.
type Conversation struct {
	ID            string `db:"id"`
	AgentID       string `db:"agent_id"` // local: whose side this is
	PeerID        string `db:"peer_id"`
	URI           string `db:"uri"`         // its context on the wire
	RequestURI    string `db:"request_uri"` // of the message that asked for it
	Outgoing      bool   `db:"outgoing"`    // the agent asked for it
	State         string `db:"state"`
	Unread        int64  `db:"unread"`
	LastMessage   string `db:"last_message"` // its beginning
	LastMessageAt int64  `db:"last_message_at"`
	CreatedAt     int64  `db:"created_at"`

	Peer            Ref    `db:"peer"`
	PeerDescription string `db:"peer_description"`
	PeerActiveAt    int64  `db:"peer_active_at"`
}

func conversationSelect() string {
	return `SELECT c.id, c.agent_id, c.peer_id, c.uri, c.request_uri, c.outgoing, c.state, c.unread, c.last_message,
			c.last_message_at, c.created_at, ` + refColumns("a", "peer") + `, a.description AS peer_description,
			a.last_active_at AS peer_active_at
		FROM conversations c
		JOIN actors a ON a.id = c.peer_id`
}

// InsertConversation adds a side; ErrExists when the agent has one with that peer.
func (q Queries) InsertConversation(ctx context.Context, c Conversation) error {
	return q.novel(ctx, `
		INSERT INTO conversations (id, agent_id, peer_id, uri, request_uri, outgoing, state, unread, last_message, last_message_at, created_at)
		VALUES (`+places(1, 11)+`)
		ON CONFLICT (agent_id, peer_id) DO NOTHING`,
		c.ID, c.AgentID, c.PeerID, c.URI, c.RequestURI, c.Outgoing, c.State, c.Unread, c.LastMessage, c.LastMessageAt, c.CreatedAt)
}

// LockConversation holds both sides of a conversation until the transaction ends.
func (q Queries) LockConversation(ctx context.Context, id string) error {
	if q.dialect.forUpdate == "" {
		return nil
	}
	var agents []string
	return q.list(ctx, &agents, `
		SELECT agent_id
		FROM conversations
		WHERE id = $1
		ORDER BY agent_id`+q.dialect.forUpdate, id)
}

// Conversation returns an agent's side of a conversation.
func (q Queries) Conversation(ctx context.Context, id, agentID string) (Conversation, error) {
	var c Conversation
	err := q.get(ctx, &c, conversationSelect()+`
		WHERE c.id = $1 AND c.agent_id = $2`, id, agentID)
	return c, err
}

// ConversationOf returns the other side of a conversation of a peer elsewhere.
func (q Queries) ConversationOf(ctx context.Context, id, peerID string) (Conversation, error) {
	var c Conversation
	err := q.get(ctx, &c, conversationSelect()+`
		WHERE c.id = $1 AND c.peer_id = $2`, id, peerID)
	return c, err
}

// ConversationWith returns an agent's side of the conversation with a peer.
func (q Queries) ConversationWith(ctx context.Context, agentID, peerID string) (Conversation, error) {
	var c Conversation
	err := q.get(ctx, &c, conversationSelect()+`
		WHERE c.agent_id = $1 AND c.peer_id = $2`, agentID, peerID)
	return c, err
}

// SetConversation changes who asked for a side's conversation, by which
// message, and its state.
func (q Queries) SetConversation(ctx context.Context, c Conversation) error {
	return q.one(ctx, `
		UPDATE conversations
		SET outgoing = $1, request_uri = $2, state = $3
		WHERE id = $4 AND agent_id = $5`, c.Outgoing, c.RequestURI, c.State, c.ID, c.AgentID)
}

// SetChatState changes the state of all sides of a conversation.
func (q Queries) SetChatState(ctx context.Context, id, state string) error {
	return q.one(ctx, `
		UPDATE conversations
		SET state = $1
		WHERE id = $2`, state, id)
}

// AddUnread notes a new message on one side; n is 1 for who receives it, 0 for
// who sent it.
func (q Queries) AddUnread(ctx context.Context, c Conversation, n int64) error {
	return q.one(ctx, `
		UPDATE conversations
		SET unread = unread + $1, last_message = $2, last_message_at = $3
		WHERE id = $4 AND agent_id = $5`, n, c.LastMessage, c.LastMessageAt, c.ID, c.AgentID)
}

// ReplaceLastMessage puts another text for what lists show of a message, where it
// is still the last one of its conversation.
func (q Queries) ReplaceLastMessage(ctx context.Context, c Conversation, content string) error {
	_, err := q.exec(ctx, `
		UPDATE conversations
		SET last_message = $1
		WHERE id = $2 AND last_message_at = $3 AND last_message = $4`, content, c.ID, c.LastMessageAt, c.LastMessage)
	return err
}

// ReadConversation sets an agent's unread messages of a conversation to none.
func (q Queries) ReadConversation(ctx context.Context, id, agentID string) error {
	_, err := q.exec(ctx, `
		UPDATE conversations
		SET unread = 0
		WHERE id = $1 AND agent_id = $2 AND unread > 0`, id, agentID)
	return err
}

// Parts of an agent's conversations, each with its index.
const (
	ChatsTalking  = "talking"  // approved
	ChatsUnread   = "unread"   // approved, with unread messages
	ChatsIncoming = "incoming" // asked for by others
	ChatsOutgoing = "outgoing" // asked for by the agent
)

var chatParts = map[string]string{
	ChatsTalking:  "c.state = 'approved'",
	ChatsUnread:   "c.unread > 0 AND c.state = 'approved'",
	ChatsIncoming: "c.state = 'pending' AND c.outgoing = FALSE",
	ChatsOutgoing: "c.state = 'pending' AND c.outgoing = TRUE",
}

// ConversationList asks for a page of a part of an agent's conversations, the
// last written to first.
type ConversationList struct {
	AgentID string
	Part    string
	After   After
	Offset  int // rows left out; bounded by the caller
	Limit   int
}

// Conversations returns a page of a list.
func (q Queries) Conversations(ctx context.Context, l ConversationList) ([]Conversation, error) {
	where, args := chatParts[l.Part], []any{l.AgentID, l.Limit}
	if l.After.ID != "" {
		args = append(args, l.After.Key, l.After.ID)
		where += " AND (c.last_message_at, c.id) < ($3, $4)"
	}
	skip, args := skipped(args, l.Offset)
	cs := []Conversation{}
	err := q.list(ctx, &cs, conversationSelect()+`
		WHERE c.agent_id = $1 AND `+where+`
		ORDER BY c.last_message_at DESC, c.id DESC
		LIMIT $2`+skip, args...)
	return cs, err
}

// ChatCounts are the numbers of an agent's requests and unread messages.
type ChatCounts struct {
	Incoming int64 `db:"incoming"` // requests of others that wait for the agent
	Outgoing int64 `db:"outgoing"` // requests of the agent that wait for others
	Unread   int64 `db:"unread"`   // messages in approved conversations
	Chats    int64 `db:"chats"`    // conversations with unread messages
}

// ChatCounts counts an agent's requests and unread messages.
func (q Queries) ChatCounts(ctx context.Context, agentID string) (ChatCounts, error) {
	var n ChatCounts
	err := q.get(ctx, &n, `
		SELECT (SELECT COUNT(*) FROM conversations WHERE agent_id = $1 AND state = 'pending' AND outgoing = FALSE) AS incoming,
			(SELECT COUNT(*) FROM conversations WHERE agent_id = $1 AND state = 'pending' AND outgoing = TRUE) AS outgoing,
			(SELECT COALESCE(SUM(unread), 0) FROM conversations WHERE agent_id = $1 AND unread > 0 AND state = 'approved') AS unread,
			(SELECT COUNT(*) FROM conversations WHERE agent_id = $1 AND unread > 0 AND state = 'approved') AS chats`, agentID)
	return n, err
}

// AskingHosts returns the hosts of those whose requests wait for an agent, one a request.
func (q Queries) AskingHosts(ctx context.Context, agentID string, limit int) ([]string, error) {
	hosts := []string{}
	err := q.list(ctx, &hosts, `
		SELECT a.host
		FROM conversations c
		JOIN actors a ON a.id = c.peer_id
		WHERE c.agent_id = $1 AND c.state = 'pending' AND c.outgoing = FALSE
		LIMIT $2`, agentID, limit)
	return hosts, err
}

// InsertBlock makes an agent hear nothing more of another; again is no error.
func (q Queries) InsertBlock(ctx context.Context, agentID, blockedID string, now int64) error {
	_, err := q.exec(ctx, `
		INSERT INTO blocks (agent_id, blocked_id, created_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (agent_id, blocked_id) DO NOTHING`, agentID, blockedID, now)
	return err
}

// DeleteBlock ends a block; ErrNotFound when there is none.
func (q Queries) DeleteBlock(ctx context.Context, agentID, blockedID string) error {
	return q.one(ctx, `
		DELETE FROM blocks
		WHERE agent_id = $1 AND blocked_id = $2`, agentID, blockedID)
}

// IsBlocked says whether an agent blocked another.
func (q Queries) IsBlocked(ctx context.Context, agentID, blockedID string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT blocked_id
		FROM blocks
		WHERE agent_id = $1 AND blocked_id = $2`, agentID, blockedID)
	return len(ids) > 0, err
}

// Blocked returns the actors that an agent blocked, by id.
func (q Queries) Blocked(ctx context.Context, agentID string, s Span) ([]Actor, error) {
	skip, args := skipped([]any{agentID, s.After, s.Limit}, s.Offset)
	actors := []Actor{}
	err := q.list(ctx, &actors, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE id IN (SELECT blocked_id FROM blocks WHERE agent_id = $1 AND blocked_id > $2 ORDER BY blocked_id LIMIT $3`+skip+`)
		ORDER BY id`, args...)
	return actors, err
}
