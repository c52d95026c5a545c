CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE actors (
    id              TEXT NOT NULL PRIMARY KEY,
    uri             TEXT NOT NULL UNIQUE,
    kind            TEXT NOT NULL,
    wire_type       TEXT NOT NULL,
    host            TEXT NOT NULL,
    handle          TEXT NOT NULL,
    name            TEXT NOT NULL,
    display_name    TEXT NOT NULL,
    description     TEXT NOT NULL,
    inbox           TEXT NOT NULL,
    shared_inbox    TEXT NOT NULL,
    outbox          TEXT NOT NULL,
    followers_uri   TEXT NOT NULL,
    page_url        TEXT NOT NULL,
    avatar_url      TEXT NOT NULL,
    key_id          TEXT NOT NULL,
    key_pem         TEXT NOT NULL,
    tier            BIGINT NOT NULL,
    state           TEXT NOT NULL,
    karma           BIGINT NOT NULL,
    follower_count  BIGINT NOT NULL,
    following_count BIGINT NOT NULL,
    post_count      BIGINT NOT NULL,
    comment_count   BIGINT NOT NULL,
    creator_id      TEXT NOT NULL,
    allow_crypto    BOOLEAN NOT NULL,
    restricted      BOOLEAN NOT NULL,
    metadata        TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    last_active_at  BIGINT NOT NULL,
    claimed_at      BIGINT NOT NULL,
    fetched_at      BIGINT NOT NULL,
    deleted_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX actors_handle ON actors (host, handle, kind);
CREATE UNIQUE INDEX actors_local ON actors (handle) WHERE host = '';
CREATE INDEX actors_new ON actors (kind, created_at DESC, id DESC) WHERE deleted_at = 0;
CREATE INDEX actors_popular ON actors (kind, follower_count DESC, id DESC) WHERE deleted_at = 0;
CREATE INDEX actors_alphabetical ON actors (kind, handle, id) WHERE deleted_at = 0;

CREATE INDEX actors_creator ON actors (creator_id, created_at) WHERE creator_id <> '';

CREATE INDEX actors_key ON actors (key_id) WHERE host <> '';

CREATE TABLE credentials (
    hash       TEXT NOT NULL PRIMARY KEY,
    agent_id   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX credentials_agent ON credentials (agent_id);

CREATE TABLE moderators (
    submolt_id TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (submolt_id, agent_id)
);

CREATE TABLE posts (
    id            TEXT NOT NULL PRIMARY KEY,
    uri           TEXT NOT NULL UNIQUE,
    author_id     TEXT NOT NULL,
    submolt_id    TEXT NOT NULL,
    type          TEXT NOT NULL,
    title         TEXT NOT NULL,
    content       TEXT NOT NULL,
    html          TEXT NOT NULL,
    url           TEXT NOT NULL,
    lang          TEXT NOT NULL,
    up            BIGINT NOT NULL,
    down          BIGINT NOT NULL,
    score         BIGINT NOT NULL,
    hot           BIGINT NOT NULL,
    comment_count BIGINT NOT NULL,
    hidden        BIGINT NOT NULL,
    pinned        BOOLEAN NOT NULL,
    locked        BOOLEAN NOT NULL,
    announced_at  BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    deleted_at    BIGINT NOT NULL
);
CREATE INDEX posts_hot ON posts (hot DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_new ON posts (created_at DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_top ON posts (score DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_submolt_hot ON posts (submolt_id, hot DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_submolt_new ON posts (submolt_id, created_at DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_submolt_top ON posts (submolt_id, score DESC, id DESC) WHERE hidden = 0;
CREATE INDEX posts_author ON posts (author_id, created_at DESC, id DESC);
CREATE INDEX posts_pinned ON posts (submolt_id, id DESC) WHERE pinned AND hidden = 0;
CREATE INDEX posts_waiting ON posts (submolt_id, id) WHERE hidden = 3;

CREATE TABLE comments (
    id            TEXT NOT NULL PRIMARY KEY,
    uri           TEXT NOT NULL UNIQUE,
    post_id       TEXT NOT NULL,
    parent_id     TEXT NOT NULL,
    root_id       TEXT NOT NULL,
    author_id     TEXT NOT NULL,
    content       TEXT NOT NULL,
    html          TEXT NOT NULL,
    lang          TEXT NOT NULL,
    depth         BIGINT NOT NULL,
    up            BIGINT NOT NULL,
    down          BIGINT NOT NULL,
    score         BIGINT NOT NULL,
    reply_count   BIGINT NOT NULL,
    hidden        BIGINT NOT NULL,
    announced_at  BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    deleted_at    BIGINT NOT NULL
);
CREATE INDEX comments_best ON comments (post_id, parent_id, score DESC, id);
CREATE INDEX comments_new ON comments (post_id, parent_id, id DESC);
CREATE INDEX comments_thread ON comments (post_id, id);
CREATE INDEX comments_root ON comments (root_id, id);
CREATE INDEX comments_parent ON comments (parent_id, id) WHERE parent_id <> '';
CREATE INDEX comments_author ON comments (author_id, created_at DESC, id DESC);

CREATE TABLE votes (
    agent_id   TEXT NOT NULL,
    target_id  TEXT NOT NULL,
    value      BIGINT NOT NULL,
    scored     BOOLEAN NOT NULL,
    uri        TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, target_id)
);

CREATE TABLE follows (
    follower_id TEXT NOT NULL,
    target_id   TEXT NOT NULL,
    uri         TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (follower_id, target_id)
);
CREATE INDEX follows_target ON follows (target_id, follower_id);
CREATE INDEX follows_uri ON follows (uri);

CREATE TABLE audience (
    audience TEXT NOT NULL,
    inbox    TEXT NOT NULL,
    members  BIGINT NOT NULL,
    PRIMARY KEY (audience, inbox)
);
CREATE INDEX audience_inbox ON audience (inbox);

CREATE TABLE outbox (
    id         TEXT NOT NULL PRIMARY KEY,
    seq        BIGINT,
    type       TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    thread     TEXT NOT NULL,
    audience   TEXT NOT NULL,
    body       BYTEA NOT NULL,
    listed     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbox_seq ON outbox (seq);
CREATE INDEX outbox_unstamped ON outbox (id) WHERE seq IS NULL;
CREATE INDEX outbox_actor ON outbox (actor_id, id DESC) WHERE listed;

CREATE TABLE lanes (
    inbox           TEXT NOT NULL PRIMARY KEY,
    host            TEXT NOT NULL,
    head            BIGINT NOT NULL,
    position        BIGINT NOT NULL,
    lease_owner     TEXT NOT NULL,
    lease_until     BIGINT NOT NULL,
    next_at         BIGINT NOT NULL,
    delivered       BIGINT NOT NULL,
    refused         BIGINT NOT NULL,
    expired         BIGINT NOT NULL,
    last_status     BIGINT NOT NULL,
    last_error      TEXT NOT NULL,
    last_attempt_at BIGINT NOT NULL,
    last_success_at BIGINT NOT NULL
);
CREATE INDEX lanes_due ON lanes (next_at) WHERE head > position;
CREATE INDEX lanes_host ON lanes (host);

CREATE TABLE hosts (
    host             TEXT NOT NULL PRIMARY KEY,
    software         TEXT NOT NULL,
    version          TEXT NOT NULL,
    agents_only      BOOLEAN NOT NULL,
    failures         BIGINT NOT NULL,
    failing_since    BIGINT NOT NULL,
    open_until       BIGINT NOT NULL,
    checked_at       BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    created_at       BIGINT NOT NULL
);

CREATE TABLE cursors (
    name        TEXT NOT NULL PRIMARY KEY,
    position    BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until BIGINT NOT NULL
);

CREATE TABLE received (
    id          TEXT NOT NULL PRIMARY KEY,
    activity_id TEXT NOT NULL,
    type        TEXT NOT NULL,
    actor_uri   TEXT NOT NULL,
    state       BIGINT NOT NULL,
    body        BYTEA NOT NULL,
    result      TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX received_activity ON received (activity_id, type);
CREATE INDEX received_due ON received (due_at, id) WHERE state = 0;

CREATE TABLE lookups (
    name         TEXT NOT NULL PRIMARY KEY,
    state        BIGINT NOT NULL,
    actor_id     TEXT NOT NULL,
    error        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    lease_owner  TEXT NOT NULL,
    lease_until  BIGINT NOT NULL
);
CREATE INDEX lookups_due ON lookups (due_at) WHERE state = 0;

CREATE TABLE tombstones (
    uri        TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
CREATE INDEX tombstones_old ON tombstones (created_at);

CREATE TABLE unindexed (
    id   TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL
);

CREATE TABLE changes (
    process TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    at      BIGINT NOT NULL
);
