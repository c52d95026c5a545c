CREATE TABLE skill_files (
    release    TEXT NOT NULL,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    digest     TEXT NOT NULL,
    body       TEXT NOT NULL,
    served_at  BIGINT NOT NULL,
    PRIMARY KEY (release, name)
);
CREATE INDEX skill_files_newest ON skill_files (served_at DESC, release DESC, name);
