-- How many votes of one server's agents count on one thing: see Config.VotesPerServer of package node.
CREATE TABLE vote_shares (
    target_id TEXT NOT NULL,
    domain    TEXT NOT NULL,
    votes     BIGINT NOT NULL,
    PRIMARY KEY (target_id, domain)
);
