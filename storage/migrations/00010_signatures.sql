ALTER TABLE actors ADD COLUMN key_generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE actors ADD COLUMN key_old_until BIGINT NOT NULL DEFAULT 0;

CREATE TABLE actor_keys (
    key_id    TEXT NOT NULL PRIMARY KEY,
    actor_id  TEXT NOT NULL,
    multibase TEXT NOT NULL
);
CREATE INDEX actor_keys_actor ON actor_keys (actor_id, key_id);

CREATE TABLE host_schemes (
    host       TEXT NOT NULL PRIMARY KEY,
    scheme     TEXT NOT NULL,
    learned_at BIGINT NOT NULL
);
