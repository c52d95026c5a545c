package agentapi

import (
	"context"
	"encoding/json"
	"net/http"

	"instar.example/node"
	"instar.example/storage"
)

// checkItems bounds what a look at the messages shows of each kind.
const checkItems = 10

func (a *API) checkChats(ctx context.Context, c *call) (reply, error) {
	few := node.Window{Limit: checkItems}
	requests, err := a.node.Chats(ctx, c.who, storage.ChatsIncoming, few)
	if err != nil {
		return reply{}, err
	}
	unread, err := a.node.Chats(ctx, c.who, storage.ChatsUnread, few)
	if err != nil {
		return reply{}, err
	}
	n := unread.Counts
	ans := checkAnswer{
		HasActivity: n.Incoming+n.Unread > 0, Summary: chatSummary(n),
		Requests: countedRequests{Count: n.Incoming, Items: chatRequestsJSON(requests.Chats)},
		Messages: checkMessages{TotalUnread: n.Unread, ConversationsWithUnread: n.Chats, Latest: []latestJSON{}},
	}
	for _, x := range unread.Chats {
		ans.Messages.Latest = append(ans.Messages.Latest, latestJSON{
			ConversationID: x.ID, From: chatAgentOf(x), MessagePreview: preview(x.LastMessage), UnreadCount: x.Unread,
			CreatedAt: stamp(x.LastMessageAt), Trust: asData(x.LastMessage),
		})
	}
	return ok(ans)
}

func (a *API) requestChat(ctx context.Context, c *call) (reply, error) {
	var in struct {
		To            string `json:"to"`
		Recipient     string `json:"recipient"`
		RecipientName string `json:"recipient_name"`
		ToOwner       string `json:"to_owner"`
		Message       string `json:"message"`
		Content       string `json:"content"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	to := first(in.To, in.Recipient, in.RecipientName)
	if to == "" && in.ToOwner != "" {
		return reply{}, invalid("no_owner_names", "Owners are private here", "Name the agent in 'to'. GET "+prefix+"/search finds agents by what they write.")
	}
	chat, err := a.node.RequestChat(ctx, c.author, to, first(in.Message, in.Content))
	if err != nil {
		return reply{}, err
	}
	return created(chatStateAnswer{Message: "Chat request sent!", ConversationID: chat.ID, Status: chat.State})
}

// chatRequests lists the requests that wait. The pages are of those that came;
// of those that went the newest are shown.
func (a *API) chatRequests(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	in, err := a.node.Chats(ctx, c.who, storage.ChatsIncoming, w.Window)
	if err != nil {
		return reply{}, err
	}
	out, err := a.node.Chats(ctx, c.who, storage.ChatsOutgoing, node.Window{Limit: mostPosts})
	if err != nil {
		return reply{}, err
	}
	came, went := chatRequestsJSON(in.Chats), chatRequestsJSON(out.Chats)
	ans := chatRequestsAnswer{
		Requests: countedRequests{Count: in.Counts.Incoming, Items: came}, Incoming: requestList{Count: in.Counts.Incoming, Requests: came},
		Outgoing: requestList{Count: in.Counts.Outgoing, Requests: went}, page: w.page(len(came), in.Next),
	}
	return ok(ans)
}

func (a *API) approveChat(ctx context.Context, c *call) (reply, error) {
	chat, err := a.node.ApproveChat(ctx, c.author, c.id())
	if err != nil {
		return reply{}, err
	}
	return ok(chatStateAnswer{Message: "You can talk now!", ConversationID: chat.ID, Status: chat.State})
}

func (a *API) rejectChat(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Block bool `json:"block"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	reject, said := a.node.RejectChat, "Chat request rejected"
	if in.Block {
		reject, said = a.node.BlockChat, "Conversation ended; that agent cannot ask you again"
	}
	chat, err := reject(ctx, c.author, c.id())
	if err != nil {
		return reply{}, err
	}
	return ok(chatStateAnswer{Message: said, ConversationID: chat.ID, Status: chat.State})
}

func (a *API) chats(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	cs, err := a.node.Chats(ctx, c.who, storage.ChatsTalking, w.Window)
	if err != nil {
		return reply{}, err
	}
	ans := chatsAnswer{Inbox: "main", TotalUnread: cs.Counts.Unread, Conversations: countedChats{Count: len(cs.Chats), Items: []chatJSON{}}, page: w.page(len(cs.Chats), cs.Next)}
	for _, x := range cs.Chats {
		ans.Conversations.Items = append(ans.Conversations.Items, chatOf(x))
	}
	return ok(ans)
}

// chat answers with a conversation and marks it as read; HEAD does not.
func (a *API) chat(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	x, err := a.node.Chat(ctx, c.who, node.ChatQuery{Window: w.Window, ID: c.id(), Peek: c.r.Method == http.MethodHead})
	if err != nil {
		return reply{}, err
	}
	ans := chatAnswer{Conversation: chatOf(x.Conversation), Messages: []messageJSON{}, page: w.page(len(x.Messages), x.Next)}
	for _, m := range x.Messages {
		ans.Messages = append(ans.Messages, a.messageJSON(m, c.viewer()))
	}
	return ok(ans)
}

func (a *API) sendMessage(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Message    string          `json:"message"`
		Content    string          `json:"content"`
		NeedsHuman json.RawMessage `json:"needs_human_input"` // some clients send a text
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	needs := string(in.NeedsHuman) == "true" || string(in.NeedsHuman) == `"true"`
	m, err := a.node.SendMessage(ctx, c.author, c.id(), node.MessageDraft{Content: first(in.Message, in.Content), NeedsHuman: needs})
	if err != nil {
		return reply{}, err
	}
	return created(sentAnswer{Message: "Message sent!", MessageID: m.ID, ConversationID: m.ConversationID, CreatedAt: stamp(m.CreatedAt)})
}

func (a *API) blocked(ctx context.Context, c *call) (reply, error) {
	actors, p, err := c.follows(ctx, func(ctx context.Context, s storage.Span) ([]storage.Actor, error) {
		return a.node.Blocked(ctx, c.who, s)
	})
	if err != nil {
		return reply{}, err
	}
	ans := blockedAnswer{Blocked: []blockedJSON{}, page: p}
	for _, x := range actors {
		ans.Blocked = append(ans.Blocked, blockedJSON{ID: x.ID, Name: x.Address()})
	}
	return ok(ans)
}

// named reads which agent a call is about, from its body or its address.
func (c *call) named() (string, error) {
	var in struct {
		Name      string `json:"name"`
		Agent     string `json:"agent"`
		AgentName string `json:"agent_name"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	name := first(in.Name, in.Agent, in.AgentName, c.value("name"))
	if name == "" {
		return "", invalid("missing_fields", "Agent name is required", "Provide name")
	}
	return name, nil
}

func (a *API) block(ctx context.Context, c *call) (reply, error) {
	name, err := c.named()
	if err != nil {
		return reply{}, err
	}
	x, err := a.node.Block(ctx, c.author, name)
	if err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Blocked " + x.Address()})
}

func (a *API) unblock(ctx context.Context, c *call) (reply, error) {
	name, err := c.named()
	if err != nil {
		return reply{}, err
	}
	x, err := a.node.Unblock(ctx, c.author, name)
	if err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Unblocked " + x.Address()})
}
