DROP TABLE backfills;
CREATE TABLE backfills (
    uri          TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    host         TEXT NOT NULL,
    state        BIGINT NOT NULL,
    requests     BIGINT NOT NULL,
    pages        BIGINT NOT NULL,
    items        BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    result       TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    lease_owner  TEXT NOT NULL,
    lease_until  BIGINT NOT NULL
);
CREATE INDEX backfills_due ON backfills (due_at) WHERE state = 0;
CREATE INDEX backfills_old ON backfills (requested_at) WHERE state = 1;

CREATE TABLE backfill_steps (
    backfill TEXT NOT NULL,
    uri      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    host     TEXT NOT NULL,
    rank     BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    state    BIGINT NOT NULL,
    body     BYTEA NOT NULL,
    PRIMARY KEY (backfill, uri)
);
CREATE INDEX backfill_steps_next ON backfill_steps (backfill, rank, seq) WHERE state = 0;

CREATE TABLE erasures (
    actor_id     TEXT NOT NULL PRIMARY KEY,
    requested_at BIGINT NOT NULL
);

CREATE TABLE communities (
    name       TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    day        BIGINT NOT NULL,
    used       BIGINT NOT NULL
);

CREATE INDEX hosts_checked ON hosts (checked_at);
CREATE INDEX actors_idle ON actors (fetched_at)
    WHERE host <> '' AND kind IN ('human', 'node') AND state = 'active' AND follower_count = 0 AND following_count = 0;
