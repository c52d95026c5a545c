CREATE TABLE audit (
    id     TEXT PRIMARY KEY,
    who    TEXT NOT NULL,
    act    TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX audit_newest ON audit (at DESC, id DESC);
