CREATE TABLE revisions (
    object_id  TEXT NOT NULL,
    version    BIGINT NOT NULL,
    title      TEXT NOT NULL,
    content    TEXT NOT NULL,
    html       TEXT NOT NULL,
    url        TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (object_id, version)
);

CREATE TABLE reports (
    target_id   TEXT NOT NULL,
    reporter_id TEXT NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    post_id     TEXT NOT NULL,
    submolt_id  TEXT NOT NULL,
    reason      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (target_id, reporter_id)
);
CREATE INDEX reports_submolt ON reports (submolt_id, id DESC);
CREATE INDEX reports_reporter ON reports (reporter_id, created_at);

CREATE TABLE charters (
    submolt_id   TEXT NOT NULL PRIMARY KEY,
    rules        TEXT NOT NULL,
    creed        TEXT NOT NULL,
    website      TEXT NOT NULL,
    banner_color TEXT NOT NULL,
    theme_color  TEXT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE TABLE labels (
    id              TEXT NOT NULL PRIMARY KEY,
    submolt_id      TEXT NOT NULL,
    key             TEXT NOT NULL,
    label           TEXT NOT NULL,
    color           TEXT NOT NULL,
    kind            TEXT NOT NULL,
    prompt          TEXT NOT NULL,
    cadence_minutes BIGINT NOT NULL,
    seats           BIGINT NOT NULL,
    taken           BIGINT NOT NULL,
    claimable       BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX labels_key ON labels (submolt_id, key);

CREATE TABLE attachments (
    id          TEXT NOT NULL PRIMARY KEY,
    label_id    TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id   TEXT NOT NULL,
    placement   TEXT NOT NULL,
    author_id   TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX attachments_label ON attachments (label_id, target_id);
CREATE INDEX attachments_target ON attachments (target_id, id);

CREATE TABLE media (
    hash       TEXT NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    body       BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE media_uses (
    hash        TEXT NOT NULL,
    holder_id   TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    uploader_id TEXT NOT NULL,
    size        BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (hash, holder_id, purpose)
);
CREATE INDEX media_uses_holder ON media_uses (holder_id, purpose);
CREATE INDEX media_uses_uploader ON media_uses (uploader_id, hash);

ALTER TABLE actors ADD COLUMN banner_url TEXT NOT NULL DEFAULT '';
