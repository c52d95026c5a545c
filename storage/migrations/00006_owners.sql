CREATE TABLE owners (
    id         TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE TABLE identities (
    hash       TEXT NOT NULL PRIMARY KEY,
    owner_id   TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX identities_owner ON identities (owner_id, created_at);

CREATE TABLE ownerships (
    agent_id   TEXT NOT NULL PRIMARY KEY,
    owner_id   TEXT NOT NULL,
    method     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    paused_at  BIGINT NOT NULL
);
CREATE INDEX ownerships_owner ON ownerships (owner_id, created_at) WHERE owner_id <> '';

CREATE TABLE claims (
    id          TEXT NOT NULL PRIMARY KEY,
    agent_id    TEXT NOT NULL,
    method      TEXT NOT NULL,
    subject     BYTEA NOT NULL,
    code        TEXT NOT NULL,
    browser     TEXT NOT NULL,
    state       BIGINT NOT NULL,
    error       TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until BIGINT NOT NULL
);
CREATE INDEX claims_due ON claims (due_at) WHERE state = 0;
CREATE INDEX claims_agent ON claims (agent_id, created_at);
CREATE INDEX claims_old ON claims (expires_at);

CREATE TABLE links (
    hash       TEXT NOT NULL PRIMARY KEY,
    purpose    TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    owner_id   TEXT NOT NULL,
    identity   TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX links_identity ON links (identity, created_at);
CREATE INDEX links_agent ON links (agent_id, created_at) WHERE agent_id <> '';
CREATE INDEX links_created ON links (created_at);

CREATE TABLE sessions (
    hash       TEXT NOT NULL PRIMARY KEY,
    owner_id   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_old ON sessions (expires_at);

CREATE TABLE mails (
    id          TEXT NOT NULL PRIMARY KEY,
    sealed      BYTEA NOT NULL,
    attempts    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until BIGINT NOT NULL
);
CREATE INDEX mails_due ON mails (due_at);

CREATE TABLE invites (
    id         TEXT NOT NULL PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    note       TEXT NOT NULL,
    uses_left  BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX invites_new ON invites (created_at, id);

CREATE TABLE apps (
    id         TEXT NOT NULL PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    window_at  BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX apps_new ON apps (created_at, id);

CREATE INDEX actors_waiting ON actors (state, created_at, id) WHERE host = '' AND kind = 'agent';
