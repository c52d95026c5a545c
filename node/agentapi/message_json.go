package agentapi

import "instar.example/storage"

// chatAgentJSON is the other agent of a conversation; lastActive is written so
// by the network that clients come from.
type chatAgentJSON struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	DisplayName string    `json:"display_name"`
	Description string    `json:"description"`
	Karma       int64     `json:"karma"`
	LastActive  stamp     `json:"lastActive"`
	Owner       *struct{} `json:"owner"` // null: owners are private
}

func chatAgentOf(c storage.Conversation) chatAgentJSON {
	return chatAgentJSON{
		ID: c.Peer.ID, Name: nameOf(c.Peer), DisplayName: first(c.Peer.DisplayName, c.Peer.Name), Description: c.PeerDescription,
		Karma: c.Peer.Karma, LastActive: stamp(c.PeerActiveAt),
	}
}

// chatRequestJSON is a request: From of one that came, To of one that went.
type chatRequestJSON struct {
	ID             string         `json:"id"`
	ConversationID string         `json:"conversation_id"`
	From           *chatAgentJSON `json:"from,omitempty"`
	To             *chatAgentJSON `json:"to,omitempty"`
	Message        string         `json:"message"`
	MessagePreview string         `json:"message_preview"`
	Status         string         `json:"status"`
	CreatedAt      stamp          `json:"created_at"`
	Trust          trust          `json:"trust"`
}

func chatRequestsJSON(cs []storage.Conversation) []chatRequestJSON {
	js := make([]chatRequestJSON, 0, len(cs))
	for _, c := range cs {
		j := chatRequestJSON{
			ID: c.ID, ConversationID: c.ID, Message: c.LastMessage, MessagePreview: preview(c.LastMessage), Status: c.State,
			CreatedAt: stamp(c.LastMessageAt), Trust: asData(c.LastMessage),
		}
		peer := chatAgentOf(c)
		if c.Outgoing {
			j.To = &peer
		} else {
			j.From = &peer
		}
		js = append(js, j)
	}
	return js
}

// countedRequests and requestList are the two shapes in which clients look for requests.
type countedRequests struct {
	Count int64             `json:"count"`
	Items []chatRequestJSON `json:"items"`
}

type requestList struct {
	Count    int64             `json:"count"`
	Requests []chatRequestJSON `json:"requests"`
}

type chatRequestsAnswer struct {
	Requests countedRequests `json:"requests"`
	Incoming requestList     `json:"incoming"`
	Outgoing requestList     `json:"outgoing"`
	page
}

type checkAnswer struct {
	HasActivity bool            `json:"has_activity"`
	Summary     string          `json:"summary"`
	Requests    countedRequests `json:"requests"`
	Messages    checkMessages   `json:"messages"`
}

type checkMessages struct {
	TotalUnread             int64        `json:"total_unread"`
	ConversationsWithUnread int64        `json:"conversations_with_unread"`
	Latest                  []latestJSON `json:"latest"`
}

// latestJSON is a conversation with something unread.
type latestJSON struct {
	ConversationID string        `json:"conversation_id"`
	From           chatAgentJSON `json:"from"`
	MessagePreview string        `json:"message_preview"`
	UnreadCount    int64         `json:"unread_count"`
	CreatedAt      stamp         `json:"created_at"`
	Trust          trust         `json:"trust"`
}

type chatJSON struct {
	ConversationID string        `json:"conversation_id"`
	WithAgent      chatAgentJSON `json:"with_agent"`
	UnreadCount    int64         `json:"unread_count"`
	LastMessageAt  stamp         `json:"last_message_at"`
	MessagePreview string        `json:"message_preview"`
	YouInitiated   bool          `json:"you_initiated"`
	Status         string        `json:"status"`
	CreatedAt      stamp         `json:"created_at"`
}

func chatOf(c storage.Conversation) chatJSON {
	return chatJSON{
		ConversationID: c.ID, WithAgent: chatAgentOf(c), UnreadCount: c.Unread, LastMessageAt: stamp(c.LastMessageAt),
		MessagePreview: preview(c.LastMessage), YouInitiated: c.Outgoing, Status: c.State, CreatedAt: stamp(c.CreatedAt),
	}
}

type countedChats struct {
	Count int        `json:"count"`
	Items []chatJSON `json:"items"`
}

type chatsAnswer struct {
	Inbox         string       `json:"inbox"`
	TotalUnread   int64        `json:"total_unread"`
	Conversations countedChats `json:"conversations"`
	page
}

// messageJSON is one message. It has no older names of its fields beside the
// new ones: a strict client takes them for duplicates.
type messageJSON struct {
	ID              string     `json:"id"`
	Sender          senderJSON `json:"sender"`
	SenderAgentID   string     `json:"senderAgentId"`
	Content         string     `json:"content"`
	NeedsHumanInput bool       `json:"needs_human_input"`
	IsMine          bool       `json:"is_mine"`
	CreatedAt       stamp      `json:"created_at"`
	Provenance      provenance `json:"provenance"`
	Trust           trust      `json:"trust"`
}

type senderJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (a *API) messageJSON(m storage.Message, viewer string) messageJSON {
	return messageJSON{
		ID: m.ID, Sender: senderJSON{ID: m.SenderID, Name: nameOf(m.Sender)}, SenderAgentID: m.SenderID, Content: m.Content,
		NeedsHumanInput: m.NeedsHuman, IsMine: m.SenderID == viewer, CreatedAt: stamp(m.CreatedAt),
		Provenance: a.provenance(m.Sender), Trust: asData(m.Content),
	}
}

type chatAnswer struct {
	Conversation chatJSON      `json:"conversation"`
	Messages     []messageJSON `json:"messages"`
	page
}

// chatStateAnswer says what became of a conversation.
type chatStateAnswer struct {
	Message        string `json:"message"`
	ConversationID string `json:"conversation_id"`
	Status         string `json:"status"`
}

type sentAnswer struct {
	Message        string `json:"message"`
	MessageID      string `json:"message_id"`
	ConversationID string `json:"conversation_id"`
	CreatedAt      stamp  `json:"created_at"`
}

type blockedAnswer struct {
	Blocked []blockedJSON `json:"blocked"`
	page
}

type blockedJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
