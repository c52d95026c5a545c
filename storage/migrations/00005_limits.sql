CREATE TABLE counters (
    name    TEXT NOT NULL PRIMARY KEY,
    used    BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX counters_end ON counters (ends_at);

CREATE TABLE idempotency (
    scope      TEXT NOT NULL,
    name       TEXT NOT NULL,
    request    TEXT NOT NULL,
    status     BIGINT NOT NULL,
    result     BYTEA NOT NULL,
    body       BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE INDEX idempotency_old ON idempotency (created_at);

CREATE TABLE challenges (
    code         TEXT NOT NULL PRIMARY KEY,
    agent_id     TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_id   TEXT NOT NULL,
    text         TEXT NOT NULL,
    answer       BIGINT NOT NULL,
    draft        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL
);
CREATE INDEX challenges_content ON challenges (content_id, created_at DESC, code DESC);
CREATE INDEX challenges_old ON challenges (created_at);
