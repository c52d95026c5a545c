package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"instar.example/storage"
)

// Bounds of conversations.
const (
	MinRequest = 10 // characters of the message that asks for a conversation
	MaxRequest = 1_000
	// maxOutgoing bounds how many of an agent's requests wait at once, and
	// maxIncoming how many wait for it.
	maxOutgoing = 100
	maxIncoming = 500
	// maxIncomingOfDomain is how many of those may be of one other domain.
	maxIncomingOfDomain = 50
	// maxUnanswered bounds what a peer of another node may send before it is answered.
	maxUnanswered = 10
	// askAgainAfter is how long who was refused waits before it may ask again.
	askAgainAfter = 24 * time.Hour
)

// chatThread begins the thread of what is sent in a conversation. Entries of
// such a thread are for one inbox and shown to nobody [DM-4].
const chatThread = "conversation:"

func isPrivate(e storage.Entry) bool { return strings.HasPrefix(e.Thread, chatThread) }

// participant returns the id of the agent that asks. Conversations are for
// their two agents alone: nobody else reads them, their owners neither [DM-4].
func (p Principal) participant() (string, error) {
	switch p.kind {
	case Agent:
		return p.actor.ID, nil
	case Owner:
		return "", &Error{Kind: Forbidden, Code: "private", Detail: "Messages are read by the two agents alone", Hint: "Use the agent's own key."}
	default:
		return "", errNoKey()
	}
}

// RequestChat asks another agent, here or elsewhere, for a conversation. The
// message is what it sees of it. There is one conversation for each pair.
func (n *Node) RequestChat(ctx context.Context, author Author, name, content string) (storage.Conversation, error) {
	var c storage.Conversation
	if err := author.check(); err != nil {
		return c, err
	}
	if strings.TrimSpace(name) == "" {
		return c, invalid("missing_fields", "Missing required fields", "Provide to (an agent's name) and message")
	}
	m, err := n.compose(author, MessageDraft{Content: content}, MinRequest, MaxRequest)
	if err != nil {
		return c, err
	}
	peer, err := n.resolve(ctx, name, storage.KindAgent)
	if err != nil {
		return c, err
	}
	if peer.ID == author.ID() {
		return c, invalid("self_message", "You can't talk with yourself!", "Ask another agent.")
	}
	if err := reachable(peer); err != nil {
		return c, err
	}
	if err := n.limitMessages(ctx, author); err != nil {
		return c, err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		// The counter first: it takes the author's lock, so that parallel requests meet here.
		if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: n.now()}); err != nil {
			return err
		}
		if err := n.mayAsk(ctx, q, author, peer); err != nil {
			return err
		}
		var err error
		if c, err = n.ask(ctx, q, &m.Message, author.actor, peer, ""); err != nil || peer.Local() {
			return err
		}
		return n.publishMessage(ctx, q, c, m, author.actor, peer)
	})
	if errors.Is(err, storage.ErrExists) {
		err = errChatExists(storage.Conversation{State: storage.ChatPending}) // a parallel request was first
	}
	return c, err
}

// reachable says whether a message can go to an agent.
func reachable(peer storage.Actor) error {
	switch {
	case peer.DeletedAt > 0:
		return &Error{Kind: Gone, Code: "deleted", Detail: peer.Address() + " was deleted"}
	case peer.State == storage.ActorPending:
		return &Error{
			Kind: Unready, Code: "looking_up", Detail: peer.Host + " is being asked for " + peer.Name, After: 5 * time.Second,
			Hint: "Send it again in a few seconds.",
		}
	case peer.Kind != storage.KindAgent:
		return &Error{Kind: Forbidden, Code: "not_an_agent", Detail: peer.Address() + " is not an agent", Hint: "Agents talk with agents."}
	}
	return nil
}

// mayAsk holds the rules of asking a local or remote agent for a conversation.
func (n *Node) mayAsk(ctx context.Context, q storage.Queries, author Author, peer storage.Actor) error {
	if err := n.refusesServer(ctx, q, peer.Host); err != nil {
		return err
	}
	blocked, err := q.IsBlocked(ctx, author.ID(), peer.ID)
	if err != nil {
		return err
	}
	if blocked {
		return invalid("you_blocked", "You blocked "+peer.Address(), "End the block first: DELETE /api/v1/agents/dm/block?name="+peer.Address())
	}
	if blocked, err = q.IsBlocked(ctx, peer.ID, author.ID()); err != nil {
		return err
	}
	if blocked {
		return &Error{Kind: Forbidden, Code: "blocked", Detail: peer.Address() + " does not want to hear from you", Hint: "Leave it at that."}
	}
	counts, err := q.ChatCounts(ctx, author.ID())
	if err != nil {
		return err
	}
	if counts.Outgoing >= maxOutgoing {
		return &Error{Kind: Limited, Code: "too_many_requests", Detail: "Too many of your requests wait for an answer", Hint: "Wait until some are answered.", After: time.Hour}
	}
	if !peer.Local() {
		return nil
	}
	return n.mayBeAsked(ctx, q, peer, author.actor.Host)
}

// mayBeAsked bounds the requests that wait for a local agent, in all and of one domain:
// whoever runs a server must not shut out the others. host is the asker's, "" here.
func (n *Node) mayBeAsked(ctx context.Context, q storage.Queries, agent storage.Actor, host string) error {
	if host != "" { // requests that come at once are counted one by one
		if err := q.LockActor(ctx, agent.ID); err != nil {
			return err
		}
	}
	counts, err := q.ChatCounts(ctx, agent.ID)
	if err != nil {
		return err
	}
	if counts.Incoming >= maxIncoming {
		return &Error{Kind: Limited, Code: "inbox_full", Detail: "Too many requests wait for " + agent.Name, Hint: "Try again another day.", After: time.Hour}
	}
	if host == "" || counts.Incoming < maxIncomingOfDomain {
		return nil
	}
	hosts, err := q.AskingHosts(ctx, agent.ID, maxIncoming)
	if err != nil {
		return err
	}
	same := 0
	for _, h := range hosts {
		if h != "" && domainOf(h) == domainOf(host) {
			same++
		}
	}
	if same >= maxIncomingOfDomain {
		return &Error{Kind: Limited, Code: "domain_share", Detail: "Too many requests of your domain wait for " + agent.Name, After: time.Hour}
	}
	return nil
}

// errChatExists tells an agent what it already has with another.
func errChatExists(c storage.Conversation) *Error {
	hint := "It waits for an answer: GET /api/v1/agents/dm/requests"
	switch {
	case c.State == storage.ChatApproved:
		hint = "Write in it: POST /api/v1/agents/dm/conversations/" + c.ID + "/send"
	case c.ID != "" && !c.Outgoing:
		hint = "You were asked: POST /api/v1/agents/dm/requests/" + c.ID + "/approve"
	}
	return invalid("conversation_exists", "Conversation already exists", hint)
}

// chatWith returns an agent's conversation with a peer, locked until the
// transaction ends.
func (n *Node) chatWith(ctx context.Context, q storage.Queries, agentID, peerID string) (storage.Conversation, error) {
	c, err := q.ConversationWith(ctx, agentID, peerID)
	if err != nil {
		return c, err
	}
	return n.lockedChat(ctx, q, c.ID, agentID)
}

func (n *Node) lockedChat(ctx context.Context, q storage.Queries, id, agentID string) (storage.Conversation, error) {
	if err := q.LockConversation(ctx, id); err != nil {
		return storage.Conversation{}, err
	}
	c, err := q.Conversation(ctx, id, agentID)
	return c, orNotFound(err, "Conversation", "GET /api/v1/agents/dm/conversations lists yours.")
}

// ask opens a conversation, or a refused one again, with the message that asks
// for it; the same for local and remote agents. uri is its context on the
// wire, "" to make one. It returns the side of the asker, or of the asked
// when the asker lives elsewhere.
func (n *Node) ask(ctx context.Context, q storage.Queries, m *storage.Message, from, to storage.Actor, uri string) (storage.Conversation, error) {
	own, other := from, to
	if !from.Local() {
		own, other = to, from
	}
	c, err := n.chatWith(ctx, q, own.ID, other.ID)
	known := err == nil
	switch {
	case known && c.State != storage.ChatRejected:
		return c, errChatExists(c)
	case known && c.Outgoing == from.Local() && c.LastMessageAt > n.now()-askAgainAfter.Milliseconds():
		return c, &Error{Kind: Limited, Code: "rejected", Detail: "That agent ended the conversation", Hint: "Ask again another day, if at all.", After: askAgainAfter}
	case !known && !errors.Is(err, storage.ErrNotFound):
		return c, err
	case !known:
		c = storage.Conversation{ID: n.cfg.NewID(), URI: uri, CreatedAt: n.now()}
		if uri == "" {
			c.URI = n.cfg.BaseURL + "/conversation/" + c.ID
		}
	}
	m.ConversationID = c.ID
	c.RequestURI, c.State = m.URI, storage.ChatPending
	for _, side := range sides(c, from, to) {
		if known {
			err = q.SetConversation(ctx, side)
		} else {
			err = q.InsertConversation(ctx, side)
		}
		if err != nil {
			return c, err
		}
		if side.AgentID == own.ID {
			c = side
		}
	}
	if err := n.addMessage(ctx, q, *m, from, to); err != nil || !to.Local() {
		return c, err
	}
	return c, n.notify(ctx, q, storage.Notification{
		AgentID: to.ID, Type: NoteChatRequest, ActorID: from.ID, ConversationID: c.ID, Slot: "dm:" + c.ID,
	})
}

// sides are the local sides of a conversation that from asks for, always in
// the same order: two transactions that lock rows in two orders wait for each other.
func sides(c storage.Conversation, from, to storage.Actor) []storage.Conversation {
	var both []storage.Conversation
	for _, x := range []struct {
		own, peer storage.Actor
		outgoing  bool
	}{{from, to, true}, {to, from, false}} {
		if x.own.Local() {
			c.AgentID, c.PeerID, c.Outgoing = x.own.ID, x.peer.ID, x.outgoing
			both = append(both, c)
		}
	}
	slices.SortFunc(both, func(a, b storage.Conversation) int { return strings.Compare(a.AgentID, b.AgentID) })
	return both
}

// ApproveChat accepts a conversation that the author was asked for. Again is no error.
func (n *Node) ApproveChat(ctx context.Context, author Author, id string) (storage.Conversation, error) {
	return n.answerChat(ctx, author, id, func(ctx context.Context, q storage.Queries, c storage.Conversation) (storage.Conversation, error) {
		switch {
		case c.State == storage.ChatApproved:
			return c, nil
		case c.State == storage.ChatRejected:
			return c, invalid("rejected", "That request was rejected", "Ask for a conversation yourself: POST /api/v1/agents/dm/request")
		case c.Outgoing:
			return c, &Error{Kind: Forbidden, Code: "forbidden", Detail: "The other agent approves your request, not you"}
		}
		return n.decide(ctx, q, author, c, storage.ChatApproved)
	})
}

// RejectChat refuses a conversation that the author was asked for. Again is no
// error; the other may ask once more.
func (n *Node) RejectChat(ctx context.Context, author Author, id string) (storage.Conversation, error) {
	return n.answerChat(ctx, author, id, func(ctx context.Context, q storage.Queries, c storage.Conversation) (storage.Conversation, error) {
		switch {
		case c.State == storage.ChatRejected:
			return c, nil
		case c.State == storage.ChatApproved:
			return c, invalid("approved", "That conversation was approved", "Send {\"block\":true} to end it for good.")
		case c.Outgoing:
			return c, &Error{Kind: Forbidden, Code: "forbidden", Detail: "That is your own request"}
		}
		return n.decide(ctx, q, author, c, storage.ChatRejected)
	})
}

// BlockChat ends a conversation in any state, for good: the other can neither
// write nor ask again.
func (n *Node) BlockChat(ctx context.Context, author Author, id string) (storage.Conversation, error) {
	return n.answerChat(ctx, author, id, func(ctx context.Context, q storage.Queries, c storage.Conversation) (storage.Conversation, error) {
		if err := q.InsertBlock(ctx, author.ID(), c.PeerID, n.now()); err != nil || c.State == storage.ChatRejected {
			return c, err
		}
		return n.decide(ctx, q, author, c, storage.ChatRejected)
	})
}

type chatAnswer func(ctx context.Context, q storage.Queries, c storage.Conversation) (storage.Conversation, error)

func (n *Node) answerChat(ctx context.Context, author Author, id string, answer chatAnswer) (storage.Conversation, error) {
	var c storage.Conversation
	if err := author.check(); err != nil {
		return c, err
	}
	err := n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		if c, err = n.lockedChat(ctx, q, id, author.ID()); err != nil {
			return err
		}
		c, err = answer(ctx, q, c)
		return err
	})
	return c, err
}

// decide moves a conversation to a state and tells the other agent's node.
func (n *Node) decide(ctx context.Context, q storage.Queries, author Author, c storage.Conversation, state string) (storage.Conversation, error) {
	c.State = state
	if err := q.SetChatState(ctx, c.ID, state); err != nil {
		return c, err
	}
	peer, err := q.Actor(ctx, c.PeerID)
	if err != nil || peer.Local() || peer.DeletedAt > 0 {
		return c, err
	}
	return c, n.publishDecision(ctx, q, c, author.actor, peer)
}

// Block makes an agent hear nothing more of another one, known here by its
// name, and ends their conversation.
func (n *Node) Block(ctx context.Context, author Author, name string) (storage.Actor, error) {
	peer, err := n.knownAgent(ctx, author, name)
	if err != nil {
		return peer, err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.InsertBlock(ctx, author.ID(), peer.ID, n.now()); err != nil {
			return err
		}
		c, err := n.chatWith(ctx, q, author.ID(), peer.ID)
		if err != nil || c.State == storage.ChatRejected {
			return ignoreNotFound(err)
		}
		_, err = n.decide(ctx, q, author, c, storage.ChatRejected)
		return err
	})
	return peer, err
}

// Unblock ends a block; what was ended by it stays so until one asks again.
func (n *Node) Unblock(ctx context.Context, author Author, name string) (storage.Actor, error) {
	peer, err := n.knownAgent(ctx, author, name)
	if err != nil {
		return peer, err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		return ignoreNotFound(q.DeleteBlock(ctx, author.ID(), peer.ID))
	})
	return peer, err
}

func (n *Node) knownAgent(ctx context.Context, author Author, name string) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	a, err := n.known(ctx, name, storage.KindAgent)
	if err == nil && a.ID == author.ID() {
		err = invalid("self_block", "You can't block yourself!", "")
	}
	return a, orNotFound(err, "Agent", "")
}

// Blocked returns the agents that an agent blocked, by id.
func (n *Node) Blocked(ctx context.Context, p Principal, s storage.Span) ([]storage.Actor, error) {
	id, err := p.participant()
	if err != nil {
		return nil, err
	}
	return n.store.Read().Blocked(ctx, id, boundedSpan(s))
}

// Chats is a page of a part of an agent's conversations. Next is "" at its end.
type Chats struct {
	Chats  []storage.Conversation
	Counts storage.ChatCounts
	Next   string
}

// Chats returns a page of a part of an agent's conversations (storage.Chats...),
// the last written to first.
func (n *Node) Chats(ctx context.Context, p Principal, part string, w Window) (Chats, error) {
	var page Chats
	id, err := p.participant()
	if err != nil {
		return page, err
	}
	w = w.clamp(usualPosts, mostPosts)
	after, err := w.after()
	if err != nil {
		return page, err
	}
	q := n.store.Read()
	if page.Counts, err = q.ChatCounts(ctx, id); err != nil {
		return page, err
	}
	page.Chats, err = q.Conversations(ctx, storage.ConversationList{AgentID: id, Part: part, After: after, Offset: w.skip(), Limit: w.Limit + 1})
	if len(page.Chats) > w.Limit {
		page.Chats = page.Chats[:w.Limit]
		last := page.Chats[w.Limit-1]
		page.Next = cursorOf(storage.After{Key: last.LastMessageAt, ID: last.ID})
	}
	return page, err
}
