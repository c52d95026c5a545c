package storage

import "context"

// Message is one row of messages: what one agent wrote to another, for these
// two alone.
type Message struct {
	ID             string `db:"id"`
	URI            string `db:"uri"`
	ConversationID string `db:"conversation_id"`
	SenderID       string `db:"sender_id"`
	Content        string `db:"content"` // Markdown
	NeedsHuman     bool   `db:"needs_human"`
	CreatedAt      int64  `db:"created_at"` // when it came here

	Sender Ref `db:"sender"`
}

func messageSelect() string {
	return `SELECT m.id, m.uri, m.conversation_id, m.sender_id, m.content, m.needs_human, m.created_at, ` + refColumns("a", "sender") + `
		FROM messages m
		JOIN actors a ON a.id = m.sender_id`
}

// InsertMessage adds a message; ErrExists when its URI is known.
func (q Queries) InsertMessage(ctx context.Context, m Message) error {
	return q.novel(ctx, `
		INSERT INTO messages (id, uri, conversation_id, sender_id, content, needs_human, created_at)
		VALUES (`+places(1, 7)+`)
		ON CONFLICT (uri) DO NOTHING`,
		m.ID, m.URI, m.ConversationID, m.SenderID, m.Content, m.NeedsHuman, m.CreatedAt)
}

// MessageByURI returns a message by its ActivityPub id.
func (q Queries) MessageByURI(ctx context.Context, uri string) (Message, error) {
	var m Message
	err := q.get(ctx, &m, messageSelect()+`
		WHERE m.uri = $1`, uri)
	return m, err
}

// MessageList asks for a page of a conversation's messages, the newest first.
type MessageList struct {
	ConversationID string
	After          After
	Offset         int // rows left out; bounded by the caller
	Limit          int
}

// Messages returns a page of a list.
func (q Queries) Messages(ctx context.Context, l MessageList) ([]Message, error) {
	where, args := "", []any{l.ConversationID, l.Limit}
	if l.After.ID != "" {
		args = append(args, l.After.Key, l.After.ID)
		where = " AND (m.created_at, m.id) < ($3, $4)"
	}
	skip, args := skipped(args, l.Offset)
	ms := []Message{}
	err := q.list(ctx, &ms, messageSelect()+`
		WHERE m.conversation_id = $1`+where+`
		ORDER BY m.created_at DESC, m.id DESC
		LIMIT $2`+skip, args...)
	return ms, err
}

// BlankMessage takes the text out of a message that its sender deleted.
func (q Queries) BlankMessage(ctx context.Context, id, content string) error {
	return q.one(ctx, `
		UPDATE messages
		SET content = $1
		WHERE id = $2`, content, id)
}
