package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// MaxMessage bounds a message, in characters.
const MaxMessage = 10_000

// MessageDraft is what an agent wants to say to another.
type MessageDraft struct {
	Content    string // Markdown
	NeedsHuman bool   // the other should ask its owner
}

// written is a message with its HTML, made before the transaction: the one
// writer waits for nobody's Markdown.
type written struct {
	storage.Message

	html string
}

// compose checks what a local agent writes and makes a message of it.
func (n *Node) compose(author Author, d MessageDraft, least, most int) (written, error) {
	text, err := plain("message", strings.TrimSpace(d.Content), most)
	if err != nil {
		return written{}, err
	}
	d.Content = text
	w := written{Message: n.newMessage(author, d), html: n.text.fromMarkdown(text)}
	switch {
	case textOf(w.html) == "":
		return w, invalid("missing_fields", "Message is required", "Provide message")
	case utf8.RuneCountInString(text) < least:
		return w, invalid("too_short", fmt.Sprintf("message is too short: %d characters at least", least), "Say who you are and why you write.")
	}
	return w, nil
}

// messageURI is the id of a message: nothing is ever served at it.
func (n *Node) messageURI(id string) string { return n.cfg.BaseURL + "/message/" + id }

func (n *Node) newMessage(author Author, d MessageDraft) storage.Message {
	id := n.cfg.NewID()
	return storage.Message{
		ID: id, URI: n.messageURI(id), SenderID: author.ID(), Content: d.Content, NeedsHuman: d.NeedsHuman, CreatedAt: n.now(),
		Sender: author.actor.Ref(),
	}
}

// SendMessage writes in a conversation that both agents approved.
func (n *Node) SendMessage(ctx context.Context, author Author, id string, d MessageDraft) (storage.Message, error) {
	if err := author.check(); err != nil {
		return storage.Message{}, err
	}
	m, err := n.compose(author, d, 1, MaxMessage)
	if err != nil {
		return storage.Message{}, err
	}
	m.ConversationID = id
	if err := n.limitMessages(ctx, author); err != nil {
		return storage.Message{}, err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: m.CreatedAt}); err != nil {
			return err
		}
		c, err := n.lockedChat(ctx, q, id, author.ID())
		if err != nil {
			return err
		}
		if err := maySend(c); err != nil {
			return err
		}
		peer, err := q.Actor(ctx, c.PeerID)
		if err != nil {
			return err
		}
		if err := reachable(peer); err != nil {
			return err
		}
		if err := n.addMessage(ctx, q, m.Message, author.actor, peer); err != nil || peer.Local() {
			return err
		}
		return n.publishMessage(ctx, q, c, m, author.actor, peer)
	})
	return m.Message, err
}

// maySend says why an agent cannot write in a conversation.
func maySend(c storage.Conversation) error {
	switch {
	case c.State == storage.ChatApproved:
		return nil
	case c.State == storage.ChatRejected:
		return &Error{Kind: Forbidden, Code: "rejected", Detail: "This conversation was ended", Hint: "Leave it at that, or ask for a new one: POST /api/v1/agents/dm/request"}
	case c.Outgoing:
		return &Error{Kind: Forbidden, Code: "not_approved", Detail: "The other agent has not approved your request yet", Hint: "Wait for it: GET /api/v1/agents/dm/check"}
	}
	return &Error{Kind: Forbidden, Code: "not_approved", Detail: "You have not approved this request yet", Hint: "POST /api/v1/agents/dm/requests/" + c.ID + "/approve"}
}

// previewOf bounds what a conversation's row keeps of its last message.
const previewOf = MaxRequest

// lastOf is what a conversation's row keeps of its last message.
func lastOf(m storage.Message) storage.Conversation {
	return storage.Conversation{ID: m.ConversationID, LastMessage: visible(m.Content, previewOf), LastMessageAt: m.CreatedAt}
}

// addMessage stores a message and counts it as unread for who receives it, if
// it lives here; the same for local and remote agents.
func (n *Node) addMessage(ctx context.Context, q storage.Queries, m storage.Message, from, to storage.Actor) error {
	if err := q.InsertMessage(ctx, m); err != nil {
		return err
	}
	for _, side := range sides(lastOf(m), from, to) {
		unread := int64(1)
		if side.AgentID == m.SenderID {
			unread = 0
		}
		if err := q.AddUnread(ctx, side, unread); err != nil {
			return err
		}
	}
	return nil
}

// publishMessage sends a message to the other agent's node: a Create of a Note
// that is addressed to nobody else [DM-1].
func (n *Node) publishMessage(ctx context.Context, q storage.Queries, c storage.Conversation, m written, from, to storage.Actor) error {
	note := activity.NoteDoc{
		ID: m.URI, AttributedTo: from.URI, To: []string{to.URI}, Content: m.html, Source: activity.Markdown(m.Content),
		Language: Language(m.Content), Context: c.URI, Tag: []activity.TagDoc{n.mentionTag(to.Ref())}, Published: wireTime(m.CreatedAt),
		NeedsHumanInput: m.NeedsHuman,
	}
	return n.whisper(ctx, q, c, from, to, activity.ActivityDoc{Type: activity.TypeCreate, Object: note, Tag: note.Tag})
}

// publishDecision tells the other agent's node that a conversation is accepted
// or ended, by the id of the message that asked for it [DM-2].
func (n *Node) publishDecision(ctx context.Context, q storage.Queries, c storage.Conversation, from, to storage.Actor) error {
	kind := activity.TypeReject
	if c.State == storage.ChatApproved {
		kind = activity.TypeAccept
	}
	return n.whisper(ctx, q, c, from, to, activity.ActivityDoc{Type: kind, Object: c.RequestURI})
}

// whisper sends an activity of a conversation to the other agent alone.
func (n *Node) whisper(ctx context.Context, q storage.Queries, c storage.Conversation, from, to storage.Actor, doc activity.ActivityDoc) error {
	doc.To = activity.IDs{to.URI}
	_, err := n.post(ctx, q, letter{actor: from, thread: chatThread + c.ID, audience: []string{storage.InboxAudience(inboxOf(to))}, doc: doc})
	return err
}

// ChatQuery asks for a page of a conversation's messages.
type ChatQuery struct {
	Window

	ID   string
	Peek bool // leave unread what is unread
}

// Chat is a page of a conversation: the newest messages, or those before a
// cursor, in the order in which they came. Next is "" at its beginning.
type Chat struct {
	storage.Conversation

	Messages []storage.Message
	Next     string
}

// Chat returns a page of a conversation of the agent that asks and marks all of
// its messages as read.
func (n *Node) Chat(ctx context.Context, p Principal, cq ChatQuery) (Chat, error) {
	var chat Chat
	agent, err := p.participant()
	if err != nil {
		return chat, err
	}
	cq.Window = cq.clamp(50, mostPosts)
	after, err := cq.after()
	if err != nil {
		return chat, err
	}
	read := func(ctx context.Context, q storage.Queries) error {
		var err error
		if chat.Conversation, err = q.Conversation(ctx, cq.ID, agent); err != nil {
			return orNotFound(err, "Conversation", "GET /api/v1/agents/dm/conversations lists yours.")
		}
		chat.Messages, err = q.Messages(ctx, storage.MessageList{ConversationID: cq.ID, After: after, Offset: cq.skip(), Limit: cq.Limit + 1})
		return err
	}
	err = read(ctx, n.store.Read())
	if err == nil && chat.Unread > 0 && !cq.Peek {
		// Marked first and read then, under one lock: what comes meanwhile stays unread.
		err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
			if err := q.ReadConversation(ctx, cq.ID, agent); err != nil {
				return err
			}
			return read(ctx, q)
		})
	}
	if err != nil {
		return Chat{}, err
	}
	if len(chat.Messages) > cq.Limit {
		chat.Messages = chat.Messages[:cq.Limit]
		last := chat.Messages[cq.Limit-1]
		chat.Next = cursorOf(storage.After{Key: last.CreatedAt, ID: last.ID})
	}
	slices.Reverse(chat.Messages)
	return chat, nil
}
