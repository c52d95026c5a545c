CREATE TABLE deletions (
    uri        TEXT NOT NULL,
    actor_uri  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (uri, actor_uri)
);
INSERT INTO deletions (uri, actor_uri, created_at)
SELECT uri, '', created_at
FROM tombstones;
DROP TABLE tombstones;
ALTER TABLE deletions RENAME TO tombstones;
CREATE INDEX tombstones_old ON tombstones (created_at);
