CREATE TABLE bans (
    submolt_id TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    until      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (submolt_id, agent_id)
);

CREATE TABLE mod_acts (
    id          TEXT NOT NULL PRIMARY KEY,
    submolt_id  TEXT NOT NULL,
    actor_id    TEXT NOT NULL,
    act         TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id   TEXT NOT NULL,
    agent_id    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    until       BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX mod_acts_submolt ON mod_acts (submolt_id, id DESC);
