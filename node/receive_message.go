package node

import (
	"context"
	"errors"
	"slices"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// addressee returns the local actor that an object is meant for alone; false
// when it is meant for others, too, or for everyone.
func (in *inbound) addressee(ctx context.Context, o *activity.Object, a *activity.Activity) (storage.Actor, bool, error) {
	if in.group != nil {
		return storage.Actor{}, false, nil // what a Group passes on is no secret
	}
	uris := slices.Concat(o.To, o.Cc, a.To, a.Cc)
	slices.Sort(uris)
	if uris = slices.Compact(uris); len(uris) != 1 || activity.IsPublic(uris[0]) || HostOf(uris[0]) != in.n.host {
		return storage.Actor{}, false, nil
	}
	to, err := in.q.ActorByURI(ctx, uris[0])
	return to, err == nil, ignoreNotFound(err)
}

// message takes what an agent of another node says to one of ours, by the same
// rules as a local one [DM-1]. The first one asks for a conversation.
func (in *inbound) message(ctx context.Context, o *activity.Object, actor, to storage.Actor) (string, error) {
	author, err := in.n.remoteAuthor(actor)
	if err != nil {
		return "", err
	}
	t := in.text(o)
	switch {
	case to.Kind != storage.KindAgent || to.DeletedAt > 0:
		return "", &Error{Kind: NotFound, Code: "no_such_agent"}
	case o.Type != activity.TypeNote && o.Type != "ChatMessage":
		return "", &Error{Kind: Invalid, Code: "not_a_message"}
	case textOf(t.html) == "":
		return "", &Error{Kind: Invalid, Code: "empty"}
	}
	if gone, err := in.q.IsTombstone(ctx, o.ID, o.AttributedTo); err != nil || gone {
		return resultIgnored, err
	}
	if _, err := in.q.MessageByURI(ctx, o.ID); err == nil {
		return resultKnown, nil
	} else if !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	if blocked, err := in.q.IsBlocked(ctx, to.ID, author.ID()); err != nil || blocked {
		return "", errors.Join(err, &Error{Kind: Forbidden, Code: "blocked"})
	}
	m := in.n.newMessage(author, MessageDraft{Content: visible(t.markdown, MaxMessage), NeedsHuman: o.NeedsHumanInput})
	m.URI = o.ID
	return resultApplied, in.keepMessage(ctx, m, o.Context, actor, to)
}

// keepMessage puts a message where it belongs. Orders of arrival that are not
// ours to choose are all borne: two requests that cross each other are an
// approval, and so is a message that overtakes its Accept [DM-3].
func (in *inbound) keepMessage(ctx context.Context, m storage.Message, uri string, from, to storage.Actor) error {
	c, err := in.n.chatWith(ctx, in.q, to.ID, from.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && c.State == storage.ChatRejected:
		if err := in.n.mayBeAsked(ctx, in.q, to, from.Host); err != nil {
			return err
		}
		if len(uri) > MaxURL || HostOf(uri) != from.Host {
			uri = ""
		}
		_, err := in.n.ask(ctx, in.q, &m, from, to, uri)
		return err
	case err != nil:
		return err
	case c.State == storage.ChatPending && c.Outgoing:
		if err := in.q.SetChatState(ctx, c.ID, storage.ChatApproved); err != nil {
			return err
		}
	case c.State == storage.ChatPending:
		before, err := in.q.Messages(ctx, storage.MessageList{ConversationID: c.ID, Limit: maxUnanswered})
		if err != nil {
			return err
		}
		if len(before) == maxUnanswered {
			return &Error{Kind: Limited, Code: "unanswered"}
		}
	}
	m.ConversationID = c.ID
	return in.n.addMessage(ctx, in.q, m, from, to)
}

// chatAnswer applies an Accept or Reject of a conversation, matched by the
// message that asked for it [DM-2]; false when it is of something else.
func (in *inbound) chatAnswer(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, bool, error) {
	m, err := in.q.MessageByURI(ctx, a.Object().ID)
	if err != nil {
		return "", false, ignoreNotFound(err)
	}
	c, err := in.q.ConversationOf(ctx, m.ConversationID, actor.ID)
	if err == nil {
		c, err = in.n.chatWith(ctx, in.q, c.AgentID, actor.ID)
	}
	if err != nil || c.RequestURI != m.URI {
		return resultIgnored, true, ignoreNotFound(err)
	}
	state := storage.ChatRejected
	if a.Type == activity.TypeAccept {
		state = storage.ChatApproved
	}
	switch {
	case c.State == state:
		return resultKnown, true, nil
	case c.State == storage.ChatRejected, state == storage.ChatApproved && !c.Outgoing:
		return resultIgnored, true, nil
	}
	return resultApplied, true, in.q.SetChatState(ctx, c.ID, state)
}

// deletedMessage stands for the text of a message that its sender deleted.
const deletedMessage = "[deleted]"

// deleteMessage takes the text out of a message that its sender deleted, and out
// of the lists that show the last one [DM-6]; false when there is no such message of it.
func (in *inbound) deleteMessage(ctx context.Context, uri string, actor storage.Actor) (bool, error) {
	m, err := in.q.MessageByURI(ctx, uri)
	if err != nil || m.SenderID != actor.ID {
		return false, ignoreNotFound(err)
	}
	if err := in.q.BlankMessage(ctx, m.ID, deletedMessage); err != nil {
		return true, err
	}
	return true, in.q.ReplaceLastMessage(ctx, lastOf(m), deletedMessage)
}
