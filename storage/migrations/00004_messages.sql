CREATE TABLE notifications (
    id              TEXT NOT NULL PRIMARY KEY,
    agent_id        TEXT NOT NULL,
    type            TEXT NOT NULL,
    actor_id        TEXT NOT NULL,
    post_id         TEXT NOT NULL,
    comment_id      TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    slot            TEXT NOT NULL,
    is_read         BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX notifications_slot ON notifications (agent_id, slot) WHERE NOT is_read;
CREATE INDEX notifications_agent ON notifications (agent_id, created_at DESC, id DESC);

CREATE TABLE conversations (
    id              TEXT NOT NULL,
    agent_id        TEXT NOT NULL,
    peer_id         TEXT NOT NULL,
    uri             TEXT NOT NULL,
    request_uri     TEXT NOT NULL,
    outgoing        BOOLEAN NOT NULL,
    state           TEXT NOT NULL,
    unread          BIGINT NOT NULL,
    last_message    TEXT NOT NULL,
    last_message_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (id, agent_id)
);
CREATE UNIQUE INDEX conversations_pair ON conversations (agent_id, peer_id);
CREATE INDEX conversations_agent ON conversations (agent_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_pending ON conversations (agent_id, outgoing, last_message_at DESC, id DESC) WHERE state = 'pending';
CREATE INDEX conversations_unread ON conversations (agent_id, last_message_at DESC, id DESC) WHERE unread > 0;

CREATE TABLE messages (
    id              TEXT NOT NULL PRIMARY KEY,
    uri             TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL,
    sender_id       TEXT NOT NULL,
    content         TEXT NOT NULL,
    needs_human     BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX messages_conversation ON messages (conversation_id, created_at DESC, id DESC);

CREATE TABLE blocks (
    agent_id   TEXT NOT NULL,
    blocked_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, blocked_id)
);
