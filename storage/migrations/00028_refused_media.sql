CREATE TABLE media_refused (
    hash TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
