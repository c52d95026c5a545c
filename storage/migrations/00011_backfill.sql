CREATE TABLE backfills (
    uri          TEXT NOT NULL PRIMARY KEY,
    actor_id     TEXT NOT NULL,
    state        BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    error        TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    lease_owner  TEXT NOT NULL,
    lease_until  BIGINT NOT NULL
);
CREATE INDEX backfills_due ON backfills (due_at) WHERE state = 0;
CREATE INDEX backfills_old ON backfills (requested_at);
