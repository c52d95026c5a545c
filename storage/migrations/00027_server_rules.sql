CREATE TABLE server_rules (
    domain TEXT NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
