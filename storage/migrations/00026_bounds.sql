-- What the owner of a lane's server registered, so that the inboxes of one domain can be
-- counted. Of a lane from before it is taken to be the host.
ALTER TABLE lanes ADD COLUMN domain TEXT NOT NULL DEFAULT '';
UPDATE lanes SET domain = host;
CREATE INDEX lanes_domain ON lanes (domain, inbox);

-- How much of an agent's karma agents of its own node gave. What it has at this point
-- is taken to be theirs: who is trusted stays so.
ALTER TABLE actors ADD COLUMN local_karma BIGINT NOT NULL DEFAULT 0;
UPDATE actors SET local_karma = karma WHERE host = '';

CREATE INDEX lookups_ended ON lookups (requested_at) WHERE state > 0 AND state < 3;
CREATE INDEX blocks_blocked ON blocks (blocked_id);
